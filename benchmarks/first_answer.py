"""Measure the time to the first answer of a command, against a bare bot that only defers."""

import asyncio
from pathlib import Path
from statistics import median

from benchmarks.environment import ChildProcess, run_mjbot, run_naive_bot, serve_relay, wait_for
from benchmarks.table import Row, percentile, ratio
from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord

TARGET = 1.15
_SINGLES = 10
"""Commands that are sent one at a time in each round."""
_NEVER = 1e7  # seconds: these tasks show no change while they are measured

Times = dict[str, list[list[float]]]
"""The seconds until each first answer, by bot and round."""


async def measure_first_answers(folder: Path, *, burst: int, rounds: int, warm_ups: int) -> list[Row]:
    """Send /mjstatus one at a time and in bursts to both bots in turn, and compare the times until the callbacks.

    The ratio is the median over the rounds, because other load on the machine affects both bots of a round alike.
    `warm_ups` rounds before them are not counted: the first commands of a process fill caches and open connections.
    """
    bursts: Times = {"mjbot": [], "bare": []}
    one_by_one: Times = {"mjbot": [], "bare": []}
    async with (
        serve_relay(RelaySettings(seconds_per_task=_NEVER)) as relay,
        LoopbackDiscord(schema=False, limits=False, keep=False) as our_discord,
        LoopbackDiscord(schema=False, limits=False, keep=False) as bare_discord,
        run_mjbot(folder, our_discord, relay) as bot,
        run_naive_bot(folder, "defer", bare_discord) as bare,
    ):
        await _wait_until_ready(our_discord, bot)
        await _wait_until_ready(bare_discord, bare)
        for number in range(-warm_ups, rounds):
            turns = (("mjbot", our_discord), ("bare", bare_discord))
            for name, discord in turns if number % 2 else reversed(turns):
                singles = [await _send_burst(discord, [relay.add_task()]) for _ in range(min(burst, _SINGLES))]
                await _wait_until_idle(our_discord)
                durations = await _send_burst(discord, [relay.add_task() for _ in range(burst)])
                if number >= 0:
                    bursts[name].append(durations)
                    one_by_one[name].append([duration for (duration,) in singles])
                await _wait_until_idle(our_discord)
        refused = len(our_discord.refused)
    in_bursts = f"{rounds} bursts of {burst}"
    return [
        _build_row(one_by_one, "one at a time, median", 0.5, refused),
        _build_row(bursts, f"{in_bursts}, median", 0.5, refused),
        _build_row(bursts, f"{in_bursts}, p99", 0.99, refused),
    ]


def _build_row(times: Times, label: str, share: float, refused: int) -> Row:
    mine, other = ([percentile(durations, share) * 1000 for durations in times[name]] for name in ("mjbot", "bare"))
    median_ratio = median(map(ratio, mine, other))
    return Row(
        what=f"first answer, {label}",
        mjbot=f"{median(mine):.1f} ms ({min(mine):.1f} to {max(mine):.1f})",
        naive=f"{median(other):.1f} ms ({min(other):.1f} to {max(other):.1f}), a bare defer",
        ratio=median_ratio,
        target=f"<= {TARGET}",
        met=median_ratio <= TARGET and not refused,
        portable=True,
    )


async def _wait_until_ready(discord: LoopbackDiscord, running: ChildProcess) -> None:
    if not await wait_for(lambda: bool(discord.commands and discord.gateway.connected), 30, running):
        raise RuntimeError("a bot did not become ready")
    await asyncio.sleep(0.5)


async def _send_burst(discord: LoopbackDiscord, ids: list[str]) -> list[float]:
    channel = discord.channels[0]
    acts = [await discord.slash(discord.member, channel, "mjstatus", {"id": task_id}) for task_id in ids]
    await wait_for(lambda: all(act.response is not None for act in acts), 10)
    # An interaction without an answer took at least as long as Discord waits.
    return [act.acknowledged_after or discord.ack_seconds for act in acts]


async def _wait_until_idle(discord: LoopbackDiscord) -> None:
    """Wait until no message has been edited for a second."""
    before, edits = -1, _count_edits(discord)
    while before != edits:
        await asyncio.sleep(1)
        before, edits = edits, _count_edits(discord)


def _count_edits(discord: LoopbackDiscord) -> int:
    return sum(message.edits for message in discord.messages.values())
