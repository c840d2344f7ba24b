"""The speed that a person has chosen applies to presses, modals and commands, and never costs a second submit."""

from datetime import timedelta

import pytest

from bot.entities import ClaimState, PersonSettings
from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    NoAccountAvailable,
    RelayError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
)
from bot.midjourney.buttons import hash_custom_id
from bot.midjourney.capabilities import NO_ACCOUNT, NO_CHANNEL, SPEED_CAPABILITY
from bot.midjourney.prompts.parameters import Parameter
from bot.midjourney.prompts.prompt_builder import ImagineOptions
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Status
from bot.policy.rules import Spender
from bot.submissions.claims import Press
from bot.submissions.command_requests import CommandRequest, PersonDefaults, build_edit, build_imagine, build_shorten
from bot.submissions.commands import CommandInvocation
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.attachment import FakePictureInput
from tests.fakes.relay import ACCEPTED, Sent
from tests.fakes.sample_entities import CHILD, LIEN, PARENT, U2, V2, ZOOM, place, task, viewer
from tests.fakes.submissions import ASKS_FOR_MODAL
from tests.worlds.services import ServiceProcess, ServiceWorld

NO_PATH = ActionUnsupported("HTTP 404", lasting=True)


@pytest.fixture
def world() -> ServiceWorld:
    """A finished grid, of whose buttons Lien presses some; she has chosen the slow queue."""
    world = ServiceWorld()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    world.store.people[LIEN.id] = PersonSettings(speed=Speed.RELAX)
    world.relay.set(task(CHILD, progress=10))
    return world


def press(interaction_id: int = 100, button: str = U2) -> Press:
    spender = Spender(person_id=LIEN.id, guild_id=6, requester_id=LIEN.id)
    return Press(
        interaction_id=interaction_id,
        person=LIEN,
        spender=spender,
        viewer=viewer(),
        place=place(),
        task_id=PARENT,
        button_key=hash_custom_id(button),
    )


def creation() -> CommandInvocation:
    return CommandInvocation(interaction_id=100, person=LIEN, spender=Spender(person_id=LIEN.id, guild_id=6))


def state(world: ServiceWorld) -> ClaimState:
    return world.store.claimed[100].state


async def test_press_is_sent_at_the_chosen_speed(world: ServiceWorld, process: ServiceProcess) -> None:
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    assert world.relay.sent == [Sent("action", (PARENT, U2, "relax"), "mjbot:100")]


async def test_modal_is_sent_at_the_speed_of_its_press(world: ServiceWorld, process: ServiceProcess) -> None:
    world.relay.outcomes = [ASKS_FOR_MODAL]
    await process.presses.submit_press(press(button=ZOOM), FakePressFollowups(), prompt="a pig --zoom 2")
    await world.clock.advance(1.0)
    assert [(sent.kind, sent.words[-1]) for sent in world.relay.sent] == [("action", "relax"), ("modal", "relax")]


async def test_speed_in_the_prompt_takes_precedence(world: ServiceWorld, process: ServiceProcess) -> None:
    world.relay.outcomes = [ASKS_FOR_MODAL]
    await process.presses.submit_press(press(button=ZOOM), FakePressFollowups(), prompt="a pig --zoom 2 --fast")
    await world.clock.advance(1.0)
    assert not any("relax" in sent.words for sent in world.relay.sent)


async def test_relay_without_speed_paths_is_remembered(world: ServiceWorld, process: ServiceProcess) -> None:
    """The first answer said that nothing was accepted; the second press does not ask for the speed any more."""
    world.relay.outcomes = [NO_PATH, ACCEPTED, ACCEPTED]
    for number, button in ((100, U2), (101, V2)):
        await process.presses.submit_press(press(number, button), FakePressFollowups())
        await world.clock.advance(60.0)
    assert world.relay.sent == [
        Sent("action", (PARENT, U2, "relax"), "mjbot:100"),
        Sent("action", (PARENT, U2), "mjbot:100"),
        Sent("action", (PARENT, V2), "mjbot:101"),
    ]
    assert len(world.relay.accepted) == 2
    assert await world.store.find_missing_capabilities(world.clock.now()) == {SPEED_CAPABILITY: "HTTP 404"}


@pytest.mark.parametrize(("lasting", "believed"), [(False, timedelta(minutes=1)), (True, timedelta(days=1))])
async def test_speed_whose_channel_is_down_is_soon_tried_again(
    world: ServiceWorld, process: ServiceProcess, believed: timedelta, *, lasting: bool
) -> None:
    world.relay.outcomes = [ActionUnsupported("HTTP 503", lasting=lasting), ACCEPTED]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    later = world.clock.now() + believed
    assert SPEED_CAPABILITY in await world.store.find_missing_capabilities(later - timedelta(seconds=10))
    assert SPEED_CAPABILITY not in await world.store.find_missing_capabilities(later)


async def test_relay_that_lacks_the_button_is_not_remembered_as_lacking_the_speed(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    world.relay.outcomes = [ActionUnsupported("unknown_action", lasting=True)] * 2
    await process.presses.submit_press(press(button=ZOOM), FakePressFollowups())
    await world.clock.advance(60.0)
    assert SPEED_CAPABILITY not in await world.store.find_missing_capabilities(world.clock.now())
    assert await world.store.find_missing_capabilities(world.clock.now())
    assert world.relay.accepted == []


@pytest.mark.parametrize("answer", [SubmitOutcomeUnknown("a timeout"), BalanceExhausted("no credit")])
async def test_other_refusals_are_not_sent_again_without_the_speed(
    world: ServiceWorld, process: ServiceProcess, answer: SubmitOutcomeUnknown | BalanceExhausted
) -> None:
    world.relay.outcomes = [answer]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(600.0)
    assert len(world.relay.sent) == 1


async def test_speed_without_an_account_is_named_and_no_other_is_tried(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The relay's default may cost more than the speed that was chosen."""
    world.relay.outcomes = [NoAccountAvailable("3", retry_after=30.0)]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(600.0)
    (refused,) = followups.refused
    assert isinstance(refused, NoAccountAvailable)
    assert (refused.speed, refused.retry_after) == ("relax", 30.0)
    assert len(world.relay.sent) == 1


@pytest.mark.parametrize(("typed", "named"), [("", "relax"), (" --turbo", "turbo")])
async def test_speed_of_a_command_prompt_without_an_account_is_named(
    world: ServiceWorld, process: ServiceProcess, typed: str, named: str
) -> None:
    """A prompt carries its speed itself: the chosen one, or the one that was typed."""
    world.relay.outcomes = [NoAccountAvailable("3")]
    followups = FakePressFollowups()
    defaults = PersonDefaults(speed=Speed.RELAX)
    await process.commands.submit_command(
        creation(), build_imagine(ImagineOptions(prompt=f"a pig{typed}"), (), defaults), followups
    )
    await world.clock.advance(600.0)
    assert [getattr(refused, "speed", None) for refused in followups.refused] == [named]


async def test_speed_of_a_modal_prompt_without_an_account_is_named(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    world.relay.outcomes = [ASKS_FOR_MODAL, NoAccountAvailable("3")]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(button=ZOOM), followups, prompt="a pig --zoom 2 --fast")
    await world.clock.advance(600.0)
    assert [getattr(refused, "speed", None) for refused in followups.refused] == ["fast"]


async def test_lost_answer_without_the_speed_is_not_sent_a_third_time(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    world.relay.outcomes = [NO_PATH, SubmitOutcomeUnknown("a timeout")]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(600.0)
    assert len(world.relay.sent) == 2
    assert state(world) is ClaimState.UNKNOWN
    assert await world.store.find_missing_capabilities(world.clock.now()) == {}


DOWN = ActionUnsupported("no channel for it", lasting=False)


@pytest.mark.parametrize(
    ("outcomes", "noted"),
    [
        ([NoAccountAvailable("3")], {NO_ACCOUNT: "3"}),
        ([NO_PATH, NoAccountAvailable("3")], {NO_ACCOUNT: "3"}),
        ([DOWN, DOWN], {NO_CHANNEL: "no channel for it"}),
        ([NO_PATH, DOWN], {NO_CHANNEL: "no channel for it"}),
        ([DOWN, ACCEPTED], {}),
        ([BalanceExhausted("no credit")], {}),
    ],
)
async def test_missing_account_or_channel_is_remembered_for_an_hour(
    world: ServiceWorld, process: ServiceProcess, outcomes: list[SubmitResponse | RelayError], noted: dict[str, str]
) -> None:
    """With its time, for the operator's check; all processes read it from the store."""
    world.relay.outcomes = outcomes
    sent_at = world.clock.now()
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    refused = {
        what: reason
        for what, reason in (await world.store.find_missing_capabilities(world.clock.now())).items()
        if what != SPEED_CAPABILITY
    }
    assert refused == noted
    for what in noted:
        assert await world.store.find_refusal_time(what, world.clock.now()) == sent_at
    await world.clock.advance(3600.0)
    assert not set(noted) & set(await world.store.find_missing_capabilities(world.clock.now()))


async def test_shortage_that_cannot_be_saved_changes_no_answer(
    world: ServiceWorld, process: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(process.store, "save_missing_capability", refuse)
    world.relay.outcomes = [NoAccountAvailable("3")]
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(600.0)
    assert [type(refused) for refused in followups.refused] == [NoAccountAvailable]


@pytest.mark.parametrize("wish", [build_shorten("a pig"), build_edit(FakePictureInput(), "a hat")])
async def test_command_without_parameters_is_sent_at_the_chosen_speed(
    world: ServiceWorld, process: ServiceProcess, wish: CommandRequest
) -> None:
    await process.commands.submit_command(creation(), wish, FakePressFollowups())
    await world.clock.advance(1.0)
    assert world.relay.sent[0].words[-1] == "relax"


async def test_speed_typed_in_a_command_takes_precedence(world: ServiceWorld, process: ServiceProcess) -> None:
    """A typed speed takes precedence over the chosen one."""
    await process.commands.submit_command(
        creation(), build_edit(FakePictureInput(), "a hat --turbo"), FakePressFollowups()
    )
    await world.clock.advance(1.0)
    assert "relax" not in world.relay.sent[0].words


async def test_command_without_a_chosen_speed_uses_the_default(world: ServiceWorld, process: ServiceProcess) -> None:
    world.store.people.clear()
    await process.commands.submit_command(creation(), build_edit(FakePictureInput(), "a hat"), FakePressFollowups())
    await world.clock.advance(1.0)
    assert not {*Speed} & {*world.relay.sent[0].words}


async def test_imagine_has_the_speed_once_in_its_prompt(world: ServiceWorld, process: ServiceProcess) -> None:
    defaults = PersonDefaults((Parameter("ar", "3:2"),), Speed.RELAX)
    await process.commands.submit_command(
        creation(), build_imagine(ImagineOptions(prompt="a pig"), (), defaults), FakePressFollowups()
    )
    await world.clock.advance(1.0)
    assert world.relay.sent == [Sent("imagine", ("MID_JOURNEY", "a pig --ar 3:2 --relax"), "mjbot:100")]
