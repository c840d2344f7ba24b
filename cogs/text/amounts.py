"""Format amounts of money. Pure."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_SYMBOLS: Final = {"USD": "$", "CNY": "¥", "EUR": "€", "GBP": "£", "JPY": "¥", "VND": "₫"}
_SMALLEST: Final = Decimal("0.0001")


def format_amount(amount: Decimal, currency: str, *, is_about: bool = False) -> str:
    """Format an amount with its currency: "$0.10", "about $0.10", "0.73 credits".

    Cents are always shown; a smaller amount has up to four decimal places.
    """
    cents = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    exact = amount.quantize(_SMALLEST, ROUND_HALF_UP)
    number = f"{cents:,}" if cents == exact else f"{exact.normalize():,f}"
    symbol = _SYMBOLS.get(currency)
    shown = f"{symbol}{number}" if symbol else f"{number} {currency}".rstrip()
    if symbol and amount < 0:
        shown = f"-{symbol}{number.removeprefix('-')}"
    return f"about {shown}" if is_about else shown
