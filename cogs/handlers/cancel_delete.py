"""Handle Cancel, Stop watching and Delete."""

from discord.ext import commands

from bot.features.cancel import CancelOutcome, CancelService
from bot.features.delete import DeleteService
from bot.features.message_permissions import MessageActor
from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import ClickEvent, TaskCustomId
from cogs.context import Interaction, get_clicked_place, get_requester, get_viewer, to_person, to_place
from cogs.languages import N_, _
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

_DELETE_QUESTION = N_("Delete this message for everyone? You can bring the picture back with `/mjstatus`.")
_OUTCOME_TEXTS = {
    CancelOutcome.REQUESTED: N_("I asked the service to cancel it. The message will show when it's done."),
    CancelOutcome.UNSUPPORTED: N_(
        "This service can't cancel tasks, so Midjourney keeps drawing, and the charge stands. I only stopped watching. "
        "**Look again** on the message is free."
    ),
}
"""Texts of the outcomes that the task's message does not show."""


class CancelDeleteHandler(commands.Cog):
    """Calls the use cases that cancel a task or delete a message."""

    def __init__(self, cancel_service: CancelService, delete_service: DeleteService) -> None:
        self._cancel_service = cancel_service
        self._delete_service = delete_service

    @commands.Cog.listener(f"on_{ClickEvent.ENDING}")
    async def handle_click(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Handle a click on one of the buttons."""
        async with send_ephemeral_on_error(interaction):
            if click.kind is ButtonKind.STOP:
                await self._cancel(interaction, click)
            elif click.kind is ButtonKind.DELETE:
                await self._ask_to_delete(interaction, click)
            elif click.kind is ButtonKind.DELETE_CONFIRMED and click.key.isdecimal():
                await self._delete(interaction, int(click.key))

    async def _cancel(self, interaction: Interaction, click: TaskCustomId) -> None:
        if await defer_click(interaction):
            outcome = await self._cancel_service.cancel_task(
                click.task_id,
                get_clicked_place(interaction),
                get_message_permissions(interaction),
                get_viewer(interaction),
            )
            if outcome in _OUTCOME_TEXTS:
                await send_ephemeral(interaction, _(_OUTCOME_TEXTS[outcome]))

    async def _ask_to_delete(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Ask the person privately; the button below the question holds the id of the message to delete."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            message = get_clicked_place(interaction)
            await self._delete_service.check_permission(message, get_message_permissions(interaction))
            view = render_delete_confirmation(click.task_id, message.message_id)
            await with_timeout(interaction.edit_original_response(content=_(_DELETE_QUESTION), view=view))

    async def _delete(self, interaction: Interaction, message_id: int) -> None:
        if not await replace_message(interaction, _("Deleting …")):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._delete_service.delete_message(
                to_place(interaction, message_id, ephemeral=False), get_message_permissions(interaction)
            )
            await with_timeout(interaction.edit_original_response(content=_("Deleted.")))


def get_message_permissions(interaction: Interaction) -> MessageActor:
    """Return who clicked, who requested the message, and whether the clicker moderates its channel."""
    requester = get_requester(interaction.message)
    is_moderator = interaction.guild_id is not None and interaction.permissions.manage_messages
    return MessageActor(to_person(interaction.user), requester.id if requester else 0, is_moderator)
