"""What moderators and the operator are told of a reported message."""

import pytest

from bot.entities import Report, ReportAudience, ReportReason, ReportState
from cogs.text import limits
from cogs.text.reports import describe_case, describe_resolved_before
from tests.fakes.clock import START

DELETED = "a person who deleted their data"


def report(**more: object) -> Report:
    given = {
        "guild_id": 6, "channel_id": 5, "message_id": 700, "task_id": "9001", "reporter_id": 1, "comment": "",
        "reason": ReportReason.HATE, "made_at": START, **more,
    }  # fmt: skip
    return Report(**given)  # type: ignore[arg-type]


def test_a_person_who_deleted_their_data_is_not_shown_as_a_number() -> None:
    """Neither the one who reported, nor the moderator who resolved it."""
    case = [report(reporter_id=-5, state=ReportState.DISMISSED, resolver_id=-7, resolved_at=START)]
    text = describe_case(case, ReportAudience.SERVER)
    assert f"- {DELETED}, <t:" in text
    assert f"✅ {DELETED} dismissed this" in text
    assert describe_resolved_before(case).startswith(f"{DELETED} resolved this")
    assert "-5" not in text
    assert "-7" not in text


def test_a_report_in_a_direct_message_has_no_link() -> None:
    text = describe_case([report(guild_id=0)], ReportAudience.OPERATOR)
    assert "in a direct message" in text
    assert "discord.com" not in text


@pytest.mark.parametrize("audience", ReportAudience)
def test_many_hostile_reports_fit_a_message(audience: ReportAudience) -> None:
    """Five are listed, without pings and markup, in one line each."""
    hostile = "@everyone **x**\n# [y](http://evil.test) `" * 9
    text = describe_case([report(reporter_id=1 + n, comment=hostile, task_id="`" * 99) for n in range(99)], audience)
    assert limits.length(text) <= limits.CONTENT
    assert len(text.splitlines()) == 7
    assert text.endswith("… and 94 more")
    assert "](http://evil" not in text
    assert "**x**" not in text.replace(r"\*", "")
