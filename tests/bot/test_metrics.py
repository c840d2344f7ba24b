"""What is counted, where the domain does it: once for each thing that happened, under words and never under ids."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest

from bot.errors import (
    ButtonUnknown,
    DailyLimitReached,
    DrawingPaused,
    KeyRefused,
    MjbotError,
    PlaceGone,
    PromptBanned,
    RelayUnreachable,
    ServerNotAllowed,
    SpendingLimitReached,
    SubmitOutcomeUnknown,
    TaskUnknown,
)
from bot.metrics import WATCHED_TASKS, count_limit_refusals, count_spent
from bot.midjourney.buttons import hash_custom_id
from bot.midjourney.task import Status
from bot.money import PriceSetting
from bot.ops.loop_lag import LoopLagMonitor
from bot.policy.prices import PriceList
from bot.policy.rules import Spender
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from bot.relay.client import RelayClient
from bot.relay.requests import PressButton
from bot.submissions.claims import Press
from sandbox.relay import Relay
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.clock import START, FakeClock
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_entities import CHILD, LIEN, PARENT, U2, V2, place, task, viewer
from tests.metric_changes import Counted
from tests.worlds.services import ServiceProcess, ServiceWorld

FETCH, LIST, ACTION = "/mj/task/{id}/fetch", "/mj/task/list-by-condition", "/mj/submit/action"
REQUESTS, PRESSES, LAG = "mjbot_api_requests_total", "mjbot_presses_total", "mjbot_poll_lag_seconds"


async def test_requests_are_counted_by_path_and_outcome() -> None:
    """Each request that was sent counts under its template: good ones, refused ones, and both tries of a lost one."""
    counted = Counted()
    async with Relay().serve() as relay, RelayClient.open(relay.url, relay.settings.key) as api:
        known = relay.add_task("grid")
        grid = await api.fetch_task(known)
        await api.fetch_tasks([known, "9999"])
        await api.submit(PressButton(task_id=known, custom_id=grid.buttons[0].custom_id), state="")
        await api.check_key()
        relay.script("fetch", 502, "", times=2)
        with pytest.raises(RelayUnreachable):
            await api.fetch_task(known)
        relay.script("action", drop=True)
        with pytest.raises(SubmitOutcomeUnknown):
            await api.submit(PressButton(task_id=known, custom_id=grid.buttons[1].custom_id), state="")
    async with Relay().serve() as relay, RelayClient.open(relay.url, "sk-wrong") as api:
        with pytest.raises(KeyRefused):
            await api.fetch_task("1")
    assert counted.by(REQUESTS) == {
        ("ok", FETCH): 1,
        ("ok", LIST): 1,
        ("ok", ACTION): 1,
        ("TaskUnknown", FETCH): 1,
        ("RelayUnreachable", FETCH): 2,
        ("SubmitUncertain", ACTION): 1,
        ("KeyRefused", FETCH): 1,
    }


async def test_a_request_that_is_canceled_is_counted_as_canceled() -> None:
    """It is no failure of the relay."""
    counted = Counted()
    async with Relay().serve() as relay, RelayClient.open(relay.url, relay.settings.key) as api:
        relay.script("fetch", delay=60)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await api.fetch_task("1")
    assert counted.by(REQUESTS) == {("cancelled", FETCH): 1}


LIMITS = "mjbot_limit_refusals_total"


def limit_reached(level: Literal["operator", "server"], scope: Literal["member", "everyone"]) -> SpendingLimitReached:
    return SpendingLimitReached(level, scope=scope, most=Decimal(3), left=Decimal(0), resets_at=START)


def press(number: int, button: str = U2, *, guild_id: int = 6) -> Press:
    spender = Spender(person_id=LIEN.id, guild_id=guild_id, requester_id=LIEN.id)
    return Press(
        interaction_id=number,
        person=LIEN,
        spender=spender,
        viewer=viewer(),
        place=place(700),
        task_id=PARENT,
        button_key=hash_custom_id(button),
    )


@pytest.fixture
def world() -> ServiceWorld:
    """A finished grid, whose child the relay draws at once."""
    world = ServiceWorld()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    world.relay.set(task(CHILD, progress=10))
    return world


@pytest.fixture
async def process(world: ServiceWorld) -> AsyncIterator[ServiceProcess]:
    async with world.process() as process:
        yield process


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(None, "accepted"), (PromptBanned(word="word"), "refused"), (SubmitOutcomeUnknown("lost"), "unknown")],
)
async def test_sent_presses_are_counted_by_outcome(
    world: ServiceWorld, process: ServiceProcess, answer: MjbotError | None, outcome: str
) -> None:
    """Accepted, refused, or unknown; each once."""
    counted = Counted()
    world.relay.outcomes = [answer] if answer else []  # type: ignore[list-item]
    await process.presses.submit_press(press(1), FakePressFollowups())
    await world.clock.advance(10)
    assert counted.by(PRESSES) == {(outcome,): 1}


async def test_unsent_presses_are_counted_by_error(world: ServiceWorld, process: ServiceProcess) -> None:
    """A press that we refuse, and one whose claim is given back, count once, under the error's name."""
    counted = Counted()
    for one, answerer, error in (
        (press(1, guild_id=66), FakePressFollowups(), ServerNotAllowed),
        (press(2, "MJ::JOB::upsample::9::bb"), FakePressFollowups(), ButtonUnknown),
        (press(3), FakePressFollowups(failure=PlaceGone()), PlaceGone),
        (press(4), FakePressFollowups(failure=ZeroDivisionError()), ZeroDivisionError),
    ):
        world.relay.set(task(status=Status.SUCCESS))
        with pytest.raises(error):
            await process.presses.submit_press(one, answerer)
        await world.clock.advance(10)
    assert counted.by(PRESSES) == {(name,): 1 for name in ("ServerNotAllowed", "ButtonUnknown", "PlaceGone", "broken")}


async def test_a_form_is_counted_as_a_press(world: ServiceWorld, process: ServiceProcess) -> None:
    """A form that is answered ends as a press does."""
    world.store.snapshots[CHILD] = task(CHILD, Status.MODAL)
    counted = Counted()
    form = Press(
        interaction_id=5,
        person=LIEN,
        spender=press(5).spender,
        viewer=viewer(),
        place=place(800),
        task_id=CHILD,
        button_key="form",
    )
    await process.presses.answer_modal(form, "a lighthouse", FakePressFollowups())
    await world.clock.advance(10)
    assert counted.by(PRESSES) == {("accepted",): 1}


async def test_watched_tasks_and_poll_lag_are_measured() -> None:
    """A poll is late by the gathering of a batch, and by as long as earlier requests take its place."""
    clock = FakeClock()
    relay = FakeRelay(clock, has_lists=False, seconds=3.0)
    poller = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), clock.clock)
    loop = asyncio.create_task(poller.run())
    ids = [str(number) for number in range(16)]
    for one in ids:
        relay.set(task(one, Status.SUCCESS))
    counted = Counted()
    looks = [asyncio.create_task(poller.fetch_task(one)) for one in ids]
    await clock.settle()
    assert WATCHED_TASKS._value.get() == 16
    await clock.run_until(asyncio.gather(*looks))
    assert (WATCHED_TASKS._value.get(), len(poller.watch_list)) == (0, 0)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    # The relay has no lists: all are asked for in one batch after 0.05 s, which may fail.
    assert counted.of(f"{LAG}_count") == 16
    assert counted.of(f"{LAG}_sum") == pytest.approx(16 * 0.05, abs=0.02)
    assert counted.by(f"{LAG}_created") == {}


async def test_a_poll_that_waits_for_a_free_request_is_late() -> None:
    """Once the relay is known to have no lists, a ninth request waits for one of eight places."""
    clock = FakeClock()
    relay = FakeRelay(clock, has_lists=False)
    poller = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), clock.clock)
    loop = asyncio.create_task(poller.run())
    with pytest.raises(TaskUnknown):
        await clock.run_until(poller.fetch_task("1"))
    relay.seconds = 3.0
    counted = Counted()
    looks = [asyncio.create_task(poller.fetch_task(str(number))) for number in range(10)]
    await clock.run_until(asyncio.gather(*looks, return_exceptions=True))
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert counted.of(f"{LAG}_count") == 10
    assert counted.of(f"{LAG}_sum") == pytest.approx(10 * 0.05 + 2 * 3.0, abs=0.02)


async def test_loop_delay_is_measured() -> None:
    """A sleep that takes two seconds longer is a delay of two seconds; the last beat's age grows meanwhile."""
    clock = FakeClock()
    extra = iter([0.0, 2.0])
    started = clock.start.timestamp()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds + next(extra, 0.0))

    pulse = LoopLagMonitor(lambda: clock.now().timestamp() - started, sleep)
    counted = Counted()
    beating = asyncio.create_task(pulse.run())
    await clock.advance(0.5)
    assert pulse.seconds_since_last_run == pytest.approx(0)
    await clock.advance(2.4)
    assert pulse.seconds_since_last_run == pytest.approx(2.4)
    await clock.advance(0.1)
    assert pulse.seconds_since_last_run == pytest.approx(0, abs=1e-6)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    assert counted.of("mjbot_loop_delay_seconds_count") == 2
    assert counted.of("mjbot_loop_delay_seconds_sum") == pytest.approx(2.0, abs=1e-3)


async def test_how_long_an_answer_is_owed() -> None:
    """An answer is owed while something unfinished is watched: from the last one on, or from the watch if later."""
    clock = FakeClock()
    relay = FakeRelay(clock)
    poller = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), clock.clock)
    loop = asyncio.create_task(poller.run())
    assert poller.unanswered_seconds == 0
    relay.set(task("1"))
    born = clock.now() - timedelta(days=1)
    async with poller.watch("1", since=born):
        await clock.advance(30)
        assert poller.unanswered_seconds < 21
        relay.failure = RelayUnreachable("down")
        await clock.advance(100)
        assert 100 <= poller.unanswered_seconds < 121
    assert poller.unanswered_seconds == 0
    await clock.advance(3600)
    async with poller.watch("1", since=born):
        await clock.advance(10)
        assert poller.unanswered_seconds == pytest.approx(10)
        relay.failure = None
        relay.set(task("1", Status.SUCCESS))
        await clock.advance(600)
        assert poller.unanswered_seconds == 0, "a finished task is not asked for, however long its message takes"
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


@pytest.mark.parametrize(
    ("refusal", "counted"),
    [
        (limit_reached("operator", "everyone"), {("operator", "everyone"): 1}),
        (limit_reached("server", "member"), {("server", "member"): 1}),
        (DailyLimitReached(30, "person", START), {("operator", "person"): 1}),
        (DailyLimitReached(500, "everyone", START), {("operator", "everyone"): 1}),
        (DrawingPaused("server"), {}),
        (KeyRefused("no"), {}),
    ],
)
def test_refusals_by_a_limit_are_counted(refusal: MjbotError, counted: dict[tuple[str, ...], float]) -> None:
    """By level and scope; other refusals are no limit's. Each is raised all the same."""
    changes = Counted()
    with pytest.raises(type(refusal)), count_limit_refusals():
        raise refusal
    assert changes.by(LIMITS) == counted


async def test_a_refused_press_counts_its_limit_once(world: ServiceWorld) -> None:
    world.spending_policy = replace(world.spending_policy, daily_submits_per_person=1)
    counted = Counted()
    async with world.process() as process:
        await process.presses.submit_press(press(1), FakePressFollowups())
        await world.clock.advance(10)
        with pytest.raises(DailyLimitReached):
            await process.presses.submit_press(press(2, V2), FakePressFollowups())
    assert counted.by(LIMITS) == {("operator", "person"): 1}


@pytest.mark.parametrize(
    ("amount", "currency", "confirmed", "counted"),
    [
        (Decimal("0.10"), "USD", False, {("no", "USD"): 0.1}),
        (Decimal("2.5"), "CNY", True, {("yes", "CNY"): 2.5}),
        (Decimal(3), "\u79ef\u5206", True, {("yes", "other"): 3}),
        (Decimal(3), "", False, {("no", "other"): 3}),
        (Decimal(0), "USD", True, {}),
        (Decimal(-1), "USD", True, {}),
        (None, "USD", False, {}),
    ],
)
def test_what_requests_cost_is_counted(
    amount: Decimal | None, currency: str, counted: dict[tuple[str, ...], float], *, confirmed: bool
) -> None:
    """A unit that is no currency is not in a label, as a relay chooses its name."""
    changes = Counted()
    count_spent(amount, currency, confirmed=confirmed)
    assert changes.by("mjbot_spent_total") == {key: pytest.approx(value) for key, value in counted.items()}


@pytest.mark.parametrize(
    ("answer", "expected"), [(None, 0.1), (PromptBanned(word="word"), 0), (SubmitOutcomeUnknown("lost"), 0.1)]
)
async def test_an_accepted_press_counts_its_expected_price(
    world: ServiceWorld, answer: MjbotError | None, expected: float
) -> None:
    """As does one that may have been accepted."""
    prices = PriceList()
    prices.set_configured(PriceSetting(prices={"mj_upscale": Decimal("0.1")}, currency="USD"))
    world.spending_policy = replace(world.spending_policy, prices=prices)
    world.relay.outcomes = [answer] if answer else []  # type: ignore[list-item]
    counted = Counted()
    async with world.process() as process:
        await process.presses.submit_press(press(1), FakePressFollowups())
        await world.clock.advance(10)
    assert sum(counted.by("mjbot_spent_total").values()) == pytest.approx(expected)
