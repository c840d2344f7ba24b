"""Builds a Press from a click: who clicked, on which message, and who requested that message."""

from bot.entities import Place
from bot.submissions.claims import Press
from cogs.components.custom_ids import TaskCustomId
from cogs.gateway.guild_trust import GuildTrust
from cogs.messaging.context import Interaction, get_clicked_place, get_requester, to_person


async def build_press(
    interaction: Interaction, click: TaskCustomId, trust: GuildTrust, *, parent: Place | None = None
) -> Press:
    """Build a press from a click or a modal; `parent` is the task's message if another one was clicked."""
    requester = get_requester(interaction.message)
    return Press(
        interaction_id=interaction.id,
        person=to_person(interaction.user),
        spender=await trust.identify_spender(interaction, requester.id if requester else 0),
        place=parent or get_clicked_place(interaction),
        task_id=click.task_id,
        button_key=click.key,
    )
