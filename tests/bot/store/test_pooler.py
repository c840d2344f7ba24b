"""The store behind a real PgBouncer in transaction mode, which gives each transaction another session of the server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import pytest

from bot.entities import ClaimState
from bot.midjourney.task import Task
from bot.ops.diagnostics import report_notifications
from bot.store import SqlStore, open_store
from tests.fakes.sample_rows import NOON, a_claim, a_job
from tests.pgbouncer import PgBouncer
from tests.postgres import Postgres

LEASE = timedelta(minutes=5)


@pytest.fixture
async def direct_url(postgres: Postgres) -> str:
    """An empty database, without the pooler."""
    return await postgres.database()


@pytest.fixture
async def stores(
    direct_url: str, pgbouncer: PgBouncer, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[SqlStore, SqlStore]]:
    """Two processes behind the pooler, opened together as the database is still empty."""
    monkeypatch.setattr("bot.store.processes.notify_listener._POLL_SECONDS", 0.01)
    async with AsyncExitStack() as stack:
        opening = [
            stack.enter_async_context(open_store(pgbouncer.url(direct_url), now=lambda: NOON, owner=owner))
            for owner in "ab"
        ]
        first, second = await asyncio.gather(*opening)
        yield first, second


async def submit(store: SqlStore, claim_id: int) -> None:
    """Write what a paid press writes."""
    await store.create_claim(a_claim(claim_id, person_id=claim_id, task_id=f"t{claim_id}"), lambda _: None)
    await store.open_job(a_job(claim_id, claim_id=claim_id))
    await store.verify_claim(claim_id)
    await store.settle_claim(claim_id, ClaimState.ACCEPTED, f"c{claim_id}")
    await store.save_snapshot(Task(id=f"c{claim_id}"))


async def test_many_presses_of_two_processes_are_written(stores: tuple[SqlStore, SqlStore]) -> None:
    """Prepared statements would fail here: each transaction runs in another session."""
    first, second = stores
    for store in stores:
        await store.process_leases.renew_lease(LEASE)
    await asyncio.gather(*(submit(stores[number % 2], number + 1) for number in range(40)))
    assert len(await first.list_claims(ClaimState.ACCEPTED)) == 40
    assert await second.count_open_jobs() == 40
    assert len(await second.find_snapshots([f"c{number + 1}" for number in range(40)])) == 40


async def test_released_jobs_are_found_without_notifications(stores: tuple[SqlStore, SqlStore]) -> None:
    """The other process looks for them; the check says why."""
    first, second = stores
    await first.open_job(a_job(1))
    async with asyncio.timeout(60):
        [finding] = await report_notifications(second.process_leases)
        assert str(finding).startswith("ok    Notifications: a connection pooler is between the bot and PostgreSQL")
        await first.process_leases.release_jobs()
        await second.process_leases.wait_for_ownership_change()
    await second.process_leases.renew_lease(LEASE)
    assert [job.id for job in await second.process_leases.take_over_jobs(9)] == [1]


async def test_nothing_is_left_in_sessions_that_other_programs_get(
    stores: tuple[SqlStore, SqlStore], direct_url: str, pgbouncer: PgBouncer
) -> None:
    """No setting, no prepared statement, no LISTEN."""
    await asyncio.gather(*(submit(stores[number % 2], number + 1) for number in range(8)))
    for store in stores:
        await store.process_leases.find_notification_problem()
    url = pgbouncer.url(direct_url)
    connections = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(4)]
    try:
        left = await asyncio.gather(*map(_read_session, connections))
    finally:
        for connection in connections:
            await connection.close()
    assert {session for session, *_ in left} != set()
    assert [rest for _, *rest in left] == [["0", "0", "read committed", 0, 0]] * 4


async def _read_session(connection: asyncpg.Connection) -> tuple[object, ...]:
    query = """
        SELECT pg_backend_pid(), current_setting('lock_timeout'),
            current_setting('idle_in_transaction_session_timeout'), current_setting('transaction_isolation'),
            (SELECT count(*) FROM pg_prepared_statements WHERE name <> ''),
            (SELECT count(*) FROM pg_listening_channels()), pg_sleep(0.1)"""
    row = await connection.fetchrow(query)
    assert row is not None
    return tuple(row.values())[:-1]


async def test_a_direct_connection_hears_notifications(direct_url: str) -> None:
    async with open_store(direct_url, now=lambda: NOON, owner="a") as store, asyncio.timeout(60):
        assert await report_notifications(store.process_leases) == []


async def test_silent_notifications_are_noticed_on_a_connection_that_looks_direct(
    direct_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler may repeat the process id of the server's first session."""
    monkeypatch.setattr("bot.store.processes.notify_listener._OWN_NOTIFICATION_SECONDS", 0.05)
    monkeypatch.setattr("asyncpg.Connection.add_listener", _listen_in_vain)
    async with open_store(direct_url, now=lambda: NOON, owner="a") as store, asyncio.timeout(60):
        assert "do not arrive" in await store.process_leases.find_notification_problem()


async def test_released_jobs_are_found_without_a_connection_for_notifications(
    direct_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user may have fewer connections than the bot wants."""
    monkeypatch.setattr("bot.store.processes.notify_listener._POLL_SECONDS", 0.01)
    monkeypatch.setattr("asyncpg.Connection.add_listener", _have_no_connection)
    async with (
        open_store(direct_url, now=lambda: NOON, owner="a") as first,
        open_store(direct_url, now=lambda: NOON, owner="b") as second,
        asyncio.timeout(60),
    ):
        assert "no connection" in await second.process_leases.find_notification_problem()
        await first.open_job(a_job(1))
        await first.process_leases.release_jobs()
        await second.process_leases.wait_for_ownership_change()


async def _have_no_connection(*_: object) -> None:
    raise asyncpg.TooManyConnectionsError("too many connections for role")


async def _listen_in_vain(*_: object) -> None:
    """LISTEN in a session that the next transaction does not get."""
