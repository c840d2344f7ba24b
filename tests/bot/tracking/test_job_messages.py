"""What the message of a job shows, on fakes and virtual time."""

from datetime import timedelta

import pytest

from bot.entities import Claim, ClaimState, PressedButton
from bot.errors import (
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    RelayUnreachable,
)
from bot.midjourney.task import Status
from bot.scene import PictureLink
from tests.fakes.clock import START
from tests.fakes.pictures import picture
from tests.fakes.sample_entities import CHILD, PARENT, job, task
from tests.worlds.services import ServiceWorld

URL = f"https://cdn.test/{PARENT}.png"


async def test_a_preview_that_only_the_bot_can_open_is_attached(world: ServiceWorld) -> None:
    """Discord opens any other by its link; a preview that fails is left out."""
    hidden, dead, public = ("http://relay.test/1.png", "http://relay.test/2.png", "https://cdn.test/3.png")
    world.pictures.private = {hidden, dead}
    world.pictures.failures = {dead: PictureGone(dead)}
    async with world.process() as process:
        await process.jobs.follow_job(job())
        for progress, url in enumerate((hidden, dead, public)):
            world.relay.set(task(progress=progress, image_url=url))
            await world.clock.advance(5.0)
    assert [scene.picture for scene in world.editor.scenes_of(700)] == [picture(hidden), None, None]


async def test_only_the_newest_state_is_drawn_once_the_route_is_free(world: ServiceWorld) -> None:
    """Three changes came while the route was busy."""
    world.editor.free.clear()
    async with world.process() as process:
        await process.jobs.follow_job(job())
        for progress in (10, 20, 30):
            world.relay.set(task(progress=progress))
            await world.clock.advance(5.0)
        world.editor.free.set()
        await world.clock.settle()
    assert [scene.task and scene.task.progress for scene in world.editor.scenes_of(700)] == [30]


async def test_a_result_replaces_progress_that_waits_for_its_turn(world: ServiceWorld) -> None:
    """It is drawn once."""
    world.editor.free.clear()
    async with world.process() as process:
        world.relay.set(task(progress=10))
        await process.jobs.follow_job(job())
        await world.clock.advance(5.0)
        world.relay.set(task(status=Status.SUCCESS))
        await world.clock.advance(6.0)
        world.editor.free.set()
        await world.clock.advance(1.0)
    assert [scene.task and scene.task.status for scene in world.editor.scenes_of(700)] == [Status.SUCCESS]


async def test_an_outage_is_drawn_after_15_s_and_cleared(world: ServiceWorld) -> None:
    """The message shows its start, and keeps the task's state."""
    world.relay.set(task(progress=46))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(1.0)
        world.relay.failure = RelayUnreachable("no answer")
        await world.clock.advance(30.0)
        world.relay.failure = None
        await world.clock.advance(60.0)
    silences = [scene.silent_since is not None for scene in world.editor.scenes_of(700)]
    assert silences == [False, True, False]


async def test_a_stalled_task_is_shown_as_stalled(world: ServiceWorld) -> None:
    """After ten minutes without a change it is read less often, until it changes."""
    world.relay.set(task(status=Status.IN_PROGRESS, progress=0))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(10 * 60.0 - 5)
        assert [scene.unchanged_since for scene in world.editor.scenes_of(700)] == [None]
        await world.clock.advance(30.0)
        since = world.editor.scenes_of(700)[-1].unchanged_since
        assert since is not None
        assert since - START < timedelta(seconds=1)
        asked = len(world.relay.requests)
        await world.clock.advance(10 * 60.0)
        assert 9 <= len(world.relay.requests) - asked <= 11
        world.relay.set(task(progress=15))
        await world.clock.advance(61.0)
        assert world.editor.scenes_of(700)[-1].unchanged_since is None
        asked = len(world.relay.requests)
        await world.clock.advance(60.0)
        assert len(world.relay.requests) - asked >= 3


async def test_a_task_that_waits_for_its_form_is_not_stalled(world: ServiceWorld) -> None:
    """It waits for a person."""
    world.relay.set(task(status=Status.MODAL))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(15 * 60.0)
    assert [scene.unchanged_since for scene in world.editor.scenes_of(700)] == [None]


async def test_a_scene_holds_pressed_buttons_and_missing_capabilities(world: ServiceWorld) -> None:
    """Those pressed, and those that this relay refuses."""
    world.store.claimed = {
        50: Claim(
            id=50, person_id=1, guild_id=6, message_id=600, task_id=PARENT, button="k", made_at=START,
            state=ClaimState.ACCEPTED, child_id=CHILD,
        )
    }  # fmt: skip
    world.store.snapshots[CHILD] = task(CHILD, Status.SUCCESS)
    world.store.missing_capabilities = {"p": ("no pans", START + timedelta(days=1)), "z": ("old", START)}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.0)
    marks = world.editor.scenes_of(700)[-1].marks
    assert marks.pressed == {"k": PressedButton(CHILD, "", is_finished=True)}
    assert marks.missing_capabilities == {"p": "no pans"}


async def test_a_dead_link_without_a_copy_is_shown_as_dead(world: ServiceWorld) -> None:
    """In the only drawing of the result."""
    world.pictures.failures = {URL: PictureGone(URL)}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.0)
    assert [(scene.picture, scene.picture_link) for scene in world.editor.scenes_of(700)] == [(None, PictureLink.DEAD)]


@pytest.mark.parametrize("error", [PictureTooLarge(URL, "40 MiB"), PictureForbidden(URL)])
async def test_a_picture_that_cannot_be_attached_is_linked(
    world: ServiceWorld, error: PictureTooLarge, caplog: pytest.LogCaptureFixture
) -> None:
    """Its link is not dead, and the log says why it is not attached."""
    world.pictures.failures = {URL: error}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.0)
    assert [(scene.picture, scene.picture_link) for scene in world.editor.scenes_of(700)] == [
        (None, PictureLink.WORKING)
    ]
    assert any(type(error).__name__ in message for message in caplog.messages)
