"""Render a task's family: one line for each picture, with the requested one marked. Pure."""

import discord

from bot.features.lineage import Lineage, LineageMember
from bot.midjourney.buttons import name_result
from bot.midjourney.task import Status
from cogs.languages import _
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, escape_markdown, format_prompt, sanitize_link
from cogs.views.colors import ACTIVE_COLOR
from cogs.views.result_names import localize_button_name, localize_title

_NAME_LENGTH = 40
_MAX_INDENT = 6
"""How many generations are indented, because a phone is narrow."""
_STATUS_EMOJI = {Status.SUCCESS: "", Status.FAILURE: " ❌", Status.CANCEL: " 🚫"}


def render_lineage(family: Lineage, task_id: str) -> discord.Embed:
    """Render a family, with `task_id` marked."""
    prompt = next((line for member in family.members if (line := format_prompt(member.task.shown_prompt))), "")
    lines = (_format_member(member, marked=member.task.id == task_id) for member in family.members)
    text = limits.join_fitting((prompt, *lines), limits.EMBED_DESCRIPTION)
    embed = discord.Embed(title=_("🌳 Family"), color=ACTIVE_COLOR, description=text)
    if family.has_more:
        embed.set_footer(text=_("There are more than these."))
    elif len(family.members) == 1:
        embed.set_footer(text=_("I don't know what it was made from, or anything made from it."))
    return embed


def _format_member(member: LineageMember, *, marked: bool) -> str:
    title = localize_title(name_result(member.task, member.done))
    name = escape_markdown(clean_and_cut(title, _NAME_LENGTH)) or _("Picture")
    link = sanitize_link(member.link)
    shown = f"[{name}]({link})" if link else name
    made_by = escape_markdown(clean_and_cut(localize_button_name(member.pressed), _NAME_LENGTH))
    status = _STATUS_EMOJI.get(member.task.status, " ⏳")
    line = f"{_draw_branch(member)}{f'{made_by} → ' if made_by else ''}{shown}{status}"
    return _("{picture} ◂ **this one**").format(picture=line) if marked else line


def _draw_branch(member: LineageMember) -> str:
    """Draw the lines of the tree in front of a member, with figure spaces, because Discord folds other spaces."""
    *above, last = (*member.path[-_MAX_INDENT:],) or (None,)
    if last is None:
        return ""
    return "".join("\u2003" if closed else "│\u2002" for closed in above) + ("└ " if last else "├ ")
