"""Tells of a text on the page whether it is in a language: by the sentences of the language's catalog."""

import re
from functools import cache

from babel.messages.catalog import Message

from cogs.languages import Language
from cogs.languages.catalogs import DIRECTORY_NAMES
from tests.message_catalogs import list_catalogs, read_catalog

_PIECES = re.compile(r"\{[^}]*\}|<[^>]*>|[*`_\n|]+|https?://\S+")
"""What splits a sentence into pieces that are shown as they are: fields and Markdown."""
_WORDS = re.compile(r"[A-Za-z][a-z']+ [a-z']+|^[A-Z][a-z]{3,}")
"""What is surely English: two words, or one with a capital letter, as on a button; options have small names."""
_STAY = re.compile("Blend with|Describe this image|Midjourney status|Report|Upscale picture")
"""Names of menu entries, which are English in every language, as the names of commands are."""
_SHORTEST = 5
"""The letters of the shortest piece that tells the language of a text."""


@cache
def _read_pieces(language: Language) -> tuple[frozenset[str], frozenset[str]]:
    """Return the English pieces that the language replaces, and what it has instead."""
    name = DIRECTORY_NAMES[language]
    english: set[str] = set()
    translated: set[str] = set()
    for message in read_catalog(name, dict(list_catalogs())[name]):
        own = {piece for text in _list_strings(message) for piece in _split(text)}
        translated |= own
        english |= {
            piece for text in _list_ids(message) for piece in _split(text) if not any(piece in one for one in own)
        }
    english = {one for one in english if len(one) >= _SHORTEST and _WORDS.search(one)}
    return frozenset(english), frozenset(one for one in translated if not one.isascii())


def find_english(shown: str, language: Language) -> list[str]:
    """Return the longest pieces of English sentences in a text that the language's catalog should have replaced."""
    english, _ = _read_pieces(language)
    shown = _STAY.sub("", shown)
    found = sorted((one for one in english if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", shown)), key=len)
    return [one for at, one in enumerate(found) if not any(one in longer for longer in found[at + 1 :])]


def find_translated(shown: str, language: Language) -> list[str]:
    """Return the pieces of the language's sentences in a text."""
    _, translated = _read_pieces(language)
    return [one for one in translated if one in shown]


def _list_ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def _list_strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _split(text: str) -> list[str]:
    return [one for piece in _PIECES.split(text) if (one := " ".join(piece.split()).strip(" .,:;()"))]
