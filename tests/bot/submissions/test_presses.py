"""Presses: claimed, sent, followed, and what the person is told."""

from typing import Any

import pytest

from bot.entities import ClaimState, Job, SentCost
from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    PlaceGone,
    PromptBanned,
    PromptRefused,
    RelayBusy,
    RelayError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
)
from bot.errors.prompt_errors import PromptProblem, ValueMissing, ValueOutOfRange
from bot.midjourney.buttons import get_claim_key
from bot.midjourney.task import Status
from bot.scene import AnswerSearch, JobEnding
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.relay import Sent
from tests.fakes.sample_entities import CHILD, PARENT, U2, ZOOM, place, task, viewer
from tests.fakes.submissions import claim_states, press
from tests.worlds.services import ServiceProcess, ServiceWorld


async def test_press_is_sent_once_and_its_child_followed(world: ServiceWorld, process: ServiceProcess) -> None:
    """The child's message is sent before the relay has replied; parent and child know each other."""
    world.relay.submit_seconds = 40.0
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    assert followups.opened == ["U2"]
    assert claim_states(world) == {100: "submitting"}
    assert world.store.jobs[800].task_id == ""
    await world.clock.advance(39.0)
    assert world.editor.scenes_of(800) == []
    await world.clock.advance(2.0)
    world.relay.set(task(CHILD, Status.SUCCESS))
    await world.clock.advance(6.0)
    assert world.relay.sent == [Sent("action", (PARENT, U2), "mjbot:100")]
    assert claim_states(world) == {100: "accepted"}
    assert world.store.claimed[100].child_id == CHILD
    row = world.store.jobs[800]
    assert (row.task_id, row.parent_id, row.pressed, row.done) == (CHILD, PARENT, "U2", "Picture 2")
    assert row.parent_link == place().link
    scenes = world.editor.scenes_of(800)
    assert [scene.task and scene.task.status for scene in scenes] == ["", "IN_PROGRESS", "SUCCESS"]
    assert [dict(marks.pressed)[get_claim_key(U2)].child_id for marks in followups.marked] == [CHILD]
    assert world.editor.notified == [(800, CHILD)]
    assert followups.refused == []


async def test_child_message_that_fails_releases_the_claim(world: ServiceWorld, process: ServiceProcess) -> None:
    """Nothing is sent, and no job is opened."""
    followups = FakePressFollowups(failure=PlaceGone())
    with pytest.raises(PlaceGone):
        await process.presses.submit_press(press(), followups)
    await world.clock.advance(1.0)
    assert claim_states(world) == {100: "refused"}
    assert world.relay.sent == []
    assert world.store.jobs == {}


async def test_press_sends_nothing_while_the_store_is_away(world: ServiceWorld, process: ServiceProcess) -> None:
    """Nothing may be paid without a claim."""
    world.store.down = True
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(), FakePressFollowups())
    world.store.down = False
    await world.clock.advance(60.0)
    assert world.relay.sent == []
    assert claim_states(world) == {}


@pytest.mark.parametrize(("fails_reserved", "closed"), [(True, []), (False, [800])])
@pytest.mark.parametrize("is_written", [True, False])
async def test_job_row_that_cannot_be_written_deletes_the_child_message(
    world: ServiceWorld, process: ServiceProcess, closed: list[int], *, fails_reserved: bool, is_written: bool
) -> None:
    """Written or not: the claim is released once the store is back, no row is left, and nothing was sent."""
    followups = FakePressFollowups()
    original = world.store.open_job

    async def fail(job: Job, **more: Any) -> None:  # noqa: ANN401
        fails = job.place.is_reserved is fails_reserved
        if is_written or not fails:
            await original(job, **more)
        if fails:
            world.store.down = True
            raise StoreUnavailable

    world.store.open_job = fail  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(), followups)
    await world.clock.advance(20.0)
    assert followups.closed == closed
    assert claim_states(world) == {100: "submitting"}
    world.store.down = False
    world.store.open_job = original  # type: ignore[method-assign]
    await world.clock.advance(10.0)
    assert claim_states(world) == {100: "refused"}
    assert world.store.jobs == {}
    assert world.relay.sent == []


async def test_accepted_press_is_followed_when_the_store_is_back(world: ServiceWorld, process: ServiceProcess) -> None:
    """A paid press is written, and followed, when the store comes back."""
    world.relay.submit_seconds = 1.0
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.settle()
    world.store.down = True
    await world.clock.advance(100.0)
    world.store.down = False
    await world.clock.advance(20.0)
    assert claim_states(world) == {100: "accepted"}
    assert world.store.jobs[800].task_id == CHILD
    assert [scene.task and scene.task.id for scene in world.editor.scenes_of(800)][-1] == CHILD
    assert len(world.relay.sent) == 1


async def test_child_is_followed_though_the_store_fails_after_settling(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """Its message does not stay at "Sending" until the next start."""
    original = world.store.settle_claim

    async def settle(
        claim_id: int,
        state: ClaimState,
        child_id: str = "",
        *,
        submits: int | None = None,
        sent: SentCost | None = None,
    ) -> None:
        await original(claim_id, state, child_id, submits=submits, sent=sent)
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
        PromptBanned(word="word"),
        BalanceExhausted("quota"),
        SubmitRefused("?", code=9),
        ActionUnsupported("503", lasting=False),
    ],
)
async def test_refused_press_is_retracted_and_does_not_count(
    world: ServiceWorld, process: ServiceProcess, error: RelayError
) -> None:
    """The child's message is deleted, its row closed, and the daily limit unchanged."""
    world.relay.outcomes = [error]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(1.0)
    assert followups.refused == [error]
    assert followups.closed == [800]
    assert claim_states(world) == {100: "refused"}
    assert world.store.closed == {800}
    assert len(world.relay.sent) == 1
    await process.presses.submit_press(press(101), FakePressFollowups(801))
    await world.clock.advance(1.0)
    assert claim_states(world) == {100: "refused", 101: "accepted"}


@pytest.mark.parametrize("error", [RelayBusy("30"), PromptBanned(word="word"), ActionUnsupported("?", lasting=False)])
async def test_a_refused_press_whose_message_cannot_be_deleted_ends(
    world: ServiceWorld, process: ServiceProcess, error: RelayError
) -> None:
    """Discord failed for longer than the deletion is tried: the message must not say "Sending" forever."""
    world.relay.outcomes = [error]
    followups = FakePressFollowups(can_delete=False)
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(1.0)
    assert followups.refused == [error]
    assert world.editor.endings(800) == [JobEnding.NOT_ACCEPTED]
    assert claim_states(world) == {100: "refused"}
    assert world.store.closed == {800}


@pytest.mark.parametrize("error", [RelayBusy("23"), PromptBanned(word="word"), ActionUnsupported("?", lasting=False)])
async def test_a_process_that_stops_during_a_retraction_leaves_the_message_to_the_next(
    world: ServiceWorld, error: RelayError
) -> None:
    """Nothing was deleted, and the row is still open."""

    class Hanging(FakePressFollowups):
        async def delete_child_message(self, place: object) -> bool:
            await world.clock.sleep(3600.0)
            return False

    world.relay.outcomes = [error]
    async with world.process() as process:
        await process.presses.submit_press(press(), Hanging())
        await world.clock.advance(1.0)
        assert claim_states(world) == {100: "refused"}  # also if the process is killed now
        await process.supervisor.stop_all(last_seconds=0.0)
    assert (claim_states(world), world.store.closed) == ({100: "refused"}, set())
    async with world.process():
        await world.clock.advance(20.0)
    assert world.editor.endings(800) == [JobEnding.NOT_ACCEPTED]
    assert world.store.closed == {800}


async def test_refusal_is_sent_to_the_person_while_the_store_is_away(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """It is written once the store is back."""
    world.relay.submit_seconds = 1.0
    world.relay.outcomes = [RelayBusy("23")]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.settle()
    world.store.down = True
    await world.clock.advance(3.0)
    assert len(followups.refused) == 1
    world.store.down = False
    await world.clock.advance(20.0)
    assert claim_states(world) == {100: "refused"}
    assert world.store.closed == {800}


async def test_press_with_a_lost_answer_is_never_sent_again(world: ServiceWorld) -> None:
    """The message says so, now and after a restart; a task that is met later closes the claim."""
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout")]
    async with world.process() as process:
        await process.presses.submit_press(press(), FakePressFollowups())
        await world.clock.advance(10.0)
    assert claim_states(world) == {100: "unknown"}
    assert [scene.phase for scene in world.editor.scenes_of(800)] == [AnswerSearch(), JobEnding.ANSWER_LOST]
    assert world.store.closed == {800}
    async with world.process() as process:
        await world.clock.advance(60.0)
        assert len(world.relay.sent) == 1
        world.relay.set(task(CHILD, state="mjbot:100"))
        await world.clock.run_until(process.jobs.fetch_task(CHILD, viewer()))
    assert claim_states(world) == {100: "accepted"}


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ("a lighthouse", ValueMissing("zoom", "1.5")),
        ("a lighthouse --zoom 3", ValueOutOfRange("zoom", "3", "1", "2")),
    ],
)
async def test_custom_zoom_without_a_valid_zoom_is_refused(
    world: ServiceWorld, process: ServiceProcess, prompt: str, problem: PromptProblem
) -> None:
    """Midjourney would refuse it, so the person is told before anything is claimed."""
    with pytest.raises(PromptRefused) as refused:
        await process.presses.submit_press(press(button=ZOOM), FakePressFollowups(), prompt=prompt)
    assert tuple(refused.value.problems) == (problem,)
    assert claim_states(world) == {}


async def test_modal_prefill_comes_from_the_store_or_the_relay(world: ServiceWorld, process: ServiceProcess) -> None:
    """The prompt as Midjourney understood it, else as it was given."""
    assert await process.presses.get_modal_prefill(PARENT, viewer()) == "a lighthouse"
    world.relay.set(task("5", properties={"finalPrompt": "a lighthouse --ar 3:2"}))
    assert await process.presses.get_modal_prefill("5", viewer()) == "a lighthouse --ar 3:2"
    with pytest.raises(TaskUnknown):
        await process.presses.get_modal_prefill("404", viewer())
