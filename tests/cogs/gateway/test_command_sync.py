"""Commands are registered if they differ from Discord's; and all of them are valid."""

import asyncio
import gettext
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.app_commands import TranslationContext, TranslationContextLocation

from bot.languages import Language
from bot.midjourney.buttons import ButtonKind, hash_custom_id
from cogs.components.custom_ids import TaskButton, TaskCustomId, TaskMenu
from cogs.gateway.command_sync import sync_commands
from cogs.gateway.command_translator import CommandTranslator
from cogs.languages.catalogs import CATALOGS
from tests.worlds.simcord import SimcordWorld, open_simcord_world


def puts(w: SimcordWorld) -> int:
    """Count how often the commands were sent."""
    return w.requests("PUT", "/commands")


async def test_commands_are_registered_once(tmp_path: Path) -> None:
    """The first start sends them, a second one finds them as they are."""
    async with open_simcord_world(tmp_path) as w:
        assert puts(w) == 1
        await w.restart()
        await sync_commands(w.app.bot)
        assert puts(w) == 1


def spell_out(field: dict[str, Any]) -> dict[str, Any]:
    """Return the translations as Discord writes them where there are none."""
    return {name: field.get(name) or None for name in ("name_localizations", "description_localizations")}


async def test_fields_that_discord_adds_are_no_difference(tmp_path: Path) -> None:
    """Ids, versions and defaults that Discord gives back are no difference."""
    async with open_simcord_world(tmp_path) as w:
        for command in w.env.backend.commands[None].values():
            command |= {"version": "1", "nsfw": False, **spell_out(command)}
            permissions = command["default_member_permissions"]
            command["default_member_permissions"] = str(permissions) if permissions is not None else None
            command["contexts"] = command["contexts"][::-1]
            command["integration_types"] = command["integration_types"][::-1]
            if command["type"] == 3:
                del command["options"]
            for option in command.get("options", ()):
                if not option.get("required"):
                    option.pop("required", None)
                option.update(spell_out(option))
        await sync_commands(w.app.bot)
        assert puts(w) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"description": "older words"},
        {"options": []},
        {"contexts": [0]},
        {"integration_types": [0]},
        {"default_member_permissions": "8"},
    ],
)
async def test_a_changed_command_is_registered(tmp_path: Path, change: dict[str, Any]) -> None:
    """Where Discord has something else, the commands are sent again."""
    async with open_simcord_world(tmp_path) as w:
        w.env.backend.commands[None]["mjstatus", 1].update(change)
        await sync_commands(w.app.bot)
        assert puts(w) == 2


async def test_a_removed_command_is_unregistered(tmp_path: Path) -> None:
    """It counts as a difference."""
    async with open_simcord_world(tmp_path) as w:
        commands = w.env.backend.commands[None]
        commands["old", 1] = commands["mjhelp", 1] | {"name": "old", "id": "99"}
        await sync_commands(w.app.bot)
        assert ("old", 1) not in w.env.backend.commands[None]


async def test_the_sync_is_retried_until_discord_answers(tmp_path: Path) -> None:
    """A failure of Discord at the start only delays it."""
    async with open_simcord_world(tmp_path) as w:
        w.env.inject_error("GET", "/applications/*/commands", status=503, times=2)
        w.env.backend.commands.clear()
        await w.restart()
        assert puts(w) == 2


# --------------------------------------------------------------------------------------------- translations


class SampleCatalog(gettext.NullTranslations):
    """Translates what it was given."""

    def __init__(self, **texts: str) -> None:
        super().__init__()
        self.texts = texts

    def gettext(self, message: str) -> str:
        return self.texts.get(message, message)


HELP = "Show what this bot can do"


def get_help(w: SimcordWorld) -> dict[str, Any]:
    """Return the registered /mjhelp."""
    return w.env.backend.commands[None]["mjhelp", 1]


async def test_descriptions_are_registered_in_each_language_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second start finds them as they are; a new translation is sent."""
    monkeypatch.setitem(CATALOGS, Language.SIMPLIFIED_CHINESE, gettext.NullTranslations())
    monkeypatch.setitem(CATALOGS, Language.TRADITIONAL_CHINESE, gettext.NullTranslations())
    async with open_simcord_world(tmp_path) as w:
        english = get_help(w)["description"]
        for number, translated in enumerate(("Trợ giúp", "Trợ giúp", "Xem trợ giúp")):
            monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, SampleCatalog(**{english: translated}))
            await sync_commands(w.app.bot)
            assert get_help(w)["description_localizations"] == {"vi": translated}
            assert puts(w) == (2, 2, 3)[number]
        assert get_help(w)["name"] == "mjhelp"
        assert not get_help(w).get("name_localizations")


@pytest.mark.parametrize("bad", ["x" * 101, "  ", ""])
async def test_a_bad_translation_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, bad: str
) -> None:
    """All commands are registered, and the log says what is missing."""
    async with open_simcord_world(tmp_path) as w:
        help_text, status_text = (
            w.env.backend.commands[None][name, 1]["description"] for name in ("mjhelp", "mjstatus")
        )
        catalog = SampleCatalog(**{help_text: bad, status_text: "Theo dõi một tác vụ"})
        monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, catalog)
        await sync_commands(w.app.bot)
        assert "vi" not in (get_help(w).get("description_localizations") or {})
        assert w.env.backend.commands[None]["mjstatus", 1]["description_localizations"]["vi"] == "Theo dõi một tác vụ"
    assert bad == "" or "does not fit into a command" in caplog.text


def test_decomposed_letters_are_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalog may hold letters and their marks as characters of their own."""
    monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, SampleCatalog(Draw=unicodedata.normalize("NFD", "Vẽ")))
    choice = app_commands.Choice(name="Draw", value="draw")
    context: TranslationContext[Any, Any] = TranslationContext(TranslationContextLocation.choice_name, choice)
    translating = CommandTranslator().translate(app_commands.locale_str("Draw"), discord.Locale.vietnamese, context)
    assert asyncio.run(translating) == unicodedata.normalize("NFC", "Vẽ")


async def test_translations_that_discord_refuses_do_not_keep_the_commands_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """For a reason that is not known here, such as a new rule: the commands are registered without translations."""
    async with open_simcord_world(tmp_path) as w:
        w.env.backend.commands[None].clear()
        monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, SampleCatalog(**{HELP: "Trợ giúp"}))
        w.env.inject_error("PUT", "/applications/*/commands", status=400, code=50035, times=1)
        await sync_commands(w.app.bot)
        assert "mjhelp" in {name for name, _ in w.env.backend.commands[None]}
        assert not any(one.get("description_localizations") for one in w.env.backend.commands[None].values())
        assert w.app.bot.tree.translator is not None
    assert "registered without translations" in caplog.text


# ------------------------------------------------------------------------------------- all commands and buttons


def everything(w: SimcordWorld) -> Iterator[dict[str, Any]]:
    """Return every command, its groups and subcommands, as they are sent."""
    waiting = [command.to_dict(w.app.bot.tree) for command in w.app.bot.tree.get_commands()]
    while waiting:
        command = waiting.pop()
        yield command
        waiting += [option for option in command.get("options", ()) if option["type"] in {1, 2}]


async def test_every_command_is_valid_for_discord(tmp_path: Path) -> None:
    """Names are unique, lower-case and short; descriptions are within the limits; required options come first."""
    async with open_simcord_world(tmp_path) as w:
        names = Counter(
            (command.qualified_name, type(command)) if isinstance(command, app_commands.Command) else command.name
            for command in [
                *w.app.bot.tree.walk_commands(),
                *w.app.bot.tree.get_commands(type=discord.AppCommandType.message),
            ]
        )
        assert set(names.values()) == {1}
        for command in everything(w):
            if command["type"] == 3:
                assert 1 <= len(command["name"]) <= 32
                continue
            options = [option for option in command.get("options", ()) if option["type"] not in {1, 2}]
            for one in (command, *options):
                assert re.fullmatch(r"[-_a-z0-9]{1,32}", one["name"])
                assert 1 <= len(one["description"]) <= 100
            required = [option.get("required", False) for option in options]
            assert required == sorted(required, reverse=True)
            assert len(options) <= 25


@pytest.mark.parametrize("kind", list(ButtonKind))
def test_every_kind_of_button_matches_one_template(kind: ButtonKind) -> None:
    """The custom_id of each kind of click fits Discord, only one class accepts it, and it reads back unchanged."""
    click = TaskCustomId(
        kind, "1730621826053455", "-" if kind.is_bot_button else hash_custom_id("MJ::JOB::upsample::1::x")
    )
    templates = [vars(one)["__discord_ui_compiled_template__"] for one in (TaskButton, TaskMenu)]
    assert click.is_valid
    assert sum(template.fullmatch(click.custom_id) is not None for template in templates) == 1
    assert TaskCustomId.parse(click.custom_id) == click
