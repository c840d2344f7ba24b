"""Every way in which a job goes and ends, on fakes and virtual time."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.entities import Claim, ClaimState, Place
from bot.errors import (
    DisplayFailed,
    PictureGone,
    PictureTooLarge,
    PlaceGone,
    PlaceUnreachable,
    StoreUnavailable,
    TaskUnknown,
)
from bot.midjourney.task import Status
from bot.ports import SceneBuilder
from bot.scene import JobEnding, PictureLink, Scene
from bot.tracking.tracker import WatchTimes
from tests.fakes.clock import START
from tests.fakes.pictures import picture
from tests.fakes.sample_entities import CHILD, MINH, PARENT, job, place, task, viewer
from tests.worlds.services import ServiceWorld

URL = f"https://cdn.test/{PARENT}.png"


def statuses(scenes: list[Scene]) -> list[str]:
    return [scene.task.status if scene.task else "-" for scene in scenes]


def claim(claim_id: int = 50, state: ClaimState = ClaimState.SUBMITTING, **more: Any) -> Claim:  # noqa: ANN401
    given = {"person_id": 1, "guild_id": 6, "message_id": 600, "task_id": PARENT, "button": "k", "made_at": START}
    return Claim(id=claim_id, state=state, **{**given, **more})


async def test_a_message_is_drawn_at_every_change_and_at_last_with_its_picture(world: ServiceWorld) -> None:
    """The row is open while the task runs, and closed after the last drawing."""
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUBMITTED))
        assert set(world.store.jobs) - world.store.closed == {700}
        world.relay.set(task(progress=30))
        await world.clock.advance(6.0)
        world.relay.set(task(status=Status.SUCCESS, progress=100))
        await world.clock.advance(6.0)
    scenes = world.editor.scenes_of(700)
    assert statuses(scenes) == ["SUBMITTED", "IN_PROGRESS", "SUCCESS"]
    assert [scene.picture for scene in scenes] == [None, None, picture(URL)]
    assert world.store.closed == {700}
    assert world.store.snapshots[PARENT].status is Status.SUCCESS
    assert world.pictures.fetched == [(URL, f"a_lighthouse_{PARENT}", 1000)]
    assert len(process.poller.watch_list) == 0


async def test_a_result_is_shown_after_a_second_without_its_picture(world: ServiceWorld) -> None:
    """The picture is added when it is downloaded."""
    world.pictures.seconds = 8.0
    world.relay.set(task(status=Status.SUCCESS))
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.5)
        assert [scene.picture for scene in world.editor.scenes_of(700)] == [None]
        assert world.store.closed == set()
        await world.clock.advance(7.0)
    assert [scene.picture for scene in world.editor.scenes_of(700)] == [None, picture(URL)]
    assert world.store.closed == {700}


async def test_a_finished_task_is_drawn_once_without_a_request(world: ServiceWorld) -> None:
    """/mjstatus after the end costs no second request."""
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.0)
    assert statuses(world.editor.scenes_of(700)) == ["SUCCESS"]
    assert world.relay.requests == []


@pytest.mark.parametrize("status", [Status.FAILURE, Status.CANCEL])
async def test_a_failed_task_has_no_picture(world: ServiceWorld, status: Status) -> None:
    """Even if it left a preview behind."""
    world.relay.set(task(status=status, image_url=URL))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(1.0)
    assert statuses(world.editor.scenes_of(700)) == [status]
    assert world.pictures.fetched == []
    assert world.store.closed == {700}


async def test_a_success_without_a_link_has_no_picture_to_download(world: ServiceWorld) -> None:
    """Its job ends after a minute."""
    world.relay.set(task(status=Status.SUCCESS, image_url="", buttons=()))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(70.0)
    assert world.pictures.fetched == []
    assert world.store.closed == {700}


async def test_a_picture_with_a_dead_link_is_copied_from_an_earlier_message(world: ServiceWorld) -> None:
    """From public messages of the bot with a picture only; one that has become unusable is skipped."""
    world.pictures.failures = {
        URL: PictureGone(URL),
        "https://discord.test/3": PictureTooLarge("https://discord.test/3"),
    }
    world.editor.links = {2: "https://discord.test/2", 3: "https://discord.test/3", 5: "https://discord.test/5"}
    hour = timedelta(hours=1)
    world.store.jobs = {
        2: job(2, born_at=START - 9 * hour),
        3: job(3, born_at=START - 3 * hour),
        4: job(4, born_at=START - 2 * hour),
        5: replace(job(5, born_at=START - hour), place=place(5, ephemeral=True)),
    }
    world.store.closed = {2, 3, 4, 5}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.0)
    last = world.editor.scenes_of(700)[-1]
    assert last.picture == picture("https://discord.test/2")
    assert last.picture_link is PictureLink.DEAD


async def test_a_picture_is_not_copied_from_another_server_or_dm(world: ServiceWorld) -> None:
    """It belongs to that place."""
    world.pictures.failures = {URL: PictureGone(URL)}
    world.editor.links = {2: "https://discord.test/2", 3: "https://discord.test/3"}
    world.store.jobs = {
        2: job(2, place=replace(place(2), guild_id=66)),
        3: job(3, place=replace(place(3), guild_id=0, channel_id=55)),
    }
    world.store.closed = {2, 3}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.0)
    last = world.editor.scenes_of(700)[-1]
    assert (last.picture, last.picture_link) == (None, PictureLink.DEAD)


async def test_a_task_that_the_relay_has_lost_ends_its_job(world: ServiceWorld) -> None:
    """The message shows its last known state."""
    async with world.process() as process:
        world.relay.set(task(progress=40))
        await process.jobs.follow_job(job())
        await world.clock.advance(32.0)
        world.relay.tasks.clear()
        await world.clock.advance(70.0)
    last = world.editor.scenes_of(700)[-1]
    assert last.ending is JobEnding.TASK_NOT_FOUND
    assert last.task is not None
    assert last.task.progress == 40
    assert world.store.closed == {700}


async def test_a_success_that_the_relay_loses_is_still_shown_as_one(world: ServiceWorld) -> None:
    """A final status counts more than how the watch ended."""
    async with world.process() as process:
        await process.jobs.follow_job(job())
        world.relay.set(task(status=Status.SUCCESS, buttons=()))
        await world.clock.advance(35.0)
        world.relay.tasks.clear()
        await world.clock.advance(6.0)
    assert world.editor.scenes_of(700)[-1].ending is None
    assert world.editor.scenes_of(700)[-1].picture == picture(URL)


async def test_a_watch_ends_after_watch_minutes(world: ServiceWorld) -> None:
    """After 70, with the last known state."""
    world.relay.set(task(progress=62))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(69 * 60.0)
        assert set(world.editor.endings(700)) == {None}
        await world.clock.advance(61.0)
    last = world.editor.scenes_of(700)[-1]
    assert (last.ending, last.task and last.task.progress) == (JobEnding.WATCH_TIMEOUT, 62)
    assert world.store.closed == {700}


@pytest.mark.parametrize("minutes", [-600, -5, 5, 71.7, 1440, 1_000_000])
@pytest.mark.parametrize("fails", [False, True])
async def test_setting_the_systems_time_neither_ends_nor_prolongs_a_watch(
    world: ServiceWorld,
    minutes: float,
    fails: bool,  # noqa: FBT001
) -> None:
    """Not even if the watch starts over because the database or Discord was away."""
    world.relay.set(task(progress=62))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(60.0)
        if fails:
            world.editor.errors = [StoreUnavailable("away")]
        world.clock.step(minutes * 60)
        world.relay.set(task(progress=63))
        await world.clock.advance(68 * 60.0)
        assert set(world.editor.endings(700)) == {None}
        assert statuses(world.editor.scenes_of(700))[-1] == Status.IN_PROGRESS
        await world.clock.advance(61.0)
    assert world.editor.endings(700)[-1] is JobEnding.WATCH_TIMEOUT


@pytest.mark.parametrize("minutes", [-600, 12, 600])
async def test_setting_the_systems_time_does_not_change_when_a_token_expires(
    world: ServiceWorld, minutes: float
) -> None:
    world.relay.set(task(progress=62))
    async with world.process() as process:
        await process.jobs.follow_job(job(place=place(reachable=False)))
        await world.clock.advance(60.0)
        world.clock.step(minutes * 60)
        await world.clock.advance(13 * 60.0 - 1)
        assert set(world.editor.endings(700)) == {None}
        await world.clock.advance(1.1)
    assert world.editor.endings(700)[-1] is JobEnding.MESSAGE_UNREACHABLE


SENT = START - timedelta(minutes=10)
"""When Discord says that the message of these jobs was sent."""


@pytest.mark.parametrize(
    ("wrong_by", "minutes_left"),
    [
        (timedelta(days=-365), 60),
        (timedelta(hours=-2), 60),
        (timedelta(minutes=-5), 60),
        (timedelta(minutes=3), 63),
        (timedelta(minutes=20), 70),
        (timedelta(days=365), 70),
    ],
)
async def test_a_row_of_a_process_with_a_wrong_clock_is_watched_no_longer_than_a_new_one(
    world: ServiceWorld, wrong_by: timedelta, minutes_left: int
) -> None:
    """And not shorter than from when its message was sent, as the message's id says."""
    message_id = int((SENT - datetime(2015, 1, 1, tzinfo=UTC)).total_seconds() * 1000) << 22
    world.relay.set(task(progress=62))
    async with world.process() as process:
        row = job(place=place(message_id=message_id), born_at=SENT + wrong_by)
        await process.jobs.continue_job(row)
        await world.clock.advance(minutes_left * 60.0 - 1)
        assert set(world.editor.endings(message_id)) == {None}
        await world.clock.advance(2.0)
    assert world.editor.endings(message_id)[-1] is JobEnding.WATCH_TIMEOUT


async def test_a_job_ends_before_the_only_token_of_its_message_expires(world: ServiceWorld) -> None:
    """A minute before, at 14 minutes."""
    world.relay.set(task(progress=62))
    async with world.process() as process:
        await process.jobs.follow_job(job(place=place(reachable=False)))
        await world.clock.advance(14 * 60.0 - 1)
        assert set(world.editor.endings(700)) == {None}
        await world.clock.advance(1.1)
    assert world.editor.endings(700)[-1] is JobEnding.MESSAGE_UNREACHABLE


async def test_a_short_watch_ends_before_the_token_does(world: ServiceWorld) -> None:
    """WATCH_MINUTES may be less than a token's life."""
    world.times = WatchTimes(give_up_after=timedelta(minutes=5), notify_after=timedelta(0))
    world.relay.set(task())
    async with world.process() as process:
        await process.jobs.follow_job(job(place=place(reachable=False)))
        await world.clock.advance(5 * 60.0 + 1)
    assert world.editor.endings(700) == [None, JobEnding.WATCH_TIMEOUT]


@pytest.mark.parametrize("gone", [PlaceGone(), PlaceUnreachable()])
async def test_a_deleted_message_ends_its_job(world: ServiceWorld, gone: PlaceGone | PlaceUnreachable) -> None:
    """Quietly, whether the task runs or has ended."""
    world.editor.broken = {700: gone, 701: gone}
    world.relay.set(task())
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await process.jobs.follow_job(job(701, CHILD, born_at=START - timedelta(hours=2)))
        await world.clock.advance(1.0)
        assert len(process.poller.watch_list) == 0
    assert world.store.closed == {700, 701}


async def test_a_message_does_not_ask_for_a_form_that_was_submitted(world: ServiceWorld) -> None:
    """/mjstatus of a child whose form was submitted on another message, wherever that is."""
    answered = job(2, CHILD, form_sent=True, place=place(2, ephemeral=True))
    world.store.jobs, world.store.closed = {2: answered}, {2}
    async with world.process() as process:
        await process.jobs.follow_job(job(700, CHILD), task(CHILD, Status.MODAL))
    assert world.store.jobs[700].form_sent


async def test_a_programming_error_leaves_the_row_open(world: ServiceWorld, caplog: pytest.LogCaptureFixture) -> None:
    """It ends that job alone, and the next start goes on with the job."""
    world.editor.errors = [ZeroDivisionError()]
    world.relay.set(task(status=Status.FAILURE))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(1.0)
        assert world.store.closed == set()
    assert "programming error" in caplog.text
    async with world.process():
        await world.clock.advance(1.0)
    assert world.store.closed == {700}


async def test_a_store_that_is_down_costs_no_drawing(world: ServiceWorld) -> None:
    """Progress goes on without it; the result waits for it, and is drawn once."""
    world.relay.set(task(status=Status.SUBMITTED))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(1.0)
        world.store.down = True
        world.relay.set(task(progress=10))
        await world.clock.advance(5.0)
        world.relay.set(task(status=Status.SUCCESS))
        await world.clock.advance(60.0)
        assert statuses(world.editor.scenes_of(700))[:2] == ["SUBMITTED", "IN_PROGRESS"]
        world.store.down = False
        await world.clock.advance(20.0)
    assert statuses(world.editor.scenes_of(700)).count("SUCCESS") == 1
    assert world.store.closed == {700}


async def test_a_store_that_comes_back_takes_no_message_back(world: ServiceWorld) -> None:
    """A job that starts over begins with the saved snapshot, not with the older one that it was given."""
    accepted = task(status=Status.SUBMITTED)
    world.relay.set(accepted)
    async with world.process() as process:
        await process.jobs.follow_job(job(), accepted)
        await world.clock.advance(1.0)
        world.relay.set(task(progress=10))
        await world.clock.advance(5.0)
        world.store.down = True
        world.relay.set(task(status=Status.SUCCESS))
        await world.clock.advance(5.0)
        world.store.down = False
        await world.clock.advance(20.0)
    shown = statuses(world.editor.scenes_of(700))
    assert shown.index("IN_PROGRESS") > max(at for at, status in enumerate(shown) if status == "SUBMITTED")


async def test_a_row_that_cannot_be_closed_is_closed_later(world: ServiceWorld) -> None:
    """The result is not drawn again for that, and the person notified once."""
    world.relay.set(task(status=Status.FAILURE))
    async with world.process() as process:
        await process.jobs.follow_job(job(notify=True, born_at=START - timedelta(minutes=1)))
        world.editor.free.clear()
        real = world.editor.show

        async def show(place: Place, build_scene: SceneBuilder, **more: Any) -> bool:  # noqa: ANN401
            is_shown = await real(place, build_scene, **more)
            world.store.down = True
            return is_shown

        world.editor.show = show  # type: ignore[method-assign]
        await world.clock.advance(20.0)
        world.store.down = False
        await world.clock.advance(20.0)
    assert len(world.editor.scenes_of(700)) == 1
    assert world.store.closed == {700}
    assert len(world.editor.notified) == 1


async def test_fetching_a_task_settles_its_claim_whose_answer_was_lost(
    world: ServiceWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """The task carries the claim's tag in its `state`."""
    caplog.set_level(logging.INFO)
    world.store.claimed = {50: claim(50, ClaimState.UNKNOWN), 51: claim(51, ClaimState.UNKNOWN)}
    world.relay.set(task(CHILD, state="mjbot:50"))
    async with world.process() as process:
        await world.clock.run_until(process.jobs.fetch_task(CHILD, viewer()))
    assert world.store.claimed[50].state is ClaimState.ACCEPTED
    assert world.store.claimed[50].child_id == CHILD
    assert world.store.claimed[51].state is ClaimState.UNKNOWN


@pytest.mark.parametrize(
    "state", ["", "mjbot:", "mjbot:50x", "mjbot:\u0665\u0660", "mjbot:050", "mjbot:" + "9" * 5000, "50"]
)
async def test_the_state_of_another_program_settles_no_claim(world: ServiceWorld, state: str) -> None:
    """The claim stays unknown."""
    world.store.claimed = {50: claim(50, ClaimState.UNKNOWN)}
    world.relay.set(task(CHILD, state=state))
    async with world.process() as process:
        assert (await world.clock.run_until(process.jobs.fetch_task(CHILD, viewer()))).id == CHILD
    assert world.store.claimed[50].state is ClaimState.UNKNOWN


async def test_fetching_an_unknown_task_raises(world: ServiceWorld) -> None:
    """And writes nothing."""
    async with world.process() as process:
        with pytest.raises(TaskUnknown):
            await world.clock.run_until(process.jobs.fetch_task(CHILD, viewer()))
    assert world.store.snapshots == {}


async def test_following_again_starts_a_new_watch(world: ServiceWorld) -> None:
    """From now, for the old requester, at the place of the new click."""
    world.store.jobs = {700: job(born_at=START - timedelta(hours=3), notify=True)}
    world.store.closed = {700}
    world.relay.set(task(progress=70))
    fresh = place(born=START + timedelta(hours=1))
    async with world.process() as process:
        await world.clock.run_until(process.jobs.follow_again(PARENT, fresh, MINH, viewer(MINH)))
        await world.clock.advance(1.0)
    row = world.store.jobs[700]
    assert (row.requester.name, row.place, row.notify) == ("lien", fresh, False)
    assert row.born_at > START
    assert world.store.closed == set()
    assert statuses(world.editor.scenes_of(700)) == ["IN_PROGRESS"]


async def test_following_again_works_without_the_row(world: ServiceWorld) -> None:
    """The person whom the message names becomes its requester."""
    world.relay.set(task(progress=70))
    async with world.process() as process:
        await world.clock.run_until(process.jobs.follow_again(PARENT, place(), MINH, viewer(MINH)))
    assert world.store.jobs[700].requester == MINH


async def test_a_job_copies_the_parent_from_an_earlier_job(world: ServiceWorld) -> None:
    """Of an earlier public message about the same child."""
    link = place(600).link
    known = job(2, CHILD, done="Picture 2", parent_id=PARENT, parent_link=link)
    world.store.jobs = {1: replace(known, place=place(1, ephemeral=True)), 2: known, 3: job(3, CHILD)}
    world.store.closed = {1, 2, 3}
    async with world.process() as process:
        await process.jobs.follow_job(job(700, CHILD), viewer=viewer())
        await process.jobs.follow_job(job(701, CHILD, claim_id=9), viewer=viewer())
    row = world.store.jobs[700]
    assert (row.done, row.parent_id, row.parent_link) == ("Picture 2", PARENT, link)
    assert world.store.jobs[701].parent_id == ""


@pytest.mark.parametrize(
    ("child", "parent", "copied"),
    [
        ({"guild_id": 66}, {}, ("", "")),
        ({"guild_id": 0, "channel_id": 55}, {}, ("", "")),
        ({"channel_id": 13}, {}, ("", "")),
        ({"channel_id": 55}, {"channel_id": 13}, (PARENT, "")),
        ({"channel_id": 55}, {"guild_id": 66}, (PARENT, "")),
        ({"channel_id": 55}, {"channel_id": 56}, (PARENT, "link")),
    ],
)
async def test_a_job_links_only_to_a_parent_that_its_requester_can_see(
    world: ServiceWorld, child: dict[str, Any], parent: dict[str, Any], copied: tuple[str, str]
) -> None:
    """Not in another server or DM, nor in a channel that is hidden from them (13)."""
    link = replace(place(600), **parent).link
    known = job(2, CHILD, parent_id=PARENT, parent_link=link, place=replace(place(2), **child))
    world.store.jobs, world.store.closed = {2: known}, {2}
    async with world.process() as process:
        await process.jobs.follow_job(job(700, CHILD), viewer=viewer(hidden_channels={13}))
    row = world.store.jobs[700]
    assert (row.parent_id, row.parent_link) == (copied[0], link if copied[1] else "")


async def test_a_message_is_followed_once(world: ServiceWorld) -> None:
    """A second job replaces the first."""
    world.relay.set(task(progress=10))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(1.0)
        await process.jobs.follow_job(job())
        await world.clock.advance(1.0)
        world.relay.set(task(progress=20))
        await world.clock.advance(6.0)
        assert process.jobs.running_message_ids == {700}
    assert [scene.task and scene.task.progress for scene in world.editor.scenes_of(700)] == [10, 10, 20]


async def test_declining_a_form_ends_its_job(world: ServiceWorld) -> None:
    """With what is known of the task, and its watch."""
    world.relay.set(task(CHILD, Status.MODAL))
    async with world.process() as process:
        await process.jobs.follow_job(job(700, CHILD))
        await world.clock.advance(1.0)
        await process.jobs.end_declined(job(700, CHILD))
        await world.clock.advance(1.0)
        assert len(process.poller.watch_list) == 0
    assert world.editor.endings(700) == [None, JobEnding.FORM_DROPPED]
    assert statuses(world.editor.scenes_of(700)) == ["MODAL", "MODAL"]
    assert world.store.closed == {700}
    assert world.store.snapshots[CHILD].status is Status.CANCEL


async def test_recent_tasks_come_from_the_store(world: ServiceWorld) -> None:
    """Newest first, within the limit."""
    world.store.jobs = {n: job(n, str(n), born_at=START + timedelta(minutes=n)) for n in range(1, 8)}
    async with world.process() as process:
        found = await process.jobs.list_recent_tasks(viewer(), 5)
    assert [one.task_id for one in found] == ["7", "6", "5", "4", "3"]


async def test_a_restart_continues_every_open_job(world: ServiceWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Running, finished meanwhile, out of time, out of reach, accepted without a child, uncertain, and refused."""
    caplog.set_level(logging.INFO)
    hours = timedelta(hours=2)
    world.relay.set(task("1", progress=10))
    world.relay.set(task("2", Status.SUCCESS))
    world.relay.set(task("3", progress=30))
    world.relay.set(task("4", progress=40))
    world.relay.set(task(CHILD, progress=50))
    world.store.snapshots = {"3": task("3", progress=29)}
    rows = [
        job(1, "1"),
        job(2, "2"),
        job(3, "3", born_at=START - hours),
        replace(job(4, "4", born_at=START - hours), place=place(4, reachable=False, born=START - hours)),
        job(5, "", claim_id=50),
        job(6, "", claim_id=51),
        job(7, "", claim_id=52),
        job(8, "", claim_id=53),
        job(9, "1"),
    ]
    world.store.jobs = {row.id: row for row in rows}
    world.store.owners = dict.fromkeys(world.store.jobs, "dead")
    world.store.submitters = dict.fromkeys(range(50, 54), "dead")
    world.store.closed = {9}
    world.editor.broken = {4: PlaceUnreachable()}
    world.store.claimed = {
        50: claim(50, ClaimState.ACCEPTED, child_id=CHILD),
        51: claim(51, ClaimState.SUBMITTING, button="l"),
        52: claim(52, ClaimState.UNKNOWN, button="m"),
        53: claim(53, ClaimState.REFUSED, button="n"),
    }
    async with world.process() as process:
        await world.clock.advance(3.0)
        assert len(process.poller.watch_list) == 2
        await world.clock.advance(3.0)
    assert statuses(world.editor.scenes_of(1)) == ["IN_PROGRESS"]
    assert statuses(world.editor.scenes_of(2)) == ["SUCCESS"]
    assert world.editor.endings(3)[-1] is JobEnding.WATCH_TIMEOUT
    assert [scene.task and scene.task.id for scene in world.editor.scenes_of(5)] == [CHILD]
    assert world.store.jobs[5].task_id == CHILD
    assert world.editor.endings(6) == [None, JobEnding.ANSWER_LOST]
    assert world.editor.endings(7) == [None, JobEnding.ANSWER_LOST]
    assert world.editor.endings(8) == [JobEnding.NOT_ACCEPTED]
    assert world.editor.scenes_of(9) == []
    assert world.store.closed == {2, 3, 4, 6, 7, 8, 9}
    assert world.store.claimed[51].state is ClaimState.UNKNOWN
    assert "Resuming 8 unfinished jobs." in caplog.messages


async def test_the_job_of_a_deleted_uncertain_message_is_closed(world: ServiceWorld) -> None:
    """There is no message to draw."""
    world.store.jobs = {7: job(7, "", claim_id=52)}
    world.store.owners, world.store.submitters = {7: "dead"}, {52: "dead"}
    world.store.claimed = {52: claim(52)}
    world.editor.broken = {7: PlaceGone()}
    async with world.process():
        await world.clock.advance(6.0)
    assert world.store.closed == {7}


async def test_a_job_whose_row_cannot_be_written_does_not_start(world: ServiceWorld) -> None:
    """The caller gets the error; nothing runs that would not survive."""
    async with world.process() as process:
        world.store.down = True
        with pytest.raises(StoreUnavailable):
            await process.jobs.follow_job(job())
        await world.clock.advance(1.0)
        assert process.jobs.running_message_ids == set()


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILURE, Status.CANCEL])
@pytest.mark.parametrize("failures", [1, 3, 40])
async def test_a_result_is_drawn_once_discord_is_back(world: ServiceWorld, status: Status, failures: int) -> None:
    """It was paid for: the row stays open, and the next process would draw it as well."""
    world.relay.set(task(status=status, progress=100))
    world.editor.errors = [DisplayFailed("503")] * failures
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=status))
        await world.clock.advance(50.0)
        assert (world.editor.scenes, world.store.closed) == ([], set())
        await world.clock.advance(600.0 * (failures + 1))
        assert statuses(world.editor.scenes_of(700))[-1] == status
        assert world.store.closed == {700}
    assert len(world.editor.notified) <= 1


@pytest.mark.parametrize("ending", [JobEnding.WATCH_TIMEOUT, JobEnding.ANSWER_LOST, JobEnding.NOT_SENT])
async def test_an_ending_is_drawn_once_discord_is_back(world: ServiceWorld, ending: JobEnding) -> None:
    """Its caller, which may be an interaction, does not wait for that."""
    world.editor.errors = [DisplayFailed("503")] * 3
    async with world.process() as process:
        await process.store.open_job(job())
        await process.jobs.end_job(job(), ending)
        assert world.store.closed == set()
        await world.clock.advance(1000.0)
    assert world.editor.endings(700) == [ending]
    assert world.store.closed == {700}


async def test_a_message_that_was_deleted_while_discord_was_away_ends_its_job(world: ServiceWorld) -> None:
    """There is nothing left to draw."""
    world.relay.set(task(status=Status.SUCCESS, progress=100))
    world.editor.errors = [DisplayFailed("503"), DisplayFailed("503"), PlaceGone("10008")]
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1000.0)
    assert (world.editor.scenes, world.store.closed) == ([], {700})
