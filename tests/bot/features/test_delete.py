"""Deleting a message: who may do it, and by which way it is reached."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from bot.entities import ClaimState
from bot.errors import NotOwnerOrModerator, PlaceUnreachable
from bot.features.delete import DeleteService
from bot.features.message_permissions import MessageActor
from bot.midjourney.buttons import hash_custom_id
from bot.midjourney.task import Status
from tests.fakes.clock import START
from tests.fakes.sample_entities import CHILD, LIEN, MINH, PARENT, U2, job, place, task
from tests.fakes.sample_rows import a_claim
from tests.worlds.services import ServiceProcess, ServiceWorld

HERS = MessageActor(LIEN, LIEN.id, is_moderator=False)
THEIRS = MessageActor(MINH, MINH.id, is_moderator=False)


@pytest.fixture
def world() -> ServiceWorld:
    made = ServiceWorld()
    made.store.jobs = {700: job()}
    made.store.closed = {700}
    return made


@pytest.fixture
async def process(world: ServiceWorld) -> AsyncGenerator[ServiceProcess]:
    async with world.process() as running:
        yield running


def make_service(world: ServiceWorld, process: ServiceProcess) -> DeleteService:
    return DeleteService(world.store, world.editor, process.jobs)


async def test_a_message_is_deleted_with_its_row(world: ServiceWorld, process: ServiceProcess) -> None:
    """After the confirmation; the store still knows the task."""
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS)
    await make_service(world, process).check_permission(place(), HERS)
    assert world.editor.removed == []
    await make_service(world, process).delete_message(place(), HERS)
    assert [one.message_id for one in world.editor.removed] == [700]
    assert world.store.jobs == {}
    assert PARENT in world.store.snapshots


async def test_only_the_requester_or_a_moderator_may_delete(world: ServiceWorld, process: ServiceProcess) -> None:
    """Another person can neither open nor confirm the question."""
    for act in (make_service(world, process).check_permission, make_service(world, process).delete_message):
        with pytest.raises(NotOwnerOrModerator):
            await act(place(), THEIRS)
    assert world.editor.removed == []
    await make_service(world, process).delete_message(place(), replace(THEIRS, is_moderator=True))
    assert len(world.editor.removed) == 1


async def test_without_a_row_discord_shows_the_requester(world: ServiceWorld, process: ServiceProcess) -> None:
    """If Discord does not either, only a moderator may."""
    world.store.jobs.clear()
    with pytest.raises(NotOwnerOrModerator):
        await make_service(world, process).check_permission(place(), replace(THEIRS, requester_id=LIEN.id))
    await make_service(world, process).check_permission(place(), HERS)
    await make_service(world, process).delete_message(place(), replace(HERS, requester_id=0))
    assert len(world.editor.removed) == 1


async def test_a_message_that_only_a_token_reaches_is_deleted_with_the_first_clicks(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The token of the confirming click reaches only the confirmation."""
    away = place(reachable=False)
    world.store.jobs = {700: job(place=away)}
    fresh = replace(away, token="fresh")
    await make_service(world, process).check_permission(fresh, HERS)
    await make_service(world, process).delete_message(replace(away, token="confirmation"), HERS)
    assert [one.token for one in world.editor.removed] == ["fresh"]


async def test_a_message_that_cannot_be_reached_raises(world: ServiceWorld, process: ServiceProcess) -> None:
    """Its row stays too."""
    world.editor.broken[700] = PlaceUnreachable()
    with pytest.raises(PlaceUnreachable):
        await make_service(world, process).delete_message(place(), HERS)
    assert 700 in world.store.jobs


async def test_deleting_a_message_stops_its_job(world: ServiceWorld, process: ServiceProcess) -> None:
    """A deleted message is not drawn."""
    world.relay.set(task(progress=30))
    await process.jobs.follow_job(job())
    await world.clock.advance(1.0)
    await make_service(world, process).delete_message(place(), HERS)
    drawn = len(world.editor.scenes_of(700))
    world.relay.set(task(progress=60))
    await world.clock.advance(20.0)
    assert len(world.editor.scenes_of(700)) == drawn
    assert world.store.jobs == {}


async def test_no_button_links_to_a_deleted_message(world: ServiceWorld, process: ServiceProcess) -> None:
    """The press stays paid, and its button leads to no dead link."""
    world.store.jobs = {800: job(800, CHILD, claim_id=9)}
    world.store.snapshots[CHILD] = task(CHILD, Status.SUCCESS)
    world.store.claimed[9] = a_claim(
        9, hash_custom_id(U2), task_id=PARENT, child_id=CHILD, state=ClaimState.ACCEPTED, made_at=START
    )
    assert (await world.store.find_pressed_buttons(PARENT))[hash_custom_id(U2)].link
    await make_service(world, process).delete_message(place(800), HERS)
    mark = (await world.store.find_pressed_buttons(PARENT))[hash_custom_id(U2)]
    assert (mark.child_id, mark.link, mark.is_finished) == (CHILD, "", True)
