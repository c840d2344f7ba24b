"""What became of a submit whose answer was lost: followed, known to be unpaid, or unknown; and nothing is sent."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.entities import Claim, ClaimState
from bot.errors import (
    ActionUnsupported,
    AlreadyPressed,
    AnswerLost,
    KeyRefused,
    PlaceGone,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    RepeatUnconfirmed,
    SubmitOutcomeUnknown,
)
from bot.midjourney.buttons import get_claim_key
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Status, Task
from bot.recovery.lost_answers import LATE_SEARCH_SECONDS, SEARCH_SECONDS
from bot.recovery.submit_lookup import MAX_CANDIDATES
from bot.relay.account_rate_limiter import MAX_CALLS
from bot.relay.billing_log import BillingRow
from bot.scene import AnswerSearch, JobEnding, Scene
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.clock import START
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import CHILD, MINH, PARENT, U2, V2, job, place, task, viewer
from tests.fakes.submissions import claim_states, command, imagine, press
from tests.worlds.services import ServiceProcess, ServiceWorld

EARLIER, ELSE = "8001", "8002"
"""The child of an earlier request of ours; and the task of another application that has the same key."""
AGO = timedelta(hours=1)
CODE_5 = SubmitOutcomeUnknown("do_request_failed", answered=True)
TIMEOUT = SubmitOutcomeUnknown("no answer (TimeoutError)")


def row(task_id: str, model: str = "mj_upscale", **changes: object) -> BillingRow:
    given = BillingRow(billed_at=START + timedelta(seconds=2), model=model, quota=25000, task_id=task_id)
    return replace(given, **changes)  # type: ignore[arg-type]


PROOF = row(EARLIER, "mj_imagine", billed_at=START - AGO)


def foreign(task_id: str, at: datetime = START) -> Task:
    """Return a task of another application, and when it says that it was submitted."""
    return task(task_id, state="mjbot:77", submitTime=int(at.timestamp() * 1000))


def accepted(world: ServiceWorld, number: int, ago: timedelta, child_id: str, **changes: object) -> None:
    """Let the store know of one more command that was accepted so long ago."""
    known = replace(world.store.claimed[1], id=number, button=f"imagine:{number}", made_at=START - ago)
    world.store.claimed[number] = replace(known, child_id=child_id, **changes)  # type: ignore[arg-type]


def interaction_id(at: datetime) -> int:
    """Return an id of Discord's of that time."""
    return int((at - datetime(2015, 1, 1, tzinfo=UTC)).total_seconds() * 1000) << 22


def use_discords_ids(world: ServiceWorld) -> int:
    """Give the earlier claim the id of its time; return the one of a press now, by Discord's clock."""
    earlier = replace(world.store.claimed[1], id=interaction_id(START - AGO))
    world.store.claimed = {1: earlier}
    world.relay.set(task(EARLIER, Status.SUCCESS, state=earlier.tag))
    return interaction_id(START)


@pytest.fixture
def world() -> ServiceWorld:
    """A finished grid, an earlier request that was accepted, and a relay whose log shows it."""
    world = ServiceWorld()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    earlier = Claim(id=1, person_id=9, guild_id=6, message_id=0, task_id="", button="imagine:0", made_at=START - AGO)
    world.store.claimed = {1: replace(earlier, state=ClaimState.ACCEPTED, child_id=EARLIER)}
    world.relay.billed = [PROOF]
    world.relay.set(task(EARLIER, Status.SUCCESS, state="mjbot:1"))
    return world


async def lose(
    world: ServiceWorld,
    process: ServiceProcess,
    error: SubmitOutcomeUnknown = CODE_5,
    *,
    creates: bool = False,
    number: int = 100,
) -> None:
    """Press U2, or give a command, and lose the answer."""
    world.relay.outcomes = [error]
    if creates:
        await process.commands.submit_command(command(number), imagine(), FakePressFollowups())
    else:
        await process.presses.submit_press(press(number), FakePressFollowups())
    await world.clock.advance(1.0)


def shown(scene: Scene) -> object:
    return "looking" if isinstance(scene.phase, AnswerSearch) else scene.ending or (scene.task and scene.task.status)


def seen(world: ServiceWorld) -> list[object]:
    """Return what the message said, in order."""
    return [shown(scene) for scene in world.editor.scenes_of(800)]


@pytest.mark.parametrize("creates", [False, True])
async def test_a_submit_without_a_row_in_the_log_is_marked_as_unbilled(world: ServiceWorld, creates: bool) -> None:  # noqa: FBT001
    """Half a minute after the answer, and after two readings, as the log of a fork may lag.

    The button is free again, and the submit does not count for the daily limit.
    """
    world.allow(daily_submits_per_person=1)
    async with world.process() as process:
        await lose(world, process, creates=creates)
        assert seen(world) == ["looking"]
        assert claim_states(world)[100] == "unknown"
        await world.clock.advance(30.0)
        assert (seen(world), claim_states(world)[100]) == (["looking"], "unknown")
        await world.clock.advance(2.0)
        assert seen(world) == ["looking", JobEnding.NOT_BILLED]
        assert claim_states(world)[100] == "refused"
        assert world.store.closed == {800}
        await process.presses.submit_press(press(101), FakePressFollowups(801))
        await world.clock.advance(1.0)
        assert claim_states(world)[101] == "accepted"
    assert world.relay.asked("log") == [5.0, 32.0]


async def test_a_submit_without_an_answer_is_judged_after_ninety_seconds(world: ServiceWorld) -> None:
    """Until then the relay may still be working on it."""
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
        await world.clock.advance(88.0)
        assert claim_states(world)[100] == "unknown"
        await world.clock.advance(5.0)
        assert claim_states(world)[100] == "refused"
    assert seen(world) == ["looking", JobEnding.NOT_BILLED]
    assert len(world.relay.asked("log")) <= 4


async def test_a_row_that_is_written_late_is_found(world: ServiceWorld) -> None:
    """The relay was still working when the log was first read."""
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
        await world.clock.advance(60.0)
        assert isinstance(world.relay.billed, list)
        world.relay.billed.append(row(CHILD, billed_at=START + timedelta(seconds=61)))
        world.relay.set(task(CHILD, progress=10, state="mjbot:100"))
        await world.clock.advance(40.0)
    assert claim_states(world)[100] == "accepted"


@pytest.mark.parametrize("error", [CODE_5, TIMEOUT])
@pytest.mark.parametrize("creates", [False, True])
async def test_the_task_with_the_claims_tag_is_followed(
    world: ServiceWorld, error: SubmitOutcomeUnknown, *, creates: bool
) -> None:
    """Its claim is accepted, and its message shows the task."""
    world.relay.billed = [
        PROOF,
        row(ELSE, "mj_imagine"),
        row(ELSE),
        row(CHILD, "mj_imagine" if creates else "mj_upscale"),
    ]
    world.relay.set(task(ELSE, state="another's"))
    world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
    async with world.process() as process:
        await lose(world, process, error, creates=creates)
        await world.clock.advance(10.0)
        assert claim_states(world)[100] == "accepted"
        assert world.store.claimed[100].child_id == CHILD
        assert world.store.jobs[800].task_id == CHILD
        world.relay.set(task(CHILD, Status.SUCCESS, state="mjbot:100"))
        await world.clock.advance(10.0)
    assert (seen(world)[0], seen(world)[-1]) == ("looking", Status.SUCCESS)
    assert world.store.closed == {800}
    assert len(world.relay.sent) == 1


async def test_a_task_with_an_empty_state_is_fetched_again(world: ServiceWorld) -> None:
    """new-api gives an empty state until its first poll; the polls of a fork may be two minutes apart."""
    world.relay.billed = [PROOF, row(CHILD)]
    world.relay.set(task(CHILD, Status.FRESH))
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(150.0)
        assert (claim_states(world)[100], seen(world)) == ("unknown", ["looking"])
        world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
        await world.clock.advance(40.0)
        assert claim_states(world)[100] == "accepted"
    assert world.relay.asked("log") == [5.0, 32.0, 92.0, 180.0]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(ELSE)], id="a task whose state is not known"),
        pytest.param([row("8009")], id="a task that cannot be fetched"),
        # new-api bills a code 21 "exists", which it makes a code 1, under the id of the task that exists already:
        # neither an earlier claim's child nor a task with another state was made by this row.
        pytest.param([row(EARLIER)], id="another claim's task, long after that claim"),
        pytest.param([row("8004")], id="another state, of a task made long before"),
        pytest.param([row("8003"), row("8003")], id="another state, billed twice"),
        pytest.param([row(ELSE, billed_at=START - timedelta(minutes=19))], id="by a clock that is behind"),
        pytest.param(
            [row(ELSE, billed_at=START + timedelta(minutes=29))], id="by a clock that is ahead, after a long wait"
        ),
        pytest.param([row("")], id="a row without a task"),
        pytest.param([row(ELSE, "mj_fast_upscale")], id="a reseller's own name"),
        pytest.param([row(str(n)) for n in range(7000, 7001 + MAX_CANDIDATES)], id="more than are fetched"),
    ],
)
async def test_a_row_that_may_be_the_lost_submits_keeps_the_claim_unknown(
    world: ServiceWorld, rows: list[BillingRow]
) -> None:
    """The submit may have been charged, so the search ends without a result."""
    world.relay.billed = [PROOF, *rows]
    world.relay.set(task(ELSE))
    world.relay.set(foreign("8003"))
    world.relay.set(foreign("8004", at=START - timedelta(minutes=2)))
    for number in range(7000, 7000 + MAX_CANDIDATES):
        world.relay.set(foreign(str(number)))
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert (claim_states(world)[100], seen(world)) == ("unknown", ["looking", JobEnding.ANSWER_LOST])
    assert world.store.closed == {800}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(ELSE, "mj_imagine")], id="another model"),
        pytest.param([row("", "mj_upload")], id="another model, without a task"),
        pytest.param([row("", "gpt-4o")], id="no Midjourney"),
        pytest.param([row(ELSE, billed_at=START - timedelta(minutes=21))], id="earlier"),
        pytest.param([row(ELSE, billed_at=START + timedelta(minutes=31))], id="later"),
        pytest.param([row("8003")], id="another state, of a task made then"),
        pytest.param([row("8005")], id="another claim's task, at the time of that"),
    ],
)
async def test_rows_of_other_applications_are_ignored(world: ServiceWorld, rows: list[BillingRow]) -> None:
    world.relay.billed = [PROOF, *rows]
    number = use_discords_ids(world)
    world.relay.set(task(ELSE))
    world.relay.set(foreign("8003"))
    if rows[0].task_id == "8005":
        accepted(world, 2, timedelta(minutes=4), "8005")
        world.relay.billed[1:] = [replace(rows[0], billed_at=START - timedelta(minutes=4))]
    async with world.process() as process:
        await lose(world, process, number=number)
        await world.clock.advance(32.0)
    assert claim_states(world)[number] == "refused"


@pytest.mark.parametrize(
    "billed",
    [
        pytest.param([], id="empty, as of 2025"),
        pytest.param([row("8003", billed_at=START - AGO)], id="of others"),
        pytest.param([replace(PROOF, billed_at=START - 2 * AGO)], id="by another clock"),
        pytest.param(RelayUnreachable("a page"), id="unreachable"),
        pytest.param(KeyRefused("Invalid token"), id="refused"),
    ],
)
async def test_a_log_without_rows_of_known_claims_proves_nothing(
    world: ServiceWorld, billed: list[BillingRow] | RelayError
) -> None:
    """The claim stays unknown."""
    world.relay.billed = billed
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert (claim_states(world)[100], seen(world)) == ("unknown", ["looking", JobEnding.ANSWER_LOST])


async def test_a_log_without_rows_of_known_claims_can_still_show_the_task(world: ServiceWorld) -> None:
    """With a new database: the tag is proof enough."""
    world.store.claimed = {}
    world.relay.billed = [row(CHILD)]
    world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(5.0)
        assert claim_states(world) == {100: "accepted"}


async def test_claims_after_the_lost_one_alone_prove_nothing(world: ServiceWorld) -> None:
    """The log may have been switched on after the lost submit."""
    world.relay.billed = [row(EARLIER)]
    world.store.claimed[1] = replace(world.store.claimed[1], made_at=START + timedelta(seconds=1))
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert claim_states(world)[100] == "unknown"


async def test_a_task_is_found_in_the_list_of_midjourney_proxy(world: ServiceWorld) -> None:
    """It has no log."""
    world.relay.billed, world.relay.has_tasks = ServiceWorld().relay.billed, True
    world.relay.set(task(ELSE, state="mjbot:1000"))
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
        await world.clock.advance(21.0)
        assert seen(world) == ["looking"]
        world.relay.set(task(CHILD, Status.SUCCESS, state="mjbot:100"))
        await world.clock.advance(30.0)
    assert (claim_states(world)[100], seen(world)[-1]) == ("accepted", Status.SUCCESS)


async def test_a_task_that_midjourney_proxy_does_not_list_stays_unknown(world: ServiceWorld) -> None:
    """Midjourney may have it nevertheless: the proxy forgets its tasks when it restarts."""
    world.relay.billed, world.relay.has_tasks = RelayError("no log"), True
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert (claim_states(world)[100], seen(world)[-1]) == ("unknown", JobEnding.ANSWER_LOST)


async def test_a_relay_without_log_and_list_is_not_asked_again(world: ServiceWorld) -> None:
    """The message says at once that the submit may have been accepted."""
    world.relay.billed = ServiceWorld().relay.billed
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(5.0)
        assert seen(world) == ["looking", JobEnding.ANSWER_LOST]
        world.relay.outcomes = [CODE_5]
        await process.presses.submit_press(press(101, button=V2), FakePressFollowups(801))
        await world.clock.advance(1.0)
        assert [shown(scene) for scene in world.editor.scenes_of(801)] == [JobEnding.ANSWER_LOST]
    assert (len(world.relay.asked("log")), len(world.relay.asked("tasks"))) == (1, 1)


async def test_a_relay_that_was_down_is_asked_again(world: ServiceWorld) -> None:
    """Its crash may be why the answer was lost."""
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
        world.relay.failure = RelayUnreachable("down")
        await world.clock.advance(SEARCH_SECONDS[-1] + 10)
        assert seen(world) == ["looking"]
        world.relay.failure = None
        await world.clock.advance(80.0)
    assert (claim_states(world)[100], seen(world)[-1]) == ("refused", JobEnding.NOT_BILLED)


async def test_a_429_delays_the_next_reading_of_the_log(world: ServiceWorld) -> None:
    world.relay.billed = RelayBusy("", retry_after=170.0)
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(120.0)
        assert world.relay.asked("log") == [5.0]
        world.relay.billed = [PROOF]
        await world.clock.advance(90.0)
    assert (world.relay.asked("log"), claim_states(world)[100]) == ([5.0, 180.0, 205.0], "refused")


async def test_a_used_up_request_limit_leaves_the_claim_unknown(world: ServiceWorld) -> None:
    """The relay allows twenty requests in twenty minutes for the usage and the log together."""
    world.allow(daily_submits=500)
    async with world.process() as process:
        while process.calls.try_acquire():
            pass
        await lose(world, process)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert (claim_states(world)[100], seen(world)[-1]) == ("unknown", JobEnding.ANSWER_LOST)
    assert world.relay.asked("log") == []


async def test_many_searches_share_readings_of_the_log(world: ServiceWorld) -> None:
    """A crash of the relay loses the answers of all submits on their way."""
    world.store.claimed |= {
        n: Claim(id=n, person_id=1, guild_id=6, message_id=0, task_id="", button=f"imagine:{n}", made_at=START)
        for n in range(50, 80)
    }
    world.store.jobs = {n: job(n, "", claim_id=n) for n in range(50, 80)}
    world.store.owners = world.store.submitters = dict.fromkeys(range(50, 80), "dead")
    world.relay.billed = [PROOF, row(CHILD, "mj_imagine")]
    world.relay.set(task(CHILD, progress=10, state="mjbot:66"))
    async with world.process():
        await world.clock.advance(100.0)
    assert len(world.relay.asked("log")) <= 5 < MAX_CALLS
    assert {state for n, state in claim_states(world).items() if n not in {1, 66}} == {"refused"}
    assert claim_states(world)[66] == "accepted"


async def test_a_submit_of_a_killed_process_is_found_after_the_next_start(world: ServiceWorld) -> None:
    world.relay.submit_seconds = 60.0
    world.relay.billed = [PROOF, row(CHILD)]
    async with world.process() as process:
        await process.presses.submit_press(press(), FakePressFollowups())
        await world.clock.advance(1.0)
    world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
    async with world.process():
        await world.clock.advance(6.0)
        assert claim_states(world)[100] == "accepted"
        world.relay.set(task(CHILD, Status.SUCCESS, state="mjbot:100"))
        await world.clock.advance(10.0)
    assert (seen(world)[0], seen(world)[-1]) == ("looking", Status.SUCCESS)
    assert len(world.relay.sent) == 1


async def test_a_search_of_a_killed_process_is_repeated_by_the_next_one(world: ServiceWorld) -> None:
    world.relay.billed = [PROOF, row(ELSE)]
    world.relay.set(task(ELSE))
    for _ in range(2):
        async with world.process() as process:
            if not world.store.claimed.get(100):
                await lose(world, process)
            await world.clock.advance(30.0)
            assert seen(world)[-1] == "looking"
    async with world.process():
        world.relay.set(foreign(ELSE))
        await world.clock.advance(100.0)
    assert (claim_states(world)[100], seen(world)[-1]) == ("refused", JobEnding.NOT_BILLED)
    assert world.store.closed == {800}


async def test_a_task_that_mjstatus_finds_ends_the_search(world: ServiceWorld) -> None:
    """Its claim is accepted, and the message follows the task."""
    world.relay.billed = RelayError("no log")
    world.relay.has_tasks = False
    world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
    async with world.process() as process:
        await lose(world, process)
        await world.clock.run_until(process.jobs.fetch_task(CHILD, viewer()))
        await world.clock.advance(21.0)
        assert world.store.jobs[800].task_id == CHILD
    assert seen(world)[-1] is Status.IN_PROGRESS


async def test_a_search_waits_for_an_unavailable_store(world: ServiceWorld) -> None:
    """At any moment; the claim and the message still come to their end."""
    async with world.process() as process:
        await lose(world, process)
        world.store.down = True
        await world.clock.advance(60.0)
        world.store.down = False
        await world.clock.advance(60.0)
    assert (claim_states(world)[100], seen(world)[-1]) == ("refused", JobEnding.NOT_BILLED)


async def test_the_task_of_a_deleted_message_is_searched_too(world: ServiceWorld) -> None:
    """The claim counts for the button and the daily limit."""
    world.editor.broken = {800: PlaceGone()}
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(32.0)
    assert claim_states(world)[100] == "refused"
    assert world.store.closed == {800}


async def test_a_second_press_is_refused_with_the_state_of_the_first(world: ServiceWorld) -> None:
    """The answer names the first message, and when the button is free."""
    world.relay.billed = ServiceWorld().relay.billed
    async with world.process() as process:
        await lose(world, process)
        for seconds in (3.0, 30.0):
            await world.clock.advance(seconds)
            with pytest.raises(AnswerLost) as mine:
                await process.presses.submit_press(press(101), FakePressFollowups(801))
            assert (mine.value.link, mine.value.own) == (place(800).link, True)
            assert mine.value.again_at == START + timedelta(minutes=5)
            with pytest.raises(AnswerLost) as others:
                await process.presses.submit_press(press(102, MINH), FakePressFollowups(801))
            assert (others.value.link, others.value.own) == (place(800).link, False)
        await world.clock.advance(300.0)
        with pytest.raises(RepeatUnconfirmed) as question:
            await process.presses.submit_press(press(103), FakePressFollowups(801))
        assert (question.value.link, question.value.own) == (place(800).link, True)
        await process.presses.submit_press(replace(press(104), is_confirmed=True), FakePressFollowups(801))
        await world.clock.advance(1.0)
    assert claim_states(world)[104] == "accepted"


async def test_a_second_command_is_refused_with_the_state_of_the_first(world: ServiceWorld) -> None:
    """Only within seconds after the same words."""
    async with world.process() as process:
        await lose(world, process, creates=True)
        with pytest.raises(AnswerLost) as told:
            await process.commands.submit_command(
                replace(command(), interaction_id=101), imagine(), FakePressFollowups(801)
            )
        assert told.value.again_at == START + timedelta(seconds=3)


async def test_a_region_whose_answer_was_lost_cannot_be_confirmed_again(world: ServiceWorld) -> None:
    """Unless it turns out to be unbilled."""
    world.relay.outcomes = [TIMEOUT]
    async with world.process() as process:
        await process.presses.confirm_press(press(), 900, "a prompt", b"mask", FakePressFollowups())
        await world.clock.advance(20.0)
        with pytest.raises(AnswerLost) as told:
            await process.presses.confirm_press(press(), 900, "a prompt", b"mask", FakePressFollowups(801))
        assert (told.value.again_at, told.value.own) == (None, True)
        await world.clock.advance(100.0)
        world.relay.outcomes = [ACCEPTED]
        await process.presses.confirm_press(press(), 900, "a prompt", b"mask", FakePressFollowups(801))
        await world.clock.advance(5.0)
        with pytest.raises(AlreadyPressed):
            await process.presses.confirm_press(press(), 900, "a prompt", b"mask", FakePressFollowups(802))


async def test_the_task_of_an_accepted_submit_without_an_id_is_searched(world: ServiceWorld) -> None:
    """Code 1 with the result null is billed, but its row names no task."""
    world.relay.billed = [PROOF, row("")]
    async with world.process() as process:
        await lose(world, process, SubmitOutcomeUnknown("code 1", answered=True))
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert claim_states(world)[100] == "unknown"


ASKS = SubmitResponse(code=21, description="Waiting for window confirm", result=CHILD)


async def form(world: ServiceWorld, process: ServiceProcess, error: SubmitOutcomeUnknown) -> None:
    """Answer the form of a child that waits for it, and lose the answer."""
    world.relay.set(task(CHILD, Status.MODAL))
    world.relay.outcomes = [ASKS, error]
    await process.presses.submit_press(press(button=V2), FakePressFollowups())
    await world.clock.advance(2.0)
    await process.presses.answer_modal(press(101, task_id=CHILD), "another prompt", FakePressFollowups())
    await world.clock.advance(1.0)


async def test_an_unbilled_form_can_be_submitted_again(world: ServiceWorld) -> None:
    """The task waits for its form again, and the claim is marked as unbilled."""
    async with world.process() as process:
        await form(world, process, CODE_5)
        assert claim_states(world)[101] == "unknown"
        await world.clock.advance(32.0)
        assert claim_states(world)[101] == "refused"
        assert world.store.jobs[800].form_sent is False
        await process.presses.answer_modal(press(102, task_id=CHILD), "another prompt", FakePressFollowups())
        await world.clock.advance(1.0)
    assert [sent.kind for sent in world.relay.sent] == ["action", "modal", "modal"]
    assert claim_states(world)[102] == "accepted"


async def test_a_billed_form_is_accepted(world: ServiceWorld) -> None:
    """Any row of the task shows it."""
    world.relay.billed = [PROOF, row(CHILD, "mj_modal", billed_at=START + timedelta(seconds=3))]
    async with world.process() as process:
        await form(world, process, TIMEOUT)
        await world.clock.advance(10.0)
    assert claim_states(world)[101] == "accepted"
    assert world.store.jobs[800].form_sent is True


@pytest.mark.parametrize(("state", "expected"), [("mjbot:101", "accepted"), ("mjbot:100", "unknown")])
async def test_a_form_whose_task_goes_on_is_not_offered_again(world: ServiceWorld, state: str, expected: str) -> None:
    """The log doesn't matter. The claim is accepted only if the task carries its tag; it may be another form."""
    async with world.process() as process:
        await form(world, process, TIMEOUT)
        world.relay.set(task(CHILD, progress=10, state=state))
        await world.clock.advance(130.0)
    assert claim_states(world)[101] == expected
    assert world.store.jobs[800].form_sent is True


async def test_a_form_stays_submitted_if_the_log_proves_nothing(world: ServiceWorld) -> None:
    world.relay.billed = []
    async with world.process() as process:
        await form(world, process, CODE_5)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1])
    assert claim_states(world)[101] == "unknown"
    assert world.store.jobs[800].form_sent is True


async def test_a_form_of_a_killed_process_is_searched_after_the_next_start(world: ServiceWorld) -> None:
    """After ninety seconds the relay can no longer be working on it."""
    async with world.process() as process:
        world.relay.set(task(CHILD, Status.MODAL))
        world.relay.outcomes = [ASKS]
        await process.presses.submit_press(press(button=V2), FakePressFollowups())
        await world.clock.advance(2.0)
        world.relay.submit_seconds = 60.0
        await process.presses.answer_modal(press(101, task_id=CHILD), "another prompt", FakePressFollowups())
        await world.clock.advance(1.0)
    async with world.process():
        await world.clock.advance(80.0)
        assert claim_states(world)[101] == "unknown"
        await world.clock.advance(20.0)
        assert claim_states(world)[101] == "refused"
        assert world.store.jobs[800].form_sent is False


async def test_an_unbilled_form_after_a_press_does_not_count(world: ServiceWorld) -> None:
    """The press stays accepted, and counts what it was billed."""
    world.relay.set(task(CHILD, Status.MODAL))
    world.relay.outcomes = [ASKS.model_copy(update={"code": 1}), CODE_5]
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), FakePressFollowups(), prompt="another prompt")
        await world.clock.advance(2.0)
        assert world.store.claimed[100].submits == 2
        await world.clock.advance(32.0)
    assert (world.store.claimed[100].state, world.store.claimed[100].submits) == (ClaimState.ACCEPTED, 1)
    assert world.store.jobs[800].form_sent is False


@pytest.mark.parametrize("opened", [ASKS, ASKS.model_copy(update={"code": 1})])
@pytest.mark.parametrize("billed", [False, True])
async def test_a_typed_form_of_a_killed_process_is_searched_after_the_next_start(
    world: ServiceWorld, opened: SubmitResponse, *, billed: bool
) -> None:
    """It belongs to the claim of its press, which is accepted before the form is sent."""
    world.relay.set(task(CHILD, Status.MODAL))
    world.relay.outcomes = [opened]
    world.relay.on_modal = lambda: setattr(world.relay, "submit_seconds", 60.0)
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), FakePressFollowups(), prompt="another prompt")
        await world.clock.advance(2.0)
        assert (claim_states(world)[100], world.store.jobs[800].form_sent) == ("accepted", True)
    if billed:
        world.relay.billed = [PROOF, row(CHILD, "mj_modal", billed_at=START + timedelta(seconds=3))]
    async with world.process():
        await world.clock.advance(130.0)
    assert (claim_states(world)[100], world.store.jobs[800].form_sent) == ("accepted", billed)


async def test_rows_are_compared_with_the_model_of_the_button(world: ServiceWorld) -> None:
    """V2 is billed as mj_variation, so a U2 of the same minute is ignored."""
    world.relay.billed = [PROOF, row(ELSE)]
    world.relay.set(task(ELSE))
    world.relay.outcomes = [CODE_5]
    async with world.process() as process:
        await process.presses.submit_press(press(button=V2), FakePressFollowups())
        await world.clock.advance(32.0)
    assert claim_states(world)[100] == "refused"


async def test_a_log_that_was_switched_off_proves_nothing(world: ServiceWorld) -> None:
    """Newer accepted claims have no rows."""
    for number in range(2, 6):
        accepted(world, number, timedelta(minutes=30 - number), f"700{number}", submits=1)
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert (claim_states(world)[100], seen(world)[-1]) == ("unknown", JobEnding.ANSWER_LOST)


async def test_a_lagging_log_proves_nothing_until_it_has_caught_up(world: ServiceWorld) -> None:
    """A claim made after the lost one has no row yet."""
    async with world.process() as process:
        await lose(world, process)
        accepted(world, 2, -timedelta(seconds=1), "7002", submits=1)
        await world.clock.advance(60.0)
        assert claim_states(world)[100] == "unknown"
        assert isinstance(world.relay.billed, list)
        world.relay.billed += [row("7002", "mj_imagine"), row(CHILD)]
        world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
        await world.clock.advance(40.0)
    assert claim_states(world)[100] == "accepted"


async def test_a_repeated_press_follows_the_existing_task(world: ServiceWorld) -> None:
    """new-api turns code 21 into 1, and bills the press under the id of the existing child."""
    again = replace(world.store.claimed[1], id=2, task_id=PARENT, button=get_claim_key(U2), child_id="8005")
    world.store.claimed[2] = replace(again, made_at=START - timedelta(minutes=50))
    world.store.child_statuses["8005"] = Status.FAILURE  # else its mark answers the press
    world.relay.billed = [PROOF, row("8005", billed_at=START - timedelta(minutes=50)), row("8005")]
    world.relay.set(task("8005", Status.SUCCESS, state="mjbot:2"))
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
        await world.clock.advance(20.0)
    assert (claim_states(world)[100], world.store.claimed[100].child_id) == ("accepted", "8005")
    assert seen(world)[-1] is Status.SUCCESS


@pytest.mark.parametrize("state", ["user-7", ""])
async def test_a_relay_that_writes_its_own_state_proves_nothing(world: ServiceWorld, state: str) -> None:
    """It did not keep the tag of known claims either."""
    world.relay.set(task(EARLIER, Status.SUCCESS, state=state))
    world.relay.billed = [PROOF, row(CHILD)]
    world.relay.set(task(CHILD, progress=40, state="user-7", submitTime=int(START.timestamp() * 1000)))
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert (claim_states(world)[100], seen(world)[-1]) == ("unknown", JobEnding.ANSWER_LOST)


async def test_a_snapshot_shows_that_the_relay_keeps_tags(world: ServiceWorld) -> None:
    """The task of the proving claim need not be fetched."""
    world.store.snapshots[EARLIER] = world.relay.tasks.pop(EARLIER)
    world.relay.billed = [PROOF, row("8003")]
    world.relay.set(foreign("8003"))
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(32.0)
    assert claim_states(world)[100] == "refused"
    assert not [one for one in world.relay.requests if EARLIER in one.ids]


async def test_a_row_written_by_a_slow_clock_is_found(world: ServiceWorld) -> None:
    """The command before waited for five minutes, which hides that the relay's clock is three minutes behind."""
    behind = timedelta(minutes=3)
    world.relay.billed = [
        replace(PROOF, billed_at=START - AGO + timedelta(minutes=5) - behind),
        row(CHILD, billed_at=START + timedelta(seconds=2) - behind),
    ]
    world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
        await world.clock.advance(30.0)
    assert claim_states(world)[100] == "accepted"


async def test_a_proving_row_after_the_lost_submit_proves_nothing(world: ServiceWorld) -> None:
    """The log may begin between the two."""
    accepted(world, 1, timedelta(minutes=1), EARLIER)
    world.relay.billed = [row(EARLIER, "mj_imagine", billed_at=START + timedelta(minutes=8))]
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
    await world.clock.advance(600.0)
    async with world.process():
        await world.clock.advance(400.0)
    assert claim_states(world)[100] == "unknown"


async def test_a_reading_from_before_the_loss_does_not_count(world: ServiceWorld) -> None:
    """Two readings after the submit must agree, twenty seconds apart."""
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(4.5)
        world.relay.outcomes = [CODE_5]
        await process.presses.submit_press(press(101, button=V2), FakePressFollowups(801))
        await world.clock.advance(33.0)
        assert (claim_states(world)[100], claim_states(world)[101]) == ("refused", "unknown")
        await world.clock.advance(23.0)
    assert claim_states(world)[101] == "refused"


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_submit_known_to_be_accepted_is_never_marked_as_unbilled(world: ServiceWorld, restarts: bool) -> None:  # noqa: FBT001
    """No log changes that, in this process or the next."""
    async with world.process() as process:
        await lose(world, process, SubmitOutcomeUnknown("insert_midjourney_task_failed", accepted=True))
        await world.clock.advance(20.0 if restarts else LATE_SEARCH_SECONDS[-1] + 1)
    if restarts:
        async with world.process():
            await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert (claim_states(world)[100], seen(world)[-1]) == ("unknown", JobEnding.ANSWER_LOST)


async def test_the_task_of_a_submit_known_to_be_accepted_is_found(world: ServiceWorld) -> None:
    world.relay.billed = [PROOF, row(CHILD)]
    world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
    async with world.process() as process:
        await lose(world, process, SubmitOutcomeUnknown("code 1", accepted=True))
        await world.clock.advance(10.0)
    assert claim_states(world)[100] == "accepted"


async def test_a_form_known_to_be_accepted_is_not_searched(world: ServiceWorld) -> None:
    """Its task is known."""
    async with world.process() as process:
        await form(world, process, SubmitOutcomeUnknown("code 1", accepted=True))
        await world.clock.advance(60.0)
    assert (claim_states(world)[101], world.store.jobs[800].form_sent) == ("accepted", True)
    assert world.relay.asked("log") == []


async def test_a_task_found_while_the_log_is_read_is_followed(world: ServiceWorld) -> None:
    """Its claim is not marked as unbilled."""
    world.relay.set(task(CHILD, progress=40, state="mjbot:100"))
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(30.5)
        world.relay.seconds = 3.0
        await world.clock.advance(1.0)
        look = asyncio.ensure_future(process.jobs.fetch_task(CHILD, viewer()))
        world.relay.seconds = 0.0
        await world.clock.run_until(look)
        await world.clock.advance(10.0)
        assert world.store.jobs[800].task_id == CHILD
    assert (claim_states(world)[100], seen(world)[-1]) == ("accepted", Status.IN_PROGRESS)


@pytest.mark.parametrize("drawings", [1, 2])
async def test_an_error_in_drawing_does_not_stop_the_search(
    world: ServiceWorld, drawings: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The error is logged."""
    async with world.process() as process:
        if drawings == 1:
            world.editor.errors = [RuntimeError("a bug")]
        await lose(world, process)
        world.editor.errors = [RuntimeError("a bug")]
        await world.clock.advance(33.0)
        assert (claim_states(world)[100], world.store.closed) == ("refused", {800})
    assert "Job 800 cannot be drawn." in caplog.text


async def test_an_error_in_the_last_drawing_ends_the_search(world: ServiceWorld) -> None:
    world.relay.billed = ServiceWorld().relay.billed
    async with world.process() as process:
        await lose(world, process)
        world.editor.errors = [RuntimeError("a bug")]
        await world.clock.advance(10.0)
    assert (claim_states(world)[100], world.store.closed) == ("unknown", {800})


async def test_an_unbilled_claim_of_a_killed_process_is_shown_by_the_next_one(world: ServiceWorld) -> None:
    """The claim is marked first, so its message may still say that the bot searches."""
    async with world.process() as process:
        await lose(world, process)
        world.editor.free.clear()
        await world.store.mark_claim_unbilled(100)
    world.editor.free.set()
    async with world.process():
        await world.clock.advance(1.0)
    assert (seen(world)[-1], world.store.closed) == (JobEnding.NOT_BILLED, {800})


async def test_an_unbilled_form_of_a_killed_process_can_be_submitted_again(world: ServiceWorld) -> None:
    async with world.process() as process:
        await form(world, process, CODE_5)
        await world.store.mark_claim_unbilled(101)
    assert world.store.jobs[800].form_sent is True
    async with world.process():
        await world.clock.advance(1.0)
    assert world.store.jobs[800].form_sent is False


async def test_a_form_is_not_offered_again_without_a_log(world: ServiceWorld) -> None:
    """It may have been billed."""
    accepted(world, 2, timedelta(minutes=20), "7002", submits=1)
    async with world.process() as process:
        await form(world, process, TIMEOUT)
        await world.clock.advance(SEARCH_SECONDS[-1] + 10)
    assert (claim_states(world)[101], world.store.jobs[800].form_sent) == ("unknown", True)


async def test_a_form_dropped_while_the_log_is_read_stays_dropped(world: ServiceWorld) -> None:
    """It is not charged, and not offered again."""
    async with world.process() as process:
        await form(world, process, CODE_5)
        await world.clock.advance(29.5)
        world.relay.seconds = 3.0
        await world.clock.advance(2.0)
        await process.jobs.end_declined(world.store.jobs[800])
        world.relay.seconds = 0.0
        await world.clock.advance(30.0)
    assert (claim_states(world)[101], world.store.closed) == ("refused", {800})
    assert seen(world)[-1] is JobEnding.FORM_DROPPED


@pytest.mark.parametrize("step", [90.0, 360.0, 3600.0, -45.0, -600.0])
@pytest.mark.parametrize("at", [3.0, 7.0, 25.0, 60.0])
async def test_setting_the_systems_time_does_not_end_the_wait_for_the_relay(
    world: ServiceWorld, step: float, at: float
) -> None:
    """The relay has its ninety seconds, and no less: until then the button stays blocked."""
    async with world.process() as process:
        await lose(world, process, TIMEOUT)
        await world.clock.advance(at)
        world.clock.step(step)
        await world.clock.advance(88.0 - at)
        assert claim_states(world)[100] == "unknown"
        with pytest.raises((AnswerLost, RepeatUnconfirmed)):
            await process.presses.submit_press(press(101), FakePressFollowups(801))
        await world.clock.advance(LATE_SEARCH_SECONDS[-1])
        assert isinstance(seen(world)[-1], JobEnding)
    assert len(world.relay.sent) == 1


async def test_a_form_is_not_offered_again_early_when_the_time_is_set(world: ServiceWorld) -> None:
    async with world.process() as process:
        await form(world, process, TIMEOUT)
        await world.clock.advance(7.0)
        world.clock.step(600.0)
        await world.clock.advance(80.0)
        assert (claim_states(world)[101], world.store.jobs[800].form_sent) == ("unknown", True)


CLOCK_STEPS = [21, 25, 50, 58, 120, 1440, -31, -45, -59]
"""By how many minutes the system's time is wrong during the press, but was right during the earlier request."""


@pytest.mark.parametrize("minutes", CLOCK_STEPS)
@pytest.mark.parametrize("model", ["mj_upscale", "mj_fast_upscale", "mj_variation"])
@pytest.mark.parametrize("error", [CODE_5, TIMEOUT])
async def test_a_billed_submit_is_found_although_the_systems_time_was_set(
    world: ServiceWorld, minutes: int, model: str, error: SubmitOutcomeUnknown
) -> None:
    number = use_discords_ids(world)
    world.clock.step(minutes * 60)
    world.relay.billed = [PROOF, row(CHILD, model)]
    world.relay.set(task(CHILD, progress=10, state=f"mjbot:{number}"))
    async with world.process() as process:
        await lose(world, process, error, number=number)
        await world.clock.advance(10.0)
    assert (claim_states(world)[number], seen(world)[-1]) == ("accepted", Status.IN_PROGRESS)
    assert len(world.relay.sent) == 1


@pytest.mark.parametrize("minutes", CLOCK_STEPS)
async def test_a_row_without_a_tag_keeps_the_claim_unknown_if_the_time_was_set(
    world: ServiceWorld, minutes: int
) -> None:
    """Its time does not show that it is another application's."""
    number = use_discords_ids(world)
    world.clock.step(minutes * 60)
    world.relay.billed = [PROOF, row(ELSE)]
    world.relay.set(task(ELSE, progress=10))
    async with world.process() as process:
        await lose(world, process, TIMEOUT, number=number)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert (claim_states(world)[number], seen(world)[-1]) == ("unknown", JobEnding.ANSWER_LOST)


@pytest.mark.parametrize("minutes", [21, 40, 600])
async def test_a_claim_after_the_time_was_corrected_does_not_prove_the_lost_one_unbilled(
    world: ServiceWorld, minutes: int
) -> None:
    """By the system's time it was made before the lost one, by Discord's after it."""
    number = use_discords_ids(world)
    world.clock.step(minutes * 60)
    world.relay.billed = [PROOF, row(CHILD), row("8005", "mj_imagine", billed_at=START + timedelta(seconds=20))]
    world.relay.set(task(CHILD, progress=10))
    async with world.process() as process:
        await lose(world, process, TIMEOUT, number=number)
        world.clock.step(-minutes * 60)
        accepted(world, 2, timedelta(), "8005")
        later = replace(world.store.claimed.pop(2), made_at=START + timedelta(seconds=19))
        later = replace(later, id=interaction_id(later.made_at))
        world.store.claimed[later.id] = later
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert claim_states(world)[number] == "unknown"


@pytest.mark.parametrize("model", ["mj_variation", "mj_imagine", "mj_modal", "swap_face"])
async def test_a_task_with_the_tag_is_followed_whichever_model_it_was_billed_as(
    world: ServiceWorld, model: str
) -> None:
    """A fork may bill an action as another one."""
    world.relay.billed = [PROOF, *(row(str(n), "mj_imagine") for n in range(7000, 7004)), row(CHILD, model)]
    world.relay.set(task(CHILD, progress=10, state="mjbot:100"))
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(10.0)
    assert claim_states(world)[100] == "accepted"


async def test_a_task_of_another_model_that_cannot_be_read_keeps_the_claim_unknown(world: ServiceWorld) -> None:
    """It may carry the tag."""
    world.relay.billed = [PROOF, row("8009", "mj_variation")]
    async with world.process() as process:
        await lose(world, process)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1] + 1)
    assert claim_states(world)[100] == "unknown"


NAMED = SubmitOutcomeUnknown("failed", named_task=CHILD)


@pytest.mark.parametrize("state", ["mjbot:100", ""])
async def test_a_task_that_a_failure_names_is_followed_if_it_can_be_read(world: ServiceWorld, state: str) -> None:
    """Though the relay has neither a log nor a list of its tasks."""
    world.relay.billed = ActionUnsupported("no such path", lasting=True)
    world.relay.set(task(CHILD, Status.IN_PROGRESS, state=state))
    async with world.process() as process:
        await lose(world, process, NAMED)
        assert claim_states(world)[100] == "unknown"
        await world.clock.advance(10.0)
        assert (claim_states(world)[100], world.store.claimed[100].child_id) == ("accepted", CHILD)
    assert world.store.jobs[800].task_id == CHILD
    assert len(world.relay.sent) == 1


@pytest.mark.parametrize("given", ["unknown", "state", "claim"])
async def test_a_named_task_that_is_not_the_submits_own_is_not_followed(world: ServiceWorld, given: str) -> None:
    """It does not exist, carries another state, or is the task of an earlier claim."""
    world.relay.billed = ActionUnsupported("no such path", lasting=True)
    named = NAMED
    if given == "state":
        world.relay.set(task(CHILD, Status.SUCCESS, state="mjbot:77"))
    if given == "claim":
        world.relay.set(task(EARLIER, Status.SUCCESS, state=""))
        named = replace(NAMED, named_task=EARLIER)
    async with world.process() as process:
        await lose(world, process, named)
        await world.clock.advance(400.0)
    assert claim_states(world)[100] == "unknown"
    assert seen(world)[-1] is JobEnding.ANSWER_LOST


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


@pytest.mark.parametrize("given", ["pressed", "job", "snapshot", "submitted", "started", "finished"])
async def test_a_named_task_that_existed_before_is_not_followed(world: ServiceWorld, given: str) -> None:
    """A failure that repeats the id of the pressed task, or of another one, does not make it the result."""
    world.relay.billed = ActionUnsupported("no such path", lasting=True)
    names = {"submitted": "submitTime", "started": "startTime", "finished": "finishTime"}
    times = {names[given]: _milliseconds(START - timedelta(minutes=5))} if given in names else {}
    named = PARENT if given == "pressed" else CHILD
    world.relay.set(task(named, Status.SUCCESS, state="", **times))
    if given == "job":
        world.store.jobs[650] = job(650, CHILD, born_at=START - AGO)
    if given == "snapshot":
        world.store.snapshots[CHILD] = task(CHILD)
    async with world.process() as process:
        await lose(world, process, replace(NAMED, named_task=named))
        await world.clock.advance(400.0)
    assert (claim_states(world)[100], world.store.claimed[100].child_id) == ("unknown", "")
    assert seen(world)[-1] is JobEnding.ANSWER_LOST


@pytest.mark.parametrize("seconds", [-30, 0, 4])
async def test_a_named_task_of_the_claims_time_is_followed(world: ServiceWorld, seconds: int) -> None:
    """The relay's clock may be slow by less than a minute."""
    world.relay.billed = ActionUnsupported("no such path", lasting=True)
    world.relay.set(task(CHILD, state="", submitTime=_milliseconds(START + timedelta(seconds=seconds))))
    async with world.process() as process:
        await lose(world, process, NAMED)
        await world.clock.advance(10.0)
    assert (claim_states(world)[100], world.store.claimed[100].child_id) == ("accepted", CHILD)


@pytest.mark.parametrize(
    ("error", "state", "submits"),
    [
        (CODE_5, "refused", 0),
        (TIMEOUT, "refused", 0),
        (SubmitOutcomeUnknown("settlement_pending", accepted=True), "unknown", 4),
    ],
)
async def test_the_log_decides_about_a_submit_that_was_to_make_four_tasks(
    world: ServiceWorld, error: SubmitOutcomeUnknown, state: str, submits: int
) -> None:
    """That it was to make four says nothing of whether the relay took it; so many count until that is known."""
    lines = "\n\n".join(f"{number}️⃣ a fox" for number in range(1, 5))
    imagine_all = "MJ::Job::PicReader::all"
    described = task(
        status=Status.SUCCESS,
        action="DESCRIBE",
        properties={"finalPrompt": lines},
        buttons=[{"customId": imagine_all, "label": "Imagine all"}],
    )
    world.store.snapshots[PARENT] = described
    world.relay.outcomes = [error]
    async with world.process() as process:
        await process.presses.submit_press(press(100, button=imagine_all), FakePressFollowups())
        await world.clock.advance(1.0)
        assert (claim_states(world)[100], world.store.claimed[100].submits) == ("unknown", 4)
        await world.clock.advance(LATE_SEARCH_SECONDS[-1])
    assert (claim_states(world)[100], world.store.claimed[100].submits) == (state, submits)
