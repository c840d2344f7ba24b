"""Clicks that end something: a task on its way, or a message."""

from discord.ext import commands

from bot.features.cancel import Outcome, Stops
from bot.features.delete import Removals
from bot.features.message_permissions import Hand
from bot.midjourney.buttons import Kind
from cogs.components.custom_ids import Click, Room
from cogs.messaging.context import Interaction, clicked, person, place, requester
from cogs.messaging.responses import apologising, deferred, promptly, replaced, taking_back, tell, thinking
from cogs.views.bot_buttons import deletion

_SURE = (
    "Delete that message, for everybody? The task itself stays at the relay: `/mjstatus` with its id, at the foot "
    "of the message, shows it again."
)
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

    def __init__(self, stops: Stops, removals: Removals) -> None:
        self._stops = stops
        self._removals = removals

    @commands.Cog.listener(f"on_{Room.ENDING}")
    async def clicked(self, interaction: Interaction, click: Click) -> None:
        """Answer a click on a button of ours."""
        async with apologising(interaction):
            if click.kind is Kind.STOP:
                await self._stop(interaction, click)
            elif click.kind is Kind.DELETE:
                await self._ask(interaction, click)
            elif click.kind is Kind.DELETE_SURELY and click.key.isdecimal():
                await self._delete(interaction, int(click.key))

    async def _stop(self, interaction: Interaction, click: Click) -> None:
        if await deferred(interaction):
            outcome = await self._stops.stop(click.task_id, clicked(interaction), hand(interaction))
            if outcome in _TOLD:
                await tell(interaction, _TOLD[outcome])

    async def _ask(self, interaction: Interaction, click: Click) -> None:
        """Ask privately whether to; the button below carries the message that is meant."""
        if not await thinking(interaction):
            return
        async with taking_back(interaction, private=True):
            message = clicked(interaction)
            await self._removals.ask(message, hand(interaction))
            view = deletion(click.task_id, message.message_id)
            await promptly(interaction.edit_original_response(content=_SURE, view=view))

    async def _delete(self, interaction: Interaction, message_id: int) -> None:
        if not await replaced(interaction, "Deleting …"):
            return
        async with taking_back(interaction, private=True):
            await self._removals.remove(place(interaction, message_id, ephemeral=False), hand(interaction))
            await promptly(interaction.edit_original_response(content="Deleted."))


def hand(interaction: Interaction) -> Hand:
    """Tell whose click it is, and what they may do where it was made."""
    asked_by = requester(interaction.message)
    moderates = interaction.guild_id is not None and interaction.permissions.manage_messages
    return Hand(person(interaction.user), asked_by.id if asked_by else 0, moderates)
