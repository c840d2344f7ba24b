"""Which events of Discord have refused messages drawn again."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from cogs.gateway.place_changes import PlaceChanges

GUILD, BOT = 6, 42


@pytest.fixture
def woken() -> list[tuple[int | None, int | None]]:
    return []


@pytest.fixture
def changes(woken: list[tuple[int | None, int | None]]) -> PlaceChanges:
    client: Any = SimpleNamespace(user=SimpleNamespace(id=BOT))
    return PlaceChanges(client, lambda *ids: woken.append(ids))


def something(**fields: Any) -> Any:  # noqa: ANN401
    """One of Discord's objects, in a server."""
    return SimpleNamespace(guild=SimpleNamespace(id=GUILD), **fields)


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
    changes: PlaceChanges, woken: list[tuple[int | None, int | None]], state: dict[str, Any], *, is_open: bool
) -> None:
    data: Any = {"id": "5", "type": 11, "guild_id": str(GUILD), "parent_id": "4", "thread_metadata": state}
    await changes.on_raw_thread_update(discord.RawThreadUpdateEvent(data))
    assert woken == ([(GUILD, 5)] if is_open else [])


@pytest.mark.parametrize("changed", [True, False])
async def test_permissions_of_a_channel_and_a_role(
    changes: PlaceChanges, woken: list[tuple[int | None, int | None]], *, changed: bool
) -> None:
    """Another name, topic or color is none."""
    before, after = something(overwrites={}), something(overwrites={1: 2} if changed else {})
    await changes.on_guild_channel_update(before, after)
    before, after = something(permissions=0), something(permissions=int(changed))
    await changes.on_guild_role_update(before, after)
    assert woken == ([(GUILD, None)] * 2 if changed else [])


@pytest.mark.parametrize(("member", "is_own"), [(BOT, True), (7, False)])
async def test_the_bots_own_membership(
    changes: PlaceChanges, woken: list[tuple[int | None, int | None]], member: int, *, is_own: bool
) -> None:
    """Its roles, and the end of a timeout."""
    await changes.on_member_update(something(id=member), something(id=member))
    assert woken == ([(GUILD, None)] if is_own else [])


async def test_a_server_that_the_bot_joins_again(
    changes: PlaceChanges, woken: list[tuple[int | None, int | None]]
) -> None:
    guild: Any = SimpleNamespace(id=GUILD)
    await changes.on_guild_join(guild)
    assert woken == [(GUILD, None)]


async def test_a_connection_that_is_back(changes: PlaceChanges, woken: list[tuple[int | None, int | None]]) -> None:
    """A first session is none: after a start, messages keep to their pauses."""
    await changes.on_shard_ready(0)
    await changes.on_shard_ready(1)
    assert woken == []
    await changes.on_shard_ready(0)
    await changes.on_resumed()
    assert woken == [(None, None)] * 2
