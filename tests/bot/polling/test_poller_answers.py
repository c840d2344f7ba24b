"""For any answers of the relay, in any order, a watch ends, and a finished picture that was read stays."""

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta
from itertools import cycle

from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RelayError, RelayUnreachable
from bot.midjourney.task import Status, Task
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from bot.relay.responses.parser import parse_task, parse_tasks
from bot.relay.responses.relay_response import RelayResponse
from tests.fakes.clock import FakeClock
from tests.fakes.feed_reader import Reader
from tests.fakes.relay import FakeRelay
from tests.fakes.relay_rows import TASK_ID, DrawnRow, drawn_rows

WATCH_SECONDS = 120.0
_BAD = st.sampled_from(
    [
        RelayResponse(200, "[]"),
        RelayResponse(200, ""),
        RelayResponse(200, "null"),
        RelayResponse(200, "nonsense"),
        RelayResponse(200, '[{"id":"1754300000123417","status":"SUCC'),
        RelayResponse(200, "<html>"),
        RelayResponse(200, '{"code":5,"description":"odd"}'),
        RelayResponse(400, '{"code":4,"description":"task_no_found "}'),
        RelayResponse(401, '{"error":{"message":"Invalid token"}}'),
        RelayResponse(404, '{"status":404}'),
        RelayResponse(404, "<html>"),
        RelayResponse(429, "", retry_after=7.0),
        RelayResponse(500, "{}"),
        RelayResponse(502, "<html>"),
    ]
)


class AnsweringRelay(FakeRelay):
    """Gives the drawn answers in turn, to fetches and lists alike; a row comes as either asks for it."""

    def __init__(self, clock: FakeClock, answers: list[DrawnRow | RelayResponse]) -> None:
        super().__init__(clock)
        self._answers = cycle(answers)
        self.has_given_picture = False

    def _answer(self, shape: str, parse: Callable[[RelayResponse], Task | None]) -> Task | None:
        answer = next(self._answers)
        if isinstance(answer, RelayResponse):
            return parse(answer)
        task = parse(RelayResponse(200, shape % answer.text if "%" in shape else answer.text))
        self.has_given_picture |= answer.is_success and bool(answer.links)
        return task

    async def fetch_task(self, task_id: str) -> Task:
        """Parse the next answer as that of a fetch."""
        await self._read("fetch", [task_id])
        task = self._answer("", lambda answer: parse_task(answer, task_id))
        assert task is not None
        return task

    async def fetch_tasks(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Parse the next answer as that of a list."""
        await self._read("list", task_ids)
        task = self._answer("[%s]", lambda answer: parse_tasks(answer, task_ids).get(TASK_ID))
        return {} if task is None else {TASK_ID: task}


async def _watch(answers: list[DrawnRow | RelayResponse]) -> tuple[AnsweringRelay, Reader]:
    clock = FakeClock()
    relay = AnsweringRelay(clock, answers)
    poller = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), clock.clock)
    loop = asyncio.create_task(poller.run())
    reader = Reader(poller, TASK_ID, until=clock.now() + timedelta(seconds=WATCH_SECONDS))
    await clock.advance(WATCH_SECONDS + 1.0)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    return relay, reader


@given(st.lists(drawn_rows() | _BAD, min_size=1, max_size=6))
def test_a_watch_ends_with_the_picture_that_was_read(answers: list[DrawnRow | RelayResponse]) -> None:
    """By its deadline at the latest; neither an error nor an older row takes the picture away."""
    relay, reader = asyncio.run(_watch(answers))

    assert reader.done.done()
    assert isinstance(reader.done.exception(), RelayError | None)
    assert reader.feed is not None
    if relay.has_given_picture:
        task = reader.feed.latest
        assert task is not None
        assert (task.status, bool(task.picture_url)) == (Status.SUCCESS, True)
    # A refusal of the key is confirmed after a second; a list and a fetch that disagree about it ask each time.
    assert len(relay.requests) <= 3 * WATCH_SECONDS
    assert not isinstance(reader.done.exception(), RelayUnreachable)
