"""The audit is stored in English, and shown in the language of the reader; what people typed stays as it is."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from bot.entities import AgePolicy, CostKind, LimitSetting, Period, RuleChange, ServerRules
from bot.features.server_rule_texts import describe_limits as describe_in_english
from bot.features.server_rule_texts import list_changed_texts
from bot.languages import Language
from cogs.languages import use_language
from cogs.text.log_lines import format_change_line
from cogs.text.rule_texts import describe_limits, translate_value, translate_what
from tests.fakes.catalog import find_untranslated

EVERY_LIMIT = tuple(
    LimitSetting(period=period, kind=kind, tasks=None if amount else tasks, amount=amount)
    for kind, period, amount, tasks in product((None, *CostKind), Period, (None, Decimal("1234.50")), (0, 1, 1000))
)
CHANGES: list[dict[str, Any]] = [
    {"allowed_roles": frozenset({1, 2})},
    {"allowed_roles": frozenset(range(1, 12))},
    {"denied_roles": frozenset(range(5))},
    {"allowed_channels": frozenset({3})},
    {"private_answers": False},
    {"age_policy": AgePolicy.REFUSE},
    {"age_policy": AgePolicy.SPOILER},
    {"log_channel_id": 5, "gallery_channel_id": 6, "log_prompts": True},
    {"paused": True},
    {"member_limits": EVERY_LIMIT, "server_limits": EVERY_LIMIT[:1]},
    {"role_limits": {4: ()}},
    {"role_limits": {4: EVERY_LIMIT[-1:]}},
]
OTHERS = [
    ("language", "the server's", "vi"),
    ("time zone", "UTC", "Asia/Tokyo"),
    ("blocked words", "none", "12 words: added `a`, `b`"),
    ("block of <@5>", "not blocked", "blocked until 2026-11-29 12:00 UTC (`spam`)"),
    ("block of <@5>", "blocked", "blocked (`spam`)"),
    ("may spend (by the operator)", "default", "denied"),
    ("budget (by the operator)", "no limits", "5 HD jobs a month"),
    ("limits of each person", "no limits", "2.50 a day"),
    ("operator's log channel", "none", "<#4>"),
    ("alarms by DM", "on", "off"),
]
PAIRS = [
    *(texts for changes in CHANGES for texts in list_changed_texts(ServerRules(), ServerRules(**changes), "USD")),
    *(texts for changes in CHANGES for texts in list_changed_texts(ServerRules(**changes), ServerRules(), "USD")),
    *OTHERS,
]


@pytest.mark.parametrize("texts", PAIRS, ids=str)
def test_english_stays_as_it_is_stored(texts: tuple[str, str, str]) -> None:
    what, *values = texts
    assert translate_what(what) == what
    assert [translate_value(what, value) for value in values] == values


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize("texts", PAIRS, ids=str)
def test_every_stored_text_is_translated(texts: tuple[str, str, str]) -> None:
    """Codes of languages and names of time zones are the same in all languages."""
    what, *values = texts
    assert find_untranslated(translate_what(what)) == []
    shown = " ".join(translate_value(what, value) for value in values)
    assert {*find_untranslated(shown)} <= {"vi", "UTC", "Asia", "Tokyo"}


@pytest.mark.usefixtures("pseudo_language")
def test_the_log_channel_shows_changes_in_its_language() -> None:
    change = RuleChange(
        guild_id=1,
        person_id=2,
        made_at=datetime(2026, 11, 28, tzinfo=UTC),
        what="limits of <@&4>",
        before="as every member",
        after="3 jobs a day",
    )
    assert find_untranslated(format_change_line(change)) == []


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("blocked words", "everyone"),
        ("blocked words", "3 jobs a day"),
        ("prices", "imagine=0.1"),
        ("report of message 5", "open"),
        ("weather", "sunny, 3 jobs a week"),
        ("weather", ""),
    ],
)
def test_what_a_person_typed_or_another_version_wrote_is_not_translated(what: str, value: str) -> None:
    assert translate_value(what, value) == value
    assert translate_what("weather") == "weather"


def test_limits_are_described_as_the_audit_does() -> None:
    """In English; other languages have their own separators."""

    def write(amount: Decimal) -> str:
        return f"{amount:f} USD"

    assert describe_limits(EVERY_LIMIT, write) == describe_in_english(EVERY_LIMIT, write)
    with use_language(Language.VIETNAMESE):
        assert "1234,50 USD" in translate_value("limits of every member", "1234.50 USD a day")
    with use_language(Language.SIMPLIFIED_CHINESE):
        assert "、" in describe_limits(EVERY_LIMIT, write)
