"""How soon a command gets its first answer, against a bare bot that does nothing but defer."""

import asyncio
from pathlib import Path
from statistics import median

from benchmarks.environment import ChildProcess, run_mjbot, run_naive_bot, serve_relay, wait_for
from benchmarks.table import Row, percentile, ratio
from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord

TARGET = 1.3
_WARM = 2
"""Rounds that are not counted: the first commands of a process meet cold caches and open its connections."""
_NEVER = 1e7  # seconds: these tasks show no change while they are measured


async def measure_first_answers(folder: Path, *, burst: int, rounds: int) -> list[Row]:
    """Send bursts of /mjstatus to both, in turns, and compare the times from the interaction to its callback.

    The ratio is the median of the rounds' own ratios: what else the machine does meets both bots of a round alike.
    """
    times: dict[str, list[list[float]]] = {"mjbot": [], "bare": []}
    async with (
        serve_relay(RelaySettings(seconds_per_task=_NEVER)) as relay,
        LoopbackDiscord(schema=False, limits=False, keep=False) as ours,
        LoopbackDiscord(schema=False, limits=False, keep=False) as theirs,
        run_mjbot(folder, ours, relay) as bot,
        run_naive_bot(folder, "defer", theirs) as bare,
    ):
        await _ready(ours, bot)
        await _ready(theirs, bare)
        for number in range(-_WARM, rounds):
            turns = (("mjbot", ours), ("bare", theirs))
            for name, discord in turns if number % 2 else reversed(turns):
                taken = await _burst(discord, [relay.add_task() for _ in range(burst)])
                if number >= 0:
                    times[name].append(taken)
                await _calm(ours)
        refused = len(ours.refused)
    return [_row(times, label, share, burst, refused) for label, share in (("median", 0.5), ("p99", 0.99))]


def _row(times: dict[str, list[list[float]]], label: str, share: float, burst: int, refused: int) -> Row:
    mine, other = ([percentile(taken, share) * 1000 for taken in times[name]] for name in ("mjbot", "bare"))
    through = median(map(ratio, mine, other))
    return Row(
        what=f"first answer, {len(mine)} bursts of {burst}, {label}",
        mjbot=f"{median(mine):.0f} ms ({min(mine):.0f} to {max(mine):.0f})",
        naive=f"{median(other):.0f} ms ({min(other):.0f} to {max(other):.0f}), a bare defer",
        ratio=through,
        target=f"<= {TARGET}",
        met=through <= TARGET and not refused,
        portable=True,
    )


async def _ready(discord: LoopbackDiscord, running: ChildProcess) -> None:
    if not await wait_for(lambda: bool(discord.commands and discord.gateway.connected), 30, running):
        raise RuntimeError("a bot did not become ready")
    await asyncio.sleep(0.5)


async def _burst(discord: LoopbackDiscord, ids: list[str]) -> list[float]:
    channel = discord.channels[0]
    acts = [await discord.slash(discord.member, channel, "mjstatus", {"id": task_id}) for task_id in ids]
    await wait_for(lambda: all(act.response is not None for act in acts), 10)
    # What was never answered took at least as long as Discord waits.
    return [act.acknowledged_after or discord.ack_seconds for act in acts]


async def _calm(discord: LoopbackDiscord) -> None:
    """Wait until every message shows its task and nothing has been drawn for a second."""
    seen, drawn = -1, _drawn(discord)
    while seen != drawn:
        await asyncio.sleep(1)
        seen, drawn = drawn, _drawn(discord)


def _drawn(discord: LoopbackDiscord) -> int:
    return sum(message.edits for message in discord.messages.values())
