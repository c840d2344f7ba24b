"""Words on their way into a message: prompts shown safely, durations, bars, Discord's times. Pure."""

import re
import string
from datetime import datetime
from urllib.parse import quote

from bot.text_cleaning import clean_text
from cogs.text import limits

PROMPT_LENGTH = 300
"""How much of a prompt a message shows."""

_READ = 10_000
"""How much of a prompt is looked at: what lies behind is never shown."""

_LINK = re.compile(r"<?https?://[^\s<>]+>?", re.IGNORECASE)
_PARAMETER = re.compile(r"\s(?=(?:--|[\u2013\u2014])[a-zA-Z])")  # phones write dashes for --
# Discord, as CommonMark, takes a backslash before any punctuation.
_MARKDOWN = re.compile(r"[\\*_~|`\[\]<>]|^[#+-]|(?:(?<=^\d)|(?<=^\d\d))[.)]|:(?=//|[^\s:]+:)|@(?=everyone|here)")
_MASKED = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_HEADING = re.compile(r"#{1,3} (?=.*[^\s*])")
_MARKED = re.compile(r"(\*\*|~~)(?=\S)([^*~]*[^*~\s])\1|([^*~]+|[*~]+?)")
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_WEB = re.compile(rf"https?://{_HOST}(?::(\d{{1,5}}))?(?:[/?#].*)?")
_IN_URLS = "".join(set(string.punctuation) - set('"()<>[\\]^`{|}'))


def clean_and_cut(text: str, limit: int) -> str:
    """Make it plain, and cut it to what a limit of Discord's allows; what lies far behind that is not even read."""
    return limits.cut(clean_text(text[: 4 * limit]), limit)


def escape_markdown(text: str) -> str:
    """Make one line of text that shows exactly as it is: no markdown, no mention, no link, no emoji by name."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


def format_answer(text: str) -> str:
    """Show what Midjourney answers in words: of its Markdown what is bold, struck or a heading; no link."""
    lines = (_answer_line(clean_text(line)) for line in text.splitlines())
    return "\n".join(filter(None, lines))


def _answer_line(line: str) -> str:
    words = _MASKED.sub(r"\1", line)
    if heading := _HEADING.match(words):
        return f"**{escape_markdown(words[heading.end() :].replace('**', ''))}**"
    return "".join(
        f"{mark}{escape_markdown(inside)}{mark}" if mark else escape_markdown(rest)
        for mark, inside, rest in _MARKED.findall(words)
    )


def format_code(text: str) -> str:
    """Show text as code; a backtick would end it, and is shown as an apostrophe."""
    quoted = text.replace("`", "'")
    return f"`{quoted}`"


def replace_links(prompt: str) -> str:
    """Make a prompt plain, its image links shortened to an icon: half a link, where it is cut, says nothing."""
    return _LINK.sub("🖼️", clean_text(prompt[:_READ]))


def format_prompt(prompt: str, limit: int = PROMPT_LENGTH) -> str:
    """Show a prompt as **its words** and `--its parameters`, image links shortened to an icon."""
    return _with_parameters(limits.cut(replace_links(prompt), limit), "**")


def format_whole_prompt(prompt: str) -> str:
    """Show a prompt of Midjourney's own whole, as words and `--its parameters`."""
    return _with_parameters(clean_text(prompt[:_READ]), "")


def _with_parameters(text: str, mark: str) -> str:
    words, *parameters = _PARAMETER.split(" " + text)
    shown = [f"{mark}{escape_markdown(words.strip())}{mark}"] if words.strip() else []
    return " ".join(shown + [format_code(parameter.strip()) for parameter in parameters if parameter.strip()])


def format_duration(milliseconds: int) -> str:
    """Say how long something took: "4 s", "2 min 5 s", "1 h 3 min"."""
    seconds = max((milliseconds + 500) // 1000, 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    return f"{seconds} s"


def format_progress_bar(percent: int) -> str:
    """Draw progress with twenty blocks, as code so that its width stays."""
    full = min(max(percent, 0), 100) // 5
    return f"`{'█' * full}{'░' * (20 - full)}`"


def format_relative_time(at: datetime | int) -> str:
    """Show a time (or milliseconds since 1970) as Discord's relative time, in the reader's language."""
    seconds = at // 1000 if isinstance(at, int) else int(at.timestamp())
    return f"<t:{seconds}:R>"


def sanitize_link(url: str) -> str | None:
    """Return a link that Discord takes, None where there is none; parentheses would end a masked link."""
    if len(url) > limits.EMBED_URL:
        return None
    safe = quote(url.strip(), safe=_IN_URLS, errors="replace")
    found = _WEB.fullmatch(safe)
    if found is None or len(safe) > limits.EMBED_URL:
        return None
    return safe if 0 < int(found[1] or 443) < 1 << 16 else None
