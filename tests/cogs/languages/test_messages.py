"""Texts in the language of the moment."""

import asyncio
import gettext

import pytest

from bot.languages import FilledText, Language
from cogs.languages import _, get_language, localize_text, ngettext, pgettext, set_language, use_language
from cogs.languages.catalogs import CATALOGS


class ShoutingCatalog(gettext.NullTranslations):
    """Translates every text into capitals."""

    def gettext(self, message: str) -> str:
        return message.upper()

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return (msgid1 if n == 1 else msgid2).upper()

    def pgettext(self, context: str, message: str) -> str:
        return f"{context}: {message}".upper()


@pytest.fixture(autouse=True)
def shouting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGS, Language.VIETNAMESE, ShoutingCatalog())


def test_texts_are_translated_into_the_language_of_the_moment() -> None:
    with use_language(Language.VIETNAMESE):
        assert [_("Draw"), ngettext("a job", "jobs", 1), ngettext("a job", "jobs", 2), pgettext("verb", "Draw")] == [
            "DRAW",
            "A JOB",
            "JOBS",
            "VERB: DRAW",
        ]
        with use_language(None):
            assert get_language() is Language.VIETNAMESE
    assert [_("Draw"), get_language()] == ["Draw", Language.ENGLISH]


@pytest.mark.parametrize("language", Language)
def test_an_empty_text_and_an_unknown_one_stay_as_they_are(language: Language) -> None:
    """The empty text is the key of a catalog's header."""
    with use_language(language):
        assert _("") == ""
    if language is not Language.VIETNAMESE:
        with use_language(language):
            assert _("No catalog has this text.") == "No catalog has this text."


async def test_each_task_has_its_own_language() -> None:
    """And those that it creates inherit it."""

    async def answer(language: Language) -> Language:
        set_language(language)
        await asyncio.sleep(0)
        return await asyncio.create_task(report())

    async def report() -> Language:
        return get_language()

    assert list(Language) == await asyncio.gather(*(answer(language) for language in Language))
    assert get_language() is Language.ENGLISH


def test_a_filled_text_is_translated_by_its_template() -> None:
    """And so are those in its fields; what comes from elsewhere stays as it is."""
    clause = FilledText("no {part}", part="key")
    text = FilledText("It says: {clause}. {Q}", clause=clause, Q="{foreign}")
    assert text == "It says: no key. {foreign}"
    with use_language(Language.VIETNAMESE):
        assert localize_text(FilledText("queue full")) == "QUEUE FULL"
        assert localize_text("foreign") == "foreign"
    with use_language(Language.SIMPLIFIED_CHINESE):
        assert localize_text(text) == text
