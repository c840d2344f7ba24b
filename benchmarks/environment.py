"""Set up a measurement: a loopback Discord, a relay with running tasks, and the bots' processes between them."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from bot.entities import Job, Person, Place
from bot.store import open_store
from bot.store.rows import job_to_row
from bot.store.schema import jobs
from sandbox.pictures import compose_shots, render_picture
from sandbox.relay import Relay, RelaySettings
from tests.wire.loopback import Interaction, LoopbackDiscord, Message

ROOT = Path(__file__).resolve().parents[1]
_PUBLIC = b"https://pictures.example.com"


@dataclass(frozen=True)
class FollowedTask:
    """A task and the message that follows it, edited `by_token` or as the bot; `ends_at` is seconds since the epoch."""

    task_id: str
    ends_at: float
    message: Message
    act: Interaction
    by_token: bool


@asynccontextmanager
async def serve_relay(settings: RelaySettings, *, now: Callable[[], float] = time.time) -> AsyncGenerator[Relay]:
    """Serve a relay that returns the same picture for every task, and whose previews have public URLs.

    Otherwise the relay would spend time on drawing, and mjbot would fetch the previews, as loopback is private.
    """
    relay = Relay(settings, now=now)
    picture = render_picture(compose_shots("a lighthouse at dawn", "benchmark"), settings.picture_side)

    @web.middleware
    async def answer_quickly(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith("/mj/image/"):
            return web.Response(body=picture, content_type="image/png")
        response = await handler(request)
        if isinstance(response, web.Response) and isinstance(response.body, bytes) and b"?rand=" in response.body:
            previews = response.body.split(b"?rand=")
            host = relay.url.encode()
            for number, text in enumerate(previews[:-1]):
                before, _, path = text.rpartition(host)
                previews[number] = before + _PUBLIC + path
            response.body = b"?rand=".join(previews)
        return response

    relay.app.middlewares.append(answer_quickly)
    async with relay.serve():
        yield relay


def add_running_tasks(
    discord: LoopbackDiscord, relay: Relay, ends: Sequence[float], *, tokens: float = 1.0
) -> list[FollowedTask]:
    """Add running tasks that end at these times, each with a message that follows it, spread over the channels.

    The share `tokens` of the messages is edited by interaction token, the others as the bot.
    """
    followed: list[FollowedTask] = []
    for number, ends_at in enumerate(ends):
        task_id = relay.add_task(age=time.time() + relay.settings.seconds_per_task - ends_at)
        channel = discord.channels[number % len(discord.channels)]
        act = discord.mint(2, discord.member, channel)
        act.response = {"type": 5, "data": {}}
        act.original = discord.plant(channel, {"embeds": [{"title": "📨 Sending"}]}, by=act)
        turn = number // len(discord.channels)
        by_token = int((turn + 1) * tokens) > int(turn * tokens) if tokens < 1 else True
        followed.append(FollowedTask(task_id, ends_at, act.original, act, by_token))
    return followed


async def write_jobs(url: str, discord: LoopbackDiscord, followed: Sequence[FollowedTask]) -> None:
    """Write the database rows of a previous process, whose jobs mjbot resumes when it starts."""
    now = datetime.now(UTC)
    rows = [job_to_row(_job(discord, one, now)) for one in followed]
    async with open_store(url, now=lambda: now) as store:  # which creates the schema
        if rows:
            await store.database.transaction(lambda connection: connection.execute(jobs.insert(), rows))


def _job(discord: LoopbackDiscord, one: FollowedTask, now: datetime) -> Job:
    life = timedelta(minutes=15) if one.by_token else timedelta(0)
    place = Place(
        channel_id=one.message.channel.id,
        message_id=one.message.id,
        guild_id=discord.guild_id,
        application_id=discord.application_id,
        token=one.act.token,
        token_expires_at=now + life,
        ephemeral=False,
        reachable=True,
    )
    return Job(place=place, requester=Person(discord.member.id, discord.member.name), task_id=one.task_id, born_at=now)


class ChildProcess:
    """A measured process; its output is in `log`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._log = log

    def assert_alive(self) -> None:
        """Raise RuntimeError with the end of its output if the process has failed."""
        if self._process.returncode:
            output_tail = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"a measured process ended with {self._process.returncode}:\n{output_tail}")

    async def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        await self._process.wait()

    @property
    def cpu_seconds(self) -> float:
        """Return the processor time that the process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident_bytes(self) -> int:
        """Return the resident memory of the process (RSS)."""
        fields = Path(f"/proc/{self.pid}/statm").read_text(encoding="utf-8").split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def start_process(folder: Path, *arguments: str, **env: str) -> AsyncGenerator[ChildProcess]:
    """Run `python -m ...` in `folder` with only this environment, and kill it when the block ends."""
    log = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *arguments,
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), **env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield ChildProcess(process, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def build_mjbot_environment(discord: LoopbackDiscord, relay: Relay, database_url: str) -> dict[str, str]:
    """Return the environment variables of mjbot: the default settings with loopback addresses."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "MJ_API_URL": relay.url,
        "MJ_API_KEY": relay.settings.key,
        "DATABASE_URL": database_url,
    }


@asynccontextmanager
async def run_mjbot(
    folder: Path, discord: LoopbackDiscord, relay: Relay, followed: Sequence[FollowedTask] = ()
) -> AsyncGenerator[ChildProcess]:
    """Run mjbot as a process that resumes following these tasks."""
    url = f"sqlite:///{folder / f'mjbot-{time.monotonic_ns()}.db'}"
    await write_jobs(url, discord, followed)
    async with start_process(folder, "bot", **build_mjbot_environment(discord, relay, url)) as running:
        yield running


@asynccontextmanager
async def run_naive_bot(
    folder: Path, way: str, discord: LoopbackDiscord, relay: Relay | None = None, followed: Sequence[FollowedTask] = ()
) -> AsyncGenerator[ChildProcess]:
    """Run a naive bot (`way` is a mode of benchmarks/naive_bot.py) that follows these tasks."""
    file = folder / f"followed-{time.monotonic_ns()}.json"
    listed = [
        {
            "task_id": one.task_id,
            "channel_id": one.message.channel.id,
            "message_id": one.message.id,
            "application_id": discord.application_id,
            "token": one.act.token if one.by_token else "",
        }
        for one in followed
    ]
    file.write_text(json.dumps(listed), encoding="utf-8")
    given = [relay.url, relay.settings.key, str(file)] if relay else []
    async with start_process(folder, "benchmarks.naive_bot", way, discord.api_url, discord.token, *given) as running:
        yield running


async def wait_for(condition: Callable[[], bool], seconds: float, *running: ChildProcess) -> bool:
    """Check a condition four times a second for `seconds`; return whether it became true."""
    end = time.monotonic() + seconds
    while not condition():
        for one in running:
            one.assert_alive()
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.25)
    return True
