"""Claims: one submit per press across people and processes, within the limits."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.entities import Claim, ClaimState, Person
from bot.errors import (
    ActionUnsupported,
    AlreadyClaimed,
    AlreadyPressed,
    AnswerLost,
    CooldownActive,
    DailyLimitReached,
    ModalNotSent,
    NotTheRequester,
    ParentBusy,
    PersonNotAllowed,
    RelayBusy,
    RelayError,
    RepeatUnconfirmed,
    RequesterUnknown,
    ServerNotAllowed,
    StoreUnavailable,
    SubmitOutcomeUnknown,
)
from bot.midjourney.submit_response import SubmitResponse
from bot.policy.rules import Spender, SpendingPolicy
from bot.scene import JobEnding
from bot.store import SqlStore
from bot.submissions.claims import ClaimWriter
from bot.submissions.limit_warnings import LimitWarnings
from bot.tracking.task_supervisor import TaskSupervisor
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import CHILD, LIEN, MINH, PAN, PARENT, U2, V2, ZOOM, job, place
from tests.fakes.sample_rows import NOON
from tests.fakes.store import FakeStore
from tests.fakes.submissions import claim_states, press
from tests.worlds.services import LONG_LEASE, ServiceProcess, ServiceWorld

NO_ACTION = ActionUnsupported("unknown_action", lasting=True)
PRESS = Claim(id=100, person_id=1, guild_id=6, message_id=700, task_id="5", button="v2", made_at=NOON)
MEMBER = Spender(1, 6)


def rules(store: SqlStore | FakeStore, **limits: int) -> ClaimWriter:
    given = {"daily_submits_per_person": 30, "daily_submits": 500, **limits}
    admission = SpendingPolicy(
        allowed_guilds=(6,),
        allowed_users=(),
        application_owners=(),
        press_policy="anyone",
        cooldown=timedelta(minutes=1),
        daily_submits_per_person=given["daily_submits_per_person"],
        daily_submits=given["daily_submits"],
    )
    return ClaimWriter(store, admission, lambda _: None, now=lambda: NOON, warnings=LimitWarnings(TaskSupervisor()))


async def pressed(store: SqlStore | FakeStore, claim: Claim = PRESS, *, submits: int = 2) -> None:
    await store.create_claim(claim, lambda _: None)
    await store.settle_claim(claim.id, ClaimState.ACCEPTED, "9001", submits=submits)


@pytest.mark.parametrize("limits", [{"daily_submits_per_person": 2}, {"daily_submits": 2}, {}])
async def test_modal_within_the_limit_is_allowed(store: SqlStore | FakeStore, limits: dict[str, int]) -> None:
    """However recent its press was; nothing is written for it."""
    await pressed(store)
    await rules(store, **limits).check_modal_limits(PRESS, MEMBER)
    assert await store.find_claim(0) is None
    assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == []


@pytest.mark.parametrize(
    ("limits", "whose"),
    [({"daily_submits_per_person": 1}, "person"), ({"daily_submits": 1}, "everyone"), ({"daily_submits": 3}, None)],
)
async def test_modal_beyond_the_limit_is_refused(
    store: SqlStore | FakeStore, limits: dict[str, int], whose: str | None
) -> None:
    """Claims that others have written meanwhile count too."""
    await pressed(store)
    if whose is None:
        await pressed(store, replace(PRESS, id=101, person_id=2, message_id=701))
        whose = "everyone"
    with pytest.raises(ModalNotSent) as told:
        await rules(store, **limits).check_modal_limits(PRESS, MEMBER)
    assert isinstance(told.value.refused, DailyLimitReached)
    assert told.value.refused.whose == whose


async def test_double_click_is_sent_once(world: ServiceWorld, process: ServiceProcess) -> None:
    """Two interactions of one person within 3 s, at the same moment or not, whatever the cooldown."""
    world.relay.submit_seconds = 10.0
    clicks = [process.presses.submit_press(press(n), FakePressFollowups(700 + n)) for n in (100, 101, 102)]
    results = await asyncio.gather(*clicks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), AlreadyClaimed, AlreadyClaimed]
    await world.clock.advance(2.9)
    with pytest.raises(AlreadyClaimed):
        await process.presses.submit_press(press(103), FakePressFollowups())
    await world.clock.advance(5.0)
    with pytest.raises(AlreadyClaimed):
        await process.presses.submit_press(press(104), FakePressFollowups())
    await world.clock.advance(10.0)
    assert len(world.relay.sent) == 1


async def test_claimed_interaction_is_not_claimed_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """However its claim ended: another process may have handled it."""
    world.relay.outcomes = [RelayBusy("23")]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(60.0)
    with pytest.raises(AlreadyClaimed):
        await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    assert len(world.relay.sent) == 1


@pytest.mark.parametrize("button", [U2, V2])
async def test_two_people_who_press_the_same_button_pay_once(
    world: ServiceWorld, process: ServiceProcess, button: str
) -> None:
    """The second gets the child's link, while the submit is on its way and until the child has ended."""
    world.relay.submit_seconds = 10.0
    both = [process.presses.submit_press(press(100, LIEN, button), FakePressFollowups())]
    both.append(process.presses.submit_press(press(101, MINH, button), FakePressFollowups(801)))
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert first is None
    assert isinstance(second, AlreadyPressed)
    for _ in range(2):
        with pytest.raises(AlreadyPressed) as pressed:
            await process.presses.submit_press(press(102, MINH, button), FakePressFollowups(802))
        assert (pressed.value.link, pressed.value.finished) == (place(800).link, False)
        await world.clock.advance(20.0)
    assert len(world.relay.sent) == 1


async def test_two_people_who_press_at_the_same_moment_pay_once(world: ServiceWorld, process: ServiceProcess) -> None:
    """With a slow store too: the second press is checked after the first has its claim."""
    slow_down_claims(world)
    world.relay.submit_seconds = 10.0
    people = [Person(n, "a member") for n in range(1, 6)]
    clicks = [
        process.presses.submit_press(press(100 + one.id, one), FakePressFollowups(800 + one.id)) for one in people
    ]
    results = await world.clock.run_until(asyncio.gather(*clicks, return_exceptions=True))
    assert [type(result) for result in results] == [type(None), *[AlreadyPressed] * 4]
    assert len(world.relay.sent) == 1


def slow_down_claims(world: ServiceWorld) -> None:
    """Delay the writing of claims in the store."""
    claims, claim = world.store.list_claims, world.store.create_claim

    async def slowly(*given: Any, **more: Any) -> Any:  # noqa: ANN401 - one for both
        await world.clock.sleep(0.1)
        return await (claims if len(given) == 1 else claim)(*given, **more)

    world.store.list_claims = slowly  # type: ignore[method-assign]
    world.store.create_claim = slowly  # type: ignore[method-assign]


async def test_two_people_who_press_in_two_processes_pay_once(world: ServiceWorld) -> None:
    """During a deploy both processes run on one store, and only the store can tell."""
    world.relay.submit_seconds = 10.0
    async with world.process() as old, world.process() as new:
        slow_down_claims(world)
        clicks = [old.presses.submit_press(press(100, LIEN), FakePressFollowups(800))]
        clicks.append(new.presses.submit_press(press(101, MINH), FakePressFollowups(801)))
        results = await world.clock.run_until(asyncio.gather(*clicks, return_exceptions=True))
        await world.clock.advance(20.0)
    assert [type(result) for result in results] == [type(None), AlreadyPressed]
    assert len(world.relay.sent) == 1


async def test_press_accepted_between_the_look_and_the_claim_is_paid_once(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """The second person gets the link of the first press, and the second claim is released."""
    world.relay.submit_seconds = 2.0
    marks = world.store.find_pressed_buttons

    async def slowly(task_id: str) -> Any:  # noqa: ANN401
        found = await marks(task_id)
        world.store.find_pressed_buttons = marks  # type: ignore[method-assign]
        await world.clock.sleep(3.0)
        return found

    await process.presses.submit_press(press(100), FakePressFollowups())
    world.store.find_pressed_buttons = slowly  # type: ignore[method-assign]
    with pytest.raises(AlreadyPressed) as pressed:
        await world.clock.run_until(process.presses.submit_press(press(101, MINH), FakePressFollowups(801)))
    assert (pressed.value.link, pressed.value.finished) == (place(800).link, False)
    await world.clock.advance(1.0)
    assert claim_states(world) == {100: "accepted", 101: "refused"}
    assert len(world.relay.sent) == 1


async def test_claim_is_released_if_the_look_after_it_fails(world: ServiceWorld, process: ServiceProcess) -> None:
    """Nothing was sent, so it blocks no other press."""
    claim = world.store.create_claim

    async def claim_and_go(*given: Any, **more: Any) -> None:  # noqa: ANN401
        await claim(*given, **more)
        world.store.down = True

    world.store.create_claim = claim_and_go  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(), FakePressFollowups())
    world.store.jobs = {800: job(800, CHILD)}
    world.store.down = False
    with pytest.raises(StoreUnavailable):
        await process.presses.answer_modal(press(101, task_id=CHILD), "a", FakePressFollowups())
    world.store.down = False
    await world.clock.advance(10.0)
    assert claim_states(world) == {100: "refused", 101: "refused"}
    assert world.relay.sent == []


@pytest.mark.parametrize("seconds", [6 * 60.0, 86_400.0, -6 * 60.0, -86_400.0])
@pytest.mark.parametrize("beside", [False, True])
async def test_clock_that_is_set_while_a_request_is_on_its_way_lets_no_second_one_through(
    world: ServiceWorld, process: ServiceProcess, seconds: float, *, beside: bool
) -> None:
    """Neither in the same process nor in one beside it, which may see expired leases for a while."""
    world.relay.submit_seconds = 60.0
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(1.0)
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(world.process(beside=True)) if beside else process
        await world.clock.advance(6.0)
        world.clock.step(seconds)
        for number, after in enumerate((0.1, 6.0, 20.0, 25.0)):
            await world.clock.advance(after)
            with pytest.raises(AlreadyPressed):
                await other.presses.submit_press(press(101 + number, MINH), FakePressFollowups(801))
        await world.clock.advance(20.0)
    assert claim_states(world) == {100: "accepted"}
    assert len(world.relay.sent) == 1


SLOW_CHAINS: dict[str, tuple[str, list[SubmitResponse | RelayError]]] = {
    "busy parent": (U2, [ParentBusy("wait"), ParentBusy("wait"), ACCEPTED]),
    "fallback of a busy parent": (V2, [ParentBusy("wait"), ParentBusy("wait"), NO_ACTION, ACCEPTED]),
    "fallback that is busy": (U2, [NO_ACTION, ParentBusy("wait"), ParentBusy("wait"), ACCEPTED]),
}


@pytest.mark.parametrize("chain", SLOW_CHAINS)
async def test_chain_of_slow_tries_blocks_its_button_until_it_ends(
    world: ServiceWorld, process: ServiceProcess, chain: str
) -> None:
    """A relay that takes 85 s for each answer, and another person's press every 38 s, to the sixth minute."""
    button, world.relay.outcomes = SLOW_CHAINS[chain][0], list(SLOW_CHAINS[chain][1])
    world.relay.submit_seconds = 85.0
    await process.presses.submit_press(press(button=button), FakePressFollowups())
    for number in range(9):
        await world.clock.advance(38.0)
        with pytest.raises(AlreadyPressed) as told:
            await process.presses.submit_press(press(101 + number, MINH, button), FakePressFollowups(801))
        assert told.value.link == place(800).link
    await world.clock.advance(120.0)
    assert claim_states(world) == {100: "accepted"}
    assert len(world.relay.accepted) == 1


LOST_PRESSES = {"U2": (U2, None), "V2": (V2, None), "Custom Zoom": (ZOOM, "a fox --zoom 2")}


@pytest.mark.parametrize("name", LOST_PRESSES)
async def test_press_whose_answer_was_lost_blocks_its_button_until_a_person_confirms(
    world: ServiceWorld, name: str
) -> None:
    """For five minutes it only says so, then it asks the person who presses; a confirmed press is sent once."""
    world.lease = LONG_LEASE
    button, prompt = LOST_PRESSES[name]
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout")]
    async with world.process() as process:
        presses = process.presses
        await presses.submit_press(press(100, button=button), FakePressFollowups(), prompt=prompt)
        await world.clock.advance(299.0)
        for confirmed in (False, True):
            again = replace(press(101, MINH, button), is_confirmed=confirmed)
            with pytest.raises(AnswerLost) as early:
                await presses.submit_press(again, FakePressFollowups(801), prompt=prompt)
            assert early.value.again_at == world.clock.now() + timedelta(seconds=1)
        for seconds in (1.0, 86_400.0):
            await world.clock.advance(seconds)
            with pytest.raises(RepeatUnconfirmed) as question:
                await presses.submit_press(press(102, MINH, button), FakePressFollowups(801), prompt=prompt)
            assert (question.value.link, question.value.own) == (place(800).link, False)
        assert len(world.relay.sent) == 1
        world.relay.submit_seconds = 10.0
        await presses.submit_press(
            replace(press(103, MINH, button), is_confirmed=True), FakePressFollowups(802), prompt=prompt
        )
        with pytest.raises(AlreadyPressed):
            await presses.submit_press(
                replace(press(104, LIEN, button), is_confirmed=True), FakePressFollowups(803), prompt=prompt
            )
        await world.clock.advance(30.0)
        assert claim_states(world) == {100: "unknown", 103: "accepted"}
        assert len(world.relay.sent) == 2


@pytest.mark.parametrize("ends", [ClaimState.ACCEPTED, ClaimState.REFUSED])
async def test_press_that_is_recovered_asks_no_question(
    world: ServiceWorld, process: ServiceProcess, ends: ClaimState
) -> None:
    """An accepted one answers the next press with its link; one that was not billed is forgotten."""
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout")]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(400.0)
    await world.store.settle_claim(100, ends, CHILD if ends is ClaimState.ACCEPTED else "")
    world.store.jobs[800] = job(800, CHILD, claim_id=100)
    world.store.closed.discard(800)
    if ends is ClaimState.ACCEPTED:
        with pytest.raises(AlreadyPressed):
            await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
    else:
        await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
        await world.clock.advance(1.0)
    assert len(world.relay.sent) == (1 if ends is ClaimState.ACCEPTED else 2)


@pytest.mark.parametrize("down_seconds", [1.0, 20.0, 400.0])
async def test_claim_whose_commit_was_not_answered_is_not_left_behind(
    world: ServiceWorld, process: ServiceProcess, down_seconds: float
) -> None:
    """The store wrote it and said that it is away: the press is refused, and works once the store is back."""
    create_claim = world.store.create_claim

    async def write_and_fail(*given: Any, **more: Any) -> None:  # noqa: ANN401
        await create_claim(*given, **more)
        world.store.down = True
        raise StoreUnavailable

    world.store.create_claim = write_and_fail  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(down_seconds)
    world.store.create_claim, world.store.down = create_claim, False  # type: ignore[method-assign]
    await world.clock.advance(6.0)
    assert claim_states(world) == {100: "refused"}
    await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
    await world.clock.advance(1.0)
    assert claim_states(world) == {100: "refused", 101: "accepted"}


async def test_claim_whose_work_broke_is_unknown(world: ServiceWorld, process: ServiceProcess) -> None:
    """A programming error leaves nothing in flight: the message ends, and the button asks after five minutes."""
    world.relay.outcomes = [ZeroDivisionError("ours")]  # type: ignore[list-item]
    await process.presses.submit_press(press(), FakePressFollowups())
    await world.clock.advance(200.0)
    assert claim_states(world) == {100: "unknown"}
    assert world.editor.endings(800)[-1] is JobEnding.ANSWER_LOST
    with pytest.raises(AnswerLost):
        await process.presses.submit_press(press(101, MINH), FakePressFollowups(801))
    await world.clock.advance(101.0)
    with pytest.raises(RepeatUnconfirmed):
        await process.presses.submit_press(press(102, MINH), FakePressFollowups(802))


@pytest.mark.parametrize(
    ("rules", "spender", "refusal"),
    [
        ({"allowed_guilds": (1,)}, {}, ServerNotAllowed),
        ({}, {"guild_id": 0}, PersonNotAllowed),
        ({"press_policy": "requester"}, {"requester_id": 9}, NotTheRequester),
        ({"press_policy": "requester"}, {"requester_id": 0}, RequesterUnknown),
        ({"daily_submits_per_person": 0}, {}, DailyLimitReached),
        ({"daily_submits": 0}, {}, DailyLimitReached),
    ],
)
async def test_person_who_may_not_spend_writes_no_claim(
    world: ServiceWorld, rules: dict[str, Any], spender: dict[str, Any], refusal: type[Exception]
) -> None:
    """Neither with a button nor with a modal."""
    world.allow(**rules)
    world.store.jobs = {} if "requester_id" in spender else {800: job(800, CHILD)}
    async with world.process() as process:
        with pytest.raises(refusal):
            await process.presses.submit_press(press(**spender), FakePressFollowups())
        with pytest.raises(refusal):
            await process.presses.answer_modal(press(101, task_id=CHILD, **spender), "a prompt", FakePressFollowups())
    assert claim_states(world) == {}
    assert world.relay.sent == []


async def test_requester_is_read_from_the_store_first(world: ServiceWorld) -> None:
    """If Discord tells no requester, or another one, the row decides."""
    world.allow(press_policy="requester")
    world.store.jobs = {700: job(700, PARENT)}
    async with world.process() as process:
        await process.presses.submit_press(press(requester_id=0), FakePressFollowups())
        with pytest.raises(NotTheRequester):
            await process.presses.submit_press(press(101, MINH, requester_id=MINH.id), FakePressFollowups(801))


async def test_daily_limit_counts_accepted_and_unknown_submits(world: ServiceWorld) -> None:
    """The cooldown applies after a refusal too, as it also spares the relay."""
    world.lease = LONG_LEASE
    world.allow(daily_submits_per_person=2, cooldown=timedelta(seconds=3))
    world.relay.outcomes = [SubmitOutcomeUnknown("timeout"), RelayBusy("23"), ACCEPTED]
    async with world.process() as process:
        await process.presses.submit_press(press(100, button=V2), FakePressFollowups(801))
        await world.clock.advance(1.0)
        with pytest.raises(CooldownActive):
            await process.presses.submit_press(press(101, button=PAN), FakePressFollowups(802))
        await world.clock.advance(2.0)
        await process.presses.submit_press(press(102, button=PAN), FakePressFollowups(803))
        await world.clock.advance(0.1)
        with pytest.raises(CooldownActive):
            await process.presses.submit_press(press(103, button=U2), FakePressFollowups(804))
        await world.clock.advance(3.0)
        await process.presses.submit_press(press(103, button=U2), FakePressFollowups(804))
        await world.clock.advance(4.0)
        with pytest.raises(DailyLimitReached):
            await process.presses.submit_press(press(104, button=ZOOM), FakePressFollowups(805))
        await world.clock.advance(24 * 3600.0)
        await process.presses.submit_press(press(105, button=ZOOM), FakePressFollowups(806))
    assert claim_states(world) == {100: "unknown", 102: "refused", 103: "accepted", 105: "accepted"}


@pytest.mark.parametrize("minutes", [-4300, 71, 75, 1440, 525_600])
@pytest.mark.parametrize("button", [U2, V2, PAN])
async def test_setting_the_systems_time_frees_no_button_whose_child_is_drawn(
    world: ServiceWorld, process: ServiceProcess, button: str, minutes: int
) -> None:
    """The child's watch goes on, however far the time was set."""
    await process.presses.submit_press(press(100, LIEN, button), FakePressFollowups())
    await world.clock.advance(12.0)
    world.clock.step(minutes * 60)
    await world.clock.advance(60.0)
    for number, person in ((101, LIEN), (102, MINH)):
        with pytest.raises(AlreadyPressed):
            await process.presses.submit_press(press(number, person, button), FakePressFollowups(801))
    assert len(world.relay.sent) == 1
    assert set(world.editor.endings(800)) == {None}
