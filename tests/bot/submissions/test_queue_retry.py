"""Requests that wait for room in the queue, or for their parent."""

import pytest

from bot.errors import (
    AlreadyPressed,
    ParentBusy,
    QueueFull,
    RelayBusy,
    RelayError,
    SubmitOutcomeUnknown,
)
from bot.midjourney.submit_response import SubmitResponse
from bot.scene import RetryReason, SubmitRetry
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import MINH
from tests.fakes.submissions import claim_states, press
from tests.worlds.services import ServiceProcess, ServiceWorld


async def test_press_waits_for_room_in_the_queue(world: ServiceWorld, process: ServiceProcess) -> None:
    """It waits under the same claim, as commands do: test_commands.py says for how long."""
    world.relay.outcomes = [QueueFull(), ACCEPTED]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(29.0)
    (waiting,) = world.editor.scenes_of(800)
    assert isinstance(waiting.phase, SubmitRetry)
    assert (waiting.task and waiting.task.shown_prompt, claim_states(world)) == ("a lighthouse", {100: "submitting"})
    await world.clock.advance(2.0)
    assert (claim_states(world), followups.refused) == ({100: "accepted"}, [])
    assert [sent.state for sent in world.relay.sent] == ["mjbot:100"] * 2


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (ACCEPTED, "accepted"),
        (SubmitOutcomeUnknown("timeout"), "unknown"),
        (RelayBusy("23"), "refused"),
    ],
)
async def test_press_is_sent_again_after_the_parent_was_busy(
    world: ServiceWorld, process: ServiceProcess, second: SubmitResponse | RelayError, expected: str
) -> None:
    """After 15 s, because that refusal says that nothing was accepted; any other answer is final."""
    world.relay.outcomes = [ParentBusy("wait"), second]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(14.9)
    assert len(world.relay.sent) == 1
    await world.clock.advance(0.2)
    assert len(world.relay.sent) == 2
    await world.clock.advance(120.0)
    assert len(world.relay.sent) == 2
    assert claim_states(world) == {100: expected}


async def test_press_waits_for_its_parent_for_five_minutes(world: ServiceWorld, process: ServiceProcess) -> None:
    """Its message says so; then it is refused, unbilled, and the button is free."""
    world.relay.outcomes = [ParentBusy("wait")] * 99
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(4 * 60.0)
    waiting = world.editor.scenes_of(800)[-1]
    assert isinstance(waiting.phase, SubmitRetry)
    assert waiting.phase.reason is RetryReason.PARENT_BUSY
    assert claim_states(world) == {100: "submitting"}
    await world.clock.advance(60.0)
    assert claim_states(world) == {100: "refused"}
    assert [type(error) for error in followups.refused] == [ParentBusy]
    assert world.relay.accepted == []
    tries = len(world.relay.sent)
    await world.clock.advance(600.0)
    assert len(world.relay.sent) == tries


async def test_claim_is_renewed_while_its_press_waits_for_the_parent(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """A claim that was not renewed after six minutes would let the same button be paid twice."""
    world.relay.outcomes = [*[ParentBusy("wait")] * 10, ACCEPTED, ACCEPTED]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(260.0)
    world.relay.submit_seconds = 60.0
    await world.clock.advance(45.0)
    assert (len(world.relay.sent), claim_states(world)) == (11, {100: "submitting"})
    with pytest.raises(AlreadyPressed):
        await process.presses.submit_press(press(101, MINH), FakePressFollowups())
    await world.clock.advance(60.0)
    assert (len(world.relay.accepted), claim_states(world)) == (1, {100: "accepted"})


async def test_press_that_waits_is_settled_though_its_message_cannot_be_edited(
    world: ServiceWorld, process: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the message editor is logged, and the claim does not stay on its way."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(process.jobs.messages, "show_waiting", broken)
    world.relay.outcomes = [ParentBusy("wait"), ACCEPTED]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(60.0)
    assert (len(world.relay.accepted), claim_states(world)) == (1, {100: "accepted"})


async def test_press_that_waits_is_refused_when_its_process_stops(world: ServiceWorld) -> None:
    """Nothing was accepted, so it is refused rather than unknown."""
    world.relay.outcomes = [ParentBusy("wait")] * 99
    async with world.process() as process:
        await process.presses.submit_press(press(), FakePressFollowups())
        await world.clock.advance(20.0)
    assert claim_states(world) == {100: "refused"}
