"""`python -m bot remove-commands` against a loopback Discord."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from discord.http import Route

from bot.remove_commands import run_removal
from tests.bot.test_main import settings
from tests.wire.loopback import LoopbackDiscord

GUILD, OTHER = 4711, 4712


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[LoopbackDiscord]:
    """A Discord to which this process's discord.py goes; the bot has joined two servers."""
    async with LoopbackDiscord() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        server.guilds.update({GUILD: "Art", OTHER: "Music"})
        yield server


def command(name: str, kind: int = 1) -> dict[str, Any]:
    """Return a registered command."""
    return {"id": "1", "name": name, "type": kind, "description": "", "version": "1"}


def has_files(folder: Path) -> bool:
    """Return whether a folder contains anything."""
    return any(folder.iterdir())


async def remove(discord: LoopbackDiscord, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Run it; return the exit code, and the lines without the last."""
    code = await run_removal(settings(discord, folder))
    lines = capsys.readouterr().out.splitlines()
    assert discord.identifies == 0
    assert not has_files(folder)
    return code, [line for line in lines if not line.startswith("ok    Note: stop the bot for good")]


@pytest.mark.parametrize(
    ("everywhere", "in_guild", "said"),
    [
        ([], [], ["ok    Commands: there were none to remove."]),
        (
            [command("mjstatus"), command("imagine"), command("Describe this image", 3)],
            [],
            ["ok    Commands: 3 removed: /imagine, /mjstatus, Describe this image."],
        ),
        (
            [command("imagine")],
            [command("old"), command("Profile", 2)],
            [
                "ok    Commands: 1 removed: /imagine.",
                f"ok    Commands of server Art ({GUILD}): 2 removed: /old, Profile.",
            ],
        ),
        (
            [],
            [command("test")],
            [
                "ok    Commands: there were none to remove.",
                f"ok    Commands of server Art ({GUILD}): 1 removed: /test.",
            ],
        ),
    ],
)
async def test_all_commands_are_removed(
    discord: LoopbackDiscord,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    everywhere: list[dict[str, Any]],
    in_guild: list[dict[str, Any]],
    said: list[str],
) -> None:
    """Everywhere and in each server, without the gateway and without the database; a second time finds none."""
    discord.commands[:] = everywhere
    discord.guild_commands[GUILD] = list(in_guild)
    assert await remove(discord, tmp_path, capsys) == (0, said)
    assert (discord.commands, discord.guild_commands[GUILD]) == ([], [])
    assert await remove(discord, tmp_path, capsys) == (0, ["ok    Commands: there were none to remove."])


async def test_an_entry_point_stays(
    discord: LoopbackDiscord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Discord made it itself, and refuses a list without it."""
    discord.commands[:] = [command("imagine"), command("launch", 4)]
    assert await remove(discord, tmp_path, capsys) == (0, ["ok    Commands: 1 removed: /imagine."])
    assert [one["name"] for one in discord.commands] == ["launch"]


async def test_a_server_that_refuses_is_named_and_the_next_is_done(
    discord: LoopbackDiscord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    discord.guild_commands[OTHER] = [command("old")]
    discord.fail(
        "GET", f"/applications/{discord.application_id}/guilds/{GUILD}/commands", 403, {"code": 50001}, times=None
    )
    code, lines = await remove(discord, tmp_path, capsys)
    assert code == 1
    [refused] = [line for line in lines if line.startswith("FAIL")]
    assert refused.startswith(f"FAIL  Commands of server Art ({GUILD}): Discord refuses to remove them (")
    assert f"ok    Commands of server Music ({OTHER}): 1 removed: /old." in lines


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/users/@me", 401, "FAIL  Discord token: refused."),
        ("/applications/{}/commands", 403, "FAIL  Discord: can't be reached (Forbidden)."),
        ("/users/@me/guilds", 403, "FAIL  Servers: not all servers could be looked at (Forbidden)."),
    ],
)
async def test_what_discord_refuses_is_said(
    discord: LoopbackDiscord, tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, status: int, said: str
) -> None:
    discord.fail("GET", path.format(discord.application_id), status, {"code": 50001}, times=None)
    code, lines = await remove(discord, tmp_path, capsys)
    assert code == 1
    assert lines[-1].startswith(said)
