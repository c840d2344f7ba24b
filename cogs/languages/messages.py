"""Translate texts into the language of the moment, which each interaction and each drawing chooses for itself."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.languages import FilledText, Language
from cogs.languages.catalogs import CATALOGS

_language: ContextVar[Language] = ContextVar("language", default=Language.ENGLISH)
"""Each asyncio.Task has its own, inherited from the Task that created it; the first one has the operator's default."""


def get_language() -> Language:
    """Return the language of the moment."""
    return _language.get()


def set_language(language: Language) -> None:
    """Choose the language for the rest of this asyncio.Task, and for the Tasks that it creates."""
    _language.set(language)


@contextmanager
def use_language(language: Language | None) -> Generator[None]:
    """Choose the language for the duration of a `with` statement; None changes nothing."""
    token = _language.set(language or _language.get())
    try:
        yield
    finally:
        _language.reset(token)


def _(message: str) -> str:
    """Translate a text; fields such as `{name}` are filled in afterwards."""
    # The empty text is the key of a catalog's header.
    return CATALOGS[_language.get()].gettext(message) if message else ""


def localize_text(text: str) -> str:
    """Translate a FilledText, and those in its fields; any other text is not the bot's own, and stays as it is."""
    if not isinstance(text, FilledText):
        return text
    return _(text.template).format(**{name: localize_text(value) for name, value in text.values.items()})


def ngettext(singular: str, plural: str, number: int) -> str:
    """Translate a text that depends on a number; `{count}` or another field shows it."""
    return CATALOGS[_language.get()].ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """Translate a text whose English has several meanings, of which `context` names one."""
    return CATALOGS[_language.get()].pgettext(context, message)
