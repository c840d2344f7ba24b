"""No route is used more often than Discord allows; final edits go first, and no waiting request is forgotten."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from operator import contains

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogs.messaging.rate_limits import (
    BOT_LIMIT,
    BOT_RESERVE,
    CHANNEL_LIMIT,
    RESPONSE_TIMEOUT_SECONDS,
    TOKEN_LIMIT,
    RateLimit,
    RateLimiter,
    RateLimitWindow,
)
from tests.fakes.clock import FakeClock

SLACK = 1e-5
"""What a time loses as a float since 1970."""


def never() -> bool:
    """Progress is never urgent."""
    return False


def always() -> bool:
    """An end is urgent from the first."""
    return True


class Desk:
    """Budgets on virtual time, with a note of every turn."""

    def __init__(self) -> None:
        self.time = FakeClock()
        self.budgets = RateLimiter(self.time.clock.monotonic, self.time.sleep)
        self.given: list[tuple[float, Hashable, str]] = []

    async def turn(
        self, route: Hashable, figures: RateLimit, name: str = "", urgent: Callable[[], bool] = never
    ) -> None:
        """Take a turn, and note when."""
        await self.budgets.acquire(route, figures, as_bot=figures is CHANNEL_LIMIT, urgent=urgent)
        self.given.append((self.time.time, route, name))

    def ask(
        self, route: Hashable, figures: RateLimit = CHANNEL_LIMIT, name: str = "", urgent: Callable[[], bool] = never
    ) -> asyncio.Task[None]:
        """Ask for a turn, in the background."""
        return asyncio.ensure_future(self.turn(route, figures, name, urgent))

    @property
    def names(self) -> list[str]:
        """Who had turns, in order."""
        return [name for _, _, name in self.given]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A desk that is closed."""
    made = Desk()
    yield made
    await made.budgets.close()


async def test_a_free_route_is_used_at_once(desk: Desk) -> None:
    """No waiting, and no loop of its own."""
    for _ in range(4):
        await desk.turn("token", TOKEN_LIMIT)
    assert [at for at, _, _ in desk.given] == [0.0] * 4


async def test_a_token_has_four_in_two_seconds_and_28_in_a_minute(desk: Desk) -> None:
    """Both figures hold."""
    asked = [desk.ask("token", TOKEN_LIMIT) for _ in range(30)]
    await desk.time.run_until(asyncio.gather(*asked))
    at = [round(at) for at, _, _ in desk.given]
    assert at == [*(2 * (n // 4) for n in range(28)), 60, 60]


async def test_a_channel_counts_for_the_bot_and_a_token_does_not(desk: Desk) -> None:
    """Forty channels take the bot's second; a token goes on."""
    channels = [desk.ask(n, urgent=always) for n in range(50)]
    tokens = [desk.ask(f"token {n}", TOKEN_LIMIT) for n in range(50)]
    await desk.time.run_until(asyncio.gather(*channels, *tokens))
    taken = [round(at) for at, route, _ in desk.given if isinstance(route, int)]
    assert taken == [0] * 40 + [1] * 10
    assert {at for at, route, _ in desk.given if isinstance(route, str)} == {0.0}


async def test_finals_go_first_and_the_rest_in_order(desk: Desk) -> None:
    """Within a route, an urgent request goes before earlier ones."""
    for _ in range(4):
        desk.ask(1)
    asked = [desk.ask(1, name=name, urgent=partial(contains, "cd", name)) for name in "abcdef"]
    await desk.time.run_until(asyncio.gather(*asked))
    assert desk.names[4:] == list("cdabef")


async def test_urgency_is_checked_again_at_each_turn(desk: Desk) -> None:
    """Progress that has become an end while it waited goes first."""
    ended: set[str] = set()
    for _ in range(4):
        desk.ask(1)
    asked = [desk.ask(1, name=name, urgent=partial(contains, ended, name)) for name in "abcdef"]
    await desk.time.advance(4)
    ended.add("f")
    await desk.time.run_until(asyncio.gather(*asked))
    assert desk.names[4:] == list("fabcde")


async def test_a_final_edit_goes_before_the_progress_of_other_channels(desk: Desk) -> None:
    """The bot's own figure is shared: an end, there from the first, come later or become one, has the next turn."""
    ended: set[str] = set()
    asked = [desk.ask(n, name=str(n), urgent=partial(contains, ended, str(n))) for n in range(120)]
    await desk.time.advance(0.5)
    ended.add("119")
    asked.append(desk.ask("new", name="new", urgent=lambda: True))
    asked.append(desk.ask(100, name="second", urgent=lambda: True))
    await desk.time.run_until(asyncio.gather(*asked))
    assert set(desk.names[30:33]) == {"119", "new", "second"}
    assert len(desk.names) == 122


@pytest.mark.parametrize(("finals", "at_once"), [(1, 1), (BOT_RESERVE, BOT_RESERVE), (BOT_RESERVE + 1, BOT_RESERVE)])
async def test_progress_leaves_turns_for_ends(desk: Desk, finals: int, at_once: int) -> None:
    """A few ends that come just after the progress of many messages do not wait for the next second."""
    most = BOT_LIMIT[0][0]
    progress = [desk.ask(n, name="progress") for n in range(2 * most)]
    await desk.time.advance(0.05)
    assert desk.names == ["progress"] * (most - BOT_RESERVE)
    ends = [desk.ask(f"channel {n}", name="end", urgent=always) for n in range(finals)]
    await desk.time.settle()
    assert desk.names.count("end") == at_once
    await desk.time.run_until(asyncio.gather(*progress, *ends))


async def test_progress_that_becomes_an_end_is_noticed_while_the_bot_has_turns_for_ends(desk: Desk) -> None:
    """Within a quarter of a second, although no progress gets a turn meanwhile."""
    ended: set[str] = set()
    asked = [desk.ask(n, name=str(n), urgent=partial(contains, ended, str(n))) for n in range(60)]
    await desk.time.advance(0.3)
    ended.add("50")
    await desk.time.advance(0.26)
    assert desk.names[30:] == ["50"]
    await desk.time.run_until(asyncio.gather(*asked))


async def test_a_new_request_does_not_overtake_a_waiting_one(desk: Desk) -> None:
    """A request that arrives when the bot's next turn is due waits behind the earlier ones."""
    asked = [desk.ask(n, name=str(n)) for n in range(50)]
    await desk.time.advance(0)
    desk.time.time = 1.0  # the moment before the loop wakes
    asked.append(desk.ask("new", name="new"))
    await desk.time.run_until(asyncio.gather(*asked))
    assert desk.names[-1] == "new"


async def test_a_waiter_that_gives_up_uses_no_turn(desk: Desk) -> None:
    """A cancelled waiter uses no turn, and delays no other."""
    for _ in range(4):
        desk.ask(1)
    given_up = [desk.ask(1, name="gone") for _ in range(5)]
    stays = desk.ask(1, name="stays")
    await desk.time.settle()
    for one in given_up:
        one.cancel()
    await desk.time.run_until(stays)
    assert desk.given[-1] == (5.0, 1, "stays")


async def test_a_route_that_all_gave_up_is_used_again(desk: Desk) -> None:
    """Nothing is left behind by waiters that went: neither of a closed route, nor of an open one."""
    for _ in range(10):
        for n in range(45):
            desk.ask(n)
    await desk.time.advance(0.5)
    waiting = [desk.ask(n, name="gone") for n in (1, "open")]
    await desk.time.settle()
    for one in waiting:
        one.cancel()
    again = [desk.ask(n, name="again") for n in (1, "open")]
    await desk.time.run_until(asyncio.gather(*again))
    assert desk.names.count("again") == 2
    assert "gone" not in desk.names


async def test_a_channel_without_waiters_gets_no_turn(desk: Desk) -> None:
    """What is open, or urgent, or closed, and then given up, is passed over."""
    for n in range(20):
        desk.ask(n % 16)
    await desk.time.advance(0.1)
    for n in range(60):
        desk.ask(f"later {n}")
    await desk.time.advance(0.95)
    for n in range(BOT_RESERVE):
        desk.ask(f"end {n}", urgent=always)
    given_up = [desk.ask("open", name="gone", urgent=partial(bool, 1)), desk.ask(0, name="gone"), desk.ask(0)]
    given_up += [desk.ask(0, name="gone") for _ in range(3)]
    last = desk.ask("last", name="last")
    await desk.time.settle()
    for one in given_up:
        one.cancel()
    await desk.time.run_until(last)
    for _ in range(4):
        desk.ask("full")
    await desk.time.advance(2)
    closed = desk.ask("full", name="gone")
    await desk.time.settle()
    closed.cancel()
    await desk.time.advance(60)
    assert {name for name in desk.names if name} == {"last"}
    assert desk.budgets._granting is not None
    assert desk.budgets._granting.done()


async def test_a_waiter_canceled_at_its_turn_is_skipped(desk: Desk) -> None:
    """A cancellation that has not yet arrived does not lose the turn of the next."""
    for _ in range(4):
        desk.ask(1)
    first, second = desk.ask(1, name="first"), desk.ask(1, name="second")
    await desk.time.settle()

    def cancels() -> bool:
        first.cancel()
        return False

    third = desk.ask(1, name="third", urgent=cancels)
    await desk.time.run_until(asyncio.gather(second, third))
    assert desk.names[4:] == ["second", "third"]
    assert first.cancelled()


async def test_a_clock_that_is_set_back_delays_no_request(desk: Desk) -> None:
    """An hour back is no hour of waiting."""
    for _ in range(4):
        await desk.turn(1, CHANNEL_LIMIT)
    desk.time.start -= timedelta(hours=1)
    await desk.turn(2, CHANNEL_LIMIT)
    waiting = desk.ask(1)
    await desk.time.run_until(waiting, within=6)


@pytest.mark.parametrize("seconds", [2.0, 60.0, 3600.0, 86_400.0 * 365, -60.0, -86_400.0 * 365])
async def test_setting_the_systems_time_opens_no_route_early(desk: Desk, seconds: float) -> None:
    """Four uses are allowed in 5 s, whatever the system's time says, and no more have to be waited for."""
    for _ in range(4):
        await desk.turn(1, CHANNEL_LIMIT)
    desk.time.step(seconds)
    waiting, begun = desk.ask(1), desk.time.time
    await desk.time.run_until(waiting, within=6)
    assert desk.time.time - begun == pytest.approx(5.0, abs=0.2)


async def test_idle_routes_are_forgotten(desk: Desk) -> None:
    """Thousands of tokens leave nothing behind."""
    for n in range(5000):
        await desk.turn(n, TOKEN_LIMIT)
        desk.time.time += 1
    assert len(desk.budgets._routes) < 600


async def test_a_closed_limiter_grants_no_turn() -> None:
    """The loop ends, even while requests wait."""
    desk = Desk()
    await desk.budgets.close()
    asked = [desk.ask(1) for _ in range(5)]
    await desk.time.settle()
    await desk.budgets.close()
    assert [one.done() for one in asked] == [True] * 4 + [False]
    asked[-1].cancel()
    with suppress(asyncio.CancelledError):
        await asked[-1]


def test_a_window_that_was_never_used_is_idle() -> None:
    """It has nothing to remember."""
    assert RateLimitWindow(BOT_LIMIT).is_idle(0.0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([*range(12), "a", "b"]),
        st.booleans(),
        st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.3, 1.0, 4.0, 30.0]),
        st.booleans(),
    ),
    max_size=250,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
async def test_no_window_ever_sees_too_much(steps: list[tuple[Hashable, bool, float, bool]]) -> None:
    """For any requests, given up or not, each window keeps the limits, and each remaining request gets its turn."""
    desk = Desk()
    asked: list[asyncio.Task[None]] = []
    for route, urgent, pause, gives_up in steps:
        figures: RateLimit = TOKEN_LIMIT if isinstance(route, str) else CHANNEL_LIMIT
        asked.append(desk.ask(route, figures, urgent=partial(bool, urgent)))
        await desk.time.advance(pause)
        if gives_up:
            asked[len(asked) // 2].cancel()
    await desk.time.run_until(asyncio.gather(*asked, return_exceptions=True))
    assert len(desk.given) == sum(not one.cancelled() for one in asked)
    uses: defaultdict[tuple[Hashable, RateLimit], list[float]] = defaultdict(list)
    for at, route, _ in desk.given:
        uses[route, TOKEN_LIMIT if isinstance(route, str) else CHANNEL_LIMIT].append(at)
        if not isinstance(route, str):
            uses["bot", BOT_LIMIT].append(at)
    for (_, figures), times in uses.items():
        for most, seconds in figures:
            spans = [later - earlier for earlier, later in zip(times, times[most:], strict=False)]
            assert all(span >= seconds - SLACK for span in spans)
    await desk.budgets.close()


async def test_a_turn_is_cheap_among_thousands_that_wait() -> None:
    """1,000 channels with four waiters each: a turn costs well under a millisecond."""
    desk = Desk()
    asked = [desk.ask(n % 1000) for n in range(8000)]
    await desk.time.advance(0)
    begun, before = time.process_time(), len(desk.given)
    await desk.time.advance(20)
    turns = len(desk.given) - before
    assert turns >= 590
    assert (time.process_time() - begun) / turns < 0.002
    for one in asked:
        one.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    await desk.budgets.close()


async def told(desk: Desk, route: Hashable) -> float:
    """Take a turn as the bot whose answer will be told; return when it was given."""
    await desk.budgets.acquire(route, CHANNEL_LIMIT, as_bot=True, urgent=always, awaits_response=True)
    return desk.time.time


async def test_a_use_counts_from_its_response(desk: Desk) -> None:
    """Forty of the bot's requests that take 0.7 s leave no room for more until a second after their answers."""
    for route in range(40):
        assert 0 == await told(desk, route)
    desk.time.time += 0.7
    for route in range(40):
        desk.budgets.report_response(route)
    waiting = asyncio.ensure_future(told(desk, 40))
    await desk.time.run_until(waiting, within=3)
    assert waiting.result() == pytest.approx(1.7, abs=0.01)


async def test_a_response_that_never_comes_blocks_no_turn(desk: Desk) -> None:
    """A turn without a response frees its route in the end; a response to no known request frees nothing."""
    for _ in range(4):
        await told(desk, 1)
    desk.budgets.report_response("never heard of")
    waiting = asyncio.ensure_future(told(desk, 1))
    await desk.time.run_until(waiting, within=2 * RESPONSE_TIMEOUT_SECONDS + 1)
    assert waiting.result() == pytest.approx(RESPONSE_TIMEOUT_SECONDS + 5, abs=0.2)


async def test_turns_are_granted_in_the_task_that_runs_the_limiter() -> None:
    """Not from one that the first to wait starts in its own context, and without spinning in between."""
    turns = RateLimiter(time.monotonic, asyncio.sleep)
    running = asyncio.create_task(turns.run())
    try:
        for _ in range(2):
            for _ in range(5):
                await turns.acquire("route", ((4, 0.02),), as_bot=False, urgent=lambda: False)
        assert [task for task in asyncio.all_tasks() if task.get_name() == "rate limiter"] == []
    finally:
        running.cancel()
