"""A bot of this process that is logged in at a loopback Discord, and not connected to its gateway."""

from collections.abc import AsyncGenerator

import pytest
from discord.http import Route

from cogs.gateway import connection
from cogs.gateway.sharded_bot import ShardedBot
from tests.wire.loopback import LoopbackDiscord


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[LoopbackDiscord]:
    """A Discord to which this process's discord.py goes."""
    async with LoopbackDiscord() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        server.public = False
        yield server


@pytest.fixture
async def bot(discord: LoopbackDiscord) -> AsyncGenerator[ShardedBot]:
    """A bot that Discord has accepted."""
    bot = ShardedBot(shard_count=1)
    async with bot:
        await connection.log_in(bot, discord.token)
        yield bot
