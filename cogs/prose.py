"""Words on their way into a message: prompts shown safely, durations, bars, Discord's times. Pure."""

import re
import unicodedata
from datetime import datetime

import discord

from cogs import limits

PROMPT = 300
"""How much of a prompt a message shows."""

_LINK = re.compile(r"<?https?://[^\s<>]+>?")
_PARAMETER = re.compile(r"\s(?=(?:--|—)[a-zA-Z])")
_KEPT_FORMATS = {"\u200d"}  # the joiner inside emoji


def plain(text: str) -> str:
    """Fold white space, and drop control and direction-changing characters: what is left stays where it stands."""
    visible = (
        letter if letter in _KEPT_FORMATS or unicodedata.category(letter) not in {"Cc", "Cf", "Co", "Cs", "Cn"} else " "
        for letter in text
    )
    return " ".join("".join(visible).split())


def escaped(text: str) -> str:
    """Make text that shows exactly as it is: no markdown, no mention, no link."""
    shown = discord.utils.escape_markdown(text)
    return discord.utils.escape_mentions(shown).replace("](", "]\u200b(").replace("://", ":\u200b//")


def code(text: str) -> str:
    """Show text as code; a backtick would end it."""
    return f"`{text.replace('`', 'ˋ')}`"  # noqa: RUF001 - a letter that looks like one and is none


def prompt_line(prompt: str) -> str:
    """Show a prompt as **its words** and `--its parameters`, image links shortened to an icon."""
    text = limits.cut(_LINK.sub("🖼️", plain(prompt)), PROMPT)
    words, *parameters = _PARAMETER.split(" " + text)
    shown = [f"**{escaped(words.strip())}**"] if words.strip() else []
    return " ".join(shown + [code(parameter.strip()) for parameter in parameters if parameter.strip()])


def duration(milliseconds: int) -> str:
    """Say how long something took: "4 s", "2 min 5 s", "1 h 3 min"."""
    seconds = max(round(milliseconds / 1000), 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    return f"{seconds} s"


def bar(percent: int) -> str:
    """Draw progress with twenty blocks, as code so that its width stays."""
    full = min(max(percent, 0), 100) // 5
    return f"`{'█' * full}{'░' * (20 - full)}`"


def ago(at: datetime | int) -> str:
    """Show a time (or milliseconds since 1970) as Discord's relative time, in the reader's language."""
    seconds = at // 1000 if isinstance(at, int) else int(at.timestamp())
    return f"<t:{seconds}:R>"


def web_link(url: str) -> str | None:
    """Return a link that Discord takes, None where there is none; parentheses would end a masked link."""
    safe = url.strip().replace("(", "%28").replace(")", "%29")
    short = len(safe) <= limits.EMBED_URL and not re.search(r"[\s<>\"\\]", safe)
    host = re.match(r"https?://([A-Za-z0-9.-]+\.[A-Za-z]{2,})(?::\d+)?(?:[/?#]|$)", safe)
    return safe if short and safe.isascii() and host else None
