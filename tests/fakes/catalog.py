"""A catalog of a pseudo-language, which shows which texts are translated, and whether longer ones still fit."""

import gettext
import re

_BRACKETS = re.compile(r"⟦[^⟦⟧]*⟧")
_UNREAD = re.compile(r"```.*?```|`[^`]*`|<[^<>]*>|https?://[^\s⟧]+|\]\([^()]*\)", re.DOTALL)
"""Code, mentions, timestamps and links, which no language changes."""


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
