"""The rules that are set in Discord, and their audit, on every kind of store."""

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text

from bot.entities import (
    NO_RULES,
    Block,
    LimitSetting,
    OperatorRules,
    Period,
    RuleChange,
    ServerAccess,
    ServerGrant,
    ServerRules,
)
from bot.errors import StoreUnavailable
from bot.store.sql_store import SqlStore
from tests.fakes.sample_rows import NOON
from tests.fakes.store import FakeStore


def change(what: str, guild_id: int = 6) -> RuleChange:
    return RuleChange(guild_id=guild_id, person_id=1, made_at=NOON, what=what, before="off", after="on")


async def test_rules_that_nobody_set_are_the_defaults(store: SqlStore | FakeStore) -> None:
    """In a server and outside servers."""
    assert await store.find_rules(6, 7) == NO_RULES
    assert await store.find_rules(0, 7) == NO_RULES


async def test_rules_hold_for_their_server_only(store: SqlStore | FakeStore) -> None:
    """The operator's hold everywhere; those of another server and another person do not."""
    await store.rules.change_operator_rules(lambda old: (old.model_copy(update={"paused": True}), [change("pause", 0)]))
    await store.rules.change_grant(6, lambda _: (ServerGrant(access=ServerAccess.ALLOWED), [change("access", 0)]))
    await store.rules.change_server_rules(6, lambda _: (ServerRules(allowed_roles=frozenset({3})), [change("roles")]))
    await store.rules.save_block(Block(guild_id=6, person_id=7, until=NOON), [change("block")])
    await store.rules.save_block(Block(guild_id=0, person_id=7), [change("block", 0)])
    here, elsewhere, other = [await store.find_rules(*at) for at in ((6, 7), (5, 7), (6, 8))]
    assert (here.operator.paused, elsewhere.operator.paused) == (True, True)
    assert (here.grant.access, elsewhere.grant.access) == (ServerAccess.ALLOWED, ServerAccess.DEFAULT)
    assert (here.server.allowed_roles, elsewhere.server.allowed_roles) == (frozenset({3}), frozenset())
    assert sorted(block.guild_id for block in here.blocks) == [0, 6]
    assert [block.guild_id for block in elsewhere.blocks] == [0]
    assert other.blocks == ()


async def test_every_change_is_in_the_audit(store: SqlStore | FakeStore) -> None:
    """Newest first, of that server only."""
    for number in range(3):
        written = change(f"change {number}")
        await store.rules.change_server_rules(6, lambda old, written=written: (old, [written]))  # type: ignore[misc]
    await store.rules.change_server_rules(5, lambda old: (old, [change("elsewhere", 5)]))
    assert [one.what for one in await store.rules.list_changes(6, 2)] == ["change 2", "change 1"]
    assert await store.rules.list_changes(5, 9) == [change("elsewhere", 5)]
    assert await store.rules.delete_old_changes(NOON + timedelta(seconds=1)) == 4
    assert await store.rules.list_changes(6, 9) == []


async def test_change_that_raises_writes_nothing(store: SqlStore | FakeStore) -> None:
    """Neither the rules nor the audit."""

    def refuse(old: ServerRules) -> tuple[ServerRules, list[RuleChange]]:
        raise ValueError(old)

    with pytest.raises(ValueError, match="paused=False"):
        await store.rules.change_server_rules(6, refuse)
    assert (await store.find_rules(6, 7)).server == ServerRules()
    assert await store.rules.list_changes(6, 9) == []


async def test_amounts_are_stored_exactly(store: SqlStore | FakeStore) -> None:
    """As decimal numbers, never as floats."""
    limits = (LimitSetting(period=Period.DAY, amount=Decimal("0.1")), LimitSetting(period=Period.MONTH, tasks=3))
    await store.rules.change_server_rules(6, lambda old: (old.model_copy(update={"role_limits": {9: limits}}), []))
    assert (await store.find_rules(6, 7)).server.role_limits == {9: limits}


async def test_blocks_are_replaced_and_deleted(store: SqlStore | FakeStore) -> None:
    """A second block of a person replaces the first; deleting none writes nothing."""
    await store.rules.save_block(Block(guild_id=6, person_id=7, reason="spam"), [])
    await store.rules.save_block(Block(guild_id=6, person_id=7, until=NOON, blocked_by=1), [])
    assert await store.rules.list_blocks(6) == [Block(guild_id=6, person_id=7, until=NOON, blocked_by=1)]
    assert await store.rules.delete_block(6, 7, [change("unblock")])
    assert not await store.rules.delete_block(6, 7, [change("unblock")])
    assert await store.rules.list_blocks(6) == []
    assert [one.what for one in await store.rules.list_changes(6, 9)] == ["unblock"]


async def test_rules_of_a_server_that_the_bot_left_are_deleted(store: SqlStore | FakeStore) -> None:
    """What the operator set for it stays, and so does what other servers set."""
    await store.rules.change_grant(6, lambda _: (ServerGrant(access=ServerAccess.DENIED), []))
    for guild_id in (5, 6):
        await store.rules.change_server_rules(guild_id, lambda _: (ServerRules(paused=True), []))
        await store.rules.save_block(Block(guild_id=guild_id, person_id=7), [])
    await store.rules.save_block(Block(guild_id=0, person_id=7), [])
    await store.rules.save_block(Block(guild_id=4, person_id=7), [])
    assert list(await store.rules.list_servers()) == [4, 5, 6]
    for guild_id in (0, 5, 6):
        assert not await store.departures.delete_server(guild_id, NOON)
    for guild_id in (0, 6):
        await store.departures.save_departure(guild_id, NOON - timedelta(days=31))
        await store.departures.save_departure(guild_id, NOON)
    assert not await store.departures.delete_server(6, NOON - timedelta(days=31))
    assert await store.departures.delete_server(6, NOON - timedelta(days=30))
    assert not await store.departures.delete_server(6, NOON)
    await store.departures.delete_departure(0)
    assert list(await store.rules.list_servers()) == [4, 5]
    assert await store.rules.list_server_rules([5, 6]) == {5: ServerRules(paused=True)}
    assert await store.rules.list_grants() == {6: ServerGrant(access=ServerAccess.DENIED)}
    assert [await store.rules.list_blocks(guild_id) for guild_id in (5, 6)] == [[Block(guild_id=5, person_id=7)], []]


async def test_fields_of_a_newer_version_are_kept(sql: SqlStore) -> None:
    """An older process changes other fields; rules that it cannot read stop drawing instead of being ignored."""
    newer = OperatorRules.model_validate({"paused": True, "themes": ["dark"]})
    await sql.rules.change_operator_rules(lambda _: (newer, []))
    await sql.rules.change_operator_rules(lambda old: (old.model_copy(update={"paused": False}), []))
    assert (await sql.find_rules(0, 7)).operator.model_dump()["themes"] == ["dark"]
    await sql.database.write(text('UPDATE rules SET body = \'{"paused": "by hand"}\''))
    with pytest.raises(StoreUnavailable, match="another version"):
        await sql.find_rules(0, 7)


@pytest.mark.parametrize(("kind", "person_id"), [("operator", 0), ("grant", 0), ("server", 0), ("block", 7)], ids=str)
@pytest.mark.parametrize("body", ["", "null", "{", '{"until": "soon", "paused": 7, "access": 7}', "[1]"])
async def test_unreadable_row_stops_those_it_is_for(sql: SqlStore, kind: str, person_id: int, body: str) -> None:
    """As a block that is not readable may hold; lists show the other rows."""
    await sql.rules.save_block(Block(guild_id=6, person_id=8), [])
    await sql.rules.change_server_rules(5, lambda _: (ServerRules(paused=True), []))
    row = {"kind": kind, "guild": 0 if kind == "operator" else 6, "person": person_id, "body": body}
    written = "INSERT INTO rules (kind, guild_id, person_id, body, changed_at) VALUES (:kind, :guild, :person, :body, "
    await sql.database.write(text(f"{written}'2026-11-28 12:00:00+00:00')").bindparams(**row))
    with pytest.raises(StoreUnavailable, match="another version"):
        await sql.find_rules(6, 7)
    assert [block.person_id for block in await sql.rules.list_blocks(6)] == [8]
    assert await sql.rules.list_server_rules([5, 6]) == {5: ServerRules(paused=True)}
    assert await sql.rules.list_grants() == {}


async def test_unreadable_row_is_reported_once(sql: SqlStore, caplog: pytest.LogCaptureFixture) -> None:
    """In one line, until it is changed."""
    caplog.set_level(logging.WARNING, "bot.store.sql_rules")
    await sql.rules.change_operator_rules(lambda _: (OperatorRules(), []))
    for _ in range(2):
        body = f'{{"paused": "by hand", "balance_is_low": "{uuid4()}"}}'
        await sql.database.write(text("UPDATE rules SET body = :body").bindparams(body=body))
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await sql.find_rules(0, 7)
    shown = "OperatorRules in the database is not readable: paused: Input should be a valid boolean"
    assert [message.startswith(shown) for message in caplog.messages] == [True, True]
    assert not any("\n" in message or "by hand" in message for message in caplog.messages)


async def test_end_without_time_zone_is_in_utc(sql: SqlStore) -> None:
    """As someone may write it by hand."""
    await sql.rules.save_block(Block(guild_id=6, person_id=7), [])
    body = '{"guild_id": 6, "person_id": 7, "until": "2026-11-28T12:00:00"}'
    await sql.database.write(text("UPDATE rules SET body = :body").bindparams(body=body))
    (block,) = (await sql.find_rules(6, 7)).blocks
    end = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert (block.is_active(end - timedelta(seconds=1)), block.is_active(end)) == (True, False)
