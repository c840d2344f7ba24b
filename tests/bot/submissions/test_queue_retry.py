"""Requests that wait for room in the queue, or for their parent."""

import asyncio
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import pytest

from bot.entities import Block, LimitSetting, OperatorRules, Period, ServerRules
from bot.errors import (
    ActionUnsupported,
    AlreadyPressed,
    ChannelNotAllowed,
    ClaimLost,
    DrawingPaused,
    MjbotError,
    ParentBusy,
    PersonBlocked,
    QueueFull,
    RelayBusy,
    RelayError,
    RoleDenied,
    SubmitOutcomeUnknown,
    WordBlocked,
)
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Button, Status
from bot.scene import RetryReason, SubmitRetry
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import CHILD, LIEN, MINH, PARENT, V2, job, task
from tests.fakes.submissions import claim_states, command, imagine, press
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


@dataclass(frozen=True)
class NewRule:
    """A rule that is set while a request waits, and the refusal that it leads to."""

    refusal: type[MjbotError]
    operator: OperatorRules = field(default_factory=OperatorRules)
    server: ServerRules = field(default_factory=ServerRules)
    block: Block | None = None

    def set(self, world: ServiceWorld) -> None:
        rules = world.store.rules
        rules.operator, rules.servers[6] = self.operator, self.server
        if self.block:
            rules.blocks[self.block.guild_id, self.block.person_id] = self.block


NEW_RULES = [
    NewRule(DrawingPaused, operator=OperatorRules(paused=True)),
    NewRule(DrawingPaused, server=ServerRules(paused=True)),
    NewRule(PersonBlocked, block=Block(guild_id=6, person_id=LIEN.id)),
    NewRule(PersonBlocked, block=Block(guild_id=0, person_id=LIEN.id)),
    NewRule(RoleDenied, server=ServerRules(denied_roles=frozenset({9}))),
    NewRule(ChannelNotAllowed, server=ServerRules(allowed_channels=frozenset({1}))),
    NewRule(WordBlocked, server=ServerRules(blocked_words=("lighthouse",))),
]


@pytest.mark.parametrize("rule", NEW_RULES, ids=lambda rule: rule.refusal.__name__)
@pytest.mark.parametrize("is_press", [True, False], ids=["press", "command"])
async def test_request_that_waits_keeps_to_rules_set_meanwhile(
    world: ServiceWorld, process: ServiceProcess, rule: NewRule, *, is_press: bool
) -> None:
    """It is refused unsent, and the person is told why; limits that were set meanwhile let it pass."""
    world.relay.outcomes = [QueueFull(), ACCEPTED]
    followups = FakePressFollowups()
    spender: dict[str, Any] = {"role_ids": (9,), "channel_ids": (5,)}
    if is_press:
        await process.presses.submit_press(press(button=V2, **spender), followups)
    else:
        await process.commands.submit_command(command(**spender), imagine(), followups)
    await world.clock.advance(5.0)
    rule.set(world)
    await world.clock.advance(60.0)
    assert len(world.relay.sent) == 1
    assert claim_states(world) == {100: "refused"}
    assert [type(error) for error in followups.refused] == [rule.refusal]


@pytest.mark.parametrize("limits", [(), (LimitSetting(period=Period.DAY, tasks=1),)])
async def test_request_that_waits_is_counted_once(
    world: ServiceWorld, process: ServiceProcess, limits: tuple[LimitSetting, ...]
) -> None:
    """Its own claim counts against a limit already, and the cooldown after it does not hold for itself."""
    world.relay.outcomes = [QueueFull(), ACCEPTED]
    world.store.rules.servers[6] = ServerRules(member_limits=limits)
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(60.0)
    assert (claim_states(world), followups.refused) == ({100: "accepted"}, [])


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


@pytest.mark.parametrize("error", [ParentBusy("wait"), QueueFull("23")])
async def test_press_that_waits_is_refused_as_soon_as_its_process_stops(
    world: ServiceWorld, process: ServiceProcess, error: RelayError
) -> None:
    """Nothing was accepted: it is told at once, while Discord and the database still have time, and not sent again."""
    world.relay.outcomes = [error] * 99
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await world.clock.advance(10.0)
    await process.supervisor.cancel_ordinary_work()
    await world.clock.settle()
    assert claim_states(world) == {100: "refused"}
    assert (followups.refused, len(world.relay.sent)) == ([error], 1)


async def test_press_that_is_refused_after_its_process_stops_does_not_wait(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    world.relay.outcomes = [ParentBusy("wait")] * 99
    world.relay.submit_seconds = 2.0
    followups = FakePressFollowups()
    await process.presses.submit_press(press(), followups)
    await process.supervisor.cancel_ordinary_work()
    await world.clock.advance(2.0)
    assert claim_states(world) == {100: "refused"}
    assert [type(error) for error in followups.refused] == [ParentBusy]
    assert len(world.relay.sent) == 1


@pytest.mark.parametrize(
    ("hanging", "told"),
    [
        (("jobs", "messages", "show_waiting"), ParentBusy),
        (("store", "verify_claim"), ClaimLost),
    ],
)
async def test_press_without_a_request_on_its_way_is_refused_when_its_process_stops(
    world: ServiceWorld, monkeypatch: pytest.MonkeyPatch, hanging: tuple[str, ...], told: type[MjbotError]
) -> None:
    """It waits at that moment for the database, or for a message that Discord doesn't let it edit."""

    async def hang(*_: object) -> None:
        await world.clock.sleep(3600.0)

    world.relay.outcomes = [ParentBusy("wait")] * 99
    followups = FakePressFollowups()
    async with world.process() as process:
        *owners, name = hanging
        owner = reduce(getattr, owners, process)
        monkeypatch.setattr(owner, name, hang)
        await process.presses.submit_press(press(), followups)
        await world.clock.advance(20.0)
    assert claim_states(world) == {100: "refused"}
    assert [type(error) for error in followups.refused] == [told]
    assert len(world.relay.sent) == (told is ParentBusy)


async def test_fallback_that_fetches_its_picture_is_refused_when_its_process_stops(
    world: ServiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button's own request was refused, and the fallback's is not sent yet."""
    fetching = asyncio.Event()

    async def hang(*_: object, **__: object) -> Picture:
        fetching.set()
        raise await asyncio.Future[Exception]()

    monkeypatch.setattr(world.pictures, "fetch", hang)
    animate = "MJ::JOB::animate_high::1::aa::SOLO"
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS, buttons=(Button(custom_id=animate),))
    world.relay.outcomes = [ActionUnsupported("unknown_action", lasting=True)]
    followups = FakePressFollowups()
    async with world.process() as process:
        await process.presses.submit_press(press(button=animate), followups)
        await fetching.wait()
    assert claim_states(world) == {100: "refused"}
    assert [type(error) for error in followups.refused] == [ClaimLost]


async def test_modal_that_was_not_sent_can_be_sent_again(world: ServiceWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process stopped while it waited for the database."""
    world.store.jobs = {800: job(800, CHILD)}
    world.relay.set(task(CHILD, Status.MODAL))

    async def hang(*_: object) -> None:
        await world.clock.sleep(3600.0)

    async with world.process() as process:
        with monkeypatch.context() as patched:
            patched.setattr(world.store, "verify_claim", hang)
            await process.presses.answer_modal(press(101, task_id=CHILD), "a prompt", FakePressFollowups())
            await world.clock.advance(5.0)
            await process.supervisor.stop_all(last_seconds=0)
    assert claim_states(world) == {101: "refused"}
    assert world.relay.sent == []
    assert not world.store.jobs[800].form_sent


async def test_press_whose_request_is_on_its_way_stays_unknown_when_its_process_stops(world: ServiceWorld) -> None:
    world.relay.submit_seconds = 60.0
    followups = FakePressFollowups()
    async with world.process() as process:
        await process.presses.submit_press(press(), followups)
        await world.clock.advance(20.0)
    async with world.process():
        await world.clock.settle()
        assert claim_states(world) == {100: "unknown"}
    assert followups.refused == []
