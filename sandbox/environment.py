"""Run a relay, the bot's own code and a simulated Discord with a channel and two members in this process."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import simcord
from simcord import ChannelHandle, Env, MemberActor

from bot.app import App, open_app
from bot.clock import Clock
from bot.settings import Settings
from sandbox.command_permissions import add_permissions_route
from sandbox.relay import Relay, RelaySettings

DOCUMENTED_ID = "1730621826053455"
"""The id in the document that YEScale shows for its task query."""
_SETTLE_SECONDS = 15.0
"""Seconds that the bot may take to handle one interaction: on a busy machine it may first have to send pictures."""
GUILD_ID = 1_187_000_000_000_000_001


@dataclass(frozen=True)
class Environment:
    """The parts of an open sandbox: `member` is the person who uses the page, `guide` posts the welcome text."""

    relay: Relay
    app: App
    env: Env
    channel: ChannelHandle
    member: MemberActor
    guide: MemberActor


def build_settings(relay_url: str, folder: Path) -> Settings:
    """Return the bot's settings for a relay at `relay_url` and a database in `folder`; no `.env` is read."""
    return Settings.read(
        _env_file=None,
        discord_token="sandbox",  # noqa: S106 - opens nothing
        mj_api_key=RelaySettings().key,
        mj_api_url=relay_url,
        database_url=f"sqlite:///{folder / 'sandbox.db'}",
        allowed_guilds=frozenset({GUILD_ID}),
        allowed_users=frozenset(),
        poll_seconds=1,
        press_policy="anyone",
        press_cooldown_seconds=0,
        daily_submits_per_person=1000,
        daily_submits=1000,
        notify_after_seconds=30,
        watch_minutes=70,
        discord_api_url="",
    )


@asynccontextmanager
async def open_environment(relay_settings: RelaySettings) -> AsyncGenerator[Environment]:
    """Start the relay, the bot and the simulated Discord, and stop them when the block ends."""
    add_permissions_route()
    with tempfile.TemporaryDirectory(prefix="mjbot-") as folder:
        async with Relay(relay_settings).serve() as relay:
            # The bot is app before SimCord starts, so it runs on the clock of this machine.
            clock = Clock(now=lambda: datetime.now(UTC))
            async with (
                open_app(build_settings(relay.url, Path(folder)), clock=clock, shard_count=1) as app,
                simcord.run(app.bot, settle_timeout=_SETTLE_SECONDS, check_errors=False) as env,
            ):
                await app.start_records()
                # SimCord's clock starts in the past, and every relative time would read wrong.
                await env.advance_time((datetime.now(UTC) - env.now()).total_seconds())
                lien = env.create_user("lien", global_name="lien")
                guild = env.create_guild("Midjourney at home", id=GUILD_ID, owner=lien)
                channel = guild.create_text_channel(
                    "art", topic="Press U2 below the four pigs, then type /imagine, or /mjstatus and light"
                )
                member = guild.add_member(lien)
                guide = guild.add_member(env.create_user("guide", global_name="mjbot's guide"))
                async with app.run_background_work():
                    await app.bot.wait_until_ready()
                    if app.bot.user is not None:
                        await app.bot.user.edit(username="mjbot")
                    yield Environment(relay, app, env, channel, member, guide)
