"""Clicks that end something: a task on its way."""

import discord
from discord.ext import commands

from bot.actions import Kind
from bot.stops import Hand, Outcome, Stops
from cogs.buttons import CLICK, Click
from cogs.places import Interaction, clicked, person, requester
from cogs.replies import acknowledged, apologising, tell

_TOLD = {
    Outcome.ASKED: "The relay was asked to cancel it: the message says so as soon as it is.",
    Outcome.CANNOT: (
        "This relay cannot cancel, so Midjourney draws on, and it stays paid. I only stopped watching: **Look again** "
        "on the message is free."
    ),
}
"""What is said of an outcome that the message itself does not tell."""


class Endings(commands.Cog):
    """Translates clicks that end something into calls of their use cases."""

    def __init__(self, stops: Stops) -> None:
        self._stops = stops

    @commands.Cog.listener(f"on_{CLICK}")
    async def clicked(self, interaction: Interaction, click: Click) -> None:
        """Answer a click on a button of ours."""
        if click.kind is not Kind.STOP:
            return
        async with apologising(interaction):
            if await acknowledged(_deferred(interaction)):
                outcome = await self._stops.stop(click.task_id, clicked(interaction), hand(interaction))
                if outcome in _TOLD:
                    await tell(interaction, _TOLD[outcome])


def hand(interaction: Interaction) -> Hand:
    """Tell whose click it is, and what they may do where it was made."""
    asked_by = requester(interaction.message)
    moderates = interaction.guild_id is not None and interaction.permissions.manage_messages
    return Hand(person(interaction.user), asked_by.id if asked_by else 0, moderates)


async def _deferred(interaction: discord.Interaction) -> bool:
    """Acknowledge a click without any visible change (type 6)."""
    await interaction.response.defer()
    return True
