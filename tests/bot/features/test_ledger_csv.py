"""The CSV file has every entry once, as any reader of CSV gets it, and nothing in it is a formula."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.entities import LedgerEntry, LedgerFilter, LedgerOutcome
from bot.features.ledger_csv import COLUMNS, LedgerFile, neutralize, write_ledger_csv

AT = datetime(2026, 11, 28, 20, 30, tzinfo=UTC)
ENTRY = LedgerEntry(
    claim_id=1,
    made_at=AT,
    person_id=1_187_000_000_000_000_001,
    guild_id=1_187_000_000_000_000_002,
    channel_id=1_187_000_000_000_000_003,
    action="IMAGINE",
    model="mj_imagine",
    speed="fast",
    currency="USD",
    tasks=1,
    expected=Decimal("0.100000"),
    confirmed=Decimal("0.000001"),
    request_id="20261128abc",
    outcome=LedgerOutcome.DONE,
    task_id="1730621826053455",
    link="https://discord.com/channels/1/2/3",
)


class ListLedger:
    """A ledger of given entries, newest first; `pages` are the calls."""

    def __init__(self, entries: Sequence[LedgerEntry]) -> None:
        self.entries = entries
        self.pages: list[tuple[int, int]] = []

    async def list_entries(self, wanted: LedgerFilter, *, limit: int, skip: int = 0) -> Sequence[LedgerEntry]:
        self.pages.append((limit, skip))
        return self.entries[skip : skip + limit]


async def write(entries: Sequence[LedgerEntry], zone: Any = UTC, **limits: int) -> LedgerFile:  # noqa: ANN401
    ledger: Any = ListLedger(entries)
    return await write_ledger_csv(ledger, LedgerFilter(before=AT), zone, **limits)


def read(file: LedgerFile) -> list[dict[str, str]]:
    """Read a file as a spreadsheet does."""
    text = file.data.decode("utf-8-sig")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return list(csv.DictReader(StringIO(text, newline=""), strict=True))


async def test_an_entry_comes_back_with_all_of_its_fields() -> None:
    """Ids keep their digits in a spreadsheet, amounts their decimals, and times are those of the server."""
    file = await write([ENTRY], ZoneInfo("Asia/Ho_Chi_Minh"))
    [row] = read(file)
    assert list(row.values()) == [
        "2026-11-29 03:30:00",
        "#1187000000000000001",
        "#1187000000000000002",
        "#1187000000000000003",
        *("IMAGINE", "mj_imagine", "fast", "1", "0.100000", "0.000001", "USD", "done"),
        *("#1730621826053455", "20261128abc", "no", "https://discord.com/channels/1/2/3"),
    ]
    assert list(row) == ["time (Asia/Ho_Chi_Minh)", *COLUMNS[1:]]
    assert (file.rows, file.is_complete) == (1, True)
    assert file.data.startswith(b"\xef\xbb\xbf")


async def test_what_is_not_known_is_empty() -> None:
    bare = replace(ENTRY, guild_id=0, channel_id=0, expected=None, confirmed=None, currency="", task_id="", link="")
    [row] = read(await write([bare]))
    assert [row[name] for name in ("server", "channel", "expected", "confirmed", "currency", "task", "link")] == [
        ""
    ] * 7


async def test_a_private_request_has_no_link() -> None:
    """Whatever the ledger returns."""
    [row] = read(await write([replace(ENTRY, is_private=True)]))
    assert (row["private"], row["link"]) == ("yes", "")


FORMULAS = (
    "=HYPERLINK(1)",
    "+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    " =1",
    "\uff1d1",
    "\u200b=1",
    '=cmd|"/c calc"!A1',
    "=1\n=2",
)


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("field", ["action", "model", "speed", "currency", "request_id", "task_id", "link"])
async def test_no_cell_is_a_formula(field: str, text: str) -> None:
    """Also with what a spreadsheet strips before it."""
    changes: dict[str, Any] = {field: text}
    for row in read(await write([replace(ENTRY, **changes)])):
        assert len(row) == len(COLUMNS)
        assert not any(cell.strip().startswith(("=", "+", "-", "@", "\uff1d")) for cell in row.values())


@pytest.mark.parametrize("text", ['a "quoted" name', "one,two", "caf\u00e9 \u79ef\u5206", "\U0001f44d"])
async def test_text_of_any_kind_comes_back(text: str) -> None:
    [row] = read(await write([replace(ENTRY, model=text)]))
    assert row["model"] == text


@pytest.mark.parametrize("text", ["\ud800", "x" * 100_000, "a\x00b"])
async def test_foreign_text_is_bounded_and_cleaned(text: str) -> None:
    [row] = read(await write([replace(ENTRY, model=text, request_id=text)]))
    assert len(row["model"]) <= 201
    assert "\x00" not in row["model"]
    assert neutralize(text) == row["model"]


def many(count: int) -> list[LedgerEntry]:
    return [replace(ENTRY, claim_id=number, made_at=AT - timedelta(seconds=number)) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1000, 1203])
async def test_pages_leave_nothing_out(count: int) -> None:
    """Each entry once, whatever the number."""
    file = await write(many(count))
    rows = read(file)
    assert (len(rows), file.rows, file.is_complete) == (count, count, True)
    assert len({row["time (UTC)"] for row in rows}) == count


@pytest.mark.parametrize(("count", "most", "complete"), [(700, 700, True), (701, 700, False), (5, 3, False)])
async def test_the_newest_rows_are_kept(count: int, most: int, *, complete: bool) -> None:
    """The file says whether it has all."""
    file = await write(many(count), max_rows=most)
    assert (file.rows, file.is_complete) == (most, complete)
    assert read(file)[0]["time (UTC)"] == "2026-11-28 20:30:00"


async def test_the_file_is_never_larger_than_discord_takes() -> None:
    file = await write(many(1200), max_bytes=150_000)
    assert len(file.data) <= 150_000
    assert (file.rows, file.is_complete) == (500, False)
    assert len(read(file)) == 500
