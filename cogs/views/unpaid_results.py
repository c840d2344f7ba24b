"""Draw what a button leads to without any submit: one clip of a video, the words of a prompt by weight. Pure."""

from collections.abc import Iterable

import discord

from bot.entities import Person
from bot.midjourney.task import Task
from bot.midjourney.text_results import Shortened, Weight, Word
from cogs.text import limits
from cogs.text.markdown import escaped, plain, prompt_line, web_link
from cogs.views.task_message import sending

_HEADINGS = {
    Weight.HEAVY: "The picture hangs on these",
    Weight.PLAIN: "These help",
    Weight.IDLE: "These change nothing",
}


def clip_shown(person: Person, pressed: str, parent: Task, link: str) -> discord.Embed:
    """Draw the message of one clip, with its link where Discord takes it."""
    address = web_link(link)
    embed = sending(person, pressed, parent)
    embed.title = "✅ One clip"
    embed.description = "\n".join(
        filter(None, (prompt_line(parent.shown_prompt), f"[the clip]({address})" if address else ""))
    )
    return embed


def weighed(person: Person, pressed: str, parent: Task, words: Shortened) -> discord.Embed:
    """Draw the words of a prompt, those that matter most first."""
    embed = sending(person, pressed, parent)
    embed.title = "✂️ Which words matter"
    for weight, heading in _HEADINGS.items():
        told = _told(word for word in words.ranked if word.weight is weight)
        if told:
            embed.add_field(name=heading, value=told, inline=False)
    return embed


def _told(words: Iterable[Word]) -> str:
    """Put words behind each other; those that have no room are left out whole."""
    text = ""
    for word in words:
        longer = ", ".join(filter(None, (text, escaped(plain(word.text)))))
        text = longer if limits.length(longer) <= limits.FIELD_VALUE else text
    return text
