"""Connect to Discord: log in, ask how many shards to start, connect, and stay connected.

discord.py retries a failing first connection by recursion, which ends in a RecursionError after hours, and gives up
at once if `GET /gateway/bot` fails. Here both raise an error in bounded time, and the caller builds a new bot.
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
from cogs.messaging.blocked_requests import RequestsBlocked

log = logging.getLogger(__name__)

FIRST_CONNECTION_SECONDS = 90.0
"""How long the first connection of all shards may take; each shard after the first gets 5 s more."""

_LOGIN_SECONDS = 60.0

UNREACHABLE_ERRORS = (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError, TimeoutError)
"""What discord.py raises while Discord cannot be reached; LoginFailure, for a wrong token, is none of them."""


class TokenRefused(Exception):
    """Discord refuses the bot's token."""


class ShardsRefused(ConnectionError):
    """Discord refuses the shard settings; the text says how to correct them."""


def override_api_url(url: str) -> None:
    """Send REST requests to `url` instead of Discord, which also names the gateway to use."""
    Route.BASE = url


async def log_in(bot: commands.AutoShardedBot, token: str) -> None:
    """Log in, which also adds the cogs.

    Raises:
        TokenRefused: Discord refuses the token.
        RequestsBlocked: Discord blocks this machine's address, or this bot.
        UNREACHABLE_ERRORS: Discord cannot be reached.
    """
    try:
        async with asyncio.timeout(_LOGIN_SECONDS):
            await bot.login(token)
    except discord.LoginFailure as refused:
        raise TokenRefused from refused
    except RequestsBlocked as blocked:
        raise blocked.generalize() from blocked


async def prepare_shards(bot: ShardedBot, *, elsewhere: bool) -> None:
    """Ask Discord how many shards it recommends, and wait until this process's shards may connect.

    `elsewhere` says that DISCORD_API_URL is set: then the gateway of that server is used too.

    Raises:
        RequestsBlocked: Discord blocks this machine's address, or this bot.
        UNREACHABLE_ERRORS: Discord cannot be reached, or its answer is malformed.
    """
    try:
        async with asyncio.timeout(_LOGIN_SECONDS):
            data = await bot.fetch_gateway_info()
        bot.identify_limiter.update_limit(data.get("session_start_limit"))
        bot.recommended_shard_count = int(data.get("shards") or 1)
        gateway = yarl.URL(data["url"])
    except RequestsBlocked as blocked:
        raise blocked.generalize() from blocked
    except MALFORMED_ANSWER_ERRORS as error:
        raise ConnectionError("the answer to GET /gateway/bot is malformed") from error
    # None until it is set, whatever discord.py's annotation says.
    bot.shard_count = bot.shard_count or bot.recommended_shard_count
    if elsewhere:
        DiscordWebSocket.DEFAULT_GATEWAY = gateway
    await bot.identify_limiter.wait_until_allowed(bot.own_shard_ids)


async def close_gateway(bot: ShardedBot) -> None:
    """Close the gateway's sockets, and nothing else: Discord sends no more clicks, while its REST API still works."""
    await asyncio.gather(*(shard.disconnect() for shard in bot.shards.values()), return_exceptions=True)


async def connect(bot: ShardedBot, *, first_seconds: float = FIRST_CONNECTION_SECONDS) -> None:
    """Stay connected until the bot is closed; after the first connection, discord.py reconnects by itself.

    Raises:
        TokenRefused: Discord refuses the token.
        ShardsRefused: Discord refuses the number of shards.
        UNREACHABLE_ERRORS: The first connection took too long, or one was closed for good.
    """
    connecting = asyncio.ensure_future(bot.connect())
    ready = asyncio.ensure_future(bot.wait_until_ready())
    try:
        # The shards of all processes count: they may start together, and Discord accepts one at a time.
        timeout = first_seconds + 5.0 * ((bot.shard_count or 1) - 1)
        while True:
            await asyncio.wait({connecting, ready}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if ready.done() or connecting.done():
                break
            if not bot.identify_limiter.has_waiting_shards:
                raise TimeoutError("the first connection took too long")
        await connecting
    except discord.ConnectionClosed as closed:
        raise _translate_close_code(bot, closed) from closed
    except discord.PrivilegedIntentsRequired as refused:
        raise ConnectionError("the gateway refuses the intents") from refused
    except (*MALFORMED_ANSWER_ERRORS, RecursionError) as error:
        # discord.py fails on malformed data of the gateway, which must not end the process.
        log.warning("discord.py failed with an internal error.", exc_info=error)
        raise ConnectionError(f"internal error of discord.py ({type(error).__name__})") from error
    finally:
        for task in (connecting, ready):
            task.cancel()
        await asyncio.gather(connecting, ready, return_exceptions=True)


def _translate_close_code(bot: ShardedBot, closed: discord.ConnectionClosed) -> Exception:
    """Return the error for a close code after which discord.py gives up."""
    match closed.code:
        case 4004:
            return TokenRefused()
        case 4010:
            return ShardsRefused(
                f"Discord refuses shard {closed.shard_id} of {bot.shard_count} (4010): correct SHARD_IDS, and set "
                "the same SHARD_COUNT in every process"
            )
        case 4011:
            problem = f"Discord requires more than {bot.shard_count} shards (4011)"
            advice = f"leave SHARD_COUNT empty, or set it to {bot.recommended_shard_count} or more in every process"
            return ShardsRefused(f"{problem}: {advice}")
        case code:
            return ConnectionError(f"the gateway closed with {code}")
