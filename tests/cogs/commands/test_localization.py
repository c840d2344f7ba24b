"""Localization is left ready: a translator of discord.py's is asked for every word that a command shows."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from tests.worlds.simcord import open_simcord_world

COGS = sorted((Path(__file__).parents[3] / "cogs").glob("**/*.py"))
_SHOWN = {"command": {"name", "description"}, "ContextMenu": {"name"}, "Choice": {"name"}, "describe": None}
"""Which arguments of discord.py's decorators and classes are read by people; None is all of them."""


class Recorder(app_commands.Translator):
    """A translator without translations, which records its requests."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Remember a text."""
        del locale, context
        self.asked.add(string.message)
        return None


async def test_a_translator_is_asked_for_all_that_a_command_shows(tmp_path: Path) -> None:
    """Names, descriptions, options and choices, of commands and of the menus of messages."""
    async with open_simcord_world(tmp_path) as w:
        tree, recorder = w.app.bot.tree, Recorder()
        kinds = discord.AppCommandType
        commands = [
            one for kind in (kinds.chat_input, kinds.message, kinds.user) for one in tree.get_commands(type=kind)
        ]
        assert {one.name for one in commands} >= {"imagine", "mjstatus", "mjsettings", "Upscale picture"}
        for command in commands:
            payload = await command.get_translated_payload(tree, recorder)
            missing = set(_texts(payload)) - recorder.asked
            assert not missing, f"{command.name}: {missing}"


def _texts(payload: dict[str, Any]) -> Iterator[str]:
    yield payload["name"]
    if payload.get("description"):
        yield payload["description"]
    for part in (*payload.get("options", ()), *payload.get("choices", ())):
        yield from _texts(part)


@pytest.mark.parametrize("path", COGS, ids=[path.stem for path in COGS])
def test_what_people_read_is_written_as_a_text_to_translate(path: Path) -> None:
    """A translator finds them in the source as `_("...")`, a locale_str, and never as plain texts."""
    bare = [
        f"{path.name}:{value.lineno}: {value.value!r}"
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and _is_of_commands(call.func)
        for keyword in call.keywords
        if _is_read(call.func, keyword)
        for value in [keyword.value]
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    ]
    assert not bare


def _is_of_commands(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id == "app_commands"
        and called.attr in _SHOWN
    )


def _is_read(called: ast.expr, keyword: ast.keyword) -> bool:
    names = _SHOWN[called.attr] if isinstance(called, ast.Attribute) else set()
    # A command's name is its identity: Discord takes the translations of it beside it, discord.py wraps it itself.
    is_identity = isinstance(called, ast.Attribute) and called.attr == "command" and keyword.arg == "name"
    return not is_identity and (names is None or keyword.arg in names)
