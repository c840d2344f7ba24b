"""The context menu "Report": reports one of the bot's messages to moderators and the operator, for free."""

import discord
from discord.ext import commands

from cogs.commands.registration import MessageMenuCog
from cogs.context import Interaction
from cogs.handlers.report_form import open_report_form
from cogs.messaging.responses import send_ephemeral_on_error


class ReportMenuCog(MessageMenuCog):
    """Opens the form for any message of the bot, also for one without buttons."""

    def __init__(self, bot: commands.AutoShardedBot) -> None:
        super().__init__(bot, "Report", self.report)

    async def report(self, interaction: Interaction, message: discord.Message) -> None:
        """Open the form for a message."""
        async with send_ephemeral_on_error(interaction):
            await open_report_form(interaction, message)
