"""What Discord's events say of servers: an outage keeps all settings, and a departure is noted until a return."""

from pathlib import Path

from simcord.backend import serializers

from bot.entities import ServerRules
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world


async def wait_for_departure(w: SimcordWorld, *, noted: bool) -> None:
    """Wait until the departure of the server is noted, or forgotten; there is no event for a row."""
    for _ in range(3000):
        if (GUILD_ID in await w.app.store.departures.list_departures()) is noted:
            return
        await w.clock.sleep(0.01)
    raise AssertionError(f"the departure is not {'noted' if noted else 'forgotten'}")


async def test_outage_is_no_departure_and_a_return_forgets_one(tmp_path: Path) -> None:
    """GUILD_DELETE with `unavailable` is an outage; without it, or with false, the bot was removed."""
    async with open_simcord_world(tmp_path) as w:
        store, bot = w.app.store, w.app.bot
        await store.rules.change_server_rules(GUILD_ID, lambda _: (ServerRules(paused=True), ()))
        back = {**serializers.guild_create_payload(w.env.backend, w.env.backend.get_guild(GUILD_ID))}
        back.pop("unavailable", None)  # only a server that was away has it
        w.env.backend.emit("GUILD_DELETE", {"id": str(GUILD_ID), "unavailable": True})
        await w.until(lambda: (guild := bot.get_guild(GUILD_ID)) is not None and guild.unavailable)
        assert bot.is_in_guild(GUILD_ID)
        await w.app.departures.check_servers()
        assert await store.departures.list_departures() == {}
        w.env.backend.emit("GUILD_CREATE", {**back, "unavailable": False})
        await w.until(lambda: (guild := bot.get_guild(GUILD_ID)) is not None and not guild.unavailable)

        for gone in ({}, {"unavailable": False}):
            w.env.backend.emit("GUILD_DELETE", {"id": str(GUILD_ID), **gone})
            await wait_for_departure(w, noted=True)
            assert bot.is_in_guild(GUILD_ID) is False
            w.env.backend.emit("GUILD_CREATE", back)
            await wait_for_departure(w, noted=False)
            assert bot.is_in_guild(GUILD_ID)
        assert (await store.rules.find_rules(GUILD_ID, 0)).server.paused
        assert not w.env.errors


async def test_server_that_is_deleted_in_an_outage_counts_as_left(tmp_path: Path) -> None:
    """Discord's second event says so."""
    async with open_simcord_world(tmp_path) as w:
        for gone in ({"unavailable": True}, {}):
            w.env.backend.emit("GUILD_DELETE", {"id": str(GUILD_ID), **gone})
        await wait_for_departure(w, noted=True)
        assert not w.env.errors
