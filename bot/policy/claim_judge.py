"""Judges one claim by all rules and limits, inside the transaction that writes it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from bot.entities import Cost, CostKind, CountScope, KnownMoney, LimitUsedUp, Period, Rules, SpendingPlan, Usage
from bot.errors import ConfirmationNeeded
from bot.money import MAX_AMOUNT
from bot.policy.blocked_words import check_words
from bot.policy.rules import Spender, SpendingPolicy, next_utc_midnight
from bot.policy.server_rules import check_rules
from bot.policy.spending_limits import check_spending, list_limits, list_used_up, measure_least_left

_MOST_RISE: Final = Decimal("1.1")
_ROUNDING: Final = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class ClaimJudge:
    """The request that a claim is for; `plan` and `check` are what Store.create_claim takes.

    `cost` is for all of its `tasks`. `prompt` is the finished prompt, "" where there is none. `has_cooldown`: the
    cooldown applies, as it does not between the submits of one press. `is_confirmed`: the person has seen the price,
    which was `confirmed_price`, None where that is not known.
    """

    policy: SpendingPolicy
    spender: Spender
    cost: Cost = field(default_factory=Cost)
    tasks: int = 1
    prompt: str = ""
    has_cooldown: bool = True
    is_confirmed: bool = False
    confirmed_price: Decimal | None = None

    def plan(self, rules: Rules, at: datetime) -> SpendingPlan:
        """Check the rules about people, places and words, and return what the limits count; raise PolicyRefused."""
        # Who asked for the pressed message was checked before, with what the database knows of it.
        self.policy.check_permission(replace(self.spender, requester_id=None), rules.grant.access)
        check_rules(rules, self.spender, at)
        if self.spender.guild_id and self.prompt:
            check_words(self.prompt, rules.server.blocked_words)
        return self.count_limits(rules, at)

    def count_limits(self, rules: Rules, at: datetime) -> SpendingPlan:
        """Return what the limits count, whether or not a rule refuses the request."""
        limits = list_limits(rules, self.spender.role_ids, self.spender.guild_id, at)
        money = self._get_money(rules)
        rates, own = money.rates, money.rates.get(money.currency)
        return SpendingPlan(
            counts=tuple(dict.fromkeys(limit.count for limit in limits)),
            currency=money.currency,
            rates={name: own / rate for name, rate in rates.items() if name != money.currency} if own else {},
            unpriced=self.policy.prices.unpriced_amount,
            dearest=money.dearest,
        )

    def _get_money(self, rules: Rules) -> KnownMoney:
        """Return what is known of prices, or was known last: limits must not forget over a restart what was spent."""
        return self.policy.prices.known_money or rules.operator.last_money or KnownMoney()

    def _get_counted_cost(self, rules: Rules) -> Cost:
        """Return the cost that limits of an amount count: that of the dearest tasks, if the price is not known."""
        money, expected = self._get_money(rules), self.cost.expected
        if expected is None and money.dearest:
            expected = min(money.dearest * self.tasks, MAX_AMOUNT)
        return replace(self.cost, expected=expected, currency=self.cost.currency or money.currency)

    def check(self, usage: Usage) -> None:
        """Raise PolicyRefused if the request exceeds a limit, or else if the person has to confirm it first."""
        counted = usage if self.has_cooldown else replace(usage, last_claim_at=None)
        self.policy.check_limits(counted, tasks=self.tasks)
        limits = list_limits(usage.rules, self.spender.role_ids, self.spender.guild_id, usage.at)
        cost, is_price_known = self._get_counted_cost(usage.rules), self.cost.expected is not None
        check_spending(limits, usage.spending, cost, self.tasks, is_price_known=is_price_known)
        if self.needs_confirmation:
            raise self.build_confirmation(usage)

    def find_used_up(self, usage: Usage) -> LimitUsedUp | None:
        """Return a limit of which nothing is left after the request, the person's own first; None where there is none.

        `usage` is what was read before it.
        """
        limits = list_limits(usage.rules, self.spender.role_ids, self.spender.guild_id, usage.at)
        cost = self._get_counted_cost(usage.rules)
        found = [*self._list_used_up_settings(usage), *list_used_up(limits, usage.spending, cost, self.tasks)]
        return min(found, key=lambda one: one.scope not in {CountScope.PERSON, CountScope.MEMBER}, default=None)

    def _list_used_up_settings(self, usage: Usage) -> Iterator[LimitUsedUp]:
        left = {
            CountScope.PERSON: self.policy.daily_submits_per_person - usage.person_submits_today,
            CountScope.EVERYONE: self.policy.daily_submits - usage.all_submits_today,
        }
        for scope, tasks in left.items():
            if tasks <= self.tasks:
                resets_at = next_utc_midnight(usage.at)
                yield LimitUsedUp(period=Period.DAY, scope=scope, kind=None, is_amount=False, resets_at=resets_at)

    @property
    def needs_confirmation(self) -> bool:
        """Whether the request is expensive, or makes several tasks, and is not confirmed at about this price."""
        price, most = self.cost.expected, self.policy.confirm_above
        is_expensive = price is not None and most is not None and price > most
        return (not self.is_confirmed or self._has_price_risen) and (is_expensive or self.tasks > 1)

    @property
    def _has_price_risen(self) -> bool:
        """Whether the price is more than a tenth above the confirmed one, which was rounded when it was shown."""
        price, confirmed = self.cost.expected, self.confirmed_price
        return price is not None and confirmed is not None and price > confirmed * _MOST_RISE + _ROUNDING

    def build_confirmation(self, usage: Usage) -> ConfirmationNeeded:
        """Return what a person has to know before they confirm the request: its price, and what is left."""
        limits = list_limits(usage.rules, self.spender.role_ids, self.spender.guild_id, usage.at)
        by_number, amount_left = measure_least_left(limits, usage.spending, self.cost)
        today = self.policy.count_left_today(usage)
        return ConfirmationNeeded(
            self.tasks,
            kind=next((kind for kind in (CostKind.VIDEO, CostKind.HD, CostKind.TURBO) if kind in self.cost.kinds), ""),
            price=self.cost.expected,
            currency=self.cost.currency,
            tasks_left=today if by_number is None else min(today, int(by_number)),
            amount_left=amount_left,
            has_risen=self._has_price_risen,
        )
