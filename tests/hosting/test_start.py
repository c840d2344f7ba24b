"""What the hosting files start is started: it connects, SIGTERM ends it well, and a disk that is wiped is said."""

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.ops.platform_disk import EphemeralDisk
from tests.hosting.files import ROOT, instructions, parsed, start_commands
from tests.worlds.processes import WireWorld, open_wire_world

pytestmark = pytest.mark.wire

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
"""Where a platform's `python` is found: here, the one that runs the tests."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[WireWorld]:
    """A Discord and a relay."""
    async with open_wire_world(tmp_path) as made:
        yield made


def command_of(name: str) -> list[str]:
    """Return the command that a file starts, with the Python on PATH in place of the file's own."""
    python, *rest = start_commands()[name]
    return [Path(python).name, *rest]


async def check_health(port: str) -> int | None:
    """Run the image's health check, and return its exit code: 0 where the bot is healthy."""
    [check] = instructions("HEALTHCHECK")
    python, *rest = check.argv
    proxies = {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}  # which must not matter
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / python),
        *rest,
        env={"PORT": port, **proxies},
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await child.wait()


@pytest.mark.parametrize("name", ["Procfile", "railway.json", "README's unit"])
async def test_each_start_command_connects_and_stops(world: WireWorld, name: str) -> None:
    """The command connects to Discord, follows a task, and ends with 0 within ten seconds of SIGTERM."""
    async with world.bot(command=command_of(name), PATH=PATH) as bot:
        await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        code, seconds = await bot.stop()
    assert (code, seconds < 10) == (0, True), seconds
    assert {"info"} == {line["level"] for line in bot.lines}


async def test_the_procfile_under_a_runner(world: WireWorld) -> None:
    """Under a runner with a shell in between, SIGTERM to all and PORT set, as on Heroku, it ends just as well.

    The runner's own code is that of the signal, the worker's its shell's: that the bot ended well it says itself.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    runner = [sys.executable, "-m", "honcho", "start", "--no-colour", "--no-prefix", "-p", port]
    # Buffered, the runner breaks where the signal meets it while it prints; Heroku sets this variable too.
    environment = {"PATH": PATH, "LISTEN_HOST": "127.0.0.1", "PYTHONUNBUFFERED": "true"}
    async with world.bot(command=[*runner, "-f", str(ROOT / "Procfile")], **environment) as bot:
        assert bot.said(r"^worker\.1 started")
        code, seconds = await bot.stop()
    assert (code, seconds < 10) == (128 + signal.SIGTERM, True), seconds
    assert bot.said(r"^Stopped\.$")
    assert bot.said(r"^worker\.1 stopped \(rc=(0|-15)\)"), bot.text
    assert not bot.said("Traceback|SIGKILL")


async def test_fly_writes_to_its_volume(world: WireWorld) -> None:
    """With fly.toml's command and variables the rows lie where its volume is mounted."""
    fly = parsed("fly.toml")
    volume = world.folder / "volume"
    variables = {
        name: value.replace(fly["mounts"][0]["destination"], str(volume)) for name, value in fly["env"].items()
    }
    async with world.bot(command=command_of("fly.toml"), PATH=PATH, **variables) as bot:
        code, seconds = await bot.stop(getattr(signal, fly["kill_signal"]))
    assert (code, seconds < 10) == (0, True), seconds
    assert (volume / "mjbot.db").exists()


async def test_the_files_of_the_image_are_enough(world: WireWorld, tmp_path: Path) -> None:
    """The command of the image runs on what the Dockerfile copies and nothing else of ours; its rows lie in data/."""
    image = tmp_path / "app"
    (image / "data").mkdir(parents=True)
    for source, target in (one.text.split() for one in instructions("COPY")):
        if source.endswith("/"):
            shutil.copytree(ROOT / source, image / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, image / target)
    inside = replace(world, folder=image)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    changed = {"PATH": PATH, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1", "DATABASE_URL": "", "PORT": port}
    async with inside.bot(command=command_of("Dockerfile"), **changed) as bot:
        await inside.shows(await inside.follow(inside.relay.add_task("grid")), "✅ Four")
        # Docker's default: unhealthy after three failures in a row, as on a machine that is busy for some seconds.
        assert 0 in [await check_health(port) for _ in range(3)]
        [stop] = instructions("STOPSIGNAL")
        code, seconds = await bot.stop(getattr(signal, stop.text))
    assert (code, seconds < 10) == (0, True), seconds
    assert await check_health(port) != 0
    assert (image / "data" / "mjbot.db").exists()
    assert {one.name for one in image.iterdir()} == {"bot", "cogs", "data", "requirements.txt"}


async def test_every_start_warns_of_an_ephemeral_disk(world: WireWorld) -> None:
    """On a dyno without PostgreSQL the log warns once, with the next step, and the bot runs all the same."""
    async with world.bot(DYNO="worker.1") as bot:
        warnings = [line["event"] for line in bot.lines if line["level"] == "warning"]
        assert warnings == [str(EphemeralDisk("Heroku"))]


async def test_check_fails_on_an_ephemeral_disk(world: WireWorld) -> None:
    """`python -m bot check` fails there, and says what to add."""
    async with world.bot("check", DYNO="run.4711") as bot:
        code = await bot.ended()
    [disk] = [line for line in bot.text if "Disk" in line]
    assert (code, disk.startswith("FAIL  Disk: Heroku empties"), "heroku addons:create" in disk) == (1, True, True)
    assert any(line.startswith("ok    Database") for line in bot.text)
