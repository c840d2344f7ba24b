"""The message of a finished task: a picture that its host does not provide yet, and buttons that come later."""

from datetime import timedelta

import pytest

from bot.entities import Notify, PersonSettings
from bot.errors import PictureError, PictureGone, PictureUnavailable
from bot.midjourney.task import Status
from bot.scene import PictureLink, Scene
from bot.tracking.result_files import PICTURE_GRACE_PERIOD
from tests.fakes.clock import START
from tests.fakes.pictures import picture
from tests.fakes.sample_entities import LIEN, PARENT, job, place, task
from tests.worlds.services import ServiceWorld

URL = f"https://cdn.test/{PARENT}.png"
NOT_YET = PictureGone(URL, "HTTP 404", may_return=True)
REFUSED = (
    PictureUnavailable(URL, "HTTP 403", status=403),
    PictureUnavailable(URL, "HTTP 429", status=429),
    PictureUnavailable(URL, "HTTP 502", status=502),
    PictureUnavailable(URL, "a page", status=200),
    PictureUnavailable(URL, "no answer"),
)


def summarize(scenes: list[Scene]) -> list[tuple[bool, bool, bool]]:
    """Return what each drawing says of the picture: whether it is there, follows, and its link fails."""
    return [
        (
            scene.picture is not None,
            scene.is_picture_pending,
            scene.picture_link in {PictureLink.BROKEN, PictureLink.REFUSED},
        )
        for scene in scenes
    ]


@pytest.mark.parametrize("failure", [NOT_YET, *REFUSED])
async def test_a_picture_that_appears_late_is_added(world: ServiceWorld, failure: PictureError) -> None:
    """130 s after the end, to a message that has shown the result and its buttons since the first second."""
    world.pictures.failures = {URL: failure}
    world.relay.set(task(status=Status.SUCCESS, finish_time=int(START.timestamp() * 1000)))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(1.5)
        first = world.editor.scenes_of(700)[-1]
        assert first.task is not None
        assert first.task.buttons
        assert summarize([first]) == [(False, True, True)]
        await world.clock.advance(130.0)
        world.pictures.failures.clear()
        await world.clock.advance(31.0)
    assert summarize(world.editor.scenes_of(700)) == [(False, True, True), (True, False, False)]
    assert world.store.closed == {700}


@pytest.mark.parametrize("failure", REFUSED)
async def test_a_picture_that_its_host_refuses_is_linked_with_the_reason(
    world: ServiceWorld, failure: PictureUnavailable
) -> None:
    """From the first second, while it is retried, and after the last try."""
    world.pictures.failures = {URL: failure}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(7 * 60.0)
    shown = [
        (scene.picture_link, scene.picture_refusal, scene.is_picture_pending) for scene in world.editor.scenes_of(700)
    ]
    assert shown == [(PictureLink.REFUSED, failure, True), (PictureLink.REFUSED, failure, False)]
    assert world.store.closed == {700}


async def test_a_refused_picture_of_a_private_relay_is_not_linked(world: ServiceWorld) -> None:
    """People cannot open the link."""
    world.pictures.failures = {URL: REFUSED[0]}
    world.pictures.private = {URL}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.5)
    last = world.editor.scenes_of(700)[-1]
    assert (last.picture_link, last.picture_refusal) == (PictureLink.BROKEN, REFUSED[0])


async def test_a_refused_picture_is_copied_from_an_earlier_message(world: ServiceWorld) -> None:
    """Copies are searched for once, and not at each of the tries."""
    world.pictures.failures = {URL: REFUSED[0]}
    world.editor.links = {2: "https://discord.test/2"}
    world.store.jobs = {2: job(2, born_at=START - timedelta(hours=3))}
    world.store.closed = {2}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(1.5)
    last = world.editor.scenes_of(700)[-1]
    assert (last.picture, last.picture_refusal) == (picture("https://discord.test/2"), None)


async def test_a_missing_picture_is_retried_with_growing_pauses_for_six_minutes(world: ServiceWorld) -> None:
    """Then Refresh is offered, and the row is closed."""
    world.pictures.failures = {URL: NOT_YET}
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS))
        await world.clock.advance(5 * 60.0)
        assert 10 < len(world.pictures.fetched) < 25
        assert world.store.closed == set()
        await world.clock.advance(2 * 60.0)
    assert summarize(world.editor.scenes_of(700)) == [(False, True, True), (False, False, True)]
    assert world.store.closed == {700}


async def test_a_restart_goes_on_retrying_the_picture(world: ServiceWorld) -> None:
    """The next process draws the message, and the person is notified once."""
    world.pictures.failures = {URL: NOT_YET}
    world.store.people[LIEN.id] = PersonSettings(notify=Notify.ALWAYS)
    world.relay.set(task(status=Status.SUCCESS, buttons=()))
    async with world.process() as process:
        await process.jobs.follow_job(job(pressed="Custom Zoom"))
        await world.clock.advance(20.0)
        assert world.editor.notified == [(700, PARENT)]
    async with world.process():
        await world.clock.advance(60.0)
        world.pictures.failures.clear()
        await world.clock.advance(31.0)
    assert world.editor.scenes_of(700)[-1].picture == picture(URL)
    assert world.editor.notified == [(700, PARENT)]
    assert world.store.closed == {700}


async def test_a_dead_link_of_an_old_task_is_not_retried(world: ServiceWorld) -> None:
    """The relay's 404 long after the end is final: Discord no longer has the picture."""
    world.pictures.failures = {URL: NOT_YET}
    ended = START - PICTURE_GRACE_PERIOD
    async with world.process() as process:
        await process.jobs.follow_job(job(), task(status=Status.SUCCESS, finish_time=int(ended.timestamp() * 1000)))
        await world.clock.advance(1.0)
    assert [scene.picture_link for scene in world.editor.scenes_of(700)] == [PictureLink.DEAD]
    assert world.store.closed == {700}


async def test_retries_stop_before_the_token_of_a_message_expires(world: ServiceWorld) -> None:
    """The message offers Refresh while it can still be drawn."""
    world.pictures.failures = {URL: NOT_YET}
    async with world.process() as process:
        born = START - timedelta(minutes=12)
        await process.jobs.follow_job(job(place=place(reachable=False, born=born)), task(status=Status.SUCCESS))
        await world.clock.advance(3 * 60.0)
    assert summarize(world.editor.scenes_of(700)) == [(False, True, True), (False, False, True)]
    assert world.store.closed == {700}


async def test_a_picture_does_not_wait_for_buttons(world: ServiceWorld) -> None:
    """Late buttons are drawn below it; the person was notified when the picture came."""
    world.store.people[LIEN.id] = PersonSettings(notify=Notify.ALWAYS)
    world.relay.set(task(status=Status.SUCCESS, buttons=()))
    async with world.process() as process:
        await process.jobs.follow_job(job(pressed="V1"))
        await world.clock.advance(1.5)
        assert [(scene.picture, scene.task and scene.task.buttons) for scene in world.editor.scenes_of(700)] == [
            (picture(URL), ())
        ]
        assert world.editor.notified == [(700, PARENT)]
        world.relay.set(task(status=Status.SUCCESS))
        await world.clock.advance(20.0)
    last = world.editor.scenes_of(700)[-1]
    assert last.task is not None
    assert last.task.buttons
    assert last.picture == picture(URL)
    assert world.editor.notified == [(700, PARENT)]
    assert len(world.editor.scenes_of(700)) == 2
    assert len(world.pictures.fetched) == 1
    assert world.store.closed == {700}


async def test_buttons_that_never_come_are_waited_for_a_minute(world: ServiceWorld) -> None:
    """The message is not drawn again for them."""
    world.relay.set(task(status=Status.SUCCESS, buttons=()))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(50.0)
        assert world.store.closed == set()
        await world.clock.advance(20.0)
    assert len(world.editor.scenes_of(700)) == 1
    assert world.store.closed == {700}


async def test_a_picture_is_downloaded_once_its_link_arrives(world: ServiceWorld) -> None:
    """new-api sometimes reports a success before its picture."""
    world.relay.set(task(status=Status.SUCCESS, image_url=""))
    async with world.process() as process:
        await process.jobs.follow_job(job())
        await world.clock.advance(10.0)
        assert summarize(world.editor.scenes_of(700)) == [(False, False, False)]
        world.relay.set(task(status=Status.SUCCESS))
        await world.clock.advance(11.0)
    assert world.editor.scenes_of(700)[-1].picture == picture(URL)
    assert world.store.closed == {700}
