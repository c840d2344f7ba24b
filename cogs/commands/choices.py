"""Choices and suggestions that several commands offer."""

from discord import app_commands

from bot.errors import MjbotError
from bot.midjourney.request_options import Dimensions
from bot.policy.task_privacy import Viewer
from bot.tracking.tracker import JobTracker
from cogs.languages import N_
from cogs.text import limits
from cogs.views.task_list import format_choice

DIMENSION_LABELS = {
    Dimensions.PORTRAIT: N_("portrait, 2:3"),
    Dimensions.SQUARE: N_("square, 1:1"),
    Dimensions.LANDSCAPE: N_("landscape, 3:2"),
}
"""The shapes of a blend, as people read them; marked for translation."""


async def suggest_own_tasks(tracker: JobTracker, viewer: Viewer, typed: str) -> list[app_commands.Choice[str]]:
    """Suggest a person's recent tasks whose id, prompt or description contains the typed text.

    Suggests nothing where the database cannot be used.
    """
    try:
        recent = await tracker.list_recent_tasks(viewer, limits.CHOICES)
    except MjbotError:
        return []
    wanted = typed.strip().lower()
    return [
        app_commands.Choice(name=format_choice(one), value=one.task_id)
        for one in recent
        if any(wanted in text.lower() for text in (one.task_id, one.prompt, one.pressed, one.result_description))
    ]
