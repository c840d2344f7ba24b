"""One task whose row makes a batch unreadable delays itself only, and costs the relay few requests."""

import asyncio
import json
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.errors import RelayBusy, RelayError, RelayUnreachable
from bot.midjourney.task import Status, Task
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from bot.polling.watch_list import ALONE_SECONDS
from bot.relay.client import RelayClient
from tests.fakes.clock import FakeClock
from tests.fakes.feed_reader import Reader, make_ids
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_entities import task

UNREADABLE = RelayUnreachable("half an answer", spoiled=True)


def _watch(relay: FakeRelay, poller: Poller, count: int) -> dict[str, Reader]:
    """Watch so many running tasks."""
    for task_id in make_ids(count):
        relay.set(task(task_id, progress=1))
    return {task_id: Reader(poller, task_id) for task_id in make_ids(count)}


async def _leave(readers: dict[str, Reader]) -> None:
    for reader in readers.values():
        await reader.leave()


@pytest.mark.parametrize("bad", [[0], [49], [24, 25], [3, 17, 29, 41]])
async def test_the_other_tasks_of_a_spoiled_batch_are_read_at_once(
    clock: FakeClock, relay: FakeRelay, poller: Poller, bad: list[int]
) -> None:
    """The batch is halved until each bad row is alone, which is then fetched by itself."""
    ids = make_ids(50)
    relay.spoiled = {ids[index] for index in bad}
    readers = _watch(relay, poller, 50)
    await clock.advance(1.0)
    assert all(reader.progress == [1] for reader in readers.values())
    assert all(reader.silences == [None] for reader in readers.values())
    assert len(bad) <= len(relay.asked("fetch")) <= len(bad) + 1
    assert len(relay.asked("list")) <= 1 + 12 * len(bad)
    assert relay.most_under_way == 1
    await _leave(readers)


async def test_a_task_that_spoils_a_batch_is_read_alone_from_then_on(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """Rarely, because its row may be large; a batch with it is tried again after half a minute, and ever later."""
    ids = make_ids(50)
    relay.spoiled = {ids[30]}
    readers = _watch(relay, poller, 50)
    await clock.advance(1.0)
    before = len(relay.asked("list"))
    await clock.advance(25.0)
    assert len(relay.asked("list")) - before == 5
    assert 1 <= len(relay.asked("fetch")) <= 3
    await clock.advance(600.0)  # it has spoiled three batches by now, each of which was read in twelve parts
    assert len(relay.asked("list")) - before < 150
    relay.spoiled = set()
    await clock.advance(ALONE_SECONDS[-1] + 60.0)
    fetched = len(relay.asked("fetch"))
    await clock.advance(60.0)
    assert fetched == len(relay.asked("fetch"))
    await _leave(readers)


@pytest.mark.parametrize("seconds", [40.0, 60.0, 90.0])
async def test_a_row_that_spoiled_one_batch_is_soon_read_with_the_others(
    clock: FakeClock, relay: FakeRelay, poller: Poller, seconds: float
) -> None:
    """It may have been broken for a moment."""
    ids = make_ids(2)
    relay.spoiled = {ids[0]}
    readers = _watch(relay, poller, 2)
    await clock.advance(1.0)
    relay.spoiled = set()
    await clock.advance(seconds)
    fetched = len(relay.asked("fetch"))
    await clock.advance(60.0)
    assert fetched == len(relay.asked("fetch"))
    await _leave(readers)


async def test_a_task_that_cannot_be_read_at_all_is_the_only_one_that_says_so(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """It goes on by itself, and ends like any other when its watch does."""
    ids = make_ids(50)
    relay.spoiled = {ids[7]}
    relay.broken[ids[7]] = UNREADABLE
    readers = _watch(relay, poller, 50)
    lost = Reader(poller, ids[7], until=clock.now() + timedelta(minutes=10))
    await clock.advance(100.0)
    assert poller.outage.silent_since is None
    for task_id, reader in readers.items():
        relay.set(task(task_id, Status.SUCCESS, 100))
        assert reader.feed is not None
        silent = reader.feed.silent_since
        assert (silent is None) is (task_id != ids[7])
    await clock.advance(10.0)
    assert [ids[7]] == [task_id for task_id, reader in readers.items() if not reader.done.done()]
    await clock.advance(600.0)
    assert lost.done.done()
    relay.broken.clear()
    await clock.advance(60.0)
    assert readers[ids[7]].done.done()


async def test_a_lookup_of_a_task_that_cannot_be_read_fails_at_once(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """The person who asked for it is told."""
    readers = _watch(relay, poller, 3)
    await clock.advance(1.0)
    relay.broken["9"] = UNREADABLE
    relay.spoiled = {"9"}
    with pytest.raises(RelayUnreachable):
        await clock.run_until(poller.fetch_task("9"), within=2.0)
    await _leave(readers)


@pytest.mark.parametrize("count", [1, 2, 50, 200])
async def test_a_relay_that_answers_nonsense_is_down(
    clock: FakeClock, relay: FakeRelay, poller: Poller, count: int
) -> None:
    """A few parts show it; then reads are as rare as in any outage, and all goes on after it."""
    readers = _watch(relay, poller, count)
    relay.failure = UNREADABLE
    await clock.advance(60.0)
    assert poller.outage.silent_since is not None
    assert all(reader.seen == [] for reader in readers.values())
    assert len(relay.requests) <= 100
    relay.failure = None
    await clock.advance(120.0)
    assert all(reader.progress == [1] for reader in readers.values())
    await _leave(readers)


async def test_lists_that_can_never_be_read_are_replaced_by_single_reads(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """Every row of such a relay is broken for lists only."""
    relay.spoiled = set(make_ids(50))
    readers = _watch(relay, poller, 50)
    await clock.advance(5.0)
    assert all(reader.progress == [1] for reader in readers.values())
    assert relay.most_under_way <= 8
    await _leave(readers)


@pytest.mark.parametrize("error", [RelayBusy(retry_after=30.0), RelayUnreachable("502", retry_after=30.0)])
async def test_halves_wait_while_the_relay_asks_for_a_pause(
    clock: FakeClock, relay: FakeRelay, poller: Poller, error: RelayError
) -> None:
    """The rest of the batch is read when the pause is over."""
    ids = make_ids(50)
    relay.spoiled = {ids[49]}
    relay.seconds = 0.2
    readers = _watch(relay, poller, 50)
    await clock.advance(0.3)
    relay.failure = error
    await clock.advance(10.0)
    assert len(relay.requests) <= 3
    relay.failure = None
    await clock.advance(60.0)
    assert all(reader.progress == [1] for reader in readers.values())
    await _leave(readers)


BAD_ROWS = {
    "5 MB in a field": '{"id":"%s","progress":"9%%","base64Array":["' + "A" * 5_000_000 + '"]}',
    "5 MB in a field that is read": '{"id":"%s","progress":"9%%","prompt":"' + "A" * 5_000_000 + '"}',
    "nested deeply": '{"id":"%s","progress":"9%%","x":' + "[" * 9000 + "]" * 9000 + "}",
    "broken": '{"id":"%s","progress":"9%%","prompt":"a "quoted" word"}',
    "without an end": '{"id":"%s","progress":"9%%","prompt":"a',
}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=list(BAD_ROWS))
async def test_one_bad_row_from_a_real_socket_delays_no_other(row: str) -> None:
    """All but the one without an end are read; what is not read is not kept."""
    ids = make_ids(50)

    def write_row(task_id: str) -> str:
        return (row % task_id) if task_id == ids[20] else f'{{"id":"{task_id}","progress":"5%"}}'

    async def answer_list(request: web.Request) -> web.Response:
        asked = json.loads(await request.text())["ids"]
        return web.Response(text=f"[{','.join(map(write_row, asked))}]")

    async def answer_fetch(request: web.Request) -> web.Response:
        return web.Response(text=write_row(request.match_info["id"]))

    app = web.Application()
    app.router.add_post("/mj/task/list-by-condition", answer_list)
    app.router.add_get("/mj/task/{id}/fetch", answer_fetch)
    async with TestServer(app) as server, RelayClient.open(str(server.make_url("")), "key") as api:
        poller = Poller(api, PollSchedule(60.0), Clock())
        loop = asyncio.create_task(poller.run())
        async with asyncio.timeout(20):
            found = await asyncio.gather(*map(poller.fetch_task, ids), return_exceptions=True)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    bad = found.pop(20)
    assert [5] * 49 == [one.progress for one in found if isinstance(one, Task)]
    if isinstance(bad, Task):
        assert (9, True) == (bad.progress, len(bad.prompt) <= 20_000)
    else:
        assert isinstance(bad, RelayUnreachable)
        assert row.endswith('"a')


async def test_two_spoiled_batches_are_halved_one_after_the_other(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """While a third one, which can be read, is not delayed."""
    ids = make_ids(150)
    relay.spoiled = {ids[10], ids[60]}
    relay.seconds = 0.1
    readers = _watch(relay, poller, 150)
    await clock.advance(0.3)
    assert all(readers[task_id].progress == [1] for task_id in ids[100:])
    await clock.advance(6.0)
    assert all(reader.progress == [1] for reader in readers.values())
    assert relay.most_under_way <= 4
    await _leave(readers)
    await asyncio.sleep(0)
