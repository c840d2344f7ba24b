"""Two processes behind PgBouncer in transaction mode: each press is one request, also across a restart."""

import asyncio
from collections import Counter

import pytest

from tests.pgbouncer import PgBouncer
from tests.postgres import Postgres
from tests.wire.chaos_size import size
from tests.wire.loopback import Message
from tests.worlds.processes import GENEROUS, BotProcess, WireWorld

pytestmark = [pytest.mark.wire, pytest.mark.timeout(600)]

_PRESSES = size(32, 64)
_BUTTONS = ("U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4")

Press = tuple[Message, str]


async def test_presses_behind_a_pooler_are_sent_once(
    world: WireWorld, postgres: Postgres, pgbouncer: PgBouncer
) -> None:
    """As many presses are as many requests; between the two halves one process is stopped and another started."""
    world.settings |= {"DATABASE_URL": pgbouncer.url(await postgres.database()), "LEASE_SECONDS": "60"} | GENEROUS
    grids = [world.relay.add_task("grid") for _ in range(_PRESSES // len(_BUTTONS))]
    async with world.bot() as first:
        async with world.bot() as second:
            messages = [await world.follow(grid, n % 2) for n, grid in enumerate(grids)]
            for message in messages:
                await world.shows(message, "✅ Four")
            presses = [(message, which) for message in messages for which in _BUTTONS]
            await _press_all(world, presses[: _PRESSES // 2])
            assert (await second.stop())[0] == 0
        async with world.bot() as third:
            await _press_all(world, presses[_PRESSES // 2 :])
            await world.until(lambda: all(message.button(which)["style"] == 3 for message, which in presses))
            _assert_calm(first, second, third)
    paid = Counter((one.body["taskId"], one.body["customId"]) for one in world.relay.submits)
    assert (len(paid), paid.total()) == (_PRESSES, _PRESSES)
    world.assert_polite()


async def _press_all(world: WireWorld, presses: list[Press]) -> None:
    """Press buttons at once, and wait until each child has its picture."""
    acts = await asyncio.gather(*(world.discord.click(world.discord.owner, *press) for press in presses))
    for act in acts:
        [child] = await world.told(act, timeout=200)
        await world.shows(child, "✅", 200)


def _assert_calm(*processes: BotProcess) -> None:
    for process in processes:
        process.assert_calm()
        assert not process.said("database cannot|waits for the|prepared statement")
        assert len(process.said("once a second, because a connection pooler")) == 1
