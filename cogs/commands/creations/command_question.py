"""Handle the answer to a question about an expensive command: the message holds all that the command asked for."""

from dataclasses import replace

import discord
from discord.ext import commands

from bot.errors import CommandUnknown, NotTheRequester, UploadUnreadable
from bot.submissions.command_requests import CommandRequest
from cogs.commands.creations.paid_command import PaidCommandRunner
from cogs.context import Interaction, get_requester
from cogs.languages import N_, _
from cogs.messaging.attachments import DiscordUpload
from cogs.messaging.responses import replace_message, send_ephemeral_on_error
from cogs.text.confirmations import read_price
from cogs.views.command_question import (
    COMMAND_ANSWER_EVENT,
    PICTURE_PREFIX,
    PROMPT_FILE,
    CommandChoice,
    CommandQuestionButton,
    read_prompt_block,
)

_SENDING = N_("I'm sending it.")


class CommandQuestionCog(commands.Cog):
    """Sends the command that a question is about, in whichever process it was asked."""

    def __init__(self, bot: commands.AutoShardedBot, runner: PaidCommandRunner) -> None:
        self._bot = bot
        self._runner = runner

    async def cog_load(self) -> None:
        """Handle the button of any question."""
        self._bot.add_dynamic_items(CommandQuestionButton)

    @commands.Cog.listener(f"on_{COMMAND_ANSWER_EVENT}")
    async def handle_click(self, interaction: Interaction, choice: CommandChoice) -> None:
        """Send the command; the question loses its button, so that it is answered once."""
        async with send_ephemeral_on_error(interaction):
            message, requester = interaction.message, get_requester(interaction.message)
            if message is None or (requester is not None and requester.id != interaction.user.id):
                raise NotTheRequester
            price = read_price(message.content)
            if not await replace_message(interaction, _(_SENDING)):
                return
            try:
                wanted = await _read_request(message, choice)
                await self._runner.confirm(interaction, message, wanted, price=price, private=choice.is_private)
            except UploadUnreadable as lost:
                raise CommandUnknown from lost


async def _read_request(message: discord.Message, choice: CommandChoice) -> CommandRequest:
    """Read what the command asked for; raise CommandUnknown or UploadUnreadable if a part of it is gone."""
    files = [DiscordUpload.from_attachment(one) for one in message.attachments]
    pictures = tuple(one for one in files if one.name.startswith(PICTURE_PREFIX))
    if len(pictures) != choice.pictures:
        raise CommandUnknown
    whole = next((one for one in files if one.name == PROMPT_FILE), None)
    prompt = (await whole.read()).decode(errors="replace") if whole else read_prompt_block(message)
    return replace(choice.kept, prompt=prompt).build_request(pictures)
