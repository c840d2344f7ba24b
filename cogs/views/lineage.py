"""A family as a message: one line for each picture, the one that was asked for marked. Pure."""

import discord

from bot.features.lineage import Family, Member
from bot.midjourney.buttons import made
from bot.midjourney.task import Status
from cogs.text import limits
from cogs.text.markdown import escaped, prompt_line, short, web_link
from cogs.views.colors import LIVE

_PRESSED = 40
_INDENT = 6
"""How many generations are indented: a telephone is narrow."""
_STATES = {Status.SUCCESS: "", Status.FAILURE: " ❌", Status.CANCEL: " 🚫"}


def family_embed(family: Family, task_id: str) -> discord.Embed:
    """Draw a family, with `task_id` marked."""
    prompt = next((line for member in family.members if (line := prompt_line(member.task.shown_prompt))), "")
    text = prompt
    for member in family.members:
        longer = f"{text}\n{_line(member, marked=member.task.id == task_id)}".strip()
        text = longer if limits.length(longer) <= limits.EMBED_DESCRIPTION else text
    embed = discord.Embed(title="🌳 Family", colour=LIVE, description=text)
    if family.more:
        embed.set_footer(text="There are more than these.")
    elif len(family.members) == 1:
        embed.set_footer(text="I know of nothing else: neither what it was made of, nor anything made of it.")
    return embed


def _line(member: Member, *, marked: bool) -> str:
    name = _name(member)
    link = web_link(member.link)
    shown = f"[{name}]({link})" if link else name
    made_by = escaped(short(member.made_by, _PRESSED))
    line = f"{_branch(member)}{f'{made_by} → ' if made_by else ''}{shown}{_STATES.get(member.task.status, ' ⏳')}"
    return f"{line} ◂ **this one**" if marked else line


def _name(member: Member) -> str:
    return escaped(short(made(member.task, member.done), _PRESSED)) or "Picture"


def _branch(member: Member) -> str:
    """Draw what leads to it, in figure spaces, as Discord folds others."""
    *above, last = (*member.path[-_INDENT:],) or (None,)
    if last is None:
        return ""
    return "".join("\u2003" if closed else "│\u2002" for closed in above) + ("└ " if last else "├ ")
