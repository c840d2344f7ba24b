"""Which processes on one SQLite file have ended."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store import open_store
from bot.store.processes.process_locks import ProcessLocks
from tests.fakes.sample_rows import a_job

LEASE = timedelta(minutes=5)
HOLD_AND_WAIT = """
import sys
from pathlib import Path
from bot.store.processes.process_locks import ProcessLocks
with ProcessLocks(Path(sys.argv[1]), "killed").hold():
    print("held", flush=True)
    sys.stdin.read()
"""


def _list_files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def now() -> datetime:
    return datetime.now(UTC)


async def _start_holder(file: Path) -> asyncio.subprocess.Process:
    """Start a process that holds its lock until its standard input is closed, or it is killed."""
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_AND_WAIT, str(file), stdin=pipe, stdout=pipe, cwd=Path(__file__).parents[4]
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    return holder


async def test_a_killed_process_has_ended(tmp_path: Path) -> None:
    """While it runs it has not; its file is removed."""
    file = tmp_path / "mjbot.db"
    holder = await _start_holder(file)
    locks = ProcessLocks(file, "other")
    assert not locks.has_ended("killed")
    holder.kill()
    await holder.wait()
    assert locks.has_ended("killed")
    assert _list_files(tmp_path) == []


async def test_a_process_that_stopped_leaves_no_file(tmp_path: Path) -> None:
    """Its lease, which it has ended, says the rest."""
    file = tmp_path / "mjbot.db"
    holder = await _start_holder(file)
    await holder.communicate(b"")
    assert not ProcessLocks(file, "other").has_ended("killed")
    assert _list_files(tmp_path) == []


@pytest.mark.parametrize("owner", ["never started", "an earlier version"])
def test_a_process_without_a_lock_counts_as_running(tmp_path: Path, owner: str) -> None:
    assert not ProcessLocks(tmp_path / "mjbot.db", "other").has_ended(owner)


def test_a_lock_that_cannot_be_made_leaves_it_to_the_lease(tmp_path: Path) -> None:
    """There is no room for its file, or no permission."""
    file = tmp_path / "gone" / "mjbot.db"
    with ProcessLocks(file, "one").hold():
        assert not ProcessLocks(file, "other").has_ended("one")


async def test_the_lease_of_a_killed_process_ends_at_once(tmp_path: Path) -> None:
    """A process that runs keeps its lease, and its jobs."""
    file = tmp_path / "mjbot.db"
    async with open_store(f"sqlite:///{file}", now=now, owner="running") as running:
        holder = await _start_holder(file)
        # The rows of the process that is killed, written by this one in its name.
        async with open_store(f"sqlite:///{file}", now=now, owner="") as store:
            killed = type(store)(store.database, "killed", store.process_leases._listener)
            for owned, job in ((running, a_job(1)), (killed, a_job(2))):
                await owned.process_leases.renew_lease(LEASE)
                await owned.open_job(job)
            async with open_store(f"sqlite:///{file}", now=now, owner="next") as follower:
                leases = follower.process_leases
                await leases.end_leases_of_ended_processes()
                assert await leases.take_over_jobs(9) == []
                holder.kill()
                await holder.wait()
                await leases.end_leases_of_ended_processes()
                assert [job.id for job in await leases.take_over_jobs(9)] == [2]
