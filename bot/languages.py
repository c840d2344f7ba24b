"""The languages in which the bot answers, and the mark of texts in `bot/` that `cogs/` translates."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self


class Language(StrEnum):
    """A language that the bot's texts are translated into, by Discord's name of its locale."""

    ENGLISH = "en"
    VIETNAMESE = "vi"
    SIMPLIFIED_CHINESE = "zh-CN"
    TRADITIONAL_CHINESE = "zh-TW"


OWN_NAMES: Final[Mapping[Language, str]] = {
    Language.ENGLISH: "English",
    Language.VIETNAMESE: "Tiếng Việt",
    Language.SIMPLIFIED_CHINESE: "简体中文",
    Language.TRADITIONAL_CHINESE: "繁體中文",
}
"""What each language calls itself, so that its readers find it in a menu."""


def find_language(locale: str | None) -> Language | None:
    """Return the language of one of Discord's locales, such as "en-GB", or of a stored name; None for any other.

    Discord shows Simplified Chinese to no reader of Traditional Chinese, so neither stands for the other.
    """
    name = locale or ""
    return next((one for one in Language if name == one or (name.startswith("en-") and one == "en")), None)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text that is translated where it is shown, and return it as it is."""
    return message


class FilledText(str):
    """A text that N_ marks, with values in its fields: in English, until `cogs/` localizes it by its template.

    A value may be such a text itself.
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, str]

    def __new__(cls, template: str, **values: str) -> Self:
        """Fill the fields of a template in."""
        text = super().__new__(cls, template.format(**values))
        text.template, text.values = template, values
        return text
