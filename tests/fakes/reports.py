"""The reports of messages, in memory; tests/bot/store runs the same tests on it and on SqlReports."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.entities import Report, ReportAudience, ReportLine, ReportState, RuleChange
from tests.fakes.rules import FakeRules


class FakeReports:
    """A bot.ports.ReportsStore in memory; `answer` raises StoreUnavailable while the database is away."""

    def __init__(self, answer: Callable[[], None], rules: FakeRules) -> None:
        self._answer = answer
        self._rules = rules
        self.rows: dict[int, Report] = {}

    async def add_report(self, report: Report, *, since: datetime, most: int) -> int | None:
        self._answer()
        own = [one for one in self.rows.values() if one.reporter_id == report.reporter_id]
        if any(one.message_id == report.message_id for one in own):
            return 0
        if sum(one.made_at >= since for one in own) >= most:
            return None
        number = max(self.rows, default=0) + 1
        self.rows[number] = replace(report, id=number)
        return number

    async def find_report(self, report_id: int) -> Report | None:
        self._answer()
        return self.rows.get(report_id)

    async def list_case(self, report_id: int) -> Sequence[Report]:
        self._answer()
        found = self.rows.get(report_id)
        return self._list_same(found) if found else ()

    def _list_same(self, report: Report) -> list[Report]:
        key = (report.message_id, report.state, report.resolved_at)
        return [one for one in self.rows.values() if (one.message_id, one.state, one.resolved_at) == key]

    async def list_open_cases(
        self, guild_id: int | None, *, skip: int, limit: int
    ) -> tuple[Sequence[Sequence[Report]], int]:
        self._answer()
        cases: dict[int, list[Report]] = {}
        for one in self.rows.values():
            if one.is_open and guild_id in {None, one.guild_id}:
                cases.setdefault(one.message_id, []).append(one)
        return list(cases.values())[skip : skip + limit], len(cases)

    async def save_line(self, report_id: int, audience: ReportAudience, line: ReportLine | None) -> bool:
        self._answer()
        found = self.rows[report_id]
        if line and found.find_line(audience):
            return False
        is_server = audience is ReportAudience.SERVER
        self.rows[report_id] = replace(found, server_line=line) if is_server else replace(found, operator_line=line)
        return True

    async def resolve(self, report_id: int, state: ReportState, change: RuleChange) -> bool:
        self._answer()
        found = self.rows.get(report_id)
        if found is None or not found.is_open:
            return False
        for one in self._list_same(found):
            self.rows[one.id] = replace(one, state=state, resolver_id=change.person_id, resolved_at=change.made_at)
        self._rules.changes.append(change)
        return True

    async def reopen(self, report_id: int, change: RuleChange) -> None:
        self._answer()
        for one in self._list_same(self.rows[report_id]):
            self.rows[one.id] = replace(one, state=ReportState.OPEN, resolver_id=0, resolved_at=None)
        self._rules.changes.append(change)

    async def delete_old_reports(self, before: datetime) -> int:
        self._answer()
        old = [number for number, one in self.rows.items() if one.made_at < before]
        for number in old:
            del self.rows[number]
        return len(old)
