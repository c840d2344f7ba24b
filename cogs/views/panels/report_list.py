"""Render the open reports, a page at a time, for /mjserver and /mjadmin. Pure."""

from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import ui

from bot.entities import Report, ReportAudience
from cogs.components.event_item import build_view
from cogs.languages import _
from cogs.text import limits
from cogs.text.reports import describe_case, describe_open_count
from cogs.views.colors import ACTIVE_COLOR
from cogs.views.panels.admin_controls import AdminAction, AdminPage
from cogs.views.panels.admin_controls import build_button as build_admin_button
from cogs.views.panels.server_controls import Action, Page, PanelState, ServerControl, ServerItem
from cogs.views.report_controls import (
    ReportAction,
    ReportControl,
    ReportItem,
    build_report_button,
    build_resolution_buttons,
)

CASES_PER_PAGE: Final = 4
"""Each has a row of buttons, and the fifth row turns the pages."""
_BACK_ROW: Final = 4


def render_report_list(
    cases: Sequence[Sequence[Report]], total: int, audience: ReportAudience, page: int
) -> tuple[discord.Embed, ui.View]:
    """Render a page of cases with the buttons that resolve them; `page` counts from 0."""
    room = limits.EMBED_DESCRIPTION // (CASES_PER_PAGE + 1)
    texts = [limits.cut(f"**{number}.** {describe_case(case, audience)}", room) for number, case in enumerate(cases, 1)]
    embed = discord.Embed(
        title=_("Open reports"),
        color=ACTIVE_COLOR,
        description="\n\n".join((describe_open_count(total), *texts)),
    )
    items: list[ui.Item[Any]] = [
        button
        for number, case in enumerate(cases, 1)
        for button in build_resolution_buttons(audience, case[0].id, page=page, number=number, row=number - 1)
    ]
    pages = max(1, -(-total // CASES_PER_PAGE))
    if pages > 1:
        items += _build_pager(audience, page, pages)
    return embed, build_view([*items, _build_back_button(audience)])


def build_list_button(audience: ReportAudience, count: int, *, row: int) -> ReportItem:
    """Build the button of a panel that opens the list."""
    label = _("Open reports: {count}").format(count=count)
    return build_report_button(
        ReportControl(audience, ReportAction.LIST, page=0), label, row=row, style="primary" if count else "secondary"
    )


def _build_pager(audience: ReportAudience, page: int, pages: int) -> list[ReportItem]:
    # Two components may not have the same custom_id, even if the page is the same.
    earlier = ReportControl(audience, ReportAction.LIST, 1, max(0, page - 1))
    later = ReportControl(audience, ReportAction.LIST, 2, min(pages - 1, page + 1))
    return [
        build_report_button(earlier, "◀", row=_BACK_ROW, disabled=page == 0),
        build_report_button(later, "▶", row=_BACK_ROW, disabled=page >= pages - 1),
    ]


def _build_back_button(audience: ReportAudience) -> ui.Item[Any]:
    if audience is ReportAudience.OPERATOR:
        return build_admin_button(AdminAction.OPEN_PAGE, _("Back"), row=_BACK_ROW, value=AdminPage.EVERYTHING)
    control = ServerControl(PanelState(Page.LOG), Action.OPEN_PAGE, Page.LOG)
    return ServerItem(ui.Button[Any](label=_("Back"), custom_id=control.custom_id, row=_BACK_ROW))
