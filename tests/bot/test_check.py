"""`python -m bot check`: against a loopback Discord, and what it says of the database, to which it writes nothing."""

import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from discord.http import Route

from bot.check import _check_money, _check_store, run_checks
from bot.clock import Clock
from bot.policy.prices import PriceList
from bot.relay.client import RelayClient
from bot.settings import Settings
from bot.store import open_store
from tests.bot.test_main import settings
from tests.fakes.sample_rows import NOON
from tests.postgres import Postgres
from tests.sandbox.relay_program_caller import asking
from tests.wire.loopback import LoopbackDiscord

LISTED = "ok    Prices: known for 18 models of the relay, from the relay's price list; an imagine costs about $0.10."
NOT_TOLD = (
    "WARN  Balance: can't be read: this relay tells it to no key. BALANCE_ALARM can't warn you: look at the relay's "
    "console now and then, or leave it empty."
)
DUMP = Path(__file__).parents[1] / "data" / "database_7e4ce19.sql"


async def find_in(url: str, *, forget: bool = False) -> list[str]:
    """Return the lines about a database."""
    given = Settings.read(_env_file=None, discord_token="t", mj_api_key="k", database_url=url)
    return [str(finding) for finding in await _check_store(given, Clock(), forget=forget)]


def dump(file: Path) -> list[str]:
    """Return all that an SQLite file contains, as SQL."""
    database = sqlite3.connect(file)
    try:
        return list(database.iterdump())
    finally:
        database.close()


def list_files(folder: Path, pattern: str = "*") -> list[Path]:
    """Return what is in a folder, and in those below it."""
    return sorted(folder.rglob(pattern))


@pytest.mark.parametrize("name", ["mjbot.db", "data/mjbot.db", "a/b/c/mjbot.db"])
@pytest.mark.parametrize("forget", [False, True])
async def test_no_file_is_created(tmp_path: Path, name: str, *, forget: bool) -> None:
    lines = await find_in(f"sqlite:///{tmp_path}/{name}", forget=forget)
    assert lines == [
        "ok    Database: is new. The bot will create its tables at its next start.",
        "ok    Buttons: the relay has refused none recently.",
    ]
    assert list_files(tmp_path) == []


@pytest.mark.parametrize("forget", [False, True])
async def test_an_old_database_is_not_migrated(tmp_path: Path, *, forget: bool) -> None:
    file = tmp_path / "mjbot.db"
    database = sqlite3.connect(file)
    database.executescript(DUMP.read_text(encoding="utf-8"))
    database.close()
    before = dump(file)
    lines = await find_in(f"sqlite:///{file}", forget=forget)
    [said] = [line for line in lines if "Database" in line]
    assert said.startswith("ok    Database: works, with the older schema 000")
    assert said.endswith("The bot will migrate it at its next start.")
    versions = [line for line in before if "alembic_version" in line]
    assert [line for line in dump(file) if "alembic_version" in line] == versions
    assert forget or dump(file) == before
    assert [line[:4] for line in lines] == ["ok  "] * len(lines)


async def test_a_current_database_is_left_as_it_is(either_url: str, tmp_path: Path) -> None:
    async with open_store(either_url, now=lambda: NOON):
        pass
    before = [dump(file) for file in list_files(tmp_path, "*.db")]
    assert "ok    Database: works, with 0 unfinished messages." in await find_in(either_url)
    assert [dump(file) for file in list_files(tmp_path, "*.db")] == before


async def test_a_new_postgresql_database_stays_empty(either_url: str) -> None:
    for _ in range(2):
        assert (await find_in(either_url))[0].startswith("ok    Database: is new.")


@pytest.mark.parametrize("has_tables", [False, True])
async def test_a_read_only_postgresql_is_reported(postgres: Postgres, *, has_tables: bool) -> None:
    url = await postgres.database()
    if has_tables:
        async with open_store(url, now=lambda: NOON):
            pass
    connection = await asyncpg.connect(url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    await connection.close()
    [line] = await find_in(url)
    assert line.startswith("FAIL  Database: is read-only.")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("file/mjbot.db", "has a path that goes through a file."),
        ("notes.txt", "is not an SQLite file."),
        ("folder", "is a folder."),
    ],
)
async def test_what_is_wrong_with_the_path_is_said(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "notes.txt").write_text("nothing of ours\n" * 500, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    [line] = await find_in(f"sqlite:///{tmp_path}/{path}")
    assert line.startswith(f"FAIL  Database: {said}")


@pytest.mark.parametrize("path", ["/users/@me", "/oauth2/applications/@me"])
@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (429, {"retry_after": 82_721.0}, "until "),
        (429, {"retry_after": 400, "global": True}, "until "),
        (403, {"code": 40333}, "without telling until when (HTTP 403, code 40333)"),
    ],
)
async def test_a_blocked_address_fails_the_check(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    path: str,
    status: int,
    body: dict[str, object],
    said: str,
) -> None:
    """It says until when, and what helps."""
    async with LoopbackDiscord() as discord:
        monkeypatch.setattr(Route, "BASE", discord.api_url)
        discord.fail("GET", path, status, body=body, times=None)
        assert await run_checks(settings(discord, tmp_path), []) == 1
    [line] = [line for line in capsys.readouterr().out.splitlines() if "Discord blocks" in line]
    assert line.startswith("FAIL  Discord: can't be used: Discord blocks ")
    assert said in line
    assert line.endswith("another host or region helps at once.")


@pytest.mark.parametrize(
    ("software", "changed", "lines"),
    [
        (
            "newapi-2026",
            {"key_quota": 2_100_000},
            [
                LISTED,
                "WARN  Balance: $4.20 left at the relay. Top it up in the relay's console.",
            ],
        ),
        (
            "newapi-2026",
            {"has_account_routes": False},
            [
                (
                    "ok    Prices: not known, so none are shown: the relay tells none, and PRICES is empty. "
                    "Limits of an amount can't count new requests before that: set limits of jobs, or prices."
                ),
                NOT_TOLD,
            ],
        ),
    ],
)
async def test_prices_and_the_balance_are_reported(software: str, changed: dict[str, Any], lines: list[str]) -> None:
    async with asking(software, **changed) as asker, RelayClient.open(asker.relay.url, "sk-sandbox") as api:
        given = Settings.read(_env_file=None, discord_token="t", mj_api_key="k", balance_alarm="5")
        found = await _check_money(api, given, PriceList(), Clock())
        assert [str(one) for one in found] == lines
