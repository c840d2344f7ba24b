"""Parse what Midjourney answers in words: the prompts of describe, the ranked words and shorter prompts of shorten.

Both are Markdown of a Discord message: lines numbered by keycap emoji, words bold or struck through.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from bot.midjourney.prompts.prompt_normalizer import normalize_prompt_text

MAX_LINES = 9
"""More lines than Midjourney ever gives."""

_MAX_LENGTH = 20_000
# The number before a line: 1️⃣, 1., 1), (1), **1.**, [1], - 1. A keycap needs no punctuation.
_NUMBER = re.compile(
    r"\s*(?:[-*>]\s+)?[*_(\[]{0,3}([1-9])(?:\ufe0f?\u20e3|[.):\]]{1,2}(?!\d)|\*\*(?=\s))[*_:.)\]]{0,3}\s*"
)
# A line that ends with a colon is a heading too; a line of one bold word is not, but the only word that matters.
_HEADING = re.compile(r"\s*#{1,6}\s.*|[^~]*:(?:\*\*)?\s*")
_MASKED_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_OTHER_MARKUP = re.compile(r"\*\*|~~|__|^[>#]+\s+|`")
_MARKED = re.compile(r"\*\*(?P<strong>.+?)\*\*|~~(?P<ignored>.+?)~~|(?P<normal>(?:(?!\*\*|~~).)+|\*\*|~~)")
_WORD = re.compile(r"[^\s,;]+")


class WordWeight(IntEnum):
    """How much a word of a prompt matters to Midjourney."""

    IGNORED = 0
    """Struck through: it has little or no effect."""
    NORMAL = 1
    STRONG = 2
    """Bold: it matters most."""


@dataclass(frozen=True)
class WeightedWord:
    """A word, or several words that Midjourney marked together."""

    text: str
    weight: WordWeight


@dataclass(frozen=True)
class ShortenResult:
    """The result of shorten: the prompt's words in their own order, and shorter prompts, longest first."""

    words: tuple[WeightedWord, ...]
    prompts: tuple[str, ...]

    @property
    def ranked_words(self) -> tuple[WeightedWord, ...]:
        """The words by weight, strongest first, each once."""
        by_weight = sorted(self.words, key=lambda word: -word.weight)
        seen: dict[str, WeightedWord] = {}
        for word in by_weight:
            seen.setdefault(word.text.lower(), word)
        return tuple(seen.values())


def parse_describe_result(text: str) -> tuple[str, ...]:
    """Return the prompts of a describe result, in order, each as a line for `/imagine`; empty without any.

    These are the numbered lines if there are any (numbers may be missing), else the paragraphs, else the lines.
    """
    return tuple(_split_by_number(text[:_MAX_LENGTH]).values()) or tuple(_list_paragraphs(text[:_MAX_LENGTH]))


def find_numbered_line(text: str, number: int) -> str:
    """Return the line of button `number`, counted from 1; "" where the text has no such line."""
    numbers = _split_by_number(text[:_MAX_LENGTH])
    if numbers:
        return numbers.get(number, "")
    lines = parse_describe_result(text)
    return lines[number - 1] if 1 <= number <= len(lines) else ""


def parse_shorten_result(text: str) -> ShortenResult:
    """Parse a shorten result: the words stand above the first numbered line, the prompts from there on."""
    text = text[:_MAX_LENGTH]
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if _NUMBER.match(line)), len(lines))
    above = [line for line in lines[:first] if not _HEADING.fullmatch(line)]
    prompts = tuple(_split_by_number("\n".join(lines[first:])).values())
    return ShortenResult(tuple(_parse_words("\n".join(above))), prompts)


def _split_by_number(text: str) -> dict[int, str]:
    """Return the lines by their numbers, with their continuation lines; a number that comes again is ignored."""
    found: dict[int, list[str]] = {}
    current: list[str] | None = None
    for line in text.splitlines():
        number = _NUMBER.match(line)
        if number:
            current = found.setdefault(int(number[1]), []) if int(number[1]) not in found else None
            line = line[number.end() :]  # noqa: PLW2901 - the text after the number
        elif _HEADING.fullmatch(line):
            current = None
        if current is not None:
            current.append(line)
    lines_by_number = ((number, _strip_markdown(" ".join(lines))) for number, lines in found.items())
    return {number: line for number, line in lines_by_number if line}


def _list_paragraphs(text: str) -> list[str]:
    parts = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
    if len(parts) == 1:
        parts = parts[0].splitlines()
    kept = "\n\n".join(line for line in parts if not _HEADING.fullmatch(line))
    return [line for line in map(_strip_markdown, kept.split("\n\n")) if line][:MAX_LINES]


def _strip_markdown(text: str) -> str:
    """Remove Markdown; a masked link becomes its text."""
    return normalize_prompt_text(_OTHER_MARKUP.sub("", _MASKED_LINK.sub(r"\1", text)).replace("\\", ""))


def _parse_words(text: str) -> list[WeightedWord]:
    words: list[WeightedWord] = []
    for found in _MARKED.finditer(_MASKED_LINK.sub(r"\1", text).replace("\n", " ")):
        kind = found.lastgroup
        if kind == "normal":
            words += [
                WeightedWord(word, WordWeight.NORMAL) for word in _WORD.findall(found[0]) if re.search(r"\w", word)
            ]
        elif kind and (word := normalize_prompt_text(found[kind]).strip(" ,;")):
            words.append(WeightedWord(word, WordWeight.STRONG if kind == "strong" else WordWeight.IGNORED))
    return words
