"""A click becomes a press: who asks, on which message, and who asked for that."""

from bot.entities import Place
from bot.submissions.presses import Press
from cogs.components.custom_ids import Click
from cogs.gateway.guild_trust import Trust
from cogs.messaging.context import Interaction, clicked, person, requester


async def press_of(interaction: Interaction, click: Click, trust: Trust, *, parent: Place | None = None) -> Press:
    """Make a press of a click, or of a form; `parent` is the task's message where another one was clicked."""
    asked_by = requester(interaction.message)
    return Press(
        interaction_id=interaction.id,
        person=person(interaction.user),
        asker=await trust.asker(interaction, asked_by.id if asked_by else 0),
        parent=parent or clicked(interaction),
        task_id=click.task_id,
        key=click.key,
    )
