"""Format prompts, links, durations, progress bars and times as safe Discord Markdown. Pure."""

import re
import string
from datetime import datetime
from urllib.parse import quote

from bot.text_cleaning import clean_text
from cogs.languages import _
from cogs.text import limits

PROMPT_LENGTH = 300
"""How many characters of a prompt a message shows."""

_MAX_READ = 10_000
"""How many characters of a prompt are processed at all; a message never shows more."""

_LINK = re.compile(r"<?https?://[^\s<>]+>?", re.IGNORECASE)
_PARAMETER = re.compile(r"\s(?=(?:--|[\u2013\u2014])[a-zA-Z])")  # phones write dashes for --
# Discord, like CommonMark, accepts a backslash before any punctuation.
_SPECIAL = re.compile(r"[\\*_~|`\[\]<>]|^[#+-]|(?:(?<=^\d)|(?<=^\d\d))[.)]|:(?=//|[^\s:]+:)|@(?=everyone|here)")
_MASKED_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_PSEUDONYM = re.compile(r"<@(-\d{1,19})>")
_HEADING = re.compile(r"#{1,3} (?=.*[^\s*])")
_EMPHASIS = re.compile(r"(\*\*|~~)(?=\S)([^*~]*[^*~\s])\1|([^*~]+|[*~]+?)")
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_WEB_LINK = re.compile(rf"https?://{_HOST}(?::(\d{{1,5}}))?(?:[/?#].*)?")
_URL_PUNCTUATION = "".join(set(string.punctuation) - set('"()<>[\\]^`{|}'))


def clean_and_cut(text: str, limit: int) -> str:
    """Clean a text and cut it to `limit`; characters far beyond the limit are not processed."""
    return limits.cut(clean_text(text[: 4 * limit]), limit)


def mention_person(person_id: int) -> str:
    """Mention a person; one who deleted their data is stored under a pseudonym, which is negative."""
    return f"<@{person_id}>" if person_id > 0 else _("a person who deleted their data")


def hide_pseudonyms(text: str) -> str:
    """Replace the mentions of people who deleted their data, which Discord would show as numbers."""
    return _PSEUDONYM.sub(lambda found: mention_person(int(found[1])), text)


def escape_markdown(text: str) -> str:
    """Escape one line so that Discord shows it literally: no Markdown, mention, link or named emoji."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def format_answer(text: str) -> str:
    """Format a text by Midjourney: keep its bold, struck and heading Markdown, and drop its links."""
    lines = (_format_answer_line(clean_text(line)) for line in text.splitlines())
    return "\n".join(filter(None, lines))


def _format_answer_line(line: str) -> str:
    words = _MASKED_LINK.sub(r"\1", line)
    if heading := _HEADING.match(words):
        return f"**{escape_markdown(words[heading.end() :].replace('**', ''))}**"
    return "".join(
        f"{mark}{escape_markdown(inside)}{mark}" if mark else escape_markdown(rest)
        for mark, inside, rest in _EMPHASIS.findall(words)
    )


def format_code(text: str) -> str:
    """Format a text as a code span; a backtick, which would end it, becomes an apostrophe."""
    quoted = text.replace("`", "'")
    return f"`{quoted}`"


def replace_links(prompt: str) -> str:
    """Clean a prompt and replace its image links by an icon, because half a link is useless where it is cut."""
    return _LINK.sub("🖼️", clean_text(prompt[:_MAX_READ]))


def format_prompt(prompt: str, limit: int = PROMPT_LENGTH) -> str:
    """Format a prompt as **words** and `--parameters`, cut to `limit`, with an icon for each image link."""
    return _format_parameters(limits.cut(replace_links(prompt), limit), "**")


def format_whole_prompt(prompt: str) -> str:
    """Format a prompt that Midjourney wrote as words and `--parameters`, without cutting it."""
    return _format_parameters(clean_text(prompt[:_MAX_READ]), "")


def _format_parameters(text: str, mark: str) -> str:
    words, *parameters = _PARAMETER.split(" " + text)
    shown = [f"{mark}{escape_markdown(words.strip())}{mark}"] if words.strip() else []
    return " ".join(shown + [format_code(parameter.strip()) for parameter in parameters if parameter.strip()])


def format_duration(milliseconds: int) -> str:
    """Format a duration: "4 s", "2 min 5 s", "1 h 3 min"."""
    seconds = max((milliseconds + 500) // 1000, 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        text = _("{hours} h {minutes} min") if minutes else _("{hours} h")
    elif minutes:
        text = _("{minutes} min {seconds} s") if seconds else _("{minutes} min")
    else:
        text = _("{seconds} s")
    return text.format(hours=hours, minutes=minutes, seconds=seconds)


def format_progress_bar(percent: int) -> str:
    """Format progress as twenty blocks, in a code span so that the width stays the same."""
    full = min(max(percent, 0), 100) // 5
    return f"`{'█' * full}{'░' * (20 - full)}`"


def format_relative_time(at: datetime | int) -> str:
    """Format a time, or milliseconds since 1970, as Discord's relative timestamp, in the reader's language."""
    seconds = at // 1000 if isinstance(at, int) else int(at.timestamp())
    return f"<t:{seconds}:R>"


def sanitize_link(url: str) -> str | None:
    """Return a link that Discord accepts, or None; parentheses are quoted, because they would end a masked link."""
    if len(url) > limits.EMBED_URL:
        return None
    safe = quote(url.strip(), safe=_URL_PUNCTUATION, errors="replace")
    found = _WEB_LINK.fullmatch(safe)
    if found is None or len(safe) > limits.EMBED_URL:
        return None
    return safe if 0 < int(found[1] or 443) < 1 << 16 else None
