"""The sender: one claimed request, sent at most once."""

from dataclasses import replace

from bot.entities import ClaimState, Place
from bot.errors import (
    ClaimLost,
)
from bot.midjourney.task import Task
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.submissions import press
from tests.worlds.services import ServiceProcess, ServiceWorld


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
