"""The panel of settings: every choice is drawn, told, and within Discord's limits."""

import re
from dataclasses import asdict
from datetime import timedelta
from itertools import product

import discord
import pytest

from bot.entities import Notify, PersonSettings
from bot.languages import OWN_NAMES, Language
from bot.midjourney.request_options import Speed
from cogs.components.custom_ids import TaskCustomId
from cogs.text import limits
from cogs.views.panels.settings_panel import EDIT_DEFAULTS, SettingButton, SettingChoice, render_settings_panel
from tests.discord_payloads.limits import EMBED_TOTAL
from tests.fakes.catalog import find_untranslated

HALF_A_MINUTE = timedelta(seconds=30)
ALL = [
    PersonSettings(remix=remix, defaults=defaults, speed=speed, notify=notify)
    for remix, defaults, speed, notify in product(
        (False, True), ("", "--ar 3:2 --stylize 250", "--no " + "x`" * 250), (None, *Speed), Notify
    )
]


def labels(view: discord.ui.View, *, chosen: bool) -> list[str]:
    """Return the labels of the buttons that are green, or of those that are not."""
    items = [item for item in view.children if isinstance(item, SettingButton)]
    return [str(one.item.label) for one in items if (one.item.style is discord.ButtonStyle.success) is chosen]


@pytest.mark.parametrize("settings", ALL)
@pytest.mark.parametrize("after", [HALF_A_MINUTE, timedelta(0)])
def test_every_panel_is_a_valid_message(settings: PersonSettings, after: timedelta) -> None:
    """Only dynamic buttons, each id once, none of them a task's; each text within its limit."""
    embed, view = render_settings_panel(settings, after)
    assert len(embed) <= EMBED_TOTAL
    assert all(len(field.value or "") <= limits.FIELD_VALUE for field in embed.fields)
    ids = [one.custom_id for one in view.children if isinstance(one, SettingButton)]
    assert len(ids) == len(set(ids)) == len(view.children)
    assert all(TaskCustomId.parse(one) is None and SettingChoice.parse(one) for one in ids)
    assert view.timeout is None
    assert not view.is_dispatching()


def test_a_chosen_setting_is_green_and_described() -> None:
    """Each choice stands in words above, and in green below."""
    settings = PersonSettings(remix=True, defaults="--ar 3:2", speed=Speed.FAST, notify=Notify.NEVER)
    embed, view = render_settings_panel(settings, HALF_A_MINUTE)
    assert labels(view, chosen=True) == ["Remix: on", "Default parameters", "Fast", "Never mention me", "As in Discord"]
    said = {str(field.name): field.value or "" for field in embed.fields}
    assert said["Remix"].startswith("**On.**")
    assert said["Default parameters"].startswith("`--ar 3:2`")
    assert said["Speed"].startswith("**Fast.**")
    assert said["Mention"].startswith("**Never,**")


def test_defaults_are_shown_to_a_person_without_settings() -> None:
    """The service's own speed, and a mention after the operator's time."""
    embed, view = render_settings_panel(PersonSettings(), HALF_A_MINUTE)
    assert labels(view, chosen=True) == ["Service default", "After 30 s", "As in Discord"]
    assert any(field.value == "**Service default.**" for field in embed.fields)
    assert any("longer than 30 s" in (field.value or "") for field in embed.fields)
    assert "Forget my settings" not in labels(view, chosen=False)
    assert "Forget my settings" in labels(
        render_settings_panel(PersonSettings(remix=True), HALF_A_MINUTE)[1], chosen=False
    )


def test_the_panel_has_no_mentions_if_the_operator_disabled_them() -> None:
    """NOTIFY_AFTER_SECONDS=0: no button promises what will not come."""
    embed, view = render_settings_panel(PersonSettings(notify=Notify.ALWAYS), timedelta(0))
    assert not re.search("mention", " ".join(labels(view, chosen=False)), re.IGNORECASE)
    assert any("switched mentions off" in (field.value or "") for field in embed.fields)


@pytest.mark.parametrize(
    ("custom_id", "changes"),
    [
        ("mj:e:remix:on", {"remix": True}),
        ("mj:e:remix:off", {"remix": False}),
        ("mj:e:speed:own", {"speed": None}),
        ("mj:e:speed:relax", {"speed": Speed.RELAX}),
        ("mj:e:notify:always", {"notify": Notify.ALWAYS}),
        ("mj:e:all:forget", asdict(PersonSettings())),
        ("mj:e:all:owl", {}),
        ("mj:e:notify:owl", {}),
        ("mj:e:colour:red", {}),
        (EDIT_DEFAULTS.custom_id, {}),
    ],
)
def test_a_settings_button_holds_its_setting_and_value(custom_id: str, changes: dict[str, object]) -> None:
    """What a newer version's panel offers changes nothing here."""
    choice = SettingChoice.parse(custom_id)
    assert choice is not None
    assert choice.get_changes() == changes


def test_a_task_button_is_not_a_settings_button() -> None:
    """And the panel's are none of a task."""
    assert SettingChoice.parse("mj:u:1730621826053455:0123456789") is None


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize(
    "settings",
    [
        PersonSettings(),
        PersonSettings(
            remix=True, defaults="--ar 3:2", speed=Speed.FAST, notify=Notify.NEVER, language=Language.ENGLISH
        ),
    ],
)
def test_the_panel_is_translated(settings: PersonSettings) -> None:
    """Only Midjourney's speeds, and the names that languages give themselves, are the same in every language."""
    embed, view = render_settings_panel(settings, HALF_A_MINUTE)
    parts = [embed.title, embed.description, *(text for one in embed.fields for text in (one.name, one.value))]
    same = {"Relax", "Fast", "Turbo", *OWN_NAMES.values()}
    parts += [label for green in (True, False) for label in labels(view, chosen=green) if label not in same]
    assert find_untranslated("\n".join(map(str, parts))) == []


@pytest.mark.parametrize(("value", "language"), [("own", None), ("vi", "vi"), ("zhcn", "zh-CN"), ("zhtw", "zh-TW")])
def test_a_language_has_a_button(value: str, language: str | None) -> None:
    """It is green where the person has chosen it."""
    choice = SettingChoice.parse(f"mj:e:language:{value}")
    assert choice is not None
    assert choice.get_changes() == {"language": language}
    chosen = PersonSettings(language=Language(language) if language else None)
    green = OWN_NAMES[chosen.language] if chosen.language else "As in Discord"
    assert green in labels(render_settings_panel(chosen, HALF_A_MINUTE)[1], chosen=True)


def test_a_seen_hint_is_no_setting() -> None:
    """A person who has chosen nothing is offered nothing to forget."""
    _, view = render_settings_panel(PersonSettings(hints=frozenset({"prompt"})), HALF_A_MINUTE)
    assert "Forget my settings" not in labels(view, chosen=False)
