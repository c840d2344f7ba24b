"""Write numbers, lists and successive sentences as the language of the moment does. Pure, but for that language.

Dates are Discord's own timestamps, which each reader's Discord writes in its language and time zone.
"""

from collections.abc import Iterable
from decimal import Decimal

from bot.languages import Language
from cogs.languages.messages import _, get_language

_CHINESE = frozenset({Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE})
_SWAPPED_SEPARATORS = str.maketrans(",.", ".,")


def format_number(number: int | Decimal) -> str:
    """Write a number with separators: 1,234.5, and 1.234,5 in Vietnamese."""
    return localize_number(f"{number:,}")


def localize_number(written: str) -> str:
    """Turn a number that is written in English, such as "1,234.5", into the language of the moment."""
    return written.translate(_SWAPPED_SEPARATORS) if get_language() is Language.VIETNAMESE else written


def join_list(items: Iterable[str]) -> str:
    """Join items that stand side by side: "a, b, c"."""
    return get_separator().join(items)


def get_separator() -> str:
    """Return what stands between the items of a list."""
    return "、" if get_language() in _CHINESE else ", "


def join_all(items: Iterable[str]) -> str:
    """Join items that all count: "a, b and c"."""
    *earlier, last = [*items] or [""]
    return _("{earlier} and {last}").format(earlier=join_list(earlier), last=last) if earlier else last


def join_alternatives(items: Iterable[str]) -> str:
    """Join items of which one applies: "a, b or c"."""
    *earlier, last = [*items] or [""]
    return _("{earlier} or {last}").format(earlier=join_list(earlier), last=last) if earlier else last


def join_sentences(*sentences: str) -> str:
    """Join whole sentences, leaving out empty ones; Chinese puts no space between them."""
    return ("" if get_language() in _CHINESE else " ").join(filter(None, sentences))
