"""/mjcheck about prices and the balance; and what a relay that tells nothing of them means for paid commands."""

from dataclasses import replace
from pathlib import Path

import discord
import pytest

from sandbox.relay import Relay, find_profile
from tests.worlds.simcord import GUILD_ID, QUICK, SimcordWorld, open_simcord_world

TELLS_MONEY = replace(find_profile("newapi-2026"), refresh_seconds=0.0, seconds_per_task=4.0, key_quota=2_100_000)
BALANCE = "⚠️ **Balance**: $4.20 left at the relay.\n**Next:** Top it up in the relay's console."


async def _check(w: SimcordWorld) -> str:
    role = w.guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    w.env.backend.get_guild(w.guild.id).members[w.member.id].role_ids.append(role.id)
    answer = (await w.slash(w.member, "mjcheck")).response
    assert answer is not None
    return (await w.until(lambda: answer.embeds))[0].description or ""


@pytest.mark.parametrize(("named", "is_known"), [({GUILD_ID}, True), (set(), False)])
async def test_only_the_operators_servers_are_told(tmp_path: Path, named: set[int], *, is_known: bool) -> None:
    """Elsewhere a stranger may be the manager."""
    async with open_simcord_world(tmp_path, TELLS_MONEY, balance_alarm="5", allowed_guilds=frozenset(named)) as w:
        await w.until(lambda: w.app.balance.balance.state == "known")
        text = await _check(w)
        assert (
            "⚠️ **Balance**: $4.20 left at the relay.\n**Next:** Top it up in the relay's console." in text
        ) is is_known
        assert ("an imagine costs about $0.10." in text) is is_known


async def test_a_low_balance_warns_once_and_leaves_the_bot_ready(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also across a restart."""
    async with open_simcord_world(tmp_path, TELLS_MONEY, balance_alarm="5") as w:
        await w.until(lambda: "down to $4.20; BALANCE_ALARM is $5.00" in caplog.text)
        assert "balance" not in await w.app.health.find_problems()
        await w.restart()
        await w.until(lambda: w.app.balance.balance.state == "known")
        await w.until(lambda: w.relay.requests["api"] >= 8)
        assert caplog.text.count("down to $4.20") == 1


async def test_a_relay_that_never_answers_about_money_delays_nothing(tmp_path: Path) -> None:
    """Requests go out while its unit and prices are still being read."""
    relay = Relay(QUICK)
    relay.script("unknown", delay=3600, times=50)
    async with open_simcord_world(tmp_path, relay, allowed_guilds=frozenset({GUILD_ID})) as w:
        await w.until(lambda: w.relay.account_reads)
        await w.slash(w.member, "imagine", prompt="a fox")
        await w.until(lambda: w.relay.submits)
        assert w.app.price_sources.money_state == "not read yet"
        assert "**Balance**: isn't read yet." in await _check(w)
