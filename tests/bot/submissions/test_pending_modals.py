"""Modals that a child waits for."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.entities import CostKind, LimitSetting, Period, ServerRules
from bot.errors import (
    AlreadyClaimed,
    AlreadyPressed,
    ModalExpired,
    NotTheRequester,
    PromptBanned,
    PromptRefused,
    RequesterUnknown,
    SpendingLimitReached,
    SubmitOutcomeUnknown,
)
from bot.midjourney.task import Button, Status, Task
from bot.scene import JobEnding
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import CHILD, MINH, PARENT, V2, ZOOM, job, place, task, viewer
from tests.fakes.store import FakeStore
from tests.fakes.submissions import ASKS_FOR_MODAL, claim_states, press
from tests.worlds.services import ServiceProcess, ServiceWorld


async def test_child_waits_for_a_modal_that_was_not_opened_before(world: ServiceWorld, process: ServiceProcess) -> None:
    """Nothing more is sent until its requester confirms; then once."""
    world.relay.outcomes = [ASKS_FOR_MODAL, ACCEPTED]
    world.relay.set(task(CHILD, Status.MODAL))
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(600.0)
    assert [one.kind for one in world.relay.sent] == ["action"]
    assert world.editor.scenes_of(800)[-1].task == world.relay.tasks[CHILD]
    sent: list[tuple[bool, str]] = []
    world.relay.on_modal = lambda: sent.append((world.store.jobs[800].form_sent, world.store.claimed[101].state))
    await process.presses.answer_modal(press(101, task_id=CHILD), "a lighthouse --zoom 2", FakePressFollowups())
    await world.clock.advance(5.0)
    assert sent == [(True, "submitting")]
    assert claim_states(world) == {100: "accepted", 101: "accepted"}
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(102, task_id=CHILD), "again", FakePressFollowups())
    assert world.editor.scenes_of(800)[-1].job.form_sent
    world.relay.set(task(CHILD, Status.SUCCESS))
    await world.clock.advance(25.0)
    assert world.store.closed == {800}


@pytest.mark.parametrize("button", ["MJ::JOB::reroll::0::aa::SOLO", "MJ::JOB::animate_low_manual::1::aa::SOLO"])
async def test_modal_of_a_video_counts_as_one(world: ServiceWorld, process: ServiceProcess, button: str) -> None:
    """As the press that opened it does: a limit for videos holds for both."""
    clip = task(status=Status.SUCCESS, action="VIDEO", buttons=(Button(custom_id=button, label="Again"),))
    world.store.snapshots = {PARENT: clip}
    world.relay.outcomes = [ASKS_FOR_MODAL]
    world.relay.set(task(CHILD, Status.MODAL))
    await process.presses.submit_press(press(button=button), FakePressFollowups())
    await world.clock.advance(5.0)
    assert world.store.claimed[100].cost.kinds == {CostKind.VIDEO}
    limit = LimitSetting(period=Period.DAY, tasks=0, kind=CostKind.VIDEO)
    world.store.rules.servers[6] = ServerRules(member_limits=(limit,))
    with pytest.raises(SpendingLimitReached):
        await process.presses.answer_modal(press(101, task_id=CHILD), "a fox", FakePressFollowups())
    assert [one.kind for one in world.relay.sent] == ["action"]


async def test_modal_with_a_lost_answer_is_not_sent_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """The child is still watched, and shows how it went; the claim stays unknown."""
    world.store.jobs = {800: job(800, CHILD)}
    world.relay.set(task(CHILD, Status.MODAL))
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout")]
    await process.presses.answer_modal(press(101, task_id=CHILD), "a prompt", FakePressFollowups())
    await world.clock.advance(5.0)
    assert claim_states(world) == {101: "unknown"}
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(102, task_id=CHILD), "a prompt", FakePressFollowups())
    world.relay.set(task(CHILD, Status.SUCCESS))
    await world.clock.advance(10.0)
    last = world.editor.scenes_of(800)[-1]
    assert (last.ending, last.task and last.task.status) == (None, Status.SUCCESS)


@pytest.mark.parametrize("asked_first", [True, False])
async def test_refused_modal_may_be_answered_again(
    world: ServiceWorld, process: ServiceProcess, *, asked_first: bool
) -> None:
    """The person is told why, and the modal is open as before."""
    world.relay.set(task(CHILD, Status.MODAL))
    followups = FakePressFollowups()
    if asked_first:
        world.relay.outcomes = [ASKS_FOR_MODAL, PromptBanned(word="word"), ACCEPTED]
        await process.presses.submit_press(press(button=ZOOM), followups, prompt="word --zoom 2")
    else:
        world.store.jobs = {800: job(800, CHILD)}
        world.relay.outcomes = [PromptBanned(word="word"), ACCEPTED]
        await process.presses.answer_modal(press(100, task_id=CHILD), "word", followups)
    await world.clock.advance(5.0)
    assert [type(error) for error in followups.refused] == [PromptBanned]
    assert not world.store.jobs[800].form_sent
    assert followups.closed == []
    assert claim_states(world) == {100: "accepted" if asked_first else "refused"}
    await process.presses.answer_modal(press(101, task_id=CHILD), "better", followups)
    await world.clock.advance(5.0)
    assert world.relay.sent[-1].words == (CHILD, "better")
    assert len(world.relay.accepted) == 1 + asked_first


@pytest.mark.parametrize("prompt", ["a fox --repeat 40", "a {red, green} fox", "--ar 3:2", "", "a fox --nonsense"])
async def test_modal_with_an_invalid_prompt_is_refused_before_the_claim(
    world: ServiceWorld, process: ServiceProcess, prompt: str
) -> None:
    """A modal's prompt is checked like a command's: one that makes several jobs, or none, is refused."""
    world.store.jobs = {800: job(800, CHILD)}
    with pytest.raises(PromptRefused):
        await process.presses.answer_modal(press(task_id=CHILD), prompt, FakePressFollowups())
    await world.clock.advance(1.0)
    assert (world.relay.sent, claim_states(world)) == ([], {})


async def test_modal_that_is_confirmed_twice_is_sent_once(world: ServiceWorld, process: ServiceProcess) -> None:
    """With a store that delays the first for longer than the window for double clicks, too."""
    world.store.jobs = {800: job(800, CHILD)}
    world.relay.set(task(CHILD, Status.MODAL))
    await process.presses.answer_modal(press(100, task_id=CHILD), "a", FakePressFollowups())
    world.store.down = True
    await world.clock.advance(4.0)
    world.store.down = False
    with pytest.raises(AlreadyClaimed):
        await process.presses.answer_modal(press(101, task_id=CHILD), "a", FakePressFollowups())
    await world.clock.advance(30.0)
    assert [one.kind for one in world.relay.accepted] == ["modal"]


async def test_modal_is_answered_without_the_jobs_row(world: ServiceWorld, process: ServiceProcess) -> None:
    """The database is empty: the requester is read from the message, and the row is written before anything is sent."""
    world.relay.set(task(CHILD, Status.MODAL))
    for asked_by, refusal in ((0, RequesterUnknown), (None, RequesterUnknown), (MINH.id, NotTheRequester)):
        with pytest.raises(refusal):
            await process.presses.answer_modal(press(task_id=CHILD, requester_id=asked_by), "a", FakePressFollowups())
    sent: list[bool] = []
    world.relay.on_modal = lambda: sent.append(world.store.jobs[800].form_sent)
    await process.presses.answer_modal(press(task_id=CHILD), "a", FakePressFollowups())
    await world.clock.advance(5.0)
    assert sent == [True]
    assert claim_states(world) == {100: "accepted"}


async def test_modal_whose_rows_were_deleted_is_not_sent_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """Retention deleted the row and the snapshot that said so; the relay knows that the task was drawn."""
    world.store.jobs = {}
    world.relay.set(task(CHILD, Status.SUCCESS))
    late = press(100, task_id=CHILD)
    late = replace(late, spender=replace(late.spender, requester_id=late.person.id))
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(late, "a", FakePressFollowups())
    assert world.relay.sent == []


@pytest.mark.parametrize("seconds", [30.0, 310.0, 3600.0])
async def test_modal_that_waits_for_the_store_is_sent_once(
    world: ServiceWorld, process: ServiceProcess, seconds: float
) -> None:
    """However long: its claim keeps a second answer away until it has ended."""
    world.store.jobs = {800: job(800, CHILD)}
    world.relay.set(task(CHILD, Status.MODAL))
    world.relay.submit_seconds = 5.0
    await process.presses.answer_modal(press(100, task_id=CHILD), "a", FakePressFollowups())
    world.store.down = True
    await world.clock.advance(seconds)
    world.store.down = False
    for wait in (0.0, 6.0):
        await world.clock.advance(wait)
        with pytest.raises((AlreadyClaimed, ModalExpired)):
            await process.presses.answer_modal(press(101, task_id=CHILD), "b", FakePressFollowups())
    await world.clock.advance(60.0)
    assert [one.words[1] for one in world.relay.accepted] == ["a"]
    assert claim_states(world) == {100: "accepted"} | dict.fromkeys(set(world.store.claimed) - {100}, "refused")


async def test_modal_is_answered_and_declined_by_its_requester_only(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """Even if the policy lets anyone press buttons."""
    world.store.jobs = {800: job(800, CHILD)}
    theirs = press(100, MINH, task_id=CHILD, requester_id=MINH.id)
    with pytest.raises(NotTheRequester):
        await process.presses.answer_modal(theirs, "a", FakePressFollowups())
    with pytest.raises(NotTheRequester):
        await process.presses.decline_modal(theirs)
    assert claim_states(world) == {}


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.SUCCESS, Status.FAILURE, Status.CANCEL])
async def test_task_that_does_not_wait_for_a_modal_refuses_it(
    world: ServiceWorld, process: ServiceProcess, status: Status
) -> None:
    """The modal was answered elsewhere, or the task has ended."""
    world.store.jobs = {800: job(800, CHILD)}
    world.store.snapshots[CHILD] = task(CHILD, status)
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(task_id=CHILD), "a", FakePressFollowups())
    assert claim_states(world) == {}


async def test_modal_is_declined_for_free(world: ServiceWorld, process: ServiceProcess) -> None:
    """The message ends, edited with the token of the click."""
    world.relay.set(task(CHILD, Status.MODAL))
    await process.jobs.follow_job(job(800, CHILD))
    await world.clock.advance(1.0)
    fresh = place(800, born=world.clock.now())
    await process.presses.decline_modal(replace(press(task_id=CHILD), place=fresh))
    last = world.editor.scenes_of(800)[-1]
    # Nothing tells who opened the modal, nor whether that was free.
    assert (last.ending, last.job.place) == (JobEnding.FORM_DROPPED_MAYBE_BILLED, fresh)
    assert claim_states(world) == {}
    assert world.relay.sent == []


async def test_declined_modal_cannot_be_answered_and_frees_its_button(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """An open modal finds nothing to answer; the next press of that button gets a child of its own."""
    world.relay.outcomes = [ASKS_FOR_MODAL, ACCEPTED]
    world.relay.set(task(CHILD, Status.MODAL))
    await process.presses.submit_press(press(button=V2), FakePressFollowups())
    await world.clock.advance(5.0)
    with pytest.raises(AlreadyPressed):
        await process.presses.submit_press(press(101, MINH, V2), FakePressFollowups(801))
    await process.presses.decline_modal(press(102, task_id=CHILD))
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(103, task_id=CHILD), "a", FakePressFollowups())
    await process.presses.submit_press(press(104, MINH, V2), FakePressFollowups(801))
    await world.clock.advance(1.0)
    assert [one.kind for one in world.relay.sent] == ["action", "action"]


async def test_follower_of_a_waiting_child_cannot_answer_its_modal(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """A message with which another person follows the child does not make that person the requester."""
    world.relay.set(task(CHILD, Status.MODAL))
    world.store.jobs = {800: job(800, CHILD, claim_id=9), 850: job(850, CHILD, requester=MINH)}
    theirs = replace(press(100, MINH, task_id=CHILD, requester_id=MINH.id), place=place(850))
    with pytest.raises(NotTheRequester):
        await process.presses.answer_modal(theirs, "a", FakePressFollowups())
    with pytest.raises(NotTheRequester):
        await process.presses.decline_modal(theirs)
    await process.presses.answer_modal(replace(press(101, task_id=CHILD), place=place(850)), "a", FakePressFollowups())
    await world.clock.advance(1.0)
    assert [one.kind for one in world.relay.accepted] == ["modal"]


async def test_modal_is_sent_once_from_several_messages(world: ServiceWorld, process: ServiceProcess) -> None:
    """The relay may still report the child as waiting for a while."""
    world.relay.set(task(CHILD, Status.MODAL))
    world.store.jobs = {800: job(800, CHILD, claim_id=9), 850: job(850, CHILD)}
    await process.presses.answer_modal(press(100, task_id=CHILD), "first", FakePressFollowups())
    await world.clock.advance(5.0)
    second = replace(press(101, task_id=CHILD), place=place(850))
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(second, "second", FakePressFollowups())
    with pytest.raises(ModalExpired):
        await process.presses.decline_modal(second)
    assert [one.words for one in world.relay.accepted] == [(CHILD, "first")]


async def test_modal_answered_between_the_look_and_the_claim_is_sent_once(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The later claim is released."""
    world.relay.set(task(CHILD, Status.MODAL))
    world.store.jobs = {800: job(800, CHILD, claim_id=9)}
    claim = world.store.create_claim

    async def late(*given: Any, **more: Any) -> None:  # noqa: ANN401
        world.store.jobs[800] = replace(world.store.jobs[800], form_sent=True)
        await claim(*given, **more)

    world.store.create_claim = late  # type: ignore[method-assign]
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(task_id=CHILD), "a", FakePressFollowups())
    await world.clock.advance(1.0)
    assert claim_states(world) == {100: "refused"}
    assert world.relay.sent == []


class PausingStore(FakeStore):
    """A store that saves its next snapshot only once it may."""

    may: asyncio.Event | None = None

    async def save_snapshot(self, task: Task) -> None:
        """Wait, then keep it."""
        if may := self.may:
            self.may = None
            await may.wait()
        await super().save_snapshot(task)


async def test_modal_is_sent_once_though_its_row_is_rewritten_meanwhile(world: ServiceWorld) -> None:
    """While it is sent, another click follows the task again, and writes the row as it was read before."""
    world.store = store = PausingStore(world.clock.now)
    store.jobs = {800: job(800, CHILD)}
    world.relay.set(task(CHILD, Status.MODAL))
    async with world.process() as process:
        await world.clock.advance(1.0)
        store.may = may = asyncio.Event()
        looking = asyncio.create_task(process.jobs.follow_again(CHILD, place(800), MINH, viewer(MINH)))
        await world.clock.advance(1.0)
        await process.presses.answer_modal(press(task_id=CHILD), "a", FakePressFollowups())
        await world.clock.advance(5.0)
        assert [one.kind for one in world.relay.accepted] == ["modal"]
        may.set()
        await looking
        await world.clock.advance(400.0)
        with pytest.raises(ModalExpired):
            await process.presses.answer_modal(press(101, task_id=CHILD), "b", FakePressFollowups())
        await world.clock.advance(5.0)
    assert [one.kind for one in world.relay.accepted] == ["modal"]
