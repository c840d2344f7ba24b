"""Final states that Discord did not take: when they are drawn again, by which process, and until when."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.clock import Clock
from bot.entities import Place
from bot.errors import DisplayError, DisplayFailed, DisplayRefused, PictureGone, PlaceGone
from bot.midjourney.task import Status
from bot.ports import SceneBuilder
from bot.scene import JobEnding, PictureLink, Scene
from bot.tracking.redraws import Redraws
from tests.fakes.clock import START, FakeClock
from tests.fakes.sample_entities import PARENT, job, place, task, viewer
from tests.fakes.store import FakeStore
from tests.worlds.services import ServiceWorld

URL = f"https://cdn.test/{PARENT}.png"
DONE = task(status=Status.SUCCESS, progress=100)


class Outage:
    """A Discord that fails, or refuses, while it is away: `tries` are the seconds at which a drawing was tried."""

    def __init__(self, world: ServiceWorld, error: DisplayError) -> None:
        self.tries: list[float] = []
        self.is_over = False
        self._world = world
        self._error = error
        self._show = world.editor.show
        world.editor.show = self.show  # type: ignore[method-assign]

    async def show(self, place: Place, build_scene: SceneBuilder, *, urgent: bool | Callable[[], bool] = True) -> bool:
        """Draw, or fail."""
        del urgent
        scene = await build_scene()
        if scene is None or (scene.ending is None and scene.task is not None and not scene.task.status.is_final):
            return False
        self.tries.append(self._world.clock.time)
        if not self.is_over:
            raise self._error

        async def build_same() -> Scene:
            return scene

        return await self._show(place, build_same)


def pauses(outage: Outage) -> list[float]:
    times = outage.tries
    return [round(after - before) for before, after in pairwise(times)]


@pytest.mark.parametrize(
    ("error", "hours", "expected"),
    [
        (DisplayFailed("503"), 1.0, [60, 120, 300, 600, 600, 600, 600, 600]),
        (DisplayRefused("archived"), 3.0, [60, 120, 300, 600, 1800, 3600, 3600]),
    ],
)
async def test_the_pauses_grow(world: ServiceWorld, error: DisplayError, hours: float, expected: list[int]) -> None:
    world.relay.set(DONE)
    outage = Outage(world, error)
    async with world.process() as process:
        await process.jobs.follow_job(job(), DONE)
        await world.clock.advance(hours * 3600.0)
        assert pauses(outage) == expected[: len(outage.tries) - 1]
        assert len(outage.tries) >= len(expected) - 1
        assert (world.editor.scenes, world.store.closed) == ([], set())
        outage.is_over = True
        await world.clock.advance(3700.0)
    assert [scene.task and scene.task.status for scene in world.editor.scenes_of(700)] == [Status.SUCCESS]
    assert world.store.closed == {700}


@pytest.mark.parametrize("stopped_after", [30.0, 200.0, 700.0])
async def test_a_restart_keeps_to_the_pause(world: ServiceWorld, stopped_after: float) -> None:
    """A start in the middle of an outage draws no message earlier, and the pauses go on growing."""
    world.relay.set(DONE)
    outage = Outage(world, DisplayFailed("503"))
    async with world.process() as process:
        await process.jobs.follow_job(job(), DONE)
        await world.clock.advance(stopped_after)
    for _ in range(3):  # a process that is started again and again
        async with world.process():
            await world.clock.advance(20.0)
    async with world.process():
        await world.clock.advance(3600.0 - world.clock.time)
        assert pauses(outage) == [60, 120, 300, *[600] * (len(outage.tries) - 4)]
        assert len(outage.tries) > 6
        outage.is_over = True
        await world.clock.advance(601.0)
    assert world.store.closed == {700}


@pytest.mark.parametrize(("minutes", "expected"), [(15, [60, 120, 300, 360]), (10, [60, 120, 300, 60]), (4, [60, 120])])
async def test_a_private_message_is_tried_until_its_token_expires(
    world: ServiceWorld, minutes: int, expected: list[int]
) -> None:
    """The last time is a minute before."""
    world.relay.set(DONE)
    outage = Outage(world, DisplayRefused("404"))
    expires = START + timedelta(minutes=minutes)
    async with world.process() as process:
        private = replace(place(), reachable=False, ephemeral=True, token_expires_at=expires)
        await process.jobs.follow_job(job(place=private), DONE)
        await world.clock.advance((minutes - 1) * 60.0 - 1.0)
        assert world.store.closed == set()
        outage.is_over = True
        await world.clock.advance(2.0)
        assert (pauses(outage), world.store.closed) == (expected, {700})


async def test_many_messages_do_not_storm_at_a_start(world: ServiceWorld) -> None:
    """Those whose pause is over are drawn, the others keep to theirs."""
    world.relay.set(DONE)
    outage = Outage(world, DisplayFailed("503"))
    for number in range(200):
        later = START + timedelta(seconds=100 + number)
        world.store.jobs[number] = job(number, redraws=4, redraw_at=later if number else None)
    world.store.owners = dict.fromkeys(world.store.jobs, "dead")
    world.store.snapshots[PARENT] = DONE
    async with world.process():
        await world.clock.advance(90.0)
        assert len(outage.tries) == 1  # only the one without a pause
        await world.clock.advance(60.0)
        assert len(outage.tries) == 51
        outage.is_over = True
        await world.clock.advance(700.0)
    assert len(world.store.closed) == 200


@pytest.mark.parametrize("step", [-86_400.0, 86_400.0])
async def test_a_step_of_the_system_time_does_not_lengthen_a_pause(world: ServiceWorld, step: float) -> None:
    """A pause that was saved by another clock is at most as long as the longest."""
    world.relay.set(DONE)
    outage = Outage(world, DisplayFailed("503"))
    async with world.process() as process:
        await process.jobs.follow_job(job(), DONE)
        await world.clock.advance(1000.0)
    world.clock.step(step)
    outage.is_over = True
    async with world.process():
        await world.clock.advance(3700.0)
    assert world.store.closed == {700}


@pytest.mark.parametrize("opened", [(6, None), (6, 5), (None, None)])
async def test_a_change_of_the_place_ends_the_pause(world: ServiceWorld, opened: tuple[int | None, int | None]) -> None:
    """A thread that opens again shows its picture at once; changes elsewhere, or many at once, cost nothing."""
    world.relay.set(DONE)
    outage = Outage(world, DisplayRefused("the thread is archived"))
    async with world.process() as process:
        await process.jobs.follow_job(job(), DONE)
        await world.clock.advance(120.0)
        assert len(outage.tries) == 2
        process.jobs.redraws.wake(66)
        process.jobs.redraws.wake(6, 55)
        for _ in range(100):
            process.jobs.redraws.wake(*opened)
        await world.clock.advance(1.0)
        assert len(outage.tries) == 3
        for _ in range(58):
            process.jobs.redraws.wake(*opened)
            await world.clock.advance(1.0)
        outage.is_over = True
        process.jobs.redraws.wake(*opened)
        await world.clock.advance(1.0)
        assert len(outage.tries) == 4
        await world.clock.advance(20.0)
    assert world.store.closed == {700}


async def test_changes_in_vain_shorten_pauses_less_and_less(world: ServiceWorld) -> None:
    """Ten seconds after a drawing, then a minute, then five."""
    world.relay.set(DONE)
    outage = Outage(world, DisplayRefused("missing there: View Channels"))
    async with world.process() as process:
        await process.jobs.follow_job(job(redraws=5), DONE)
        for _ in range(200):
            process.jobs.redraws.wake(6)
            await world.clock.advance(5.0)
    assert pauses(outage) == [10, 60, 300, 300, 300]


async def test_a_place_that_is_known_to_be_closed_is_not_tried(world: ServiceWorld) -> None:
    world.relay.set(DONE)
    outage = Outage(world, DisplayRefused("missing there: View Channels"))
    async with world.process() as process:
        await process.jobs.follow_job(job(redraws=5), DONE)
        await world.clock.advance(20.0)
        process.jobs.redraws.wake(6, None, lambda where: where.channel_id != 5)
        await world.clock.advance(100.0)
        assert len(outage.tries) == 1
        process.jobs.redraws.wake(6, None, lambda where: where.channel_id == 5)
        await world.clock.advance(1.0)
        assert len(outage.tries) == 2


@pytest.mark.parametrize(
    ("servers", "each", "server", "most"),
    [(1, 100, 6, 310), (1, 300, None, 310), (40, 20, None, 1250), (0, 100, None, 310)],
)
async def test_changes_draw_few_messages_in_ten_minutes(servers: int, each: int, server: int | None, most: int) -> None:
    """Of one server or DM, and of all: each may cost four requests, and 10,000 refusals block the address."""
    clock = FakeClock()
    redraws, tries = Redraws(FakeStore(clock.now), clock.clock, keep_for=timedelta(days=30)), 0

    async def draw() -> None:
        nonlocal tries
        tries += 1
        raise DisplayRefused("missing there: View Channels")

    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[bool]] = []
        for number in range(max(servers, 1) * each):
            where = replace(place(number), guild_id=6 + number % servers if servers else 0)
            one = job(number, place=where, born_at=clock.now(), redraws=5)
            tasks.append(group.create_task(redraws.draw_until_shown(one, draw, DisplayRefused("closed"))))
        await clock.advance(60.0)
        for _ in range(120):
            redraws.wake(server)
            await clock.advance(5.0)
        assert most / 2 < tries <= most
        for task_ in tasks:
            task_.cancel()


async def test_all_messages_of_a_server_that_opens_are_drawn() -> None:
    """One after the other, after one change."""
    clock = FakeClock()
    redraws, shown = Redraws(FakeStore(clock.now), clock.clock, keep_for=timedelta(days=30)), 0

    async def draw() -> None:
        nonlocal shown
        shown += 1

    async with asyncio.TaskGroup() as group:
        for number in range(100):
            one = job(number, born_at=clock.now(), redraws=5)
            group.create_task(redraws.draw_until_shown(one, draw, DisplayRefused("closed")))
        await clock.advance(60.0)
        redraws.wake(6)
        await clock.advance(1.0)
        assert shown == 1
        await clock.advance(200.0)
    assert shown == 100


@pytest.mark.parametrize(("hours", "kept"), [(1.9, True), (2.1, False)])
@pytest.mark.parametrize("restart", [True, False])
async def test_a_row_stays_open_until_retention_days(
    world: ServiceWorld, hours: float, *, restart: bool, kept: bool
) -> None:
    """Then it is closed, and drawn no more; here the days are two hours."""
    world.times = replace(world.times, keep_for=timedelta(hours=2))
    world.relay.set(DONE)
    outage = Outage(world, DisplayRefused("missing there: Attach Files"))
    async with world.process() as process:
        await process.jobs.follow_job(job(), DONE)
        await world.clock.advance(600.0 if restart else hours * 3600.0)
        assert world.store.closed == (set() if kept or restart else {700})
    if restart:
        world.clock.time = hours * 3600.0
        async with world.process():
            await world.clock.advance(5.0)
            assert world.store.closed == (set() if kept else {700})
    assert outage.tries


@pytest.mark.parametrize("lie", [timedelta(days=40), timedelta(days=3), timedelta(days=365 * 70)])
def test_a_clock_that_is_ahead_gives_up_no_job(lie: timedelta) -> None:
    """As long as another one says that it is younger."""
    clock = Clock(now=lambda: START + lie, earliest=lambda: START + timedelta(hours=1))
    redraws = Redraws(FakeStore(clock.now, "a"), clock, keep_for=timedelta(days=2))
    assert redraws.measure_rest(job()) == timedelta(hours=47).total_seconds()


@pytest.mark.parametrize("ending", [JobEnding.WATCH_STOPPED, JobEnding.NOT_BILLED, JobEnding.FORM_DROPPED])
async def test_an_ending_waits_for_its_place_too(world: ServiceWorld, ending: JobEnding) -> None:
    outage = Outage(world, DisplayRefused("the thread is locked"))
    async with world.process() as process:
        await process.store.open_job(job())
        await process.jobs.end_job(job(), ending)
        await world.clock.advance(100.0)
        outage.is_over = True
        process.jobs.redraws.wake(6)
        await world.clock.advance(1.0)
    assert (world.editor.endings(700), world.store.closed) == ([ending], {700})


async def test_a_message_that_is_deleted_meanwhile_closes_its_row(world: ServiceWorld) -> None:
    world.relay.set(DONE)
    world.editor.errors = [DisplayRefused("archived"), DisplayFailed("503"), PlaceGone("10008")]
    async with world.process() as process:
        await process.jobs.follow_job(job(), DONE)
        await world.clock.advance(1000.0)
    assert (world.editor.scenes, world.store.closed) == ([], {700})


async def test_what_is_shown_days_later_says_that_its_link_has_expired(world: ServiceWorld) -> None:
    """The picture is fetched anew for each drawing."""
    world.relay.set(DONE)
    outage = Outage(world, DisplayRefused("archived"))
    async with world.process() as process:
        await process.jobs.follow_job(job(), DONE)
        await world.clock.advance(4000.0)
        world.pictures.failures = {URL: PictureGone(URL)}
        outage.is_over = True
        await world.clock.advance(3700.0)
    [shown] = world.editor.scenes_of(700)
    assert (shown.picture, shown.picture_link) == (None, PictureLink.DEAD)


async def test_a_store_that_is_away_does_not_end_the_drawing(world: ServiceWorld) -> None:
    """The pause is not saved, and the message is drawn all the same."""
    world.relay.set(DONE)
    outage = Outage(world, DisplayFailed("503"))
    async with world.process() as process:
        await process.jobs.follow_job(job(), DONE)
        await world.clock.advance(10.0)
        world.store.down = True
        await world.clock.advance(100.0)
        outage.is_over = True
        world.store.down = False
        await world.clock.advance(300.0)
    assert world.store.closed == {700}


async def test_a_new_watch_forgets_the_pauses(world: ServiceWorld) -> None:
    """A person who presses Refresh does not wait for them."""
    world.store.jobs = {700: job(redraws=5, redraw_at=START + timedelta(hours=1))}
    world.relay.set(DONE)
    async with world.process() as process:
        again = process.jobs.follow_again(PARENT, place(), job().requester, viewer())
        await world.clock.run_until(again)
        await world.clock.advance(2.0)
    assert len(world.editor.scenes_of(700)) == 1
    assert (world.store.jobs[700].redraws, world.store.jobs[700].redraw_at) == (0, None)
