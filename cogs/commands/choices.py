"""What commands and forms offer to choose from."""

from discord import app_commands

from bot.errors import MjbotError
from bot.midjourney.request_options import Dimensions
from bot.tracking.tracker import JobTracker
from cogs.text import limits
from cogs.views.task_list import format_choice

DIMENSION_LABELS = {
    Dimensions.PORTRAIT: "portrait, 2:3",
    Dimensions.SQUARE: "square, 1:1",
    Dimensions.LANDSCAPE: "landscape, 3:2",
}
"""The shapes of a blend, in words."""


async def suggest_own_tasks(jobs: JobTracker, person_id: int, typed: str) -> list[app_commands.Choice[str]]:
    """Return a person's recent tasks whose id, prompt or kind holds what was typed; none where the store is gone."""
    try:
        recent = await jobs.list_recent_tasks(person_id, limits.CHOICES)
    except MjbotError:
        return []
    wanted = typed.strip().lower()
    return [
        app_commands.Choice(name=format_choice(one), value=one.task_id)
        for one in recent
        if any(wanted in told.lower() for told in (one.task_id, one.prompt, one.pressed, one.result_description))
    ]
