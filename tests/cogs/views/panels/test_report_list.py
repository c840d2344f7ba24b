"""The list of open reports and its forms: within Discord's limits, and translated."""

from datetime import UTC, datetime

import pytest

from bot.entities import Report, ReportAudience, ReportReason, ReportState
from bot.features.reports import ReportOutcome, Requester
from cogs.languages import Language
from cogs.languages.catalogs import CATALOGS
from cogs.text.reports import describe_case, describe_done, describe_outcome, describe_resolved_before
from cogs.views.panels.report_list import CASES_PER_PAGE, build_list_button, render_report_list
from cogs.views.report_controls import ReportAction, ReportControl, ReportFormId, build_block_form, build_report_form
from tests.discord_payloads.forms import modal_refusals
from tests.discord_payloads.message import refusals
from tests.fakes.catalog import PseudoCatalog, find_untranslated, find_untranslated_labels, find_untranslated_parts

LARGEST = 2**63 - 1
AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


def make_report(**changes: object) -> Report:
    given = {
        "id": 1, "guild_id": LARGEST, "channel_id": LARGEST, "message_id": LARGEST, "task_id": "9" * 16,
        "reporter_id": LARGEST, "reason": ReportReason.OTHER, "comment": "", "made_at": AT,
    }  # fmt: skip
    return Report(**{**given, **changes})  # type: ignore[arg-type]


CASES = [
    [make_report(id=number, reason=reason, guild_id=number % 2) for reason in ReportReason]
    for number in range(1, CASES_PER_PAGE + 1)
]


@pytest.mark.parametrize("audience", ReportAudience)
@pytest.mark.parametrize(("cases", "total", "page"), [([], 0, 0), (CASES[:1], 1, 0), (CASES, 400, 7)])
@pytest.mark.parametrize("growth", [None, 0.4])
def test_the_list_fits_and_is_translated(
    audience: ReportAudience,
    cases: list[list[Report]],
    total: int,
    page: int,
    growth: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if growth is not None:
        monkeypatch.setitem(CATALOGS, Language.ENGLISH, PseudoCatalog(growth))
    embed, view = render_report_list(cases, total, audience, page)
    assert refusals({"embeds": [embed.to_dict()], "components": view.to_components()}) == []
    if growth is not None:
        assert find_untranslated_parts(embed, view) == []
        assert find_untranslated(build_list_button(audience, total, row=0).item.label or "") == []


def test_every_answer_and_form_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the person who is blocked stays."""
    monkeypatch.setitem(CATALOGS, Language.ENGLISH, PseudoCatalog(0.4))
    texts = [describe_outcome(outcome, has_moderators=one) for outcome in ReportOutcome for one in (True, False)]
    for state in ReportState:
        case = [make_report(state=state, resolver_id=5, resolved_at=AT)]
        texts += [describe_done(case), describe_resolved_before(case)]
        texts += [describe_case(case, audience) for audience in ReportAudience]
    assert [find_untranslated(text) for text in texts if find_untranslated(text)] == []
    control = ReportControl(ReportAudience.SERVER, ReportAction.BLOCK, 1)
    for form in (build_report_form(ReportFormId(5)), build_block_form(control, Requester(id=5))):
        assert modal_refusals(form.to_dict()) == []
        assert find_untranslated_labels(form) == []
