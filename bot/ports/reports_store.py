"""The reports of messages, as the use cases read and change them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.entities import Report, ReportAudience, ReportLine, ReportState, RuleChange


class ReportsStore(Protocol):
    """Reports and their audit. Every method raises StoreUnavailable where the database does not answer.

    The open reports of one message belong together: they are listed, and resolved, as one case.
    """

    async def add_report(self, report: Report, *, since: datetime, most: int) -> int | None:
        """Write a report and return its id; None if the person has made `most` reports since then.

        It returns 0, and writes nothing, if the person has reported that message before.
        """
        ...

    async def find_report(self, report_id: int) -> Report | None:
        """Return a report in any state."""
        ...

    async def list_case(self, report_id: int) -> Sequence[Report]:
        """Return the reports of the same message that are in the same state, oldest first; () if there is none.

        Of resolved ones, those that were resolved together.
        """
        ...

    async def list_open_cases(
        self, guild_id: int | None, *, skip: int, limit: int
    ) -> tuple[Sequence[Sequence[Report]], int]:
        """Return one page of the open cases of a server, or of all (None), oldest first, and how many there are."""
        ...

    async def save_line(self, report_id: int, audience: ReportAudience, line: ReportLine | None) -> bool:
        """Remember the line of a case, or forget it (None); return False if it has another one already."""
        ...

    async def resolve(self, report_id: int, state: ReportState, change: RuleChange) -> bool:
        """Resolve all open reports of a message as the person and the time of `change` say, and write that row.

        It returns False, and writes nothing, if that report is not open.
        """
        ...

    async def reopen(self, report_id: int, change: RuleChange) -> None:
        """Open a case again, as what was to be done failed, and write that row of the audit."""
        ...

    async def delete_old_reports(self, before: datetime) -> int:
        """Delete the reports from before then, and return how many there were."""
        ...
