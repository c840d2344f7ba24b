"""Format amounts of money in the language of the moment."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cogs.languages import Language, _, get_language
from cogs.languages.formats import localize_number

_SYMBOLS: Final = {"USD": "$", "CNY": "¥", "EUR": "€", "GBP": "£", "JPY": "¥", "VND": "₫"}
_SMALLEST: Final = Decimal("0.0001")


def format_amount(amount: Decimal, currency: str, *, is_about: bool = False) -> str:
    """Format an amount with its currency: "$0.10", "about $0.10", "0.73 credits"; in Vietnamese "0,10 $".

    Cents are always shown; a smaller amount has up to four decimal places.
    """
    cents = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    exact = amount.quantize(_SMALLEST, ROUND_HALF_UP)
    number = localize_number(f"{cents:,}" if cents == exact else f"{exact.normalize():,f}")
    symbol = _SYMBOLS.get(currency)
    if symbol and get_language() is Language.VIETNAMESE:
        shown = f"{number}\N{NO-BREAK SPACE}{symbol}"
    elif symbol:
        sign = "-" if amount < 0 else ""
        shown = f"{sign}{symbol}{number.removeprefix('-')}"
    else:
        shown = f"{number} {currency}".rstrip()
    return _("about {amount}").format(amount=shown) if is_about else shown
