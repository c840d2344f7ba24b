"""How many submits a press counts against the daily limit: as many as the relay bills, its modal included."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.entities import Claim, Usage
from bot.errors import DailyLimitReached, ModalNotSent, PromptBanned, RelayError, StoreUnavailable, SubmitOutcomeUnknown
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Status
from bot.ports import PlanSpending
from bot.scene import JobEnding
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.clock import START
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import CHILD, PAN, PARENT, U2, V2, ZOOM, job, task
from tests.fakes.submissions import ASKS_FOR_MODAL, command, imagine, press
from tests.worlds.services import LONG_LEASE, ServiceWorld

REMIX = ASKS_FOR_MODAL.model_copy(update={"code": 1})
"""The window of a remix, as new-api rewrites it and bills it."""
EXISTS = SubmitResponse(code=21, description="任务已存在", result=CHILD)
EXISTED = EXISTS.model_copy(update={"code": 1})
NEW_PROMPT = "another prompt --zoom 2"


@pytest.fixture
def world() -> ServiceWorld:
    world = ServiceWorld()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    world.relay.set(task(CHILD, Status.MODAL))
    return world


async def counted(world: ServiceWorld) -> int:
    """Return how many submits count today."""
    seen: list[Usage] = []
    probe = Claim(id=999, person_id=1, guild_id=6, message_id=0, task_id="", button="probe", made_at=world.clock.now())
    await world.store.create_claim(probe, seen.append)
    del world.store.claimed[999]
    return seen[0].person_submits_today


@pytest.mark.parametrize(
    ("answer", "button", "count"),
    [
        pytest.param(REMIX, V2, 1, id="a billed window"),
        pytest.param(ASKS_FOR_MODAL, ZOOM, 0, id="a free window"),
        pytest.param(EXISTS, U2, 0, id="exists, midjourney-proxy itself"),
        pytest.param(EXISTED, U2, 1, id="exists, behind new-api"),
        pytest.param(ACCEPTED, U2, 1, id="a task"),
    ],
)
async def test_press_counts_the_submits_that_are_billed(
    world: ServiceWorld, answer: SubmitResponse, button: str, count: int
) -> None:
    """In every case its button is marked, and its child followed."""
    world.relay.outcomes = [answer]
    followups = FakePressFollowups()
    async with world.process() as process:
        await process.presses.submit_press(press(button=button), followups)
        await world.clock.advance(2.0)
        assert await counted(world) == count
        assert world.store.jobs[800].task_id == CHILD
        assert [mark.child_id for marks in followups.marked for mark in marks.pressed.values()] == [CHILD]


@pytest.mark.parametrize(("window", "before", "after"), [(REMIX, 1, 2), (ASKS_FOR_MODAL, 0, 1)])
async def test_modal_answered_later_counts_too(
    world: ServiceWorld, window: SubmitResponse, before: int, after: int
) -> None:
    """Of a free window only the modal counts; of a billed one both."""
    world.relay.outcomes = [window, ACCEPTED]
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), FakePressFollowups())
        await world.clock.advance(2.0)
        assert await counted(world) == before
        await process.presses.answer_modal(press(101, task_id=CHILD), NEW_PROMPT, FakePressFollowups())
        await world.clock.advance(2.0)
        assert await counted(world) == after


@pytest.mark.parametrize(
    ("window", "modal", "count"),
    [
        (REMIX, ACCEPTED, 2),
        (REMIX, SubmitOutcomeUnknown("timeout"), 2),
        (REMIX, PromptBanned(word="word"), 1),
        (ASKS_FOR_MODAL, ACCEPTED, 1),
        (ASKS_FOR_MODAL, SubmitOutcomeUnknown("timeout"), 1),
        (ASKS_FOR_MODAL, PromptBanned(word="word"), 0),
    ],
)
async def test_modal_sent_with_its_press_counts_too(
    world: ServiceWorld, window: SubmitResponse, modal: SubmitResponse | RelayError, count: int
) -> None:
    """One click, one claim, and one or two submits: one that may be paid counts, one that was refused does not."""
    world.relay.outcomes = [window, modal]
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), FakePressFollowups(), prompt=NEW_PROMPT)
        await world.clock.advance(2.0)
        assert [sent.kind for sent in world.relay.sent] == ["action", "modal"]
        assert await counted(world) == count


async def test_press_with_modal_uses_up_a_limit_of_two(world: ServiceWorld) -> None:
    world.allow(daily_submits_per_person=2)
    world.relay.outcomes = [REMIX, ACCEPTED]
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), FakePressFollowups(), prompt=NEW_PROMPT)
        await world.clock.advance(5.0)
        with pytest.raises(DailyLimitReached):
            await process.presses.submit_press(press(101), FakePressFollowups(801))


async def test_command_whose_task_existed_already_counts_nothing(world: ServiceWorld) -> None:
    world.relay.outcomes = [EXISTS]
    async with world.process() as process:
        await process.commands.submit_command(command(), imagine(), FakePressFollowups())
        await world.clock.advance(2.0)
        assert await counted(world) == 0
        assert world.store.jobs[800].task_id == CHILD


@pytest.mark.parametrize(
    ("window", "ending", "count"),
    [(REMIX, JobEnding.FORM_DROPPED_MAYBE_BILLED, 1), (ASKS_FOR_MODAL, JobEnding.FORM_DROPPED, 0)],
)
async def test_declining_a_modal_tells_whether_its_window_may_be_charged(
    world: ServiceWorld, window: SubmitResponse, ending: JobEnding, count: int
) -> None:
    """And after a restart as well."""
    world.relay.outcomes = [window]
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), FakePressFollowups())
        await world.clock.advance(2.0)
    async with world.process() as process:
        await process.presses.decline_modal(press(101, task_id=CHILD))
        await world.clock.advance(1.0)
        assert world.editor.scenes_of(800)[-1].ending is ending
        assert await counted(world) == count


@pytest.mark.parametrize(
    ("action", "ending"),
    [
        ("INPAINT", JobEnding.FORM_DROPPED),
        ("CUSTOM_ZOOM", JobEnding.FORM_DROPPED),
        ("VARIATION", JobEnding.FORM_DROPPED_MAYBE_BILLED),
    ],
)
async def test_declining_a_modal_whose_press_is_unknown(world: ServiceWorld, action: str, ending: JobEnding) -> None:
    """Its row may be an earlier version's: what no relay bills is free in any case."""
    world.relay.set(task(CHILD, Status.MODAL, action=action))
    async with world.process() as process:
        await process.jobs.follow_job(replace(job(800, CHILD), born_at=START))
        await world.clock.advance(1.0)
        await process.presses.decline_modal(press(task_id=CHILD))
        await world.clock.advance(1.0)
    assert world.editor.scenes_of(800)[-1].ending is ending


# ---------------------------------------------------------------------------------------------------- judged anew


@pytest.mark.parametrize("rules", [{"daily_submits_per_person": 1}, {"daily_submits": 1}])
async def test_modal_beyond_the_limit_is_not_sent(world: ServiceWorld, rules: dict[str, int]) -> None:
    """Its window was billed, and used up the limit: the child waits for the modal, and the person is told."""
    world.lease = LONG_LEASE
    world.allow(**rules)
    world.relay.outcomes = [REMIX]
    followups = FakePressFollowups()
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), followups, prompt=NEW_PROMPT)
        await world.clock.advance(2.0)
        assert [sent.kind for sent in world.relay.sent] == ["action"]
        assert await counted(world) == 1
        [unsent] = followups.refused
        assert isinstance(unsent, ModalNotSent)
        assert isinstance(unsent.refused, DailyLimitReached)
        assert unsent.refused.limit == 1
        row = world.store.jobs[800]
        assert (row.task_id, row.form_sent) == (CHILD, False)
        shown = world.editor.scenes_of(800)[-1].task
        assert shown is not None
        assert shown.status is Status.MODAL
        with pytest.raises(DailyLimitReached):
            await process.presses.answer_modal(press(101, task_id=CHILD), NEW_PROMPT, FakePressFollowups())
        await world.clock.advance(24 * 3600.0)
        await process.presses.answer_modal(press(102, task_id=CHILD), NEW_PROMPT, FakePressFollowups())
        await world.clock.advance(2.0)
        assert [sent.kind for sent in world.relay.sent] == ["action", "modal"]


@pytest.mark.parametrize(
    ("window", "limit", "kinds"),
    [(ASKS_FOR_MODAL, 1, ["action", "modal"]), (REMIX, 2, ["action", "modal"]), (REMIX, 1, ["action"])],
)
async def test_modal_within_the_limit_is_sent(
    world: ServiceWorld, window: SubmitResponse, limit: int, kinds: list[str]
) -> None:
    """A free window leaves room for its modal; no cooldown applies between the two."""
    world.allow(daily_submits_per_person=limit, cooldown=timedelta(minutes=1))
    world.relay.outcomes = [window, ACCEPTED]
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), FakePressFollowups(), prompt=NEW_PROMPT)
        await world.clock.advance(2.0)
        assert [sent.kind for sent in world.relay.sent] == kinds
        assert await counted(world) == len(kinds) - (window is ASKS_FOR_MODAL)


async def test_two_billed_windows_at_once_stay_within_the_limit(world: ServiceWorld) -> None:
    """In either order, no more is spent than the limit allows."""
    world.allow(daily_submits_per_person=3)
    world.relay.submit_seconds = 3.0
    world.relay.outcomes = [REMIX, REMIX.model_copy(update={"result": "9002"}), ACCEPTED, ACCEPTED]
    world.relay.set(task("9002", Status.MODAL))
    async with world.process() as process:
        for number, button in enumerate((V2, PAN)):
            followups = FakePressFollowups(800 + number)
            await process.presses.submit_press(press(100 + number, button=button), followups, prompt=NEW_PROMPT)
        await world.clock.advance(20.0)
        assert len(world.relay.sent) <= 3
        assert await counted(world) == len(world.relay.sent)


async def test_modal_is_not_sent_while_the_limit_cannot_be_checked(world: ServiceWorld) -> None:
    """The store goes away in between: the person is told, and the press counts its window when the store is back."""
    world.relay.outcomes = [REMIX]
    followups = FakePressFollowups()
    judged = world.store.create_claim

    async def gone(
        claim: Claim, judge: Callable[[Usage], None], *, confirmed: bool = False, plan: PlanSpending | None = None
    ) -> None:
        if world.relay.sent:
            raise StoreUnavailable
        await judged(claim, judge, confirmed=confirmed, plan=plan)

    world.store.create_claim = gone  # type: ignore[method-assign]
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), followups, prompt=NEW_PROMPT)
        await world.clock.advance(2.0)
    assert [sent.kind for sent in world.relay.sent] == ["action"]
    assert [type(error.refused) for error in followups.refused if isinstance(error, ModalNotSent)] == [StoreUnavailable]
    assert world.store.claimed[100].submits == 1
