"""Amounts of money in words."""

from decimal import Decimal

import pytest

from cogs.text.amounts import format_amount


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("0.1", "USD", "$0.10"),
        ("1234.5", "USD", "$1,234.50"),
        ("0.0125", "USD", "$0.0125"),
        ("0.00004", "USD", "$0.00"),
        ("0.005", "USD", "$0.005"),
        ("0", "USD", "$0.00"),
        ("-0.5", "USD", "-$0.50"),
        ("0.73", "CNY", "¥0.73"),
        ("2500", "VND", "₫2,500.00"),
        ("50000", "tokens", "50,000.00 tokens"),
        ("1", "", "1.00"),
        ("1E+2", "USD", "$100.00"),
    ],
)
def test_amount_with_its_currency(amount: str, currency: str, shown: str) -> None:
    """Cents always, smaller amounts exactly; a price that no log row confirmed is "about"."""
    assert format_amount(Decimal(amount), currency) == shown
    assert format_amount(Decimal(amount), currency, is_about=True) == f"about {shown}"
