"""Render the settings of a server, one page at a time. Pure.

The first /mjserver in a server shows three of the pages as the steps of a guide.
"""

from collections.abc import Callable, Mapping
from typing import Final

import discord
from discord import ui

from bot.features.server_rules import ChangedRules
from cogs.components.event_item import build_view
from cogs.text import limits
from cogs.text.markdown import mention_person
from cogs.views.colors import ACTIVE_COLOR, FAILED_COLOR
from cogs.views.panels.server_controls import (
    BLOCKED_MEMBERS,
    GUIDE,
    Action,
    ControlBuilder,
    Page,
    PanelState,
    ServerItem,
)
from cogs.views.panels.server_limits import render_limits
from cogs.views.panels.server_pages import render_content, render_language, render_log, render_money
from cogs.views.panels.server_people import render_blocks, render_where, render_who
from cogs.views.panels.server_snapshot import PageContent, ServerSnapshot

_PAGES: Final[Mapping[Page, tuple[str, str]]] = {
    Page.WHO: ("Who", "Roles that may draw, and their limits"),
    Page.WHERE: ("Where", "Channels, and private answers"),
    Page.CONTENT: ("Content", "Blocked words, and age-restricted channels"),
    Page.MONEY: ("Money", "The budget, this server's limits, and its time zone"),
    Page.LOG: ("Log", "The log channel and the gallery channel"),
    Page.LANGUAGE: ("Language", "The language of my messages here"),
}
_RENDERERS: Final[Mapping[Page, Callable[[ServerSnapshot, ControlBuilder], PageContent]]] = {
    Page.WHO: render_who,
    Page.WHERE: render_where,
    Page.CONTENT: render_content,
    Page.MONEY: render_money,
    Page.LOG: render_log,
    Page.LANGUAGE: render_language,
}
_STEPS: Final = {Page.WHO: "Who may draw?", Page.WHERE: "Where?", Page.MONEY: "How much?"}

_GUIDE_TEXT: Final = "Change what you want, or nothing. Each choice is saved at once."
NOT_A_MANAGER: Final = "Only people with **Manage Server** can change this server's settings. Nothing was changed."
ONLY_IN_SERVERS: Final = (
    "These are the settings of a server, and I haven't joined one here. Run `/mjserver` in a server that I'm in."
)
STALE_SERVER_PANEL: Final = "I no longer know this button. Run `/mjserver` for a panel with fresh ones."
GUIDE_ENDED: Final = (
    "✅ That's all I need. Change any of it here, at any time: nothing needs a restart. "
    "In the menu, **Content** has blocked words, and **Log** the log channel and the gallery channel."
)


def render_server_panel(snapshot: ServerSnapshot, state: PanelState) -> tuple[discord.Embed, ui.View]:
    """Render what a state of the panel shows."""
    builder = ControlBuilder(state, snapshot.rules.server)
    content = _find_renderer(state)(snapshot, builder)
    warnings = [*_warn_of_switches(snapshot), *content.warnings]
    lines = [_GUIDE_TEXT if state.is_guide else "", content.text, *(f"⚠️ {warning}" for warning in warnings)]
    embed = discord.Embed(
        title=_build_title(state),
        color=FAILED_COLOR if warnings else ACTIVE_COLOR,
        description=limits.join_fitting(lines, limits.EMBED_DESCRIPTION),
    )
    for name, value in content.fields:
        embed.add_field(name=name, value=limits.cut(value, limits.FIELD_VALUE), inline=False)
    return embed, build_view([*_build_navigation(state, builder), *content.items])


def _find_renderer(state: PanelState) -> Callable[[ServerSnapshot, ControlBuilder], PageContent]:
    if state.subject == BLOCKED_MEMBERS:
        return render_blocks
    return render_limits if state.subject else _RENDERERS[state.page]


def describe_change(changed: ChangedRules) -> str:
    """Say what was saved, and which earlier change of another person it replaced; "" if nothing changed."""
    lines = [f"✅ Saved: {change.what}." for change in changed.changes]
    if changed.is_stale:
        lines.append(_describe_replaced(changed))
    return limits.join_fitting(lines, limits.CONTENT)


def _describe_replaced(changed: ChangedRules) -> str:
    if (other := changed.replaced) is None:
        return "⚠️ This had changed since your panel was drawn. Your change replaced that."
    # The texts of the audit may hold words that a person typed; the panel shows the values themselves.
    return (
        f"⚠️ {mention_person(other.person_id)} had changed this <t:{int(other.made_at.timestamp())}:R>, after your "
        "panel was drawn. Your change replaced that."
    )


def _build_title(state: PanelState) -> str:
    if state.is_guide and state.page in GUIDE:
        return f"Set up this server, {GUIDE.index(state.page) + 1} of {len(GUIDE)}: {_STEPS[state.page]}"
    if state.subject:
        return f"Server settings: {'Blocked members' if state.subject == BLOCKED_MEMBERS else 'Limits'}"
    return f"Server settings: {_PAGES[state.page][0]}"


def _warn_of_switches(snapshot: ServerSnapshot) -> list[str]:
    """Say what switches off all drawing here, whatever the page."""
    if min(snapshot.daily_limits) <= 0:
        return ["The operator of this bot has switched all drawing off."]
    if snapshot.rules.operator.paused:
        return ["The operator of this bot has paused all drawing."]
    return ["Drawing is paused in this server. `/mjresume` resumes it."] if snapshot.rules.server.paused else []


def _build_navigation(state: PanelState, builder: ControlBuilder) -> list[ServerItem]:
    """Build the first row: the menu of pages, or the buttons of the guide."""
    if not state.is_guide:
        options = [
            discord.SelectOption(label=label, description=hint, value=page, default=page is state.page)
            for page, (label, hint) in _PAGES.items()
        ]
        return [builder.menu(Action.OPEN_PAGE, options, row=0)]
    step = GUIDE.index(state.page) + 1 if state.page in GUIDE else len(GUIDE)
    if step == len(GUIDE):
        return [builder.button(Action.END_GUIDE, "Done", row=0, style="success")]
    following = GUIDE[step]
    return [
        builder.button(Action.OPEN_PAGE, f"Next: {_STEPS[following]}", row=0, value=following, style="primary"),
        builder.button(Action.END_GUIDE, "Skip the guide", row=0),
    ]
