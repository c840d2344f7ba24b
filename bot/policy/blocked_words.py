"""The words that a server blocks, with AutoMod's wildcards, compared with the finished prompt. Pure.

`cat` blocks the word, `cat*` words that begin with it, `*cat` words that end with it, and `*cat*` all that contain it.
Both sides are folded (see text_folding), and what stands between words counts as a space: "red cat" is also "red-cat".
An entry with accents is compared with accents. An entry in Cyrillic or Greek letters is found only in words that have
such letters. An entry that begins or ends with punctuation, such as --turbo, or that is an emoji, is compared as it is.

Letters that are set apart are read together, too: "b.a.d" and "b a d" for every entry of three letters and more, and
"ba-d" for whole words, because "Texas-style" is not meant by `*ass*`. Digits in place of letters need an entry of their
own. The checked prompt is what Midjourney would draw from, with all parts, weights and parameters; of links
to a host, what follows "?" is left out if it looks like "ex=1&hm=2", as it holds random letters.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from bot.errors import WordBlocked
from bot.policy import text_folding
from bot.text_cleaning import clean_text

MAX_WORDS = 1000
"""How many entries a list has, as in AutoMod."""
MAX_WORD_LENGTH = 60
"""How long an entry is, with its wildcards, as in AutoMod."""
_MAX_NAMED = 10
_MIN_SPELLED_LENGTH = 3
_MAX_PROMPT_LENGTH = 20_000

_SEPARATORS = re.compile("[\n\r\v\f\u0085\u2028\u2029,;\uff0c\uff1b\u3001]+")
_BULLET = re.compile(r"^[-\u2022\u00b7*\u2013\u2014](?=\s)\s*")
_QUOTES = re.compile("^([\"'`\u201c\u2018\u00ab])(.*)([\"'`\u201d\u2019\u00bb])$")
_STARS = re.compile(r"^\*+|\*+$")
_LINK_TAIL = re.compile(
    r"(https?://(?:[a-z0-9-]{1,63}\.){1,8}[a-z0-9-]{2,63}(?::[0-9]{1,5})?(?:/[^\s?#,]*)?)"
    r"\?[\w.%-]{1,20}=[\w.~%+:/=-]*(?:&[\w.%-]{1,20}=[\w.~%+:/=-]*)*&?(?=[\s#>]|$)",
    re.IGNORECASE,
)
_EDGE = "\0"
"""Stands where a word begins or ends in what is compared with its punctuation."""

WordProblemKind = Literal["too long", "only wildcards", "inner wildcard", "nothing visible", "too many"]


@dataclass(frozen=True)
class WordProblem:
    """Why an entry of a pasted list cannot be used; of too many entries, `entry` is the first that has no room."""

    kind: WordProblemKind
    entry: str


@dataclass(frozen=True)
class ParsedWords:
    """What a pasted list holds: entries that can be stored, and for each other one its problem."""

    words: tuple[str, ...]
    problems: tuple[WordProblem, ...] = ()


def parse_words(text: str) -> ParsedWords:
    """Parse a list as people paste it: one entry a line, or between commas or semicolons.

    Bullets and quotation marks are left out, and so are blank entries and those that differ in nothing that counts.
    """
    words, problems = dict[tuple[str, ...], str](), list[WordProblem]()
    for part in _SEPARATORS.split(text):
        entry = _clean_entry(part)
        if not entry:
            continue
        if kind := _find_problem(entry):
            problems.append(WordProblem(kind, entry[: MAX_WORD_LENGTH + 1]))
            continue
        key = tuple(needle.text for needle in _build_needles(entry))
        if key not in words and len(words) >= MAX_WORDS:
            problems.append(WordProblem("too many", entry))
            break
        words.setdefault(key, entry)
    return ParsedWords(tuple(words.values()), tuple(dict.fromkeys(problems)))


def check_words(prompt: str, blocked_words: Sequence[str]) -> None:
    """Raise WordBlocked if the prompt contains one of the words."""
    if blocked_words and prompt and (found := find_words(prompt, blocked_words)):
        raise WordBlocked("server", words=found)


def find_words(prompt: str, blocked_words: Sequence[str]) -> tuple[str, ...]:
    """Return the first entries that a prompt contains, as they are written; () if it contains none."""
    folded = text_folding.fold_characters(_LINK_TAIL.sub(r"\1", prompt[:_MAX_PROMPT_LENGTH]))
    found = dict[str, None]()
    for part in _compile_list(tuple(blocked_words)):
        found |= dict.fromkeys(part.find(folded))
    return tuple(found)[:_MAX_NAMED]


@dataclass(frozen=True)
class _Needle:
    """What an entry is found by, and where: between spaces, as a word that is spelled out, or with its punctuation."""

    place: Literal["words", "spelled", "joined", "literal"]
    text: str


@dataclass(frozen=True)
class _Reading:
    """How a text is read for a part of the entries: in which script, and with or without marks."""

    is_foreign: bool
    has_marks: bool

    def fold(self, folded: str) -> str:
        """Return the letters of a text, with the marks that may be ornaments."""
        fold = text_folding.fold_to_own_script if self.is_foreign else text_folding.fold_to_latin
        return fold(folded)

    @property
    def finish(self) -> Callable[[str], str]:
        """What treats the marks."""
        return text_folding.unify_marks if self.has_marks else text_folding.remove_marks


class _Needles:
    """Finds many texts in one, in a time that does not depend on what they are.

    Of two of which one begins the other, the shorter is kept. So of all that may begin at a position, only the last in
    order before what stands there can.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._texts = list[str]()
        for text in sorted(entries):
            if not self._texts or not text.startswith(self._texts[-1]):
                self._texts.append(text)
        self._entries = entries
        self._longest = max(map(len, self._texts), default=0)

    def find(self, text: str) -> Iterator[str]:
        """Yield the entries that a text contains."""
        if not self._texts:
            return
        texts, longest = self._texts, self._longest
        for begin in range(len(text)):
            part = text[begin : begin + longest]
            candidate = texts[bisect_right(texts, part) - 1]
            if part.startswith(candidate):
                yield self._entries[candidate]


class _WordList:
    """The entries of a list that are read alike."""

    def __init__(self, reading: _Reading, entries: Iterable[tuple[_Needle, str]]) -> None:
        self._reading = reading
        by_place: dict[str, dict[str, str]] = {"words": {}, "spelled": {}, "joined": {}, "literal": {}}
        for needle, entry in entries:
            by_place[needle.place].setdefault(needle.text, entry)
        self._in_words = _Needles(by_place["words"])
        self._spelled = _Needles(by_place["spelled"])
        self._joined = by_place["joined"]
        self._literal = _Needles(by_place["literal"])

    def find(self, folded: str) -> Iterator[str]:
        """Yield the entries that a folded text contains."""
        text = _Text(self._reading.fold(folded), self._reading.finish)
        yield from self._in_words.find(f" {' '.join(text_folding.separate_words(text.finished))} ")
        if self._joined:
            yield from (self._joined[word] for word in text.joined_words if word in self._joined)
        for letters in text.spelled_words:
            yield from self._spelled.find(letters)
        yield from self._literal.find(_mark_edges(text.finished))


@dataclass(frozen=True)
class _Text:
    """A text as one part of the entries reads it."""

    letters: str
    finish: Callable[[str], str]

    @cached_property
    def finished(self) -> str:
        """The whole text."""
        return self.finish(self.letters)

    @property
    def joined_words(self) -> Iterator[str]:
        """What stands between two spaces, without the punctuation in it."""
        for part in self.letters.split():
            if not part.isalnum() and "://" not in part:
                words = text_folding.separate_words(part)
                if len(words) > 1:
                    yield self.finish("".join(words))

    @property
    def spelled_words(self) -> Iterator[str]:
        """What single letters in a row spell."""
        row = list[str]()
        for word in (*text_folding.separate_words(self.letters), ""):
            if word and text_folding.is_letter(word):
                row.append(word)
                continue
            if len(row) >= _MIN_SPELLED_LENGTH:
                yield self.finish("".join(row))
            row.clear()


@lru_cache(maxsize=64)
def _compile_list(words: tuple[str, ...]) -> Sequence[_WordList]:
    parts = dict[_Reading, list[tuple[_Needle, str]]]()
    for entry in words:
        for needle in _build_needles(entry):
            parts.setdefault(_choose_reading(entry), []).append((needle, entry))
    return [_WordList(reading, entries) for reading, entries in parts.items()]


def _choose_reading(entry: str) -> _Reading:
    folded = text_folding.fold_characters(entry)
    return _Reading(text_folding.is_foreign(folded), text_folding.has_marks(folded))


def _build_needles(entry: str) -> list[_Needle]:
    """Return what an entry is found by; [] for one that shows nothing, which is found nowhere."""
    is_begin_open, is_end_open = entry.startswith("*"), entry.endswith("*")
    folded = text_folding.fold_characters(_STARS.sub("", entry))
    reading = _choose_reading(entry)
    letters = " ".join(reading.fold(folded).split())
    finished = reading.finish(letters)
    words = text_folding.separate_words(finished)
    if not words or not finished[0].isalnum() or not finished[-1].isalnum():
        return _build_literal(finished, is_begin_open=is_begin_open, is_end_open=is_end_open)
    begin, end = "" if is_begin_open else " ", "" if is_end_open else " "
    needles = [_Needle("words", f"{begin}{' '.join(words)}{end}")]
    joined = reading.finish("".join(text_folding.separate_words(letters)))
    if begin and end:
        needles.append(_Needle("joined", joined))
    if len(joined) >= _MIN_SPELLED_LENGTH:
        needles.append(_Needle("spelled", joined))
    return needles


def _build_literal(text: str, *, is_begin_open: bool, is_end_open: bool) -> list[_Needle]:
    if not text_folding.is_visible(text):
        return []
    marked = _mark_edges(text)
    begins_word, ends_word = text[0].isalnum(), text[-1].isalnum()
    marked = marked[len(_EDGE) :] if not begins_word or is_begin_open else marked
    return [_Needle("literal", marked[: -len(_EDGE)] if not ends_word or is_end_open else marked)]


def _mark_edges(text: str) -> str:
    """Put an edge around what stands between words, and around the text."""
    parts = re.sub(r"[\W_]+", rf"{_EDGE}\g<0>{_EDGE}", " ".join(text.split()))
    return f"{_EDGE}{parts}{_EDGE}".replace(_EDGE * 2, _EDGE)


def _clean_entry(part: str) -> str:
    entry = _BULLET.sub("", clean_text(part).replace("\uff0a", "*"))
    if quoted := _QUOTES.match(entry):
        entry = quoted[2].strip()
    core = _STARS.sub("", entry).strip()
    return f"{'*' * entry.startswith('*')}{core}{'*' * entry.endswith('*')}" if core else entry[:2]


def _find_problem(entry: str) -> WordProblemKind | None:
    core = _STARS.sub("", entry)
    if not core:
        return "only wildcards"
    if len(entry) > MAX_WORD_LENGTH:
        return "too long"
    if "*" in core:
        return "inner wildcard"
    return None if _build_needles(entry) else "nothing visible"
