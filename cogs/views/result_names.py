"""Write what a press brought, and the button's name, in the language of the moment: both are kept in English. Pure."""

import re
from typing import Final

from bot.entities import Job
from bot.languages import N_
from bot.midjourney.buttons import is_grid, name_result
from bot.midjourney.task import Task
from cogs.languages import _
from cogs.text.markdown import format_duration

_TITLE: Final = re.compile(r"(Picture|Clip) ([1-9])|Panned (left|right|up|down)")
_NUMBERED: Final = {"Picture": N_("Picture {number}"), "Clip": N_("Clip {number}")}
_PANNED: Final = {
    "left": N_("Panned left"),
    "right": N_("Panned right"),
    "up": N_("Panned up"),
    "down": N_("Panned down"),
}
_ACTION_TITLES: Final = {
    "UPSCALE": N_("Upscaled"),
    "DESCRIBE": N_("Described"),
    "SHORTEN": N_("Shortened"),
    "SWAP_FACE": N_("Faces swapped"),
    "PAN": N_("Panned"),
    "ZOOM": N_("Zoomed out"),
}
"""The titles of results that no press brought."""
_OWN_BUTTON_NAMES: Final = frozenset({N_("More"), N_("Describe again"), N_("Favorite")})
"""Names that the bot gives to buttons without a label; all others are Midjourney's words."""


def localize_title(title: str) -> str:
    """Translate the title of a result, as ButtonAction or name_result has it; an action in words stays as it is."""
    found = _TITLE.fullmatch(title)
    if found is None:
        return _(title)
    kind, number, direction = found.groups()
    return _(_PANNED[direction]) if direction else _(_NUMBERED[kind]).format(number=number)


def localize_button_name(name: str) -> str:
    """Translate the name of a pressed button where it is the bot's own word, not Midjourney's or the relay's."""
    return _(name) if name in _OWN_BUTTON_NAMES else name


def format_result_title(job: Job, task: Task) -> str:
    """Format what was made and how long it took; some relays answer a U at once, which is not worth showing."""
    start = task.start_time or task.submit_time
    spent = task.finish_time - start
    result = localize_title(_name_result(job, task))
    if not start or spent < 500:
        return f"✅ {result}"
    # Translators: {result} is such as "Four pictures" or "Upscaled", {duration} such as "2 min 5 s".
    return _("✅ {result} in {duration}").format(result=result, duration=format_duration(spent))


def _name_result(job: Job, task: Task) -> str:
    """Return the title of a result in English."""
    if is_grid(task) or job.done:
        return name_result(task, job.done)
    return N_("One clip") if task.is_video else _ACTION_TITLES.get(task.action, N_("One picture"))
