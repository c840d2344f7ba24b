"""The form that reports a message, the buttons that resolve reports, and what their custom_ids hold. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

import discord
from discord import ui

from bot.entities import ReportAudience
from bot.features.reports import MAX_COMMENT_LENGTH, Requester
from bot.midjourney.buttons import ButtonKind
from bot.midjourney.task_ids import TASK_ID_PATTERN
from cogs.components.custom_ids import TaskCustomId
from cogs.components.event_item import EventItem, build_view
from cogs.components.modals import MODAL_TIMEOUT_SECONDS
from cogs.languages import _
from cogs.text import limits
from cogs.text.markdown import clean_and_cut
from cogs.text.reports import REASON_NAMES

REPORT_CLICK_EVENT: Final = "report_resolution"
"""The event of a click: `on_report_resolution(interaction, control)`."""
REPORT_ID_TEMPLATE: Final = (
    r"mj:report:(?P<audience>[so]):(?P<action>[a-z]{1,12}):(?P<report>[0-9]{1,19}):(?P<page>-|[0-9]{1,6})"
)
REASON_FIELD, COMMENT_FIELD, HOURS_FIELD, WHY_FIELD = "reason", "comment", "hours", "why"
_LETTERS: Final = {ReportAudience.SERVER: "s", ReportAudience.OPERATOR: "o"}
_NO_TASK: Final = "-"
_WHY_LENGTH: Final = 100


class ReportAction(StrEnum):
    """What a button does; those that only a newer version of the bot knows are UNKNOWN."""

    DELETE = "delete"
    BLOCK = "block"
    DISMISS = "dismiss"
    LIST = "list"
    """Shows a page of the open reports."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ReportControl:
    """A button below a line or in a list: for whom, what it does, with which report, on which page of the list.

    `page` is None below a line of a log channel.
    """

    audience: ReportAudience
    action: ReportAction
    report_id: int = 0
    page: int | None = None

    @property
    def custom_id(self) -> str:
        """The custom_id, which `parse` reads."""
        page = "-" if self.page is None else self.page
        return f"mj:report:{_LETTERS[self.audience]}:{self.action}:{self.report_id}:{page}"

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Parse a custom_id; None for one that is none of these."""
        found = re.fullmatch(REPORT_ID_TEMPLATE, custom_id)
        return cls.from_match(found) if found else None

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what the template found in a custom_id."""
        known = match["action"] in ReportAction.__members__.values()
        return cls(
            ReportAudience.OPERATOR if match["audience"] == "o" else ReportAudience.SERVER,
            ReportAction(match["action"]) if known else ReportAction.UNKNOWN,
            int(match["report"]),
            None if match["page"] == "-" else int(match["page"]),
        )


class ReportItem(EventItem[ui.Button[Any]], template=REPORT_ID_TEMPLATE):
    """A button that resolves reports, or shows a page of them."""

    def get_event(self) -> tuple[str, ReportControl]:
        """Dispatch what it does."""
        return REPORT_CLICK_EVENT, ReportControl.from_match(self.match)


@dataclass(frozen=True)
class ReportFormId:
    """What the form's custom_id holds: the message, and its task, "" where it has none."""

    message_id: int
    task_id: str = ""

    @property
    def custom_id(self) -> str:
        """The custom_id, which `parse` reads; it is that of the button with the message's id for a key."""
        task_id = self.task_id if re.fullmatch(TASK_ID_PATTERN, self.task_id) else _NO_TASK
        return TaskCustomId(ButtonKind.REPORT, task_id, str(self.message_id)).custom_id

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Parse a custom_id; None for one that is not the form's."""
        found = TaskCustomId.parse(custom_id)
        if found is None or found.kind is not ButtonKind.REPORT or not found.key.isdecimal():
            return None
        return cls(int(found.key), "" if found.task_id == _NO_TASK else found.task_id)


def build_report_form(form: ReportFormId) -> ui.Modal:
    """Build the form of a report: a reason, and a comment that may be left out."""
    modal = ui.Modal(title=_cut(_("Report this message")), custom_id=form.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
    options = [
        discord.SelectOption(label=limits.cut(_(name), limits.LABEL), value=reason)
        for reason, name in REASON_NAMES.items()
    ]
    menu = ui.Select[Any](custom_id=REASON_FIELD, options=options, placeholder=_("Choose a reason"))
    modal.add_item(ui.Label(text=_cut(_("What is wrong with it?")), component=menu))
    field = ui.TextInput[Any](
        custom_id=COMMENT_FIELD,
        style=discord.TextStyle.paragraph,
        max_length=MAX_COMMENT_LENGTH,
        required=False,
    )
    hint = _("Moderators and the operator of this bot see your name.")
    modal.add_item(ui.Label(text=_cut(_("Comment")), description=limits.cut(hint, 100), component=field))
    return modal


def build_block_form(control: ReportControl, requester: Requester) -> ui.Modal:
    """Build the form that blocks the person who asked for a reported picture."""
    name = clean_and_cut(requester.name, 25) or str(requester.id)
    title = _cut(_("Block {name}").format(name=name))
    modal = ui.Modal(title=title, custom_id=control.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
    hours = ui.TextInput[Any](custom_id=HOURS_FIELD, max_length=10, required=False, placeholder="24")
    hint = limits.cut(_("Empty: without an end"), 100)
    modal.add_item(ui.Label(text=_cut(_("For how many hours")), description=hint, component=hours))
    why = ui.TextInput[Any](custom_id=WHY_FIELD, max_length=_WHY_LENGTH, required=False)
    modal.add_item(ui.Label(text=_cut(_("Why, for other moderators")), component=why))
    return modal


def build_resolution_buttons(
    audience: ReportAudience, report_id: int, *, page: int | None = None, number: int = 0, row: int = 0
) -> Iterable[ReportItem]:
    """Build the three buttons of a case; those of a list have its number."""
    named = (
        (ReportAction.DELETE, _("Delete"), "danger"),
        (ReportAction.BLOCK, _("Block"), "danger"),
        (ReportAction.DISMISS, _("Dismiss"), "secondary"),
    )
    for action, name, style in named:
        control = ReportControl(audience, action, report_id, page)
        yield build_report_button(control, f"{number}. {name}" if number else name, row=row, style=style)


def build_report_button(
    control: ReportControl, label: str, *, row: int, style: str = "secondary", disabled: bool = False
) -> ReportItem:
    """Build one button."""
    return ReportItem(
        ui.Button[Any](
            label=limits.cut(label, limits.LABEL),
            style=discord.ButtonStyle[style],
            custom_id=control.custom_id,
            row=row,
            disabled=disabled,
        )
    )


def render_line_buttons(audience: ReportAudience, report_id: int) -> ui.View:
    """Render the buttons below a line of a log channel."""
    return build_view(build_resolution_buttons(audience, report_id))


def _cut(text: str) -> str:
    """Cut a title or a label of a form to Discord's limit."""
    return limits.cut(text, limits.MODAL_TITLE)
