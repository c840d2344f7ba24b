"""`python -m bot check` against a loopback Discord."""

from pathlib import Path

import pytest
from discord.http import Route

from bot.check import run_checks
from tests.bot.test_main import settings
from tests.wire.loopback import LoopbackDiscord


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
