"""`python -m bot backup` and `python -m bot copy-database`: print a line for each table, or why it is not done."""

import asyncio
import re
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from bot.errors import StoreUnavailable
from bot.ops.diagnostics import Finding
from bot.store import BackupFileError, CopyRefused, TableCopy, back_up_sqlite, copy_database

_RUN_AGAIN = "run the same command again: it goes on where it stopped."
_ADDRESS = re.compile(r"\w{2,}(?:\+\w+)?:/")
"""The beginning of a DATABASE_URL; a path of Windows begins with a single letter."""


async def run_backup(url: str, file: Path) -> int:
    """Copy the SQLite file of a DATABASE_URL to `file`, print what was copied, and return the exit code."""
    if _ADDRESS.match(str(file)):
        problem = "FILE is an address: write a path, such as data/backup.db."
        return _print(Finding("Backup", is_ok=False, message=problem))
    try:
        counts = await asyncio.to_thread(back_up_sqlite, url, file)
    except BackupFileError as error:
        return _print(Finding("Backup", is_ok=False, message=f"{file} {error}"))
    except StoreUnavailable as error:
        return _print(Finding("Backup", is_ok=False, message=f"the database {error.problem}", advice=error.advice))
    return _print(Finding("Backup", is_ok=True, message=f"{file} has {_list_counts(counts)}."))


def _list_counts(counts: Mapping[str, int]) -> str:
    listed = ", ".join(f"{rows:,} in {table}" for table, rows in counts.items() if rows)
    return f"{sum(counts.values()):,} rows ({listed})" if listed else "no rows"


async def run_copy(source: str, target: str) -> int:
    """Copy a database, print how many rows of each table are there, and return the exit code."""
    tables: list[TableCopy] = []
    try:
        async with aclosing(copy_database(source, target)) as states:
            await _print_states(states, tables)
    except CopyRefused as error:
        advice = f"{error.advice} Then {_RUN_AGAIN}" if tables else error.advice
        return _print(Finding(error.side or "Copy", is_ok=False, message=error.problem, advice=advice.strip()))
    if not all(table.is_complete for table in tables):
        problem = "the two databases don't have as many rows."
        advice = "Stop every bot and other program that writes to one of them, then run the same command again."
        return _print(Finding("Copy", is_ok=False, message=problem, advice=advice))
    rows = sum(table.target for table in tables)
    had_all = rows and not any(table.read for table in tables)
    done = "TO had all rows already; nothing was written." if had_all else f"all {rows:,} rows are in TO."
    next_step = "Set DATABASE_URL to it, and start the bot. Keep FROM until you have seen that it works."
    return _print(Finding("Copy", is_ok=True, message=f"{done} {next_step}"))


async def _print_states(states: AsyncGenerator[TableCopy], tables: list[TableCopy]) -> None:
    """Print each state, and add those that are done to `tables`."""
    async for state in states:
        if not state.is_done:
            _print(Finding(f"Rows of {state.table}", is_ok=True, is_note=True, message=f"{state.read:,} so far."))
            continue
        tables.append(state)
        _print(_describe(state))


def _describe(state: TableCopy) -> Finding:
    counts = f"{state.source:,} in FROM, {state.target:,} in TO"
    changes = [
        text
        for count, text in (
            (state.changed, f"{state.changed:,} had changed in FROM since the interrupted copy"),
            (state.deleted, f"{state.deleted:,} were deleted that FROM no longer has"),
        )
        if count
    ]
    return Finding(f"Rows of {state.table}", is_ok=state.is_complete, message=f"{'; '.join([counts, *changes])}.")


def _print(finding: Finding) -> int:
    print(finding, flush=True)  # noqa: T201 - a command's answer
    return 0 if finding.is_ok else 1


def run_interruptible(work: Coroutine[Any, Any, int]) -> int:
    """Run a command whose interruption does no harm, and return the exit code."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return _print(Finding("Copy", is_ok=False, message="interrupted.", advice=_RUN_AGAIN.capitalize()))
