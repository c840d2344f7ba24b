"""Connecting to Discord, patiently: log in, ask how, connect, and never end in a restart storm.

Left alone, discord.py retries a first connection that fails by calling itself, which ends in a RecursionError after
hours, and gives up at once where `GET /gateway/bot` fails. Here both are bounded, and whoever calls builds anew.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from cogs.budgets import Window

log = logging.getLogger(__name__)

FIRST_SECONDS = 90.0
"""How long the first connection of all shards may take, for each of them after the first 5 s more."""

_LOGIN_SECONDS = 60.0
_HANG_UP_SECONDS = 1.0
"""How long a farewell to the gateway may take: one that hangs must not eat the time that submits need."""

UNREACHABLE = (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError, TimeoutError)
"""What a Discord that is not there looks like; LoginFailure is none of these and says that the token is wrong."""


_IDENTIFIES = ((10, 600.0), (200, 86_400.0))
"""How many times one shard may IDENTIFY, in how many seconds: Discord resets the token of who does it too often."""


class TokenRefused(Exception):
    """Discord refuses the bot's token."""


class Identifies:
    """Holds each shard's IDENTIFYs within bounds: discord.py answers every op 9 with another, for ever."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._windows: dict[int, Window] = defaultdict(lambda: Window(_IDENTIFIES))

    async def turn(self, shard_id: int) -> None:
        """Wait until this shard may IDENTIFY once more, and count it."""
        window = self._windows[shard_id]
        pause = window.free_at(self._now()) - self._now()
        if pause > 0:
            log.warning("Shard %d has connected too often: waiting %.0f s.", shard_id, pause)
            await self._sleep(pause)
        window.use(self._now())


def use_api(url: str) -> None:
    """Send REST to `url` instead of Discord's own address; the gateway is the one that it names."""
    Route.BASE = url


async def log_in(bot: commands.AutoShardedBot, token: str) -> None:
    """Log in, which also adds the cogs.

    Raises:
        TokenRefused: Discord says that the token is wrong.
        UNREACHABLE: Discord cannot be asked.
    """
    try:
        async with asyncio.timeout(_LOGIN_SECONDS):
            await bot.login(token)
    except discord.LoginFailure as refused:
        raise TokenRefused from refused


async def prepare(bot: commands.AutoShardedBot, *, elsewhere: bool, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Ask Discord how many shards it wants, and wait where today's identifies are used up.

    `elsewhere` tells that REST goes to a Discord of our own, whose gateway is then used too.
    """
    while True:
        async with asyncio.timeout(_LOGIN_SECONDS):
            data: dict[str, Any] = await bot.http.request(Route("GET", "/gateway/bot"))
        limit: dict[str, Any] = data.get("session_start_limit") or {}
        shards = int(data.get("shards") or 1)
        if int(limit.get("remaining", shards)) >= shards:
            break
        pause = max(1.0, float(limit.get("reset_after", 0)) / 1000)
        log.warning("Discord allows no more connections for %.0f s: waiting.", pause)
        await sleep(pause)
    # discord.py leaves None here until it is told, whatever its annotation says.
    bot.shard_count = bot.shard_count or shards
    if elsewhere:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(data["url"])


async def hang_up(bot: commands.AutoShardedBot) -> None:
    """Close the gateway's sockets, and nothing else: from here on Discord gives us no click, and REST works on."""
    closing = [asyncio.ensure_future(shard.disconnect()) for shard in bot.shards.values()]
    if closing:
        _, deaf = await asyncio.wait(closing, timeout=_HANG_UP_SECONDS)
        for one in deaf:
            one.cancel()
        await asyncio.gather(*closing, return_exceptions=True)


async def connect(bot: commands.AutoShardedBot, *, first_seconds: float = FIRST_SECONDS) -> None:
    """Stay connected until the bot is closed; discord.py resumes by itself once the first connection stands.

    Raises:
        TokenRefused: Discord says that the token is wrong.
        UNREACHABLE: The first connection did not stand in time, or one broke for good.
    """
    connecting = asyncio.ensure_future(bot.connect())
    ready = asyncio.ensure_future(bot.wait_until_ready())
    try:
        bound = first_seconds + 5.0 * ((bot.shard_count or 1) - 1)
        await asyncio.wait({connecting, ready}, timeout=bound, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done() and not connecting.done():
            raise TimeoutError("the first connection did not stand in time")
        await connecting
    except discord.ConnectionClosed as closed:
        if closed.code == 4004:
            raise TokenRefused from closed
        raise ConnectionError(f"the gateway closed with {closed.code}") from closed
    except discord.PrivilegedIntentsRequired as refused:
        raise ConnectionError("the gateway refuses the intents") from refused
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # What discord.py itself stumbles over, in whatever the gateway sent, must not end us.
        log.warning("discord.py stumbled.", exc_info=error)
        raise ConnectionError(f"discord.py stumbled ({type(error).__name__})") from error
    finally:
        for task in (connecting, ready):
            task.cancel()
        await asyncio.gather(connecting, ready, return_exceptions=True)
