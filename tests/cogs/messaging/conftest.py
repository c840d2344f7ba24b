"""The room in which messages are drawn."""

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.clock import Clock
from cogs.messaging.message_editor import DiscordMessageEditor
from cogs.messaging.rate_limits import RateLimiter
from tests.cogs.messaging.editor_room import Hasty, Hurry, Room, answered
from tests.wire.loopback import LoopbackDiscord


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    """A room whose client is connected; in the end nothing was refused."""
    monkeypatch.setattr("discord.webhook.async_.asyncio", Hasty())
    monkeypatch.setattr("discord.http.asyncio", Hasty())
    async with LoopbackDiscord(limits=False) as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        client = discord.Client(intents=discord.Intents(guilds=True), guild_ready_timeout=0.01)
        time = Hurry()
        clock = Clock(time.now, time.sleep, lambda: time.now().timestamp())
        turns = RateLimiter(clock.monotonic, clock.sleep)
        async with client:
            await client.login(server.token)
            connection = asyncio.create_task(client.connect())
            await asyncio.wait_for(client.wait_until_ready(), 10)
            yield Room(
                server, client, DiscordMessageEditor(client, turns, clock), time, *answered(server, server.channels[0])
            )
        await turns.close()
        await asyncio.wait_for(connection, 5)
        assert server.refused == []
