"""The outermost of three worlds: real bot processes between a loopback Discord and a loopback relay.

Each world runs more of the bot than the one before: tests.worlds.services runs the services of `bot/` on fakes of
their ports and on virtual time; tests.worlds.simcord runs the whole App in the test's process, on SimCord's Discord,
a real relay on a socket and a real database; this one starts `python -m bot`, to be connected, signaled and killed.
"""

import asyncio
import json
import re
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sandbox.relay import Relay, RelaySettings
from tests.migrated_database import create_migrated_file
from tests.wire.loopback import Interaction, LoopbackDiscord, Message
from tests.worlds.fork_client import ForkedProcess, fork_bot

ROOT = Path(__file__).resolve().parents[2]
QUICK = RelaySettings(seconds_per_task=2.0, picture_side=192)
"""A relay whose tasks are over in two seconds."""

READY = r"^(Registered \d+ commands|The registered commands are)"
"""The last line of a start."""

BOT = (sys.executable, "-m", "bot")
"""The command that starts the bot as an operator does."""

FORKED = ("fork", "bot")
"""Stands for a bot process that tests.worlds.fork_server forks: the same program, without the time to import it."""

_LINE_BYTES = 1 << 20
"""The longest line that a bot process may write."""

GENEROUS = {"PRESS_COOLDOWN_SECONDS": "0", "DAILY_SUBMITS_PER_PERSON": "9999", "DAILY_SUBMITS": "9999"}
"""Settings under which no member is told to wait."""

T = TypeVar("T")

PATIENCE = 60.0
"""How many seconds are waited for what is sure to come: a machine may be busy with other tests."""


class BotProcess:
    """One process and what it says; to be ended by the block of `bot_process`."""

    def __init__(self, process: ForkedProcess | asyncio.subprocess.Process) -> None:
        self.lines: list[dict[str, Any]] = []
        self.text: list[str] = []
        self._process = process
        self._more = asyncio.Event()
        self._reading = asyncio.create_task(self._read(), name=f"output of {process.pid}")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            line = raw.decode().rstrip("\n")
            self.text.append(line)
            self.lines.append(_decoded(line))
            self._more.set()
        self._more.set()

    @property
    def pid(self) -> int:
        """Tell the process's number."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Tell the exit code, None while it runs."""
        return self._process.returncode

    def said(self, text: str) -> list[str]:
        """List the events in which the pattern `text` is found."""
        return [line["event"] for line in self.lines if re.search(text, line["event"])]

    def memory(self, which: str) -> int:
        """Tell a figure of the process's memory in KiB: VmRSS as it is now, VmHWM at its peak."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition(f"{which}:")[2].split()[0])

    def assert_calm(self) -> None:
        """Assert that nothing of what happened was an error of ours."""
        bad = [line for line in self.lines if line.get("level") in {"error", "critical"} or "Traceback" in str(line)]
        assert not bad, bad

    async def lines_of(self, text: str, count: int, timeout: float = PATIENCE) -> None:  # noqa: ASYNC109
        """Wait until the pattern `text` is found in so many events."""
        async with asyncio.timeout(timeout):
            while len(self.said(text)) < count:
                self._more.clear()
                await self._more.wait()

    async def line(self, text: str, timeout: float = PATIENCE) -> str:  # noqa: ASYNC109
        """Wait for an event in which the pattern `text` is found; an AssertionError where the process ends before."""
        async with asyncio.timeout(timeout):
            while not (found := self.said(text)):
                ended = self._reading.done()
                assert not ended, f"ended with {self.code} without saying {text!r}:\n" + "\n".join(self.text)
                self._more.clear()
                await self._more.wait()
        return found[0]

    async def ended(self, timeout: float = PATIENCE) -> int:  # noqa: ASYNC109
        """Wait for its end and the rest of its output; give the exit code."""
        async with asyncio.timeout(timeout):
            code = await self._process.wait()
            await self._reading
        return code

    def send(self, number: int = signal.SIGTERM) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def kill(self) -> None:
        """End it with SIGKILL, as a machine does that runs out of memory."""
        if self.code is None:
            self._process.kill()
        await self.ended()

    async def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Ask it to stop; give the exit code and the seconds that it took."""
        begun = time.monotonic()
        self.send(number)
        return await self.ended(), time.monotonic() - begun


def _decoded(line: str) -> dict[str, Any]:
    try:
        decoded = json.loads(line)
    except ValueError:
        decoded = None
    return decoded if isinstance(decoded, dict) and "event" in decoded else {"event": line}


@asynccontextmanager
async def bot_process(
    folder: Path, env: Mapping[str, str], *arguments: str, command: Sequence[str] = FORKED
) -> AsyncGenerator[BotProcess]:
    """Run `command` in `folder` with only `env` as its environment; the process has ended when the block ends."""
    env = {"PYTHONPATH": str(ROOT), **env}
    process: ForkedProcess | asyncio.subprocess.Process
    if command == FORKED:
        process = await fork_bot(folder, env, arguments, limit=_LINE_BYTES)
    else:
        process = await asyncio.create_subprocess_exec(
            *command,
            *arguments,
            cwd=folder,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LINE_BYTES,
        )
    running = BotProcess(process)
    try:
        yield running
    finally:
        if tuple(command) not in {FORKED, BOT} and running.code is None:
            # What starts others is asked first: killed, it would leave them behind.
            with suppress(TimeoutError):
                await running.stop()
        await running.kill()


@dataclass
class WireWorld:
    """A Discord, a relay, and a folder for the database; `bot()` starts a process among them."""

    folder: Path
    discord: LoopbackDiscord
    relay: Relay
    settings: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def env(self) -> dict[str, str]:
        """Give the environment of a process."""
        return {
            "DISCORD_TOKEN": self.discord.token,
            "MJ_API_KEY": self.relay.settings.key,
            "MJ_API_URL": self.relay.url,
            "DISCORD_API_URL": self.discord.api_url,
            "DATABASE_URL": f"sqlite:///{self.folder / 'mjbot.db'}",
            "POLL_SECONDS": "1",
            "LEASE_SECONDS": "4",
            "LOG_FORMAT": "json",
            **self.settings,
        }

    @asynccontextmanager
    async def bot(self, *arguments: str, command: Sequence[str] = FORKED, **changed: str) -> AsyncGenerator[BotProcess]:
        """Start a process; without arguments it is connected, and its commands are known, when the block begins."""
        sessions = len(self.discord.gateway.connected)
        async with bot_process(self.folder, self.env | changed, *arguments, command=command) as running:
            if not arguments:
                await running.line(READY)
                await self.discord.connected(sessions + 1)
            yield running

    async def follow(self, task_id: str, channel: int = 0, **options: object) -> Message:
        """Type `/mjstatus` as the server's owner; give the message that follows."""
        where = self.discord.channels[channel]
        act = await self.discord.slash(self.discord.owner, where, "mjstatus", {"id": task_id, **options})
        await act.answered()
        assert act.original is not None
        return act.original

    async def press(self, message: Message, which: str) -> Message:
        """Press a button as the server's owner; give the child's message."""
        act = await self.discord.click(self.discord.owner, message, which)
        return (await self.until(lambda: act.followups))[0]

    async def shows(self, message: Message, title: str, timeout: float = PATIENCE) -> Message:  # noqa: ASYNC109
        """Wait until the message's title holds `title`."""
        try:
            await self.until(lambda: title in message.embed.get("title", ""), timeout)
        except TimeoutError:
            raise AssertionError(f"{title!r} never came, only {message.embed} {message.content!r}") from None
        return message

    async def told(self, act: Interaction, count: int = 1, timeout: float = PATIENCE) -> list[Message]:  # noqa: ASYNC109
        """Wait until an act has so many followups; give them."""
        await self.until(lambda: len(act.followups) >= count, timeout)
        return act.followups

    async def until(self, condition: Callable[[], T], timeout: float = PATIENCE) -> T:  # noqa: ASYNC109
        """Wait until the condition holds, checked at each event on Discord, and ten times a second."""
        end = time.monotonic() + timeout
        while True:
            try:
                return await self.discord.until(condition, 0.1)
            except TimeoutError:
                if time.monotonic() > end:
                    raise

    def assert_polite(self) -> None:
        """Assert that Discord had nothing to refuse."""
        assert self.discord.refused == []
        assert self.discord.rate_limited == []


@asynccontextmanager
async def open_wire_world(
    folder: Path,
    relay: RelaySettings | Relay = QUICK,
    *,
    discord: LoopbackDiscord | None = None,
    now: Callable[[], float] = time.time,
    **settings: str,
) -> AsyncGenerator[WireWorld]:
    """Put a Discord and a relay on sockets; `settings` are variables for every process.

    `relay` is one, or what it is like; its clock is then `now`. The database file of the folder has every migration.
    """
    playing = relay if isinstance(relay, Relay) else Relay(relay, now=now)
    create_migrated_file(folder / "mjbot.db")
    async with discord or LoopbackDiscord() as there, playing.serve() as serving:
        yield WireWorld(folder, there, serving, settings)
