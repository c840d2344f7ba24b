"""The settings of a server that the bot has left are kept for a while, and then deleted."""

import asyncio
from datetime import timedelta

import pytest

from bot.entities import Block, ServerGrant, ServerRules
from bot.features.server_departures import GRACE, ServerDepartures
from tests.fakes.clock import START, FakeClock
from tests.fakes.store import FakeStore

LEFT, JOINED, FOREIGN = 30, 31, 32
DAY = 86_400.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> FakeStore:
    store = FakeStore(clock.now)
    for guild_id in (LEFT, JOINED, FOREIGN):
        store.rules.servers[guild_id] = ServerRules(paused=True)
        store.rules.grants[guild_id] = ServerGrant()
        store.rules.blocks[guild_id, 7] = Block(guild_id=guild_id, person_id=7)
    return store


def departures(store: FakeStore, clock: FakeClock, joined: dict[int, bool]) -> ServerDepartures:
    return ServerDepartures(store.departures, joined.get, clock.clock)


async def test_settings_are_deleted_after_the_grace_time(store: FakeStore, clock: FakeClock) -> None:
    """Also those of blocks alone; the operator's grant stays, and servers of other processes are left to them."""
    del store.rules.servers[LEFT]
    found = departures(store, clock, {LEFT: False, JOINED: True})
    await found.check_servers()
    assert store.departures.left == {LEFT: START}
    clock.time += GRACE.total_seconds()
    await found.check_servers()
    assert (LEFT, 7) in store.rules.blocks
    clock.time += 1
    await found.check_servers()
    assert set(store.rules.servers) == {JOINED, FOREIGN}
    assert {guild_id for guild_id, _ in store.rules.blocks} == {JOINED, FOREIGN}
    assert LEFT in store.rules.grants
    assert store.departures.left == {}


async def test_a_server_that_the_bot_joins_again_keeps_its_settings(store: FakeStore, clock: FakeClock) -> None:
    """Reported by Discord or found by comparing; the grace time starts again when the bot leaves once more."""
    joined = {LEFT: False}
    found = departures(store, clock, joined)
    await found.check_servers()
    joined[LEFT] = True
    clock.time += 29 * DAY
    await found.check_servers()
    assert store.departures.left == {}
    joined[LEFT] = False
    await found.note_departure(LEFT)
    clock.time += 29 * DAY
    await found.check_servers()
    assert store.departures.left == {LEFT: START + timedelta(days=29)}
    await found.note_return(LEFT)
    clock.time += 2 * DAY
    joined[LEFT] = True
    await found.check_servers()
    assert store.rules.servers[LEFT] == ServerRules(paused=True)


async def test_a_return_that_another_process_saw_keeps_the_settings(store: FakeStore, clock: FakeClock) -> None:
    """This process has not heard of it yet, and begins to count again; nothing is deleted."""
    found = departures(store, clock, {LEFT: False})
    await found.note_departure(LEFT)
    clock.time += 31 * DAY
    await departures(store, clock, {}).note_return(LEFT)
    await found.check_servers()
    assert store.rules.servers[LEFT] == ServerRules(paused=True)


async def test_an_outage_of_the_database_waits_for_the_next_hour(store: FakeStore, clock: FakeClock) -> None:
    found = departures(store, clock, {LEFT: False})
    store.down = True
    await found.check_servers()
    await found.note_departure(LEFT)
    await found.note_return(LEFT)
    store.down = False
    assert store.departures.left == {}
    await found.check_servers()
    assert store.departures.left == {LEFT: START}


async def test_servers_are_compared_soon_after_the_start_and_then_hourly(store: FakeStore, clock: FakeClock) -> None:
    """Before the bot is connected, no process knows its servers."""
    joined: dict[int, bool] = {}
    running = asyncio.ensure_future(departures(store, clock, joined).run())
    joined[LEFT] = False
    await clock.advance(119)
    assert store.departures.left == {}
    await clock.advance(2)
    assert list(store.departures.left) == [LEFT]
    await clock.advance(30 * DAY + 3600)
    assert LEFT not in store.rules.servers
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
