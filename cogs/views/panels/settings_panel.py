"""Render a person's settings: an embed that explains each, and buttons that change it. Pure.

A button's custom_id holds the setting and its new value: pressed twice, or after a restart, it does the same.
"""

import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Self

import discord
from discord import ui

from bot.entities import Notify, PersonSettings
from bot.midjourney.request_options import Speed
from cogs.components.event_item import EventItem, build_view
from cogs.text import limits
from cogs.text.markdown import format_code, format_duration
from cogs.views.colors import ACTIVE_COLOR

SETTING_CLICK_EVENT = "setting_click"
"""The event of a click: `on_setting_click(interaction, choice)`."""
SETTING_ID_TEMPLATE = r"mj:e:(?P<what>[a-z]{1,12}):(?P<value>[a-z]{1,9})"
_DEFAULTS_LENGTH = 300
"""How many characters of the default parameters the panel shows."""
_SERVICE_DEFAULT = "own"
_SPEEDS = {_SERVICE_DEFAULT: "Service default", Speed.RELAX: "Relax", Speed.FAST: "Fast", Speed.TURBO: "Turbo"}


@dataclass(frozen=True)
class SettingChoice:
    """The setting that a button of the panel changes, and its new value; "defaults" are typed into a form."""

    setting: str
    value: str

    @property
    def custom_id(self) -> str:
        """The custom_id, which `parse` reads."""
        return f"mj:e:{self.setting}:{self.value}"

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Parse a custom_id; None for one that is not the panel's."""
        found = re.fullmatch(SETTING_ID_TEMPLATE, custom_id)
        return cls.from_match(found) if found else None

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what the template found in a custom_id."""
        return cls(match["what"], match["value"])

    def get_changes(self) -> dict[str, Any]:
        """Return the fields of PersonSettings to change; empty for a setting that only another version knows."""
        return _CHANGES.get(self, {})


EDIT_DEFAULTS = SettingChoice("defaults", "edit")
"""Opens the form of the default parameters, and is that form's custom_id."""
FORGET_SETTINGS = SettingChoice("all", "forget")
"""Resets all settings, so that the bot stores nothing about the person."""
_CHANGES: dict[SettingChoice, dict[str, Any]] = {
    SettingChoice("remix", "on"): {"remix": True},
    SettingChoice("remix", "off"): {"remix": False},
    **{SettingChoice("speed", speed): {"speed": speed} for speed in Speed},
    SettingChoice("speed", _SERVICE_DEFAULT): {"speed": None},
    **{SettingChoice("notify", notify): {"notify": notify} for notify in Notify},
    FORGET_SETTINGS: asdict(PersonSettings()),
}


class SettingButton(EventItem[ui.Button[Any]], template=SETTING_ID_TEMPLATE):
    """A button of the panel."""

    def get_event(self) -> tuple[str, SettingChoice]:
        """Dispatch the setting and its new value."""
        return SETTING_CLICK_EVENT, SettingChoice.from_match(self.match)


def render_settings_panel(settings: PersonSettings, notify_after: timedelta) -> tuple[discord.Embed, ui.View]:
    """Render a person's settings; `notify_after` of zero means that the operator switched mentions off."""
    embed = discord.Embed(title="Your settings", color=ACTIVE_COLOR)
    embed.description = "These apply everywhere you use the bot."
    if settings != PersonSettings():
        embed.description += " **Forget my settings** resets and deletes them all."
    for name, value in _describe_settings(settings, notify_after):
        embed.add_field(name=name, value=value, inline=False)
    return embed, build_view(_build_buttons(settings, notify_after))


def _describe_settings(settings: PersonSettings, notify_after: timedelta) -> list[tuple[str, str]]:
    remix = (
        "**On.** V, vary, reroll and pan ask you for a new prompt first."
        if settings.remix
        else "**Off.** V, vary, reroll and pan start right away with the same prompt."
    )
    defaults = (
        f"{format_code(limits.cut(settings.defaults, _DEFAULTS_LENGTH))} Added unless your prompt already sets them."
        if settings.defaults
        else "**None.** Parameters that you choose here are added unless your prompt already sets them."
    )
    speed = (
        f"**{_SPEEDS[settings.speed]}.** Used for commands, buttons and forms, if the service offers this speed. "
        "A speed in your prompt wins."
        if settings.speed
        else "**Service default.**"
    )
    return [
        ("Remix", remix),
        ("Default parameters", defaults),
        ("Speed", speed),
        ("Mention", _describe_mention(settings, notify_after)),
    ]


def _describe_mention(settings: PersonSettings, notify_after: timedelta) -> str:
    if not notify_after:
        return "The operator of this bot has switched mentions off."
    match settings.notify:
        case Notify.NEVER:
            return "**Never,** unless you ask for it with `notify`."
        case Notify.LATE:
            return f"**If it takes longer than {_format_time(notify_after)}.** Then I mention you when it is done."
        case Notify.ALWAYS:
            return "**Always.** I mention you when what you asked for is done."


def _build_buttons(settings: PersonSettings, notify_after: timedelta) -> list[SettingButton]:
    remix = SettingChoice("remix", "off" if settings.remix else "on")
    buttons = [
        _build_button(remix, f"Remix: {'on' if settings.remix else 'off'}", row=0, chosen=settings.remix),
        _build_button(EDIT_DEFAULTS, "Default parameters", row=0, chosen=bool(settings.defaults)),
    ]
    speed = settings.speed or _SERVICE_DEFAULT
    buttons += [
        _build_button(SettingChoice("speed", one), name, row=1, chosen=one == speed) for one, name in _SPEEDS.items()
    ]
    if notify_after:
        names = {
            Notify.NEVER: "Never mention me",
            Notify.LATE: f"After {_format_time(notify_after)}",
            Notify.ALWAYS: "Always mention me",
        }
        buttons += [
            _build_button(SettingChoice("notify", one), name, row=2, chosen=one is settings.notify)
            for one, name in names.items()
        ]
    if settings != PersonSettings():
        buttons.append(_build_button(FORGET_SETTINGS, "Forget my settings", row=3, chosen=False))
    return buttons


def _build_button(choice: SettingChoice, label: str, *, row: int, chosen: bool) -> SettingButton:
    style = discord.ButtonStyle.success if chosen else discord.ButtonStyle.secondary
    return SettingButton(ui.Button(label=label, style=style, custom_id=choice.custom_id, row=row))


def _format_time(time: timedelta) -> str:
    return format_duration(round(time.total_seconds() * 1000))
