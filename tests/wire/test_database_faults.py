"""A database that goes away and comes back, and a disk that is full: nothing is paid for without its claim."""

import resource
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.postgres import Postgres
from tests.wire.health_requests import becomes, free_port
from tests.wire.loopback import Message
from tests.wire.proxy import Proxy
from tests.worlds.processes import BotProcess, WireWorld, open_wire_world

pytestmark = pytest.mark.wire

_SLOW = RelaySettings(seconds_per_task=12.0, picture_side=64)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[WireWorld]:
    """A world whose process can be asked how it is."""
    async with open_wire_world(tmp_path, _SLOW) as made:
        made.settings |= {"PORT": str(free_port()), "LISTEN_HOST": "127.0.0.1", "PRESS_COOLDOWN_SECONDS": "0"}
        yield made


@pytest.fixture
async def cable(postgres: Postgres, world: WireWorld) -> AsyncGenerator[Proxy]:
    """A cable between the process and its PostgreSQL."""
    name = (await postgres.database()).partition("?")[0].rpartition("/")[2]
    async with Proxy(postgres.folder / ".s.PGSQL.5432").serve() as proxy:
        world.settings["DATABASE_URL"] = f"postgres://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
        yield proxy


def port(world: WireWorld) -> int:
    return int(world.settings["PORT"])


async def refused(world: WireWorld, message: Message, which: str) -> str:
    """Press a button in vain; return what the person is told."""
    act = await world.discord.click(world.discord.owner, message, which)
    return (await world.until(lambda: act.followups))[0].content


async def nothing_is_paid_meanwhile(world: WireWorld, bot: BotProcess, grid: Message, running: Message) -> None:
    """A press is refused in words, a running message lives on, and /readyz says why."""
    assert "cannot be written" in (await becomes(port(world), lambda seen: "store" in seen))["store"]
    assert "database" in await refused(world, grid, "U1")
    edits = running.edits
    await world.until(lambda: running.edits > edits)
    assert world.relay.submits == []
    assert not bot.said("Traceback")


async def all_is_well_again(world: WireWorld, grid: Message, running: Message) -> None:
    """The message comes to its end, and the same press is taken."""
    await becomes(port(world), lambda seen: not seen)
    await world.shows(running, "✅ Four")
    await world.shows(await world.press(grid, "U1"), "✅ Picture 1")
    assert len(world.relay.submits) == 1
    world.assert_polite()


@pytest.mark.timeout(240)
async def test_a_database_that_comes_back_is_used_again(world: WireWorld, cable: Proxy) -> None:
    """The cable to PostgreSQL is pulled, and plugged in again."""
    async with world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        running = await world.shows(await world.follow(world.relay.add_task()), "🎨")
        await becomes(port(world), lambda seen: not seen)
        cable.pull()
        await nothing_is_paid_meanwhile(world, bot, grid, running)
        cable.plugged = True
        await all_is_well_again(world, grid, running)
        assert len(bot.said("The database cannot be written")) == 1
        assert len(bot.said("The database can be written again")) == 1


@pytest.mark.timeout(240)
async def test_a_full_disk_stops_paid_requests_until_there_is_room(world: WireWorld) -> None:
    """The process may not write another byte to a file, and then may again."""
    async with world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        running = await world.shows(await world.follow(world.relay.add_task()), "🎨")
        _, most = resource.prlimit(bot.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (0, most))
        await nothing_is_paid_meanwhile(world, bot, grid, running)
        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (most, most))
        await all_is_well_again(world, grid, running)
