"""`python -m bot data`: what it prints for each id and database, and what it deletes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.__main__ import main
from bot.data_command import confirm, run_data_command
from bot.entities import Person, PersonSettings
from bot.settings import Settings
from bot.store import open_store
from tests.fakes.sample_rows import NOON, a_claim, a_job, write_accepted_claim
from tests.migrated_database import create_migrated_file

MAI = Person(1187000000000000017, "Mai", "https://cdn.example/mai.png")
Run = Callable[..., Awaitable[int]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "mjbot.db"


@pytest.fixture
def run(file: Path) -> Run:
    settings = Settings.read(
        _env_file=None,
        discord_token="simulated",
        mj_api_key="sk-very-secret",
        database_url=SecretStr(f"sqlite:///{file}"),
    )

    async def call(action: str, person: str = str(MAI.id), *, as_json: bool = False, is_confirmed: bool = True) -> int:
        return await run_data_command(settings, action, person, as_json=as_json, is_confirmed=is_confirmed)

    return call


async def fill(file: Path, *, closed: bool = True) -> None:
    create_migrated_file(file)
    async with open_store(f"sqlite:///{file}", now=lambda: NOON) as store:
        await write_accepted_claim(store, a_claim(1, person_id=MAI.id), "t1")
        await store.open_job(a_job(10, requester=MAI, claim_id=1))
        await store.update_person_settings(MAI.id, lambda _: PersonSettings(remix=True))
        if closed:
            await store.close_job(10)


@pytest.mark.parametrize(
    "person", ["", "mai", "<@1187000000000000017>", "118", "-1187000000000000017", "9" * 19, "9" * 25]
)
@pytest.mark.parametrize("action", ["show", "delete"])
async def test_an_id_that_is_none_is_refused(
    run: Run, person: str, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(action, person) == 2
    said = capsys.readouterr()
    assert said.err.startswith("The id of a person is a number of 17 to 19 digits")
    assert not said.out


@pytest.mark.parametrize("action", ["show", "delete"])
async def test_a_missing_database_is_not_made(
    run: Run, action: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(action) == 1
    assert "There is no database at DATABASE_URL yet" in capsys.readouterr().err
    assert await run(action) == 1, "it was not made by the first one"


async def test_a_database_that_cannot_be_read_is_named(
    run: Run, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create_migrated_file(file / "inside")
    assert await run("show") == 1
    assert capsys.readouterr().err.startswith("The database ")


async def test_data_is_shown_exported_and_deleted(run: Run, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(file)
    assert await run("show") == 0
    shown = capsys.readouterr().out
    assert "Settings: 1" in shown
    assert "Rows of the ledger: 1" in shown
    assert await run("show", as_json=True) == 0
    exported = json.loads(capsys.readouterr().out)
    assert (exported["person_id"], exported["jobs"][0]["requester_name"]) == (str(MAI.id), "Mai")
    assert await run("delete") == 0
    assert "Deleted: the settings, the rows of 1 messages" in capsys.readouterr().out
    assert await run("delete") == 0
    assert "so nothing was deleted" in capsys.readouterr().out
    assert await run("show") == 0
    assert "Rows of the ledger, under the pseudonym: 1" in capsys.readouterr().out


async def test_running_tasks_are_not_deleted(run: Run, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(file, closed=False)
    assert await run("delete") == 1
    assert capsys.readouterr().err.startswith("Nothing was deleted: 1 of this person's messages")


@pytest.mark.parametrize(("typed", "is_confirmed"), [("yes", True), (" YES ", True), ("y", False), ("", False)])
def test_only_yes_confirms(typed: str, *, is_confirmed: bool) -> None:
    assert confirm(MAI.id, lambda _: typed) is is_confirmed


async def test_without_an_answer_nothing_is_deleted(
    run: Run, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(file)

    def answer(_: str) -> str:
        raise EOFError

    monkeypatch.setattr(confirm, "__defaults__", (answer,))
    assert await run("delete", is_confirmed=False) == 1
    assert capsys.readouterr().err == "Nothing was deleted. To delete without a question, add --yes.\n"


def test_main_runs_the_command(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asyncio.run(fill(file))
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DISCORD_TOKEN": "simulated",
        "MJ_API_KEY": "sk-very-secret",
        "DATABASE_URL": f"sqlite:///{file}",
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["data", "delete", str(MAI.id), "--yes"]) == 0
    assert "Deleted:" in capsys.readouterr().out
