"""Whether every shard has a session, from discord.py's events and sockets."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from cogs.gateway.shard_health import ShardHealth

Listener = Callable[[int], Awaitable[None]]


@dataclass
class Shard:
    """A shard's socket."""

    closed: bool = False

    def is_closed(self) -> bool:
        """Whether the socket is closed."""
        return self.closed


@dataclass
class Bot:
    """As much of a commands.AutoShardedBot as Sessions asks."""

    shards: dict[int, Shard]
    ready: bool = True
    listeners: dict[str, Listener] = field(default_factory=dict[str, Listener])

    def is_ready(self) -> bool:
        """Whether READY arrived for all shards."""
        return self.ready

    def add_listener(self, listener: Listener, name: str) -> None:
        """Take a listener."""
        self.listeners[name] = listener

    async def dispatch(self, event: str, shard_id: int) -> None:
        """Dispatch the event to its listener."""
        await self.listeners[f"on_{event}"](shard_id)


def shards_of(count: int, **more: Any) -> tuple[Bot, ShardHealth]:  # noqa: ANN401
    bot = Bot({number: Shard() for number in range(count)}, **more)
    return bot, ShardHealth(bot)  # type: ignore[arg-type]


async def test_a_bot_that_is_not_ready_is_not_connected() -> None:
    """Before READY nothing else counts."""
    _, shards = shards_of(1, ready=False)
    assert shards.find_problem() == "not connected to Discord's gateway yet"


async def test_a_session_is_lost_until_it_is_resumed_or_replaced() -> None:
    """An open socket is not enough: READY or RESUMED must follow."""
    bot, shards = shards_of(1)
    assert shards.find_problem() == ""
    for back in ("shard_resumed", "shard_connect"):
        await bot.dispatch("shard_disconnect", 0)
        assert shards.find_problem() == "the connection to Discord's gateway is lost"
        await bot.dispatch(back, 0)
        assert shards.find_problem() == ""


async def test_lost_shards_are_counted_once_each() -> None:
    """A closed socket, and a session that ended, are two shards of three; both at one shard are one."""
    bot, shards = shards_of(3)
    bot.shards[2].closed = True
    assert shards.find_problem() == "1 of 3 connections to Discord's gateway are lost"
    await bot.dispatch("shard_disconnect", 2)
    assert shards.find_problem() == "1 of 3 connections to Discord's gateway are lost"
    await bot.dispatch("shard_disconnect", 0)
    assert shards.find_problem() == "2 of 3 connections to Discord's gateway are lost"
