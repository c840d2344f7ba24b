"""What the rules that were set in Discord stop, as the checks report it."""

from datetime import UTC, datetime

from bot.entities import Block, OperatorRules, ServerAccess, ServerGrant, ServerRules
from cogs.gateway.checks.guild_access import read_rules, report_pauses
from tests.fakes.rules import FakeRules


async def test_pauses_and_denials_are_warnings() -> None:
    """A pause of everything is named alone."""
    rules = FakeRules(lambda: None)
    assert await report_pauses(rules) == []
    rules.servers = {5: ServerRules(paused=True), 6: ServerRules()}
    rules.grants = {7: ServerGrant(access=ServerAccess.DENIED), 8: ServerGrant(access=ServerAccess.ALLOWED)}
    assert [one.message for one in await report_pauses(rules)] == [
        "servers denied by you in /mjadmin: 7.",
        "servers paused by their managers with /mjpause: 5.",
    ]
    rules.operator = OperatorRules(paused=True)
    [finding] = await report_pauses(rules)
    assert finding.message == "you paused all drawing in /mjadmin."


async def test_rules_are_read_for_each_server_and_for_everywhere() -> None:
    rules = FakeRules(lambda: None)
    rules.servers = {5: ServerRules(paused=True)}
    found = await read_rules(rules, [5, 6])
    assert {guild_id: each.server.paused for guild_id, each in found.items()} == {0: False, 5: True, 6: False}
    assert await read_rules(None, [5]) == {}


async def test_only_blocks_that_hold_then_are_read() -> None:
    rules, now = FakeRules(lambda: None), datetime(2026, 11, 23, tzinfo=UTC)
    lasting = Block(guild_id=5, person_id=1)
    rules.blocks = {(5, 1): lasting, (5, 2): Block(guild_id=5, person_id=2, until=now)}
    assert (await read_rules(rules, [5], now))[5].blocks == (lasting,)
    assert (await read_rules(rules, [5]))[5].blocks == ()
