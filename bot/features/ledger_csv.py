"""The ledger as a CSV file (RFC 4180) that spreadsheets open: without prompts, and without formulas."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from io import StringIO
from typing import Final

from bot.entities import LedgerEntry, LedgerFilter
from bot.ports.ledger import Ledger
from bot.text_cleaning import clean_text

MAX_ROWS: Final = 20_000
MAX_BYTES: Final = 8_000_000
"""Less than Discord accepts as a file."""
COLUMNS: Final = (
    *("time", "person", "server", "channel", "action", "model", "speed", "jobs", "expected", "confirmed", "currency"),
    *("outcome", "task", "request", "private", "link"),
)

_PAGE_ROWS: Final = 500
_CELL_LENGTH: Final = 200
# OWASP, "CSV Injection"; the wide forms are formulas in some locales of Excel.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@dataclass(frozen=True, kw_only=True)
class LedgerFile:
    """A CSV file in UTF-8; not all entries are in it if `is_complete` is False, but the newest are."""

    data: bytes
    rows: int
    is_complete: bool


async def write_ledger_csv(
    ledger: Ledger, wanted: LedgerFilter, zone: tzinfo, *, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES
) -> LedgerFile:
    """Write entries into a file, newest first, with times in `zone`; read in pages, so that others can work meanwhile.

    `wanted` has an end, so that entries that are made meanwhile do not shift the pages.

    Raises:
        StoreUnavailable: The database does not answer.
    """
    data, rows = bytearray("\ufeff".encode()), 0  # Excel takes a file without this mark for one of its own code page
    data += _format_rows([[f"time ({zone})", *COLUMNS[1:]]])
    while rows < max_rows:
        page = await ledger.list_entries(wanted, limit=_PAGE_ROWS, skip=rows)
        page_rows = [_list_cells(entry, zone) for entry in page[: max_rows - rows]]
        text = _format_rows(page_rows)
        if len(data) + len(text) > max_bytes:
            break
        data += text
        rows += len(page_rows)
        if len(page) < _PAGE_ROWS and len(page_rows) == len(page):
            return LedgerFile(data=bytes(data), rows=rows, is_complete=True)
    more = await ledger.list_entries(wanted, limit=1, skip=rows)
    return LedgerFile(data=bytes(data), rows=rows, is_complete=not more)


def _format_rows(rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _list_cells(entry: LedgerEntry, zone: tzinfo) -> list[str]:
    return [
        f"{entry.made_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        *(_format_id(one) for one in (entry.person_id, entry.guild_id, entry.channel_id)),
        *(neutralize(one) for one in (entry.action, entry.model, entry.speed)),
        str(entry.tasks),
        *(_format_amount(one) for one in (entry.expected, entry.confirmed)),
        neutralize(entry.currency),
        entry.outcome.value,
        _format_id(entry.task_id),
        neutralize(entry.request_id),
        "yes" if entry.is_private else "no",
        "" if entry.is_private else neutralize(entry.link),
    ]


def neutralize(text: str) -> str:
    """Clean and cut a text, and let a spreadsheet take it for a text where it would take it for a formula."""
    cell = clean_text(text[: 4 * _CELL_LENGTH])[:_CELL_LENGTH]
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _format_id(number: int | str) -> str:
    """Format an id so that a spreadsheet keeps all of its digits: it rounds numbers to fifteen."""
    text = neutralize(str(number or ""))
    return f"#{text}" if text else ""


def _format_amount(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:f}"
