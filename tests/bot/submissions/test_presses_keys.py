"""A button has two keys, the relay's and the bot's: it is claimed, marked and paid for once."""

from dataclasses import replace
from typing import Any

import pytest

from bot.entities import PressedButton
from bot.errors import AlreadyPressed, MjbotError
from bot.midjourney.buttons import find_button, find_marks, get_claim_key, hash_custom_id, resolve_action
from bot.midjourney.task import Button, ButtonsKey, Status, Task
from bot.submissions.claims import Press
from bot.tracking.offered_buttons import build_offered_buttons
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.sample_entities import CHILD, LIEN, MINH, PARENT, task
from tests.fakes.submissions import press
from tests.worlds.services import ServiceProcess, ServiceWorld

ID = "0f3e6a52-6d6a-4c7a-9b53-0123456789ab"
LINES = "1\ufe0f\u20e3 a fox\n\n2\ufe0f\u20e3 two foxes"
OFFERED = {
    "U2": "MJ::JOB::upsample::2",
    "V3": "MJ::JOB::variation::3",
    "reroll": "MJ::JOB::reroll::0",
    "line": "MJ::Job::PromptAnalyzer::2",
}
OWN = {
    "U2": f"MJ::JOB::upsample::2::{ID}",
    "V3": f"MJ::JOB::variation::3::{ID}",
    "reroll": f"MJ::JOB::reroll::0::{ID}::SOLO",
    "line": f"MJ::Job::PromptAnalyzer::2::{ID}",
}
ORDERS = pytest.mark.parametrize("order", ["offered first", "own first"])
PAIRS = pytest.mark.parametrize("name", OWN)


def parent(name: str, *, own: bool) -> Task:
    """Make a finished task with the relay's own buttons, or with those that the bot offers."""
    more: dict[str, Any] = (
        {"action": "SHORTEN", "properties": {"finalPrompt": LINES}} if name == "line" else {"action": "IMAGINE"}
    )
    bare = task(status=Status.SUCCESS, buttons=None, **more)
    bare = bare.model_copy(update={"buttons": build_offered_buttons(bare)})
    buttons = tuple(Button(custom_id=one) for one in OWN.values())
    return bare.model_copy(update={"buttons": buttons, "buttons_key": ButtonsKey.ARRAY}) if own else bare


def have(world: ServiceWorld, name: str, *, own: bool) -> None:
    """Let the store and the relay know the parent so."""
    world.store.snapshots[PARENT] = parent(name, own=own)
    world.relay.set(world.store.snapshots[PARENT])


def pressed(name: str, number: int, *, own: bool) -> Press:
    person = (LIEN, MINH)[number]
    return replace(press(100 + number, person), button_key=hash_custom_id((OWN if own else OFFERED)[name]))


async def second(process: ServiceProcess, press: Press) -> MjbotError | None:
    try:
        await process.presses.submit_press(press, FakePressFollowups(801))
    except MjbotError as error:
        return error
    return None


@pytest.mark.parametrize("text", [finished for name in OWN for finished in parent(name, own=False).buttons], ids=str)
def test_offered_button_has_its_own_claim_key(text: Button) -> None:
    """An earlier claim of it is found, even if the relay's own buttons have other names."""
    assert get_claim_key(text.custom_id) == hash_custom_id(text.custom_id)
    assert {get_claim_key(f"{text.custom_id}{more}") for more in (f"::{ID}", f"::{ID}::SOLO")} == {
        hash_custom_id(text.custom_id)
    }


@pytest.mark.parametrize(
    "custom_id",
    [
        f"MJ::JOB::upsample_v6_2x_subtle::1::{ID}::SOLO",
        f"MJ::JOB::high_variation::1::{ID}::SOLO",
        f"MJ::JOB::video_virtual_upscale::2::{ID}",
        f"MJ::Inpaint::1::{ID}::SOLO",
        "MJ::Picread::Retry",
        "MJ::Job::PromptAnalyzer",
        f"MJ::JOB::upsample::9::{ID}",
        "MJ::Something::else",
    ],
)
def test_button_that_is_never_offered_keeps_its_key(custom_id: str) -> None:
    """A clip is not a picture, and describing again is not one of the description's lines."""
    assert get_claim_key(custom_id) == hash_custom_id(custom_id)


@PAIRS
def test_button_is_found_by_either_key(name: str) -> None:
    """A message that was posted with one key finds the other; its own comes first."""
    own, offered = Button(custom_id=OWN[name]), Button(custom_id=OFFERED[name], offered=True)
    assert find_button((own,), hash_custom_id(offered.custom_id)) == own
    assert find_button((offered, own), hash_custom_id(own.custom_id)) == own
    assert find_button((own, offered), hash_custom_id(offered.custom_id)) == offered
    assert find_button((offered,), hash_custom_id(own.custom_id)) is None
    assert resolve_action(own.custom_id) == resolve_action(offered.custom_id)


def test_marks_of_earlier_versions_count() -> None:
    """They are stored under the relay's own key; newer ones come first."""
    old, new = PressedButton("1", "", is_finished=True), PressedButton("2", "", is_finished=False)
    own, offered = OWN["U2"], OFFERED["U2"]
    assert find_marks(own, {hash_custom_id(own): old}) == (old,)
    assert find_marks(own, {hash_custom_id(own): old, hash_custom_id(offered): new}) == (new, old)
    assert (
        find_marks(offered, {hash_custom_id(offered): new}) == find_marks(own, {hash_custom_id(offered): new}) == (new,)
    )
    assert find_marks(own, {hash_custom_id(OWN["V3"]): old}) == ()


@PAIRS
@ORDERS
async def test_presses_of_both_buttons_at_the_same_moment_are_sent_once(name: str, order: str) -> None:
    """By two people, below two messages of one task."""
    world, offered_first = ServiceWorld(), order == "offered first"
    have(world, name, own=not offered_first)
    world.relay.submit_seconds = 5.0
    async with world.process() as process:
        await process.presses.submit_press(pressed(name, 0, own=not offered_first), FakePressFollowups())
        await world.clock.advance(1.0)
        have(world, name, own=offered_first)
        refused = await second(process, pressed(name, 1, own=offered_first))
        await world.clock.advance(30.0)
    assert isinstance(refused, AlreadyPressed)
    assert len(world.relay.accepted) == 1


@PAIRS
@ORDERS
async def test_presses_of_both_buttons_while_the_child_is_drawn_are_sent_once(name: str, order: str) -> None:
    """The second person gets the link of the first one's message."""
    world, offered_first = ServiceWorld(), order == "offered first"
    have(world, name, own=not offered_first)
    world.relay.set(task(CHILD, progress=10))
    async with world.process() as process:
        await process.presses.submit_press(pressed(name, 0, own=not offered_first), FakePressFollowups())
        await world.clock.advance(20.0)
        have(world, name, own=offered_first)
        refused = await second(process, pressed(name, 1, own=offered_first))
        await world.clock.advance(5.0)
    assert isinstance(refused, AlreadyPressed)
    assert refused.link == world.store.jobs[800].place.link
    assert len(world.relay.accepted) == 1


@ORDERS
@pytest.mark.parametrize(("name", "paid"), [("U2", 1), ("V3", 2)])
async def test_second_press_is_paid_only_if_it_brings_a_new_picture(name: str, paid: int, order: str) -> None:
    """The second U2 would be the same picture."""
    world, offered_first = ServiceWorld(), order == "offered first"
    have(world, name, own=not offered_first)
    world.relay.set(task(CHILD, Status.SUCCESS))
    async with world.process() as process:
        await process.presses.submit_press(pressed(name, 0, own=not offered_first), FakePressFollowups())
        await world.clock.advance(100.0)
        have(world, name, own=offered_first)
        await second(process, pressed(name, 1, own=offered_first))
        await world.clock.advance(5.0)
    assert len(world.relay.accepted) == paid


async def test_press_claimed_by_an_earlier_version_is_not_paid_again() -> None:
    """Its claim has the relay's own key; it is found by either button."""
    world = ServiceWorld()
    have(world, "U2", own=True)
    world.relay.set(task(CHILD, Status.SUCCESS))
    async with world.process() as process:
        await process.presses.submit_press(pressed("U2", 0, own=True), FakePressFollowups())
        await world.clock.advance(100.0)
        world.store.claimed[100] = replace(world.store.claimed[100], button=hash_custom_id(OWN["U2"]))
        for own in (True, False):
            assert isinstance(await second(process, pressed("U2", 1, own=own)), AlreadyPressed)
    assert len(world.relay.accepted) == 1


async def test_offered_button_presses_the_relays_own_button_if_there_is_one() -> None:
    """By the snapshot alone: the relay is not asked."""
    world = ServiceWorld()
    have(world, "V3", own=True)
    async with world.process() as process:
        await process.presses.submit_press(pressed("V3", 0, own=False), FakePressFollowups())
        await world.clock.advance(1.0)
    assert [(one.kind, one.words) for one in world.relay.sent] == [("action", (PARENT, OWN["V3"]))]
