"""Expensive presses: asked about before anything is claimed, and sent once however often that is answered."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.entities import ClaimState, OperatorRules
from bot.errors import (
    AlreadyPressed,
    AnswerLost,
    ConfirmationNeeded,
    DrawingPaused,
    MjbotError,
    PressUnrecorded,
    RepeatUnconfirmed,
    SubmitOutcomeUnknown,
    SubmitRefused,
)
from bot.midjourney.buttons import get_claim_key
from bot.midjourney.task import Status
from bot.money import parse_prices
from bot.policy.prices import PriceList
from bot.submissions.claims import Press
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.clock import START
from tests.fakes.sample_entities import PARENT, U2, task
from tests.fakes.sample_rows import a_claim
from tests.fakes.submissions import claim_states, press
from tests.worlds.services import ServiceProcess, ServiceWorld

QUESTION = 900


@pytest.fixture
def world() -> ServiceWorld:
    """A finished grid, where every upscale has to be confirmed."""
    world = ServiceWorld()
    prices = PriceList()
    prices.set_configured(parse_prices("upscale=0.8, imagine=0.1, currency=USD"))
    world.allow(prices=prices, confirm_above=Decimal("0.5"))
    buttons = [{"customId": U2, "label": "U2"}]
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS, buttons=buttons)}
    return world


def unconfirmed(number: int = 100, **changes: object) -> Press:
    return replace(press(number), is_price_confirmed=False, **changes)  # type: ignore[arg-type]


async def asked(process: ServiceProcess, pressed: Press) -> ConfirmationNeeded:
    with pytest.raises(ConfirmationNeeded) as needed:
        await process.presses.submit_press(pressed, FakePressFollowups())
    return needed.value


async def test_nothing_is_claimed_before_the_answer(world: ServiceWorld, process: ServiceProcess) -> None:
    """The answer sends it once: a second one finds the first."""
    needed = await asked(process, unconfirmed())
    assert (needed.tasks, needed.price, needed.currency, needed.tasks_left) == (1, Decimal("0.8"), "USD", 30)
    assert (world.relay.sent, world.store.claimed, world.store.jobs) == ([], {}, {})
    for number in (101, 102):
        confirming = process.presses.confirm_press(press(number), QUESTION, None, b"", FakePressFollowups(number))
        if number == 101:
            await confirming
            await world.clock.advance(10.0)
        else:
            with pytest.raises(AlreadyPressed):
                await confirming
    assert len(world.relay.sent) == 1
    assert claim_states(world) == {QUESTION: ClaimState.ACCEPTED}


async def test_a_refused_request_may_be_confirmed_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """It was not billed."""
    world.relay.outcomes = [SubmitRefused(code=24, reason="no")]
    await process.presses.confirm_press(press(101), QUESTION, None, b"", FakePressFollowups())
    await world.clock.advance(1.0)
    assert claim_states(world) == {QUESTION: ClaimState.REFUSED}
    await process.presses.confirm_press(press(102), QUESTION, None, b"", FakePressFollowups(801))
    await world.clock.advance(1.0)
    assert sorted(claim_states(world).values()) == [ClaimState.ACCEPTED, ClaimState.REFUSED]


async def test_who_may_not_draw_is_refused(world: ServiceWorld, process: ServiceProcess) -> None:
    """Before the question, and at the answer if that changed meanwhile."""
    await asked(process, unconfirmed())
    world.store.rules.operator = OperatorRules(paused=True)
    for attempt in (
        process.presses.submit_press(unconfirmed(101), FakePressFollowups()),
        process.presses.confirm_press(press(102), QUESTION, None, b"", FakePressFollowups()),
    ):
        with pytest.raises(DrawingPaused):
            await attempt
    assert (world.relay.sent, world.store.claimed) == ([], {})


@pytest.mark.parametrize("kind", [RepeatUnconfirmed, PressUnrecorded])
async def test_one_question_asks_about_the_earlier_press_too(
    world: ServiceWorld, process: ServiceProcess, kind: type[MjbotError]
) -> None:
    """One answer to both is enough; without a high price it is only the one question."""
    if kind is RepeatUnconfirmed:
        old = START - timedelta(minutes=6)
        world.store.claimed = {
            7: a_claim(7, state=ClaimState.UNKNOWN, task_id=PARENT, button=get_claim_key(U2), made_at=old)
        }
        pressed = unconfirmed()
    else:
        pressed = unconfirmed(is_marked=True)
    needed = await asked(process, pressed)
    assert isinstance(needed.earlier, kind)
    assert needed.price == Decimal("0.8")
    with pytest.raises(kind):
        await process.presses.submit_press(replace(pressed, is_price_confirmed=True), FakePressFollowups())
    assert world.relay.sent == []
    both = replace(pressed, is_price_confirmed=True, is_confirmed=True)
    await process.presses.confirm_press(both, QUESTION, None, b"", FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1


async def test_a_confirmed_request_whose_answer_was_lost_is_not_sent_again(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The question is answered for good."""
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout")]
    await process.presses.confirm_press(press(101), QUESTION, None, b"", FakePressFollowups())
    await world.clock.advance(1.0)
    with pytest.raises(AnswerLost):
        await process.presses.confirm_press(press(102), QUESTION, None, b"", FakePressFollowups(801))
    assert len(world.relay.sent) == 1
