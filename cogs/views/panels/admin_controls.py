"""The components of the operator's panel, and what their custom_ids hold. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.components.event_item import EventItem
from cogs.components.modals import MODAL_TIMEOUT_SECONDS
from cogs.languages import _
from cogs.text import limits

ADMIN_CLICK_EVENT = "admin_click"
"""The event of a click: `on_admin_click(interaction, control)`."""
ADMIN_ID_TEMPLATE = r"mj:admin:(?P<action>[a-z]{1,12}):(?P<value>-|[a-z0-9]{1,20})"
PRICES_FIELD, PERSON_FIELD, ID_FIELD, HOURS_FIELD, REASON_FIELD = "prices", "person", "id", "hours", "reason"
_NOTHING: Final = "-"


class AdminPage(StrEnum):
    """The pages of the panel."""

    SERVERS = "servers"
    LIMITS = "limits"
    PRICES = "prices"
    MONEY = "money"
    EVERYTHING = "everything"


class AdminAction(StrEnum):
    """What a component does; those that only a newer version of the bot knows are UNKNOWN.

    The value is a page, the number of a page of servers, a server's id, or whose limits.
    """

    OPEN_PAGE = "page"
    LIST_SERVERS = "list"
    PICK_SERVER = "pick"
    ALLOW = "allow"
    DENY = "deny"
    DEFAULT = "default"
    EDIT_BUDGET = "budget"
    EDIT_LIMITS = "limits"
    EDIT_PRICES = "prices"
    SET_ALARMS = "dm"
    PICK_LOG = "log"
    REMOVE_LOG = "nolog"
    PAUSE = "pause"
    RESUME = "resume"
    BLOCK = "block"
    UNBLOCK = "unblock"
    EXPORT = "export"
    UNKNOWN = "unknown"


ADMIN_MODALS: Final = frozenset(
    {
        AdminAction.EDIT_BUDGET,
        AdminAction.EDIT_LIMITS,
        AdminAction.EDIT_PRICES,
        AdminAction.BLOCK,
        AdminAction.UNBLOCK,
    }
)


@dataclass(frozen=True)
class AdminControl:
    """What a component of the panel does, with which value."""

    action: AdminAction
    value: str = ""

    @property
    def custom_id(self) -> str:
        """The custom_id, which `parse` reads."""
        return f"mj:admin:{self.action}:{self.value or _NOTHING}"

    @property
    def guild_id(self) -> int:
        """The value as a server's id; 0 for another value."""
        return int(self.value) if self.value.isdecimal() else 0

    @property
    def page_number(self) -> int:
        """The value as the number of a page of servers, whose button may name its direction first."""
        digits = self.value.lstrip("bn")
        return int(digits) if digits.isdecimal() else 0

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Parse a custom_id; None for one that is not the panel's."""
        found = re.fullmatch(ADMIN_ID_TEMPLATE, custom_id)
        return cls.from_match(found) if found else None

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what the template found in a custom_id."""
        known = match["action"] in AdminAction.__members__.values()
        value = "" if match["value"] == _NOTHING else match["value"]
        return cls(AdminAction(match["action"]) if known else AdminAction.UNKNOWN, value)


class AdminItem(EventItem[ui.Item[Any]], template=ADMIN_ID_TEMPLATE):
    """A button or a menu of the panel."""

    def get_event(self) -> tuple[str, AdminControl]:
        """Dispatch what it does; the values of a menu are in the interaction's data."""
        return ADMIN_CLICK_EVENT, AdminControl.from_match(self.match)


def build_button(
    action: AdminAction, label: str, *, row: int, value: str = "", style: str = "secondary", disabled: bool = False
) -> AdminItem:
    """Build a button."""
    return AdminItem(
        ui.Button[Any](
            label=limits.cut(label, limits.LABEL),
            style=discord.ButtonStyle[style],
            custom_id=AdminControl(action, value).custom_id,
            row=row,
            disabled=disabled,
        )
    )


def build_menu(
    action: AdminAction, placeholder: str, options: Sequence[discord.SelectOption], *, row: int
) -> AdminItem:
    """Build a menu of texts."""
    custom_id = AdminControl(action).custom_id
    return AdminItem(ui.Select[Any](custom_id=custom_id, placeholder=placeholder, options=list(options), row=row))


def build_channel_menu(action: AdminAction, placeholder: str, *, row: int) -> AdminItem:
    """Build a menu of text channels."""
    menu = ui.ChannelSelect[Any](
        custom_id=AdminControl(action).custom_id,
        channel_types=[discord.ChannelType.text, discord.ChannelType.news],
        placeholder=placeholder,
        row=row,
    )
    return AdminItem(menu)


def build_prices_modal(prices: str, example: str) -> ui.Modal:
    """Build the form of the prices."""
    modal = _build_modal(_("Prices"), AdminControl(AdminAction.EDIT_PRICES))
    field = ui.TextInput[Any](
        custom_id=PRICES_FIELD,
        style=discord.TextStyle.paragraph,
        default=prices[:_MAX_PRICES] or None,
        placeholder=example,
        max_length=_MAX_PRICES,
        required=False,
    )
    modal.add_item(_build_label(_("Price of one job each"), field, _("As in PRICES. Empty: none")))
    return modal


def build_person_modal(control: AdminControl) -> ui.Modal:
    """Build the form that blocks or unblocks a person everywhere."""
    is_block = control.action is AdminAction.BLOCK
    modal = _build_modal(_("Block everywhere") if is_block else _("Unblock"), control)
    menu = ui.UserSelect[Any](custom_id=PERSON_FIELD, min_values=0, max_values=1, required=False)
    modal.add_item(_build_label(_("Who"), menu))
    by_id = ui.TextInput[Any](custom_id=ID_FIELD, max_length=20, required=False)
    modal.add_item(_build_label(_("Or the person's id"), by_id))
    if is_block:
        hours = ui.TextInput[Any](custom_id=HOURS_FIELD, max_length=10, required=False, placeholder="24")
        modal.add_item(_build_label(_("For how many hours"), hours, _("Empty: without an end")))
        reason = ui.TextInput[Any](custom_id=REASON_FIELD, max_length=100, required=False)
        modal.add_item(_build_label(_("Why"), reason))
    return modal


def build_limits_form(title: str, control: AdminControl, fields: Sequence[ui.Label[Any]]) -> ui.Modal:
    """Build the form of limits by number and amount."""
    modal = _build_modal(title, control)
    for field in fields:
        modal.add_item(field)
    return modal


def _build_modal(title: str, control: AdminControl) -> ui.Modal:
    title = limits.cut(title, limits.MODAL_TITLE)
    return ui.Modal(title=title, custom_id=control.custom_id, timeout=MODAL_TIMEOUT_SECONDS)


def _build_label(text: str, component: ui.Item[Any], description: str = "") -> ui.Label[Any]:
    hint = limits.cut(description, limits.OPTION_TEXT) or None
    return ui.Label(text=limits.cut(text, limits.MODAL_TITLE), description=hint, component=component)


_MAX_PRICES: Final = 1500
