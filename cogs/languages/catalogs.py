"""The catalogs of translated texts, one for each language, read from the compiled files beside this module."""

import gettext
from pathlib import Path
from typing import Final

from bot.languages import Language

DOMAIN: Final = "mjbot"
LOCALES: Final = Path(__file__).parent / "locales"
DIRECTORY_NAMES: Final = {
    Language.VIETNAMESE: "vi",
    Language.SIMPLIFIED_CHINESE: "zh_CN",
    Language.TRADITIONAL_CHINESE: "zh_TW",
}
"""The folder of each language but English, named as gettext and Babel name locales."""


def _load(language: Language) -> gettext.NullTranslations:
    """Load a catalog; English sentences are the keys, so English has none."""
    name = DIRECTORY_NAMES.get(language)
    return gettext.translation(DOMAIN, LOCALES, [name], fallback=True) if name else gettext.NullTranslations()


CATALOGS: Final = {language: _load(language) for language in Language}
"""The catalog of each language; a text that one lacks stays English."""
