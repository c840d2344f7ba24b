"""What operators are told about prices and the balance at the relay. Pure."""

from decimal import Decimal
from typing import Final

from bot.billing.balance import Balance
from bot.ops.diagnostics import Finding
from bot.policy.prices import PriceList
from cogs.languages import N_, _, format_number, join_list, join_sentences, ngettext
from cogs.languages.formats import join_all
from cogs.text.amounts import format_amount

_SOURCES: Final = {"log": N_("the relay's log"), "relay": N_("the relay's price list"), "settings": "PRICES"}
WITHOUT_PRICES: Final = N_("Limits of an amount can't count new requests before that: set limits of jobs, or prices.")
_TOP_UP: Final = N_("Top it up in the relay's console.")


def describe_balance_alarm(balance: Balance, alarm_at: Decimal) -> str:
    """Say that the balance has fallen to BALANCE_ALARM."""
    left = format_amount(balance.amount or Decimal(0), balance.currency)
    alarm = format_amount(alarm_at, balance.currency)
    text = _("The balance at the relay is down to {left}; BALANCE_ALARM is {alarm}.").format(left=left, alarm=alarm)
    return join_sentences(text, _(_TOP_UP))


def report_money(prices: PriceList, balance: Balance, alarm_at: Decimal | None) -> list[Finding]:
    """Report the prices that are known, and the balance; what cannot be known is no failure."""
    message, advice = describe_balance(balance, alarm_at, prices.currency)
    return [
        Finding(_("Prices"), is_ok=True, message=describe_prices(prices), advice=describe_unpriced(prices)),
        Finding(
            _("Balance"), is_ok=True, message=message, advice=advice, is_note=not advice and balance.state != "known"
        ),
    ]


def describe_prices(prices: PriceList) -> str:
    """Say how many prices are known, and where that of an imagine comes from."""
    known = prices.list_prices()
    if not known:
        text = _("not known, so none are shown: the relay tells none, and PRICES is empty.")
        return join_sentences(text, _(WITHOUT_PRICES))
    origins = sorted({_(_SOURCES[price.source]) for price in known.values()})
    fields = {"count": format_number(len(known)), "sources": join_all(origins)}
    if (imagine := prices.find_price("mj_imagine")) is None:
        return ngettext(
            "known for {count} model of the relay, from {sources}.",
            "known for {count} models of the relay, from {sources}.",
            len(known),
        ).format(**fields)
    cost = format_amount(imagine.amount, imagine.currency, is_about=imagine.source != "log")
    return ngettext(
        "known for {count} model of the relay, from {sources}; an imagine costs {price}.",
        "known for {count} models of the relay, from {sources}; an imagine costs {price}.",
        len(known),
    ).format(**fields, price=cost)


def describe_unpriced(prices: PriceList) -> str:
    """Say which actions have no price, and what budgets count for them; "" where all have one, or none."""
    if not (names := prices.list_unpriced_actions()):
        return ""
    return _(
        "No price is known for {actions}: budgets count {price} for each, the dearest price known, until the relay's "
        "log tells it or you set it."
    ).format(actions=join_list(names), price=format_amount(prices.dearest, prices.currency))


def describe_balance(balance: Balance, alarm_at: Decimal | None, currency: str) -> tuple[str, str]:
    """Return what is known of the balance, and the next step if BALANCE_ALARM needs one; `currency` is its own."""
    has_alarm = alarm_at is not None
    match balance.state:
        case "known":
            return _describe_amount(balance, alarm_at, currency)
        case "unlimited":
            advice = _("BALANCE_ALARM can't warn you: give the key a limit in the relay's console, or leave it empty.")
            message = _(
                "can't be read: MJ_API_KEY has no limit, and the relay doesn't tell it what the account has left."
            )
        case "not told":
            advice = _("BALANCE_ALARM can't warn you: look at the relay's console now and then, or leave it empty.")
            message = _("can't be read: this relay tells it to no key.")
        case "unreadable":
            return _("couldn't be read: the relay didn't answer that."), ""
        case _:
            return _("isn't read yet."), ""
    return message, advice if has_alarm else ""


def _describe_amount(balance: Balance, alarm_at: Decimal | None, currency: str) -> tuple[str, str]:
    amount = format_amount(balance.amount or Decimal(0), balance.currency)
    message = _("{amount} left at the relay.").format(amount=amount)
    if alarm_at is None:
        return message, ""
    if balance.comparable is None:
        advice = _(
            "BALANCE_ALARM can't warn you: it is in {currency}, like PRICES, and the relay tells no rate for {other}. "
            "Write both in {other}."
        ).format(currency=currency, other=balance.currency)
        return message, advice
    return message, _(_TOP_UP) if balance.comparable <= alarm_at else ""
