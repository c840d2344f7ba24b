"""What requests are expected to cost: the relay's log first, then its price list, then the setting PRICES."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from bot.entities import KnownMoney
from bot.midjourney.request_options import Speed
from bot.money import BILLED_ACTIONS, MAX_AMOUNT, NO_PRICES, PriceSetting, join_speed, split_speed
from bot.relay.responses.account_responses import NO_RELAY_MONEY, RelayMoney, round_amount

PriceSource = Literal["log", "relay", "settings"]
_SOURCES: Final[tuple[PriceSource, ...]] = ("log", "relay", "settings")
_BASE_CURRENCY: Final = "USD"
_MAX_RATIO: Final = Decimal(100)
_RATIO_DIGITS: Final = Decimal("0.0001")
_MAX_LEARNT: Final = 500
"""How many prices are kept from the log; a relay has some fifty models of Midjourney."""
NEVER_BILLED: Final = frozenset({"mj_custom_zoom", "mj_inpaint"})
"""Buttons that open a form: new-api charges only the form, whatever price these models have."""


@dataclass(frozen=True)
class Price:
    """The price of one task, and where it comes from: only one from the log is what the relay really billed."""

    amount: Decimal
    currency: str
    source: PriceSource


class PriceList:
    """The prices that are known now; looking one up never waits.

    All are in one currency: that of the setting PRICES, or else the one that the relay shows. An amount in another
    currency is used only where the relay tells the rate.
    """

    def __init__(self) -> None:
        self.money = NO_RELAY_MONEY
        self._configured = NO_PRICES
        self._listed: Mapping[str, Decimal] = {}
        self._without_ratio: Mapping[str, Decimal] = {}
        self._listed_currency = _BASE_CURRENCY
        self._last_bill = ("", Decimal(0), "")
        self._ratio: Decimal | None = None
        self._amounts: dict[PriceSource, dict[str, tuple[Decimal, str]]] = {source: {} for source in _SOURCES}
        self._dearest: Decimal | None = None
        self._remembered = KnownMoney()

    @property
    def currency(self) -> str:
        """The currency of all prices; "" while neither PRICES nor the relay names one."""
        return self._configured.currency or self.money.currency

    @property
    def unpriced_amount(self) -> Decimal:
        """What counts for a task whose claim was written by a version that knew no prices: that of an imagine."""
        price = self.find_price("mj_imagine")
        return price.amount if price else Decimal(0)

    @property
    def dearest(self) -> Decimal:
        """What limits count for a task whose price is not known: the dearest price that is; 0 where none is known."""
        if self._dearest is None:
            known = max((price.amount for price in self.list_prices().values()), default=None)
            remembered = self.convert(self._remembered.dearest, self._remembered.currency) or Decimal(0)
            self._dearest = remembered if known is None else known
        return min(self._dearest, MAX_AMOUNT)

    @property
    def known_money(self) -> KnownMoney | None:
        """What a later process should remember; None while no currency is known."""
        if not self.currency:
            return None
        return KnownMoney(
            currency=self.currency,
            dearest=self.dearest,
            relay_currency=self.money.currency,
            balance_currency=self.money.balance_currency,
            quota_per_unit=self.money.quota_per_unit,
            rates=self.money.rates,
        )

    def remember(self, known: KnownMoney) -> None:
        """Use what an earlier process knew, until the relay tells its money itself."""
        self._remembered, self._dearest = known, None
        if self.money is NO_RELAY_MONEY:
            self.set_relay_money(
                RelayMoney(
                    quota_per_unit=known.quota_per_unit,
                    currency=known.relay_currency,
                    rates=known.rates,
                    balance_currency=known.balance_currency,
                )
            )

    def list_unpriced_actions(self) -> Sequence[str]:
        """List the actions that have no price, where others have one."""
        if not self.list_prices():
            return ()
        return [name for name, models in BILLED_ACTIONS.items() if not all(map(self.find_price, models))]

    def set_configured(self, setting: PriceSetting) -> None:
        """Replace the prices that people set."""
        self._configured, self._dearest = setting, None
        self._amounts["settings"] = {model: (amount, setting.currency) for model, amount in setting.prices.items()}

    def set_relay_money(self, money: RelayMoney) -> None:
        """Replace what the relay says about its unit, its currency and its rates."""
        self.money = money
        self._apply_list()

    def set_relay_prices(
        self,
        prices: Mapping[str, Decimal],
        currency: str = _BASE_CURRENCY,
        *,
        without_ratio: Mapping[str, Decimal] | None = None,
    ) -> None:
        """Replace the prices of the relay's list by model name, in which the ratio of a group is included.

        `without_ratio` are the same prices without it. As the relay multiplies all of them by the ratio of the key's
        group, which its list does not name, a price that was learnt from the log tells the others.
        """
        self._listed, self._without_ratio, self._listed_currency = prices, without_ratio or {}, currency
        self._apply_list()

    def _apply_list(self) -> None:
        self._dearest = None
        prices = dict(self._listed)
        self._ratio = ratio = self._find_ratio()
        if ratio is not None:
            multiplied = {model: round_amount(price * ratio) for model, price in self._without_ratio.items()}
            prices |= {model: price for model, price in multiplied.items() if price is not None}
        named = {join_speed(*split_speed(model)): amount for model, amount in prices.items()}
        self._amounts["relay"] = {
            model: (Decimal(0) if model in NEVER_BILLED else amount, self._listed_currency)
            for model, amount in named.items()
        }

    def learn(self, model: str, speed: str, amount: Decimal, currency: str) -> None:
        """Remember what the relay really billed for one task of a model, at the speed that was asked for.

        An amount that is too large to be true says nothing about the price.
        """
        if amount > MAX_AMOUNT:
            return
        self._dearest = None
        base, own_speed = split_speed(model)
        learnt = self._amounts["log"]
        for name in {join_speed(base, own_speed), join_speed(base, speed)}:
            known = learnt.get(name)
            if (len(learnt) < _MAX_LEARNT) if known is None else (amount or not known[0]):
                learnt[name] = (amount, currency)
        if amount > 0:
            self._last_bill = (model, amount, currency)
            if self._find_ratio() != self._ratio:
                self._apply_list()

    def _find_ratio(self) -> Decimal | None:
        """Return by what the relay multiplied the listed price of what it billed last; None where it is not known."""
        model, amount, currency = self._last_bill
        listed = self.money.convert(self._without_ratio.get(model, Decimal(0)), self._listed_currency, currency)
        ratio = (amount / listed).quantize(_RATIO_DIGITS) if listed else None
        return ratio if ratio and ratio <= _MAX_RATIO else None

    def find_price(self, model: str, speed: str = "") -> Price | None:
        """Return the price of a task that the relay bills as `model`, at a speed; None where it is not known.

        A task that was billed for nothing tells the price only where no other source has one.
        """
        free: Price | None = None
        for name in _list_names(model, speed):
            for source in _SOURCES:
                if found := self._amounts[source].get(name):
                    amount = self.convert(*found)
                    if amount is None or amount > MAX_AMOUNT:
                        continue
                    price = Price(amount, self.currency, source)
                    if amount or source != "log":
                        return price
                    free = free or price
        return free

    def convert(self, amount: Decimal, currency: str) -> Decimal | None:
        """Convert an amount to the currency of this list; None where the relay does not tell the rate."""
        return self.money.convert(amount, currency, self.currency)

    def convert_quota(self, quota: int) -> Decimal | None:
        """Convert an amount in the relay's own unit, as its log has it.

        None where its unit or rate is not known, or the amount is too large to be true.
        """
        unit = self.money.quota_per_unit
        amount = round_amount(Decimal(quota) / unit) if unit else None
        converted = None if amount is None else self.convert(amount, _BASE_CURRENCY)
        return None if converted is None or abs(converted) > MAX_AMOUNT else converted

    def list_prices(self) -> Mapping[str, Price]:
        """Return every known price by model name."""
        names = sorted({name for amounts in self._amounts.values() for name in amounts})
        found = {name: self.find_price(name) for name in names}
        return {name: price for name, price in found.items() if price}


def _list_names(model: str, speed: str) -> Iterator[str]:
    """List the names under which a task's price may stand: most relays name no speed, and the default one is fast."""
    base, own_speed = split_speed(model)
    speed = speed or own_speed
    if speed:
        yield join_speed(base, speed)
    yield base
    if not speed:
        yield join_speed(base, Speed.FAST)
