"""Discord's limits, written down once, and the ways to keep a text within them.

The figures are those of Discord's documentation and its OpenAPI document. Where Discord's own behaviour is unsure, the
stricter reading is taken: what passes here is taken there.
"""

import re
import unicodedata
from itertools import accumulate
from typing import Final

import emoji

from bot.imaging.downloader import DISCORD_FILE_LIMIT

CONTENT: Final = 2000
ROWS: Final = 5
BUTTONS_PER_ROW: Final = 5
LABEL: Final = 80
CUSTOM_ID: Final = 100
BUTTON_URL: Final = 512

EMBEDS: Final = 10
EMBED_TITLE: Final = 256
EMBED_DESCRIPTION: Final = 4096
EMBED_TOTAL: Final = 6000
EMBED_URL: Final = 2048
COLOR: Final = 0xFFFFFF
FOOTER: Final = 2048
AUTHOR: Final = 256
FIELDS: Final = 25
FIELD_NAME: Final = 256
FIELD_VALUE: Final = 1024

FILES: Final = 10
FILE_BYTES: Final = DISCORD_FILE_LIMIT
REQUEST_BYTES: Final = 25 * 1024 * 1024
ALT_TEXT: Final = 1024
EMBEDDABLE: Final = frozenset({"jpg", "jpeg", "png", "webp", "gif"})

OPTIONS: Final = 25
OPTION_TEXT: Final = 100
PLACEHOLDER: Final = 150
CHOICES: Final = 25
CHOICE_NAME: Final = 100

MODAL_TITLE: Final = 45
MODAL_ROWS: Final = 5
INPUT_LABEL: Final = 45
INPUT_DESCRIPTION: Final = 100
INPUT_PLACEHOLDER: Final = 100
INPUT: Final = 4000

COMMANDS: Final = 100
COMMAND_NAME: Final = 32
COMMAND_DESCRIPTION: Final = 100

V2_FLAG: Final = 1 << 15
V2_COMPONENTS: Final = 40
V2_TEXT: Final = 4000

ACK_SECONDS: Final = 3.0
TOKEN_SECONDS: Final = 15 * 60.0

_NEWEST_EMOJI: Final = 15.1  # Unicode's; Discord takes up new ones with a year's delay
_JOINER: Final = "\u200d"


def length(text: str) -> int:
    """Count characters as Discord may at most: in UTF-16 units.

    Staff say that the API counts code points (discord-api-docs, issue 1315); its clients count units, never fewer.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """Shorten to `limit` units, the last being an ellipsis, without splitting what is drawn as one character."""
    if length(text) <= limit:
        return text
    end = sum(units < limit for units in accumulate(map(length, text[: max(limit, 0)])))
    while end > 0 and _joined(text, end):
        end -= 1
    return text[:end].rstrip() + "…" if limit > 0 else ""


def _joined(text: str, index: int) -> bool:
    """Tell whether the characters before and at `index` are drawn as one."""
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
    """Tell whether Discord draws this as one emoji: neither a part of one, nor newer than its set."""
    known = emoji.EMOJI_DATA.get(text)
    if known is None or known["status"] == emoji.STATUS["component"]:
        return False
    return float(known["E"]) <= _NEWEST_EMOJI
