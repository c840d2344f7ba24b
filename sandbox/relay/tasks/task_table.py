"""Hold new-api's table of submits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sandbox.relay.settings import RelaySettings
from sandbox.relay.tasks.task_rows import RAND, TaskRow
from sandbox.relay.tasks.upstream_task import Status, UpstreamTask


class TaskTable:
    """All rows, by task id, in the order of their insertion."""

    def __init__(self, epoch: float, settings: RelaySettings) -> None:
        self._epoch = epoch
        self._settings = settings
        self._refresh = settings.refresh_seconds
        self._rows: dict[str, list[TaskRow]] = {}
        self._count = 0
        self._last_id = 0

    def new_id(self, now: float) -> str:
        """Return an unused id: thirteen digits of milliseconds and three more."""
        self._last_id = max(round(now * 1000) * 1000 + (self._count * 617 + 417) % 1000, self._last_id + 1)
        return str(self._last_id)

    def insert(self, task: UpstreamTask, *, action: str, prompt: str, description: str, created: float) -> TaskRow:
        """Add a row for a task; the update loop skips older rows of the same id while this one runs."""
        self._count += 1
        row = TaskRow(
            number=self._count,
            action=action,
            prompt=prompt,
            description=description,
            created=created,
            task=task,
            settings=self._settings,
        )
        rows = self._rows.setdefault(task.task_id, [])
        for older in rows:
            older.replaced_at = min(older.replaced_at, created)
        rows.append(row)
        return row

    def first(self, task_id: str, account: str = "") -> TaskRow | None:
        """Return the row that a fetch shows, None if there is none or another account owns it."""
        rows = self._rows.get(task_id)
        return rows[0] if rows and account in {"", rows[0].task.account} else None

    def find_rows(self, task_ids: Sequence[str], account: str = "") -> list[TaskRow]:
        """Return all rows of these ids and this account, in the order of their insertion."""
        found = [row for task_id in dict.fromkeys(task_ids) for row in self._rows.get(task_id, ())]
        return sorted(_filter_account(account, found), key=lambda row: row.number)

    def all_rows(self) -> list[TaskRow]:
        """Return all rows in the order of their insertion."""
        return sorted((row for rows in self._rows.values() for row in rows), key=lambda row: row.number)

    def clear(self) -> None:
        """Remove all rows, as a proxy does that keeps them in memory and restarts."""
        self._rows.clear()

    def find_read_time(self, row: TaskRow, now: float) -> float | None:
        """Return the time of the state that a row shows, None before the update loop first reached it."""
        return row.find_read_time(now, self._epoch, self._refresh)

    def status(self, row: TaskRow, now: float) -> Status:
        """Return the status that a row shows."""
        return row.status(self.find_read_time(row, now))

    def to_json(self, row: TaskRow, now: float, host: str) -> str:
        """Return the row as JSON, as a caller reads it now."""
        text = row.to_json(self.find_read_time(row, now), host)
        return text.replace(RAND, str(round(now * 1_000_000)), 1) if RAND in text else text


def _filter_account(account: str, rows: Iterable[TaskRow]) -> list[TaskRow]:
    return [row for row in rows if account in {"", row.task.account}]
