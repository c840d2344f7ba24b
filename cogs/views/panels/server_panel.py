"""Render the settings of a server, one page at a time. Pure.

The first /mjserver in a server shows three of the pages as the steps of a guide.
"""

from collections.abc import Callable, Mapping
from typing import Final

import discord
from discord import ui

from bot.features.server_rules import ChangedRules
from cogs.components.event_item import build_view
from cogs.languages import N_, _
from cogs.text import limits
from cogs.text.markdown import mention_person
from cogs.text.rule_texts import translate_what
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
    Page.WHO: (N_("Who"), N_("Roles that may draw, and their limits")),
    Page.WHERE: (N_("Where"), N_("Channels, and private answers")),
    Page.CONTENT: (N_("Content"), N_("Blocked words, and age-restricted channels")),
    Page.MONEY: (N_("Money"), N_("The budget, this server's limits, and its time zone")),
    Page.LOG: (N_("Log"), N_("The log channel and the gallery channel")),
    Page.LANGUAGE: (N_("Language"), N_("The language of my messages here")),
}
_RENDERERS: Final[Mapping[Page, Callable[[ServerSnapshot, ControlBuilder], PageContent]]] = {
    Page.WHO: render_who,
    Page.WHERE: render_where,
    Page.CONTENT: render_content,
    Page.MONEY: render_money,
    Page.LOG: render_log,
    Page.LANGUAGE: render_language,
}
_STEPS: Final = {Page.WHO: N_("Who may draw?"), Page.WHERE: N_("Where?"), Page.MONEY: N_("How much?")}

_GUIDE_TEXT: Final = N_("Change what you want, or nothing. Each choice is saved at once.")
NOT_A_MANAGER: Final = N_("Only people with **Manage Server** can change this server's settings. Nothing was changed.")
ONLY_IN_SERVERS: Final = N_(
    "These are the settings of a server, and I haven't joined one here. Run `/mjserver` in a server that I'm in."
)
STALE_SERVER_PANEL: Final = N_("I no longer know this button. Run `/mjserver` for a panel with fresh ones.")
GUIDE_ENDED: Final = N_(
    "✅ That's all I need. Change any of it here, at any time: nothing needs a restart. "
    "In the menu, **Content** has blocked words, and **Log** the log channel and the gallery channel."
)


def render_server_panel(snapshot: ServerSnapshot, state: PanelState) -> tuple[discord.Embed, ui.View]:
    """Render what a state of the panel shows."""
    builder = ControlBuilder(state, snapshot.rules.server)
    content = _find_renderer(state)(snapshot, builder)
    warnings = [*_warn_of_switches(snapshot), *content.warnings]
    lines = [_(_GUIDE_TEXT) if state.is_guide else "", content.text, *(f"⚠️ {warning}" for warning in warnings)]
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
    lines = [_("✅ Saved: {what}.").format(what=translate_what(change.what)) for change in changed.changes]
    if changed.is_stale:
        lines.append(_describe_replaced(changed))
    return limits.join_fitting(lines, limits.CONTENT)


def _describe_replaced(changed: ChangedRules) -> str:
    if (other := changed.replaced) is None:
        return _("⚠️ This had changed since your panel was drawn. Your change replaced that.")
    # The texts of the audit may hold words that a person typed; the panel shows the values themselves.
    return _("⚠️ {person} had changed this {when}, after your panel was drawn. Your change replaced that.").format(
        person=mention_person(other.person_id), when=f"<t:{int(other.made_at.timestamp())}:R>"
    )


def _build_title(state: PanelState) -> str:
    if state.is_guide and state.page in GUIDE:
        return _("Set up this server, {number} of {total}: {step}").format(
            number=GUIDE.index(state.page) + 1, total=len(GUIDE), step=_(_STEPS[state.page])
        )
    page = _(_PAGES[state.page][0])
    if state.subject:
        page = _("Blocked members") if state.subject == BLOCKED_MEMBERS else _("Limits")
    return _("Server settings: {page}").format(page=page)


def _warn_of_switches(snapshot: ServerSnapshot) -> list[str]:
    """Say what switches off all drawing here, whatever the page."""
    if min(snapshot.daily_limits) <= 0:
        return [_("The operator of this bot has switched all drawing off.")]
    if snapshot.rules.operator.paused:
        return [_("The operator of this bot has paused all drawing.")]
    return [_("Drawing is paused in this server. `/mjresume` resumes it.")] if snapshot.rules.server.paused else []


def _build_navigation(state: PanelState, builder: ControlBuilder) -> list[ServerItem]:
    """Build the first row: the menu of pages, or the buttons of the guide."""
    if not state.is_guide:
        options = [
            discord.SelectOption(label=_(label), description=_(hint), value=page, default=page is state.page)
            for page, (label, hint) in _PAGES.items()
        ]
        return [builder.menu(Action.OPEN_PAGE, options, row=0)]
    step = GUIDE.index(state.page) + 1 if state.page in GUIDE else len(GUIDE)
    if step == len(GUIDE):
        return [builder.button(Action.END_GUIDE, _("Done"), row=0, style="success")]
    following = GUIDE[step]
    label = _("Next: {step}").format(step=_(_STEPS[following]))
    return [
        builder.button(Action.OPEN_PAGE, label, row=0, value=following, style="primary"),
        builder.button(Action.END_GUIDE, _("Skip the guide"), row=0),
    ]
