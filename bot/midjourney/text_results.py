"""Read what Midjourney answers in words: describe's prompts, and shorten's ranked words and shorter prompts. Pure.

Both are Markdown as the Discord message has it: lines numbered by keycaps, and words bold or struck through.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from bot.midjourney.prompt_normalizer import normalize_prompt_text

MAX_LINES = 9
"""More lines than Midjourney ever gives; what lies behind is not read."""

_READ = 20_000
# 1️⃣, 1., 1), (1), **1.**, [1], - 1: whatever stands before a line; a keycap needs nothing behind it.
_NUMBER = re.compile(
    r"\s*(?:[-*>]\s+)?[*_(\[]{0,3}([1-9])(?:\ufe0f?\u20e3|[.):\]]{1,2}(?!\d)|\*\*(?=\s))[*_:.)\]]{0,3}\s*"
)
# A line that ends with a colon is one as well: a lone bold word is the one word that matters.
_HEADING = re.compile(r"\s*(?:#{1,6}\s.*|[^~]*:(?:\*\*)?\s*)")
_MASKED = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_LEFT_OVER = re.compile(r"\*\*|~~|__|^[>#]+\s+|`")
_MARKED = re.compile(r"\*\*(?P<heavy>.+?)\*\*|~~(?P<idle>.+?)~~|(?P<plain>(?:(?!\*\*|~~).)+|\*\*|~~)")
_WORD = re.compile(r"[^\s,;]+")


class WordWeight(IntEnum):
    """How much a word of a prompt matters to Midjourney."""

    IGNORED = 0
    """Struck through: it changes nothing."""
    NORMAL = 1
    STRONG = 2
    """Bold: the picture hangs on it."""


@dataclass(frozen=True)
class WeightedWord:
    """A word, or several that were marked together."""

    text: str
    weight: WordWeight


@dataclass(frozen=True)
class ShortenResult:
    """What shorten says: the prompt's words in their own order, each weighed, and shorter prompts, longest first."""

    words: tuple[WeightedWord, ...]
    prompts: tuple[str, ...]

    @property
    def ranked_words(self) -> tuple[WeightedWord, ...]:
        """Return the words, those that matter most first, each once."""
        by_weight = sorted(self.words, key=lambda word: -word.weight)
        seen: dict[str, WeightedWord] = {}
        for word in by_weight:
            seen.setdefault(word.text.lower(), word)
        return tuple(seen.values())


def parse_describe_result(text: str) -> tuple[str, ...]:
    """Return the prompts that describe found, in order, each as a line that `/imagine` takes; empty where none is.

    Numbered lines where there are any, whose numbers need not be complete; else paragraphs, else lines.
    """
    return tuple(_numbered(text[:_READ])) or tuple(_paragraphs(text[:_READ]))


def find_numbered_line(text: str, number: int) -> str:
    """Return the line behind button `number`, counted from 1; "" where the text has no such line."""
    numbers = dict(_by_number(text[:_READ]))
    if numbers:
        return numbers.get(number, "")
    lines = parse_describe_result(text)
    return lines[number - 1] if 1 <= number <= len(lines) else ""


def parse_shorten_result(text: str) -> ShortenResult:
    """Return what shorten found: headings part the words from the prompts, else the first number does."""
    text = text[:_READ]
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if _NUMBER.match(line)), len(lines))
    above = [line for line in lines[:first] if not _is_heading(line)]
    prompts = tuple(_numbered("\n".join(lines[first:])))
    return ShortenResult(tuple(_words("\n".join(above))), prompts)


def _is_heading(line: str) -> bool:
    return _HEADING.fullmatch(line) is not None


def _by_number(text: str) -> list[tuple[int, str]]:
    """Return numbered lines with what goes on below them, each number once."""
    found: dict[int, list[str]] = {}
    current: list[str] | None = None
    for line in text.splitlines():
        number = _NUMBER.match(line)
        if number:
            current = found.setdefault(int(number[1]), []) if int(number[1]) not in found else None
            line = line[number.end() :]  # noqa: PLW2901 - the rest of it
        elif _is_heading(line):
            current = None
        if current is not None:
            current.append(line)
    told = ((number, _plain(" ".join(lines))) for number, lines in found.items())
    return [(number, line) for number, line in told if line]


def _numbered(text: str) -> list[str]:
    return [line for _, line in _by_number(text)]


def _paragraphs(text: str) -> list[str]:
    parts = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
    if len(parts) == 1:
        parts = parts[0].splitlines()
    kept = "\n\n".join(line for line in parts if not _is_heading(line))
    return [line for line in map(_plain, kept.split("\n\n")) if line][:MAX_LINES]


def _plain(text: str) -> str:
    """Take the Markdown off: a masked link is its words."""
    return normalize_prompt_text(_LEFT_OVER.sub("", _MASKED.sub(r"\1", text)).replace("\\", ""))


def _words(text: str) -> list[WeightedWord]:
    words: list[WeightedWord] = []
    for found in _MARKED.finditer(_MASKED.sub(r"\1", text).replace("\n", " ")):
        kind = found.lastgroup
        if kind == "plain":
            words += [
                WeightedWord(word, WordWeight.NORMAL) for word in _WORD.findall(found[0]) if re.search(r"\w", word)
            ]
        elif kind and (word := normalize_prompt_text(found[kind]).strip(" ,;")):
            words.append(WeightedWord(word, WordWeight.STRONG if kind == "heavy" else WordWeight.IGNORED))
    return words
