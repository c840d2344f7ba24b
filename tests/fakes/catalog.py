"""A catalog of a pseudo-language, which shows which texts are translated, and whether longer ones still fit."""

import gettext
import re
from typing import Any

import discord
from discord import ui

_BRACKETS = re.compile(r"⟦[^⟦⟧]*⟧")
_UNREAD = re.compile(r"```.*?```|`[^`]*`|<[^<>]*>|https?://[^\s⟧]+|\]\([^()]*\)", re.DOTALL)
"""Code, mentions, timestamps and links, which no language changes."""
_SHOWN = ("title", "label", "description", "placeholder")
"""The names of fields in a modal's or view's raw data that a person reads."""


class PseudoCatalog(gettext.NullTranslations):
    """Brackets each text, and makes it longer by a share of its length."""

    def __init__(self, growth: float = 0) -> None:
        super().__init__()
        self._growth = growth

    def gettext(self, message: str) -> str:
        """Translate a text."""
        return f"⟦{message}{'·' * int(len(message) * self._growth)}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Translate a text that depends on a number."""
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        """Translate a text that has a context."""
        return self.gettext(message)


def find_untranslated(text: str) -> list[str]:
    """Return the words of a text in the pseudo-language that stand outside brackets, so were not translated."""
    rest, count = _UNREAD.sub(" ", text), 1
    while count:
        rest, count = _BRACKETS.subn(" ", rest)
    return re.findall(r"[^\W\d_]{2,}", rest)


def find_untranslated_parts(embed: discord.Embed, view: ui.View) -> list[str]:
    """Return the words outside brackets in a panel: in its embed, and on its buttons and menus."""
    texts = [embed.title, embed.description, embed.footer.text]
    texts += [text for field in embed.fields for text in (field.name, field.value)]
    parts: list[Any] = [part for row in view.to_components() for part in row["components"]]
    parts += [option for part in parts for option in part.get("options", [])]
    texts += [part.get(name) for part in parts for name in ("label", "placeholder", "description")]
    return [word for text in texts if text for word in find_untranslated(_close(text))]


def find_untranslated_labels(form: ui.Modal) -> list[str]:
    """Return the words outside brackets in a form: in its title, and in its labels and what stands below them."""
    labels = [one for one in form.children if isinstance(one, ui.Label)]
    texts = [form.title, *(text for label in labels for text in (label.text, label.description or ""))]
    return [word for text in texts for word in find_untranslated(_close(text))]


def _close(text: str) -> str:
    """Close the brackets of a text that was cut."""
    return text + "⟧" * (text.count("⟦") - text.count("⟧"))


def list_texts(payload: Any) -> list[str]:  # noqa: ANN401 - a part of Discord's JSON
    """List the texts that a modal or a view shows, from its raw data."""
    if isinstance(payload, list):
        return [text for part in payload for text in list_texts(part)]
    if not isinstance(payload, dict):
        return []
    own = [str(payload[name]) for name in _SHOWN if payload.get(name)]
    return own + [text for part in payload.values() for text in list_texts(part)]
