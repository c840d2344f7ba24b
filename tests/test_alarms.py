"""The alarms of docs/ stand on what /metrics really serves: names, labels, and outcomes that exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from bot import errors, metrics
from bot.records import ClaimState

ROOT = Path(__file__).parents[1]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "docs" / "alarms.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
_SELECTOR = re.compile(r"(mjbot_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)="([^"]*)"')


def served() -> dict[str, set[str]]:
    """Tell the names that /metrics serves for each metric of ours, and the labels of each."""
    names: dict[str, set[str]] = {}
    ours = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    for metric in ours:
        for found in metric.describe():
            labels = set(metric._labelnames)
            ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}[found.type]
            names |= {f"{found.name}{end}": labels | ({"le"} if end == "_bucket" else set()) for end in ends}
    return names


def test_the_names_are_those_of_the_registry() -> None:
    """What `served` tells is what the registry has for it, so that the tests below hold against /metrics."""
    found = {sample.name for metric in REGISTRY.collect() for sample in metric.samples if "mjbot_" in sample.name}
    assert {name for name in found if not name.endswith("_created")} <= set(served())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_asks_for_what_is_served(rule: dict[str, Any]) -> None:
    """A renamed metric, label or error would silence it; each says what it means and what to do."""
    names = served()
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


def test_what_the_readme_promises_has_an_alarm() -> None:
    """README names the file."""
    assert "(docs/alarms.yaml)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"KeyRefused", "PollsLate", "SubmitsUncertain", "LoopLate", "DatabaseNotWritable"} <= {
        rule["alert"].removeprefix("Mjbot") for rule in RULES
    }
