"""A click becomes a press: who asks, on which message, and who asked for that."""

from bot.admission import Asker
from bot.presses import Press
from bot.records import Place
from cogs.buttons import Click
from cogs.places import Interaction, clicked, is_member, person, requester
from cogs.trust import Trust


async def press_of(interaction: Interaction, click: Click, trust: Trust, *, parent: Place | None = None) -> Press:
    """Make a press of a click, or of a form; `parent` is the task's message where another one was clicked."""
    member = is_member(interaction)
    asked_by = requester(interaction.message)
    return Press(
        interaction_id=interaction.id,
        person=person(interaction.user),
        asker=Asker(
            person_id=interaction.user.id,
            guild_id=(interaction.guild_id or 0) if member else 0,
            trusted_guild=await trust.trusts(interaction.guild) if member else False,
            requester_id=asked_by.id if asked_by else 0,
        ),
        parent=parent or clicked(interaction),
        task_id=click.task_id,
        key=click.key,
    )
