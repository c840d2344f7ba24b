"""Clicks that end something: a task on its way, or a message."""

from discord.ext import commands

from bot.features.cancel import CancelOutcome, CancelService
from bot.features.delete import DeleteService
from bot.features.message_permissions import MessageActor
from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import ClickEvent, TaskCustomId
from cogs.messaging.context import Interaction, get_clicked_place, get_requester, to_person, to_place
from cogs.messaging.responses import (
    defer_click,
    defer_thinking,
    replace_message,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.views.bot_buttons import render_delete_confirmation

_SURE = (
    "Delete that message, for everybody? The task itself stays at the relay: `/mjstatus` with its id, at the foot "
    "of the message, shows it again."
)
_TOLD = {
    CancelOutcome.REQUESTED: "The relay was asked to cancel it: the message says so as soon as it is.",
    CancelOutcome.UNSUPPORTED: (
        "This relay cannot cancel, so Midjourney draws on, and it stays paid. I only stopped watching: **Look again** "
        "on the message is free."
    ),
}
"""What is said of an outcome that the message itself does not tell."""


class CancelDeleteHandler(commands.Cog):
    """Translates clicks that end something into calls of their use cases."""

    def __init__(self, stops: CancelService, removals: DeleteService) -> None:
        self._stops = stops
        self._removals = removals

    @commands.Cog.listener(f"on_{ClickEvent.ENDING}")
    async def handle_click(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Answer a click on a button of ours."""
        async with send_ephemeral_on_error(interaction):
            if click.kind is ButtonKind.STOP:
                await self._stop(interaction, click)
            elif click.kind is ButtonKind.DELETE:
                await self._ask(interaction, click)
            elif click.kind is ButtonKind.DELETE_CONFIRMED and click.key.isdecimal():
                await self._delete(interaction, int(click.key))

    async def _stop(self, interaction: Interaction, click: TaskCustomId) -> None:
        if await defer_click(interaction):
            outcome = await self._stops.cancel_task(
                click.task_id, get_clicked_place(interaction), get_message_permissions(interaction)
            )
            if outcome in _TOLD:
                await send_ephemeral(interaction, _TOLD[outcome])

    async def _ask(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Ask privately whether to; the button below carries the message that is meant."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            message = get_clicked_place(interaction)
            await self._removals.check_permission(message, get_message_permissions(interaction))
            view = render_delete_confirmation(click.task_id, message.message_id)
            await with_timeout(interaction.edit_original_response(content=_SURE, view=view))

    async def _delete(self, interaction: Interaction, message_id: int) -> None:
        if not await replace_message(interaction, "Deleting …"):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._removals.delete_message(
                to_place(interaction, message_id, ephemeral=False), get_message_permissions(interaction)
            )
            await with_timeout(interaction.edit_original_response(content="Deleted."))


def get_message_permissions(interaction: Interaction) -> MessageActor:
    """Tell whose click it is, and what they may do where it was made."""
    asked_by = get_requester(interaction.message)
    moderates = interaction.guild_id is not None and interaction.permissions.manage_messages
    return MessageActor(to_person(interaction.user), asked_by.id if asked_by else 0, moderates)
