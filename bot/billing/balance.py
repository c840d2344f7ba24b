"""The balance that is left at the relay: read rarely, and only while requests are sent; with an alarm."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from bot.clock import Clock
from bot.entities import OperatorRules, RuleChange
from bot.errors import ActionUnsupported, BalanceExhausted, KeyRefused, RelayBusy, RelayError, StoreUnavailable
from bot.metrics import BALANCE
from bot.policy.prices import PriceList
from bot.ports import RelayAccount, RulesStore
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.billing_log import MissingEndpoints
from bot.relay.responses.account_responses import UNLIMITED, round_amount

log = logging.getLogger(__name__)

BalanceState = Literal["not read yet", "known", "unlimited", "not told", "unreadable"]
"""`unlimited`: the key has no limit, and the relay doesn't tell what the account has; `not told`: no route tells it."""

_INTERVAL_SECONDS: Final = 300.0
"""How long a balance is used before it is read again."""
_TICK_SECONDS: Final = 30.0
_GLOBAL_PAUSE_SECONDS: Final = 180.0
"""How long new-api refuses an address that sent too many requests of any kind; that answer names no time."""
_RESERVED_CALLS: Final = 8
"""The calls of the shared limit that are left to the billing log, which matters more."""


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What the relay tells: `amount` is None unless `state` is "known".

    `comparable` is the amount in the currency of the price list, in which BALANCE_ALARM is too; None where the relay
    does not tell the rate.
    """

    state: BalanceState
    amount: Decimal | None = None
    currency: str = ""
    comparable: Decimal | None = None
    read_at: datetime | None = None


class BalanceReader:
    """Reads the balance once, through whichever route this relay has."""

    def __init__(
        self,
        relay: RelayAccount,
        prices: PriceList,
        limiter: AccountRateLimiter,
        clock: Clock,
        *,
        reserved_calls: int = _RESERVED_CALLS,
    ) -> None:
        self._relay = relay
        self._prices = prices
        self._limiter = limiter
        self._clock = clock
        self._reserved_calls = reserved_calls
        self._missing = MissingEndpoints(clock.monotonic)

    async def read(self) -> Balance | None:
        """Return the balance now; None if the shared limit of the account routes leaves no call for it."""
        if self._limiter.calls_left < self._reserved_calls + 3:
            return None
        try:
            found = await self._read_billing()
        except RelayBusy as busy:
            self._limiter.pause(_GLOBAL_PAUSE_SECONDS if busy.retry_after is None else busy.retry_after)
            found = Balance(state="unreadable")
        except BalanceExhausted:
            found = self._build(Decimal(0), self._prices.money.balance_currency or "USD")
        except RelayError as error:
            log.debug("The balance cannot be read: %s (%s).", type(error).__name__, error.reason)
            found = Balance(state="unreadable")
        return replace(found, read_at=self._clock.now())

    async def _read_billing(self) -> Balance:
        currency = self._prices.money.balance_currency
        if self._missing.is_missing("billing"):
            return await self._read_key_quota()
        for _ in range(2):
            self._limiter.try_acquire()
        try:
            left, limit = await self._relay.fetch_balance()
        except (ActionUnsupported, KeyRefused):
            self._missing.mark_missing("billing")
            return await self._read_key_quota()
        if currency and limit >= UNLIMITED:
            return Balance(state="unlimited")
        if not currency and limit == UNLIMITED:  # either an unlimited key, or so many units
            found = await self._read_key_quota()
            return Balance(state="unlimited") if found.state == "not told" else found
        return self._build(left, currency) if currency else self._build_from_units(left)

    async def _read_key_quota(self) -> Balance:
        if self._missing.is_missing("quota"):
            return Balance(state="not told")
        self._limiter.try_acquire()
        try:
            quota = await self._relay.fetch_key_quota()
        except (ActionUnsupported, KeyRefused):
            self._missing.mark_missing("quota")
            return Balance(state="not told")
        return Balance(state="unlimited") if quota.left is None else self._build_from_units(quota.left)

    def _build_from_units(self, units: Decimal) -> Balance:
        unit = self._prices.money.quota_per_unit
        return self._build(units / unit, "USD") if unit else Balance(state="not told")

    def _build(self, amount: Decimal, currency: str) -> Balance:
        """Return a balance, in the currency of the price list where the relay tells the rate."""
        rounded = round_amount(amount)
        if rounded is None:
            return Balance(state="unreadable")
        wanted = self._prices.currency
        converted = self._prices.convert(rounded, currency) if wanted else rounded
        if converted is None:
            return Balance(state="known", amount=rounded, currency=currency)
        return Balance(state="known", amount=converted, currency=wanted or currency, comparable=converted)


class BalanceMonitor:
    """Reads the balance at the start, and then every five minutes in which requests were sent.

    Falls it to `alarm_at` or below, the operator is warned once: `alarm` is called with the text of `describe`. The
    database remembers that, so that no other process and no restart warns again before the balance has risen.
    """

    def __init__(
        self,
        reader: BalanceReader,
        rules: RulesStore,
        clock: Clock,
        *,
        count_requests: Callable[[], int],
        alarm_at: Decimal | None,
        describe: Callable[[Balance, Decimal], str],
    ) -> None:
        self._reader = reader
        self._rules = rules
        self._clock = clock
        self._count_requests = count_requests
        self.alarm_at = alarm_at
        self._describe = describe
        self.alarm: Callable[[str], Awaitable[None]] | None = None
        """Tells the operator in Discord, and raises nothing; the log is written anyway."""
        self.balance = Balance(state="not read yet")
        self._seen_requests = -1
        self._asked_at: float | None = None
        self._is_judged = True

    async def run(self, wait_for_prices: Callable[[], Awaitable[None]]) -> None:
        """Read the balance whenever it is due, until cancelled; the currency is known once prices were read."""
        await wait_for_prices()
        while True:
            await self.read_if_due()
            await self._clock.sleep(_TICK_SECONDS)

    async def read_if_due(self) -> None:
        """Read the balance if requests were sent since, and judge it where it was not judged yet."""
        now, requests = self._clock.monotonic(), self._count_requests()
        is_old = self._asked_at is None or now - self._asked_at >= _INTERVAL_SECONDS
        if is_old and requests != self._seen_requests:
            found = await self._reader.read()
            self._asked_at = now
            if found is not None:
                self._seen_requests = self._seen_requests if found.state == "unreadable" else requests
                self._keep(found)
        if not self._is_judged:
            await self._judge()

    def _keep(self, found: Balance) -> None:
        self.balance = found
        self._is_judged = False
        BALANCE.clear()
        if found.amount is not None:
            BALANCE.labels(found.currency).set(float(found.amount))

    async def _judge(self) -> None:
        """Warn if the balance has fallen to the alarm, unless a process has warned before."""
        left, alarm_at = self.balance.comparable, self.alarm_at
        self._is_judged = True
        if left is None or alarm_at is None:
            return
        try:
            if not await self._note_crossing(is_low=left <= alarm_at):
                return
        except StoreUnavailable:
            self._is_judged = False
            return
        text = self._describe(self.balance, alarm_at)
        log.warning("%s", text)
        if self.alarm:
            await self.alarm(text)

    async def _note_crossing(self, *, is_low: bool) -> bool:
        """Remember in the database whether the balance is low, and return whether it has just become so."""
        if (await self._rules.find_rules(0, 0)).operator.balance_is_low is is_low:
            return False
        has_fallen = False

        def change(rules: OperatorRules) -> tuple[OperatorRules, Sequence[RuleChange]]:
            nonlocal has_fallen
            has_fallen = is_low and not rules.balance_is_low
            return rules.model_copy(update={"balance_is_low": is_low}), ()

        await self._rules.change_operator_rules(change)
        return has_fallen
