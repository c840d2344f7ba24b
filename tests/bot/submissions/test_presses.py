"""Presses: what is sent, what is refused, and who learns of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.entities import ClaimState, Person, Place
from bot.errors import (
    ActionUnsupported,
    AlreadyClaimed,
    AlreadyPressed,
    BalanceExhausted,
    ButtonUnknown,
    ClaimLost,
    CooldownActive,
    DailyLimitReached,
    ModalExpired,
    NotTheRequester,
    ParentBusy,
    PersonNotAllowed,
    PlaceGone,
    PromptBanned,
    PromptChangeUnsupported,
    PromptIgnored,
    PromptRefused,
    QueueFull,
    RelayBusy,
    RelayError,
    RequesterUnknown,
    ServerNotAllowed,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
)
from bot.errors.prompt_errors import PromptProblem, ValueMissing, ValueOutOfRange
from bot.midjourney.buttons import get_claim_key, hash_custom_id
from bot.midjourney.capabilities import find_refusal_reason, name_capability
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Properties, Status, Task
from bot.policy.rules import Spender
from bot.scene import AnswerSearch, JobEnding, RetryReason, SubmitRetry
from bot.submissions.claims import Press
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.process import Process, World
from tests.fakes.relay import ACCEPTED, Sent
from tests.fakes.rows import CHILD, LIEN, MINH, PAN, PARENT, U2, V2, ZOOM, job, place, task
from tests.fakes.store import FakeStore

QUEUED = SubmitResponse(code=22, description="前面还有 2 个任务", result=CHILD)
ASKS = SubmitResponse(code=21, description="Waiting for window confirm", result=CHILD)


@pytest.fixture
def world() -> World:
    """A finished grid, whose child the relay draws at once."""
    world = World()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    world.relay.set(task(CHILD, progress=10))
    return world


@pytest.fixture
async def process(world: World) -> AsyncIterator[Process]:
    async with world.process() as process:
        yield process


def press(
    interaction_id: int = 100,
    person: Person = LIEN,
    button: str = U2,
    *,
    task_id: str = PARENT,
    **asker: Any,  # noqa: ANN401
) -> Press:
    given = {"person_id": person.id, "guild_id": 6, "requester_id": LIEN.id, **asker}
    parent = place(800 if task_id == CHILD else 700)
    return Press(
        interaction_id=interaction_id,
        person=person,
        asker=Spender(**given),
        place=parent,
        task_id=task_id,
        button_key=hash_custom_id(button),
    )


def states(world: World) -> dict[int, str]:
    return {claim.id: claim.state for claim in world.store.claimed.values()}


async def test_a_press_is_sent_once_and_its_child_followed(world: World, process: Process) -> None:
    """The child's message is there before the relay has replied; parent and child know each other."""
    world.relay.submit_seconds = 40.0
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(), answerer)
    assert answerer.opened == ["U2"]
    assert states(world) == {100: "submitting"}
    assert world.store.jobs[800].task_id == ""
    await world.clock.advance(39.0)
    assert world.editor.scenes_of(800) == []
    await world.clock.advance(2.0)
    world.relay.set(task(CHILD, Status.SUCCESS))
    await world.clock.advance(6.0)
    assert world.relay.sent == [Sent("action", (PARENT, U2), "mjbot:100")]
    assert states(world) == {100: "accepted"}
    assert world.store.claimed[100].child_id == CHILD
    row = world.store.jobs[800]
    assert (row.task_id, row.parent_id, row.pressed, row.done) == (CHILD, PARENT, "U2", "Picture 2")
    assert row.parent_link == place().link
    scenes = world.editor.scenes_of(800)
    assert [scene.task and scene.task.status for scene in scenes] == ["", "IN_PROGRESS", "SUCCESS"]
    assert [dict(marks.pressed)[get_claim_key(U2)].child_id for marks in answerer.marked] == [CHILD]
    assert world.editor.notified == [(800, CHILD)]
    assert answerer.refused == []


async def test_the_claim_is_written_before_anything_is_sent(world: World, process: Process) -> None:
    """And before anything is shown."""
    answerer = FakePressFollowups(failure=PlaceGone())
    with pytest.raises(PlaceGone):
        await process.presses.submit_press(press(), answerer)
    await world.clock.advance(1.0)
    assert states(world) == {100: "refused"}
    assert world.relay.sent == []
    assert world.store.jobs == {}


async def test_a_store_that_is_gone_sends_nothing(world: World, process: Process) -> None:
    """Nothing may be paid without a claim."""
    world.store.down = True
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(), FakePressFollowups())
    world.store.down = False
    await world.clock.advance(60.0)
    assert world.relay.sent == []
    assert states(world) == {}


async def test_a_row_that_cannot_be_written_takes_its_message_back(world: World, process: Process) -> None:
    """The claim is given back once the store is there again, and nothing was sent."""
    answerer = FakePressFollowups()
    original = world.store.open_job

    async def fail(_: object) -> None:
        world.store.down = True
        raise StoreUnavailable

    world.store.open_job = fail  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(), answerer)
    await world.clock.advance(20.0)
    assert answerer.closed == [800]
    assert states(world) == {100: "submitting"}
    world.store.down = False
    world.store.open_job = original  # type: ignore[method-assign]
    await world.clock.advance(10.0)
    assert states(world) == {100: "refused"}
    assert world.relay.sent == []


async def test_an_accepted_press_outlives_a_store_that_is_gone(world: World, process: Process) -> None:
    """What is paid is written, and followed, when the store comes back."""
    world.relay.submit_seconds = 1.0
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(), answerer)
    await world.clock.settle()
    world.store.down = True
    await world.clock.advance(100.0)
    world.store.down = False
    await world.clock.advance(20.0)
    assert states(world) == {100: "accepted"}
    assert world.store.jobs[800].task_id == CHILD
    assert [scene.task and scene.task.id for scene in world.editor.scenes_of(800)][-1] == CHILD
    assert len(world.relay.sent) == 1


async def test_a_full_queue_is_waited_for_in_the_child(world: World, process: Process) -> None:
    """Under the same claim, as with commands: see test_creations.py for how long."""
    world.relay.outcomes = [QueueFull(), ACCEPTED]
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(), answerer)
    await world.clock.advance(29.0)
    (waiting,) = world.editor.scenes_of(800)
    assert isinstance(waiting.phase, SubmitRetry)
    assert (waiting.task and waiting.task.shown_prompt, states(world)) == ("a lighthouse", {100: "submitting"})
    await world.clock.advance(2.0)
    assert (states(world), answerer.refused) == ({100: "accepted"}, [])
    assert [sent.state for sent in world.relay.sent] == ["mjbot:100"] * 2


async def test_a_store_that_goes_after_the_claim_is_settled_is_waited_for(world: World, process: Process) -> None:
    """Its child's message does not stay at "Sending" until the next start."""
    original = world.store.settle_claim

    async def settle(claim_id: int, state: ClaimState, child_id: str = "", *, submits: int | None = None) -> None:
        await original(claim_id, state, child_id, submits=submits)
        world.store.down = True

    world.store.settle_claim = settle  # type: ignore[method-assign]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(20.0)
    world.store.down = False
    await world.clock.advance(20.0)
    assert world.store.jobs[800].task_id == CHILD
    assert world.editor.scenes_of(800) != []


@pytest.mark.parametrize(
    "error",
    [
        RelayBusy("23"),
        PromptBanned("word"),
        BalanceExhausted("quota"),
        SubmitRefused(9, "?"),
        ActionUnsupported("503", lasting=False),
    ],
)
async def test_a_refusal_is_told_and_does_not_count(world: World, process: Process, error: RelayError) -> None:
    """The child is taken back, its row closed, and the limit is where it was."""
    world.relay.outcomes = [error]
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(), answerer)
    await world.clock.advance(1.0)
    assert answerer.refused == [error]
    assert answerer.closed == [800]
    assert states(world) == {100: "refused"}
    assert world.store.closed == {800}
    assert len(world.relay.sent) == 1
    await process.presses.submit_press(press(101), FakePressFollowups(801))
    await world.clock.advance(1.0)
    assert states(world) == {100: "refused", 101: "accepted"}


async def test_a_refusal_is_told_though_the_store_is_gone(world: World, process: Process) -> None:
    """And written once it is back."""
    world.relay.submit_seconds = 1.0
    world.relay.outcomes = [RelayBusy("23")]
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(), answerer)
    await world.clock.settle()
    world.store.down = True
    await world.clock.advance(3.0)
    assert len(answerer.refused) == 1
    world.store.down = False
    await world.clock.advance(20.0)
    assert states(world) == {100: "refused"}
    assert world.store.closed == {800}


async def test_a_lost_answer_is_never_sent_again(world: World) -> None:
    """The message says so, now and after a restart; a task met later closes the claim."""
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout")]
    async with world.process() as process:
        await process.presses.submit_press(press(), FakePressFollowups())
        await world.clock.advance(10.0)
    assert states(world) == {100: "unknown"}
    assert [scene.phase for scene in world.editor.scenes_of(800)] == [AnswerSearch(), JobEnding.ANSWER_LOST]
    assert world.store.closed == {800}
    async with world.process() as process:
        await world.clock.advance(60.0)
        assert len(world.relay.sent) == 1
        world.relay.set(task(CHILD, state="mjbot:100"))
        await world.clock.run_until(process.jobs.fetch_task(CHILD))
    assert states(world) == {100: "accepted"}


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (ACCEPTED, "accepted"),
        (SubmitOutcomeUnknown("timeout"), "unknown"),
        (RelayBusy("23"), "refused"),
    ],
)
async def test_a_parent_that_has_not_settled_is_tried_again(
    world: World, process: Process, second: SubmitResponse | RelayError, expected: str
) -> None:
    """After 15 s, as that refusal says that nothing was accepted; any other answer is the last."""
    world.relay.outcomes = [ParentBusy("wait"), second]
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(), answerer)
    await world.clock.advance(14.9)
    assert len(world.relay.sent) == 1
    await world.clock.advance(0.2)
    assert len(world.relay.sent) == 2
    await world.clock.advance(120.0)
    assert len(world.relay.sent) == 2
    assert states(world) == {100: expected}


async def test_a_press_waits_for_its_parent_for_five_minutes(world: World, process: Process) -> None:
    """Its message says so; then it is refused, unpaid, and the button is free."""
    world.relay.outcomes = [ParentBusy("wait")] * 99
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(), answerer)
    await world.clock.advance(4 * 60.0)
    waiting = world.editor.scenes_of(800)[-1]
    assert isinstance(waiting.phase, SubmitRetry)
    assert waiting.phase.reason is RetryReason.PARENT_BUSY
    assert states(world) == {100: "submitting"}
    await world.clock.advance(60.0)
    assert states(world) == {100: "refused"}
    assert [type(error) for error in answerer.refused] == [ParentBusy]
    assert world.relay.accepted == []
    tries = len(world.relay.sent)
    await world.clock.advance(600.0)
    assert len(world.relay.sent) == tries


async def test_a_press_that_waits_stands_in_the_way_of_others(world: World, process: Process) -> None:
    """Its claim is dated anew: a claim of six minutes ago would let the same button be paid twice."""
    world.relay.outcomes = [*[ParentBusy("wait")] * 10, ACCEPTED, ACCEPTED]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(260.0)
    world.relay.submit_seconds = 60.0
    await world.clock.advance(45.0)
    assert (len(world.relay.sent), states(world)) == (11, {100: "submitting"})
    with pytest.raises(AlreadyPressed):
        await process.presses.submit_press(press(101, MINH), FakePressFollowups())
    await world.clock.advance(60.0)
    assert (len(world.relay.accepted), states(world)) == (1, {100: "accepted"})


async def test_a_press_that_waits_comes_to_its_end_whatever_its_message_shows(
    world: World, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the display is logged, and no claim stays on its way for it."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(process.jobs.messages, "show_waiting", broken)
    world.relay.outcomes = [ParentBusy("wait"), ACCEPTED]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(60.0)
    assert (len(world.relay.accepted), states(world)) == (1, {100: "accepted"})


async def test_a_press_that_waits_is_given_up_with_its_process(world: World) -> None:
    """Nothing was accepted, so it is refused rather than unknown."""
    world.relay.outcomes = [ParentBusy("wait")] * 99
    async with world.process() as process:
        await process.presses.submit_press(press(), FakePressFollowups())
        await world.clock.advance(20.0)
    assert states(world) == {100: "refused"}


@pytest.mark.parametrize(("button", "words"), [(U2, ("UPSCALE", "2")), (V2, ("VARIATION", "2"))])
async def test_a_relay_without_actions_is_asked_the_older_way(
    world: World, process: Process, button: str, words: tuple[str, str]
) -> None:
    """Where the button has an equivalent there; the claim's tag goes along."""
    world.relay.outcomes = [ActionUnsupported("no route", lasting=True), ACCEPTED]
    await process.presses.submit_press(press(button=button), FakePressFollowups())
    await world.clock.advance(1.0)
    assert world.relay.sent[1:] == [Sent("change", (PARENT, *words), "mjbot:100")]
    assert states(world) == {100: "accepted"}
    assert set(world.store.missing_capabilities) == {name_capability(button)}


async def test_what_is_known_to_be_refused_goes_the_older_way_at_once(world: World, process: Process) -> None:
    """The relay is not asked again for what it refuses."""
    world.relay.outcomes = [ActionUnsupported("no route", lasting=True), ACCEPTED, ACCEPTED]
    for n in (100, 101):
        await process.presses.submit_press(press(n, button=V2), FakePressFollowups(700 + n))
        world.relay.set(task(CHILD, Status.SUCCESS))
        await world.clock.advance(20.0)
    assert [sent.kind for sent in world.relay.sent] == ["action", "change", "change"]


@pytest.mark.parametrize(
    ("button", "outcomes", "hours"),
    [
        (PAN, [ActionUnsupported("no pans", lasting=True)], 24.0),
        (U2, [ActionUnsupported("no", lasting=True), ActionUnsupported("neither", lasting=True)], 24.0),
    ],
)
async def test_a_button_that_this_relay_refuses_is_greyed(
    world: World, process: Process, button: str, outcomes: list[SubmitResponse | RelayError], hours: float
) -> None:
    """For a day where it cannot be done, by any way; on the pressed message at once."""
    world.relay.outcomes = outcomes
    sends = len(outcomes)
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(button=button), answerer)
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == sends
    (marks,) = answerer.marked
    assert find_refusal_reason(button, marks.missing_capabilities)
    assert {until for _, until in world.store.missing_capabilities.values()} == {
        world.clock.start + timedelta(hours=hours)
    }
    assert len(answerer.refused) == 1


@pytest.mark.parametrize(
    ("button", "outcomes"),
    [
        (PAN, [ActionUnsupported("down", lasting=False)]),
        (U2, [ActionUnsupported("down", lasting=False)]),
        (U2, [ActionUnsupported("no", lasting=True), ActionUnsupported("down", lasting=False)]),
        (U2, [ParentBusy(), ActionUnsupported("down", lasting=False)]),
    ],
)
async def test_a_channel_that_is_down_greys_nothing(
    world: World, process: Process, button: str, outcomes: list[SubmitResponse | RelayError]
) -> None:
    """No message is drawn again by itself to take it back: the press is answered, and the next one is sent."""
    world.relay.outcomes = [*outcomes, ACCEPTED]
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(button=button), answerer)
    await world.clock.advance(20.0)
    assert len(world.relay.sent) == len(outcomes)
    (refused,) = answerer.refused
    assert isinstance(refused, ActionUnsupported)
    assert not refused.lasting
    known = await world.store.find_missing_capabilities(world.clock.now())
    assert find_refusal_reason(button, known) is None
    assert all(find_refusal_reason(button, marks.missing_capabilities) is None for marks in answerer.marked)
    await process.presses.submit_press(press(101, button=button), FakePressFollowups())
    await world.clock.advance(20.0)
    assert len(world.relay.accepted) == 1


async def test_a_double_click_is_sent_once(world: World, process: Process) -> None:
    """Two interactions of one person within 3 s, at the same moment or not, whatever the cooldown."""
    world.relay.submit_seconds = 10.0
    clicks = [process.presses.submit_press(press(n), FakePressFollowups(700 + n)) for n in (100, 101, 102)]
    results = await asyncio.gather(*clicks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), AlreadyClaimed, AlreadyClaimed]
    await world.clock.advance(2.9)
    with pytest.raises(AlreadyClaimed):
        await process.presses.submit_press(press(103), FakePressFollowups())
    await world.clock.advance(5.0)
    with pytest.raises(AlreadyClaimed):
        await process.presses.submit_press(press(104), FakePressFollowups())
    await world.clock.advance(10.0)
    assert len(world.relay.sent) == 1


async def test_an_interaction_that_was_claimed_is_not_claimed_again(world: World, process: Process) -> None:
    """Whatever became of it: another process may have had it."""
    world.relay.outcomes = [RelayBusy("23")]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(60.0)
    with pytest.raises(AlreadyClaimed):
        await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1


@pytest.mark.parametrize("button", [U2, V2])
async def test_two_people_who_press_the_same_button_pay_once(world: World, process: Process, button: str) -> None:
    """The second gets the child's link, while the submit is on its way and until the child has ended."""
    world.relay.submit_seconds = 10.0
    both = [process.presses.submit_press(press(100, LIEN, button), FakePressFollowups())]
    both.append(process.presses.submit_press(press(101, MINH, button), FakePressFollowups(801)))
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert first is None
    assert isinstance(second, AlreadyPressed)
    for _ in range(2):
        with pytest.raises(AlreadyPressed) as pressed:
            await process.presses.submit_press(press(102, MINH, button), FakePressFollowups(802))
        assert (pressed.value.link, pressed.value.finished) == (place(800).link, False)
        await world.clock.advance(20.0)
    assert len(world.relay.sent) == 1


async def test_two_people_who_press_at_the_same_moment_pay_once(world: World, process: Process) -> None:
    """Also where the store takes its time: the second is judged after the first has its claim."""
    slow_down(world)
    world.relay.submit_seconds = 10.0
    people = [Person(n, "somebody") for n in range(1, 6)]
    clicks = [
        process.presses.submit_press(press(100 + one.id, one), FakePressFollowups(800 + one.id)) for one in people
    ]
    results = await world.clock.run_until(asyncio.gather(*clicks, return_exceptions=True))
    assert [type(result) for result in results] == [type(None), *[AlreadyPressed] * 4]
    assert len(world.relay.sent) == 1


def slow_down(world: World) -> None:
    """Let the store take its time for claims."""
    claims, claim = world.store.list_claims, world.store.create_claim

    async def slowly(*given: Any) -> Any:  # noqa: ANN401 - one for both
        await world.clock.sleep(0.1)
        return await (claims if len(given) == 1 else claim)(*given)

    world.store.list_claims = slowly  # type: ignore[method-assign,assignment]
    world.store.create_claim = slowly  # type: ignore[method-assign,assignment]


async def test_two_people_in_two_processes_pay_once(world: World) -> None:
    """During a deploy both run on one store, and only the store can tell."""
    world.relay.submit_seconds = 10.0
    async with world.process() as old, world.process() as new:
        slow_down(world)
        clicks = [old.presses.submit_press(press(100, LIEN), FakePressFollowups(800))]
        clicks.append(new.presses.submit_press(press(101, MINH), FakePressFollowups(801)))
        results = await world.clock.run_until(asyncio.gather(*clicks, return_exceptions=True))
        await world.clock.advance(20.0)
    assert [type(result) for result in results] == [type(None), AlreadyPressed]
    assert len(world.relay.sent) == 1


async def test_a_press_accepted_between_look_and_claim_is_paid_once(world: World, process: Process) -> None:
    """Who looked before the first was accepted, and claims after it, gets its link, and the claim back."""
    world.relay.submit_seconds = 2.0
    marks = world.store.find_pressed_buttons

    async def slowly(task_id: str) -> Any:  # noqa: ANN401
        found = await marks(task_id)
        world.store.find_pressed_buttons = marks  # type: ignore[method-assign]
        await world.clock.sleep(3.0)
        return found

    await process.presses.submit_press(press(100), FakePressFollowups())
    world.store.find_pressed_buttons = slowly  # type: ignore[method-assign]
    with pytest.raises(AlreadyPressed) as pressed:
        await world.clock.run_until(process.presses.submit_press(press(101, MINH), FakePressFollowups(801)))
    assert (pressed.value.link, pressed.value.finished) == (place(800).link, False)
    await world.clock.advance(1.0)
    assert states(world) == {100: "accepted", 101: "refused"}
    assert len(world.relay.sent) == 1


async def test_a_claim_whose_second_look_fails_is_given_back(world: World, process: Process) -> None:
    """Nothing was sent, so it is in nobody's way."""
    claim = world.store.create_claim

    async def claim_and_go(*given: Any) -> None:  # noqa: ANN401
        await claim(*given)
        world.store.down = True

    world.store.create_claim = claim_and_go  # type: ignore[method-assign,assignment]
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(), FakePressFollowups())
    world.store.jobs = {800: job(800, CHILD)}
    world.store.down = False
    with pytest.raises(StoreUnavailable):
        await process.presses.answer_modal(press(101, task_id=CHILD), "a", FakePressFollowups())
    world.store.down = False
    await world.clock.advance(10.0)
    assert states(world) == {100: "refused", 101: "refused"}
    assert world.relay.sent == []


async def test_a_private_child_is_not_linked(world: World, process: Process) -> None:
    """Nobody else could open it."""
    world.relay.submit_seconds = 10.0
    answerer = FakePressFollowups()

    async def privately(pressed: str, parent: object) -> object:
        return place(800, ephemeral=True)

    answerer.send_child_message = privately  # type: ignore[method-assign,assignment]
    await process.presses.submit_press(replace(press(), place=place(ephemeral=True)), answerer)
    assert world.store.jobs[800].parent_link == ""
    with pytest.raises(AlreadyPressed) as pressed:
        await process.presses.submit_press(press(102, MINH), FakePressFollowups(802))
    assert pressed.value.link == ""


@pytest.mark.parametrize(("button", "pays"), [(U2, False), (V2, True)])
async def test_a_finished_child_answers_for_u_and_is_paid_anew_for_v(
    world: World, process: Process, button: str, *, pays: bool
) -> None:
    """The second U2 is the same picture."""
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


ELSEWHERE = [
    replace(place(800), ephemeral=True),
    replace(place(800), guild_id=66, channel_id=55),
    replace(place(800), guild_id=0, channel_id=55),
]


@pytest.mark.parametrize("there", ELSEWHERE)
async def test_a_child_that_cannot_be_linked_is_shown_again_unpaid(
    world: World, process: Process, there: Place
) -> None:
    """Whoever cannot open the first message gets one of their own; the next is linked to that where it may be."""
    world.relay.set(task(CHILD, Status.SUCCESS))
    await process.presses.submit_press(replace(press(), place=replace(there, message_id=700)), Elsewhere(there))
    await world.clock.advance(10.0)
    answerer = FakePressFollowups(801)
    await process.presses.submit_press(press(101, MINH), answerer)
    await world.clock.advance(2.0)
    assert answerer.opened == ["U2"]
    scenes = world.editor.scenes_of(801)
    assert [(scene.task and scene.task.status, scene.job.requester) for scene in scenes] == [(Status.SUCCESS, MINH)]
    row = world.store.jobs[801]
    assert (row.task_id, row.claim_id, row.parent_id, row.pressed, row.done) == (CHILD, 0, PARENT, "U2", "Picture 2")
    assert row.parent_link == place().link
    assert world.store.closed == {800, 801}
    assert states(world) == {100: "accepted"}
    assert len(world.relay.sent) == 1


class Elsewhere(FakePressFollowups):
    """One whose child is there."""

    def __init__(self, there: Place) -> None:
        super().__init__()
        self.there = there

    async def send_child_message(self, pressed: str, parent: object) -> Place:
        """Send the child."""
        self.opened.append(pressed)
        return self.there


@pytest.mark.parametrize("there", ELSEWHERE)
async def test_an_unfinished_child_elsewhere_is_told_without_its_link(
    world: World, process: Process, there: Place
) -> None:
    """Before its submit was answered, and after."""
    world.relay.submit_seconds = 10.0
    await process.presses.submit_press(replace(press(), place=replace(there, message_id=700)), Elsewhere(there))
    for _ in range(2):
        with pytest.raises(AlreadyPressed) as pressed:
            await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
        assert (pressed.value.link, pressed.value.finished) == ("", False)
        await world.clock.advance(20.0)


async def test_a_child_that_cannot_be_shown_again_takes_its_message_back(world: World, process: Process) -> None:
    """A store that goes in between leaves nobody with a message that says nothing."""
    world.relay.set(task(CHILD, Status.SUCCESS))
    await process.presses.submit_press(press(), Elsewhere(ELSEWHERE[0]))
    await world.clock.advance(10.0)

    async def fail(_: object) -> None:
        raise StoreUnavailable

    world.store.open_job = fail  # type: ignore[method-assign,assignment]
    answerer = FakePressFollowups(801)
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(101, MINH), answerer)
    assert (answerer.opened, answerer.closed) == (["U2"], [801])


async def test_a_child_that_nobody_saw_end_may_be_pressed_again(world: World, process: Process) -> None:
    """The relay has lost it: its button is not kept for ever."""
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
async def test_a_child_that_came_to_nothing_may_be_pressed_again(
    world: World, process: Process, status: Status
) -> None:
    """Also a U."""
    world.relay.set(task(CHILD, status))
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(10.0)
    await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 2


async def test_a_claim_without_an_end_holds_up_nobody_for_ever(world: World, process: Process) -> None:
    """An error of ours left it there; five minutes later it may be pressed again."""
    world.relay.outcomes = [ZeroDivisionError("ours")]  # type: ignore[list-item]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(299.0)
    with pytest.raises(AlreadyPressed):
        await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
    await world.clock.advance(2.0)
    await process.presses.submit_press(press(102, MINH), FakePressFollowups(802))


@pytest.mark.parametrize(
    ("rules", "asker", "refusal"),
    [
        ({"allowed_guilds": (1,)}, {}, ServerNotAllowed),
        ({}, {"guild_id": 0}, PersonNotAllowed),
        ({"press_policy": "requester"}, {"requester_id": 9}, NotTheRequester),
        ({"press_policy": "requester"}, {"requester_id": 0}, RequesterUnknown),
        ({"daily_submits_per_person": 0}, {}, DailyLimitReached),
        ({"daily_submits": 0}, {}, DailyLimitReached),
    ],
)
async def test_whoever_may_not_spend_claims_nothing(
    world: World, rules: dict[str, Any], asker: dict[str, Any], refusal: type[Exception]
) -> None:
    """Neither by a button nor by a form."""
    world.allow(**rules)
    world.store.jobs = {} if "requester_id" in asker else {800: job(800, CHILD)}
    async with world.process() as process:
        with pytest.raises(refusal):
            await process.presses.submit_press(press(**asker), FakePressFollowups())
        with pytest.raises(refusal):
            await process.presses.answer_modal(press(101, task_id=CHILD, **asker), "a prompt", FakePressFollowups())
    assert states(world) == {}
    assert world.relay.sent == []


async def test_the_store_knows_first_whose_message_it_is(world: World) -> None:
    """Where Discord tells nothing, or something else, the row decides."""
    world.allow(press_policy="requester")
    world.store.jobs = {700: job(700, PARENT)}
    async with world.process() as process:
        await process.presses.submit_press(press(requester_id=0), FakePressFollowups())
        with pytest.raises(NotTheRequester):
            await process.presses.submit_press(press(101, MINH, requester_id=MINH.id), FakePressFollowups(801))


async def test_limits_count_what_was_accepted_or_may_have_been(world: World) -> None:
    """The cooldown lasts after a refusal, too: it also spares the relay."""
    world.allow(daily_submits_per_person=2, cooldown=timedelta(seconds=3))
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout"), RelayBusy("23"), ACCEPTED]
    async with world.process() as process:
        await process.presses.submit_press(press(100, button=V2), FakePressFollowups(801))
        await world.clock.advance(1.0)
        with pytest.raises(CooldownActive):
            await process.presses.submit_press(press(101, button=PAN), FakePressFollowups(802))
        await world.clock.advance(2.0)
        await process.presses.submit_press(press(102, button=PAN), FakePressFollowups(803))
        await world.clock.advance(0.1)
        with pytest.raises(CooldownActive):
            await process.presses.submit_press(press(103, button=U2), FakePressFollowups(804))
        await world.clock.advance(3.0)
        await process.presses.submit_press(press(103, button=U2), FakePressFollowups(804))
        await world.clock.advance(4.0)
        with pytest.raises(DailyLimitReached):
            await process.presses.submit_press(press(104, button=ZOOM), FakePressFollowups(805))
        await world.clock.advance(24 * 3600.0)
        await process.presses.submit_press(press(105, button=ZOOM), FakePressFollowups(806))
    assert states(world) == {100: "unknown", 102: "refused", 103: "accepted", 105: "accepted"}


async def test_a_button_is_found_without_the_store(world: World, process: Process) -> None:
    """An empty database: the task itself tells, and is kept."""
    world.store.snapshots.clear()
    world.relay.set(task(status=Status.SUCCESS))
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1
    assert world.store.snapshots[PARENT].status is Status.SUCCESS


async def test_a_button_that_the_snapshot_lacks_is_looked_for_in_the_task(world: World, process: Process) -> None:
    """It may have come later; a key that nobody has is refused, unpaid."""
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS, buttons=())
    world.relay.set(task(status=Status.SUCCESS))
    with pytest.raises(ButtonUnknown):
        await process.presses.submit_press(replace(press(), button_key="0000000000"), FakePressFollowups())
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    assert states(world) == {100: "accepted"}


async def test_a_task_that_nobody_knows_is_said_to_be(process: Process) -> None:
    """Before anything is claimed."""
    with pytest.raises(TaskUnknown):
        await process.presses.submit_press(press(task_id="404"), FakePressFollowups())


async def test_a_queued_child_says_so_and_knows_its_prompt(world: World, process: Process) -> None:
    """Before the relay tells of it."""
    world.relay.outcomes = [QUEUED]
    world.relay.tasks.clear()
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    child = world.editor.scenes_of(800)[-1].task
    assert child is not None
    assert (child.status, child.properties.number_of_queues) == (Status.SUBMITTED, 2)
    assert child.prompt == "a lighthouse"


async def test_a_form_that_was_asked_first_is_sent_with_its_press(world: World, process: Process) -> None:
    """Custom Zoom: action, then modal, one claim; the row says that it was sent before it is."""
    world.relay.outcomes = [ASKS, ACCEPTED]
    sent: list[bool] = []
    world.relay.on_modal = lambda: sent.append(world.store.jobs[800].form_sent)
    await process.presses.submit_press(press(button=ZOOM), FakePressFollowups(), prompt="a lighthouse --zoom 2")
    await world.clock.advance(1.0)
    assert [one.kind for one in world.relay.sent] == ["action", "modal"]
    assert world.relay.sent[1] == Sent("modal", (CHILD, "a lighthouse --zoom 2"), "mjbot:100")
    assert sent == [True]
    assert states(world) == {100: "accepted"}


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ("a lighthouse", ValueMissing("zoom", "1.5")),
        ("a lighthouse --zoom 3", ValueOutOfRange("zoom", "3", "1", "2")),
    ],
)
async def test_custom_zoom_must_say_how_far(
    world: World, process: Process, prompt: str, problem: PromptProblem
) -> None:
    """Midjourney would refuse what says nothing, or too much: it is told before anything is claimed."""
    with pytest.raises(PromptRefused) as refused:
        await process.presses.submit_press(press(button=ZOOM), FakePressFollowups(), prompt=prompt)
    assert tuple(refused.value.problems) == (problem,)
    assert states(world) == {}


async def test_a_form_learnt_late_waits_on_the_child(world: World, process: Process) -> None:
    """Nothing more is sent until its requester confirms; then once."""
    world.relay.outcomes = [ASKS, ACCEPTED]
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
    assert states(world) == {100: "accepted", 101: "accepted"}
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(102, task_id=CHILD), "again", FakePressFollowups())
    assert world.editor.scenes_of(800)[-1].job.form_sent
    world.relay.set(task(CHILD, Status.SUCCESS))
    await world.clock.advance(25.0)
    assert world.store.closed == {800}


async def test_a_form_whose_answer_was_lost_is_not_sent_again(world: World, process: Process) -> None:
    """The child goes on being watched, and tells itself; the claim stays unknown."""
    world.store.jobs = {800: job(800, CHILD)}
    world.relay.set(task(CHILD, Status.MODAL))
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout")]
    await process.presses.answer_modal(press(101, task_id=CHILD), "a prompt", FakePressFollowups())
    await world.clock.advance(5.0)
    assert states(world) == {101: "unknown"}
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(102, task_id=CHILD), "a prompt", FakePressFollowups())
    world.relay.set(task(CHILD, Status.SUCCESS))
    await world.clock.advance(10.0)
    last = world.editor.scenes_of(800)[-1]
    assert (last.ending, last.task and last.task.status) == (None, Status.SUCCESS)


@pytest.mark.parametrize("asked_first", [True, False])
async def test_a_form_that_was_refused_may_be_answered_again(
    world: World, process: Process, *, asked_first: bool
) -> None:
    """The person hears why, and the form is open as before."""
    world.relay.set(task(CHILD, Status.MODAL))
    answerer = FakePressFollowups()
    if asked_first:
        world.relay.outcomes = [ASKS, PromptBanned("word"), ACCEPTED]
        await process.presses.submit_press(press(button=ZOOM), answerer, prompt="word --zoom 2")
    else:
        world.store.jobs = {800: job(800, CHILD)}
        world.relay.outcomes = [PromptBanned("word"), ACCEPTED]
        await process.presses.answer_modal(press(100, task_id=CHILD), "word", answerer)
    await world.clock.advance(5.0)
    assert [type(error) for error in answerer.refused] == [PromptBanned]
    assert not world.store.jobs[800].form_sent
    assert answerer.closed == []
    assert states(world) == {100: "accepted" if asked_first else "refused"}
    await process.presses.answer_modal(press(101, task_id=CHILD), "better", answerer)
    await world.clock.advance(5.0)
    assert world.relay.sent[-1].words == (CHILD, "better")
    assert len(world.relay.accepted) == 1 + asked_first


@pytest.mark.parametrize("prompt", ["a fox --repeat 40", "a {red, green} fox", "--ar 3:2", "", "a fox --nonsense"])
async def test_a_form_that_cannot_be_sent_is_said_before_anything_is_claimed(
    world: World, process: Process, prompt: str
) -> None:
    """As a command's prompt is: what would make several jobs, or none, is no answer to a form either."""
    world.store.jobs = {800: job(800, CHILD)}
    with pytest.raises(PromptRefused):
        await process.presses.answer_modal(press(task_id=CHILD), prompt, FakePressFollowups())
    await world.clock.advance(1.0)
    assert (world.relay.sent, states(world)) == ([], {})


async def test_a_form_is_sent_once_however_often_it_is_clicked(world: World, process: Process) -> None:
    """Also where the store keeps the first waiting longer than twins are told apart."""
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


async def test_a_form_works_without_its_row(world: World, process: Process) -> None:
    """An empty database: who asked is read from the message, and the row is written before anything is sent."""
    world.relay.set(task(CHILD, Status.MODAL))
    for asked_by, refusal in ((0, RequesterUnknown), (None, RequesterUnknown), (MINH.id, NotTheRequester)):
        with pytest.raises(refusal):
            await process.presses.answer_modal(press(task_id=CHILD, requester_id=asked_by), "a", FakePressFollowups())
    sent: list[bool] = []
    world.relay.on_modal = lambda: sent.append(world.store.jobs[800].form_sent)
    await process.presses.answer_modal(press(task_id=CHILD), "a", FakePressFollowups())
    await world.clock.advance(5.0)
    assert sent == [True]
    assert states(world) == {100: "accepted"}


async def test_a_form_whose_rows_are_forgotten_is_not_sent_again(world: World, process: Process) -> None:
    """Retention took the row and the snapshot that said so; the relay knows that it was drawn."""
    world.store.jobs = {}
    world.relay.set(task(CHILD, Status.SUCCESS))
    late = press(100, task_id=CHILD)
    late = replace(late, asker=replace(late.asker, requester_id=late.person.id))
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(late, "a", FakePressFollowups())
    assert world.relay.sent == []


async def test_a_form_that_waited_too_long_for_the_store_is_not_sent(world: World, process: Process) -> None:
    """After five minutes the same form may be claimed again, so the first is given up, and said to be."""
    world.store.jobs = {800: job(800, CHILD)}
    world.relay.set(task(CHILD, Status.MODAL))
    first, second = FakePressFollowups(), FakePressFollowups()
    await process.presses.answer_modal(press(100, task_id=CHILD), "a", first)
    world.store.down = True
    await world.clock.advance(310.0)
    world.store.down = False
    await process.presses.answer_modal(press(101, task_id=CHILD), "b", second)
    await world.clock.advance(60.0)
    assert [type(error) for error in first.refused] == [ClaimLost]
    assert [one.words[1] for one in world.relay.accepted] == ["b"]
    assert {one.id: one.state for one in world.store.claimed.values()} == {100: "refused", 101: "accepted"}
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(102, task_id=CHILD), "c", FakePressFollowups())


async def test_a_claim_that_another_process_gave_up_is_not_sent(world: World, process: Process) -> None:
    """The lease ended while the child's message was on its way: nothing is sent, and the person is told."""
    answerer = FakePressFollowups()

    async def given_up(pressed: str, parent: Task) -> Place:
        world.store.claimed[100] = replace(world.store.claimed[100], state=ClaimState.REFUSED)
        return await FakePressFollowups.send_child_message(answerer, pressed, parent)

    answerer.send_child_message = given_up  # type: ignore[method-assign]
    await process.presses.submit_press(press(100), answerer)
    await world.clock.advance(5.0)
    assert world.relay.sent == []
    assert [type(error) for error in answerer.refused] == [ClaimLost]
    assert world.store.claimed[100].state is ClaimState.REFUSED


async def test_a_form_is_its_requesters_alone(world: World, process: Process) -> None:
    """Whatever the policy for buttons; dropping it, too."""
    world.store.jobs = {800: job(800, CHILD)}
    theirs = press(100, MINH, task_id=CHILD, requester_id=MINH.id)
    with pytest.raises(NotTheRequester):
        await process.presses.answer_modal(theirs, "a", FakePressFollowups())
    with pytest.raises(NotTheRequester):
        await process.presses.decline_modal(theirs)
    assert states(world) == {}


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.SUCCESS, Status.FAILURE, Status.CANCEL])
async def test_a_task_that_does_not_wait_takes_no_form(world: World, process: Process, status: Status) -> None:
    """It has been answered elsewhere, or has ended."""
    world.store.jobs = {800: job(800, CHILD)}
    world.store.snapshots[CHILD] = task(CHILD, status)
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(task_id=CHILD), "a", FakePressFollowups())
    assert states(world) == {}


async def test_a_form_is_dropped_unpaid(world: World, process: Process) -> None:
    """The message ends, through the token that the click brought."""
    world.relay.set(task(CHILD, Status.MODAL))
    await process.jobs.follow_job(job(800, CHILD))
    await world.clock.advance(1.0)
    fresh = place(800, born=world.clock.now())
    await process.presses.decline_modal(replace(press(task_id=CHILD), place=fresh))
    last = world.editor.scenes_of(800)[-1]
    # Nothing tells who opened the form, nor whether that was free.
    assert (last.ending, last.job.place) == (JobEnding.FORM_DROPPED_MAYBE_BILLED, fresh)
    assert states(world) == {}
    assert world.relay.sent == []


async def test_a_dropped_form_is_not_answered_and_its_button_is_free(world: World, process: Process) -> None:
    """A form that was open already finds nothing; whoever presses that button gets a child of their own."""
    world.relay.outcomes = [ASKS, ACCEPTED]
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


async def test_a_form_is_of_whom_the_child_was_made_for(world: World, process: Process) -> None:
    """A message that somebody else follows the waiting child with makes it nobody else's."""
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


async def test_a_form_is_sent_once_from_however_many_messages(world: World, process: Process) -> None:
    """The relay may call the child a waiting one for a while yet."""
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


async def test_a_form_sent_between_look_and_claim_is_sent_once(world: World, process: Process) -> None:
    """The later claim is given back."""
    world.relay.set(task(CHILD, Status.MODAL))
    world.store.jobs = {800: job(800, CHILD, claim_id=9)}
    claim = world.store.create_claim

    async def late(*given: Any) -> None:  # noqa: ANN401
        world.store.jobs[800] = replace(world.store.jobs[800], form_sent=True)
        await claim(*given)

    world.store.create_claim = late  # type: ignore[method-assign,assignment]
    with pytest.raises(ModalExpired):
        await process.presses.answer_modal(press(task_id=CHILD), "a", FakePressFollowups())
    await world.clock.advance(1.0)
    assert states(world) == {100: "refused"}
    assert world.relay.sent == []


class Pausing(FakeStore):
    """A store whose next snapshot is kept only once it may be."""

    may: asyncio.Event | None = None

    async def save_snapshot(self, task: Task) -> None:
        """Wait, then keep it."""
        if may := self.may:
            self.may = None
            await may.wait()
        await super().save_snapshot(task)


async def test_a_form_is_sent_once_though_its_row_was_written_anew_meanwhile(world: World) -> None:
    """Somebody looks again while it is sent, and writes the row as they had read it before."""
    world.store = store = Pausing(world.clock.now)
    store.jobs = {800: job(800, CHILD)}
    world.relay.set(task(CHILD, Status.MODAL))
    async with world.process() as process:
        await world.clock.advance(1.0)
        store.may = may = asyncio.Event()
        looking = asyncio.create_task(process.jobs.follow_again(CHILD, place(800), MINH))
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


async def test_a_forms_first_words_come_from_the_store_or_the_relay(world: World, process: Process) -> None:
    """As Midjourney understood the prompt, else as it was given."""
    assert await process.presses.get_modal_prefill(PARENT) == "a lighthouse"
    world.relay.set(task("5", properties={"finalPrompt": "a lighthouse --ar 3:2"}))
    assert await process.presses.get_modal_prefill("5") == "a lighthouse --ar 3:2"
    with pytest.raises(TaskUnknown):
        await process.presses.get_modal_prefill("404")


# ---------------------------------------------------------------------------------------------------- remix


async def test_a_remix_answers_the_form_that_follows(world: World, process: Process) -> None:
    """The press asks for a form, and what was typed is sent into it; the child shows that prompt."""
    world.relay.outcomes = [replace_code(ASKS), ACCEPTED]
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(button=V2), answerer, prompt="a lighthouse in snow")
    await world.clock.advance(1.0)
    assert world.relay.sent == [
        Sent("action", (PARENT, V2, "remix"), "mjbot:100"),
        Sent("modal", (CHILD, "a lighthouse in snow"), "mjbot:100"),
    ]
    assert answerer.refused == []
    assert world.store.snapshots[CHILD].properties.final_prompt in {"", "a lighthouse in snow"}
    assert states(world) == {100: "accepted"}


@pytest.mark.parametrize(("typed", "told"), [("a lighthouse in snow", True), ("a  lighthouse", False)])
async def test_a_relay_that_asks_nothing_draws_from_the_old_prompt(
    world: World, process: Process, typed: str, *, told: bool
) -> None:
    """No form is sent, the child is followed with the old prompt, and whoever typed another one is told."""
    world.relay.hidden = {CHILD}
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(button=V2), answerer, prompt=typed)
    await world.clock.advance(1.0)
    assert [sent.kind for sent in world.relay.sent] == ["action"]
    assert [type(error) for error in answerer.refused] == ([PromptIgnored] if told else [])
    child = world.store.snapshots[CHILD]
    assert (child.action, child.prompt, child.properties) == ("", "a lighthouse", Properties())
    assert states(world) == {100: "accepted"}


@pytest.mark.parametrize(("typed", "sent"), [("a lighthouse in snow", []), ("a lighthouse", ["change"])])
@pytest.mark.parametrize("known", [False, True])
async def test_a_new_prompt_is_not_paid_where_only_the_old_one_can_be_drawn(
    world: World, process: Process, typed: str, sent: list[str], *, known: bool
) -> None:
    """The older way takes no prompt: nobody pays for what they did not ask for."""
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS, prompt="a  lighthouse")
    if known:
        later = world.clock.now() + timedelta(days=1)
        await world.store.save_missing_capability(
            name_capability(V2), "unknown_action", at=world.clock.now(), until=later
        )
    else:
        world.relay.outcomes = [ActionUnsupported("unknown_action", lasting=True)]
    answerer = FakePressFollowups()
    await process.presses.submit_press(press(button=V2), answerer, prompt=typed)
    await world.clock.advance(1.0)
    assert [one.kind for one in world.relay.sent] == [*([] if known else ["action"]), *sent]
    assert [type(error) for error in answerer.refused] == ([] if sent else [PromptChangeUnsupported])
    assert states(world) == {100: "accepted" if sent else "refused"}
    assert answerer.closed == ([] if sent else [800])


async def test_a_press_without_a_prompt_asks_for_no_form(world: World, process: Process) -> None:
    """The body is what it always was; a relay that asks all the same finds the way of before."""
    world.relay.outcomes = [replace_code(ASKS)]
    await process.presses.submit_press(press(button=V2), FakePressFollowups())
    await world.clock.advance(1.0)
    assert world.relay.sent == [Sent("action", (PARENT, V2), "mjbot:100")]


def replace_code(submission: SubmitResponse) -> SubmitResponse:
    """Say what new-api makes of a remix: its code 21 becomes 1, the words stay."""
    return submission.model_copy(update={"code": 1})
