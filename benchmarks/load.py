"""Measure a thousand running tasks: the requests to the relay, and the lag from SUCCESS to the edited message."""

import random
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import (
    ChildProcess,
    FollowedTask,
    add_running_tasks,
    run_mjbot,
    run_naive_bot,
    serve_relay,
    wait_for,
)
from benchmarks.table import Row, percentile, ratio
from sandbox.relay import Relay, RelaySettings
from tests.wire.loopback import LoopbackDiscord

INTERVAL = 5.0
"""The default POLL_SECONDS, which is the interval of every task here, because all are young."""
TARGET_LAG_SECONDS = INTERVAL + 0.5
MAX_LAG_SECONDS = 12.0
"""Seconds after the last SUCCESS within which a message must show it; one that does not counts as that late."""


@dataclass(frozen=True)
class Load:
    """The tasks of one run, which end at random moments within `spread` seconds; all times are seconds.

    A task takes `life` from its submit to SUCCESS, in eight steps, like a fast one. The first one ends after `lead`, in
    which the process starts and edits every message once. Half of each channel's messages are edited by token.
    """

    tasks: int
    channels: int
    spread: float
    life: float
    lead: float


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """The figures of one bot; lags in seconds, of messages edited by token and as the bot."""

    asked: int
    finished: int
    by_token: list[float]
    as_bot: list[float]
    late: int
    edits: int
    limited: int
    refused: int

    @property
    def lags(self) -> list[float]:
        """Return the lags of all messages."""
        return self.by_token + self.as_bot


async def measure_under_load(folder: Path, load: Load) -> list[Row]:
    """Run the same tasks once for each bot, ending at the same moments, and compare."""
    ours, loops, asking = [await _run(folder, way, load) for way in ("mjbot", "loops", "ask")]
    return [
        *_build_request_rows(ours, asking, load),
        *_build_refusal_rows(ours, loops),
        *_build_lag_rows(ours, loops, load),
    ]


def _build_request_rows(ours: LoadResult, asking: LoadResult, load: Load) -> list[Row]:
    mine, other = ours.asked / max(1, ours.finished), asking.asked / load.tasks
    request_ratio = ratio(mine, other)
    return [
        Row(
            what=f"API requests per finished task, {load.tasks} in flight",
            mjbot=f"{mine:.3f}",
            naive=f"{other:.1f} (2 s loops, no edits)",
            ratio=request_ratio,
            target="<= 1/100",
            met=request_ratio <= 1 / 100,
            portable=True,
        )
    ]


def _build_refusal_rows(ours: LoadResult, loops: LoadResult) -> list[Row]:
    mine, other = ours.limited + ours.refused, loops.limited + loops.refused
    return [
        Row(
            what="Discord's refusals (429, 50035)",
            mjbot=f"{mine}, beside {ours.edits} edits",
            naive=f"{other}, beside {loops.edits} edits",
            ratio=ratio(mine, other),
            target="0",
            met=mine == 0,
            portable=True,
        )
    ]


def _build_lag_rows(ours: LoadResult, loops: LoadResult, load: Load) -> list[Row]:
    rows: list[Row] = []
    for name, mine, other in (
        ("by token", ours.by_token, loops.by_token),
        ("as the bot", ours.as_bot, loops.as_bot),
    ):
        for label, share in (("p50", 0.5), ("p99", 0.99)):
            if not mine or not other:
                continue
            ahead, behind = percentile(mine, share), percentile(other, share)
            met = ahead <= TARGET_LAG_SECONDS if label == "p99" else None
            rows.append(
                Row(
                    what=f"SUCCESS to its edit, {load.tasks} tasks, {load.channels} channels, {name}, {label}",
                    mjbot=f"{ahead:.2f} s",
                    naive=f"{behind:.2f} s",
                    ratio=ratio(ahead, behind),
                    target="" if met is None else f"<= {TARGET_LAG_SECONDS:.1f} s",
                    met=met,
                )
            )
    rows.append(
        Row(
            what=f"not shown within {MAX_LAG_SECONDS:.0f} s of the last SUCCESS",
            mjbot=f"{ours.late} of {load.tasks}",
            naive=f"{loops.late} of {load.tasks}",
            ratio=ratio(ours.late, loops.late),
            target="0",
            met=ours.late == 0,
        )
    )
    return rows


async def _run(folder: Path, way: str, load: Load) -> LoadResult:
    async with (
        serve_relay(RelaySettings(seconds_per_task=load.life, picture_side=128)) as relay,
        LoopbackDiscord(channels=load.channels, schema=False) as discord,
    ):
        chance = random.Random(load.tasks)  # noqa: S311 - the same ends for every bot
        first_end = time.time() + load.lead
        ends = [first_end + load.spread * chance.random() for _ in range(load.tasks)]
        followed = add_running_tasks(discord, relay, ends, tokens=0.5)
        async with _start_bot(folder, way, discord, relay, followed) as running:
            left = max(ends) + MAX_LAG_SECONDS - time.time()
            if way == "ask":
                await wait_for(lambda: time.time() > max(ends) + 3, left, running)
            else:
                await wait_for(
                    lambda: time.time() > max(ends) and all(map(_find_success_edit, followed)), left, running
                )
        return _build_result(discord, relay, followed)


def _start_bot(
    folder: Path, way: str, discord: LoopbackDiscord, relay: Relay, followed: Sequence[FollowedTask]
) -> AbstractAsyncContextManager[ChildProcess]:
    if way == "mjbot":
        return run_mjbot(folder, discord, relay, followed)
    return run_naive_bot(folder, way, discord, relay, followed)


def _find_success_edit(one: FollowedTask) -> float | None:
    """Return when the message first showed SUCCESS, on the monotonic clock, None if it never did."""
    shown = (edit for edit in one.message.history if (edit.body.get("embeds") or [{}])[0].get("title", "")[:1] == "✅")
    return next((edit.at for edit in shown), None)


def _build_result(discord: LoopbackDiscord, relay: Relay, followed: Sequence[FollowedTask]) -> LoadResult:
    offset = time.time() - time.monotonic()
    now = time.monotonic()
    shown = [(one, _find_success_edit(one)) for one in followed]
    lags = [(one.by_token, (at or now) + offset - one.ends_at) for one, at in shown]
    return LoadResult(
        asked=relay.requests["list"] + relay.requests["fetch"],
        finished=sum(at is not None for _, at in shown),
        by_token=[lag for by_token, lag in lags if by_token],
        as_bot=[lag for by_token, lag in lags if not by_token],
        late=sum(at is None for _, at in shown),
        edits=sum(one.message.edits for one in followed),
        limited=len(discord.rate_limited),
        refused=len(discord.refused),
    )
