"""Report messages, and resolve the reports: each once, whichever process a moderator's click reaches."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.clock import Now
from bot.entities import Person, Place, Report, ReportState, RuleChange
from bot.features.delete import DeleteService
from bot.features.message_permissions import MessageActor
from bot.features.moderation import Moderation, compute_block_end
from bot.ports import ReportsStore, Store
from bot.text_cleaning import clean_text

log = logging.getLogger(__name__)

REPORTS_PER_HOUR: Final = 5
"""How many messages one person can report in an hour."""
MAX_COMMENT_LENGTH: Final = 300
_MAX_READ: Final = 4_000
_NO_TOKEN_SINCE: Final = datetime(2015, 1, 1, tzinfo=UTC)


class ReportOutcome(StrEnum):
    """How a person's report ended."""

    ADDED = "added"
    REPORTED_BEFORE = "reported before"
    TOO_MANY = "too many"


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """How a moderator's click on a case ended: the reports as they are now, () where they were deleted.

    `is_new`: this click resolved them, and no earlier one.
    """

    case: Sequence[Report]
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class Requester:
    """The person who asked for a picture; `name` is "" where only their id is known."""

    id: int
    name: str = ""


class ReportService:
    """Writes and resolves reports; the caller checks who may resolve them. Nothing of it costs anything."""

    def __init__(
        self, reports: ReportsStore, store: Store, moderation: Moderation, delete: DeleteService, *, now: Now
    ) -> None:
        self._reports = reports
        self._store = store
        self._moderation = moderation
        self._delete = delete
        self._now = now

    async def add_report(self, report: Report) -> tuple[ReportOutcome, int]:
        """Write a report; return how that ended, and the id of the report, 0 where it was not written.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        now = self._now()
        job = await self._store.find_job(report.message_id)
        written = replace(
            report,
            task_id=job.task_id if job and job.task_id else report.task_id,
            comment=clean_text(report.comment[:_MAX_READ])[:MAX_COMMENT_LENGTH],
            made_at=now,
        )
        added = await self._reports.add_report(written, since=now - timedelta(hours=1), most=REPORTS_PER_HOUR)
        if added is None:
            return ReportOutcome.TOO_MANY, 0
        if added:
            log.info("Message %d is reported: %s.", report.message_id, report.reason)
        return (ReportOutcome.ADDED if added else ReportOutcome.REPORTED_BEFORE), added

    async def list_case(self, report_id: int) -> Sequence[Report]:
        """Return the reports of the same message in the same state; () where they were deleted.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        return await self._reports.list_case(report_id)

    async def count_open_cases(self, guild_id: int | None) -> int:
        """Count the messages with open reports in a server, or anywhere (None).

        Raises:
            StoreUnavailable: The database does not answer.
        """
        return (await self._reports.list_open_cases(guild_id, skip=0, limit=1))[1]

    async def list_open_cases(
        self, guild_id: int | None, page: int, size: int
    ) -> tuple[Sequence[Sequence[Report]], int, int]:
        """Return a page of the open cases, the number of all, and which page it is: the last one for a later one.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        cases, total = await self._reports.list_open_cases(guild_id, skip=page * size, limit=size)
        if cases or not page:
            return cases, total, page
        last = max(0, -(-total // size) - 1)
        cases, total = await self._reports.list_open_cases(guild_id, skip=last * size, limit=size)
        return cases, total, last

    async def find_requester(self, report: Report) -> Requester | None:
        """Return who asked for the picture of a reported message; None where that is no longer known.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        job = await self._store.find_job(report.message_id)
        if job is not None:
            return Requester(id=job.requester.id, name=job.requester.name) if job.requester.id > 0 else None
        origins = await self._store.list_task_origins([report.task_id]) if report.task_id else ()
        return next((Requester(id=one.requester_id) for one in origins if one.requester_id > 0), None)

    async def dismiss(self, report_id: int, moderator: Person) -> Resolution:
        """Resolve a case, as there is nothing to be done.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        return await self._resolve(report_id, ReportState.DISMISSED, moderator)

    async def delete_message(self, report_id: int, moderator: Person, *, reachable: bool) -> Resolution:
        """Resolve a case and delete its message; `reachable`: the bot can see the channel without a token.

        A case that was resolved so before may still have its message, if that process ended in between: it is deleted
        again, as one that is gone already is no error.

        Raises:
            DisplayError: Discord did not delete the message; the case is open again if this call resolved it.
            StoreUnavailable: The database does not answer.
        """
        resolution = await self._resolve(report_id, ReportState.DELETED, moderator)
        if resolution.case and resolution.case[0].state is ReportState.DELETED:
            report = resolution.case[0]
            try:
                await self._delete.delete_message(
                    _find_place(report, reachable=reachable), MessageActor(moderator, 0, is_moderator=True)
                )
            except BaseException:
                if resolution.is_new:
                    await self._reopen(report, moderator)
                raise
        return resolution

    async def block_requester(
        self, report_id: int, person_id: int, guild_id: int, moderator: Person, *, hours: float | None, reason: str
    ) -> Resolution:
        """Resolve a case and block that person: in a server, or everywhere (0).

        Raises:
            ValueError: See compute_block_end; nothing changed.
            StoreUnavailable: The database does not answer.
        """
        compute_block_end(self._now(), hours)
        resolution = await self._resolve(report_id, ReportState.BLOCKED, moderator)
        if resolution.is_new:
            try:
                await self._moderation.block_person(guild_id, person_id, moderator.id, hours=hours, reason=reason)
            except BaseException:
                await self._reopen(resolution.case[0], moderator)
                raise
        return resolution

    async def _resolve(self, report_id: int, state: ReportState, moderator: Person) -> Resolution:
        found = await self._reports.find_report(report_id)
        if found is None:
            return Resolution(case=(), is_new=False)
        change = self._build_change(found, moderator, before=ReportState.OPEN, after=state)
        is_new = await self._reports.resolve(report_id, state, change)
        if is_new:
            log.info("The reports of message %d are resolved by person %d: %s.", found.message_id, moderator.id, state)
        return Resolution(case=await self._reports.list_case(report_id), is_new=is_new)

    async def _reopen(self, report: Report, moderator: Person) -> None:
        change = self._build_change(report, moderator, before=report.state, after=ReportState.OPEN)
        await self._reports.reopen(report.id, change)

    def _build_change(
        self, report: Report, moderator: Person, *, before: ReportState, after: ReportState
    ) -> RuleChange:
        return RuleChange(
            guild_id=report.guild_id,
            person_id=moderator.id,
            made_at=self._now(),
            what=f"report of message {report.message_id}",
            before=before,
            after=after,
        )


def _find_place(report: Report, *, reachable: bool) -> Place:
    """Return where a reported message is; no token of an interaction is known for it."""
    return Place(
        channel_id=report.channel_id,
        message_id=report.message_id,
        guild_id=report.guild_id,
        application_id=0,
        token="",
        token_expires_at=_NO_TOKEN_SINCE,
        ephemeral=False,
        reachable=reachable,
    )
