"""Measure how many claims a second a process writes, against the plain insert of a row."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from statistics import median

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.table import Row, ratio
from bot.clock import Clock
from bot.entities import Claim, LimitSetting, Period, ServerRules
from bot.policy.claim_judge import ClaimJudge
from bot.policy.rules import Spender, SpendingPolicy
from bot.store import SqlStore, open_store, parse_database_url
from tests.postgres import running, temporary_folder

GUILD_ID = 6
_PEOPLE = 50
_MOST = 10**8
_TABLE = "CREATE TABLE plain (id BIGINT PRIMARY KEY, person_id BIGINT, made_at TEXT)"
_INSERT = text("INSERT INTO plain VALUES (:id, :person_id, :made_at)")

_Write = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class ClaimRates:
    """How many writes a second there were in each round: plain inserts, and claims without and with limits."""

    plain: list[float]
    without_limits: list[float]
    with_limits: list[float]


async def measure_claims(folder: Path, claims: int, rounds: int) -> list[Row]:
    """Write so many claims one after the other in each round, on SQLite and PostgreSQL."""
    with temporary_folder() as data, running(data) as postgres:
        shared = await _measure(await postgres.database(), claims, rounds)
    file = await _measure(f"sqlite:///{folder / f'claims-{time.monotonic_ns()}.db'}", claims, rounds)
    return [
        row
        for name, rates in (("PostgreSQL", shared), ("SQLite", file))
        for row in (
            _build_row(f"claims a second, {name}", rates.without_limits, rates.plain),
            _build_row(f"claims a second under five limits, {name}", rates.with_limits, rates.plain),
        )
    ]


def _build_row(what: str, claims: Sequence[float], inserts: Sequence[float]) -> Row:
    pairs = [ratio(*pair) for pair in zip(claims, inserts, strict=True)]
    return Row(
        what=what,
        mjbot=f"{median(claims):.0f}",
        naive=f"{median(inserts):.0f} inserts",
        ratio=median(pairs),
        target="",
        met=None,
    )


async def _measure(url: str, claims: int, rounds: int) -> ClaimRates:
    """Measure the three in turn, so that a busy machine slows all of them; the first round only warms up."""
    rates = ClaimRates([], [], [])
    clock, numbers = Clock(), count(1)
    async with open_store(url, now=clock.now, owner="benchmark") as store, _open_plain(url) as insert:
        for number in range(rounds + 1):
            for measured, write, rules in (
                (rates.plain, insert, ServerRules()),
                (rates.without_limits, _build_writer(store, clock), ServerRules()),
                (rates.with_limits, _build_writer(store, clock), _LIMITS),
            ):
                await _set_rules(store, rules)
                ids = [next(numbers) for _ in range(claims)]
                rate = await _time_writes(write, ids)
                if number:
                    measured.append(rate)
    return rates


async def _set_rules(store: SqlStore, rules: ServerRules) -> None:
    await store.rules.change_server_rules(GUILD_ID, lambda _: (rules, ()))


async def _time_writes(write: _Write, ids: Sequence[int]) -> float:
    started = time.perf_counter()
    for number in ids:
        await write(number)
    return len(ids) / (time.perf_counter() - started)


_LIMITS = ServerRules(
    member_limits=(
        LimitSetting(period=Period.DAY, tasks=_MOST),
        LimitSetting(period=Period.MONTH, amount=Decimal(_MOST)),
    ),
    server_limits=(
        LimitSetting(period=Period.DAY, tasks=_MOST),
        LimitSetting(period=Period.DAY, amount=Decimal(_MOST)),
        LimitSetting(period=Period.MONTH, amount=Decimal(_MOST)),
    ),
)


def _build_writer(store: SqlStore, clock: Clock) -> _Write:
    policy = SpendingPolicy(
        allowed_guilds=(GUILD_ID,),
        allowed_users=(),
        application_owners=(),
        press_policy="anyone",
        cooldown=timedelta(),
        daily_submits_per_person=_MOST,
        daily_submits=_MOST,
    )

    async def write(number: int) -> None:
        spender = Spender(number % _PEOPLE + 1, GUILD_ID)
        judge = ClaimJudge(policy=policy, spender=spender)
        claim = Claim(
            id=number,
            person_id=spender.person_id,
            guild_id=GUILD_ID,
            message_id=number,
            task_id=str(number),
            button="v1",
            made_at=clock.now(),
        )
        await store.create_claim(claim, judge.check, plan=judge.plan)

    return write


@asynccontextmanager
async def _open_plain(url: str) -> AsyncGenerator[_Write]:
    """Open the same database as a bot would that only writes down what it sends."""
    engine = create_async_engine(parse_database_url(url))

    async def write(number: int) -> None:
        row = {"id": number, "person_id": number % _PEOPLE, "made_at": datetime.now(UTC).isoformat()}
        async with engine.begin() as connection:
            await connection.execute(_INSERT, row)

    try:
        async with engine.begin() as connection:
            await connection.execute(text(_TABLE))
        yield write
    finally:
        await engine.dispose()
