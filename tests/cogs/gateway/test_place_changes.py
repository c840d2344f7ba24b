"""Which events of Discord have refused messages drawn again."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.entities import Place
from cogs.gateway.place_changes import PlaceChanges
from tests.fakes.sample_entities import place

GUILD, BOT = 6, 42


PARENT, OTHER, THREAD = 51, 52, 53
VIEW, ATTACH, KICK = 1 << 10, 1 << 15, 1 << 1
Woken = list[tuple[int | None, int | None]]
"""The ids of each call."""


@pytest.fixture
def woken() -> Woken:
    return []


@pytest.fixture
def opened() -> list[list[int]]:
    """Which of three channels each call would wake."""
    return []


@pytest.fixture
def changes(woken: Woken, opened: list[list[int]]) -> PlaceChanges:
    """The cog of a bot whose cache knows two channels, and no thread."""

    def wake(guild_id: int | None, channel_id: int | None, is_open: Callable[[Place], bool]) -> None:
        woken.append((guild_id, channel_id))
        channels = (PARENT, OTHER, THREAD)
        opened.append([one for one in channels if is_open(replace(place(), guild_id=GUILD, channel_id=one))])

    me = SimpleNamespace(is_timed_out=lambda: False)
    known = {one: channel(discord.Permissions(VIEW), one) for one in (PARENT, OTHER)}
    guild = SimpleNamespace(unavailable=False, get_channel_or_thread=known.get, me=me)
    client: Any = SimpleNamespace(user=SimpleNamespace(id=BOT), get_guild={GUILD: guild}.get)
    return PlaceChanges(client, wake)


def something(**fields: Any) -> Any:  # noqa: ANN401
    """One of Discord's objects, in a server where the bot has two roles."""
    me = SimpleNamespace(roles=[SimpleNamespace(id=GUILD), SimpleNamespace(id=8)])
    return SimpleNamespace(guild=SimpleNamespace(id=GUILD, me=me), **fields)


def channel(granted: discord.Permissions, channel_id: int = PARENT) -> Any:  # noqa: ANN401
    """A channel where the bot may do that."""

    def find_permissions(_: object) -> discord.Permissions:
        return granted

    return something(id=channel_id, overwrites={1: granted}, permissions_for=find_permissions)


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        ({"archived": False, "locked": False}, True),
        ({"archived": False}, True),
        ({"archived": True, "locked": False}, False),
        ({"archived": True, "locked": True}, False),
        ({"archived": False, "locked": True}, True),
    ],
)
async def test_a_thread_that_is_open_again(
    changes: PlaceChanges, woken: Woken, state: dict[str, Any], *, is_open: bool
) -> None:
    data: Any = {"id": "5", "type": 11, "guild_id": str(GUILD), "parent_id": "4", "thread_metadata": state}
    await changes.on_raw_thread_update(discord.RawThreadUpdateEvent(data))
    assert woken == ([(GUILD, 5)] if is_open else [])


_GRANTS = [
    (0, VIEW, True),
    (KICK, KICK | ATTACH, True),
    (0, discord.Permissions(administrator=True).value, True),
    (VIEW, 0, False),
    (VIEW, VIEW, False),
    (VIEW, VIEW | KICK, False),
]


@pytest.mark.parametrize(("before", "after", "wakes"), _GRANTS)
async def test_permissions_of_a_channel(
    changes: PlaceChanges, woken: Woken, opened: list[list[int]], before: int, after: int, *, wakes: bool
) -> None:
    """Of that channel, and of threads that the cache does not know."""
    await changes.on_guild_channel_update(channel(discord.Permissions(before)), channel(discord.Permissions(after)))
    assert woken == ([(GUILD, None)] if wakes else [])
    assert opened == ([[PARENT, THREAD]] if wakes else [])


@pytest.mark.parametrize(("before", "after", "wakes"), _GRANTS)
@pytest.mark.parametrize(("role", "is_own"), [(8, True), (GUILD, True), (9, False)])
async def test_permissions_of_a_role(
    changes: PlaceChanges, woken: Woken, before: int, after: int, role: int, *, wakes: bool, is_own: bool
) -> None:
    """Of one that the bot has."""
    old, new = (something(id=role, permissions=discord.Permissions(value)) for value in (before, after))
    await changes.on_guild_role_update(old, new)
    assert woken == ([(GUILD, None)] if wakes and is_own else [])


@pytest.mark.parametrize("member", [BOT, 7])
@pytest.mark.parametrize(
    ("changed", "opens"), [({"roles": [1, 2]}, True), ({"timed_out_until": None}, True), ({"nick": "new"}, False)]
)
async def test_the_bots_own_membership(
    changes: PlaceChanges, woken: Woken, member: int, changed: dict[str, Any], *, opens: bool
) -> None:
    """Its roles, and the end of a timeout."""
    fields = {"id": member, "roles": [1], "timed_out_until": 5, "nick": "old"}
    await changes.on_member_update(something(**fields), something(**{**fields, **changed}))
    assert woken == ([(GUILD, None)] if opens and member == BOT else [])


async def test_a_server_that_the_bot_joins_again(changes: PlaceChanges, woken: Woken) -> None:
    guild: Any = SimpleNamespace(id=GUILD)
    await changes.on_guild_join(guild)
    assert woken == [(GUILD, None)]


async def test_a_connection_that_is_back(changes: PlaceChanges, woken: Woken) -> None:
    """A first session is none: after a start, messages keep to their pauses."""
    await changes.on_shard_ready(0)
    await changes.on_shard_ready(1)
    assert woken == []
    await changes.on_shard_ready(0)
    await changes.on_resumed()
    assert woken == [(None, None)] * 2
