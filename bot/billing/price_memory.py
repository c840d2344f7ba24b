"""Remember in the database what is known of prices and the relay's money, for the time after a restart."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bot.clock import Clock
from bot.entities import KnownMoney, OperatorRules, RuleChange
from bot.errors import StoreUnavailable
from bot.policy.prices import PriceList
from bot.ports import RulesStore

log = logging.getLogger(__name__)

_INTERVAL_SECONDS: Final = 60.0


class PriceMemory:
    """Keeps what limits of an amount need: a relay that tells no currency after a restart must not lift them."""

    def __init__(self, rules: RulesStore, prices: PriceList, clock: Clock) -> None:
        self._rules = rules
        self._prices = prices
        self._clock = clock
        self._saved: KnownMoney | None = None

    async def load(self) -> None:
        """Use what an earlier process knew; without the database, each claim reads it itself."""
        try:
            self._saved = (await self._rules.find_rules(0, 0)).operator.last_money
        except StoreUnavailable:
            log.debug("The last known prices could not be read.")
        if self._saved:
            self._prices.remember(self._saved)

    async def run(self, wait_for_prices: Callable[[], Awaitable[None]]) -> None:
        """Save what is known, once prices were read, and whenever it has changed, until cancelled."""
        await wait_for_prices()
        while True:
            await self.save_if_changed()
            await self._clock.sleep(_INTERVAL_SECONDS)

    async def save_if_changed(self) -> None:
        """Save what is known now, unless this process saved the same before."""
        known = self._prices.known_money
        if known is None or known == self._saved:
            return

        def change(rules: OperatorRules) -> tuple[OperatorRules, Sequence[RuleChange]]:
            return rules.model_copy(update={"last_money": known}), ()

        try:
            await self._rules.change_operator_rules(change)
        except StoreUnavailable:
            log.debug("The known prices could not be saved.")
        else:
            self._saved = known
