"""The processes that share a database, as job leases need them."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol

from bot.entities import (
    Claim,
    Job,
)


class ProcessLeases(Protocol):
    """The processes that share a database, as one of them sees them.

    Every method but `wait_for_ownership_change` and `find_notification_problem` may raise StoreUnavailable.
    """

    async def renew_lease(self, lease: timedelta) -> bool:
        """Extend this process's lease, and return whether it was still valid."""
        ...

    async def end_leases_of_ended_processes(self) -> None:
        """End the leases of other processes that are known to have ended, where the store can know that."""
        ...

    async def measure_shortest_lease(self) -> timedelta | None:
        """Return how long the shortest lease of another live process lasts; None without such a process."""
        ...

    async def take_over_jobs(self, most: int) -> Sequence[Job]:
        """Make this process the owner of at most `most` open jobs without a living owner; return them, oldest first."""
        ...

    async def find_lost_jobs(self, message_ids: Collection[int]) -> set[int]:
        """Return those of the jobs that this process no longer owns."""
        ...

    async def list_own_jobs(self) -> Sequence[Job]:
        """Return this process's open jobs, oldest first, except those that it is submitting or opening."""
        ...

    async def list_orphaned_claims(self) -> Sequence[Claim]:
        """Return the claims whose submit was on its way when its process ended, oldest first."""
        ...

    async def release_jobs(self) -> None:
        """Let other processes take over this process's jobs, except those whose submit is on its way."""
        ...

    async def end_lease(self) -> None:
        """End this process's lease and release all of its jobs."""
        ...

    async def delete_dead_processes(self, since: timedelta) -> None:
        """Delete the rows of processes whose lease ended that long ago and that own no open job or claim."""
        ...

    async def wait_for_ownership_change(self) -> None:
        """Wait until another process reports that jobs were released or taken over; the report may never come."""
        ...

    async def find_notification_problem(self) -> str:
        """Return why such reports cannot be received, so that released jobs are looked for; "" where they can."""
        ...
