"""A click becomes a press: who asks, on which message, and who asked for that."""

from bot.presses import Press
from bot.records import Place
from cogs.buttons import Click
from cogs.places import Interaction, clicked, person, requester
from cogs.trust import Trust


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
