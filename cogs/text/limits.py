"""Discord's limits, each defined once, and functions that keep a text within them.

The figures come from Discord's documentation and its OpenAPI document. Where they are ambiguous, the stricter reading
is used, so that Discord accepts what passes here.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

import emoji

from bot.imaging.downloads.downloader import DISCORD_FILE_LIMIT

CONTENT: Final = 2000
BUTTONS_PER_ROW: Final = 5
LABEL: Final = 80
CUSTOM_ID: Final = 100
BUTTON_URL: Final = 512

EMBED_TITLE: Final = 256
EMBED_DESCRIPTION: Final = 4096
EMBED_URL: Final = 2048
FIELD_VALUE: Final = 1024

FILE_BYTES: Final = DISCORD_FILE_LIMIT
REQUEST_BYTES: Final = 25 * 1024 * 1024
ALT_TEXT: Final = 1024

OPTIONS: Final = 25
OPTION_TEXT: Final = 100
CHOICES: Final = 25
COMMAND_TEXT: Final = 100
CHOICE_NAME: Final = 100

INPUT: Final = 4000
MODAL_TITLE: Final = 45
"""Of the title of a form, and of a label in it."""


_NEWEST_EMOJI: Final = 15.1  # Unicode's; Discord adds new ones about a year later
_JOINER: Final = "\u200d"


def length(text: str) -> int:
    """Count a text's characters in UTF-16 units, the most that Discord may count.

    Staff say that the API counts code points (discord-api-docs, issue 1315); its clients count units, never fewer.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """Cut a text to `limit` units, ending with an ellipsis, without splitting what is drawn as one character."""
    if length(text) <= limit:
        return text
    end = sum(units < limit for units in accumulate(map(length, text[: max(limit, 0)])))
    while end > 0 and _is_joined(text, end):
        end -= 1
    return text[:end].rstrip() + "…" if limit > 0 else ""


def join_fitting(parts: Iterable[str], limit: int, separator: str = "\n") -> str:
    """Join the parts that fit `limit` units together; a part is left out whole, because half a link is useless."""
    text = ""
    for part in filter(None, parts):
        longer = f"{text}{separator}{part}" if text else part
        text = longer if length(longer) <= limit else text
    return text


def _is_joined(text: str, index: int) -> bool:
    """Return whether the characters before and at `index` are drawn as one."""
    before, after = text[index - 1], text[index]
    if _JOINER in (before, after) or unicodedata.category(after).startswith("M"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # skin tones, tags
        return True
    if not "\U0001f1e6" <= after <= "\U0001f1ff":
        return False
    flags = re.search("[\U0001f1e6-\U0001f1ff]*$", text[:index])  # two letters make a flag
    return flags is not None and len(flags.group()) % 2 == 1


def is_emoji(text: str) -> bool:
    """Return whether Discord draws a text as one emoji: not a part of one, and not newer than its set."""
    known = emoji.EMOJI_DATA.get(text)
    if known is None or known["status"] == emoji.STATUS["component"]:
        return False
    return float(known["E"]) <= _NEWEST_EMOJI
