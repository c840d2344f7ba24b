"""Connecting to Discord, patiently: log in, ask how, connect, and never end in a restart storm.

Left alone, discord.py retries a first connection that fails by calling itself, which ends in a RecursionError after
hours, and gives up at once where `GET /gateway/bot` fails. Here both are bounded, and whoever calls builds anew.
"""

import asyncio
import logging

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from cogs.gateway.sharded_bot import MALFORMED_ANSWER_ERRORS, ShardedBot

log = logging.getLogger(__name__)

FIRST_CONNECTION_SECONDS = 90.0
"""How long the first connection of all shards may take, for each of them after the first 5 s more."""

_LOGIN_SECONDS = 60.0

UNREACHABLE_ERRORS = (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError, TimeoutError)
"""What a Discord that is not there looks like; LoginFailure is none of these and says that the token is wrong."""


class TokenRefused(Exception):
    """Discord refuses the bot's token."""


class ShardsRefused(ConnectionError):
    """Discord refuses to have its guilds cut up as the settings say; the text says what to do."""


def override_api_url(url: str) -> None:
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


async def prepare_shards(bot: ShardedBot, *, elsewhere: bool) -> None:
    """Ask Discord how many shards it wants, and wait until ours may connect.

    `elsewhere` tells that REST goes to a Discord of our own, whose gateway is then used too.

    Raises:
        UNREACHABLE: Discord cannot be asked, or its answer makes no sense.
    """
    try:
        async with asyncio.timeout(_LOGIN_SECONDS):
            data = await bot.fetch_gateway_info()
        bot.identify_limiter.update_limit(data.get("session_start_limit"))
        bot.recommended_shard_count = int(data.get("shards") or 1)
        gateway = yarl.URL(data["url"])
    except MALFORMED_ANSWER_ERRORS as error:
        raise ConnectionError("GET /gateway/bot gave something else") from error
    # discord.py leaves None here until it is told, whatever its annotation says.
    bot.shard_count = bot.shard_count or bot.recommended_shard_count
    if elsewhere:
        DiscordWebSocket.DEFAULT_GATEWAY = gateway
    await bot.identify_limiter.wait_until_allowed(bot.own_shard_ids)


async def close_gateway(bot: ShardedBot) -> None:
    """Close the gateway's sockets, and nothing else: Discord sends no more clicks, while its REST API still works."""
    await asyncio.gather(*(shard.disconnect() for shard in bot.shards.values()), return_exceptions=True)


async def connect(bot: ShardedBot, *, first_seconds: float = FIRST_CONNECTION_SECONDS) -> None:
    """Stay connected until the bot is closed; discord.py resumes by itself once the first connection stands.

    Raises:
        TokenRefused: Discord says that the token is wrong.
        ShardsRefused: Discord wants other shards.
        UNREACHABLE: The first connection did not stand in time, or one broke for good.
    """
    connecting = asyncio.ensure_future(bot.connect())
    ready = asyncio.ensure_future(bot.wait_until_ready())
    try:
        # All processes' shards: they may start at the same time, and Discord takes them one by one.
        bound = first_seconds + 5.0 * ((bot.shard_count or 1) - 1)
        while True:
            await asyncio.wait({connecting, ready}, timeout=bound, return_when=asyncio.FIRST_COMPLETED)
            if ready.done() or connecting.done():
                break
            if not bot.identify_limiter.has_waiting_shards:
                raise TimeoutError("the first connection did not stand in time")
        await connecting
    except discord.ConnectionClosed as closed:
        raise _of_close(bot, closed) from closed
    except discord.PrivilegedIntentsRequired as refused:
        raise ConnectionError("the gateway refuses the intents") from refused
    except (*MALFORMED_ANSWER_ERRORS, RecursionError) as error:
        # What discord.py itself stumbles over, in whatever the gateway sent, must not end us.
        log.warning("discord.py stumbled.", exc_info=error)
        raise ConnectionError(f"discord.py stumbled ({type(error).__name__})") from error
    finally:
        for task in (connecting, ready):
            task.cancel()
        await asyncio.gather(connecting, ready, return_exceptions=True)


def _of_close(bot: ShardedBot, closed: discord.ConnectionClosed) -> Exception:
    """Say what a close code is at which discord.py gives up."""
    match closed.code:
        case 4004:
            return TokenRefused()
        case 4010:
            which = f"shard {closed.shard_id} of {bot.shard_count}"
            return ShardsRefused(
                f"Discord knows no {which} (4010): set SHARD_COUNT alike, and SHARD_IDS, in every process"
            )
        case 4011:
            few = f"{bot.shard_count} shards are too few for Discord (4011)"
            advice = (
                f"leave SHARD_COUNT empty, or set it to {bot.recommended_shard_count} or more, alike in every process"
            )
            return ShardsRefused(f"{few}: {advice}")
        case code:
            return ConnectionError(f"the gateway closed with {code}")
