"""Draw what a button leads to without any submit: one clip of a video, the words of a prompt by weight. Pure."""

from collections.abc import Iterable

import discord

from bot.entities import Person
from bot.midjourney.task import Task
from bot.midjourney.text_results import ShortenResult, WeightedWord, WordWeight
from bot.text_cleaning import clean_text
from cogs.text import limits
from cogs.text.markdown import escape_markdown, format_prompt, sanitize_link
from cogs.views.task_message import render_sending

_HEADINGS = {
    WordWeight.STRONG: "The picture hangs on these",
    WordWeight.NORMAL: "These help",
    WordWeight.IGNORED: "These change nothing",
}


def render_clip(person: Person, pressed: str, parent: Task, link: str) -> discord.Embed:
    """Draw the message of one clip, with its link where Discord takes it."""
    address = sanitize_link(link)
    embed = render_sending(person, pressed, parent)
    embed.title = "✅ One clip"
    embed.description = "\n".join(
        filter(None, (format_prompt(parent.shown_prompt), f"[the clip]({address})" if address else ""))
    )
    return embed


def render_prompt_words(person: Person, pressed: str, parent: Task, words: ShortenResult) -> discord.Embed:
    """Draw the words of a prompt, those that matter most first."""
    embed = render_sending(person, pressed, parent)
    embed.title = "✂️ Which words matter"
    for weight, heading in _HEADINGS.items():
        told = _told(word for word in words.ranked_words if word.weight is weight)
        if told:
            embed.add_field(name=heading, value=told, inline=False)
    return embed


def _told(words: Iterable[WeightedWord]) -> str:
    """Put words behind each other; those that have no room are left out whole."""
    text = ""
    for word in words:
        longer = ", ".join(filter(None, (text, escape_markdown(clean_text(word.text)))))
        text = longer if limits.length(longer) <= limits.FIELD_VALUE else text
    return text
