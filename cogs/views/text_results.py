"""What describe and shorten found, as lines of a message: every reading has its share of the room. Pure."""

from bot.midjourney.task import Task
from bot.midjourney.text_results import MOST, Weight, Word, described, line_of, shortened
from cogs.text import limits
from cogs.text.markdown import answer, escaped, plain, whole_prompt

_ROOM = 3000
"""How much of an answer in words is shown: a prompt, a link and our own words find room beside it."""
_WORDS = 900
"""How much of that the ranked words of a prompt may take."""
_MARKS = {Weight.HEAVY: "**", Weight.PLAIN: "", Weight.IDLE: "~~"}


def readings(task: Task) -> tuple[str, ...]:
    """Return what a task answers in words, line by line; empty for pictures."""
    if not task.text:
        return ()
    if task.action == "SHORTEN" or (task.action != "DESCRIBE" and _is_analysed(task)):
        told = shortened(task.text)
        if told.prompts:
            ranked = _ranked(told.ranked)
            return (*ranked, *_numbered(task.text, _ROOM - sum(map(limits.length, ranked))))
    elif described(task.text):
        return _numbered(task.text, _ROOM)
    said = limits.cut(answer(task.text[:_ROOM]), _ROOM)
    return (said,) if said else ()


def _is_analysed(task: Task) -> bool:
    return any("promptanalyzer" in button.custom_id.lower() for button in task.buttons)


def _numbered(text: str, room: int) -> tuple[str, ...]:
    """Show each line behind the number of its button, a long one cut to its share."""
    found = [(number, plain(line)) for number in range(1, MOST + 1) if (line := line_of(text, number))]
    share = room // max(len(found), 1) - 4
    return tuple(f"{number}\ufe0f\u20e3 {_shown(line, share)}" for number, line in found)


def _shown(line: str, share: int) -> str:
    """Escape what fits: cut before, as half an escape would show."""
    shown = whole_prompt(line)
    over = limits.length(shown) - limits.length(line)
    return shown if limits.length(shown) <= share else whole_prompt(limits.cut(line, max(share - over, 1)))


def _ranked(words: tuple[Word, ...]) -> tuple[str, ...]:
    """Show the words, those that count most first: bold ones carry the picture, struck ones do nothing."""
    shown: list[str] = []
    for word in words:
        mark = _MARKS[word.weight]
        told = f"{mark}{escaped(plain(word.text))}{mark}"
        if sum(map(limits.length, shown)) + 3 * len(shown) + limits.length(told) > _WORDS:
            break
        shown.append(told)
    return (f"What counts most: {' · '.join(shown)}",) if shown else ()
