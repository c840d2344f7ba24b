"""Presses and commands whose process dies, or whose store fails, at every step: nothing is paid twice."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest

from bot.entities import ClaimState, Place
from bot.errors import (
    ActionUnsupported,
    DisplayError,
    DisplayFailed,
    MjbotError,
    ParentBusy,
    PlaceGone,
    QueueFull,
    RelayBusy,
    RelayError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
)
from bot.midjourney.buttons import REPAINTED_TITLE
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Button, Status, Task
from bot.scene import JobEnding
from bot.submissions.presses import PENDING_MODAL_KEY
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.clock import START
from tests.fakes.crash_points import Steps
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import BUTTONS, CHILD, PARENT, U2, ZOOM, job, task
from tests.fakes.submissions import ASKS_FOR_MODAL, claim_states, command, imagine, press
from tests.worlds.services import ServiceProcess, ServiceWorld

ANIMATE = "MJ::JOB::animate_high::1::aa::SOLO"
REGION = "MJ::Inpaint::1::aa::SOLO"
MORE = (*BUTTONS, *(Button(custom_id=one) for one in (ANIMATE, REGION)))


@dataclass
class Story:
    """What a person does, and how the relay answers."""

    outcomes: list[SubmitResponse | RelayError] = field(default_factory=list)
    prompt: str | None = None
    button: str = U2
    proposal: int = 0
    """The message that proposed what is confirmed, 0 where there was none."""
    waits: bool = False
    """Whether the child is there already, waiting for its modal."""
    creates: bool = False
    """Whether it is a command."""

    async def run(self, process: ServiceProcess, followups: FakePressFollowups) -> None:
        """Press, answer the modal, or run the command."""
        if self.creates:
            await process.commands.submit_command(command(), imagine(), followups)
        elif self.waits and self.proposal:
            waiting = replace(press(task_id=CHILD), button_key=PENDING_MODAL_KEY)
            await process.presses.confirm_press(waiting, self.proposal, "a prompt", b"mask", followups)
        elif self.waits:
            await process.presses.answer_modal(press(task_id=CHILD), "a prompt", followups)
        elif self.proposal:
            await process.presses.confirm_press(press(button=REGION), self.proposal, "a prompt", b"mask", followups)
        else:
            await process.presses.submit_press(
                press(button=ZOOM if self.prompt else self.button), followups, prompt=self.prompt
            )

    def world(self) -> ServiceWorld:
        """Prepare what is there before."""
        world = ServiceWorld(lease=timedelta(minutes=1))
        world.store.snapshots = {PARENT: task(status=Status.SUCCESS, buttons=MORE)}
        world.relay.outcomes = list(self.outcomes)
        world.relay.submit_seconds = 1.0
        world.relay.set(task(CHILD, Status.MODAL if self.waits else Status.SUCCESS))
        world.relay.on_modal = lambda: world.relay.set(task(CHILD, Status.SUCCESS))
        if self.waits:
            asked = {"claim_id": 50, "parent_id": PARENT, "done": REPAINTED_TITLE} if self.proposal else {}
            world.store.jobs = {800: job(800, CHILD, **asked)}
        return world


STORIES = {
    "accepted": Story([ACCEPTED]),
    "refused": Story([RelayBusy("23")]),
    "lost": Story([SubmitOutcomeUnknown("timeout")]),
    "settling": Story([ParentBusy("wait"), ACCEPTED]),
    "change": Story([ActionUnsupported("no", lasting=True), ACCEPTED]),
    "unsupported": Story([ActionUnsupported("no", lasting=True), ActionUnsupported("no", lasting=True)]),
    "video": Story([ActionUnsupported("no", lasting=True), ACCEPTED], button=ANIMATE),
    "video, lost": Story([ActionUnsupported("no", lasting=True), SubmitOutcomeUnknown("timeout")], button=ANIMATE),
    "modal first": Story([ASKS_FOR_MODAL, ACCEPTED], prompt="a prompt --zoom 2"),
    "modal lost": Story([ASKS_FOR_MODAL, SubmitOutcomeUnknown("timeout")], prompt="a prompt --zoom 2"),
    "repainted": Story([ASKS_FOR_MODAL, ACCEPTED], proposal=900),
    "repainted, lost": Story([ASKS_FOR_MODAL, SubmitOutcomeUnknown("timeout")], proposal=900),
    "repainted, refused": Story([RelayBusy("23")], proposal=900),
    "modal later": Story([ACCEPTED], waits=True),
    "modal later, lost": Story([SubmitOutcomeUnknown("timeout")], waits=True),
    "modal later, refused": Story([RelayBusy("23")], waits=True),
    "mask later": Story([ACCEPTED], waits=True, proposal=900),
    "mask later lost": Story([SubmitOutcomeUnknown("timeout")], waits=True, proposal=900),
    "mask later refused": Story([RelayBusy("23")], waits=True, proposal=900),
    "queue full": Story([QueueFull(), ACCEPTED]),
    "command accepted": Story([ACCEPTED], creates=True),
    "command refused": Story([RelayBusy("3")], creates=True),
    "command lost": Story([SubmitOutcomeUnknown("timeout")], creates=True),
    "command waits": Story([QueueFull(), ACCEPTED], creates=True),
    "command waits, then lost": Story([QueueFull(), SubmitOutcomeUnknown("timeout")], creates=True),
}


async def live(
    world: ServiceWorld, story: Story, steps: Steps, followups: FakePressFollowups | None = None
) -> list[BaseException]:
    """Live through a story until its process ends; return what the person was told at once."""
    followups = followups or FakePressFollowups()
    told: list[BaseException] = []
    try:
        async with world.process(steps) as process:
            running = asyncio.ensure_future(story.run(process, steps.through(followups, failing=False)))
            await asyncio.wait({running})
            if running.cancelled() or (error := running.exception()) is None:
                await world.clock.advance(0.0 if steps.is_dead else 90.0)
            else:
                told.append(error)
                await world.clock.advance(90.0)
    except asyncio.CancelledError:  # it died while it started
        assert steps.is_dead
    return told


def kinds(world: ServiceWorld) -> list[str]:
    return [sent.kind for sent in world.relay.accepted]


def check(world: ServiceWorld) -> None:
    """Check what must hold wherever it ended, after the next start."""
    assert len(kinds(world)) == len(set(kinds(world))), "a submit was accepted twice"
    claims = list(world.store.claimed.values())
    if not claims:
        assert world.relay.sent == [], "something was sent without a claim"
        return
    (claim,) = claims
    assert claim.state is not ClaimState.SUBMITTING
    if claim.state is ClaimState.REFUSED:
        assert kinds(world) == [], "a paid claim was given back"
    if claim.state is ClaimState.ACCEPTED:
        assert kinds(world) != []
    unfinished = [row for row in world.store.jobs.values() if row.id not in world.store.closed]
    assert [row for row in unfinished if not row.task_id] == [], "a message says 'Sending' forever"
    if claim.state is ClaimState.ACCEPTED:
        last = world.editor.scenes_of(800)[-1]
        assert last.task is not None
        assert last.task.id == CHILD


@pytest.mark.parametrize("name", STORIES)
async def test_process_that_dies_at_any_step_pays_once(name: str) -> None:
    """Before and after each call of the store, the relay and Discord; then the next process starts."""
    for stop_at in count(1):
        world, steps = STORIES[name].world(), Steps(stop_at)
        await live(world, STORIES[name], steps)
        sent = len(world.relay.sent)
        async with world.process():
            await world.clock.advance(120.0)
        where = steps.taken[-1]
        assert len(world.relay.sent) == sent, f"sent once more after the end at {where}"
        check(world)
        if not steps.is_dead:
            break
    assert stop_at > 20


@pytest.mark.parametrize("name", STORIES)
async def test_store_that_fails_at_any_step_pays_once(name: str) -> None:
    """Written or not: nothing is sent twice, without a claim, or after the person was told that it was not."""
    for stop_at in count(1):
        world, steps = STORIES[name].world(), Steps(stop_at, StoreUnavailable("gone"))
        try:
            told = await live(world, STORIES[name], steps)
        except StoreUnavailable:  # at the start, which the operator sees
            continue
        if told:
            assert [type(error) for error in told] == [StoreUnavailable]
            assert world.relay.sent == []
        sent = len(world.relay.sent)
        async with world.process():
            await world.clock.advance(120.0)
        assert len(world.relay.sent) == sent
        check(world)
        if len(steps.taken) < stop_at:
            break
    assert stop_at > 10


SENT_MESSAGES = ["accepted", "refused", "lost", "modal first", "repainted", "command accepted", "command refused"]


@pytest.mark.parametrize("name", SENT_MESSAGES)
async def test_no_message_says_sending_for_ever_wherever_the_process_dies(name: str) -> None:
    """Also between the message and its row: what was not sent to the relay is not charged, and the message says so."""
    story = STORIES[name]
    for stop_at in count(1):
        world, steps = story.world(), Steps(stop_at)
        followups = FakePressFollowups(is_command=story.creates, answers=world.editor.answers)
        await live(world, story, steps, followups)
        async with world.process():
            await world.clock.advance(120.0)
        for place in followups.answers.get(followups.child, []):
            if place.message_id not in followups.closed:
                last = world.editor.scenes_of(place.message_id)[-1]
                assert last.ending or (last.task and last.task.status.is_final), steps.taken[-1]
                if last.ending is JobEnding.NOT_SENT:
                    assert (world.relay.sent, claim_states(world)) == ([], {claim_id_of(world): "refused"})
        assert [one for one in world.store.jobs.values() if one.place.is_reserved] == []
        if not steps.is_dead:
            break


def claim_id_of(world: ServiceWorld) -> int:
    (claim_id,) = world.store.claimed
    return claim_id


async def test_requester_is_notified_at_most_once_wherever_the_process_dies() -> None:
    """A notification that a crash loses is better than two; the picture is shown in any case."""
    for stop_at in count(1):
        world, steps = ServiceWorld(), Steps(stop_at)
        world.relay.set(task(status=Status.SUCCESS))
        world.store.jobs = {700: job(notify=True, born_at=START - timedelta(minutes=2))}
        try:
            async with world.process(steps):
                await world.clock.advance(0.0 if steps.is_dead else 5.0)
        except asyncio.CancelledError:
            assert steps.is_dead
        async with world.process():
            await world.clock.advance(5.0)
        assert len(world.editor.notified) <= 1
        assert world.editor.scenes_of(700)[-1].picture is not None
        assert world.store.closed == {700}
        if not steps.is_dead:
            assert len(world.editor.notified) == 1
            break


async def test_press_with_unknown_outcome_says_so_wherever_the_process_dies() -> None:
    """The person who paid reads it on the message, wherever the process died on the way."""
    story = STORIES["lost"]
    for stop_at in count(1):
        world, steps = story.world(), Steps(stop_at)
        await live(world, story, steps)
        async with world.process():
            await world.clock.advance(120.0)
        if world.relay.sent:
            assert world.editor.endings(800)[-1] is JobEnding.ANSWER_LOST
            assert world.store.claimed[100].state is ClaimState.UNKNOWN
        if not steps.is_dead:
            break


@pytest.mark.parametrize("error", [MjbotError, ZeroDivisionError])
@pytest.mark.parametrize("name", STORIES)
async def test_press_is_settled_though_discord_fails(name: str, error: Callable[[], BaseException]) -> None:
    """Discord fails at the refusal, the mark or the retraction: the claim tells what happened nevertheless."""

    class Broken(FakePressFollowups):
        async def close_child(self, place: object) -> None:
            raise error()

        async def refuse(self, error_: object) -> None:
            raise error()

        async def mark(self, task: object, marks: object) -> None:
            raise error()

    world, story = STORIES[name].world(), STORIES[name]
    async with world.process() as process:
        await story.run(process, Broken())
        await world.clock.advance(90.0)
    async with world.process():
        await world.clock.advance(90.0)
    check(world)


@pytest.mark.parametrize("sent", [0, 1, 3])
@pytest.mark.parametrize("error", [None, DisplayFailed("503"), PlaceGone("10003")])
async def test_every_task_of_one_press_is_shown(sent: int, error: DisplayError | None) -> None:
    """The process stops, or Discord fails, after some of the messages were sent: all of the tasks were paid for."""
    world, ids = ServiceWorld(), [CHILD, "9101", "9102", "9103"]
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    for task_id in ids:
        world.relay.set(task(task_id, Status.SUCCESS, progress=100))
    world.relay.outcomes = [SubmitResponse(code=1, result=CHILD, extra_task_ids=tuple(ids[1:]))]

    class Interrupted(FakePressFollowups):
        async def send_child_message(self, pressed: str, parent: Task) -> Place:
            if len(self.opened) > sent:
                if error is not None:
                    raise error
                await world.clock.sleep(3600.0)
            return await super().send_child_message(pressed, parent)

    followups = Interrupted()
    world.editor.answers = followups.answers
    async with world.process() as process:
        await process.presses.submit_press(press(800), followups)
        await world.clock.advance(10.0 if error is None else 150.0)
    async with world.process():
        await world.clock.advance(150.0)
    shown = {one.job.task_id: one.job.id for one in world.editor.scenes if one.picture is not None}
    assert sorted(shown) == sorted(ids)
    assert len(set(shown.values())) == len(ids)
    origins = await world.store.list_task_origins(ids)
    assert {one.task_id for one in origins} == set(ids)
