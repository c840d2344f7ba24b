"""Read what the relay tells about prices, slowly and in the background: its unit and currency, and its price list."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeVar

from bot.clock import Clock
from bot.errors import ActionUnsupported, RelayError
from bot.policy.prices import PriceList
from bot.ports import RelayAccount
from bot.relay.responses.account_responses import RelayMoney

log = logging.getLogger(__name__)

SourceState = Literal["not read yet", "works", "not offered", "does not answer"]
"""What is known of a route: "not offered" says that the relay lacks it, or does not show it to this key."""

_REFRESH_SECONDS: Final = 3600.0
_RETRY_SECONDS: Final = 300.0
"""When a route is read again that did not answer."""

_T = TypeVar("_T")


class PriceSources:
    """Reads /api/status and the relay's price list into `prices`, at the start and then every hour.

    No request waits for it. What it read last holds until it reads something else.
    """

    def __init__(self, relay: RelayAccount, prices: PriceList, clock: Clock) -> None:
        self._relay = relay
        self._prices = prices
        self._clock = clock
        self._count = 0
        self._was_read = asyncio.Event()
        self.money_state: SourceState = "not read yet"
        self.prices_state: SourceState = "not read yet"

    async def run(self) -> None:
        """Read now, and then every hour, or sooner what did not answer; until cancelled."""
        while True:
            await self.refresh()
            is_complete = "does not answer" not in {self.money_state, self.prices_state}
            await self._clock.sleep(_REFRESH_SECONDS if is_complete else _RETRY_SECONDS)

    async def refresh(self) -> None:
        """Read both routes once."""
        before = (self.money_state, self.prices_state)
        self.money_state, money = await self._read(self._relay.fetch_money)
        if money:
            self._prices.set_relay_money(money)
        self.prices_state, listed = await self._read(self._relay.fetch_prices)
        if listed:
            amounts = listed.list_amounts()
            self._count = len(amounts)
            self._prices.set_relay_prices(amounts, without_ratio=listed.list_amounts_without_ratio())
        self._was_read.set()
        if before != (self.money_state, self.prices_state):
            self._log_sources(money)

    async def wait_for_first_read(self) -> None:
        """Wait until each source was read once, or has failed to answer."""
        await self._was_read.wait()

    async def _read(self, fetch: Callable[[], Awaitable[_T]]) -> tuple[SourceState, _T | None]:
        try:
            return "works", await fetch()
        except ActionUnsupported:
            return "not offered", None
        except RelayError as error:
            log.debug("A source of prices does not answer: %s (%s).", type(error).__name__, error.reason)
            return "does not answer", None

    def _log_sources(self, money: RelayMoney | None) -> None:
        shown: dict[SourceState, str] = {
            "works": f"the relay lists {self._count} of Midjourney",
            "not offered": "the relay shows this key no list",
            "does not answer": "the relay did not answer",
        }
        currency = money.currency if money else ""
        log.info("Prices: %s; its currency is %s.", shown[self.prices_state], currency or "not known")
