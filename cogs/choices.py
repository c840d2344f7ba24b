"""A person's own tasks, offered while they type an id."""

from discord import app_commands

from bot.errors import MjbotError
from bot.jobs import Jobs
from bot.records import Recent
from cogs import limits
from cogs.prose import plain

MARKS = {"SUCCESS": "✅", "FAILURE": "❌", "CANCEL": "🚫", "IN_PROGRESS": "🎨", "MODAL": "✋"}
"""How each state of a task looks in a list; the others wait."""


async def own_tasks(jobs: Jobs, person_id: int, typed: str) -> list[app_commands.Choice[str]]:
    """Return a person's recent tasks whose id or prompt holds what was typed; none where the store is gone."""
    try:
        recent = await jobs.recent(person_id, limits.CHOICES)
    except MjbotError:
        return []
    wanted = typed.strip().lower()
    return [
        app_commands.Choice(name=_name(one), value=one.task_id)
        for one in recent
        if wanted in one.task_id.lower() or wanted in one.prompt.lower()
    ]


def _name(one: Recent) -> str:
    mark = MARKS.get(one.status, "⏳")
    return limits.cut(f"{mark} {plain(one.prompt) or 'no prompt'} · {one.task_id}", limits.CHOICE_NAME)
