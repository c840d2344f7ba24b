"""What the log learns of an answer that failed: the reason, and no interaction's token."""

import asyncio
import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.clock import Clock
from bot.errors import KeyExpired, RelayBusy, RelayError, RelayUnreachable
from cogs.context import Interaction
from cogs.messaging.open_interactions import OpenInteractions
from cogs.messaging.responses import (
    acknowledge,
    log_and_describe_error,
    replace_response_on_error,
    summarize_error,
    with_timeout,
)

WEBHOOK = "https://discord.com/api/v10/webhooks/7/secrettoken/messages/@original"
LOST = [
    aiohttp.ConnectionTimeoutError(f"Connection timeout to host {WEBHOOK}"),
    aiohttp.InvalidURL(WEBHOOK),
    TimeoutError(WEBHOOK),
    OSError(WEBHOOK),
]


def fake_interaction() -> Interaction:
    """An interaction with an id, and a bot that counts it."""
    client = SimpleNamespace(open_interactions=OpenInteractions(), clock=Clock())
    expires_at = client.clock.now() + timedelta(minutes=15)
    return cast("Interaction", SimpleNamespace(id=4711, client=client, extras={}, expires_at=expires_at))


def refused(status: int, body: dict[str, Any] | str) -> discord.HTTPException:
    """Make what discord.py raises for such an answer."""
    return discord.HTTPException(cast("Any", SimpleNamespace(status=status, reason="so")), body)


@pytest.mark.parametrize("error", [*LOST, refused(502, f"<html>{WEBHOOK}</html>")])
async def test_a_lost_response_is_logged_without_its_url(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """An interaction's token stands in the address, and lets anybody answer in our name for fifteen minutes."""
    caplog.set_level(logging.INFO)

    async def answer() -> int:
        raise error

    assert await acknowledge(fake_interaction(), answer()) is None
    assert len(caplog.messages) == 1
    assert "secrettoken" not in caplog.text


def test_an_unexpected_error_is_logged_without_its_url(caplog: pytest.LogCaptureFixture) -> None:
    """The person gets the number to pass on, the log its kind."""
    interaction = cast("Interaction", SimpleNamespace(id=4711))
    assert "4711" in log_and_describe_error(LOST[0], interaction)
    assert "Interaction 4711 failed: ConnectionTimeoutError." in caplog.text
    assert "secrettoken" not in caplog.text


@pytest.mark.parametrize(("status", "level"), [(404, logging.INFO), (403, logging.INFO), (500, logging.WARNING)])
def test_a_refusal_by_discord_is_logged_without_a_traceback(
    status: int, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    """One line without a traceback; a message that was deleted in the meantime is not even a warning."""
    caplog.set_level(logging.INFO)
    log_and_describe_error(
        refused(status, {"code": 10008 if status == 404 else 0}), cast("Interaction", SimpleNamespace(id=4711))
    )
    assert [(record.levelno, record.exc_info) for record in caplog.records] == [(level, None)]


async def test_a_message_that_is_gone_is_not_taken_back(caplog: pytest.LogCaptureFixture) -> None:
    """A member who deleted "thinking ..." wants no answer: the bot sends Discord no further request."""
    caplog.set_level(logging.INFO)
    response = cast("Any", SimpleNamespace(status=404, reason="so"))
    async with replace_response_on_error(fake_interaction(), private=False):
        raise discord.NotFound(response, {"code": 10008, "message": "Unknown Message"})
    assert caplog.messages == ["Interaction 4711 ends: its message is gone."]


async def test_a_first_response_that_discord_never_confirms_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process does not go on with the interaction."""
    monkeypatch.setattr("cogs.messaging.open_interactions.FIRST_RESPONSE_SECONDS", 0)
    assert await acknowledge(fake_interaction(), asyncio.Event().wait()) is None


async def test_a_request_that_discord_never_answers_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller learns of it as a TimeoutError."""
    monkeypatch.setattr("cogs.messaging.responses.REQUEST_TIMEOUT_SECONDS", 0)
    with pytest.raises(TimeoutError):
        await with_timeout(asyncio.Event().wait())


def test_what_discord_says_is_logged() -> None:
    """Its code and its words tell why, as far as there are any."""
    told = summarize_error(refused(404, {"code": 10062, "message": "Unknown interaction"}))
    assert "10062" in told
    assert "Unknown interaction" in told
    assert summarize_error(refused(502, "<html>")) == "HTTP 502"


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, 20009, "Discord's filter for explicit content refused the file."),
        (413, 40005, "The file is too large for Discord here."),
        (403, 400001, "Discord doesn't accept files in this server now."),
        (400, 50083, "its thread is archived or locked, or I lack a permission there"),
        (403, 50013, "its thread is archived or locked, or I lack a permission there"),
        (403, 50001, "4711"),
        (400, 50035, "4711"),
    ],
)
def test_a_person_is_told_why_discord_takes_no_file(status: int, code: int, said: str) -> None:
    """For the files that buttons send; any other refusal gets a number that finds its line in the log."""
    assert said in log_and_describe_error(refused(status, {"code": code}), fake_interaction())


@pytest.mark.parametrize("error", [RelayUnreachable("HTTP 502"), KeyExpired(), RelayBusy("HTTP 429")])
def test_an_error_of_the_relay_is_passed_on(error: RelayError) -> None:
    """To what reads whether the relay works."""
    interaction, reported = fake_interaction(), list[RelayError]()
    interaction.client.report_relay_error = reported.append
    interaction.type, interaction.data = discord.InteractionType.component, None
    log_and_describe_error(error, interaction)
    assert reported == [error]


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (
            40060,
            "Interaction has already been acknowledged.",
            "This process does not answer an interaction: Discord has a response already, of another copy of the bot",
        ),
        (10062, "Unknown interaction", "This process does not answer an interaction: 400 so (error code: 10062): Unkn"),
        (50035, "Invalid Form Body.", "This process does not answer an interaction: 400 so (error code: 50035): Inv"),
    ],
)
async def test_a_response_of_another_copy_is_named(
    caplog: pytest.LogCaptureFixture, code: int, message: str, said: str
) -> None:
    caplog.set_level(logging.INFO)

    async def answer() -> int:
        raise refused(400, {"code": code, "message": message})

    assert await acknowledge(fake_interaction(), answer()) is None
    assert caplog.messages[0].startswith(said)
    assert not caplog.messages[0].endswith("..")
