"""The limits that are set in Discord: which of them hold for a request, what they count, and whether one is reached.

Within one server the limits of a member's roles replace those for every member. All limits that hold, of the operator
and of the server, must be kept.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.entities import (
    Cost,
    CostKind,
    CountScope,
    LimitSetting,
    LimitUsedUp,
    Period,
    RuleLevel,
    Rules,
    ServerRules,
    Spending,
    SpendingCount,
)
from bot.errors import SpendingLimitReached


@dataclass(frozen=True, kw_only=True)
class SpendingLimit:
    """A limit that holds for a request: what it counts, who set it, and when it starts again."""

    setting: LimitSetting
    level: RuleLevel
    count: SpendingCount
    resets_at: datetime

    @property
    def is_amount(self) -> bool:
        """Whether it limits an amount of money, rather than a number of tasks."""
        return self.setting.amount is not None

    def measure_left(self, spending: Mapping[SpendingCount, Spending]) -> Decimal:
        """Return how many tasks, or which amount, are left; never below 0."""
        used = spending.get(self.count, Spending())
        return max(self.setting.most - (used.amount if self.is_amount else used.tasks), Decimal(0))


def list_limits(rules: Rules, role_ids: Collection[int], guild_id: int, at: datetime) -> Sequence[SpendingLimit]:
    """List the limits that hold for a person with these roles in a server (0: outside servers) at a time."""
    operator, server = rules.operator, rules.server
    found = [_build(setting, "operator", CountScope.PERSON, at, UTC) for setting in operator.person_limits]
    found += [_build(setting, "operator", CountScope.EVERYONE, at, UTC) for setting in operator.total_limits]
    if guild_id:
        zone = find_time_zone(server.time_zone)
        members = choose_member_limits(server, role_ids)
        found += [_build(setting, "operator", CountScope.SERVER, at, UTC) for setting in rules.grant.server_limits]
        found += [_build(setting, "server", CountScope.MEMBER, at, zone) for setting in members]
        found += [_build(setting, "server", CountScope.SERVER, at, zone) for setting in server.server_limits]
    return found


def choose_member_limits(server: ServerRules, role_ids: Collection[int]) -> Sequence[LimitSetting]:
    """Return the limits of a member: those of their roles, if some have limits of their own, else everyone's.

    Of several such roles all limits hold; of two that differ only in how much they allow, the larger one does. A role
    whose list is empty frees its members from the limits of their other roles.
    """
    own = [server.role_limits[role] for role in role_ids if role in server.role_limits]
    if not own:
        return server.member_limits
    if not all(own):
        return ()
    largest: dict[tuple[Period, CostKind | None, bool], LimitSetting] = {}
    for setting in (setting for limits in own for setting in limits):
        key = setting.period, setting.kind, setting.tasks is None
        largest[key] = max(largest.get(key, setting), setting, key=lambda one: one.most)
    return list(largest.values())


def check_spending(
    limits: Sequence[SpendingLimit],
    spending: Mapping[SpendingCount, Spending],
    cost: Cost,
    tasks: int,
    *,
    is_price_known: bool = True,
) -> None:
    """Raise SpendingLimitReached if a request of so many tasks exceeds one of the limits.

    A request without an expected price uses no amount; but where nothing is left of an amount, it is refused too. If
    not `is_price_known`, the expected price is only assumed.
    """
    for limit in limits:
        kind = limit.setting.kind
        if kind is not None and kind not in cost.kinds:
            continue
        left = limit.measure_left(spending)
        wanted = (cost.expected or Decimal(0)) if limit.is_amount else Decimal(tasks)
        if left >= wanted and left > 0:
            continue
        raise SpendingLimitReached(
            limit.level,
            scope=limit.count.scope.value,
            period=limit.setting.period.value,
            kind=kind.value if kind else "",
            most=limit.setting.most,
            left=left,
            wanted=wanted,
            currency=cost.currency if limit.is_amount else "",
            is_amount=limit.is_amount,
            is_price_known=is_price_known,
            resets_at=limit.resets_at,
        )


def measure_least_left(
    limits: Sequence[SpendingLimit], spending: Mapping[SpendingCount, Spending], cost: Cost
) -> tuple[Decimal | None, Decimal | None]:
    """Return how many tasks, and which amount, the strictest limits of a request leave; None without such a limit."""
    held = [limit for limit in limits if limit.setting.kind is None or limit.setting.kind in cost.kinds]
    left = [[one.measure_left(spending) for one in held if one.is_amount is is_amount] for is_amount in (False, True)]
    by_number, by_amount = (min(each, default=None) for each in left)
    return by_number, by_amount


def list_used_up(
    limits: Sequence[SpendingLimit], spending: Mapping[SpendingCount, Spending], cost: Cost, tasks: int
) -> Iterator[LimitUsedUp]:
    """List the limits of which nothing is left after a request that they allow."""
    for limit in limits:
        kind = limit.setting.kind
        used = (cost.expected or Decimal(0)) if limit.is_amount else Decimal(tasks)
        if (kind is None or kind in cost.kinds) and limit.measure_left(spending) <= used:
            yield LimitUsedUp(
                period=limit.setting.period,
                scope=limit.count.scope,
                kind=kind,
                is_amount=limit.is_amount,
                resets_at=limit.resets_at,
            )


def find_time_zone(name: str) -> tzinfo:
    """Return the time zone of this name; UTC for one that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def find_period(period: Period, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return when the current period began and when the next one begins, in UTC."""
    midnight = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period is Period.DAY:
        begin, end = midnight, midnight + timedelta(days=1)
    else:
        begin = midnight.replace(day=1)
        end = (begin + timedelta(days=32)).replace(day=1)
    return begin.astimezone(UTC), end.astimezone(UTC)


def _build(setting: LimitSetting, level: RuleLevel, scope: CountScope, at: datetime, zone: tzinfo) -> SpendingLimit:
    begin, end = find_period(setting.period, at, zone)
    count = SpendingCount(scope, begin, setting.kind)
    return SpendingLimit(setting=setting, level=level, count=count, resets_at=end)
