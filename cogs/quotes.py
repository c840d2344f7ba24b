"""Somebody else's words inside a sentence of ours. Pure."""

from discord.utils import escape_mentions

from cogs.limits import cut
from cogs.prose import code, plain

QUOTED = 40
"""How much is shown of a word, an id or whatever else somebody typed."""


def quoted(text: str, limit: int = QUOTED) -> str:
    """Show somebody else's words as a code span that nothing in them can end, and that mentions nobody."""
    folded = cut(plain(text[: 10 * limit]), limit)
    # Discord's helper knows only full-length ids, and no channels or commands.
    shown = escape_mentions(folded).replace("<", "<\u200b").replace("@", "@\u200b").replace("\u200b\u200b", "\u200b")
    return code(shown) if shown else ""
