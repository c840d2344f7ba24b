"""The reports of messages, in the database, with the audit of how they were resolved."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.entities import Report, ReportAudience, ReportLine, ReportReason, ReportState, RuleChange
from bot.store.database import Database
from bot.store.schema import reports
from bot.store.sql_rules import write_changes

_REPORT_LOCK: Final = 0x6D6A_626F_7402
_LINES: Final = {
    ReportAudience.SERVER: (reports.c.line_channel_id, reports.c.line_message_id),
    ReportAudience.OPERATOR: (reports.c.operator_channel_id, reports.c.operator_message_id),
}
_MAX_CASE: Final = 100
"""How many reports of one message are read at most."""


class SqlReports:
    """Writes and resolves reports. They are written one at a time: a person may report a message once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_report(self, report: Report, *, since: datetime, most: int) -> int | None:
        """Write a report and return its id; None above the limit, 0 for a message that the person reported before."""
        # A person who deleted their data could else report the same message, and as many others, again.
        ids = {report.reporter_id, self._database.pseudonyms.find(report.reporter_id)}
        own = reports.c.reporter_id.in_(ids)

        async def write(connection: AsyncConnection) -> int | None:
            if self._database.is_postgresql:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _REPORT_LOCK})
            same = select(reports.c.id).where(own, reports.c.message_id == report.message_id).limit(1)
            if await connection.scalar(same):
                return 0
            made = select(func.count()).select_from(reports).where(own, reports.c.made_at >= since)
            if (await connection.scalar(made) or 0) >= most:
                return None
            written = await connection.execute(reports.insert().values(_to_row(report)).returning(reports.c.id))
            return int(written.scalar_one())

        return await self._database.transaction(write)

    async def find_report(self, report_id: int) -> Report | None:
        """Return a report in any state."""
        rows = await self._database.read(select(reports).where(reports.c.id == report_id))
        return _from_row(rows[0]) if rows else None

    async def list_case(self, report_id: int) -> Sequence[Report]:
        """Return the reports of the same message in the same state, resolved at the same time, oldest first."""

        async def look(connection: AsyncConnection) -> Sequence[Report]:
            found = (await connection.execute(select(reports).where(reports.c.id == report_id))).mappings().first()
            if found is None:
                return ()
            same = _match_case(found["message_id"], found["state"], found["resolved_at"])
            rows = await connection.execute(select(reports).where(same).order_by(reports.c.id).limit(_MAX_CASE))
            return [_from_row(row) for row in rows.mappings()]

        return await self._database.read_together(look)

    async def list_open_cases(
        self, guild_id: int | None, *, skip: int, limit: int
    ) -> tuple[Sequence[Sequence[Report]], int]:
        """Return one page of the open cases of a server, or of all, oldest first, and how many there are."""
        wanted = (reports.c.state == ReportState.OPEN) & (
            true() if guild_id is None else reports.c.guild_id == guild_id
        )
        first = func.min(reports.c.id)
        page = (
            select(reports.c.message_id, first).where(wanted).group_by(reports.c.message_id).order_by(first)
        ).subquery()

        async def look(connection: AsyncConnection) -> tuple[Sequence[Sequence[Report]], int]:
            total = await connection.scalar(select(func.count()).select_from(page)) or 0
            ids = list(await connection.scalars(select(page.c.message_id).offset(skip).limit(limit)))
            rows = await connection.execute(
                select(reports).where(wanted, reports.c.message_id.in_(ids)).order_by(reports.c.id)
            )
            cases: dict[int, list[Report]] = {message_id: [] for message_id in ids}
            for row in rows.mappings():
                cases[row["message_id"]].append(_from_row(row))
            return [case for case in cases.values() if case], total

        return await self._database.read_together(look)

    async def save_line(self, report_id: int, audience: ReportAudience, line: ReportLine | None) -> bool:
        """Remember the line of a case, or forget it; return False if it has another one already."""
        channel, message = _LINES[audience]
        values = {channel.name: line and line.channel_id, message.name: line and line.message_id}
        free = message.is_(None) if line else true()
        return bool(await self._database.write(update(reports).where(reports.c.id == report_id, free).values(values)))

    async def resolve(self, report_id: int, state: ReportState, change: RuleChange) -> bool:
        """Resolve all open reports of a message, and write the row of the audit; return False if it is not open."""

        async def write(connection: AsyncConnection) -> bool:
            # All rows in one order: two moderators may click on two reports of one message at once.
            message_id = select(reports.c.message_id).where(reports.c.id == report_id).scalar_subquery()
            is_open = (reports.c.message_id == message_id) & (reports.c.state == ReportState.OPEN)
            ids = list(
                await connection.scalars(select(reports.c.id).where(is_open).order_by(reports.c.id).with_for_update())
            )
            if report_id not in ids:
                return False
            values = {"state": state, "resolver_id": change.person_id, "resolved_at": change.made_at}
            await connection.execute(update(reports).where(reports.c.id.in_(ids)).values(values))
            await write_changes(connection, [change])
            return True

        return await self._database.transaction(write)

    async def reopen(self, report_id: int, change: RuleChange) -> None:
        """Open a case again, and write the row of the audit."""

        async def write(connection: AsyncConnection) -> None:
            found = (await connection.execute(select(reports).where(reports.c.id == report_id))).mappings().first()
            if found is None or found["state"] == ReportState.OPEN:
                return
            same = _match_case(found["message_id"], found["state"], found["resolved_at"])
            values = {"state": ReportState.OPEN, "resolver_id": None, "resolved_at": None}
            await connection.execute(update(reports).where(same).values(values))
            await write_changes(connection, [change])

        await self._database.transaction(write)

    async def delete_old_reports(self, before: datetime) -> int:
        """Delete the reports from before then, and return how many there were."""
        return await self._database.write(delete(reports).where(reports.c.made_at < before))


def _match_case(message_id: int, state: str, resolved_at: datetime | None) -> ColumnElement[bool]:
    return (
        (reports.c.message_id == message_id)
        & (reports.c.state == state)
        & (reports.c.resolved_at.is_(None) if resolved_at is None else reports.c.resolved_at == resolved_at)
    )


def _to_row(report: Report) -> dict[str, Any]:
    return {
        "guild_id": report.guild_id,
        "channel_id": report.channel_id,
        "message_id": report.message_id,
        "task_id": report.task_id,
        "reporter_id": report.reporter_id,
        "reason": report.reason,
        "comment": report.comment,
        "made_at": report.made_at,
        "state": report.state,
    }


def _from_row(row: Mapping[Any, Any]) -> Report:
    reason, state = row["reason"], row["state"]
    return Report(
        id=row["id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        task_id=row["task_id"],
        reporter_id=row["reporter_id"],
        reason=ReportReason(reason) if reason in set(ReportReason) else ReportReason.OTHER,
        comment=row["comment"],
        made_at=row["made_at"],
        state=ReportState(state) if state in set(ReportState) else ReportState.DISMISSED,
        resolver_id=row["resolver_id"] or 0,
        resolved_at=row["resolved_at"],
        server_line=_read_line(row, ReportAudience.SERVER),
        operator_line=_read_line(row, ReportAudience.OPERATOR),
    )


def _read_line(row: Mapping[Any, Any], audience: ReportAudience) -> ReportLine | None:
    channel, message = (row[column.name] for column in _LINES[audience])
    return ReportLine(channel, message) if channel and message else None
