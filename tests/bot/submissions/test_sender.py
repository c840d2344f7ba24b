"""The sender: one claimed request, sent at most once, and one value that says how it ended."""

from dataclasses import replace

import pytest

from bot.entities import Claim, ClaimState, Place
from bot.errors import ClaimLost, QueueFull, RelayError, StoreUnavailable, SubmitOutcomeUnknown, SubmitRefused
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Task
from bot.relay.requests import PressButton, SubmitModal
from bot.submissions.sender import Accepted, NeedsModal, Refused, SendResult, Unknown
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import CHILD, LIEN, PARENT, U2, job
from tests.fakes.submissions import ASKS_FOR_MODAL, press
from tests.worlds.services import ServiceProcess, ServiceWorld

REFUSED, LOST, FULL = SubmitRefused("no", code=4), SubmitOutcomeUnknown("timeout"), QueueFull("23")
REQUEST = PressButton(task_id=PARENT, custom_id=U2)
MODAL = SubmitModal(task_id=CHILD, prompt="a fox")


async def write_claim(world: ServiceWorld) -> Claim:
    claim = Claim(
        id=100,
        person_id=LIEN.id,
        guild_id=6,
        message_id=700,
        task_id=PARENT,
        button="U2",
        made_at=world.clock.now(),
    )
    await world.store.create_claim(claim, lambda _: None)
    return claim


async def allow() -> None:
    """Find no rule that forbids the request."""


async def send(world: ServiceWorld, process: ServiceProcess, claim: Claim) -> SendResult:
    waiting = Task(id="", prompt="a fox")
    return await world.clock.run_until(
        process.sender.send(REQUEST, claim, job(800, ""), waiting_task=waiting, prompt="a fox", check_rules=allow)
    )


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (ACCEPTED, Accepted(ACCEPTED)),
        (ASKS_FOR_MODAL, NeedsModal(ASKS_FOR_MODAL)),
        (REFUSED, Refused(REFUSED)),
        (LOST, Unknown(LOST)),
    ],
)
async def test_result_says_how_the_request_ended(
    world: ServiceWorld, process: ServiceProcess, outcome: SubmitResponse | RelayError, result: SendResult
) -> None:
    world.relay.outcomes = [outcome]
    assert await send(world, process, await write_claim(world)) == result
    assert len(world.relay.sent) == 1


async def test_request_is_sent_again_after_a_full_queue(world: ServiceWorld, process: ServiceProcess) -> None:
    world.relay.outcomes = [FULL, FULL, ACCEPTED]
    assert await send(world, process, await write_claim(world)) == Accepted(ACCEPTED)
    assert [sent.state for sent in world.relay.sent] == ["mjbot:100"] * 3


async def test_request_without_a_claim_of_this_process_is_refused_unsent(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    claim = await write_claim(world)
    await world.store.settle_claim(claim.id, ClaimState.UNKNOWN)
    result = await send(world, process, claim)
    assert isinstance(result, Refused)
    assert isinstance(result.error, ClaimLost)
    assert world.relay.sent == []


async def test_request_is_refused_unsent_while_the_store_is_away(world: ServiceWorld, process: ServiceProcess) -> None:
    claim = await write_claim(world)
    world.store.down = True
    result = await send(world, process, claim)
    assert isinstance(result, Refused)
    assert isinstance(result.error, StoreUnavailable)
    assert world.relay.sent == []


async def test_modal_is_sent_at_the_speed_of_its_press(world: ServiceWorld, process: ServiceProcess) -> None:
    """The press has settled the claim that both share, so the modal does not check it."""
    claim = await write_claim(world)
    await world.store.settle_claim(claim.id, ClaimState.ACCEPTED, CHILD)
    result = await process.sender.send_modal(MODAL, claim, press=NeedsModal(ASKS_FOR_MODAL, Speed.FAST))
    assert result == Accepted(ACCEPTED.model_copy(update={"speed": "fast"}))
    assert [sent.words for sent in world.relay.sent] == [(CHILD, "a fox", "fast")]


@pytest.mark.parametrize(("outcome", "result"), [(FULL, Refused(FULL)), (LOST, Unknown(LOST))])
async def test_modal_is_not_sent_again(
    world: ServiceWorld, process: ServiceProcess, outcome: RelayError, result: SendResult
) -> None:
    """Not even when the queue is full: the modal stays open, and the person may send it again."""
    world.relay.outcomes = [outcome]
    assert await process.sender.send_modal(MODAL, await write_claim(world)) == result
    assert len(world.relay.sent) == 1


async def test_claim_that_another_process_gave_up_is_not_sent(world: ServiceWorld, process: ServiceProcess) -> None:
    """The lease ended while the child's message was being sent: nothing is sent, and the person is told."""
    followups = FakePressFollowups()

    async def given_up(pressed: str, parent: Task) -> Place:
        world.store.claimed[100] = replace(world.store.claimed[100], state=ClaimState.REFUSED)
        return await FakePressFollowups.send_child_message(followups, pressed, parent)

    followups.send_child_message = given_up  # type: ignore[method-assign]
    await process.presses.submit_press(press(100), followups)
    await world.clock.advance(5.0)
    assert world.relay.sent == []
    assert [type(error) for error in followups.refused] == [ClaimLost]
    assert world.store.claimed[100].state is ClaimState.REFUSED
