"""Respond to interactions: acknowledge them unless another process did, and tell the person about errors."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
import discord

from bot.errors import (
    AlreadyClaimed,
    AlreadyPressed,
    AnswerLost,
    DisplayRefused,
    MjbotError,
    ParentGone,
    PersonNotAllowed,
    PromptIgnored,
    RelayError,
    ServerNotAllowed,
    SubmitOutcomeUnknown,
)
from cogs.components.modals import get_typed_prompt
from cogs.context import Interaction, mark_as_handled, note_receipt
from cogs.messaging.discord_refusals import CLOSED_THREAD_CODES, RefusalKind, classify_refusal
from cogs.messaging.open_interactions import OpenInteractions
from cogs.text import limits
from cogs.text.error_messages import describe_error, describe_internal_error
from cogs.text.picture_errors import describe_file_refusal
from cogs.text.quotes import append_typed_text
from cogs.text.spending_rules import describe_refusal_for_log

log = logging.getLogger(__name__)

_T = TypeVar("_T")

REQUEST_TIMEOUT_SECONDS = 20.0
"""How long the bot waits for Discord's answer to one request."""

REQUEST_ERRORS = (discord.HTTPException, OSError, aiohttp.ClientError)
"""The errors of a request that Discord refused, or that failed on the way; TimeoutError is an OSError."""
LOST_RESPONSE_ERRORS = (discord.InteractionResponded, *REQUEST_ERRORS)
"""The errors of a response to an interaction that another process gave, or that got lost."""
_ALREADY_REQUESTED = (AlreadyClaimed, AlreadyPressed, AnswerLost, PromptIgnored, SubmitOutcomeUnknown)
"""Errors after which the prompt was or may have been sent, so that the person should not send it again."""
_UNKNOWN_MESSAGE = 10008
_ALREADY_ACKNOWLEDGED = 40060


def summarize_error(error: BaseException) -> str:
    """Name an error for the log without its text, which may contain a URL and so an interaction's token."""
    if isinstance(error, discord.HTTPException):
        return str(error) if error.code else f"HTTP {error.status}"
    return type(error).__name__


async def with_timeout(request: Awaitable[_T]) -> _T:
    """Send a request to Discord; raise TimeoutError if there is no answer in REQUEST_TIMEOUT_SECONDS."""
    async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
        return await request


async def acknowledge(interaction: Interaction, response: Awaitable[_T]) -> _T | None:
    """Send the first response to an interaction; return None if this process must not continue.

    Two processes on one token both get every interaction, and Discord accepts one response: 40060 says that the other
    process was first, 10062 that this response came too late. If the response may be lost, no process continues, so
    that nothing is charged.
    """
    note_receipt(interaction)
    try:
        open_interactions: OpenInteractions = interaction.client.open_interactions
        return await open_interactions.send_first_response(response)
    except LOST_RESPONSE_ERRORS as error:
        log.info("%s", _explain_lost_response(error))
        return None


def _explain_lost_response(error: BaseException) -> str:
    reason = summarize_error(error).rstrip(".")
    if isinstance(error, discord.HTTPException) and error.code == _ALREADY_ACKNOWLEDGED:
        reason = (
            "Discord has a response already, of another copy of the bot with the same token, or of this one, whose "
            "confirmation was lost"
        )
    return f"This process does not answer an interaction: {reason}."


async def defer_click(interaction: Interaction) -> bool:
    """Acknowledge a click or modal without a visible change (type 6); return whether this process may continue."""
    return await acknowledge(interaction, interaction.response.defer()) is not None


async def defer_thinking(interaction: Interaction) -> bool:
    """Respond with an ephemeral "thinking ..."; return whether this process may continue."""
    return await acknowledge(interaction, interaction.response.defer(ephemeral=True, thinking=True)) is not None


async def replace_message(interaction: Interaction, text: str) -> bool:
    """Replace the clicked message by a sentence; return whether this process may continue."""
    return await acknowledge(interaction, interaction.response.edit_message(content=text, view=None)) is not None


async def send_ephemeral(interaction: Interaction, text: str) -> None:
    """Send an ephemeral message, as the first response or as a followup."""
    content = limits.cut(text, limits.CONTENT)
    no_mentions = discord.AllowedMentions.none()
    try:
        if interaction.response.is_done():
            await with_timeout(interaction.followup.send(content, ephemeral=True, allowed_mentions=no_mentions))
        else:
            await with_timeout(interaction.response.send_message(content, ephemeral=True, allowed_mentions=no_mentions))
    except LOST_RESPONSE_ERRORS as error:
        log.info("A person got no message: %s.", summarize_error(error))


@asynccontextmanager
async def replace_response_on_error(interaction: Interaction, *, private: bool) -> AsyncGenerator[None]:
    """Replace the "thinking ..." response by one sentence about any error that is raised inside."""
    try:
        with interaction.client.open_interactions.track():
            yield
    except Exception as error:  # noqa: BLE001 - a command's last resort: the person gets a sentence, the log the traceback
        if isinstance(error, discord.NotFound) and error.code == _UNKNOWN_MESSAGE:
            log.info("Interaction %d ends: its message is gone.", interaction.id)
            return
        text = log_and_describe_error(error, interaction)
        await (_replace_response(interaction, text) if private else _replace_public_response(interaction, text))


async def _replace_response(interaction: Interaction, text: str) -> None:
    try:
        # The response may show the embed "Sending" by now.
        request = interaction.edit_original_response(
            content=limits.cut(text, limits.CONTENT), embed=None, allowed_mentions=discord.AllowedMentions.none()
        )
        await with_timeout(request)
    except REQUEST_ERRORS as error:
        log.info("A person got no message: %s.", summarize_error(error))


async def _replace_public_response(interaction: Interaction, text: str) -> None:
    """Replace a public "thinking ..." by an ephemeral sentence: Discord can't make it ephemeral, so it is deleted."""
    try:
        await with_timeout(interaction.edit_original_response(content="…"))
        await send_ephemeral(interaction, text)
        await with_timeout(interaction.delete_original_response())
    except REQUEST_ERRORS as error:
        log.info("A refusal could not be shown: %s.", summarize_error(error))


def log_and_describe_error(error: BaseException, interaction: Interaction) -> str:
    """Log an error and describe it; an unexpected one gets a number that finds its log line."""
    if isinstance(error, RelayError):
        interaction.client.report_relay_error(error)
    if isinstance(error, MjbotError):
        log.info("Refused %s: %s%s.", interaction.type.name, type(error).__name__, _explain_to_operator(error))
        return explain_error(error, interaction)
    if isinstance(error, discord.HTTPException) and (text := _describe_refusal(error, interaction)):
        log.info("Discord refused a part of interaction %d: %s.", interaction.id, summarize_error(error))
        return text
    if isinstance(error, REQUEST_ERRORS):
        # Discord or the network failed, so a traceback says nothing; a message that is gone is not worth a warning.
        is_gone = isinstance(error, discord.HTTPException) and error.status in {403, 404}
        log.log(
            logging.INFO if is_gone else logging.WARNING,
            "Interaction %d failed: %s.",
            interaction.id,
            summarize_error(error),
        )
    else:
        log.error("Interaction %d failed.", interaction.id, exc_info=error)
    return describe_internal_error(interaction.id)


def _explain_to_operator(error: MjbotError) -> str:
    """Say more in the log about a refusal that only the operator can mend."""
    match error:
        case ServerNotAllowed() | PersonNotAllowed():
            return f", {describe_refusal_for_log(error)}"
        case ParentGone(unknown_to_key=True):
            return ", the relay has no such task for MJ_API_KEY, which may be of another account than before"
        case _:
            return ""


def _describe_refusal(error: discord.HTTPException, interaction: Interaction) -> str:
    """Describe why Discord does not take a file, or anything in a closed thread; "" for any other refusal."""
    refusal = classify_refusal(error)
    if refusal.file is not None:
        return describe_file_refusal(refusal.file, "file")
    is_closed = error.code in CLOSED_THREAD_CODES or refusal.kind is RefusalKind.PERMISSION
    return describe_error(DisplayRefused(), now=interaction.client.clock.now()) if is_closed else ""


@asynccontextmanager
async def send_ephemeral_on_error(interaction: Interaction) -> AsyncGenerator[None]:
    """Send an ephemeral sentence about any error that is raised inside, where the interaction is handled."""
    mark_as_handled(interaction)
    try:
        with interaction.client.open_interactions.track():
            yield
    except Exception as error:  # noqa: BLE001 - a click's last resort: the person gets a sentence, the log the traceback
        await send_ephemeral(interaction, log_and_describe_error(error, interaction))


def explain_error(error: MjbotError, interaction: Interaction) -> str:
    """Describe an expected error for the person of an interaction, and give a typed prompt back."""
    is_command = interaction.type is discord.InteractionType.application_command
    text = describe_error(error, now=interaction.client.clock.now(), command=is_command)
    return text if isinstance(error, _ALREADY_REQUESTED) else append_typed_text(text, get_typed_prompt(interaction))
