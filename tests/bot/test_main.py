"""The loop that connects, and reconnects after failures, until it is stopped."""

import asyncio
import gc
import logging
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr

from bot.__main__ import RetryTiming, keep_connected, main
from bot.ops.health import Readiness
from bot.settings import Settings
from tests.wire.loopback import LoopbackDiscord

HASTY = RetryTiming(
    first_pause=0.01, longest_pause=0.05, token_refused_pause=0.01, blocked_pause=0.05, connection_timeout=0.2
)


@pytest.fixture(autouse=True)
def frozen_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what was imported and collected frozen: a connected bot would look through all of it for a second."""
    monkeypatch.setattr(gc, "unfreeze", lambda: None)


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[LoopbackDiscord]:
    """A Discord to which this process's discord.py goes."""
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with LoopbackDiscord() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        yield server


def settings(discord: LoopbackDiscord, folder: Path, token: str = "") -> Settings:
    """Settings that lead to it; the relay is nowhere."""
    return Settings.read(
        _env_file=None,
        discord_token=token or discord.token,
        mj_api_key="sk-sandbox",
        mj_api_url="http://127.0.0.1:9",
        database_url=f"sqlite:///{folder}/mjbot.db",
        discord_api_url=discord.api_url,
    )


async def connected(readiness: Readiness) -> None:
    """Wait until nothing is missing but the relay, which is nowhere."""
    async with asyncio.timeout(60):
        while await readiness.find_problems() != {"key": "the relay does not answer"}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_first_connection_without_ready_is_replaced(discord: LoopbackDiscord, tmp_path: Path) -> None:
    """A gateway that never sends READY is left after the timeout, with a new bot for each attempt."""
    discord.gateway.silent = True
    stop, readiness = asyncio.Event(), Readiness()
    living = asyncio.create_task(keep_connected(settings(discord, tmp_path), stop, HASTY, readiness))
    assert await readiness.find_problems() == {"gateway": "starting"}
    await discord.until(lambda: discord.identifies >= 3)
    assert "gateway" in await readiness.find_problems()
    discord.gateway.silent = False
    await discord.connected()
    stop.set()
    assert await asyncio.wait_for(living, 60) == 0
    assert discord.identifies < 20


async def test_a_refused_token_ends_the_process(discord: LoopbackDiscord, tmp_path: Path) -> None:
    """A token that Discord refuses is not tried twice."""
    given, readiness = settings(discord, tmp_path, token="wrong"), Readiness()
    assert await asyncio.wait_for(keep_connected(given, asyncio.Event(), HASTY, readiness), 60) == 1
    assert await readiness.find_problems() == {"gateway": "Discord refuses DISCORD_TOKEN"}
    assert [one.status for one in discord.requests] == [401]
    assert discord.identifies == 0


async def test_a_connection_that_is_closed_for_good_is_replaced(discord: LoopbackDiscord, tmp_path: Path) -> None:
    """A close code that discord.py gives up at ends that connection, not the process; readiness follows."""
    stop, readiness = asyncio.Event(), Readiness()
    given = settings(discord, tmp_path)
    living = asyncio.create_task(
        keep_connected(given, stop, RetryTiming(first_pause=0.01, longest_pause=0.05), readiness)
    )
    await connected(readiness)
    fault = discord.fail("GET", "/gateway/bot", 503, times=None)
    await discord.gateway.drop(4012)
    await discord.until(lambda: fault.hits > 5)
    assert await readiness.find_problems() == {"gateway": "Discord cannot be used yet"}
    fault.stop()
    await discord.until(lambda: discord.identifies == 2)
    await connected(readiness)
    stop.set()
    assert await asyncio.wait_for(living, 60) == 0


async def test_a_malformed_gateway_answer_is_requested_again(discord: LoopbackDiscord, tmp_path: Path) -> None:
    """A `GET /gateway/bot` without an address ends nothing."""
    discord.fail("GET", "/gateway/bot", 200, times=2)
    stop = asyncio.Event()
    given = settings(discord, tmp_path)
    living = asyncio.create_task(keep_connected(given, stop, RetryTiming(first_pause=0.01, longest_pause=0.05)))
    await discord.connected()
    stop.set()
    assert await asyncio.wait_for(living, 60) == 0
    assert discord.identifies == 1


@pytest.mark.parametrize("path", ["/users/@me", "/gateway/bot"])
@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (429, {"message": "You are being rate limited.", "retry_after": 82_721.0}, {}, r"until \d{4}-\d\d-\d\d"),
        (429, {}, {"Retry-After": "5000"}, r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC \(HTTP 429\)"),
        (429, {}, {"Retry-After": "Sat, 28 Nov 2099 12:00:00 GMT"}, r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC"),
        (403, {"message": "internal network error", "code": 40333}, {}, "without telling until when"),
    ],
)
async def test_a_blocked_address_waits_as_told(
    discord: LoopbackDiscord,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    path: str,
    status: int,
    body: dict[str, object],
    headers: dict[str, str],
    said: str,
) -> None:
    """One request, then none before the end; log and readiness say until when, and a stop ends the wait at once."""
    fault = discord.fail("GET", path, status, body=body, headers=headers, times=None)
    stop, readiness = asyncio.Event(), Readiness()
    living = asyncio.create_task(keep_connected(settings(discord, tmp_path), stop, RetryTiming(), readiness))
    sentence = f"Discord blocks this machine's address {said}"
    async with asyncio.timeout(60):
        while not re.match(sentence, (await readiness.find_problems())["gateway"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    assert fault.hits == 1
    assert re.search(sentence, caplog.text)
    assert "another host or region" in caplog.text
    stop.set()
    assert await asyncio.wait_for(living, 5) == 0


async def test_a_block_that_ends_lets_the_bot_connect(discord: LoopbackDiscord, tmp_path: Path) -> None:
    """At its end, by itself."""
    discord.fail("GET", "/users/@me", 403, body={"code": 40333}, times=2)
    stop, readiness = asyncio.Event(), Readiness()
    timing = RetryTiming(first_pause=0.01, longest_pause=0.05, blocked_pause=0.05)
    living = asyncio.create_task(keep_connected(settings(discord, tmp_path), stop, timing, readiness))
    await connected(readiness)
    stop.set()
    assert await asyncio.wait_for(living, 60) == 0


@pytest.mark.parametrize(("status", "body"), [(403, {"code": 50001}), (404, {}), (200, {"team": 5})])
async def test_a_login_that_learns_no_owner_connects(
    discord: LoopbackDiscord, tmp_path: Path, status: int, body: dict[str, object]
) -> None:
    """Discord refuses to tell about the application, or tells nonsense: the bot is there, and says what is missing."""
    discord.fail("GET", "/oauth2/applications/@me", status, body=body, times=None)
    stop, readiness = asyncio.Event(), Readiness()
    living = asyncio.create_task(keep_connected(settings(discord, tmp_path), stop, RetryTiming(), readiness))
    async with asyncio.timeout(60):
        while set(problems := await readiness.find_problems()) != {"key", "owners"}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert problems["owners"].startswith("Discord doesn't tell who owns this application (")
    assert problems["owners"].endswith(", so nobody may draw")
    stop.set()
    assert await asyncio.wait_for(living, 60) == 0


async def test_a_short_limit_at_the_login_is_waited_for(
    discord: LoopbackDiscord, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so."""
    discord.fail("GET", "/users/@me", 429, body={"retry_after": 0.3})
    discord.fail("GET", "/gateway/bot", 429, body={"retry_after": 0.2, "global": True})
    stop, readiness = asyncio.Event(), Readiness()
    living = asyncio.create_task(keep_connected(settings(discord, tmp_path), stop, RetryTiming(), readiness))
    await connected(readiness)
    assert caplog.text.count("We are being rate limited") == 2
    assert "Discord blocks all requests of this bot until" in caplog.text
    stop.set()
    assert await asyncio.wait_for(living, 60) == 0


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "is a folder. Set DATABASE_URL to a file in it"),
        ("/notes.txt", "is not an SQLite file. Set DATABASE_URL to another file"),
        ("/notes.txt/mjbot.db", "has a path that goes through a file. Set DATABASE_URL to a file in a folder"),
    ],
)
async def test_a_database_that_cannot_be_opened_is_explained_once(
    discord: LoopbackDiscord, tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str, said: str
) -> None:
    """However often it is tried; what it says is what the check says."""
    (tmp_path / "notes.txt").write_text("nothing of ours\n" * 500, encoding="utf-8")
    stop, readiness = asyncio.Event(), Readiness()
    given = settings(discord, tmp_path).model_copy(update={"database_url": SecretStr(f"sqlite:///{tmp_path}{path}")})
    with caplog.at_level(logging.DEBUG, "bot"):
        living = asyncio.create_task(keep_connected(given, stop, HASTY, readiness))
        async with asyncio.timeout(60):
            while len([one for one in caplog.records if said in one.getMessage()]) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await readiness.find_problems() == {"store": "The database cannot be used yet"}
        stop.set()
        assert await asyncio.wait_for(living, 60) == 0
    warnings = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith("The database cannot be used; trying again in")
    assert f"The database {said}" in warnings[0]
    assert "sqlalche.me" not in caplog.text


@pytest.mark.parametrize("token", ["1289999999999999999", "Zx8_kLmNopQrStUvWxYz0123456789ab", "3f1e0a9b8c7d6e5f" * 4])
def test_what_is_no_token_is_not_sent_to_discord(
    token: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It may be the client secret, the public key, or a secret of someone else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", token)
    monkeypatch.setenv("MJ_API_KEY", "abc")
    monkeypatch.delenv("DISCORD_API_URL", raising=False)
    assert main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("DISCORD_TOKEN is not a bot's token")
    assert token not in said
