"""The composition root: what it logs, survives, and leaves behind."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.app import open_app
from bot.app.services import _report_new_database
from bot.errors import StoreUnavailable
from cogs.context import Interaction
from sandbox.relay import RelaySettings
from tests.worlds.simcord import GUILD_ID, open_simcord_world, settings


async def test_the_start_logs_the_invite_link_and_the_servers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log holds the invite link with the least permissions, and the servers' names."""
    caplog.set_level(logging.INFO, "bot.app")
    async with open_simcord_world(tmp_path) as w:
        await w.restart()
        link = next(line for line in caplog.messages if line.startswith("Invite link: "))
        assert f"client_id={w.app.bot.application_id}" in link
        assert "In 1 server: Art." in caplog.messages


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {},
            [
                (
                    "Who may draw: all members of 1 server (ALLOWED_GUILDS); outside servers only you or your team "
                    "(ALLOWED_USERS is not set). Limits: 30 jobs a day (UTC) for each person and 500 for all "
                    "together, no wait between two."
                ),
                f"Server Art ({GUILD_ID}): this server may draw, because ALLOWED_GUILDS names it.",
            ],
        ),
        (
            {"allowed_guilds": frozenset({4711}), "daily_submits_per_person": 1, "press_cooldown_seconds": 3},
            [
                (
                    "Who may draw: all members of 1 server (ALLOWED_GUILDS); outside servers only you or your team "
                    "(ALLOWED_USERS is not set). Limits: 1 job a day (UTC) for each person and 500 for all together, 3 "
                    "s between two of one person."
                ),
                (
                    f"Server Art ({GUILD_ID}): no one may draw, because ALLOWED_GUILDS names only other servers. To "
                    f"allow it, add {GUILD_ID} to ALLOWED_GUILDS and restart the bot."
                ),
                (
                    "ALLOWED_GUILDS: 4711 is no server that the bot has joined, so no one may draw there. Add the bot "
                    "to that server with the invite link, or correct the id."
                ),
            ],
        ),
        (
            {"allowed_guilds": frozenset(), "daily_submits": 0},
            [
                (
                    "Who may draw: no one, because DAILY_SUBMITS is 0: drawing is switched off. To switch it on, set "
                    "it to 1 or more."
                ),
                (
                    f"Server Art ({GUILD_ID}): no one may draw, because neither the owner of the application nor its "
                    f"team owns or manages it. To allow it, set ALLOWED_GUILDS to {GUILD_ID} and the ids of your other "
                    "servers, or press Allow in /mjadmin."
                ),
            ],
        ),
    ],
)
async def test_the_start_logs_who_may_draw_and_where(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], lines: list[str]
) -> None:
    """The limits are in one line; a server in which no one may draw is a warning."""
    caplog.set_level(logging.INFO)
    async with open_simcord_world(tmp_path, **changes) as w:
        await w.until(lambda: lines[-1] in caplog.messages)
    assert [message for message in caplog.messages if message in lines] == lines
    levels = {record.getMessage(): record.levelname for record in caplog.records}
    assert [levels[line] == "WARNING" for line in lines] == ["To " in line or "Add " in line for line in lines]


async def test_a_wrong_key_is_logged_at_the_start_of_an_idle_bot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_simcord_world(tmp_path, mj_api_key="sk-another") as w:
        said = "API key: the relay does not know MJ_API_KEY. Copy MJ_API_KEY again from the relay's console."
        await w.until(lambda: said in caplog.messages)


async def test_a_server_that_the_bot_joins_later_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Most people invite the bot after its first start."""
    caplog.set_level(logging.INFO)
    async with open_simcord_world(tmp_path) as w:
        await w.until(lambda: "commands with Discord" in caplog.text)
        guild = w.app.bot.get_guild(GUILD_ID)
        assert guild is not None
        caplog.clear()
        w.app.bot.dispatch("guild_join", guild)
        await w.until(lambda: f"Server Art ({GUILD_ID}): this server may draw" in caplog.text)


async def test_no_secret_and_no_prompt_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At the default level the log tells states and ids, and nothing that people typed."""
    caplog.set_level(logging.INFO)
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid", prompt="a private wish"))
        await w.child(await w.click(w.member, parent, "U2"), "✅")
        for secret in ("a private wish", "sk-sandbox", "simulated", "simcord_interaction"):
            assert secret not in caplog.text


async def test_a_refusal_of_the_commands_is_repeated_rarely(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Commands that Discord refuses are an error in the log, and the bot goes on."""
    async with open_simcord_world(tmp_path) as w:
        w.env.backend.commands[None]["mjhelp", 1]["description"] = "older"
        w.env.inject_error("PUT", "/applications/*/commands", status=400, code=50035, times=None)
        await w.restart()
        await w.until(lambda: "Discord refuses to register the commands" in caplog.text)
        await w.finished(w.relay.add_task("grid"))
        assert "owners" not in await w.app.health.find_problems()


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (404, 0), (401, 0), (400, 50035)])
async def test_the_owner_of_the_application_is_asked_for_until_known(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int, code: int
) -> None:
    """Readiness says so meanwhile, and the servers of the owner may draw as soon as Discord tells."""
    async with open_simcord_world(tmp_path) as w:
        w.env.inject_error("GET", "/oauth2/applications/@me", status=status, code=code, times=3)
        await w.restart(allowed_guilds=frozenset())
        await w.until(lambda: "tell who owns this application" in caplog.text)
        [refused] = [line for line in caplog.messages if "refuses to tell who owns this application" in line]
        assert refused.endswith("), so nobody may draw; asking again.")
        await w.until(lambda: w.app.trust.owners == {w.owner.id})
        assert "owners" not in await w.app.health.find_problems()
        assert "Discord agrees to tell who owns this application now." in caplog.messages


async def test_a_failing_command_is_answered_with_its_number(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log has the same number."""
    async with open_simcord_world(tmp_path) as w:

        @app_commands.command(name="broken", description="It breaks")
        async def broken(interaction: Interaction) -> None:
            raise RuntimeError(interaction.id)

        w.app.bot.tree.add_command(broken)
        await w.app.bot.tree.sync()
        answer = await w.slash(w.member, "broken")
        assert "Something went wrong on my side" in await w.told(answer)
        assert str(answer._interaction.id) in w.said(answer)
        assert str(answer._interaction.id) in caplog.text


async def test_an_unusable_database_prevents_the_start(tmp_path: Path) -> None:
    """It may be a file of another kind."""
    (tmp_path / "mjbot.db").write_bytes(b"this is no database, and never was one" * 100)
    with pytest.raises(StoreUnavailable):
        async with open_app(settings("http://127.0.0.1:9", tmp_path, {}), shard_count=1):
            raise AssertionError("it opened")


@pytest.mark.parametrize("tries", [1, 2, 3])
async def test_a_new_database_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture, tries: int) -> None:
    """It is opened anew for each try to connect; a first start reads that it is as it should be."""
    caplog.set_level(logging.INFO, "bot.app")
    _report_new_database.cache_clear()
    for _ in range(tries):
        async with open_app(settings("http://127.0.0.1:9", tmp_path, {}), shard_count=1) as app:
            await app.start_records()
    found = [
        record for record in caplog.records if record.name == "bot.app.services" and "database" in record.getMessage()
    ]
    assert [record.levelno for record in found] == [logging.INFO]
    assert found[0].getMessage().startswith("The database is new, as it should be at the bot's first start.")


async def test_no_asyncio_task_is_left_at_the_end(tmp_path: Path) -> None:
    """After the end no asyncio task of ours is left."""
    before = asyncio.all_tasks()
    async with open_simcord_world(tmp_path) as w:
        await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"))
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_the_bot_asks_for_no_privileged_intent(tmp_path: Path) -> None:
    """The servers' intent is enough for slash commands and buttons, and no member is mentioned by accident."""
    async with open_simcord_world(tmp_path) as w:
        assert w.app.bot.intents == discord.Intents(guilds=True)
        mentions: Any = w.app.bot.allowed_mentions
        assert mentions.to_dict() == {"parse": []}
        assert w.app.bot.get_guild(GUILD_ID) is not None


async def test_polls_without_an_answer_make_the_bot_unready(tmp_path: Path) -> None:
    """A minute after the relay went away, by the bot's clock, while a task is watched."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=3600, picture_side=64)) as w:
        await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"))
        await w.until(lambda: w.app.poller.outage.last_answer_at)
        assert await w.app.health.find_problems() == {}
        w.relay.down = True
        begun, reasons = w.clock.now(), dict[str, str]()
        while "polls" not in reasons:
            assert w.clock.now() - begun < timedelta(minutes=30)
            await asyncio.sleep(0.1)
            reasons = await w.app.health.find_problems()
        assert w.clock.now() - begun > timedelta(seconds=55)
        assert reasons["polls"].startswith("the relay has answered no poll for ")
        assert set(reasons) <= {"polls", "key"}
