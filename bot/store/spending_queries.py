"""SQL that adds up what claims made and cost, for limits."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    FromClause,
    Numeric,
    ScalarSelect,
    Subquery,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    true,
    type_coerce,
)

from bot.entities import ClaimState, CostKind, CountScope, LedgerOutcome, SpendingPlan
from bot.store.schema import AMOUNT_UNITS, UtcDateTime, claims

_COUNTED_SCOPES = {CountScope.PERSON: "own", CountScope.EVERYONE: "everyones"}
"""Whose submits of the day the operator's daily limits count, and in which column."""

_MAX_LEAD = timedelta(days=1)
"""How far ahead of now a claim is counted: one that was written while a clock was wrong would fill limits for ever."""

_PERSON, _PSEUDONYM, _GUILD = (bindparam(name, type_=BigInteger) for name in ("person_id", "pseudonym", "guild_id"))
LAST_CLAIMS = ("before", "after", "before_deletion", "after_deletion")
"""The columns of the times of the person's claims that are the nearest to now."""
_AT = bindparam("at", type_=UtcDateTime)
_TASKS = func.coalesce(claims.c.submits, 1)
_CONFIRMED, _EXPECTED = (type_coerce(column, BigInteger) for column in (claims.c.confirmed, claims.c.expected))
_DEAREST = bindparam("dearest", type_=BigInteger)
_MAX_RATE = 10**12


def _to_units(amount: Decimal) -> int:
    return int((amount * AMOUNT_UNITS).to_integral_value())


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


def select_usage(
    plan: SpendingPlan, person: tuple[int, int], guild_id: int, at: datetime
) -> tuple[Executable, dict[str, Any]]:
    """Return a statement with its parameters that selects all that limits count, as one row.

    `person` are the id and the pseudonym of the person: the claims from before a deletion of their data count, too.

    `own` and `everyones` are the submits of the UTC day that count against the operator's daily limits. `before` is
    when the person's last claim was made, and `after` when the next: by a clock that has been put back since; refused
    ones too, as the cooldown also spares the relay. The pseudonym has two such columns of its own. `tasks0`, `amount0`,
    `tasks1` ... are the counts of the plan, amounts in millionths.
    """
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = {f"begin_{scope}": midnight for scope in _COUNTED_SCOPES}
    for count in plan.counts:
        name = f"begin_{count.scope}"
        begins[name] = min(begins.get(name, count.since), count.since)
    rates = list(plan.rates.items())
    return _build_usage(tuple((count.scope, count.kind) for count in plan.counts), len(rates)), {
        "person_id": person[0],
        "pseudonym": person[1],
        "guild_id": guild_id,
        "at": at,
        "until": at + _MAX_LEAD,
        "midnight": midnight,
        "unpriced": _to_units(plan.unpriced),
        "dearest": _to_units(plan.dearest),
        **{f"currency{number}": name for number, (name, _) in enumerate(rates)},
        **{f"rate{number}": min(_to_units(rate) or 1, _MAX_RATE) for number, (_, rate) in enumerate(rates)},
        **begins,
        **{f"since{number}": count.since for number, count in enumerate(plan.counts)},
    }


def _build_amount(rates: int) -> ColumnElement[Any]:
    """Build the amount of one claim in millionths; 0 for one that is credited.

    So many other currencies have a rate; an amount in any further one counts as it is.
    """
    known = func.coalesce(_CONFIRMED, _EXPECTED)
    per_task = case((claims.c.action.is_(None), bindparam("unpriced", type_=BigInteger)), else_=_DEAREST)
    converted = [
        (
            claims.c.currency == bindparam(f"currency{number}", type_=Text),
            # A product of two integers of 64 bits may overflow.
            type_coerce(
                cast(known, Numeric(38)) * bindparam(f"rate{number}", type_=BigInteger) / AMOUNT_UNITS, BigInteger
            ),
        )
        for number in range(rates)
    ]
    is_credited = claims.c.outcome == LedgerOutcome.CREDITED
    return case((is_credited, 0), (known.is_(None), _TASKS * per_task), *converted, else_=known)


@lru_cache(maxsize=128)
def _build_usage(counts: tuple[tuple[CountScope, CostKind | None], ...], rates: int) -> Executable:
    """Build the statement for limits of these scopes and kinds; each scope is read once, however many limits it has."""
    amount = _build_amount(rates)
    columns = {scope: [_sum_since("midnight", _TASKS).label(name)] for scope, name in _COUNTED_SCOPES.items()}
    for number, (scope, kind) in enumerate(counts):
        for name, value in (("tasks", _TASKS), ("amount", amount)):
            total = _sum_since(f"since{number}", value, kind).label(f"{name}{number}")
            columns.setdefault(scope, []).append(total)
    first, *more = (_select_scope(scope, found) for scope, found in columns.items())
    joined: FromClause = first
    for part in more:
        joined = joined.join(part, true())
    sums = [column for part in (first, *more) for column in part.c]
    nearest = [*_select_nearest(_PERSON), *_select_nearest(_PSEUDONYM)]
    named = [query.label(name) for name, query in zip(LAST_CLAIMS, nearest, strict=True)]
    return select(*sums, *named).select_from(joined)


def _select_nearest(person: ColumnElement[int]) -> tuple[ScalarSelect[Any], ScalarSelect[Any]]:
    """Select when the last claim before now was made, and the first after: one step in the index of claims each."""
    own = select(claims.c.made_at).where(claims.c.person_id == person).limit(1)
    before = own.where(claims.c.made_at <= _AT).order_by(claims.c.made_at.desc())
    return before.scalar_subquery(), own.where(claims.c.made_at > _AT).order_by(claims.c.made_at).scalar_subquery()


def _select_scope(scope: CountScope, columns: Sequence[ColumnElement[Any]]) -> Subquery:
    is_of_time = _made_since(f"begin_{scope}") & (claims.c.made_at < bindparam("until", type_=UtcDateTime))
    counted = (claims.c.state != ClaimState.REFUSED) & is_of_time
    return select(*columns).where(counted & _match_scope(scope)).subquery(scope.value)


def _made_since(name: str) -> ColumnElement[bool]:
    return claims.c.made_at >= bindparam(name, type_=UtcDateTime)


def _sum_since(since: str, value: ColumnElement[Any], kind: CostKind | None = None) -> ColumnElement[Any]:
    """Return the sum over the claims since then, of one expensive kind if one is given."""
    counted = _made_since(since) if kind is None else _made_since(since) & match_kind(kind)
    return func.coalesce(func.sum(case((counted, value), else_=0)), 0)


def _match_scope(scope: CountScope) -> ColumnElement[bool]:
    match scope:
        case CountScope.PERSON:
            return claims.c.person_id.in_((_PERSON, _PSEUDONYM))
        case CountScope.MEMBER:
            return claims.c.person_id.in_((_PERSON, _PSEUDONYM)) & (claims.c.guild_id == _GUILD)
        case CountScope.SERVER:
            return claims.c.guild_id == _GUILD
        case CountScope.EVERYONE:
            return literal(True)  # noqa: FBT003 - SQL's
