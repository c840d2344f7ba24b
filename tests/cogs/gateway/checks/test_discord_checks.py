"""What `python -m bot check` asks Discord."""

from dataclasses import replace

import pytest

from bot.clock import Clock
from bot.settings import Settings
from cogs.commands.help_check import COMMAND_NAMES
from cogs.gateway.checks.discord_checks import check_discord
from cogs.gateway.sharded_bot import ShardedBot
from tests.wire.loopback import LoopbackDiscord
from tests.wire.loopback_world import SEND_IN_THREADS, USUAL

ALL = USUAL | SEND_IN_THREADS
EMBED_LINKS, ADMINISTRATOR = 1 << 14, 1 << 3


async def check(bot: ShardedBot, **changes: object) -> dict[str, str]:
    """Return the findings that are not plainly good, by name."""
    given = {"discord_token": "abc", "mj_api_key": "sk", **changes}
    settings = Settings.read(_env_file=None, **given)
    findings = await check_discord(bot, settings, COMMAND_NAMES, Clock())
    return {each.name: str(each) for each in findings if not each.is_ok or each.advice}


def register(discord: LoopbackDiscord, *names: str) -> None:
    discord.commands = [{"id": str(n), "name": name, "type": 1} for n, name in enumerate(names)]


async def test_nothing_is_wrong(discord: LoopbackDiscord, bot: ShardedBot) -> None:
    register(discord, *COMMAND_NAMES)
    assert await check(bot) == {}


@pytest.mark.parametrize(
    ("registered", "missing"),
    [
        (("other",), "all of them"),
        (tuple(name for name in COMMAND_NAMES if name != "imagine"), "/imagine"),
        (tuple(name for name in COMMAND_NAMES if name not in {"seed", "blend"}), "/blend, /seed"),
    ],
)
async def test_commands_that_are_not_registered_are_named(
    discord: LoopbackDiscord, bot: ShardedBot, registered: tuple[str, ...], missing: str
) -> None:
    register(discord, *registered)
    said = (await check(bot))["Commands"]
    assert said.startswith(f"WARN  Commands: not registered with Discord yet: {missing}. Start the bot")


async def test_a_bot_that_has_never_started_is_no_warning(discord: LoopbackDiscord, bot: ShardedBot) -> None:
    register(discord)
    assert "Commands" not in await check(bot)


@pytest.mark.parametrize(
    ("permissions", "missing"),
    [
        (ALL & ~EMBED_LINKS, "Embed Links"),
        (0, "View Channels, Send Messages, Send Messages in Threads, Embed Links, Attach Files, Read Message History"),
        (ALL & ~(1 << 15) & ~(1 << 10), "View Channels, Attach Files"),
        (ADMINISTRATOR, ""),
    ],
)
async def test_missing_permissions_of_a_server_are_named(
    discord: LoopbackDiscord, bot: ShardedBot, permissions: int, missing: str
) -> None:
    discord.bot = replace(discord.bot, permissions=permissions)
    said = (await check(bot)).get("Permissions in Atelier", "")
    assert said.startswith(f"FAIL  Permissions in Atelier: missing: {missing}. Give these" if missing else "")
    assert bool(said) == bool(missing)


async def test_a_bot_without_a_server_is_told_how_to_join_one(discord: LoopbackDiscord, bot: ShardedBot) -> None:
    """It is a warning where people may install the bot for their own account."""
    discord.guilds.clear()
    assert (await check(bot))["Servers"].startswith("WARN  Servers: the bot is in no server yet. Open the invite link")


@pytest.mark.parametrize(
    ("url", "remaining", "said"),
    [
        ("ws://127.0.0.1:9/gw/", 1000, "FAIL  Gateway: 127.0.0.1 can't be reached (ClientConnectorError)"),
        ("ws://gateway.invalid/", 1000, "FAIL  Gateway: gateway.invalid can't be reached (ClientConnectorDNSError)"),
        ("", 0, "FAIL  Gateway: Discord accepts no more logins of this bot for 1440 min"),
    ],
)
async def test_a_gateway_that_cannot_be_used_is_a_failure(
    discord: LoopbackDiscord, bot: ShardedBot, url: str, remaining: int, said: str
) -> None:
    """Without a login, which Discord would count."""
    discord.gateway_url = url or discord.gateway_url
    discord.session_start_limit["remaining"] = remaining
    assert (await check(bot))["Gateway"].startswith(said)
    assert discord.identifies == 0


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/users/@me/guilds", "Servers"),
        ("/guilds/*", "Servers"),
        ("/gateway/bot", "Gateway"),
        ("/applications/*/commands", "Commands"),
    ],
)
async def test_a_question_that_discord_does_not_answer_hides_no_other(
    discord: LoopbackDiscord, bot: ShardedBot, path: str, name: str
) -> None:
    discord.fail("GET", path, 403, times=None)
    found = await check(bot)
    assert found[name].startswith(f"FAIL  {name}: can't be checked: Discord doesn't answer (")
    assert [other for other, said in found.items() if other != name and said.startswith("FAIL")] == []


async def test_ids_of_the_wrong_kind_are_failures(discord: LoopbackDiscord, bot: ShardedBot) -> None:
    """Next to the server that they lock out."""
    found = await check(
        bot,
        allowed_guilds=frozenset({discord.member.id}),
        allowed_users=frozenset({discord.guild_id, discord.owner.id}),
    )
    assert f"{discord.member.id} is the id of a person, not a server's." in found["ALLOWED_GUILDS"]
    assert f"{discord.guild_id} is the id of a server, not a person's." in found["ALLOWED_USERS"]
    assert found[f"Server Atelier ({discord.guild_id})"].startswith("FAIL")


async def test_a_server_of_a_stranger_is_a_warning_beside_an_own_one(discord: LoopbackDiscord, bot: ShardedBot) -> None:
    discord.guilds[discord.foreign_guild_id] = "Elsewhere"
    found = await check(bot, allowed_guilds=frozenset({discord.guild_id}))
    assert found[f"Server Elsewhere ({discord.foreign_guild_id})"].startswith("WARN")
    assert f"Server Atelier ({discord.guild_id})" not in found
