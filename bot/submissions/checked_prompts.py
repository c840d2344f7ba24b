"""Which prompt of a paid request is checked for blocked words: the one place that decides it. Pure.

Every text that Midjourney would draw from, or rank, in this request is checked, as it is sent: the line of a command,
what was typed in a modal, each line that "Imagine all" draws, the words that a video takes from its picture. A button
that draws anew from the prompt of its task, such as V1 or a reroll, sends that prompt once more, so it is checked by
the words that are blocked now. Upscales, favorites and descriptions show or read a picture that exists: words that were
blocked since do not refuse them.
"""

from bot.midjourney.buttons import ButtonAction, ButtonKind, FallbackKind
from bot.midjourney.task import Task
from bot.midjourney.text_results import find_numbered_line
from bot.relay.requests import SubmitRequest
from bot.submissions.fallbacks import list_description_lines

_KINDS_WITHOUT_PROMPT = frozenset({ButtonKind.PICK_FROM_GRID, ButtonKind.UPSCALE, ButtonKind.BOOKMARK})
_FALLBACKS_WITHOUT_PROMPT = frozenset({FallbackKind.DESCRIBE, FallbackKind.SHOW_TEXT})


def find_sent_prompt(request: SubmitRequest) -> str:
    """Return the prompt that a command's request sends, "" where it sends none."""
    prompt = request.body.get("prompt")
    return prompt if isinstance(prompt, str) else ""


def find_drawn_prompt(action: ButtonAction, parent: Task, typed: str | None) -> str:
    """Return what a press of a button of `parent` draws from; `typed` comes from its modal, None without one."""
    if typed is not None:
        return typed
    if action.kind in _KINDS_WITHOUT_PROMPT or action.fallback in _FALLBACKS_WITHOUT_PROMPT:
        return ""
    match action.fallback:
        case FallbackKind.IMAGINE_ALL:
            return "\n".join(list_description_lines(parent)) or parent.text_result
        case FallbackKind.IMAGINE:
            return find_numbered_line(parent.text_result, action.index)
        case _:
            return "\n".join(dict.fromkeys((parent.shown_prompt, parent.properties.final_prompt)))
