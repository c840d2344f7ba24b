"""Quote a person's or the relay's words inside a sentence, or give a typed text back below it. Pure."""

import re

from discord.utils import escape_mentions

from bot.text_cleaning import clean_text
from cogs.languages import _
from cogs.text.limits import CONTENT, cut, length
from cogs.text.markdown import format_code

QUOTE_LENGTH = 40
"""How many characters of a typed word or id a sentence shows."""
_INNER_TICK = re.compile(r"(?<=`)`")


def quote_text(text: str, limit: int = QUOTE_LENGTH) -> str:
    """Format foreign words as a code span that they can't end, and that mentions no one."""
    folded = cut(clean_text(text[: 10 * limit]), limit)
    # Discord's helper knows only full-length ids, and no channels or commands.
    shown = escape_mentions(folded).replace("<", "<\u200b").replace("@", "@\u200b").replace("\u200b\u200b", "\u200b")
    return format_code(shown) if shown else ""


def append_typed_text(sentence: str, typed: str) -> str:
    """Add below a sentence what a person typed, to be copied, cut to what one message holds.

    A code block has no markup and no mentions; a zero-width space splits backticks that would end it.
    """
    lines = "\n".join(filter(None, map(clean_text, typed.splitlines())))
    title = _("You wrote:")
    before, after = f"{sentence}\n{title}\n```\n", "\n```"
    room = CONTENT - length(before) - length(after)
    shown = cut(_INNER_TICK.sub("\u200b`", lines), room)
    return f"{before}{shown}{after}" if shown else sentence
