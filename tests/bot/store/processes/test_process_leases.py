"""Leases, jobs and claims of processes that share a store, on every kind of store; then PostgreSQL's notifications."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.entities import ClaimState, PressedButton
from bot.errors import ClaimLost
from bot.midjourney.task import Status, Task
from bot.store import SqlStore, open_store, queries
from tests.fakes.sample_rows import NOON, a_claim, a_job, later, open_jobs, process_names, set_claim_age
from tests.fakes.store import FakeStore
from tests.postgres import Postgres

OpenAs = Callable[[str], Awaitable[SqlStore | FakeStore]]
LEASE, OVER = timedelta(minutes=5), timedelta(seconds=-1)


class TestLeases:
    async def test_renewing_returns_whether_the_lease_was_valid(self, shared: OpenAs) -> None:
        fleet = (await shared("a")).process_leases
        assert not await fleet.renew_lease(LEASE)
        assert await fleet.renew_lease(OVER)
        assert not await fleet.renew_lease(LEASE)
        assert await fleet.renew_lease(LEASE)

    async def test_only_dead_processes_without_jobs_and_claims_are_deleted(self, shared: OpenAs) -> None:
        """The row of a dead process shows that its jobs and claims may be taken over."""
        a, b, c, d = [await shared(name) for name in "abcd"]
        await a.open_job(a_job(1))
        await b.create_claim(a_claim(1), lambda _: None)
        for store in (a, b, c):
            await store.process_leases.renew_lease(OVER)
        await d.process_leases.renew_lease(LEASE)
        assert await process_names(d) == {"a", "b", "c", "d"}
        await d.process_leases.delete_dead_processes(timedelta())
        assert [job.id for job in await d.process_leases.take_over_jobs(9)] == [1]
        assert [claim.id for claim in await d.process_leases.list_orphaned_claims()] == [1]
        assert await process_names(d) == {"a", "b", "d"}
        await d.process_leases.delete_dead_processes(timedelta())
        assert await process_names(d) == {"b", "d"}, "the job of a is another's by now"


class TestJobs:
    async def test_jobs_of_a_living_process_are_not_taken_over(self, shared: OpenAs) -> None:
        """Not even by that process itself."""
        a, b = await shared("a"), await shared("b")
        await a.process_leases.renew_lease(LEASE)
        await a.open_job(a_job(1))
        assert [list(await store.process_leases.take_over_jobs(9)) for store in (a, b)] == [[], []]

    async def test_jobs_of_a_dead_process_are_taken_over_oldest_first(self, shared: OpenAs) -> None:
        """At most as many as asked for, each by one process; closed jobs are left alone."""
        a, b, c = [await shared(name) for name in "abc"]
        for store in (a, b, c):
            await store.process_leases.renew_lease(LEASE)
        for message_id in (3, 1, 4, 2):
            await a.open_job(a_job(message_id))
        await a.close_job(4)
        await a.process_leases.renew_lease(OVER)
        assert list(await b.process_leases.take_over_jobs(2)) == [a_job(1), a_job(2)]
        assert list(await c.process_leases.take_over_jobs(2)) == [a_job(3)]
        assert list(await b.process_leases.take_over_jobs(2)) == []

    async def test_released_jobs_are_taken_over_except_running_submits(self, shared: OpenAs) -> None:
        """A job whose submit is on its way is released only when its process ends."""
        a, b = await shared("a"), await shared("b")
        await a.process_leases.renew_lease(LEASE)
        await a.open_job(a_job(1))
        await a.open_job(a_job(2, "", claim_id=9))
        await a.process_leases.release_jobs()
        assert list(await b.process_leases.take_over_jobs(9)) == [a_job(1)]
        await a.process_leases.end_lease()
        assert list(await b.process_leases.take_over_jobs(9)) == [a_job(2, "", claim_id=9)]
        await a.open_job(a_job(3))
        assert list(await b.process_leases.take_over_jobs(9)) == [a_job(3)], "a process that ended owns nothing"

    async def test_the_last_process_that_opens_a_job_owns_it(self, shared: OpenAs) -> None:
        """The previous owner finds it lost, and cannot close it."""
        a, b = await shared("a"), await shared("b")
        for message_id in (1, 2):
            await a.open_job(a_job(message_id))
        await b.open_job(a_job(1, notify=True))
        await a.close_job(1)
        assert await a.process_leases.find_lost_jobs([1, 2, 3]) == {1}
        assert await b.process_leases.find_lost_jobs([1]) == set()
        assert list(await open_jobs(b)) == [a_job(1, notify=True), a_job(2)]
        await b.close_job(1)
        assert list(await open_jobs(b)) == [a_job(2)]


class TestClaims:
    async def test_submitting_claims_of_a_dead_process_are_orphaned(self, shared: OpenAs) -> None:
        """Not those of a living process, nor those with a known end."""
        a, b = await shared("a"), await shared("b")
        for store in (a, b):
            await store.process_leases.renew_lease(LEASE)
        await a.create_claim(a_claim(1, "U1"), lambda _: None)
        await a.create_claim(a_claim(2, "U2"), lambda _: None)
        await b.create_claim(a_claim(3, "U3"), lambda _: None)
        await a.settle_claim(2, ClaimState.ACCEPTED, "child")
        assert list(await b.process_leases.list_orphaned_claims()) == []
        await a.process_leases.end_lease()
        assert [claim.id for claim in await b.process_leases.list_orphaned_claims()] == [1]

    async def test_a_claim_is_found_by_its_id(self, shared: OpenAs) -> None:
        """In any state."""
        a = await shared("a")
        await a.create_claim(a_claim(1), lambda _: None)
        await a.settle_claim(1, ClaimState.ACCEPTED, "child")
        known = await a.find_claim(1)
        assert known is not None
        assert known == a_claim(1, state=ClaimState.ACCEPTED, child_id="child", made_at=known.made_at)
        assert await a.find_claim(2) is None

    async def test_a_verified_claim_looks_young_to_versions_that_free_a_button_by_its_age(self, shared: OpenAs) -> None:
        """Claims of up to a minute keep their time, because the person's next press may be a duplicate of them."""
        a, b = await shared("a"), await shared("b")
        for number, minutes in ((1, 0.5), (2, 1.5), (3, 6.0)):
            await a.create_claim(a_claim(number, f"U{number}"), lambda _: None)
            await set_claim_age(a, number, timedelta(minutes=minutes))
            await a.verify_claim(number)
        ages = [(await b.find_claim_age(number)).total_seconds() for number in (1, 2, 3)]
        assert ages == [pytest.approx(30, abs=9), pytest.approx(3, abs=9), pytest.approx(3, abs=9)]

    @pytest.mark.parametrize("minutes", [0, 2, 600])
    async def test_only_an_own_submitting_claim_is_verified(self, shared: OpenAs, minutes: int) -> None:
        """However old it is: no other claim of its button can have been written meanwhile."""
        a, b = await shared("a"), await shared("b")
        await a.create_claim(a_claim(1, "U1"), lambda _: None)
        await set_claim_age(a, 1, timedelta(minutes=minutes))
        await a.verify_claim(1)
        for store, claim_id in ((b, 1), (a, 3)):
            with pytest.raises(ClaimLost):
                await store.verify_claim(claim_id)
        await b.settle_claim(1, ClaimState.UNKNOWN)
        with pytest.raises(ClaimLost):
            await a.verify_claim(1)

    async def test_only_an_own_submitting_claim_is_withdrawn(self, shared: OpenAs) -> None:
        a, b = await shared("a"), await shared("b")
        for number in (1, 2, 3):
            await a.create_claim(a_claim(number, f"U{number}"), lambda _: None)
        await a.settle_claim(2, ClaimState.ACCEPTED, "child")
        for store, number in ((a, 1), (a, 2), (b, 3), (a, 4)):
            await store.withdraw_claim(number)
        found = [await a.find_claim(number) for number in (1, 2, 3, 4)]
        assert [claim and claim.state for claim in found] == ["refused", "accepted", "submitting", None]


class TestMyself:
    async def test_a_process_does_not_take_over_its_own_jobs_and_claims(self, shared: OpenAs) -> None:
        """Its lease may end in the middle of a round, for example while the machine sleeps."""
        a = await shared("a")
        await a.open_job(a_job(1))
        await a.create_claim(a_claim(1), lambda _: None)
        await a.process_leases.renew_lease(OVER)
        assert list(await a.process_leases.take_over_jobs(9)) == []
        assert list(await a.process_leases.list_orphaned_claims()) == []
        assert list(await a.process_leases.list_own_jobs()) == [a_job(1)]

    async def test_a_process_without_a_plausible_lease_is_dead(self, shared: OpenAs) -> None:
        """A process may die before its first renewal, and a clock may be put back."""
        a, b, c = [await shared(name) for name in "abc"]
        await a.open_job(a_job(1))
        await b.process_leases.renew_lease(timedelta(hours=10))
        await b.open_job(a_job(2))
        assert [job.id for job in await c.process_leases.take_over_jobs(9)] == [1, 2]


class TestForgetting:
    async def test_expired_jobs_and_snapshots_are_deleted(self, shared: OpenAs) -> None:
        """Open jobs and their snapshots are kept, however old they are."""
        a = await shared("a")
        for message_id, task_id in ((1, "t1"), (2, "t2")):
            await a.open_job(a_job(message_id, task_id))
            await a.save_snapshot(Task(id=task_id))
        await a.save_snapshot(Task(id="t3"))
        await a.close_job(1)
        assert await a.delete_expired(NOON) == 0
        assert await a.delete_expired(later(1)) == 3
        assert await a.find_job(1) is None
        assert list(await open_jobs(a)) == [a_job(2, "t2")]
        assert set(await a.find_snapshots(["t1", "t2", "t3"])) == {"t2"}

    @pytest.mark.parametrize(("status", "marked"), [(Status.SUCCESS, True), (Status.FAILURE, False)])
    async def test_claims_keep_the_status_of_deleted_snapshots(
        self, shared: OpenAs, status: Status, *, marked: bool
    ) -> None:
        """So a button that was pressed successfully stays green."""
        a = await shared("a")
        await a.create_claim(a_claim(1, "U1"), lambda _: None)
        await a.settle_claim(1, ClaimState.ACCEPTED, "c1")
        await a.save_snapshot(Task(id="c1", status=status))
        await a.delete_expired(later(1))
        assert await a.find_snapshot("c1") is None
        assert await a.find_pressed_buttons("t1") == (
            {"U1": PressedButton("c1", "", is_finished=True)} if marked else {}
        )


async def is_silent(store: SqlStore) -> bool:
    """Return whether no notification comes for a moment; on this machine it takes milliseconds."""
    try:
        await asyncio.wait_for(store.process_leases.wait_for_ownership_change(), 0.2)
    except TimeoutError:
        return True
    return False


class TestNotifications:
    async def test_other_processes_are_notified_of_ownership_changes(self, postgres: Postgres) -> None:
        """Of released jobs, of the end of a process, and of taking over another process's job."""
        url = await postgres.migrated_database()
        async with (
            open_store(url, now=lambda: NOON, owner="a") as a,
            open_store(url, now=lambda: NOON, owner="b") as b,
            asyncio.timeout(60),
        ):
            await b.process_leases.wait_for_ownership_change()  # it listens
            await a.open_job(a_job(1))
            await a.process_leases.release_jobs()
            await b.process_leases.wait_for_ownership_change()
            await a.open_job(a_job(1))  # it had no owner, so no process is notified
            assert await is_silent(b)
            await a.process_leases.end_lease()
            await b.process_leases.wait_for_ownership_change()
            await b.open_job(a_job(1))  # it has no owner again
            assert await is_silent(b)
            await a.open_job(a_job(1))  # b's
            await b.process_leases.wait_for_ownership_change()
            assert await is_silent(b)

    async def test_a_disconnected_listener_reconnects(
        self, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It notifies at once, as it may have missed something."""
        monkeypatch.setattr("bot.store.processes.notify_listener._RECONNECT_SECONDS", 0.01)
        monkeypatch.setattr("bot.store.processes.notify_listener._POLL_SECONDS", 0.01)
        async with (
            open_store(await postgres.migrated_database(), now=lambda: NOON, owner="a") as a,
            asyncio.timeout(60),
        ):
            await a.process_leases.wait_for_ownership_change()
            await a.database.write(postgres.cut_others())
            await a.process_leases.wait_for_ownership_change()

    async def test_concurrent_takeovers_skip_rows_that_another_process_locks(self, postgres: Postgres) -> None:
        url = await postgres.migrated_database()
        async with (
            open_store(url, now=lambda: NOON, owner="a") as a,
            open_store(url, now=lambda: NOON, owner="b") as b,
            open_store(url, now=lambda: NOON, owner="c") as c,
        ):
            for store in (b, c):
                await store.process_leases.renew_lease(LEASE)
            for message_id in range(60):
                await a.open_job(a_job(message_id))
            await a.process_leases.release_jobs()
            async with b.database.write_engine.begin() as connection:
                alive = queries.select_live_processes(
                    b.database.clock_expression(), b.database.clock_expression(queries.LONGEST_LEASE)
                )
                jobs = queries.select_ownerless_jobs("b", alive, b.database.clock_expression(), 5)
                held = set((await connection.execute(jobs)).scalars())
                # A take-over that waited for the locked rows would fail after the lock timeout.
                taken = {job.id for job in await c.process_leases.take_over_jobs(60)}
            assert (held, taken) == (set(range(5)), set(range(5, 60)))
            assert [job.id for job in await b.process_leases.take_over_jobs(60)] == list(range(5))


async def test_the_shortest_lease_of_another_live_process_is_measured(shared: OpenAs) -> None:
    """Its own lease, and one that has ended, do not count."""
    a, b, c = [(await shared(name)).process_leases for name in "abc"]
    await a.renew_lease(timedelta(minutes=1))
    assert await a.measure_shortest_lease() is None
    await b.renew_lease(LEASE)
    await c.renew_lease(OVER)
    shortest = await a.measure_shortest_lease()
    assert shortest is not None
    assert LEASE - timedelta(minutes=1) < shortest <= LEASE
    await c.renew_lease(timedelta(minutes=2))
    shortest = await a.measure_shortest_lease()
    assert shortest is not None
    assert timedelta(minutes=1) < shortest <= timedelta(minutes=2)
