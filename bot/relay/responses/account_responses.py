"""Parse what the relay tells about money: its unit and currency, its price list, and the key's balance. Pure.

Amounts are decimal numbers from the digits that were sent. A value that is missing, negative, huge or of another type
is not known; it is never read as 0.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from bot.errors import ActionUnsupported, KeyRefused, RelayError, RelayUnreachable
from bot.json_values import coerce_text, is_json_array, is_json_object
from bot.money import MAX_AMOUNT, find_currency
from bot.relay.responses.relay_response import RelayResponse
from bot.relay.responses.response_errors import classify_read_error

UNLIMITED: Final = Decimal(100_000_000)
"""What new-api tells in place of the limit of an unlimited key, in any currency."""
_MAX_QUOTA: Final = Decimal(10) ** 15
_MAX_RATE: Final = Decimal(1_000_000)
_MAX_ROUNDED: Final = Decimal(10) ** 12
_MILLIONTH: Final = Decimal("0.000001")
_SMALLEST: Final = Decimal("0.000000001")
_MAX_ROWS, _MAX_MODEL, _MAX_SYMBOL, _MAX_DIGITS = 5000, 64, 8, 40
_DISPLAYS: Final = {"USD": ("USD", "USD"), "CNY": ("CNY", "CNY"), "TOKENS": ("USD", ""), "CUSTOM": ("CUSTOM", "USD")}
"""The display types of new-api: what its console shows, and the currency of its billing routes."""
_DEFAULT_GROUP: Final = "default"
_ONE_HUB_UNIT: Final = Decimal("0.002")
"""The price of one unit of one-hub's price list in USD."""


def round_amount(amount: Decimal) -> Decimal | None:
    """Round an amount to the six decimal places that are kept; None for one that is too large to be true."""
    return amount.quantize(_MILLIONTH, ROUND_HALF_UP) if abs(amount) <= _MAX_ROUNDED else None


@dataclass(frozen=True, kw_only=True)
class RelayMoney:
    """The relay's unit and currency, as /api/status tells them.

    `quota_per_unit` is how many of its units are one USD. `currency` is what its console shows. `rates` says how much
    of each currency one USD is. `balance_currency` is that of the billing routes, "" where they tell units.
    """

    quota_per_unit: Decimal | None = None
    currency: str = ""
    rates: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    balance_currency: str = "USD"

    def convert(self, amount: Decimal, currency: str, to: str) -> Decimal | None:
        """Convert an amount between two currencies; None where the relay does not tell the rate."""
        if not currency or not to:
            return None
        if currency == to:
            return amount
        if currency not in self.rates or to not in self.rates:
            return None
        return round_amount(amount / self.rates[currency] * self.rates[to])


NO_RELAY_MONEY: Final = RelayMoney()
"""What is known before the relay's status was read: its billing routes name USD."""


@dataclass(frozen=True)
class ListedPrice:
    """The price of one model in USD, without the ratio of the key's group; empty `groups` are all groups."""

    model: str
    amount: Decimal
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RelayPriceList:
    """The relay's price list, with the ratio of each group by which every price is multiplied."""

    prices: tuple[ListedPrice, ...] = ()
    ratios: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])

    def list_amounts(self) -> Mapping[str, Decimal]:
        """Return the price of each model in USD, for a key of the group `default`, or else of the cheapest group.

        Only the relay's log tells the ratio of the key's own group.
        """
        found = dict[str, Decimal]()
        for price in self.prices:
            ratio = self._find_ratio(price)
            amount = None if ratio is None else round_amount(price.amount * ratio)
            if amount is not None:
                found[price.model] = amount
        return found

    def list_amounts_without_ratio(self) -> Mapping[str, Decimal]:
        """Return the price of each model in USD, before it is multiplied by the ratio of the key's group."""
        return {price.model: price.amount for price in self.prices}

    def _find_ratio(self, price: ListedPrice) -> Decimal | None:
        if not self.ratios:
            return Decimal(1)
        usable = {name: ratio for name, ratio in self.ratios.items() if not price.groups or name in price.groups}
        return usable.get(_DEFAULT_GROUP, min(usable.values(), default=None))


@dataclass(frozen=True, kw_only=True)
class KeyQuota:
    """What is left of the key's quota, in the relay's units; `left` is None for an unlimited key."""

    left: Decimal | None


def parse_status(response: RelayResponse) -> RelayMoney:
    """Parse the response to /api/status; what is not told in it stays unknown.

    Raises:
        RelayError: It cannot be read; ActionUnsupported where the relay has no such route.
    """
    data = _read_data(response)
    if not is_json_object(data):
        raise _classify(response)
    unit = _read_number(data.get("quota_per_unit"), _MAX_QUOTA, is_positive=True)
    rates = {"USD": Decimal(1)}
    if cny := _read_number(data.get("usd_exchange_rate"), _MAX_RATE, is_positive=True):
        rates["CNY"] = cny
    display, balance_currency = _read_display(data, unit)
    symbol = _read_symbol(data.get("custom_currency_symbol"))
    custom = _read_number(data.get("custom_currency_exchange_rate"), _MAX_RATE, is_positive=True)
    if display == "CUSTOM":
        display = "USD"
        if symbol not in {"", "USD"} and custom:
            display, rates[symbol] = symbol, custom
    return RelayMoney(quota_per_unit=unit, currency=display, rates=rates, balance_currency=balance_currency)


def parse_pricing(response: RelayResponse) -> RelayPriceList:
    """Parse the response to /api/pricing: the prices of Midjourney's models, and the groups' ratios.

    Raises:
        RelayError: It cannot be read; ActionUnsupported where the relay has no price list for this key.
    """
    body = _decode(response)
    if response.is_success and is_json_object(body) and is_json_array(rows := body.get("data")):
        ratios = body.get("group_ratio")
        return RelayPriceList(tuple(_list_prices(rows[:_MAX_ROWS])), _read_ratios(ratios))
    raise _classify(response)


def parse_available_models(response: RelayResponse) -> RelayPriceList:
    """Parse the response to one-hub's /api/available_model, which has its prices without the groups' ratios.

    Raises:
        RelayError: It cannot be read; ActionUnsupported where the relay has no such route.
    """
    data = _read_data(response)
    if not is_json_object(data):
        raise _classify(response)
    found = list[ListedPrice]()
    for model, row in list(data.items())[:_MAX_ROWS]:
        price = row.get("price") if is_json_object(row) else None
        if is_json_object(price) and price.get("type") == "times" and _is_midjourney(model):
            units = _read_number(price.get("input"), MAX_AMOUNT)
            found += [] if units is None else [ListedPrice(str(model), units * _ONE_HUB_UNIT)]
    return RelayPriceList(tuple(found))


def parse_subscription(response: RelayResponse) -> Decimal:
    """Parse the response to /v1/dashboard/billing/subscription into what was left and used together.

    Raises:
        RelayError: It cannot be read, or the key is refused.
    """
    return _read_billing(response, "hard_limit_usd")


def parse_billing_usage(response: RelayResponse) -> Decimal:
    """Parse the response to /v1/dashboard/billing/usage, which counts hundredths, into what was used.

    Raises:
        RelayError: It cannot be read, or the key is refused.
    """
    return _read_billing(response, "total_usage") / 100


def parse_key_usage(response: RelayResponse) -> KeyQuota:
    """Parse the response to /api/usage/token/.

    Raises:
        RelayError: It cannot be read, or the key is refused; ActionUnsupported where the relay has no such route.
    """
    data = _read_data(response)
    if is_json_object(data):
        if data.get("unlimited_quota") is True:
            return KeyQuota(left=None)
        left = _read_number(data.get("total_available"), _MAX_QUOTA, is_signed=True)
        if left is not None:
            return KeyQuota(left=left)
    raise _classify(response)


def _decode(response: RelayResponse) -> Any:  # noqa: ANN401 - JSON may be anything
    """Decode a body with decimal numbers; a number that is none or absurd becomes null, and what is no JSON None."""
    try:
        return json.loads(
            response.text.lstrip("\ufeff"),
            parse_float=_parse_decimal,
            parse_int=lambda digits: int(digits) if len(digits) <= _MAX_DIGITS else None,
            parse_constant=lambda _: None,
        )
    except (ValueError, RecursionError):
        return None


def _parse_decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text) if len(text) <= _MAX_DIGITS else None
    except ArithmeticError:
        return None


def _read_data(response: RelayResponse) -> Any:  # noqa: ANN401 - JSON may be anything
    body = _decode(response)
    return body.get("data") if response.is_success and is_json_object(body) else None


def _read_billing(response: RelayResponse, name: str) -> Decimal:
    body = _decode(response)
    if response.is_success and is_json_object(body):
        amount = _read_number(body.get(name), _MAX_QUOTA, is_signed=name != "total_usage")
        if amount is not None:
            return amount
    raise _classify(response)


def _read_number(value: object, most: Decimal, *, is_positive: bool = False, is_signed: bool = False) -> Decimal | None:
    """Return a number of JSON between 0 and `most`, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    if not number.is_finite() or abs(number) > most or (number < 0 and not is_signed):
        return None
    # Smaller parts do not count, and a number such as 1e-400 would slow down every calculation.
    number = number.quantize(_SMALLEST, ROUND_HALF_UP)
    return None if is_positive and not number else number


def _read_display(data: Mapping[Any, Any], unit: Decimal | None) -> tuple[str, str]:
    """Return the currency that the console shows, and that of the billing routes; see RelayMoney."""
    shown = data.get("quota_display_type")
    if shown is None and (unit or "display_in_currency" in data):  # before September 2025
        shown = "TOKENS" if data.get("display_in_currency") is False else "USD"
    return _DISPLAYS.get(coerce_text(shown), ("", "USD"))


def _read_symbol(value: object) -> str:
    symbol = coerce_text(value).strip()[:_MAX_SYMBOL]
    is_symbol = all(one.isalnum() or unicodedata.category(one) == "Sc" for one in symbol)
    return find_currency(symbol) if is_symbol else ""


def _list_prices(rows: Iterable[Any]) -> Iterable[ListedPrice]:
    for row in rows:
        if not is_json_object(row) or row.get("quota_type") != 1 or isinstance(row.get("quota_type"), bool):
            continue
        amount = _read_number(row.get("model_price"), MAX_AMOUNT)
        model, groups = coerce_text(row.get("model_name")).strip(), row.get("enable_groups")
        if amount is None or not _is_midjourney(model):
            continue
        names = frozenset(coerce_text(name) for name in groups) if is_json_array(groups) else frozenset[str]()
        yield ListedPrice(model, amount, frozenset() if "all" in names else names)


def _is_midjourney(model: object) -> bool:
    name = coerce_text(model)
    return (name.startswith("mj_") or name == "swap_face") and len(name) <= _MAX_MODEL


def _read_ratios(ratios: object) -> Mapping[str, Decimal]:
    if not is_json_object(ratios):
        return {}
    found = {coerce_text(name): _read_number(ratio, _MAX_RATE) for name, ratio in list(ratios.items())[:_MAX_ROWS]}
    return {name: ratio for name, ratio in found.items() if ratio is not None}


def _classify(response: RelayResponse) -> RelayError:
    """Return the error for a response without the value; a key that such a route refuses may still draw."""
    error = classify_read_error(response, _decode(response))
    is_refused = isinstance(error, KeyRefused) and not response.path.startswith("/v1/")
    if is_refused or (isinstance(error, RelayUnreachable) and error.no_route):
        return ActionUnsupported(error.reason, lasting=is_refused)
    return error
