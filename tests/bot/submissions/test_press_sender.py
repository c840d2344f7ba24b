"""What a press sends: the button, its modal, or a fallback."""

from datetime import timedelta

import pytest

from bot.entities import PersonSettings
from bot.errors import (
    ActionUnsupported,
    ParentBusy,
    PromptChangeUnsupported,
    PromptIgnored,
    RelayError,
    RelayMoved,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRedirected,
)
from bot.midjourney.capabilities import find_refusal_reason, name_capability
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Properties, Status
from bot.scene import JobEnding
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.relay import ACCEPTED, Sent
from tests.fakes.sample_entities import CHILD, LIEN, PAN, PARENT, U2, V2, ZOOM, task
from tests.fakes.submissions import ASKS_FOR_MODAL, QUEUED, claim_states, press
from tests.worlds.services import ServiceProcess, ServiceWorld


@pytest.mark.parametrize(("button", "words"), [(U2, ("UPSCALE", "2")), (V2, ("VARIATION", "2"))])
async def test_relay_without_actions_gets_a_change_request(
    world: ServiceWorld, process: ServiceProcess, button: str, words: tuple[str, str]
) -> None:
    """For buttons that have an equivalent change, with the tag of the same claim."""
    world.relay.outcomes = [ActionUnsupported("no route", lasting=True), ACCEPTED]
    await process.presses.submit_press(press(button=button), FakePressFollowups())
    await world.clock.advance(1.0)
    assert world.relay.sent[1:] == [Sent("change", (PARENT, *words), "mjbot:100")]
    assert claim_states(world) == {100: "accepted"}
    assert set(world.store.missing_capabilities) == {name_capability(button)}


async def test_button_known_to_be_refused_goes_through_its_fallback_at_once(
    world: ServiceWorld, process: ServiceProcess
) -> None:
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
async def test_refused_button_is_grayed_on_the_pressed_message(
    world: ServiceWorld, process: ServiceProcess, button: str, outcomes: list[SubmitResponse | RelayError], hours: float
) -> None:
    """For a day, if no fallback works either."""
    world.relay.outcomes = outcomes
    sends = len(outcomes)
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=button), followups)
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == sends
    (marks,) = followups.marked
    assert find_refusal_reason(button, marks.missing_capabilities)
    assert {until for _, until in world.store.missing_capabilities.values()} == {
        world.clock.start + timedelta(hours=hours)
    }
    assert len(followups.refused) == 1


@pytest.mark.parametrize(
    ("button", "outcomes"),
    [
        (PAN, [ActionUnsupported("down", lasting=False)]),
        (U2, [ActionUnsupported("down", lasting=False)]),
        (U2, [ActionUnsupported("no", lasting=True), ActionUnsupported("down", lasting=False)]),
        (U2, [ParentBusy(), ActionUnsupported("down", lasting=False)]),
    ],
)
async def test_channel_that_is_down_greys_no_button(
    world: ServiceWorld, process: ServiceProcess, button: str, outcomes: list[SubmitResponse | RelayError]
) -> None:
    """No message would be edited later to undo it: the press is answered, and the next one is sent."""
    world.relay.outcomes = [*outcomes, ACCEPTED]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=button), followups)
    await world.clock.advance(20.0)
    assert len(world.relay.sent) == len(outcomes)
    (refused,) = followups.refused
    assert isinstance(refused, ActionUnsupported)
    assert not refused.lasting
    known = await world.store.find_missing_capabilities(world.clock.now())
    assert find_refusal_reason(button, known) is None
    assert all(find_refusal_reason(button, marks.missing_capabilities) is None for marks in followups.marked)
    await process.presses.submit_press(press(101, button=button), FakePressFollowups())
    await world.clock.advance(20.0)
    assert len(world.relay.accepted) == 1


async def test_queued_child_shows_its_place_in_the_queue_and_its_prompt(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """Before its first poll."""
    world.relay.outcomes = [QUEUED]
    world.relay.tasks.clear()
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    child = world.editor.scenes_of(800)[-1].task
    assert child is not None
    assert (child.status, child.properties.number_of_queues) == (Status.SUBMITTED, 2)
    assert child.prompt == "a lighthouse"


async def test_modal_opened_before_the_press_is_sent_after_it(world: ServiceWorld, process: ServiceProcess) -> None:
    """Custom Zoom: action, then modal, under one claim; the row says that the modal was sent before it is."""
    world.relay.outcomes = [ASKS_FOR_MODAL, ACCEPTED]
    sent: list[bool] = []
    world.relay.on_modal = lambda: sent.append(world.store.jobs[800].form_sent)
    await process.presses.submit_press(press(button=ZOOM), FakePressFollowups(), prompt="a lighthouse --zoom 2")
    await world.clock.advance(1.0)
    assert [one.kind for one in world.relay.sent] == ["action", "modal"]
    assert world.relay.sent[1] == Sent("modal", (CHILD, "a lighthouse --zoom 2"), "mjbot:100")
    assert sent == [True]
    assert claim_states(world) == {100: "accepted"}


async def test_remix_sends_the_modal_that_follows(world: ServiceWorld, process: ServiceProcess) -> None:
    """The press asks for a modal, and the typed prompt is sent into it; the child shows that prompt."""
    world.relay.outcomes = [_without_modal_code(ASKS_FOR_MODAL), ACCEPTED]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=V2), followups, prompt="a lighthouse in snow")
    await world.clock.advance(1.0)
    assert world.relay.sent == [
        Sent("action", (PARENT, V2, "remix"), "mjbot:100"),
        Sent("modal", (CHILD, "a lighthouse in snow"), "mjbot:100"),
    ]
    assert followups.refused == []
    assert world.store.snapshots[CHILD].properties.final_prompt in {"", "a lighthouse in snow"}
    assert claim_states(world) == {100: "accepted"}


@pytest.mark.parametrize(("typed", "told"), [("a lighthouse in snow", True), ("a  lighthouse", False)])
async def test_relay_without_remix_modal_draws_from_the_old_prompt(
    world: ServiceWorld, process: ServiceProcess, typed: str, *, told: bool
) -> None:
    """No modal is sent, the child shows the old prompt, and a person who typed another one is told."""
    world.relay.hidden = {CHILD}
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=V2), followups, prompt=typed)
    await world.clock.advance(1.0)
    assert [sent.kind for sent in world.relay.sent] == ["action"]
    assert [type(error) for error in followups.refused] == ([PromptIgnored] if told else [])
    child = world.store.snapshots[CHILD]
    assert (child.action, child.prompt, child.properties) == ("", "a lighthouse", Properties())
    assert claim_states(world) == {100: "accepted"}


@pytest.mark.parametrize(("typed", "sent"), [("a lighthouse in snow", []), ("a lighthouse", ["change"])])
@pytest.mark.parametrize("known", [False, True])
async def test_fallback_that_takes_no_prompt_is_not_sent_with_a_new_one(
    world: ServiceWorld, process: ServiceProcess, typed: str, sent: list[str], *, known: bool
) -> None:
    """The change request has no prompt, so the person would pay for something else."""
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS, prompt="a  lighthouse")
    if known:
        later = world.clock.now() + timedelta(days=1)
        await world.store.save_missing_capability(
            name_capability(V2), "unknown_action", at=world.clock.now(), until=later
        )
    else:
        world.relay.outcomes = [ActionUnsupported("unknown_action", lasting=True)]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=V2), followups, prompt=typed)
    await world.clock.advance(1.0)
    assert [one.kind for one in world.relay.sent] == [*([] if known else ["action"]), *sent]
    assert [type(error) for error in followups.refused] == ([] if sent else [PromptChangeUnsupported])
    assert claim_states(world) == {100: "accepted" if sent else "refused"}
    assert followups.closed == ([] if sent else [800])


async def test_press_without_a_prompt_does_not_ask_for_a_modal(world: ServiceWorld, process: ServiceProcess) -> None:
    """If the relay asks for one all the same, the child waits for it."""
    world.relay.outcomes = [_without_modal_code(ASKS_FOR_MODAL)]
    await process.presses.submit_press(press(button=V2), FakePressFollowups())
    await world.clock.advance(1.0)
    assert world.relay.sent == [Sent("action", (PARENT, V2), "mjbot:100")]


def _without_modal_code(submission: SubmitResponse) -> SubmitResponse:
    """Return what new-api makes of a remix: its code 21 becomes 1, the description stays."""
    return submission.model_copy(update={"code": 1})


@pytest.mark.parametrize(
    ("answer", "state", "ending"),
    [
        (RelayMoved("HTTP 301", address="https://new.example"), "refused", None),
        (RelayUnreachable("HTTP 404"), "refused", None),
        (SubmitRedirected("HTTP 302"), "unknown", JobEnding.RELAY_UNDER_MAINTENANCE),
        (SubmitRedirected("HTTP 303", processed=True), "unknown", JobEnding.ANSWER_NOT_FOLLOWED),
        (SubmitOutcomeUnknown("a page instead of an answer"), "unknown", JobEnding.ANSWER_LOST),
    ],
)
@pytest.mark.parametrize("button", [U2, V2, PAN])
async def test_nothing_is_sent_after_a_redirect_or_a_page(
    world: ServiceWorld, process: ServiceProcess, button: str, answer: RelayError, state: str, ending: JobEnding | None
) -> None:
    """No fallback and no other speed, and the button stays; a later press is sent as usual."""
    world.store.people[LIEN.id] = PersonSettings(speed=Speed.FAST)
    world.relay.outcomes = [answer]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=button), followups)
    await world.clock.advance(600.0)
    assert len(world.relay.sent) == 1
    assert claim_states(world) == {100: state}
    assert await world.store.find_missing_capabilities(world.clock.now()) == {}
    assert followups.refused == ([answer] if state == "refused" else [])
    assert (world.editor.endings(800)[-1:] or [None])[0] is ending
