"""Answering an interaction: acknowledge it, or learn that another process did; tell one person something."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp
import discord

from bot.errors import AlreadyClaimed, AlreadyPressed, AnswerLost, MjbotError, PromptIgnored, SubmitOutcomeUnknown
from cogs.components.modals import get_typed_prompt
from cogs.messaging.context import Interaction
from cogs.messaging.open_interactions import OpenInteractions
from cogs.text import limits
from cogs.text.error_messages import describe_error, describe_internal_error
from cogs.text.quotes import append_typed_text

log = logging.getLogger(__name__)

_T = TypeVar("_T")

REQUEST_TIMEOUT_SECONDS = 20.0
"""How long Discord may take over one request: what it has not answered by then is lost."""

LOST_RESPONSE_ERRORS = (discord.HTTPException, discord.InteractionResponded, OSError, aiohttp.ClientError, TimeoutError)
"""What the answer to an interaction ends with where another process gave it, or it got lost."""
_ON_THEIR_WAY = (AlreadyClaimed, AlreadyPressed, AnswerLost, PromptIgnored, SubmitOutcomeUnknown)
"""What was asked for all the same, or may have been: nobody is to send that prompt once more."""
_UNKNOWN_MESSAGE = 10008


def summarize_error(error: BaseException) -> str:
    """Name an error for the log: the words of aiohttp, or of a page, may hold an address, and so somebody's token."""
    if isinstance(error, discord.HTTPException):
        return str(error) if error.code else f"HTTP {error.status}"
    return type(error).__name__


async def with_timeout(request: Awaitable[_T]) -> _T:
    """Send a request to Discord; a TimeoutError where it is not answered in twenty seconds."""
    async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
        return await request


async def acknowledge(interaction: Interaction, response: Awaitable[_T]) -> _T | None:
    """Send the first answer; None where this process must not go on.

    Two processes on one token both get every interaction, and Discord takes one answer: 40060 says that the other
    was first, 10062 that it came too late. Where the answer got lost nobody knows, so nobody goes on, unpaid.
    """
    try:
        open_interactions: OpenInteractions = interaction.client.open_interactions
        return await open_interactions.send_first_response(response)
    except LOST_RESPONSE_ERRORS as error:
        log.info("An interaction is not ours to answer: %s.", summarize_error(error))
        return None


async def defer_click(interaction: Interaction) -> bool:
    """Answer a click, or a form, without any visible change (type 6); tell whether this process may go on."""
    return await acknowledge(interaction, interaction.response.defer()) is not None


async def defer_thinking(interaction: Interaction) -> bool:
    """Answer with a private "thinking ..."; tell whether this process may go on."""
    return await acknowledge(interaction, interaction.response.defer(ephemeral=True, thinking=True)) is not None


async def replace_message(interaction: Interaction, text: str) -> bool:
    """Put a sentence in place of the message that was clicked; tell whether this process may go on."""
    return await acknowledge(interaction, interaction.response.edit_message(content=text, view=None)) is not None


async def send_ephemeral(interaction: Interaction, text: str) -> None:
    """Tell something to this person alone, as the first answer or after it."""
    content = limits.cut(text, limits.CONTENT)
    quiet = discord.AllowedMentions.none()
    try:
        if interaction.response.is_done():
            await with_timeout(interaction.followup.send(content, ephemeral=True, allowed_mentions=quiet))
        else:
            await with_timeout(interaction.response.send_message(content, ephemeral=True, allowed_mentions=quiet))
    except (discord.HTTPException, discord.InteractionResponded, OSError, aiohttp.ClientError) as error:
        log.info("A person could not be told: %s.", summarize_error(error))


@asynccontextmanager
async def replace_response_on_error(interaction: Interaction, *, private: bool) -> AsyncGenerator[None]:
    """Turn whatever goes wrong inside into one sentence in place of "thinking ...", for the person who asked."""
    try:
        with interaction.client.open_interactions.track():
            yield
    except Exception as error:  # noqa: BLE001 - a command's last resort: the person is told, the log has it all
        if isinstance(error, discord.NotFound) and error.code == _UNKNOWN_MESSAGE:
            log.info("Interaction %d ends: its message is gone.", interaction.id)
            return
        text = log_and_describe_error(error, interaction)
        await (_fill(interaction, text) if private else _take_back(interaction, text))


async def _fill(interaction: Interaction, text: str) -> None:
    try:
        # It may say "Sending" by now.
        request = interaction.edit_original_response(
            content=limits.cut(text, limits.CONTENT), embed=None, allowed_mentions=discord.AllowedMentions.none()
        )
        await with_timeout(request)
    except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
        log.info("A person could not be told: %s.", summarize_error(error))


async def _take_back(interaction: Interaction, text: str) -> None:
    """Refuse after a public "thinking ...": Discord cannot make it private, so it is emptied, answered, deleted."""
    try:
        await with_timeout(interaction.edit_original_response(content="…"))
        await send_ephemeral(interaction, text)
        await with_timeout(interaction.delete_original_response())
    except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
        log.info("A refusal could not be shown: %s.", summarize_error(error))


def log_and_describe_error(error: BaseException, interaction: Interaction) -> str:
    """Say what went wrong; what nobody foresaw is logged under a number that the person can pass on."""
    if isinstance(error, MjbotError):
        log.info("Refused %s: %s.", interaction.type.name, type(error).__name__)
        return explain_error(error, interaction)
    if isinstance(error, discord.HTTPException | aiohttp.ClientError | OSError):
        # Discord's failure, or the network's, and where in our code tells nothing; a message that is gone is no news.
        gone = isinstance(error, discord.HTTPException) and error.status in {403, 404}
        log.log(
            logging.INFO if gone else logging.WARNING,
            "Interaction %d failed: %s.",
            interaction.id,
            summarize_error(error),
        )
    else:
        log.error("Interaction %d failed.", interaction.id, exc_info=error)
    return describe_internal_error(interaction.id)


@asynccontextmanager
async def send_ephemeral_on_error(interaction: Interaction) -> AsyncGenerator[None]:
    """Turn whatever goes wrong inside into one sentence for the person who asked."""
    try:
        with interaction.client.open_interactions.track():
            yield
    except Exception as error:  # noqa: BLE001 - a click's last resort: the person is told, the log has it all
        await send_ephemeral(interaction, log_and_describe_error(error, interaction))


def explain_error(error: MjbotError, interaction: Interaction) -> str:
    """Say an expected error to whoever pressed a button, filled in a form, or ran a command, and give a prompt back."""
    command = interaction.type is discord.InteractionType.application_command
    text = describe_error(error, now=datetime.now(UTC), command=command)
    return text if isinstance(error, _ON_THEIR_WAY) else append_typed_text(text, get_typed_prompt(interaction))
