"""The rules of a server that the bot has left are kept for a while, and then deleted."""

from datetime import timedelta

import pytest

from bot.entities import Block, RuleChange, ServerGrant, ServerRules
from bot.errors import StoreUnavailable
from bot.features.rules_cleanup import AUDIT_AGE, GRACE, RulesCleanup
from tests.fakes.clock import START, FakeClock
from tests.fakes.rules import FakeRules

LEFT, JOINED, FOREIGN = 30, 31, 32
DAY = 86_400.0


@pytest.fixture
def rules() -> FakeRules:
    found = FakeRules(lambda: None)
    for guild_id in (LEFT, JOINED, FOREIGN):
        found.servers[guild_id] = ServerRules(paused=True)
        found.grants[guild_id] = ServerGrant()
        found.blocks[guild_id, 7] = Block(guild_id=guild_id, person_id=7)
    return found


def cleanup(rules: FakeRules, clock: FakeClock, joined: dict[int, bool]) -> RulesCleanup:
    return RulesCleanup(rules, joined.get, clock.clock)


async def test_rules_are_deleted_after_the_grace_time(rules: FakeRules) -> None:
    """Also those of blocks alone; the operator's grant stays, and servers of other processes are left to them."""
    clock = FakeClock()
    del rules.servers[LEFT]
    cleaner = cleanup(rules, clock, {LEFT: False, JOINED: True})
    await cleaner.clean_up()
    assert rules.servers[LEFT].left_at == START
    clock.time += GRACE.total_seconds()
    await cleaner.clean_up()
    assert LEFT in rules.servers
    clock.time += 1
    await cleaner.clean_up()
    assert set(rules.servers) == {JOINED, FOREIGN}
    assert {guild_id for guild_id, _ in rules.blocks} == {JOINED, FOREIGN}
    assert LEFT in rules.grants
    assert rules.servers[JOINED] == rules.servers[FOREIGN] == ServerRules(paused=True)


async def test_a_server_that_the_bot_joins_again_keeps_its_rules(rules: FakeRules) -> None:
    """The grace time starts again when the bot leaves once more."""
    clock, joined = FakeClock(), {LEFT: False}
    cleaner = cleanup(rules, clock, joined)
    await cleaner.clean_up()
    joined[LEFT] = True
    clock.time += 29 * DAY
    await cleaner.clean_up()
    assert rules.servers[LEFT] == ServerRules(paused=True)
    joined[LEFT] = False
    clock.time += 29 * DAY
    await cleaner.clean_up()
    assert rules.servers[LEFT].left_at == START + timedelta(days=58)


async def test_old_rows_of_the_audit_are_deleted(rules: FakeRules) -> None:
    clock = FakeClock()
    for age in (AUDIT_AGE, AUDIT_AGE + timedelta(seconds=1)):
        made = RuleChange(guild_id=1, person_id=2, made_at=START - age, what="", before="", after="")
        rules.changes.append(made)
    await cleanup(rules, clock, {}).clean_up()
    assert [START - one.made_at for one in rules.changes] == [AUDIT_AGE]


async def test_an_outage_waits_for_the_next_hour() -> None:
    clock, is_away = FakeClock(), [True]

    def answer() -> None:
        if is_away:
            raise StoreUnavailable

    rules = FakeRules(answer)
    rules.servers[LEFT] = ServerRules()
    cleaner = cleanup(rules, clock, {LEFT: False})
    await cleaner.clean_up()
    is_away.clear()
    await cleaner.clean_up()
    assert rules.servers[LEFT].left_at == START
