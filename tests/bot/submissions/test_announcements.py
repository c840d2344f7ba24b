"""The server's log channel gets a line for each request that is paid, or may be, and for no other."""

import pytest

from bot.errors import RelayError, SubmitOutcomeUnknown, SubmitRefused
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Status
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import CHILD, PARENT, U2, V2, ZOOM, task
from tests.fakes.submissions import ASKS_FOR_MODAL, QUEUED, command, imagine, press
from tests.worlds.services import ServiceWorld

LOST, REFUSED = SubmitOutcomeUnknown("timeout"), SubmitRefused("no", code=4)
EXISTS = SubmitResponse(code=21, description="任务已存在", result=CHILD)
WINDOW_BILLED = ASKS_FOR_MODAL.model_copy(update={"code": 1})


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        pytest.param(QUEUED, [False], id="accepted"),
        pytest.param(LOST, [True], id="lost"),
        pytest.param(REFUSED, [], id="refused"),
    ],
)
async def test_command_is_announced_once_it_is_paid(
    world: ServiceWorld, answer: SubmitResponse | RelayError, lost: list[bool]
) -> None:
    world.relay.outcomes = [answer]
    async with world.process() as process:
        await process.commands.submit_command(command(), imagine("a fox"), FakePressFollowups())
        assert world.channel_log.requests == []
        await world.clock.advance(10.0)
    announced = world.channel_log.requests
    assert [one.is_answer_lost for one in announced] == lost
    assert all((one.claim.id, one.claim.cost.action) == (100, "IMAGINE") for one in announced)
    assert {one.prompt for one in announced} <= {"a fox", ""}


@pytest.mark.parametrize(
    ("answers", "button", "prompt", "count"),
    [
        pytest.param([ACCEPTED], U2, None, 1, id="a task"),
        pytest.param([EXISTS], U2, None, 0, id="a free task"),
        pytest.param([ASKS_FOR_MODAL], ZOOM, None, 0, id="a free window"),
        pytest.param([WINDOW_BILLED], V2, None, 1, id="a billed window"),
        pytest.param([ASKS_FOR_MODAL, ACCEPTED], ZOOM, "a fox --zoom 2", 1, id="a free window and its form"),
        pytest.param([ASKS_FOR_MODAL, REFUSED], ZOOM, "a fox --zoom 2", 0, id="a free window and a refused form"),
        pytest.param([WINDOW_BILLED, ACCEPTED], V2, "a fox", 1, id="a billed window and its form"),
        pytest.param([REFUSED], U2, None, 0, id="refused"),
        pytest.param([LOST], U2, None, 1, id="lost"),
    ],
)
async def test_press_is_announced_at_most_once_and_only_if_it_is_paid(
    world: ServiceWorld,
    answers: list[SubmitResponse | RelayError],
    button: str,
    prompt: str | None,
    count: int,
) -> None:
    world.relay.outcomes = answers
    async with world.process() as process:
        await process.presses.submit_press(press(button=button), FakePressFollowups(), prompt=prompt)
        await world.clock.advance(10.0)
    assert len(world.channel_log.requests) == count
    assert all(one.job.pressed for one in world.channel_log.requests)


async def test_form_is_announced_with_its_own_claim(world: ServiceWorld) -> None:
    world.relay.outcomes = [ASKS_FOR_MODAL, ACCEPTED]
    world.relay.set(task(CHILD, Status.MODAL))
    world.relay.set(task(PARENT, Status.SUCCESS))
    async with world.process() as process:
        await process.presses.submit_press(press(button=ZOOM), FakePressFollowups())
        await world.clock.advance(10.0)
        await process.presses.answer_modal(press(101, task_id=CHILD), "a fox --zoom 2", FakePressFollowups())
        await world.clock.advance(10.0)
    assert [(one.claim.id, one.prompt) for one in world.channel_log.requests] == [(101, "a fox --zoom 2")]
