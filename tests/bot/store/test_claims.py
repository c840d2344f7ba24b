"""Claims: what conflicts, what counts against limits, and how they are settled, on every kind of store."""

import asyncio
import multiprocessing
from dataclasses import replace
from datetime import timedelta, timezone
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest

from bot.clock import CorrectedTime
from bot.entities import ClaimState, Usage
from bot.errors import AlreadyClaimed, CooldownActive
from bot.ports import Store
from bot.store import SqlStore, open_store
from tests.fakes.clock import FakeClock
from tests.fakes.sample_rows import NOON, a_claim, allow, later, write_accepted_claim
from tests.postgres import Postgres


async def test_a_claim_is_stored_as_submitting(store: Store) -> None:
    await store.create_claim(a_claim(1), allow)
    assert [a_claim(1)] == list(await store.list_claims(ClaimState.SUBMITTING))


async def test_an_interaction_can_claim_only_once(store: Store) -> None:
    """Even a day later, with all other fields changed, and after a refusal."""
    await store.create_claim(a_claim(1), allow)
    again = a_claim(1, "U2", person_id=8, message_id=2, made_at=later(86_400))
    with pytest.raises(AlreadyClaimed):
        await store.create_claim(again, allow)
    await store.settle_claim(1, ClaimState.REFUSED)
    with pytest.raises(AlreadyClaimed):
        await store.create_claim(again, allow)


@pytest.mark.parametrize("state", [ClaimState.SUBMITTING, ClaimState.ACCEPTED, ClaimState.UNKNOWN])
async def test_a_double_click_claims_once(store: Store, state: ClaimState) -> None:
    """One person, button and message less than 3 s apart, in either order of the clocks."""
    await store.create_claim(a_claim(1, made_at=NOON), allow)
    await store.settle_claim(1, state, "child")
    for seconds in (2.999, 0, -2.999):
        with pytest.raises(AlreadyClaimed) as twin:
            await store.create_claim(a_claim(2, made_at=later(seconds)), allow)
        assert (1, 7) == (twin.value.claim_id, twin.value.person_id)
    # What is, or may be, on its way is longer in the way than a twin.
    if state is ClaimState.ACCEPTED:
        await store.create_claim(a_claim(3, made_at=later(3)), allow)


OTHERS = [{}, {"person_id": 8}, {"message_id": 2}, {"person_id": 8, "message_id": 2}]


@pytest.mark.parametrize("changes", OTHERS)
@pytest.mark.parametrize("state", [ClaimState.SUBMITTING, ClaimState.UNKNOWN])
async def test_a_submit_on_its_way_blocks_claims_of_the_same_button(
    store: Store, changes: dict[str, Any], state: ClaimState
) -> None:
    """It blocks every person on every message until its end is known, even if a clock is wrong."""
    await store.create_claim(a_claim(1, made_at=NOON), allow)
    await store.settle_claim(1, state)
    for seconds in (-360, 0, 4, 304, 86_400):
        with pytest.raises(AlreadyClaimed) as rival:
            await store.create_claim(replace(a_claim(2, made_at=later(seconds)), **changes), allow)
        assert (1, 7) == (rival.value.claim_id, rival.value.person_id)
    await store.settle_claim(1, ClaimState.ACCEPTED, "child")
    await store.create_claim(replace(a_claim(3, made_at=later(4)), **changes), allow)


@pytest.mark.parametrize("changes", OTHERS)
async def test_a_confirmed_press_ignores_an_old_claim_of_unknown_end(store: Store, changes: dict[str, Any]) -> None:
    """Not a young one; and once it is written, it blocks the next confirmed press."""
    await store.create_claim(a_claim(1, made_at=NOON), allow)
    await store.settle_claim(1, ClaimState.UNKNOWN)
    with pytest.raises(AlreadyClaimed):
        await store.create_claim(replace(a_claim(2, made_at=later(299)), **changes), allow, confirmed=True)
    await store.create_claim(replace(a_claim(2, made_at=later(300)), **changes), allow, confirmed=True)
    with pytest.raises(AlreadyClaimed) as rival:
        await store.create_claim(replace(a_claim(3, made_at=later(700)), **changes), allow, confirmed=True)
    assert rival.value.claim_id == 2


@pytest.mark.parametrize("seconds", [301, 3600, 86_400])
async def test_a_confirmed_press_does_not_ignore_a_submit_on_its_way(store: Store, seconds: int) -> None:
    await store.create_claim(a_claim(1, made_at=NOON), allow)
    with pytest.raises(AlreadyClaimed):
        await store.create_claim(a_claim(2, made_at=later(seconds)), allow, confirmed=True)


@pytest.mark.parametrize(
    ("part", "is_blocked"), [("U1:1", True), ("U1:3", True), ("U11", False), ("U12:1", False), ("u%:1", False)]
)
async def test_a_part_of_what_a_button_draws_blocks_the_button(store: Store, part: str, is_blocked: bool) -> None:  # noqa: FBT001
    await store.create_claim(a_claim(1, part, made_at=NOON), allow)
    again = store.create_claim(a_claim(2, "U1", person_id=8, made_at=later(600)), allow)
    if not is_blocked:
        await again
        return
    with pytest.raises(AlreadyClaimed):
        await again


@pytest.mark.parametrize("seconds", [0, 3, 5000])
async def test_the_age_of_a_claim_is_counted_by_one_clock(store: Store, seconds: int) -> None:
    await store.create_claim(a_claim(1, made_at=NOON - timedelta(seconds=seconds)), allow)
    await store.create_claim(a_claim(2, "V1", made_at=NOON), allow)
    age = await store.find_claim_age(1)
    # SQLite's own process counts seconds itself: none has passed.
    assert age.total_seconds() == pytest.approx(seconds, abs=2) or age < timedelta(seconds=2)
    assert await store.find_claim_age(99) == timedelta()


async def test_presses_without_a_task_are_told_apart_by_message(store: Store) -> None:
    await store.create_claim(a_claim(1, task_id="", made_at=NOON), allow)
    await store.create_claim(a_claim(2, task_id="", message_id=2, made_at=NOON), allow)
    assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == [1, 2]


@pytest.mark.parametrize("changes", [{"person_id": 8}, {"button": "U2"}, {"message_id": 2}])
async def test_a_press_by_another_person_or_of_another_button_or_message_is_no_double_click(
    store: Store, changes: dict[str, Any]
) -> None:
    """The first submit must not be on its way any more."""
    await write_accepted_claim(store, a_claim(1), "child")
    await store.create_claim(replace(a_claim(1), id=2, **changes), allow)
    assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == [2]


async def test_a_refused_press_can_be_repeated_at_once(store: Store) -> None:
    await store.create_claim(a_claim(1, made_at=NOON), allow)
    await store.settle_claim(1, ClaimState.REFUSED)
    await store.create_claim(a_claim(2, made_at=later(0.5)), allow)
    assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == [2]


async def test_usage_counts_todays_submits_that_may_be_billed(store: Store) -> None:
    """Of this UTC day, for the person and for all. The last claim counts on any day, refused or not."""
    midnight = NOON.replace(hour=0)
    seen: list[Usage] = []
    east = timezone(timedelta(hours=14))
    await store.create_claim(a_claim(1, "a", made_at=midnight - timedelta(seconds=1)), seen.append)
    await store.create_claim(a_claim(2, "b", made_at=midnight.astimezone(east)), seen.append)
    await store.create_claim(a_claim(3, "c", made_at=NOON), seen.append)
    await store.create_claim(a_claim(4, "d", made_at=later(1), person_id=8), seen.append)
    await store.settle_claim(3, ClaimState.REFUSED)
    await store.settle_claim(4, ClaimState.UNKNOWN)
    await store.create_claim(a_claim(5, "e", made_at=later(2)), seen.append)
    expected = [
        Usage(0, 0, None, midnight - timedelta(seconds=1)),
        Usage(0, 0, midnight - timedelta(seconds=1), midnight),
        Usage(1, 1, midnight, NOON),
        Usage(0, 2, None, later(1)),
        Usage(1, 2, NOON, later(2)),
    ]
    assert expected == seen


@pytest.mark.parametrize("seconds", [-86_400.0 * 365, -3600.0, -20.0, 20.0, 3600.0, 86_400.0])
async def test_setting_the_systems_time_moves_no_cooldown(url: str, seconds: float) -> None:
    """It ends 30 s after the claim, neither earlier nor later: in this process, and in the next one."""
    system = FakeClock(NOON)
    time = CorrectedTime(system.clock)
    async with open_store(url, now=time.now) as store:
        await store.create_claim(a_claim(1, "U1", made_at=time.now()), allow)
        system.step(seconds)
        await system.advance(10.0)
        await _check_cooldown(store, time, left=20.0)
    next_time = CorrectedTime(system.clock)
    for _ in range(3):
        next_time.record_date(time.now(), system.time)  # Discord's answers to the login
    async with open_store(url, now=next_time.now) as store:
        await _check_cooldown(store, next_time, left=20.0)
        await system.advance(20.0)
        await _check_cooldown(store, next_time, left=0.0)


async def _check_cooldown(store: SqlStore, time: CorrectedTime, *, left: float) -> None:
    """Check that a cooldown of 30 s has so much left, within the second that a Date header may differ."""
    usage = await store.find_usage(7)
    assert usage.last_claim_at is not None
    assert (usage.last_claim_at + timedelta(seconds=30) - time.now()).total_seconds() == pytest.approx(left, abs=1.0)


@pytest.mark.parametrize(
    ("earlier", "last"),
    [
        ([-40, -3], -3),  # a clock that was never set
        ([-40, 2], 2),  # put back a moment ago, by 5 s
        ([-3, 3600], -3),  # put back by an hour a while ago: the person has submitted since
        ([-86_400, 3600, 3605], 3600),
        ([-600, 500, 31_536_000], 500),
        ([], None),
    ],
)
async def test_the_last_claim_is_the_nearest_where_the_clock_was_put_back(
    store: Store, earlier: list[int], last: int | None
) -> None:
    """One far ahead neither locks the person out nor hides a later one."""
    for number, seconds in enumerate(earlier, 1):
        await store.create_claim(a_claim(number, f"b{number}", made_at=later(seconds)), allow)
    await store.create_claim(a_claim(8, "x", made_at=later(-1), person_id=8), allow)
    seen: list[Usage] = []
    await store.create_claim(a_claim(9, "e", made_at=NOON), seen.append)
    assert [usage.last_claim_at for usage in seen] == [None if last is None else later(last)]


async def test_usage_counts_the_submits_that_the_relay_bills(store: Store) -> None:
    """A free form counts 0, a billed one with its press 2, and an unknown one 1."""
    seen: list[Usage] = []
    for number, submits in enumerate((0, 2, 1, None), 1):
        await store.create_claim(a_claim(number, f"b{number}", made_at=later(number)), allow)
        await store.settle_claim(number, ClaimState.ACCEPTED, f"child {number}", submits=submits)
    await store.settle_claim(3, ClaimState.ACCEPTED, "child 3")
    await store.create_claim(a_claim(9, "e", made_at=later(9)), seen.append)
    assert [(one.person_submits_today, one.all_submits_today) for one in seen] == [(4, 4)]
    known = [await store.find_claim(number) for number in range(1, 5)]
    assert [claim.submits for claim in known if claim] == [0, 2, 1, None]


async def test_claims_are_found_by_their_child(store: Store) -> None:
    """A form's claim leads to the form's own task; claims without a child are never found."""
    for number in range(1, 6):
        await store.create_claim(a_claim(number, f"b{number}"), allow)
    await store.settle_claim(2, ClaimState.ACCEPTED, "c1")
    await store.settle_claim(1, ClaimState.ACCEPTED, "c2")
    await store.settle_claim(3, ClaimState.UNKNOWN, "c1")
    await store.settle_claim(4, ClaimState.UNKNOWN)
    found = await store.list_claims_of_children(["c1", "c2", "c3", ""])
    assert [(claim.id, claim.child_id) for claim in found] == [(1, "c2"), (2, "c1"), (3, "c1")]
    assert list(await store.list_claims_of_children([])) == []


async def test_an_error_of_the_judge_leaves_no_claim(store: Store) -> None:
    """The same interaction may claim again."""

    def refuse(_: Usage) -> None:
        raise CooldownActive(1)

    with pytest.raises(CooldownActive):
        await store.create_claim(a_claim(1), refuse)
    await store.create_claim(a_claim(1), allow)


async def test_claims_are_listed_by_state_oldest_first(store: Store) -> None:
    for claim_id in (3, 1, 2):
        await store.create_claim(a_claim(claim_id, f"U{claim_id}"), allow)
    await store.settle_claim(2, ClaimState.ACCEPTED, "child")
    assert [claim.id for claim in await store.list_claims(ClaimState.SUBMITTING)] == [1, 3]
    settled = a_claim(2, "U2", state=ClaimState.ACCEPTED, child_id="child")
    assert [settled] == list(await store.list_claims(ClaimState.ACCEPTED))


async def test_unknown_does_not_replace_a_known_end(store: Store) -> None:
    """The reverse does."""
    await write_accepted_claim(store, a_claim(1, "a"), "child")
    await store.settle_claim(1, ClaimState.UNKNOWN)
    await store.create_claim(a_claim(2, "b"), allow)
    await store.settle_claim(2, ClaimState.UNKNOWN)
    await store.settle_claim(2, ClaimState.ACCEPTED, "late")
    await store.settle_claim(99, ClaimState.ACCEPTED, "no claim's")
    assert [claim.child_id for claim in await store.list_claims(ClaimState.ACCEPTED)] == ["child", "late"]


async def test_only_an_unknown_claim_is_marked_as_unbilled(store: Store) -> None:
    """A claim whose task was found meanwhile stays accepted."""
    for number in range(1, 5):
        await store.create_claim(a_claim(number, f"b{number}"), allow)
    await store.settle_claim(1, ClaimState.UNKNOWN)
    await store.settle_claim(2, ClaimState.UNKNOWN)
    await store.settle_claim(2, ClaimState.ACCEPTED, "met")
    await store.settle_claim(3, ClaimState.REFUSED)
    assert [await store.mark_claim_unbilled(number) for number in (1, 2, 3, 4, 99)] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert await store.mark_claim_unbilled(1) is False
    found = [await store.find_claim(number) for number in range(1, 5)]
    assert [(claim.state, claim.submits, claim.child_id) for claim in found if claim] == [
        (ClaimState.REFUSED, 0, ""),
        (ClaimState.ACCEPTED, None, "met"),
        (ClaimState.REFUSED, None, ""),
        (ClaimState.SUBMITTING, None, ""),
    ]


async def test_billed_claims_are_listed_newest_first(store: Store) -> None:
    """Claims with a child, made before the given time and not known to be free; at most `limit`."""
    for number in range(1, 9):
        await store.create_claim(a_claim(number, f"b{number}", made_at=later(10 * number)), allow)
    for number, submits in ((1, None), (2, 0), (3, 1), (4, 2), (8, 1)):
        await store.settle_claim(number, ClaimState.ACCEPTED, f"child {number}", submits=submits)
    await store.settle_claim(5, ClaimState.UNKNOWN)
    await store.settle_claim(6, ClaimState.REFUSED)
    await store.settle_claim(7, ClaimState.ACCEPTED)
    assert [claim.id for claim in await store.list_billed_claims(later(80), 9)] == [4, 3, 1]
    assert [claim.id for claim in await store.list_billed_claims(later(81), 2)] == [8, 4]


def claim_presses(url: str, first: int, start: Barrier, won: "Queue[list[int]]") -> None:
    """Claim 40 presses under ids of this process's own, and say which were won."""

    async def run() -> list[int]:
        async with open_store(url, now=lambda: NOON) as store:
            await asyncio.to_thread(start.wait)
            mine: list[int] = []
            for press in range(40):
                try:
                    await store.create_claim(a_claim(first + press, f"b{press}", made_at=NOON), allow)
                except AlreadyClaimed:
                    continue
                mine.append(press)
            return mine

    won.put(asyncio.run(run()))


def test_two_processes_never_claim_the_same_press(either_url: str) -> None:
    """They start, migrate and claim at the same moment on one database."""
    spawn = multiprocessing.get_context("spawn")
    start, won = spawn.Barrier(2), spawn.Queue()
    processes = [spawn.Process(target=claim_presses, args=(either_url, first, start, won)) for first in (100, 200)]
    for process in processes:
        process.start()
    first, second = won.get(timeout=60), won.get(timeout=60)
    for process in processes:
        process.join()
    won.close()
    won.join_thread()
    assert list(range(40)) == sorted(first + second)


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=2), -timedelta(minutes=6)])
async def test_machines_whose_clocks_differ_count_by_that_of_the_database(postgres: Postgres, ahead: timedelta) -> None:
    """What one of them claims is as young, as blocking and as much of today for the other."""
    url = await postgres.migrated_database()
    other_time = NOON + ahead
    async with open_store(url, now=lambda: NOON) as here, open_store(url, now=lambda: other_time) as there:
        await here.create_claim(a_claim(1, made_at=NOON), allow)
        await here.settle_claim(1, ClaimState.UNKNOWN)
        for confirmed in (False, True):
            with pytest.raises(AlreadyClaimed):
                await there.create_claim(a_claim(2, person_id=8, made_at=other_time), allow, confirmed=confirmed)
        for store in (here, there):
            assert await store.find_claim_age(1) < timedelta(minutes=1)
            usage = await store.find_usage(7)
            assert usage.last_claim_at is not None
            assert timedelta() <= usage.at - usage.last_claim_at < timedelta(minutes=1)


async def test_concurrent_presses_of_one_button_claim_once(migrated_url: str) -> None:
    """A hundred concurrent claims through two stores on one database."""
    async with open_store(migrated_url, now=lambda: NOON) as sql, open_store(migrated_url, now=lambda: NOON) as other:
        tries = (store.create_claim(a_claim(n, made_at=NOON), allow) for n, store in enumerate([sql, other] * 50))
        ended = await asyncio.gather(*tries, return_exceptions=True)
    assert [end for end in ended if not isinstance(end, AlreadyClaimed)] == [None]


async def test_a_limit_holds_for_concurrent_presses(migrated_url: str) -> None:
    """The usage is read and the claim written in one transaction."""

    def at_most_five(usage: Usage) -> None:
        if usage.all_submits_today >= 5:
            raise CooldownActive(1)

    async with open_store(migrated_url, now=lambda: NOON) as sql, open_store(migrated_url, now=lambda: NOON) as other:
        tries = (store.create_claim(a_claim(n, f"b{n}"), at_most_five) for n, store in enumerate([sql, other] * 20))
        await asyncio.gather(*tries, return_exceptions=True)
        assert len(await sql.list_claims(ClaimState.SUBMITTING)) == 5


async def test_usage_is_found_without_a_claim(store: Store) -> None:
    """As the next claim's judge would get it, by the store's own clock."""
    seen: list[Usage] = []
    for number, person_id in enumerate((7, 7, 8), 1):
        await store.create_claim(a_claim(number, f"b{number}", made_at=NOON, person_id=person_id), allow)
    await store.settle_claim(2, ClaimState.ACCEPTED, "child", submits=4)
    for person_id in (7, 8, 9):
        found = await store.find_usage(person_id)
        await store.create_claim(
            a_claim(20 + person_id, f"c{person_id}", made_at=NOON, person_id=person_id), seen.append
        )
        await store.settle_claim(20 + person_id, ClaimState.REFUSED)
        judged = seen[-1]
        assert (found.person_submits_today, found.all_submits_today) == (
            judged.person_submits_today,
            judged.all_submits_today,
        )
        assert found.last_claim_at == judged.last_claim_at
        assert abs(found.at - judged.at) < timedelta(minutes=1)
