"""Format the text that describe and shorten return as lines of a message, each cut to an equal share. Pure."""

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
from cogs.languages import _
from cogs.text import limits
from cogs.text.markdown import escape_markdown, format_answer, format_whole_prompt

_TEXT_LENGTH = 3000
"""How many characters of a text result a message shows, beside a prompt, a link and the bot's own words."""
_RANKED_LENGTH = 900
"""How many of those characters the ranked words of a prompt may take."""
_MARKS = {WordWeight.STRONG: "**", WordWeight.NORMAL: "", WordWeight.IGNORED: "~~"}


def format_text_result(task: Task) -> tuple[str, ...]:
    """Format a task's text result line by line; empty for a task that makes pictures."""
    if not task.text_result:
        return ()
    if task.action == "SHORTEN" or (task.action != "DESCRIBE" and _has_analyzer_buttons(task)):
        result = parse_shorten_result(task.text_result)
        if result.prompts:
            ranked = _format_ranked(result.ranked_words)
            return (*ranked, *_format_numbered(task.text_result, _TEXT_LENGTH - sum(map(limits.length, ranked))))
    elif parse_describe_result(task.text_result):
        return _format_numbered(task.text_result, _TEXT_LENGTH)
    answer = limits.cut(format_answer(task.text_result[:_TEXT_LENGTH]), _TEXT_LENGTH)
    return (answer,) if answer else ()


def _has_analyzer_buttons(task: Task) -> bool:
    return any("promptanalyzer" in button.custom_id.lower() for button in task.buttons)


def _format_numbered(text: str, room: int) -> tuple[str, ...]:
    """Format each line after the number of its button, cut to its share of `room`."""
    found = [
        (number, clean_text(line)) for number in range(1, MAX_LINES + 1) if (line := find_numbered_line(text, number))
    ]
    share = room // max(len(found), 1) - 4
    return tuple(f"{number}\ufe0f\u20e3 {_cut_and_format(line, share)}" for number, line in found)


def _cut_and_format(line: str, share: int) -> str:
    """Cut a line to its share before formatting it, because half an escape would show."""
    shown = format_whole_prompt(line)
    over = limits.length(shown) - limits.length(line)
    return shown if limits.length(shown) <= share else format_whole_prompt(limits.cut(line, max(share - over, 1)))


def _format_ranked(words: tuple[WeightedWord, ...]) -> tuple[str, ...]:
    """Format the words by weight, strongest first: bold words matter most, struck ones have no effect."""
    marked = (f"{_MARKS[word.weight]}{escape_markdown(clean_text(word.text))}{_MARKS[word.weight]}" for word in words)
    shown = limits.join_fitting(marked, _RANKED_LENGTH, " · ")
    return (_("Most important words: {words}").format(words=shown),) if shown else ()
