"""What operators are told about prices and the balance."""

from decimal import Decimal

import pytest

from bot.billing.balance import Balance, BalanceState
from bot.money import parse_prices
from bot.policy.prices import PriceList
from cogs.text.balance import describe_balance, describe_balance_alarm, describe_prices, describe_unpriced, report_money
from tests.fakes.relay_account import DOLLARS

LOW = Balance(state="known", amount=Decimal("4.2"), currency="USD", comparable=Decimal("4.2"))
EURO = Balance(state="known", amount=Decimal("4.2"), currency="USD")
FIVE = Decimal(5)
NO_RATE = (
    "BALANCE_ALARM can't warn you: it is in EUR, like PRICES, and the relay tells no rate for USD. Write both in USD."
)


def test_the_alarm_names_the_balance_and_the_setting() -> None:
    assert describe_balance_alarm(LOW, FIVE) == (
        "The balance at the relay is down to $4.20; BALANCE_ALARM is $5.00. Top it up in the relay's console."
    )


@pytest.mark.parametrize(
    ("balance", "alarm_at", "expected"),
    [
        (LOW, None, ("$4.20 left at the relay.", "")),
        (LOW, Decimal(4), ("$4.20 left at the relay.", "")),
        (LOW, FIVE, ("$4.20 left at the relay.", "Top it up in the relay's console.")),
        (EURO, None, ("$4.20 left at the relay.", "")),
        (
            EURO,
            FIVE,
            (
                "$4.20 left at the relay.",
                NO_RATE,
            ),
        ),
    ],
)
def test_a_known_balance(balance: Balance, alarm_at: Decimal | None, expected: tuple[str, str]) -> None:
    assert describe_balance(balance, alarm_at, "EUR" if balance is EURO else "USD") == expected


@pytest.mark.parametrize(
    ("state", "message", "advice"),
    [
        (
            "unlimited",
            "can't be read: MJ_API_KEY has no limit, and the relay doesn't tell it what the account has left.",
            "BALANCE_ALARM can't warn you: give the key a limit in the relay's console, or leave it empty.",
        ),
        (
            "not told",
            "can't be read: this relay tells it to no key.",
            "BALANCE_ALARM can't warn you: look at the relay's console now and then, or leave it empty.",
        ),
        ("unreadable", "couldn't be read: the relay didn't answer that.", ""),
        ("not read yet", "isn't read yet.", ""),
    ],
)
def test_an_unknown_balance(state: BalanceState, message: str, advice: str) -> None:
    assert describe_balance(Balance(state=state), None, "USD") == (message, "")
    assert describe_balance(Balance(state=state), FIVE, "USD") == (message, advice)


def test_prices() -> None:
    prices = PriceList()
    assert describe_prices(prices) == (
        "not known, so none are shown: the relay tells none, and PRICES is empty. Limits of an amount can't count new "
        "requests before that: set limits of jobs, or prices."
    )
    prices.set_configured(parse_prices("video=0.8, currency=USD"))
    assert describe_prices(prices) == "known for 1 model of the relay, from PRICES."
    prices.set_relay_money(DOLLARS)
    prices.set_relay_prices({"mj_imagine": Decimal("0.1")})
    assert describe_prices(prices) == (
        "known for 2 models of the relay, from PRICES and the relay's price list; an imagine costs about $0.10."
    )
    prices.learn("mj_imagine", "", Decimal("0.12"), "USD")
    assert describe_prices(prices) == (
        "known for 2 models of the relay, from PRICES and the relay's log; an imagine costs $0.12."
    )


def test_nothing_of_this_is_a_failure() -> None:
    found = report_money(PriceList(), LOW, FIVE)
    assert [(one.name, one.is_ok, bool(one.advice)) for one in found] == [
        ("Prices", True, False), ("Balance", True, True)
    ]  # fmt: skip


def test_actions_without_a_price_are_named() -> None:
    """Budgets count the dearest price for them; where all have a price, or none has, nothing is said."""
    prices = PriceList()
    assert describe_unpriced(prices) == ""
    prices.set_configured(parse_prices("imagine=0.1, video=0.8, currency=USD"))
    names = "blend, describe, shorten, upscale, variation, reroll, zoom, pan, edit, faceswap, modal"
    assert describe_unpriced(prices) == (
        f"No price is known for {names}: budgets count $0.80 for each, the dearest price known, until the relay's log "
        "tells it or you set it."
    )
    prices.set_configured(parse_prices(f"imagine=0.1, video=0.8, currency=USD, {names.replace(',', '=0.1,')}=0.1"))
    assert describe_unpriced(prices) == ""
