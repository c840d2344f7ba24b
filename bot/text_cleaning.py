"""Clean the texts of people, Midjourney and relays: one line, no invisible characters, no secrets."""

import re
import unicodedata

_JOINERS = "\u200c\u200d"  # part of emoji, and of Persian and Hindi words
_STRAY_JOINERS = re.compile(rf"(?<!\S)[{_JOINERS}]+|(?<![{_JOINERS}])[{_JOINERS}]+(?!\S)")
# The flags of England, Scotland and Wales: a black flag, then invisible tag characters that spell the region.
_REGION_FLAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]+)")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by category that show nothing
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cn", "Co", "Cs"})

_SECRETS = re.compile(r"\(request id:[^)]*\)|\[?sk-[\w*-]+\]?", re.IGNORECASE)
_MIN_SECRET_LENGTH = 6


def clean_text(text: str) -> str:
    """Make one line of text: fold white space, drop characters that are invisible or change the writing direction."""
    parts = _REGION_FLAGS.split(text)
    parts[::2] = ("".join(map(_clean_character, part)) for part in parts[::2])
    words = " ".join("".join(parts).split())
    return " ".join(_STRAY_JOINERS.sub("", words).split())


def _clean_character(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else " "
    category = unicodedata.category(character)
    if category == "Cf":
        return character if character in _JOINERS else ""
    return " " if category in _INVISIBLE_CATEGORIES or character in _BLANK_LETTERS else character


def sanitize_reason(text: str, secret: str = "") -> str:
    """Cut a relay's own words to 300 characters on one line, without request ids, NUL and any part of a key.

    `secret` is the bot's own key, which may look like anything; below six characters it could be an ordinary word,
    and stays.
    """
    if len(secret) >= _MIN_SECRET_LENGTH:
        text = re.sub(re.escape(secret), "", text, flags=re.IGNORECASE)
    # PostgreSQL, where some reasons are kept, does not store a NUL.
    return " ".join(_SECRETS.sub("", text[:2000].replace("\0", " ")).split())[:300]
