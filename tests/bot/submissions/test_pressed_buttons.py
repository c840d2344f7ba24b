"""Which button was pressed, and whether an earlier press answers it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.entities import Job, Place
from bot.errors import (
    AlreadyPressed,
    ButtonUnknown,
    StoreUnavailable,
    TaskUnknown,
)
from bot.midjourney.task import Status
from bot.scene import JobEnding
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.sample_entities import CHILD, LIEN, MINH, PARENT, U2, V2, job, place, task, viewer
from tests.fakes.submissions import claim_states, press
from tests.worlds.services import ServiceProcess, ServiceWorld

ELSEWHERE = [
    replace(place(800), ephemeral=True),
    replace(place(800), guild_id=66, channel_id=55),
    replace(place(800), guild_id=0, channel_id=55),
]


async def test_private_child_is_not_linked(world: ServiceWorld, process: ServiceProcess) -> None:
    """Other people could not open it."""
    world.relay.submit_seconds = 10.0
    followups = FakePressFollowups()

    async def privately(pressed: str, parent: object) -> object:
        return place(800, ephemeral=True)

    followups.send_child_message = privately  # type: ignore[method-assign,assignment]
    await process.presses.submit_press(replace(press(), place=place(ephemeral=True)), followups)
    assert world.store.jobs[800].parent_link == ""
    with pytest.raises(AlreadyPressed) as pressed:
        await process.presses.submit_press(press(102, MINH), FakePressFollowups(802))
    assert pressed.value.link == ""


@pytest.mark.parametrize(("button", "pays"), [(U2, False), (V2, True)])
async def test_second_press_of_u_is_free_and_of_v_is_paid(
    world: ServiceWorld, process: ServiceProcess, button: str, *, pays: bool
) -> None:
    """The second U2 would be the same picture."""
    world.relay.set(task(CHILD, Status.SUCCESS))
    await process.presses.submit_press(press(100, LIEN, button), FakePressFollowups())
    await world.clock.advance(10.0)
    if pays:
        await process.presses.submit_press(press(101, MINH, button), FakePressFollowups(801))
        await world.clock.advance(1.0)
    else:
        with pytest.raises(AlreadyPressed) as pressed:
            await process.presses.submit_press(press(101, MINH, button), FakePressFollowups(801))
        assert (pressed.value.link, pressed.value.finished) == (place(800).link, True)
    assert len(world.relay.sent) == 1 + pays


@pytest.mark.parametrize("there", ELSEWHERE)
async def test_finished_child_that_cannot_be_linked_is_posted_again_for_free(
    world: ServiceWorld, process: ServiceProcess, there: Place
) -> None:
    """A person who cannot open the first message gets a new one; the next person gets its link where it is visible."""
    world.relay.set(task(CHILD, Status.SUCCESS))
    await process.presses.submit_press(
        replace(press(), place=replace(there, message_id=700)), FollowupsElsewhere(there)
    )
    await world.clock.advance(10.0)
    followups = FakePressFollowups(801)
    await process.presses.submit_press(press(101, MINH), followups)
    await world.clock.advance(2.0)
    assert followups.opened == ["U2"]
    scenes = world.editor.scenes_of(801)
    assert [(scene.task and scene.task.status, scene.job.requester) for scene in scenes] == [(Status.SUCCESS, MINH)]
    row = world.store.jobs[801]
    assert (row.task_id, row.claim_id, row.parent_id, row.pressed, row.done) == (CHILD, 0, PARENT, "U2", "Picture 2")
    assert row.parent_link == place().link
    assert world.store.closed == {800, 801}
    assert claim_states(world) == {100: "accepted"}
    assert len(world.relay.sent) == 1


class FollowupsElsewhere(FakePressFollowups):
    """Followups whose child message is in another place."""

    def __init__(self, there: Place) -> None:
        super().__init__()
        self.there = there

    async def send_child_message(self, pressed: str, parent: object) -> Place:
        """Send the child."""
        self.opened.append(pressed)
        return self.there


@pytest.mark.parametrize("there", ELSEWHERE)
async def test_unfinished_child_elsewhere_is_reported_without_its_link(
    world: ServiceWorld, process: ServiceProcess, there: Place
) -> None:
    """Before its submit was answered, and after."""
    world.relay.submit_seconds = 10.0
    await process.presses.submit_press(
        replace(press(), place=replace(there, message_id=700)), FollowupsElsewhere(there)
    )
    for _ in range(2):
        with pytest.raises(AlreadyPressed) as pressed:
            await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
        assert (pressed.value.link, pressed.value.finished) == ("", False)
        await world.clock.advance(20.0)


async def test_message_for_an_earlier_child_is_deleted_if_its_row_cannot_be_written(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The person is not left with a message that says nothing."""
    world.relay.set(task(CHILD, Status.SUCCESS))
    await process.presses.submit_press(press(), FollowupsElsewhere(ELSEWHERE[0]))
    await world.clock.advance(10.0)

    open_job = world.store.open_job

    async def fail(job: Job, **more: Any) -> None:  # noqa: ANN401
        if not job.place.is_reserved:
            raise StoreUnavailable
        await open_job(job, **more)

    world.store.open_job = fail  # type: ignore[method-assign]
    followups = FakePressFollowups(801)
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(101, MINH), followups)
    assert (followups.opened, followups.closed) == (["U2"], [801])
    await world.clock.advance(1.0)
    assert not any(job.place.is_reserved for job in world.store.jobs.values())


async def test_button_of_a_lost_child_may_be_pressed_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """The relay has lost the child, so the button is not blocked forever."""
    world.relay.tasks.clear()
    await process.presses.submit_press(press(), FakePressFollowups())
    with pytest.raises(AlreadyPressed):
        await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
    await world.clock.advance(3600.0)
    assert world.editor.endings(800)[-1] is JobEnding.TASK_NOT_FOUND
    await process.presses.submit_press(press(102, MINH), FakePressFollowups(802))
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 2


@pytest.mark.parametrize("status", [Status.FAILURE, Status.CANCEL])
async def test_button_of_a_failed_child_may_be_pressed_again(
    world: ServiceWorld, process: ServiceProcess, status: Status
) -> None:
    """U buttons too."""
    world.relay.set(task(CHILD, status))
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(10.0)
    await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 2


async def test_button_is_found_in_the_relays_task_without_a_snapshot(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The database is empty: the task is fetched, and saved."""
    world.store.snapshots.clear()
    world.relay.set(task(status=Status.SUCCESS))
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1
    assert world.store.snapshots[PARENT].status is Status.SUCCESS


async def test_button_missing_in_the_snapshot_is_looked_up_at_the_relay(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """It may be newer than the snapshot; an unknown key is refused, unbilled."""
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS, buttons=())
    world.relay.set(task(status=Status.SUCCESS))
    with pytest.raises(ButtonUnknown):
        await process.presses.submit_press(replace(press(), button_key="0000000000"), FakePressFollowups())
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    assert claim_states(world) == {100: "accepted"}


async def test_press_of_an_unknown_task_is_refused(process: ServiceProcess) -> None:
    """Before anything is claimed."""
    with pytest.raises(TaskUnknown):
        await process.presses.submit_press(press(task_id="404"), FakePressFollowups())


@pytest.mark.parametrize("where", [{"ephemeral": True}, {"channel_id": 13}, {"guild_id": 66}])
async def test_press_of_a_hidden_task_is_refused_like_that_of_an_unknown_one(
    world: ServiceWorld, process: ServiceProcess, where: dict[str, Any]
) -> None:
    """Nothing is claimed or sent, and its prompt fills no form."""
    world.store.jobs[900] = job(900, claim_id=9, place=replace(place(900), **where))
    asks = viewer(MINH, replace(place(), channel_id=55), hidden_channels={13})
    with pytest.raises(TaskUnknown) as raised:
        await process.presses.submit_press(replace(press(101, MINH), viewer=asks), FakePressFollowups())
    assert raised.value.task_id == PARENT
    with pytest.raises(TaskUnknown):
        await process.presses.get_modal_prefill(PARENT, asks)
    assert (world.store.claimed, world.relay.sent) == ({}, [])


async def test_child_in_a_hidden_channel_is_posted_again_instead_of_linked(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """Its picture is part of the one that the person sees, and its message is not theirs to see."""
    world.relay.set(task(CHILD, Status.SUCCESS))
    await process.presses.submit_press(press(), FollowupsElsewhere(replace(place(800), channel_id=13)))
    await world.clock.advance(10.0)
    followups = FakePressFollowups(801)
    hidden = replace(press(101, MINH), viewer=viewer(MINH, place(), hidden_channels={13}))
    await process.presses.submit_press(hidden, followups)
    assert (followups.opened, len(world.relay.sent)) == (["U2"], 1)
