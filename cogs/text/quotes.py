"""Somebody else's words inside a sentence of ours, or given back below it. Pure."""

import re

from discord.utils import escape_mentions

from bot.text_cleaning import clean_text
from cogs.text.limits import CONTENT, cut, length
from cogs.text.markdown import format_code

QUOTE_LENGTH = 40
"""How much is shown of a word, an id or whatever else somebody typed."""
_INNER_TICK = re.compile(r"(?<=`)`")


def quote_text(text: str, limit: int = QUOTE_LENGTH) -> str:
    """Show somebody else's words as a code span that nothing in them can end, and that mentions nobody."""
    folded = cut(clean_text(text[: 10 * limit]), limit)
    # Discord's helper knows only full-length ids, and no channels or commands.
    shown = escape_mentions(folded).replace("<", "<\u200b").replace("@", "@\u200b").replace("\u200b\u200b", "\u200b")
    return format_code(shown) if shown else ""


def append_typed_text(sentence: str, typed: str) -> str:
    """Put below a sentence what somebody typed, whole as far as one message has room, to be copied from.

    In a code block nothing is markup, and nobody is mentioned; what would end the block is parted by what is unseen.
    """
    lines = "\n".join(filter(None, map(clean_text, typed.splitlines())))
    before, behind = f"{sentence}\nYou wrote:\n```\n", "\n```"
    room = CONTENT - length(before) - length(behind)
    shown = cut(_INNER_TICK.sub("\u200b`", lines), room)
    return f"{before}{shown}{behind}" if shown else sentence
