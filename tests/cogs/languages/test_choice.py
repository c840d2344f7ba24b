"""Whose language an answer is in."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.entities import PersonSettings, ServerRules
from bot.features.known_languages import KnownLanguages
from bot.languages import Language, find_language
from cogs.languages.choice import LanguageChoice
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore

PERSON, SERVER = 7, 70


@dataclass
class Asker:
    """What Discord tells of the person who asks, and of the server."""

    locale: str = "en-US"
    guild_locale: str = "en-US"
    features: list[str] = field(default_factory=list[str])
    guild_id: int | None = SERVER

    def build_interaction(self) -> discord.Interaction[Any]:
        guild = SimpleNamespace(features=self.features, preferred_locale=discord.Locale(self.guild_locale))
        return cast(
            "discord.Interaction[Any]",
            SimpleNamespace(
                user=SimpleNamespace(id=PERSON),
                locale=discord.Locale(self.locale),
                guild_id=self.guild_id,
                guild=guild if self.guild_id else None,
            ),
        )


async def know(person: Language | None, server: Language | None) -> KnownLanguages:
    clock = FakeClock()
    store = FakeStore(clock.now)
    if person:
        await store.update_person_settings(PERSON, lambda _: PersonSettings(language=person))
    if server:
        await store.rules.change_server_rules(SERVER, lambda _: (ServerRules(language=server), ()))
    known = KnownLanguages(store, store.rules, clock.clock)
    await known.refresh()
    return known


@pytest.mark.parametrize(
    ("asker", "person", "server", "private", "public"),
    [
        pytest.param(Asker(), None, None, "en", "en", id="English"),
        pytest.param(Asker("vi"), None, None, "vi", "vi", id="a server that cannot choose a locale"),
        pytest.param(Asker("de"), None, None, "zh-TW", "zh-TW", id="a language that the bot lacks"),
        pytest.param(Asker("en-GB", "zh-CN", ["COMMUNITY"]), None, None, "en", "zh-CN", id="a Community server's"),
        pytest.param(Asker("vi", "de", ["COMMUNITY"]), None, None, "vi", "vi", id="a Community server's unknown one"),
        pytest.param(Asker("vi", "zh-CN", ["COMMUNITY"]), None, "en", "vi", "en", id="the managers' choice"),
        pytest.param(Asker("vi"), "zh-CN", None, "zh-CN", "zh-CN", id="the person's own choice"),
        pytest.param(Asker("vi"), "zh-CN", "en", "zh-CN", "en", id="both"),
        pytest.param(Asker("vi", guild_id=None), None, "en", "vi", "vi", id="a direct message"),
    ],
)
async def test_the_most_particular_choice_holds(
    asker: Asker, person: str | None, server: str | None, private: str, public: str
) -> None:
    known = await know(find_language(person), find_language(server))
    choice, interaction = LanguageChoice(Language.TRADITIONAL_CHINESE, known), asker.build_interaction()
    assert private == choice.choose_for_person(interaction)
    assert public == choice.choose_for_message(interaction)


async def test_a_server_without_a_choice_gets_the_default() -> None:
    choice = LanguageChoice(Language.VIETNAMESE, await know(None, None))
    assert choice.choose_for_server(SERVER, None) is Language.VIETNAMESE


async def test_a_new_choice_holds_at_once() -> None:
    known = await know(None, None)
    for language in (Language.VIETNAMESE, None):
        known.note_person(PERSON, language)
        known.note_server(SERVER, language)
        assert known.get_person_language(PERSON) is language is known.get_server_language(SERVER)
