"""A click becomes a press: who asks, on which message, and who asked for that."""

from bot.entities import Place
from bot.submissions.claims import Press
from cogs.components.custom_ids import TaskCustomId
from cogs.gateway.guild_trust import GuildTrust
from cogs.messaging.context import Interaction, get_clicked_place, get_requester, to_person


async def build_press(
    interaction: Interaction, click: TaskCustomId, trust: GuildTrust, *, parent: Place | None = None
) -> Press:
    """Make a press of a click, or of a form; `parent` is the task's message where another one was clicked."""
    asked_by = get_requester(interaction.message)
    return Press(
        interaction_id=interaction.id,
        person=to_person(interaction.user),
        spender=await trust.identify_spender(interaction, asked_by.id if asked_by else 0),
        place=parent or get_clicked_place(interaction),
        task_id=click.task_id,
        button_key=click.key,
    )
