"""Read and change what the operator sets in Discord: for each server, and for everything; each change is in the audit.

What the environment fixes is an upper bound, and is not changed here.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from bot.clock import Clock
from bot.entities import LedgerFilter, LedgerGroup, LedgerTotal, OperatorRules, RuleChange, ServerAccess, ServerGrant
from bot.entities.rules import Limits
from bot.errors import StoreUnavailable
from bot.features.server_rule_texts import describe_limits
from bot.money import parse_prices
from bot.policy.prices import PriceList
from bot.ports import RulesStore
from bot.ports.ledger import Ledger
from bot.timeouts import wait_at_most

log = logging.getLogger(__name__)

LimitSubject = Literal["person", "total"]
"""Whose limits the operator sets for everything: each person's, or those of all people together."""

_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "person": ("person_limits", "limits of each person"),
    "total": ("total_limits", "limits of everyone together"),
}
_READ_TIMEOUT_SECONDS: Final = 1.0
_REFRESH_SECONDS: Final = 30.0
"""After how long the prices that another process set hold in this one."""


class OperatorRulesService:
    """Reads and changes the operator's rules; the caller checks that an operator asks. Ports: `store`, `ledger`.

    `announce` shows changes in log channels, and never waits for it. `has_fixed_prices`: the setting PRICES is set, and
    so no others can be.
    """

    def __init__(
        self,
        store: RulesStore,
        ledger: Ledger,
        prices: PriceList,
        announce: Callable[[Sequence[RuleChange]], None],
        *,
        clock: Clock,
        has_fixed_prices: bool,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._prices = prices
        self._announce = announce
        self._clock = clock
        self.has_fixed_prices = has_fixed_prices
        self._applied = ""

    async def read(self) -> OperatorRules:
        """Return what is set for everything, or raise StoreUnavailable."""
        return (await self._store.find_rules(0, 0)).operator

    async def read_in_time(self, guild_id: int = 0) -> tuple[OperatorRules, ServerGrant]:
        """Return what is set for everything and for a server, or raise StoreUnavailable within a second."""
        try:
            rules = await wait_at_most(self._store.find_rules(guild_id, 0), _READ_TIMEOUT_SECONDS)
        except TimeoutError:
            raise StoreUnavailable("is slow.") from None
        return rules.operator, rules.grant

    async def list_grants(self) -> Mapping[int, ServerGrant]:
        """Return what is set for single servers."""
        return await self._store.list_grants()

    async def add_up_month(self) -> Mapping[int, LedgerTotal]:
        """Return what each server has used since the month began in UTC."""
        since = self._clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        zone = since.tzinfo
        if zone is None:
            raise ValueError("the clock tells no time zone")
        totals = await self._ledger.add_up(LedgerFilter(since=since), LedgerGroup.SERVER, zone)
        return {int(total.key): total for total in totals if total.key.lstrip("-").isdecimal()}

    async def set_access(self, guild_id: int, person_id: int, access: ServerAccess) -> None:
        """Allow or deny a server, or leave that to the settings."""
        await self._change_grant(guild_id, person_id, "access", access, "may spend", str)

    async def set_budget(self, guild_id: int, person_id: int, limits: Limits) -> None:
        """Set the budget of a server."""
        await self._change_grant(guild_id, person_id, "server_limits", limits, "budget", self._describe_limits)

    async def set_limits(self, subject: LimitSubject, person_id: int, limits: Limits) -> None:
        """Set the limits of each person, or of everyone together."""
        field, what = _FIELDS[subject]
        await self._change_operator(person_id, field, limits, what, self._describe_limits)

    async def set_prices(self, person_id: int, text: str) -> None:
        """Set the prices, written like the setting PRICES; an empty text sets none.

        Raises:
            ValueError: The text is malformed, as parse_prices says.
        """
        parse_prices(text)
        await self._change_operator(person_id, "prices", text.strip(), "prices", lambda prices: prices or "none")
        self._apply(text.strip())

    async def set_log_channel(self, person_id: int, channel_id: int) -> None:
        """Set the operator's log channel; 0 for none."""
        await self._change_operator(
            person_id,
            "log_channel_id",
            channel_id,
            "operator's log channel",
            lambda one: f"<#{one}>" if one else "none",
        )

    async def set_alarms_by_dm(self, person_id: int, *, is_on: bool) -> None:
        """Send alarms by DM, or not."""
        await self._change_operator(person_id, "alarms_by_dm", is_on, "alarms by DM", lambda on: "on" if on else "off")

    async def run(self) -> None:
        """Use the prices that any process set, until cancelled."""
        while not self.has_fixed_prices:
            await self.use_stored_prices()
            await self._clock.sleep(_REFRESH_SECONDS)

    async def use_stored_prices(self) -> None:
        """Use the prices that were set, if the database answers."""
        try:
            self._apply((await self.read()).prices)
        except StoreUnavailable:
            log.debug("The prices that the operator set could not be read.")

    def _apply(self, text: str) -> None:
        if self.has_fixed_prices or text == self._applied:
            return
        try:
            self._prices.set_configured(parse_prices(text))
        except ValueError:  # a newer version may take what this one does not
            log.warning("The prices that were set in /mjadmin cannot be read by this version.")
        self._applied = text

    def _describe_limits(self, limits: Limits) -> str:
        return describe_limits(limits, self._format_amount) or "no limits"

    def _format_amount(self, amount: Decimal) -> str:
        return f"{amount:f} {self._prices.currency}".rstrip()

    async def _change_operator(
        self, person_id: int, field: str, value: object, what: str, describe: Callable[[Any], str]
    ) -> None:
        made: list[RuleChange] = []

        def change(rules: OperatorRules) -> tuple[OperatorRules, Sequence[RuleChange]]:
            made[:] = self._list_changes(0, person_id, what, describe(getattr(rules, field)), describe(value))
            return rules.model_copy(update={field: value}), made

        await self._store.change_operator_rules(change)
        self._announce(made)

    async def _change_grant(
        self, guild_id: int, person_id: int, field: str, value: object, what: str, describe: Callable[[Any], str]
    ) -> None:
        made: list[RuleChange] = []

        def change(grant: ServerGrant) -> tuple[ServerGrant, Sequence[RuleChange]]:
            made[:] = self._list_changes(guild_id, person_id, what, describe(getattr(grant, field)), describe(value))
            return grant.model_copy(update={field: value}), made

        await self._store.change_grant(guild_id, change)
        self._announce(made)

    def _list_changes(self, guild_id: int, person_id: int, what: str, before: str, after: str) -> list[RuleChange]:
        if before == after:
            return []
        made_at: datetime = self._clock.now()
        return [
            RuleChange(
                guild_id=guild_id,
                person_id=person_id,
                made_at=made_at,
                what=f"{what} (by the operator)" if guild_id else what,
                before=before,
                after=after,
            )
        ]
