"""What a person may still spend where they are: the first rule that refuses them, and every limit with its use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.entities import Rules, SpendingPlan, Usage
from bot.errors import PolicyRefused
from bot.policy.claim_judge import ClaimJudge
from bot.policy.rules import Spender, SpendingPolicy
from bot.policy.spending_limits import SpendingLimit, list_limits
from bot.ports import Store


@dataclass(frozen=True, kw_only=True)
class LimitsOverview:
    """The rules and limits that hold for a person in a place.

    `refusal` is the first rule or limit that refuses a further request, without the cooldown; None where one may be
    sent. `limits` are those that were set in Discord; the settings' daily limits are in the policy, and `usage` has the
    use of all.
    """

    refusal: PolicyRefused | None
    usage: Usage
    limits: Sequence[SpendingLimit]

    @property
    def rules(self) -> Rules:
        """The rules that were read."""
        return self.usage.rules


class LimitsReader:
    """Reads the rules and limits as a claim would, without writing one. Port: `store`."""

    def __init__(self, store: Store, policy: SpendingPolicy) -> None:
        self._store = store
        self._policy = policy

    async def read(self, spender: Spender) -> LimitsOverview:
        """Read what holds for a person in a place, and what is left.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        judge = ClaimJudge(policy=self._policy, spender=spender, has_cooldown=False)
        refused: list[PolicyRefused] = []

        def plan(rules: Rules, at: datetime) -> SpendingPlan:
            try:
                return judge.plan(rules, at)
            except PolicyRefused as error:
                refused.append(error)
                return judge.count_limits(rules, at)

        usage = await self._store.find_usage(spender.person_id, spender.guild_id, plan)
        if not refused:
            try:
                judge.check(usage)
            except PolicyRefused as error:
                refused.append(error)
        limits = list_limits(usage.rules, spender.role_ids, spender.guild_id, usage.at)
        return LimitsOverview(refusal=refused[0] if refused else None, usage=usage, limits=limits)
