"""The buttons and menus of the server's settings, and what their custom_ids hold. Pure.

A custom_id holds the page that is shown, what the component changes, and a fingerprint of the value that it shows: the
click works in any process, and tells whether another person changed the value since.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

import discord
from discord import ui

from bot.entities import ServerRules
from bot.features.server_rules import compute_fingerprint
from cogs.components.event_item import EventItem
from cogs.text import limits

SERVER_CLICK_EVENT = "server_click"
"""The event of a click: `on_server_click(interaction, control, people)`."""
SERVER_ID_TEMPLATE = (
    r"mj:server:(?P<mode>[gp]):(?P<page>[a-z]{1,12}):(?P<subject>-|members|server|blocks|[0-9]{1,20})"
    r":(?P<action>[a-z]{1,12}):(?P<value>[a-z0-9-]{1,20}):(?P<shown>-|[0-9a-f]{6})"
)
_NOTHING: Final = "-"


BLOCKED_MEMBERS: Final = "blocks"
"""The subject of the panel that shows who is blocked."""


class Page(StrEnum):
    """The pages of the panel."""

    WHO = "who"
    WHERE = "where"
    CONTENT = "content"
    MONEY = "money"
    LOG = "log"
    LANGUAGE = "language"


GUIDE: Final = (Page.WHO, Page.WHERE, Page.MONEY)
"""The steps of the guide that the first /mjserver in a server shows."""


class Action(StrEnum):
    """What a component does; those that only a newer version of the bot knows are UNKNOWN."""

    OPEN_PAGE = "page"
    NEXT_STEP = "next"
    END_GUIDE = "done"
    ALLOW_ROLES = "allow"
    DENY_ROLES = "deny"
    OPEN_ROLE = "role"
    OPEN_LIMITS = "limits"
    OPEN_BLOCKS = "blocks"
    BLOCK_MEMBERS = "block"
    UNBLOCK_MEMBERS = "unblock"
    EDIT_LIMITS = "kind"
    SET_NO_LIMITS = "free"
    REMOVE_LIMITS = "clear"
    REMOVE_DELETED = "gone"
    ALLOW_CHANNELS = "channels"
    SET_PRIVATE_ANSWERS = "private"
    EDIT_WORDS = "words"
    SET_AGE_POLICY = "age"
    SET_LOG_CHANNEL = "logchannel"
    SET_GALLERY = "gallery"
    SET_LOG_PROMPTS = "prompts"
    EDIT_TIME_ZONE = "zone"
    SET_LANGUAGE = "language"
    UNKNOWN = "unknown"


MODAL_ACTIONS: Final = frozenset({Action.EDIT_LIMITS, Action.EDIT_WORDS, Action.EDIT_TIME_ZONE})


@dataclass(frozen=True)
class PanelState:
    """What the panel shows: a page, or the limits of a `subject`, or BLOCKED_MEMBERS, that were opened from there.

    `is_guide`: it is a step of the guide.
    """

    page: Page
    subject: str = ""
    is_guide: bool = False


@dataclass(frozen=True)
class ServerControl:
    """A component of the panel: the state that it belongs to, and what it does with which value.

    `shown` is the fingerprint of the value that it changes, "" where it changes none.
    """

    state: PanelState
    action: Action
    value: str = ""
    shown: str = ""

    @property
    def custom_id(self) -> str:
        """The custom_id, which `parse` reads."""
        parts = (
            "g" if self.state.is_guide else "p",
            self.state.page,
            self.state.subject or _NOTHING,
            self.action,
            self.value or _NOTHING,
            self.shown or _NOTHING,
        )
        return f"mj:server:{':'.join(parts)}"

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Parse a custom_id; None for one that is not the panel's."""
        found = re.fullmatch(SERVER_ID_TEMPLATE, custom_id)
        return cls.from_match(found) if found else None

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what the template found in a custom_id."""
        subject, value, shown = (
            "" if match[name] == _NOTHING else match[name] for name in ("subject", "value", "shown")
        )
        if match["page"] not in Page.__members__.values() or match["action"] not in Action.__members__.values():
            return cls(PanelState(Page.WHO), Action.UNKNOWN)
        state = PanelState(Page(match["page"]), subject, match["mode"] == "g")
        return cls(state, Action(match["action"]), value, shown)


class ServerItem(EventItem[ui.Item[Any]], template=SERVER_ID_TEMPLATE):
    """A button or a menu of the panel."""

    def get_event(self) -> tuple[str, ServerControl, Sequence[discord.User | discord.Member]]:
        """Dispatch what it does, with the chosen people; other values of a menu are in the interaction's data."""
        people = tuple(self.item.values) if isinstance(self.item, ui.UserSelect) else ()
        return SERVER_CLICK_EVENT, ServerControl.from_match(self.match), people


@dataclass(frozen=True)
class ControlBuilder:
    """Builds the components of one state of the panel; each names the part of the rules that it changes, if it does."""

    state: PanelState
    rules: ServerRules

    def _build_id(self, action: Action, value: str, part: str) -> str:
        shown = compute_fingerprint(self.rules, part) if part else ""
        return ServerControl(self.state, action, value, shown).custom_id

    def button(
        self, action: Action, label: str, *, row: int, value: str = "", part: str = "", style: str = "secondary"
    ) -> ServerItem:
        """Build a button."""
        chosen = discord.ButtonStyle[style]
        return ServerItem(
            ui.Button[Any](label=label, style=chosen, custom_id=self._build_id(action, value, part), row=row)
        )

    def choice(self, action: Action, label: str, *, row: int, value: str, part: str, is_chosen: bool) -> ServerItem:
        """Build one of several buttons, green if it is the chosen one."""
        style = "success" if is_chosen else "secondary"
        return self.button(action, label, row=row, value=value, part=part, style=style)

    def role_menu(
        self, action: Action, placeholder: str, *, row: int, chosen: Collection[int] | None = None, part: str = ""
    ) -> ServerItem:
        """Build a menu of roles: of one, or, with those that are chosen already, of up to 25."""
        menu = ui.RoleSelect[Any](
            custom_id=self._build_id(action, "", part),
            placeholder=placeholder,
            min_values=1 if chosen is None else 0,
            max_values=1 if chosen is None else limits.OPTIONS,
            default_values=_list_objects(chosen or (), limits.OPTIONS),
            row=row,
        )
        return ServerItem(menu)

    def people_menu(self, action: Action, placeholder: str, *, row: int) -> ServerItem:
        """Build a menu of people, of whom up to 25 can be chosen at once."""
        menu = ui.UserSelect[Any](
            custom_id=self._build_id(action, "", ""),
            placeholder=placeholder,
            min_values=1,
            max_values=limits.OPTIONS,
            row=row,
        )
        return ServerItem(menu)

    def channel_menu(
        self,
        action: Action,
        placeholder: str,
        *,
        row: int,
        types: Sequence[discord.ChannelType],
        chosen: Collection[int],
        part: str,
        most: int = limits.OPTIONS,
    ) -> ServerItem:
        """Build a menu of channels, with those that are chosen already."""
        menu = ui.ChannelSelect[Any](
            custom_id=self._build_id(action, "", part),
            channel_types=list(types),
            placeholder=placeholder,
            min_values=0,
            max_values=most,
            default_values=_list_objects(chosen, most),
            row=row,
        )
        return ServerItem(menu)

    def menu(
        self,
        action: Action,
        options: Sequence[discord.SelectOption],
        *,
        row: int,
        placeholder: str | None = None,
        value: str = "",
        part: str = "",
    ) -> ServerItem:
        """Build a menu of texts."""
        menu = ui.Select[Any](
            custom_id=self._build_id(action, value, part), placeholder=placeholder, options=list(options), row=row
        )
        return ServerItem(menu)


def _list_objects(ids: Collection[int], most: int) -> list[discord.Object]:
    return [discord.Object(one) for one in sorted(ids)[:most]]
