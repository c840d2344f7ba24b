"""Render what a button shows without a paid request: one clip of a video, or a prompt's words by weight. Pure."""

import discord

from bot.entities import Person
from bot.midjourney.task import Task
from bot.midjourney.text_results import ShortenResult, WordWeight
from bot.text_cleaning import clean_text
from cogs.languages import N_, _
from cogs.text import limits
from cogs.text.markdown import escape_markdown, format_prompt, sanitize_link
from cogs.views.task_message import render_sending

_HEADINGS = {
    WordWeight.STRONG: N_("Most important"),
    WordWeight.NORMAL: N_("These help"),
    WordWeight.IGNORED: N_("Little or no effect"),
}


def render_clip(person: Person, pressed: str, parent: Task, link: str) -> discord.Embed:
    """Render the message of one clip, with its link if Discord accepts it."""
    address = sanitize_link(link)
    embed = render_sending(person, pressed, parent)
    embed.title = _("✅ One clip")
    linked = _("[the clip]({link})").format(link=address) if address else ""
    embed.description = "\n".join(filter(None, (format_prompt(parent.shown_prompt), linked)))
    return embed


def render_prompt_words(person: Person, pressed: str, parent: Task, words: ShortenResult) -> discord.Embed:
    """Render the words of a prompt by weight, strongest first."""
    embed = render_sending(person, pressed, parent)
    embed.title = _("✂️ Which words matter")
    for weight, heading in _HEADINGS.items():
        texts = (escape_markdown(clean_text(word.text)) for word in words.ranked_words if word.weight is weight)
        if value := limits.join_fitting(texts, limits.FIELD_VALUE, ", "):
            embed.add_field(name=_(heading), value=value, inline=False)
    return embed
