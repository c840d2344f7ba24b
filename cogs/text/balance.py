"""What operators are told about prices and the balance at the relay. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from bot.billing.balance import Balance
from bot.ops.diagnostics import Finding
from bot.policy.prices import PriceList
from cogs.text.amounts import format_amount

_SOURCES: Final = {"log": "the relay's log", "relay": "the relay's price list", "settings": "PRICES"}
WITHOUT_PRICES: Final = "Limits of an amount can't count new requests before that: set limits of jobs, or prices."
_TOP_UP: Final = "Top it up in the relay's console."


def describe_balance_alarm(balance: Balance, alarm_at: Decimal) -> str:
    """Say that the balance has fallen to BALANCE_ALARM."""
    left = format_amount(balance.amount or Decimal(0), balance.currency)
    alarm = format_amount(alarm_at, balance.currency)
    return f"The balance at the relay is down to {left}; BALANCE_ALARM is {alarm}. {_TOP_UP}"


def report_money(prices: PriceList, balance: Balance, alarm_at: Decimal | None) -> list[Finding]:
    """Report the prices that are known, and the balance; what cannot be known is no failure."""
    message, advice = describe_balance(balance, alarm_at, prices.currency)
    return [
        Finding("Prices", is_ok=True, message=describe_prices(prices), advice=describe_unpriced(prices)),
        Finding("Balance", is_ok=True, message=message, advice=advice, is_note=not advice and balance.state != "known"),
    ]


def describe_prices(prices: PriceList) -> str:
    """Say how many prices are known, and where that of an imagine comes from."""
    known = prices.list_prices()
    if not known:
        return f"not known, so none are shown: the relay tells none, and PRICES is empty. {WITHOUT_PRICES}"
    origins: Sequence[str] = sorted({_SOURCES[price.source] for price in known.values()})
    count = f"{len(known)} {'model' if len(known) == 1 else 'models'}"
    found = f"known for {count} of the relay, from {' and '.join(origins)}"
    if (imagine := prices.find_price("mj_imagine")) is None:
        return f"{found}."
    cost = format_amount(imagine.amount, imagine.currency, is_about=imagine.source != "log")
    return f"{found}; an imagine costs {cost}."


def describe_unpriced(prices: PriceList) -> str:
    """Say which actions have no price, and what budgets count for them; "" where all have one, or none."""
    if not (names := prices.list_unpriced_actions()):
        return ""
    each = f"budgets count {format_amount(prices.dearest, prices.currency)} for each, the dearest price known"
    return f"No price is known for {', '.join(names)}: {each}, until the relay's log tells it or you set it."


def describe_balance(balance: Balance, alarm_at: Decimal | None, currency: str) -> tuple[str, str]:
    """Return what is known of the balance, and the next step if BALANCE_ALARM needs one; `currency` is its own."""
    has_alarm = alarm_at is not None
    match balance.state:
        case "known":
            return _describe_amount(balance, alarm_at, currency)
        case "unlimited":
            advice = "BALANCE_ALARM can't warn you: give the key a limit in the relay's console, or leave it empty."
            message = "can't be read: MJ_API_KEY has no limit, and the relay doesn't tell it what the account has left."
        case "not told":
            advice = "BALANCE_ALARM can't warn you: look at the relay's console now and then, or leave it empty."
            message = "can't be read: this relay tells it to no key."
        case "unreadable":
            return "couldn't be read: the relay didn't answer that.", ""
        case _:
            return "isn't read yet.", ""
    return message, advice if has_alarm else ""


def _describe_amount(balance: Balance, alarm_at: Decimal | None, currency: str) -> tuple[str, str]:
    message = f"{format_amount(balance.amount or Decimal(0), balance.currency)} left at the relay."
    if alarm_at is None:
        return message, ""
    if balance.comparable is None:
        advice = (
            f"BALANCE_ALARM can't warn you: it is in {currency}, like PRICES, and the relay tells no rate for "
            f"{balance.currency}. Write both in {balance.currency}."
        )
        return message, advice
    return message, _TOP_UP if balance.comparable <= alarm_at else ""
