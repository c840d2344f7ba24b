"""A family as a message: one line for each picture, the one that was asked for marked. Pure."""

import discord

from bot.features.lineage import Lineage, LineageMember
from bot.midjourney.buttons import name_result
from bot.midjourney.task import Status
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, escape_markdown, format_prompt, sanitize_link
from cogs.views.colors import ACTIVE_COLOR

_PRESSED = 40
_INDENT = 6
"""How many generations are indented: a telephone is narrow."""
_STATES = {Status.SUCCESS: "", Status.FAILURE: " ❌", Status.CANCEL: " 🚫"}


def render_lineage(family: Lineage, task_id: str) -> discord.Embed:
    """Draw a family, with `task_id` marked."""
    prompt = next((line for member in family.members if (line := format_prompt(member.task.shown_prompt))), "")
    text = prompt
    for member in family.members:
        longer = f"{text}\n{_line(member, marked=member.task.id == task_id)}".strip()
        text = longer if limits.length(longer) <= limits.EMBED_DESCRIPTION else text
    embed = discord.Embed(title="🌳 Family", colour=ACTIVE_COLOR, description=text)
    if family.has_more:
        embed.set_footer(text="There are more than these.")
    elif len(family.members) == 1:
        embed.set_footer(text="I know of nothing else: neither what it was made of, nor anything made of it.")
    return embed


def _line(member: LineageMember, *, marked: bool) -> str:
    name = _name(member)
    link = sanitize_link(member.link)
    shown = f"[{name}]({link})" if link else name
    made_by = escape_markdown(clean_and_cut(member.pressed, _PRESSED))
    line = f"{_branch(member)}{f'{made_by} → ' if made_by else ''}{shown}{_STATES.get(member.task.status, ' ⏳')}"
    return f"{line} ◂ **this one**" if marked else line


def _name(member: LineageMember) -> str:
    return escape_markdown(clean_and_cut(name_result(member.task, member.done), _PRESSED)) or "Picture"


def _branch(member: LineageMember) -> str:
    """Draw what leads to it, in figure spaces, as Discord folds others."""
    *above, last = (*member.path[-_INDENT:],) or (None,)
    if last is None:
        return ""
    return "".join("\u2003" if closed else "│\u2002" for closed in above) + ("└ " if last else "├ ")
