"""The rules of a server: each change is stored with its audit, announced, and told apart from those of others."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.entities import AgePolicy, CostKind, LimitSetting, Period, RuleChange, ServerRules
from bot.errors import StoreUnavailable
from bot.features.server_rule_texts import list_changed_texts
from bot.features.server_rules import (
    ALL_TOGETHER,
    EVERY_MEMBER,
    EditRules,
    ServerRulesService,
    compute_fingerprint,
    find_limits,
    replace_limits,
)
from tests.fakes.rules import FakeRules

GUILD, ANN, BEN = 7, 1, 2
START = datetime(2026, 11, 28, 12, tzinfo=UTC)
THREE = LimitSetting(period=Period.DAY, tasks=3)


class Room:
    """A service on a store in memory; `announced` is what the log channel got."""

    def __init__(self) -> None:
        self.is_down = False
        self.store = FakeRules(self._answer)
        self.now = START
        self.announced: list[Sequence[RuleChange]] = []
        self.service = ServerRulesService(
            self.store, self.announced.append, now=lambda: self.now, get_currency=lambda: "USD"
        )

    def _answer(self) -> None:
        if self.is_down:
            raise StoreUnavailable


def setting(**changes: Any) -> EditRules:  # noqa: ANN401
    """Return the edit that sets these fields."""
    return lambda rules: rules.model_copy(update=changes)


async def test_a_change_is_stored_with_its_audit_and_announced() -> None:
    """Who, what, before and after; in one row for each rule."""
    room = Room()
    changed = await room.service.change(GUILD, ANN, setting(time_zone="Asia/Tokyo", log_channel_id=5))
    expected = [
        RuleChange(guild_id=GUILD, person_id=ANN, made_at=START, what=what, before=before, after=after)
        for what, before, after in (("log channel", "none", "<#5>"), ("time zone", "UTC", "Asia/Tokyo"))
    ]
    assert [*changed.changes] == room.store.changes == [*room.announced[0]] == expected
    assert changed.rules == room.store.servers[GUILD] == ServerRules(time_zone="Asia/Tokyo", log_channel_id=5)
    assert not changed.is_stale


async def test_what_is_so_already_is_no_change() -> None:
    """Neither in the audit nor in the log channel, whatever the panel showed."""
    room = Room()
    changed = await room.service.change(
        GUILD, ANN, setting(private_answers=True), part="private_answers", shown="0a1b2c"
    )
    assert (changed.changes, changed.is_stale, room.store.changes, room.announced) == ((), False, [], [])


async def test_the_guide_is_no_rule() -> None:
    """That it was answered is stored, and not announced."""
    room = Room()
    await room.service.change(GUILD, ANN, setting(guided=True))
    assert room.store.servers[GUILD].guided
    assert (room.store.changes, room.announced) == ([], [])


async def test_the_last_of_two_managers_wins_and_learns_what_was_replaced() -> None:
    """The other change is found in the audit; one of another rule replaces nothing."""
    room = Room()
    shown = compute_fingerprint(ServerRules(), "time_zone")
    await room.service.change(GUILD, BEN, setting(time_zone="Asia/Tokyo"), part="time_zone", shown=shown)
    room.now += timedelta(minutes=1)
    await room.service.change(GUILD, BEN, setting(log_prompts=True))
    changed = await room.service.change(GUILD, ANN, setting(time_zone="Asia/Seoul"), part="time_zone", shown=shown)
    assert changed.is_stale
    assert changed.replaced == room.store.changes[0]
    assert room.store.servers[GUILD].time_zone == "Asia/Seoul"
    shown = compute_fingerprint(changed.rules, "time_zone")
    again = await room.service.change(GUILD, ANN, setting(time_zone="UTC"), part="time_zone", shown=shown)
    assert (again.is_stale, again.replaced) == (False, None)


async def test_without_the_database_nothing_changes() -> None:
    """Nor is anything announced; a form waits no longer than it may."""
    room = Room()
    room.is_down = True
    with pytest.raises(StoreUnavailable):
        await room.service.change(GUILD, ANN, setting(time_zone="Asia/Tokyo"))
    with pytest.raises(StoreUnavailable):
        await room.service.read_in_time(GUILD, ANN)
    assert room.announced == []


@pytest.mark.parametrize("subject", [EVERY_MEMBER, ALL_TOGETHER, "42"])
def test_limits_are_replaced_for_one_subject(subject: str) -> None:
    """The others keep theirs; a role may have none, or those of every member."""
    before = ServerRules(role_limits={43: (THREE,)})
    after = replace_limits(before, subject, (THREE,))
    assert find_limits(after, subject) == (THREE,)
    assert sum(find_limits(after, one) == (THREE,) for one in (EVERY_MEMBER, ALL_TOGETHER, "42", "43")) == 2
    assert compute_fingerprint(after, subject) != compute_fingerprint(before, subject)
    assert compute_fingerprint(after, "43") == compute_fingerprint(before, "43")
    assert replace_limits(after, subject, None) == before
    assert find_limits(replace_limits(after, "43", ()), "43") == ()


def test_a_fingerprint_does_not_depend_on_the_order_of_a_set() -> None:
    """Nor on whether the rules were read from the database."""
    rules = ServerRules(allowed_roles=frozenset(range(10**18, 10**18 + 25)), server_limits=(THREE,))
    read = ServerRules.model_validate_json(rules.model_dump_json())
    assert all(
        compute_fingerprint(rules, part) == compute_fingerprint(read, part) for part in ("allowed_roles", ALL_TOGETHER)
    )


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        ({}, {"allowed_roles": frozenset({2, 1})}, ("roles that may draw", "everyone", "<@&1>, <@&2>")),
        ({"denied_roles": frozenset({1})}, {}, ("roles that may not draw", "<@&1>", "none")),
        ({}, {"allowed_channels": frozenset({3})}, ("channels where members may draw", "all", "<#3>")),
        ({}, {"private_answers": False}, ("private answers", "allowed", "not allowed")),
        ({}, {"age_policy": AgePolicy.REFUSE}, ("pictures outside age-restricted channels", "allowed", "refused")),
        ({}, {"log_prompts": True}, ("prompts in the log channel", "not shown", "shown")),
        ({}, {"gallery_channel_id": 9}, ("gallery channel", "none", "<#9>")),
        ({}, {"language": "vi"}, ("language", "the server's", "vi")),
        ({}, {"member_limits": (THREE,)}, ("limits of every member", "no limits", "3 jobs a day")),
        (
            {"server_limits": (LimitSetting(period=Period.MONTH, amount=Decimal("2.50")),)},
            {"server_limits": (LimitSetting(period=Period.DAY, kind=CostKind.VIDEO, tasks=0),)},
            ("limits of all members together", "2.50 USD a month", "0 videos a day (switched off)"),
        ),
        ({}, {"role_limits": {4: ()}}, ("limits of <@&4>", "as every member", "no limits")),
        ({"role_limits": {4: (THREE,)}}, {}, ("limits of <@&4>", "3 jobs a day", "as every member")),
        (
            {"blocked_words": ("a", "b")},
            {"blocked_words": ("b", "c", "d")},
            ("blocked words", "a, b", "b, c, d"),
        ),
        ({"blocked_words": ("a", "b")}, {"blocked_words": ("b", "a")}, ("blocked words", "a, b", "b, a")),
        (
            {"allowed_roles": frozenset(range(1, 6))},
            {"allowed_roles": frozenset(range(3, 13))},
            ("roles that may draw", "5 roles", "10 roles: added <@&6>, <@&7> and 5 more; removed <@&1>, <@&2>"),
        ),
        (
            {"denied_roles": frozenset(range(5))},
            {},
            ("roles that may not draw", "5 roles", "0 roles: removed <@&0>, <@&1>, <@&2>, <@&3> and 1 more"),
        ),
    ],
)
def test_a_change_is_a_short_text(before: dict[str, Any], after: dict[str, Any], texts: tuple[str, str, str]) -> None:
    """Both values as managers know them."""
    assert list(list_changed_texts(ServerRules(**before), ServerRules(**after), "USD")) == [texts]


def test_a_long_list_of_words_is_named_in_part() -> None:
    """The panel shows more of it."""
    words = tuple(f"word{number}" for number in range(1000))
    [(_, before, after)] = list_changed_texts(ServerRules(), ServerRules(blocked_words=words), "USD")
    assert (before, after) == ("0 words", "1000 words: added word0, word1, word2, word3 and 996 more")
