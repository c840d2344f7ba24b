"""The real process with PORT set: what a platform's health check and a Prometheus are told, and what they never are."""

import re
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.wire.health_requests import ask, becomes, free_port
from tests.worlds.processes import BotProcess, WireWorld, bot_process, open_wire_world

pytestmark = pytest.mark.wire

_LONG = RelaySettings(seconds_per_task=600.0, picture_side=64)
PAGES = ("/healthz", "/readyz", "/metrics")


def with_port(port: int) -> dict[str, str]:
    return {"PORT": str(port), "LISTEN_HOST": "127.0.0.1"}


async def becomes_exactly(port: int, wanted: Mapping[str, str]) -> None:
    """Wait until /readyz gives these reasons and no other."""
    await becomes(port, lambda seen: seen == wanted)


async def metrics(port: int) -> dict[str, float]:
    status, text = await ask(port, "/metrics")
    assert status == 200
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("mjbot_")]
    return {name: float(value) for name, value in lines}


def listening(bot: BotProcess) -> list[str]:
    """List the addresses on which the process listens, as Linux writes them."""
    pid = bot._process.pid
    links = (one.readlink().name for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink())
    inodes = {match[1] for link in links if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
    table = "".join(Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6"))
    rows = [line.split() for line in table.splitlines()]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]


async def test_metrics_count_a_command_and_a_press(world: WireWorld) -> None:
    """Ready after the start; the counters move with what is done; and no page holds a secret or a prompt."""
    port, prompt = free_port(), "an unmistakable zeppelin"
    async with world.bot(**with_port(port)) as bot:
        await becomes_exactly(port, {})
        message = await world.shows(await world.follow(world.relay.add_task(prompt=prompt)), "✅ Four")
        await world.shows(await world.press(message, "U1"), "✅ Picture 1")
        seen = await metrics(port)
        pages = "".join([(await ask(port, path))[1] for path in PAGES])
        assert len(listening(bot)) == 1
    assert seen['mjbot_presses_total{outcome="accepted"}'] == 1
    assert seen['mjbot_api_requests_total{outcome="ok",path="/mj/submit/action"}'] == 1
    assert seen['mjbot_api_requests_total{outcome="ok",path="/mj/task/list-by-condition"}'] >= 1
    assert seen["mjbot_poll_lag_seconds_count"] >= 2
    assert seen["mjbot_loop_delay_seconds_count"] >= 1
    asked = [one for one in world.discord.requests if one.status == 200 and one.method == "PATCH"]
    counted = 'mjbot_discord_requests_total{{route="{}",status="2xx"}}'
    edits = [seen.get(counted.format(route), 0) for route in ("edit by token", "edit as bot")]
    assert sum(edits) >= len(asked) > 0
    assert seen[counted.format("callback")] == 2
    assert not [name for name, count in seen.items() if "refusals" in name and count]
    acts = world.discord.interactions.values()
    ids = [str(act.id) for act in acts] + [one.task_id for one in world.relay.submits]
    secrets = [world.discord.token, world.relay.settings.key, "zeppelin", *(act.token for act in acts), *ids]
    assert [] == [secret for secret in secrets if secret in pages]


async def test_readyz_names_a_refused_key(world: WireWorld) -> None:
    """Where the relay refuses the key /readyz says so, in our words."""
    port = free_port()
    async with world.bot(MJ_API_KEY="sk-wrong", **with_port(port)):
        await becomes_exactly(port, {"key": "the relay does not know MJ_API_KEY"})


async def test_readyz_names_a_relay_that_is_away(tmp_path: Path) -> None:
    """Where the relay goes away while a task is watched /readyz says so, at the latest when the key is read again."""
    port = free_port()
    async with open_wire_world(tmp_path, _LONG) as world, world.bot(**with_port(port)):
        await world.shows(await world.follow(world.relay.add_task(age=200.0)), "🎨")
        world.relay.down = True
        # By itself, the bot reads the key once a minute.
        await world.discord.slash(world.discord.owner, world.discord.channels[0], "mjcheck", {})
        await becomes_exactly(port, {"key": "the relay does not answer"})
        seen = await metrics(port)
    assert seen["mjbot_watched_tasks"] == 1
    assert sum(value for name, value in seen.items() if "RelayUnreachable" in name) >= 1


async def test_readyz_names_a_lost_gateway(world: WireWorld) -> None:
    """A connection that is cut and resumed isn't reported; a gateway that doesn't let the bot back in is."""
    port, gateway = free_port(), world.discord.gateway
    async with world.bot(**with_port(port)):
        await gateway.drop()
        await world.until(lambda: gateway.resumes)
        await becomes_exactly(port, {})
        gateway.silent = True
        await gateway.drop()
        gateway.sessions.clear()
        await world.until(lambda: gateway.identifies == 2)
        await becomes_exactly(port, {"gateway": "the connection to Discord's gateway is lost"})


async def test_readyz_names_what_the_start_waits_for(tmp_path: Path) -> None:
    """From its first moment the process is alive, and says what it waits for, without the database's password."""
    port = free_port()
    away = {"DATABASE_URL": "postgresql://mjbot:pa55word@127.0.0.1:9/mjbot"}
    async with open_wire_world(tmp_path) as world, bot_process(tmp_path, world.env | away | with_port(port)) as bot:
        await bot.line("Serving /healthz")
        assert (await ask(port, "/healthz"))[0] == 200
        await becomes_exactly(port, {"store": "The database cannot be used yet"})
        pages = "".join([(await ask(port, path))[1] for path in PAGES])
        assert (await bot.stop())[0] == 0
    assert [] == [secret for secret in ("pa55word", world.discord.token, world.relay.settings.key) if secret in pages]


async def test_without_port_nothing_listens(world: WireWorld) -> None:
    """Where PORT is not set the process listens nowhere."""
    async with world.bot() as bot:
        assert [] == listening(bot)


async def test_a_port_in_use_does_not_stop_the_bot(world: WireWorld) -> None:
    """A port that another process uses is one line in the log, and the bot works without it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with world.bot(**with_port(port)) as bot:
            assert len(bot.said(f"PORT {port} cannot be opened")) == 1
            await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
            assert not bot.said("Traceback")
