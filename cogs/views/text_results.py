"""What describe and shorten found, as lines of a message: every reading has its share of the room. Pure."""

from bot.midjourney.task import Task
from bot.midjourney.text_results import (
    MAX_LINES,
    WeightedWord,
    WordWeight,
    find_numbered_line,
    parse_describe_result,
    parse_shorten_result,
)
from bot.text_cleaning import clean_text
from cogs.text import limits
from cogs.text.markdown import escape_markdown, format_answer, format_whole_prompt

_ROOM = 3000
"""How much of an answer in words is shown: a prompt, a link and our own words find room beside it."""
_WORDS = 900
"""How much of that the ranked words of a prompt may take."""
_MARKS = {WordWeight.STRONG: "**", WordWeight.NORMAL: "", WordWeight.IGNORED: "~~"}


def format_text_result(task: Task) -> tuple[str, ...]:
    """Return what a task answers in words, line by line; empty for pictures."""
    if not task.text_result:
        return ()
    if task.action == "SHORTEN" or (task.action != "DESCRIBE" and _is_analysed(task)):
        told = parse_shorten_result(task.text_result)
        if told.prompts:
            ranked = _ranked(told.ranked_words)
            return (*ranked, *_numbered(task.text_result, _ROOM - sum(map(limits.length, ranked))))
    elif parse_describe_result(task.text_result):
        return _numbered(task.text_result, _ROOM)
    said = limits.cut(format_answer(task.text_result[:_ROOM]), _ROOM)
    return (said,) if said else ()


def _is_analysed(task: Task) -> bool:
    return any("promptanalyzer" in button.custom_id.lower() for button in task.buttons)


def _numbered(text: str, room: int) -> tuple[str, ...]:
    """Show each line behind the number of its button, a long one cut to its share."""
    found = [
        (number, clean_text(line)) for number in range(1, MAX_LINES + 1) if (line := find_numbered_line(text, number))
    ]
    share = room // max(len(found), 1) - 4
    return tuple(f"{number}\ufe0f\u20e3 {_shown(line, share)}" for number, line in found)


def _shown(line: str, share: int) -> str:
    """Escape what fits: cut before, as half an escape would show."""
    shown = format_whole_prompt(line)
    over = limits.length(shown) - limits.length(line)
    return shown if limits.length(shown) <= share else format_whole_prompt(limits.cut(line, max(share - over, 1)))


def _ranked(words: tuple[WeightedWord, ...]) -> tuple[str, ...]:
    """Show the words, those that count most first: bold ones carry the picture, struck ones do nothing."""
    shown: list[str] = []
    for word in words:
        mark = _MARKS[word.weight]
        told = f"{mark}{escape_markdown(clean_text(word.text))}{mark}"
        if sum(map(limits.length, shown)) + 3 * len(shown) + limits.length(told) > _WORDS:
            break
        shown.append(told)
    return (f"What counts most: {' · '.join(shown)}",) if shown else ()
