"""Render a person's settings: an embed that explains each, and buttons that change it. Pure.

A button's custom_id holds the setting and its new value: pressed twice, or after a restart, it does the same.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, Self

import discord
from discord import ui

from bot.entities import Notify, PersonSettings
from bot.languages import OWN_NAMES
from bot.midjourney.request_options import Speed
from cogs.components.event_item import EventItem, build_view
from cogs.languages import N_, Language, _, join_sentences
from cogs.text import limits
from cogs.text.markdown import format_code, format_duration
from cogs.views.colors import ACTIVE_COLOR

SETTING_CLICK_EVENT = "setting_click"
"""The event of a click: `on_setting_click(interaction, choice)`."""
SETTING_ID_TEMPLATE = r"mj:e:(?P<what>[a-z]{1,12}):(?P<value>[a-z]{1,9})"
_DEFAULTS_LENGTH = 300
"""How many characters of the default parameters the panel shows."""
_SERVICE_DEFAULT = "own"
_SERVICE_SPEED = N_("Service default")
_SPEEDS: Mapping[str, str] = {Speed.RELAX: "Relax", Speed.FAST: "Fast", Speed.TURBO: "Turbo"}
_DISCORD_LANGUAGE = N_("As in Discord")
_LANGUAGES = {language: language.value.replace("-", "").lower() for language in Language}
"""The languages by the value of their button."""


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
    SettingChoice("language", _SERVICE_DEFAULT): {"language": None},
    **{SettingChoice("language", value): {"language": language} for language, value in _LANGUAGES.items()},
    FORGET_SETTINGS: asdict(PersonSettings()),
}


class SettingButton(EventItem[ui.Button[Any]], template=SETTING_ID_TEMPLATE):
    """A button of the panel."""

    def get_event(self) -> tuple[str, SettingChoice]:
        """Dispatch the setting and its new value."""
        return SETTING_CLICK_EVENT, SettingChoice.from_match(self.match)


def render_settings_panel(settings: PersonSettings, notify_after: timedelta) -> tuple[discord.Embed, ui.View]:
    """Render a person's settings; `notify_after` of zero means that the operator switched mentions off."""
    embed = discord.Embed(title=_("Your settings"), color=ACTIVE_COLOR)
    forget = _("**Forget my settings** resets and deletes them all.") if _has_choices(settings) else ""
    embed.description = join_sentences(_("These apply everywhere you use the bot."), forget)
    for name, value in _describe_settings(settings, notify_after):
        embed.add_field(name=name, value=value, inline=False)
    return embed, build_view(_build_buttons(settings, notify_after))


def _has_choices(settings: PersonSettings) -> bool:
    """Whether a person has chosen anything; which hints they have seen is no choice."""
    return replace(settings, hints=frozenset()) != PersonSettings()


def _describe_settings(settings: PersonSettings, notify_after: timedelta) -> list[tuple[str, str]]:
    remix = (
        _("**On.** V, vary, reroll and pan ask you for a new prompt first.")
        if settings.remix
        else _("**Off.** V, vary, reroll and pan start right away with the same prompt.")
    )
    return [
        (_("Remix"), remix),
        (_("Default parameters"), _describe_defaults(settings)),
        (_("Speed"), _describe_speed(settings)),
        (_("Mention"), _describe_mention(settings, notify_after)),
        (_("Language"), _describe_language(settings)),
    ]


def _describe_defaults(settings: PersonSettings) -> str:
    if not settings.defaults:
        return _("**None.** Parameters that you choose here are added unless your prompt already sets them.")
    shown = format_code(limits.cut(settings.defaults, _DEFAULTS_LENGTH))
    # Translators: {parameters} is code, such as `--ar 3:2`.
    return _("{parameters} Added unless your prompt already sets them.").format(parameters=shown)


def _describe_speed(settings: PersonSettings) -> str:
    if not settings.speed:
        return _("**Service default.**")
    # Translators: {speed} is Relax, Fast or Turbo.
    return _(
        "**{speed}.** Used for commands, buttons and forms, if the service offers this speed. "
        "A speed in your prompt wins."
    ).format(speed=_SPEEDS[settings.speed])


def _describe_mention(settings: PersonSettings, notify_after: timedelta) -> str:
    if not notify_after:
        return _("The operator of this bot has switched mentions off.")
    match settings.notify:
        case Notify.NEVER:
            return _("**Never,** unless you ask for it with `notify`.")
        case Notify.LATE:
            late = _("**If it takes longer than {time}.** Then I mention you when it is done.")
            return late.format(time=_format_time(notify_after))
        case Notify.ALWAYS:
            return _("**Always.** I mention you when what you asked for is done.")


def _describe_language(settings: PersonSettings) -> str:
    if settings.language is None:
        return _("**As in Discord.** I answer in the language of your Discord, where I know it.")
    # Translators: {language} is a language's own name, such as "Tiếng Việt".
    text = _("**{language}.** Messages for everyone in a server use the server's language.")
    return text.format(language=OWN_NAMES[settings.language])


def _build_buttons(settings: PersonSettings, notify_after: timedelta) -> list[SettingButton]:
    remix = SettingChoice("remix", "off" if settings.remix else "on")
    buttons = [
        _build_button(remix, _("Remix: on") if settings.remix else _("Remix: off"), row=0, chosen=settings.remix),
        _build_button(EDIT_DEFAULTS, _("Default parameters"), row=0, chosen=bool(settings.defaults)),
    ]
    speeds = {_SERVICE_DEFAULT: _(_SERVICE_SPEED), **_SPEEDS}
    buttons += _build_row("speed", speeds, settings.speed or _SERVICE_DEFAULT, row=1)
    if notify_after:
        after = _("After {time}").format(time=_format_time(notify_after))
        names = {Notify.NEVER: _("Never mention me"), Notify.LATE: after, Notify.ALWAYS: _("Always mention me")}
        buttons += _build_row("notify", names, settings.notify, row=2)
    languages = {value: OWN_NAMES[language] for language, value in _LANGUAGES.items()}
    chosen = _LANGUAGES[settings.language] if settings.language else _SERVICE_DEFAULT
    buttons += _build_row("language", {_SERVICE_DEFAULT: _(_DISCORD_LANGUAGE), **languages}, chosen, row=3)
    if _has_choices(settings):
        buttons.append(_build_button(FORGET_SETTINGS, _("Forget my settings"), row=4, chosen=False))
    return buttons


def _build_row(setting: str, labels: Mapping[Any, str], chosen: str, *, row: int) -> list[SettingButton]:
    return [
        _build_button(SettingChoice(setting, value), label, row=row, chosen=value == chosen)
        for value, label in labels.items()
    ]


def _build_button(choice: SettingChoice, label: str, *, row: int, chosen: bool) -> SettingButton:
    style = discord.ButtonStyle.success if chosen else discord.ButtonStyle.secondary
    return SettingButton(ui.Button(label=label, style=style, custom_id=choice.custom_id, row=row))


def _format_time(time: timedelta) -> str:
    return format_duration(round(time.total_seconds() * 1000))
