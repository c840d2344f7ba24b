"""Judges one claim by all rules and limits, inside the transaction that writes it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.entities import Cost, Rules, SpendingPlan, Usage
from bot.policy.blocked_words import check_words
from bot.policy.rules import Spender, SpendingPolicy
from bot.policy.server_rules import check_rules
from bot.policy.spending_limits import check_spending, list_limits


@dataclass(frozen=True, kw_only=True)
class ClaimJudge:
    """The request that a claim is for; `plan` and `check` are what Store.create_claim takes.

    `cost` is for all of its `tasks`. `prompt` is the finished prompt, "" where there is none. `has_cooldown`: the
    cooldown applies, as it does not between the submits of one press.
    """

    policy: SpendingPolicy
    spender: Spender
    cost: Cost = field(default_factory=Cost)
    tasks: int = 1
    prompt: str = ""
    has_cooldown: bool = True

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
        return SpendingPlan(
            counts=tuple(dict.fromkeys(limit.count for limit in limits)),
            currency=self.policy.prices.currency,
            unpriced=self.policy.prices.unpriced_amount,
        )

    def check(self, usage: Usage) -> None:
        """Raise PolicyRefused if the request exceeds a limit."""
        counted = usage if self.has_cooldown else replace(usage, last_claim_at=None)
        self.policy.check_limits(counted, tasks=self.tasks)
        limits = list_limits(usage.rules, self.spender.role_ids, self.spender.guild_id, usage.at)
        check_spending(limits, usage.spending, self.cost, self.tasks)
