"""Translate the descriptions and choices of commands for Discord, which shows them in each person's language.

The names of commands and options stay as they are: tutorials and people tell each other `/imagine`.
"""

import logging
import unicodedata
from typing import Any

from discord import Locale
from discord.app_commands import TranslationContext, TranslationContextLocation, Translator, locale_str

from bot.languages import find_language
from cogs.languages.catalogs import CATALOGS
from cogs.text import limits

log = logging.getLogger(__name__)

_TRANSLATED = frozenset(
    {
        TranslationContextLocation.command_description,
        TranslationContextLocation.group_description,
        TranslationContextLocation.parameter_description,
        TranslationContextLocation.choice_name,
    }
)


class CommandTranslator(Translator):
    """Translates from the catalogs; a translation that Discord would refuse is left out, and reported in the log."""

    def __init__(self) -> None:
        self._reported: set[tuple[str, str]] = set()

    async def translate(self, string: locale_str, locale: Locale, context: TranslationContext[Any, Any]) -> str | None:
        """Return a text in one of Discord's locales; None where it has no translation of its own."""
        language = find_language(locale.value)
        if language is None or context.location not in _TRANSLATED:
            return None
        translated = unicodedata.normalize("NFC", CATALOGS[language].gettext(string.message))
        if translated == string.message:
            return None
        if not 1 <= len(translated.strip()) <= len(translated) <= limits.COMMAND_TEXT:
            self._report_refusable(locale.value, string.message)
            return None
        return translated

    def _report_refusable(self, locale: str, message: str) -> None:
        """Report a bad translation once in this process."""
        if (locale, message) not in self._reported:
            self._reported.add((locale, message))
            log.warning("The %s translation of %r does not fit into a command, so it is left out.", locale, message)
