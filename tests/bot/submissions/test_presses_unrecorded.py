"""Presses that the database may have lost: the person confirms them, unless the database knows of an earlier one."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.entities import ClaimState
from bot.errors import PressUnrecorded
from bot.midjourney.buttons import get_claim_key
from bot.midjourney.task import Status
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.clock import START
from tests.fakes.sample_entities import PARENT, U2, V2, task
from tests.fakes.sample_rows import a_claim
from tests.fakes.submissions import press
from tests.worlds.services import ServiceProcess, ServiceWorld

BOOKMARK, REROLL = "MJ::BOOKMARK::aa", "MJ::JOB::reroll::0::aa::SOLO"
BEFORE, AFTER = START - timedelta(days=1), START + timedelta(days=1)


@pytest.fixture
def world() -> ServiceWorld:
    """A finished grid, in a database that has kept records since now."""
    world = ServiceWorld()
    world.store.records_start = START
    buttons = [{"customId": one, "label": one[-2:]} for one in (U2, V2, REROLL, BOOKMARK)]
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS, buttons=buttons)}
    return world


@pytest.mark.parametrize(
    ("button", "marked", "shown_at", "asks"),
    [
        (U2, True, AFTER, True),
        (U2, True, None, True),
        (BOOKMARK, True, BEFORE, True),
        (U2, False, BEFORE, True),
        (V2, False, BEFORE, True),
        (REROLL, False, BEFORE, True),
        (U2, False, AFTER, False),
        (U2, False, None, False),
        (V2, False, AFTER, False),
        # A repeat of these gives something new, and is sent where the earlier press is recorded.
        (REROLL, True, AFTER, False),
        (REROLL, True, BEFORE, False),
        (V2, True, BEFORE, False),
    ],
)
async def test_a_press_that_may_have_been_made_before_is_confirmed(
    world: ServiceWorld,
    process: ServiceProcess,
    button: str,
    marked: bool,  # noqa: FBT001
    shown_at: datetime | None,
    asks: bool,  # noqa: FBT001
) -> None:
    """Nothing is claimed or sent before; the person's confirmation is enough."""
    pressed = replace(press(100, button=button), is_marked=marked, shown_at=shown_at)
    if asks:
        with pytest.raises(PressUnrecorded) as unrecorded:
            await process.presses.submit_press(pressed, FakePressFollowups())
        assert unrecorded.value.is_marked is marked
        assert (world.relay.sent, world.store.claimed, world.store.jobs) == ([], {}, {})
        pressed = replace(pressed, is_confirmed=True)
    await process.presses.submit_press(pressed, FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1


@pytest.mark.parametrize(
    ("state", "asks"),
    [(ClaimState.ACCEPTED, False), (ClaimState.REFUSED, True)],
)
async def test_a_recorded_press_is_not_asked_about(
    world: ServiceWorld,
    process: ServiceProcess,
    state: ClaimState,
    asks: bool,  # noqa: FBT001
) -> None:
    """Its child has failed, so that the press may be made again, as always."""
    claim = a_claim(1, get_claim_key(U2), task_id=PARENT, child_id="77", state=state, made_at=START)
    world.store.claimed = {1: claim}
    world.store.snapshots["77"] = task("77", Status.FAILURE)
    await world.clock.advance(10.0)
    pressed = replace(press(100), is_marked=True, shown_at=BEFORE)
    if asks:
        with pytest.raises(PressUnrecorded):
            await process.presses.submit_press(pressed, FakePressFollowups())
    else:
        await process.presses.submit_press(pressed, FakePressFollowups())
        await world.clock.advance(1.0)
    assert len(world.relay.sent) == (not asks)


async def test_a_filled_in_form_is_not_asked_about(world: ServiceWorld, process: ServiceProcess) -> None:
    """A person who typed a prompt wants something of their own."""
    pressed = replace(press(100, button=V2), shown_at=BEFORE)
    await process.presses.submit_press(pressed, FakePressFollowups(), prompt="a fox")
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1


async def test_a_button_that_the_relay_paints_green_is_not_marked(world: ServiceWorld, process: ServiceProcess) -> None:
    """Its color says nothing of a press."""
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS, buttons=[{"customId": U2, "label": "U2", "style": 3}])}
    pressed = replace(press(100), is_marked=True, shown_at=AFTER)
    await process.presses.submit_press(pressed, FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1


async def test_a_database_that_does_not_know_its_age_asks_only_about_marks(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """A process of an earlier version may have opened it."""
    world.store.records_start = None
    await process.presses.submit_press(replace(press(100), shown_at=BEFORE), FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1


@pytest.mark.parametrize("button", [U2, V2, BOOKMARK])
async def test_a_press_of_a_message_that_was_redrawn_unread_is_confirmed(
    world: ServiceWorld, process: ServiceProcess, button: str
) -> None:
    """The drawing may have removed the green color; another message's buttons are sent as always."""
    world.editor.unread = {700}
    pressed = replace(press(100, button=button), shown_at=AFTER)
    with pytest.raises(PressUnrecorded):
        await process.presses.submit_press(pressed, FakePressFollowups())
    elsewhere = replace(pressed, place=replace(pressed.place, message_id=701))
    await process.presses.submit_press(elsewhere, FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1
