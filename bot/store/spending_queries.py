"""SQL that adds up what claims made and cost, for limits."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Executable, case, func, literal, or_, select, type_coerce

from bot.entities import ClaimState, CostKind, CountScope, LedgerOutcome, SpendingCount, SpendingPlan
from bot.store.schema import AMOUNT_UNITS, claims

_TASKS = func.coalesce(claims.c.submits, 1)


def format_kinds(kinds: frozenset[CostKind]) -> str:
    """Write the expensive kinds of a claim as `match_kind` looks for them."""
    return f",{','.join(sorted(kinds))}," if kinds else ""


def parse_kinds(text: str | None) -> frozenset[CostKind]:
    """Read what `format_kinds` wrote, without kinds that only a newer version knows."""
    known = set(CostKind)
    return frozenset(CostKind(kind) for kind in (text or "").split(",") if kind in known)


def match_kind(kind: CostKind) -> ColumnElement[bool]:
    """Match the claims of one expensive kind."""
    return claims.c.kinds.contains(f",{kind},", autoescape=True)


def select_spending(plan: SpendingPlan, person_id: int, guild_id: int) -> Executable:
    """Select one row with the columns tasks0, amount0, tasks1, ... for the counts of a plan; amounts in millionths."""
    columns: list[ColumnElement[Any]] = []
    for number, count in enumerate(plan.counts):
        counted = (claims.c.state != ClaimState.REFUSED) & (claims.c.made_at >= count.since)
        counted &= _match_scope(count, person_id, guild_id)
        if count.kind is not None:
            counted &= match_kind(count.kind)
        for name, total in (("tasks", func.sum(_TASKS)), ("amount", func.sum(_amount(plan)))):
            found = select(func.coalesce(total, 0)).where(counted).scalar_subquery()
            columns.append(found.label(f"{name}{number}"))
    return select(*columns)


def _match_scope(count: SpendingCount, person_id: int, guild_id: int) -> ColumnElement[bool]:
    match count.scope:
        case CountScope.PERSON:
            return claims.c.person_id == person_id
        case CountScope.MEMBER:
            return (claims.c.person_id == person_id) & (claims.c.guild_id == guild_id)
        case CountScope.SERVER:
            return claims.c.guild_id == guild_id
        case CountScope.EVERYONE:
            return literal(True)  # noqa: FBT003 - SQL's


def _amount(plan: SpendingPlan) -> ColumnElement[int]:
    """Return the amount of one claim in millionths; 0 for one that is credited, or is in another currency."""
    confirmed, expected = (type_coerce(column, BigInteger) for column in (claims.c.confirmed, claims.c.expected))
    unpriced = int((plan.unpriced * AMOUNT_UNITS).to_integral_value())
    return case(
        (claims.c.outcome == LedgerOutcome.CREDITED, 0),
        (claims.c.action.is_(None) & claims.c.confirmed.is_(None), _TASKS * unpriced),
        (or_(claims.c.currency.is_(None), claims.c.currency == plan.currency), func.coalesce(confirmed, expected, 0)),
        else_=0,
    )
