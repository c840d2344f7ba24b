"""What the forms of /mjadmin say in another language."""

import pytest

from bot.money import BILLED_ACTIONS, PRICES_EXAMPLE, parse_prices
from cogs.languages import localize_text
from tests.fakes.catalog import find_untranslated

MALFORMED = [
    "imagine 0.10",
    "imagine: 0.10",
    "video=1, imagine=0,10, currency=USD",
    "imagine=1, imagine=2, currency=USD",
    "imagine=1",
    "currency=USD",
    "imagine=1, currency=USD, currency=USD",
    "imagine=1, currency=",
    "imagine=1, currency=\u00a5",
    "imagine=1, currency=UDS",
    "imagine=1, currency=dollars",
    "=0.10, currency=USD",
    "imagine==1, currency=USD",
    "imagined=1, currency=USD",
    "kling=1, currency=USD",
    "sk-verysecret=1, currency=USD",
    *(f"imagine={amount}, currency=USD" for amount in ("", "-1", "\u0661", "5 USD", "x", "0.1234567", "9999999999")),
]


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize("prices", MALFORMED)
def test_a_mistake_in_prices_is_translated(prices: str) -> None:
    """The names of actions and currencies, and what the operator wrote, stay."""
    with pytest.raises(ValueError, match=r"\. A good example: ") as mistake:
        parse_prices(prices)
    shown = localize_text(mistake.value.args[0])
    kept = {*find_untranslated(" ".join((prices, PRICES_EXAMPLE, *BILLED_ACTIONS, "low high variation upload")))}
    assert shown != str(mistake.value)
    assert not {*find_untranslated(shown)} - kept
