"""How a person's settings look: an embed that says what each does, and buttons that change it. Pure.

A button's custom_id says what it sets to what: pressed twice, or after any restart, it does the same.
"""

import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Self, cast

import discord
from discord import ui

from bot.entities import Notify, PersonSettings
from bot.midjourney.request_options import Speed
from cogs.text import limits
from cogs.text.markdown import format_code, format_duration
from cogs.views.colors import ACTIVE_COLOR

SETTING_CLICK_EVENT = "setting_click"
"""The event that a click is dispatched as: `on_setting_click(interaction, choice)`."""
SETTING_ID_TEMPLATE = r"mj:e:(?P<what>[a-z]{1,12}):(?P<value>[a-z]{1,9})"
_SHOWN = 300
_OWN = "own"
_SPEEDS = {_OWN: "Default speed", Speed.RELAX: "Relax", Speed.FAST: "Fast", Speed.TURBO: "Turbo"}


@dataclass(frozen=True)
class SettingChoice:
    """What a button of the panel sets to what; the values of "defaults" are typed into a form."""

    setting: str
    value: str

    @property
    def custom_id(self) -> str:
        """The custom_id that says so."""
        return f"mj:e:{self.setting}:{self.value}"

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Read a custom_id; None where it is none of the panel's."""
        found = re.fullmatch(SETTING_ID_TEMPLATE, custom_id)
        return cls(found["what"], found["value"]) if found else None

    def get_changes(self) -> dict[str, Any]:
        """Return the field of PersonSettings that it sets; empty where only another version knows it."""
        match self.setting, self.value:
            case "remix", "on" | "off":
                return {"remix": self.value == "on"}
            case "speed", value if value in _SPEEDS:
                return {"speed": None if value == _OWN else Speed(value)}
            case "notify", value if value in set(Notify):
                return {"notify": Notify(value)}
            case "all", "forget":
                return asdict(PersonSettings())
            case _:
                return {}


EDIT_DEFAULTS = SettingChoice("defaults", "edit")
"""Opens the form of the default parameters, and names it."""
FORGET_SETTINGS = SettingChoice("all", "forget")
"""Takes back all that was chosen: nothing is kept of a person then."""


class SettingButton(ui.DynamicItem[ui.Button[Any]], template=SETTING_ID_TEMPLATE):
    """A button of the panel."""

    def __init__(self, choice: SettingChoice, button: ui.Button[Any] | None = None, *, row: int | None = None) -> None:
        super().__init__(button or ui.Button(custom_id=choice.custom_id), row=row)
        self.item.custom_id = choice.custom_id
        self.choice = choice

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the button anew from a click on any panel."""
        del interaction
        return cls(SettingChoice(match["what"], match["value"]), cast(ui.Button[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to whoever listens; errors are theirs, as discord.py would only log them here."""
        interaction.client.dispatch(SETTING_CLICK_EVENT, interaction, self.choice)


def render_settings_panel(settings: PersonSettings, notify_after: timedelta) -> tuple[discord.Embed, ui.View]:
    """Draw a person's settings; with `notify_after` zero, the operator's "never", mentions are no choice."""
    embed = discord.Embed(title="Your settings", colour=ACTIVE_COLOR)
    embed.description = "They hold for everything you ask for, wherever you ask. Green is what you have chosen."
    if settings != PersonSettings():
        embed.description += " **Forget my settings** takes it all back, and nothing of it is kept."
    for name, value in _told(settings, notify_after):
        embed.add_field(name=name, value=value, inline=False)
    view = ui.View(timeout=None)
    for item in _buttons(settings, notify_after):
        view.add_item(item)
    return embed, view


def _told(settings: PersonSettings, notify_after: timedelta) -> list[tuple[str, str]]:
    remix = (
        "**On.** V, vary, reroll and pan ask you for a new prompt first."
        if settings.remix
        else "**Off.** V, vary, reroll and pan draw at once, from the same prompt."
    )
    defaults = (
        f"{format_code(limits.cut(settings.defaults, _SHOWN))} Added to each prompt that does not say otherwise."
        if settings.defaults
        else "**None.** What you choose here is added to each prompt that does not say otherwise."
    )
    speed = (
        f"**{_SPEEDS[settings.speed]}.** For commands, buttons and forms, where the relay has that queue; a "
        "prompt that names another goes through that."
        if settings.speed
        else "**Default.** Whichever queue the relay takes."
    )
    return [
        ("Remix", remix),
        ("Default parameters", defaults),
        ("Speed", speed),
        ("Mention", _mention(settings, notify_after)),
    ]


def _mention(settings: PersonSettings, notify_after: timedelta) -> str:
    if not notify_after:
        return "Whoever runs this bot has switched mentions off."
    match settings.notify:
        case Notify.NEVER:
            return "**Never,** unless you ask for it with `notify`."
        case Notify.LATE:
            return f"**When it took more than {_long(notify_after)}.** Then I mention you at the end."
        case Notify.ALWAYS:
            return "**Always.** I mention you as soon as what you pressed is done."


def _buttons(settings: PersonSettings, notify_after: timedelta) -> list[SettingButton]:
    remix = SettingChoice("remix", "off" if settings.remix else "on")
    buttons = [
        _button(remix, f"Remix: {'on' if settings.remix else 'off'}", row=0, chosen=settings.remix),
        _button(EDIT_DEFAULTS, "Default parameters", row=0, chosen=bool(settings.defaults)),
    ]
    speed = settings.speed or _OWN
    buttons += [_button(SettingChoice("speed", one), name, row=1, chosen=one == speed) for one, name in _SPEEDS.items()]
    if notify_after:
        names = {
            Notify.NEVER: "Never mention me",
            Notify.LATE: f"After {_long(notify_after)}",
            Notify.ALWAYS: "Always mention me",
        }
        buttons += [
            _button(SettingChoice("notify", one), name, row=2, chosen=one is settings.notify)
            for one, name in names.items()
        ]
    if settings != PersonSettings():
        buttons.append(_button(FORGET_SETTINGS, "Forget my settings", row=3, chosen=False))
    return buttons


def _button(choice: SettingChoice, label: str, *, row: int, chosen: bool) -> SettingButton:
    style = discord.ButtonStyle.success if chosen else discord.ButtonStyle.secondary
    return SettingButton(choice, ui.Button(label=label, style=style, custom_id=choice.custom_id, row=row), row=row)


def _long(time: timedelta) -> str:
    return format_duration(round(time.total_seconds() * 1000))
