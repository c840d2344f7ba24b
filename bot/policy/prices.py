"""What requests are expected to cost: the relay's log first, then its price list, then the setting PRICES."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

PriceSource = Literal["log", "relay", "settings"]


@dataclass(frozen=True)
class Price:
    """The price of one task, and where it comes from: only one from the log is what the relay really billed."""

    amount: Decimal
    currency: str
    source: PriceSource


class PriceList:
    """The prices that are known now; looking one up never waits."""

    def __init__(self) -> None:
        self.currency = ""
        self._prices: dict[str, Price] = {}

    @property
    def unpriced_amount(self) -> Decimal:
        """What counts for a task whose claim was written by a version that knew no prices: that of an imagine."""
        price = self.find_price("mj_imagine")
        return price.amount if price else Decimal(0)

    def find_price(self, model: str, speed: str = "") -> Price | None:
        """Return the price of a task that the relay bills as `model`, at a speed; None where it is not known."""
        del speed
        return self._prices.get(model)
