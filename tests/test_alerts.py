"""The alerts in docs/alarms.yaml and the panels of docs/grafana.json use what /metrics really serves."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from bot import errors, metrics
from bot.entities import ClaimState
from bot.relay import guarded_transport

ROOT = Path(__file__).parents[1]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "docs" / "alarms.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
_DASHBOARD: dict[str, Any] = json.loads((ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in _DASHBOARD["panels"] if panel["type"] != "row"]
_SELECTOR = re.compile(r"(mjbot_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)="([^"]*)"')
_ANY_MATCHER = re.compile(r'(\w+)(?:=~|!=|=)"[^"]*"')
_GROUPING = re.compile(r"\bby \(([^)]*)\)")
_LEGEND = re.compile(r"\{\{(\w+)\}\}")
_SCRAPED = {"instance", "job"}
"""The labels that Prometheus adds."""


def served_names() -> dict[str, set[str]]:
    """Return the names that /metrics serves for the bot's own metrics, with the labels of each."""
    names: dict[str, set[str]] = {}
    ours = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    for metric in ours:
        for found in metric.describe():
            labels = set(metric._labelnames)
            ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}[found.type]
            names |= {f"{found.name}{end}": labels | ({"le"} if end == "_bucket" else set()) for end in ends}
    return names


def test_the_list_of_metric_names_is_complete() -> None:
    """`served_names` has every name of the registry, so that the tests below hold for /metrics."""
    found = {sample.name for metric in REGISTRY.collect() for sample in metric.samples if "mjbot_" in sample.name}
    assert {name for name in found if not name.endswith("_created")} <= set(served_names())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_uses_served_metrics(rule: dict[str, Any]) -> None:
    """A renamed metric, label or error would silence an alert; each alert says what it means and what to do."""
    names = served_names()
    selectors = _SELECTOR.findall(rule["expr"])
    assert selectors or rule["alert"] == "MjbotAway"
    for name, matchers in selectors:
        assert name in names, name
        for label, value in _MATCHER.findall(matchers):
            assert label in names[name]
            if label == "outcome" and value != metrics.OK:
                is_error = issubclass(getattr(errors, value, int), errors.MjbotError)
                assert is_error or (name == "mjbot_presses_total" and value in set(ClaimState)), value
    assert rule["annotations"].keys() == {"summary", "next"}


@cache
def initial_samples() -> Sequence[tuple[str, dict[str, str], float]]:
    """Return name, labels and value of each sample that a new process serves."""
    program = "import bot.app; from prometheus_client import generate_latest; print(generate_latest().decode())"
    served = subprocess.run(  # noqa: S603 - runs this interpreter
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    families = text_string_to_metric_families(served.stdout)
    return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]


def test_counters_in_alerts_start_at_zero() -> None:
    """Prometheus sees no increase in a series that starts at 1, so each counter in an alert starts at 0, per path."""
    samples = initial_samples()
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "bot" / "relay").glob("*.py"))
    # This one is read only after the relay refused another path, whose counter tells of it.
    paths = set(re.findall(r'"(/(?:mj|api|v1)/[\w{}/-]+)"', source)) - {guarded_transport._MISSING_PATH}
    assert len(paths) > 10
    outcomes = [
        (name, dict(_MATCHER.findall(matchers)))
        for rule in RULES
        for name, matchers in _SELECTOR.findall(rule["expr"])
        if "outcome" in matchers
    ]
    assert len(outcomes) == 4
    for name, labels in outcomes:
        found = [
            (given, value) for sample, given, value in samples if sample == name and labels.items() <= given.items()
        ]
        assert found, (name, labels)
        assert {value for _, value in found} == {0.0}
        if name == "mjbot_api_requests_total":
            assert {given["path"] for given, _ in found} == paths


def test_counters_of_limits_start_at_zero() -> None:
    """Each scope that an alert may ask for."""
    samples = [
        labels for name, labels, value in initial_samples() if name == "mjbot_limit_refusals_total" and not value
    ]
    assert {(one["level"], one["scope"]) for one in samples} == {
        *(("operator", scope) for scope in ("person", "server", "everyone")),
        *(("server", scope) for scope in ("member", "server")),
    }


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_uses_served_metrics(panel: dict[str, Any]) -> None:
    """Each metric, and each label in a matcher, a grouping or a legend, is served."""
    names = served_names()
    for target in panel["targets"]:
        expression, shown = target["expr"], set(_LEGEND.findall(target["legendFormat"]))
        [(name, matchers)] = _SELECTOR.findall(expression)
        assert name in names, name
        grouped = {label.strip() for group in _GROUPING.findall(expression) for label in group.split(",")}
        known = names[name] | _SCRAPED
        assert set(_ANY_MATCHER.findall(matchers)) | grouped | shown <= known
        assert 'instance=~"$instance"' in matchers
        # What is not grouped by is not in the result.
        assert shown <= (grouped if grouped or "(" in expression else known)
        assert all(expression.count(left) == expression.count(right) for left, right in ("()", "{}", "[]"))


def test_the_dashboard_has_every_metric() -> None:
    """A new one gets a panel; a histogram is shown by its buckets."""
    shown = {name for panel in PANELS for target in panel["targets"] for name, _ in _SELECTOR.findall(target["expr"])}
    assert {name for name in served_names() if not name.endswith(("_sum", "_count"))} == shown


def test_the_dashboard_is_well_formed() -> None:
    """Each panel has an id, a place and a description of its own, and asks the data source that is chosen."""
    panels = _DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        own = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & own
        assert max(x for x, _ in own) < 24
        cells |= own
    assert all(panel["description"] and panel["datasource"]["uid"] == "${DS_PROMETHEUS}" for panel in PANELS)
    assert [one["name"] for one in _DASHBOARD["__inputs"]] == ["DS_PROMETHEUS"]


def test_the_readme_links_the_alerts() -> None:
    assert "(docs/alarms.yaml)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"KeyRefused", "PollsLate", "SubmitsUncertain", "LoopLate", "DatabaseNotWritable"} <= {
        rule["alert"].removeprefix("Mjbot") for rule in RULES
    }
