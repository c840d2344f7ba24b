"""Creations: what is sent, what is refused before anything is claimed, and what a full queue does."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.entities import Claim, ClaimState
from bot.errors import (
    AlreadyClaimed,
    BalanceExhausted,
    ClaimLost,
    CooldownActive,
    DailyLimitReached,
    PersonNotAllowed,
    PictureGone,
    PlaceGone,
    PromptBanned,
    QueueFull,
    RelayBusy,
    RelayError,
    ServerNotAllowed,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    UploadTypeUnsupported,
)
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Status
from bot.relay.requests import Imagine
from bot.scene import JobEnding, RetryReason, SubmitRetry
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.attachment import FakePictureInput
from tests.fakes.sample_entities import CHILD, LIEN, MINH, task
from tests.fakes.submissions import ASKS_FOR_MODAL, QUEUED, claim_states, command, imagine
from tests.worlds.services import ServiceProcess, ServiceWorld


@pytest.fixture
def world() -> ServiceWorld:
    """A relay that draws what it is asked for at once."""
    world = ServiceWorld()
    world.relay.set(task(CHILD, progress=10))
    return world


async def test_command_is_sent_once_and_followed_in_its_own_answer(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The message says "Sending" before the relay has replied, and lives to the task's end."""
    world.relay.submit_seconds = 40.0
    followups = FakePressFollowups()
    await process.commands.submit_command(command(), imagine(), followups)
    assert followups.opened == [""]
    claim = world.store.claimed[100]
    assert (claim.message_id, claim.task_id, claim.state) == (0, "", "submitting")
    assert claim.button.startswith("imagine:")
    assert world.store.jobs[800].task_id == ""
    await world.clock.advance(41.0)
    world.relay.set(task(CHILD, Status.SUCCESS))
    await world.clock.advance(40.0)
    assert world.relay.orders == [Imagine(prompt="a lighthouse --ar 3:2")]
    assert [(one.kind, one.state) for one in world.relay.sent] == [("imagine", "mjbot:100")]
    assert claim_states(world) == {100: "accepted"}
    assert world.store.claimed[100].child_id == CHILD
    scenes = world.editor.scenes_of(800)
    assert [scene.task and scene.task.status for scene in scenes] == ["", "IN_PROGRESS", "SUCCESS"]
    assert scenes[0].task is not None
    assert scenes[0].task.shown_prompt == "a lighthouse --ar 3:2"
    assert followups.refused == []


async def test_pictures_are_sent_in_their_order(world: ServiceWorld, process: ServiceProcess) -> None:
    """Each is downloaded once, checked, and sent unchanged if possible."""
    given = FakePictureInput("one.png"), FakePictureInput("two.png")
    await process.commands.submit_command(command(), imagine("these two", *given), FakePressFollowups())
    await world.clock.advance(1.0)
    (order,) = world.relay.orders
    assert isinstance(order, Imagine)
    assert order.pictures == (await given[0].read(), await given[1].read())


REFUSED: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"guild_id": 9}, ServerNotAllowed),
    ({"guild_id": 0}, PersonNotAllowed),
]


@pytest.mark.parametrize(("spender", "error"), REFUSED)
async def test_pictures_are_not_downloaded_for_a_person_who_may_not_spend(
    world: ServiceWorld, process: ServiceProcess, spender: dict[str, Any], error: type[Exception]
) -> None:
    """The policy is checked before any work, and before any claim."""
    given, followups = FakePictureInput(), FakePressFollowups()
    with pytest.raises(error):
        await process.commands.submit_command(command(**spender), imagine("this", given), followups)
    assert (given.asked, followups.opened, claim_states(world), world.relay.sent) == (0, [], {}, [])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (FakePictureInput(data=b"%PDF-1.7"), UploadTypeUnsupported),
        (FakePictureInput(failure=PictureGone("https://cdn.test/a.png")), PictureGone),
    ],
)
async def test_unusable_picture_is_refused_before_the_claim(
    world: ServiceWorld, process: ServiceProcess, given: FakePictureInput, error: type[Exception]
) -> None:
    """Nothing is claimed, shown or sent."""
    followups = FakePressFollowups()
    with pytest.raises(error):
        await process.commands.submit_command(command(), imagine("this", FakePictureInput(), given), followups)
    assert (followups.opened, claim_states(world), world.relay.sent) == ([], {}, [])


@dataclass
class SlowPictureInput(FakePictureInput):
    """A picture whose download waits for `come`."""

    come: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> bytes:
        """Wait for `come`, then download."""
        await self.come.wait()
        return await super().read()


async def test_slow_pictures_of_one_person_do_not_delay_others(world: ServiceWorld, process: ServiceProcess) -> None:
    """One person's commands are read one at a time, so that other people get their turn."""
    slow = SlowPictureInput()
    commands = [
        asyncio.ensure_future(
            process.commands.submit_command(
                command(number), imagine(f"this {number}", slow), FakePressFollowups(number)
            )
        )
        for number in range(100, 120)
    ]
    await world.clock.advance(0.1)
    await process.commands.submit_command(
        command(200, MINH), imagine("that", FakePictureInput()), FakePressFollowups(900)
    )
    assert [*claim_states(world)] == [200]
    slow.come.set()
    await asyncio.gather(*commands)
    await world.clock.advance(5.0)
    assert {*claim_states(world)} == {200, *range(100, 120)}


async def test_daily_limit_applies_to_commands(world: ServiceWorld) -> None:
    """The limit is checked with the claim, so nothing is shown or sent."""
    world.allow(daily_submits_per_person=1)
    async with world.process() as process:
        await process.commands.submit_command(command(), imagine(), FakePressFollowups())
        await world.clock.advance(10.0)
        followups = FakePressFollowups()
        with pytest.raises(DailyLimitReached):
            await process.commands.submit_command(command(101), imagine(), followups)
        await process.commands.submit_command(command(102, MINH), imagine(), FakePressFollowups(child=801))
        await world.clock.advance(1.0)
    assert followups.opened == []
    assert [sent.state for sent in world.relay.sent] == ["mjbot:100", "mjbot:102"]


@pytest.mark.parametrize(
    ("limits", "spender", "error"),
    [
        ({"daily_submits_per_person": 1}, {}, DailyLimitReached),
        ({"daily_submits": 1}, {"person": MINH}, DailyLimitReached),
        ({"daily_submits_per_person": 0}, {"person": MINH}, DailyLimitReached),
        ({"cooldown": timedelta(minutes=5)}, {}, CooldownActive),
    ],
)
async def test_pictures_are_not_downloaded_for_a_person_without_requests_left(
    world: ServiceWorld, limits: dict[str, Any], spender: dict[str, Any], error: type[Exception]
) -> None:
    """Slow links of such a person keep no other person from uploading; the claim checks the limits again."""
    world.store.claimed = {
        50: Claim(
            id=50, person_id=LIEN.id, guild_id=6, message_id=0, task_id="", button="imagine:1",
            made_at=world.clock.now(), state=ClaimState.ACCEPTED, child_id=CHILD,
        )
    }  # fmt: skip
    world.allow(**limits)
    given = FakePictureInput()
    async with world.process() as process:
        with pytest.raises(error):
            await process.commands.submit_command(command(101, **spender), imagine("this", given), FakePressFollowups())
    assert given.asked == 0


async def test_one_interaction_is_sent_once(world: ServiceWorld, process: ServiceProcess) -> None:
    """Discord may deliver it twice, to this process or to another."""
    await process.commands.submit_command(command(), imagine(), FakePressFollowups())
    with pytest.raises(AlreadyClaimed):
        await process.commands.submit_command(command(), imagine(), FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1


async def test_equal_commands_within_seconds_are_sent_once(world: ServiceWorld, process: ServiceProcess) -> None:
    """Another prompt, or another picture, makes another command."""
    for number, asked in enumerate((imagine(), imagine("a fox"), imagine("a fox", FakePictureInput()))):
        await process.commands.submit_command(command(100 + number), asked, FakePressFollowups(number))
    with pytest.raises(AlreadyClaimed):
        await process.commands.submit_command(command(200), imagine("a fox"), FakePressFollowups())
    await world.clock.advance(4.0)
    await process.commands.submit_command(command(201), imagine("a fox"), FakePressFollowups(9))
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 4


@pytest.mark.parametrize("failure", [PlaceGone(), StoreUnavailable()])
async def test_claim_is_released_if_the_message_fails(
    world: ServiceWorld, process: ServiceProcess, failure: Exception
) -> None:
    """Without its message no request is sent."""
    with pytest.raises(type(failure)):
        await process.commands.submit_command(command(), imagine(), FakePressFollowups(failure=failure))
    await world.clock.advance(1.0)
    assert claim_states(world) == {100: "refused"}
    assert (world.relay.sent, world.store.jobs) == ([], {})


@pytest.mark.parametrize("refused", [PromptBanned(word="blood"), RelayBusy("no account"), BalanceExhausted()])
async def test_refused_command_is_retracted(world: ServiceWorld, process: ServiceProcess, refused: RelayError) -> None:
    """Its claim counts as unbilled, and its row is closed; nothing is tried again."""
    world.relay.outcomes = [refused]
    followups = FakePressFollowups()
    await process.commands.submit_command(command(), imagine(), followups)
    await world.clock.advance(600.0)
    assert (followups.closed, followups.refused) == ([800], [refused])
    assert claim_states(world) == {100: "refused"}
    assert world.store.closed == {800}
    assert len(world.relay.sent) == 1


async def test_command_with_a_lost_answer_is_not_sent_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """The message says that the outcome is unknown."""
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout")]
    await process.commands.submit_command(command(), imagine(), FakePressFollowups())
    await world.clock.advance(600.0)
    assert claim_states(world) == {100: "unknown"}
    assert world.editor.endings(800) == [None, JobEnding.ANSWER_LOST]
    assert len(world.relay.sent) == 1


async def test_command_waits_for_room_in_the_queue_and_says_so(world: ServiceWorld, process: ServiceProcess) -> None:
    """Each pause is longer than the last, and the message says when the request is sent again."""
    world.relay.outcomes = [QueueFull(), QueueFull(), QUEUED]
    followups = FakePressFollowups()
    await process.commands.submit_command(command(), imagine(), followups)
    start = world.clock.now()
    await world.clock.advance(29.0)
    assert len(world.relay.sent) == 1
    (waiting,) = world.editor.scenes_of(800)
    assert waiting.phase == SubmitRetry(start + timedelta(seconds=30), RetryReason.QUEUE_FULL)
    assert waiting.task is not None
    assert waiting.task.shown_prompt == "a lighthouse --ar 3:2"
    await world.clock.advance(2.0)
    assert len(world.relay.sent) == 2
    await world.clock.advance(50.0)
    assert [sent.state for sent in world.relay.sent] == ["mjbot:100"] * 3
    assert claim_states(world) == {100: "accepted"}
    assert world.store.jobs[800].task_id == CHILD
    assert followups.refused == []


async def test_command_gives_up_a_full_queue_while_its_token_lives(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """After ten minutes at most the message is deleted, and nothing is paid."""
    world.relay.outcomes = [QueueFull("队列已满")] * 100
    followups = FakePressFollowups()
    await process.commands.submit_command(command(), imagine(), followups)
    await world.clock.advance(601.0)
    assert [type(error) for error in followups.refused] == [QueueFull]
    assert (followups.closed, claim_states(world), world.store.closed) == ([800], {100: "refused"}, {800})
    tries = len(world.relay.sent)
    assert 5 <= tries <= 9
    await world.clock.advance(600.0)
    assert len(world.relay.sent) == tries


async def test_command_whose_message_was_deleted_does_not_wait(world: ServiceWorld, process: ServiceProcess) -> None:
    """It ends unbilled."""
    world.relay.outcomes = [QueueFull()] * 3
    world.editor.broken[800] = PlaceGone()
    await process.commands.submit_command(command(), imagine(), FakePressFollowups())
    await world.clock.advance(600.0)
    assert len(world.relay.sent) == 1
    assert claim_states(world) == {100: "refused"}


async def test_claim_that_another_process_gave_up_is_not_sent(world: ServiceWorld, process: ServiceProcess) -> None:
    """Checked right before the submit, and again after each wait for room."""
    world.relay.outcomes = [QueueFull()] * 9
    followups = FakePressFollowups()
    await process.commands.submit_command(command(), imagine(), followups)
    await world.clock.advance(130.0)
    tries = len(world.relay.sent)
    await world.store.settle_claim(100, ClaimState.UNKNOWN)
    await world.clock.advance(300.0)
    assert [type(error) for error in followups.refused] == [ClaimLost]
    assert (len(world.relay.sent), followups.closed, claim_states(world)) == (tries, [800], {100: "refused"})


async def test_requester_of_a_slow_command_is_notified(world: ServiceWorld, process: ServiceProcess) -> None:
    """As with a press: it was paid for, and the requester may have left by then."""
    await process.commands.submit_command(command(), imagine(), FakePressFollowups())
    await world.clock.advance(40.0)
    world.relay.set(task(CHILD, Status.SUCCESS))
    await world.clock.advance(10.0)
    assert world.editor.notified == [(800, CHILD)]


async def test_command_that_waits_is_refused_when_its_process_stops(world: ServiceWorld) -> None:
    """Nothing was sent, which the next process could not know."""
    world.relay.outcomes = [QueueFull()] * 3
    followups = FakePressFollowups()
    async with world.process() as process:
        await process.commands.submit_command(command(), imagine(), followups)
        await world.clock.advance(10.0)
    assert (followups.closed, len(followups.refused)) == ([800], 1)
    assert (claim_states(world), world.store.closed) == ({100: "refused"}, {800})


@pytest.mark.parametrize(
    ("told", "status", "ahead"), [(QUEUED, Status.SUBMITTED, 2), (ASKS_FOR_MODAL, Status.MODAL, 0)]
)
async def test_queue_and_modal_are_shown_before_the_first_poll(
    world: ServiceWorld, process: ServiceProcess, told: SubmitResponse, status: Status, ahead: int
) -> None:
    """The submit's answer tells them."""
    world.relay.tasks.clear()
    world.relay.outcomes = [told]
    await process.commands.submit_command(command(), imagine(), FakePressFollowups())
    await world.clock.advance(1.0)
    first = world.editor.scenes_of(800)[0].task
    assert first is not None
    assert (first.status, first.properties.number_of_queues, first.action) == (status, ahead, "IMAGINE")


async def test_command_of_a_process_that_died_is_not_sent_again(world: ServiceWorld) -> None:
    """The process that takes over says that the outcome is unknown."""
    world.relay.submit_seconds = 60.0
    async with world.process() as process:
        await process.commands.submit_command(command(), imagine(), FakePressFollowups())
        await world.clock.advance(1.0)
    async with world.process():
        await world.clock.advance(30.0)
        assert claim_states(world) == {100: "unknown"}
        assert world.editor.endings(800) == [None, JobEnding.ANSWER_LOST]
        assert len(world.relay.sent) == 1


@pytest.mark.parametrize("further", [["9101"], ["9101", "9102", "9103"]])
@pytest.mark.parametrize("stops", [False, True])
async def test_every_task_of_one_command_is_followed_and_counted(
    world: ServiceWorld,
    further: list[str],
    stops: bool,  # noqa: FBT001
) -> None:
    """Each further task gets a message of its own, also where the process stops at once."""
    ids = [CHILD, *further]
    for task_id in ids:
        world.relay.set(task(task_id, Status.SUCCESS, progress=100))
    world.relay.outcomes = [SubmitResponse(code=1, result=CHILD, extra_task_ids=tuple(further))]
    async with world.process() as process:
        await process.commands.submit_command(command(), imagine(), FakePressFollowups())
        await world.clock.advance(0.01 if stops else 10.0)
    if stops:
        async with world.process():
            await world.clock.advance(150.0)
    shown = {one.job.task_id: one.job.id for one in world.editor.scenes if one.picture is not None}
    assert sorted(shown) == sorted(ids)
    assert len(set(shown.values())) == len(ids)
    assert world.store.claimed[100].submits == len(ids)
    assert (await world.store.find_usage(LIEN.id)).person_submits_today == len(ids)
    assert {origin.task_id for origin in await world.store.list_task_origins(ids)} == set(ids)
