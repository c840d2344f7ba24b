"""discord.py's CommandTree, with an answer for the person whose command failed."""

import asyncio
import logging
from typing import Any

import discord
from discord import app_commands

from cogs.context import Interaction
from cogs.languages import set_language
from cogs.messaging.responses import LOST_RESPONSE_ERRORS, log_and_describe_error, send_ephemeral

_UNKNOWN_COMMAND_SECONDS = 2.0


class BotCommandTree(app_commands.CommandTree[Any]):
    """Answers every failed command with a sentence; discord.py itself only logs the error."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client)
        logging.getLogger("discord.app_commands.tree").addFilter(_is_worth_logging)

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Answer the person of this command in their language, errors too."""
        set_language(interaction.client.languages.choose_for_person(interaction))
        return True

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Tell the person what went wrong."""
        if isinstance(error, app_commands.CommandNotFound):
            # A process of another version may know the command, and answers meanwhile.
            await asyncio.sleep(_UNKNOWN_COMMAND_SECONDS)
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await send_ephemeral(interaction, log_and_describe_error(cause, interaction))


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """Drop discord.py's log lines about autocomplete choices that came too late, or after another process's."""
    error = record.exc_info[1] if record.exc_info else None
    is_autocomplete = str(record.msg).startswith("Ignoring exception in autocomplete")
    return not (is_autocomplete and isinstance(error, LOST_RESPONSE_ERRORS))
