"""What concurrent callers look for is read by one query, and each gets what was there when it called."""

import asyncio
from collections.abc import Collection, Mapping

import pytest
from sqlalchemy import event, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreUnavailable
from bot.store import SqlStore
from bot.store.group_read import GroupRead
from tests.fakes.sample_rows import NOON, a_claim, a_job, write_accepted_claim


class Doubles:
    """Reads the doubles of numbers, and notes the keys of each query; odd ones have no value."""

    def __init__(self, store: SqlStore) -> None:
        self.queries: list[list[int]] = []
        self.began, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.group = GroupRead(store.database, self.read)

    async def read(self, connection: AsyncConnection, keys: Collection[int]) -> Mapping[int, int]:
        self.queries.append(sorted(keys))
        self.began.set()
        await self.gate.wait()
        return {key: int(await connection.scalar(select(literal(2 * key))) or 0) for key in keys if key % 2 == 0}


@pytest.fixture
def doubles(sql: SqlStore) -> Doubles:
    return Doubles(sql)


async def test_concurrent_callers_share_a_query(doubles: Doubles) -> None:
    found = await asyncio.gather(*(doubles.group.find(n % 4) for n in range(8)))
    assert found == [0, None, 4, None] * 2
    assert doubles.queries == [[0, 1, 2, 3]]


async def test_several_keys_are_found_together(doubles: Doubles) -> None:
    """Only those that have a value; no keys are no query."""
    assert {2: 4} == await doubles.group.find_many([1, 2])
    assert await doubles.group.find_many([]) == {}
    assert doubles.queries == [[1, 2]]


async def test_a_call_during_a_query_waits_for_the_next_one(doubles: Doubles) -> None:
    """What was committed before the call is in its answer."""
    doubles.gate.clear()
    first = asyncio.ensure_future(doubles.group.find(2))
    await doubles.began.wait()
    second = asyncio.ensure_future(doubles.group.find(2))
    await asyncio.sleep(0)
    doubles.gate.set()
    assert list(await asyncio.gather(first, second)) == [4, 4]
    assert doubles.queries == [[2], [2]]


async def test_many_keys_are_read_in_parts(doubles: Doubles) -> None:
    """A statement has a limited number of parameters."""
    found = await doubles.group.find_many(range(1200))
    assert found == {key: 2 * key for key in range(0, 1200, 2)}
    assert [len(keys) for keys in doubles.queries] == [500, 500, 200]


async def test_a_canceled_caller_ends_no_other(doubles: Doubles) -> None:
    given_up, other = (asyncio.ensure_future(doubles.group.find(2)) for _ in range(2))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await other == 4
    await asyncio.wait([given_up])
    assert given_up.cancelled()


async def test_a_failed_group_does_not_stop_the_next(sql: SqlStore, doubles: Doubles) -> None:
    """Each caller gets the error."""

    async def fail(_: AsyncConnection, __: Collection[int]) -> Mapping[int, int]:
        raise OSError

    broken = GroupRead(sql.database, fail)
    for _ in range(2):
        ended = await asyncio.gather(*(broken.find(n) for n in range(3)), return_exceptions=True)
        assert [StoreUnavailable] * 3 == [type(end) for end in ended]
    assert await doubles.group.find(2) == 4


async def test_a_closed_database_fails_every_call(sql: SqlStore, doubles: Doubles) -> None:
    """Also where no query began."""
    await sql.database.close()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await doubles.group.find(2)
    assert doubles.queries == []


async def test_hundreds_of_messages_that_are_drawn_together_need_few_queries(sql: SqlStore) -> None:
    """The pressed buttons, the rules, the prices and the refusals of 100 tasks, each as if it were read alone."""
    for number in range(3):
        await write_accepted_claim(
            sql, a_claim(number + 1, "U1", task_id=f"t{number}", message_id=number), f"child {number}"
        )
        await sql.open_job(a_job(50 + number, f"child {number}", claim_id=number + 1))
    await sql.save_missing_capability("pan", "no", at=NOON, until=NOON.replace(year=2100))
    statements: list[str] = []
    event.listen(
        sql.database.read_engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )
    ids = [f"t{number}" for number in range(100)]
    buttons, rules, prices, missing = await asyncio.gather(
        asyncio.gather(*map(sql.find_pressed_buttons, ids)),
        asyncio.gather(*(sql.find_rules(number, 0) for number in range(100))),
        asyncio.gather(*(sql.ledger.list_entries_of_tasks([f"child {number}"]) for number in range(100))),
        asyncio.gather(*(sql.find_missing_capabilities(NOON) for _ in range(100))),
    )
    assert len([one for one in statements if one.startswith("SELECT")]) <= 10
    assert [mark.child_id for found in buttons for mark in found.values()] == ["child 0", "child 1", "child 2"]
    links = [mark.link for found in buttons for mark in found.values()]
    assert links == [a_job(message_id).place.link for message_id in (50, 51, 52)]
    assert len(rules) == 100
    assert [entry.task_id for found in prices for entries in found.values() for entry in entries] == [
        "child 0",
        "child 1",
        "child 2",
    ]
    assert missing == [{"pan": "no"}] * 100


async def test_jobs_that_end_together_are_closed_together(sql: SqlStore) -> None:
    """By at most two commits; a job of another process stays open."""
    for number in range(1, 101):
        await sql.open_job(a_job(number, f"t{number}"))
    commits: list[object] = []
    event.listen(sql.database.read_engine.sync_engine, "commit", commits.append)
    await asyncio.gather(*(sql.close_job(number) for number in range(1, 100)))
    assert len(commits) <= 2
    assert await sql.count_open_jobs() == 1
