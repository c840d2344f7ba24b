"""Run a relay, the bot's own code and a simulated Discord with a channel and two members in this process."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import simcord
from simcord import ChannelHandle, Env, MemberActor

from bot.app import App, open_app, run_background_work
from bot.clock import Clock
from bot.settings import Settings
from sandbox.command_permissions import add_permissions_route
from sandbox.history import write_history
from sandbox.relay import Relay, RelaySettings

DOCUMENTED_ID = "1730621826053455"
"""The id in the document that YEScale shows for its task query."""
_SETTLE_SECONDS = 15.0
"""Seconds that the bot may take to handle one interaction: on a busy machine it may first have to send pictures."""
CONFIRM_ABOVE = Decimal("0.50")
"""A video costs more, and asks before it is drawn."""
_MEMBERS = ("minh", "ada", "kofi")
"""More people of the server, who have drawn there before."""
GUILD_ID = 1_187_000_000_000_000_001


@dataclass(frozen=True)
class Environment:
    """The parts of an open sandbox: `member` is the person who uses the page, `guide` posts the welcome text.

    `member` owns the server, and operates the bot. `log_channel` and `gallery` are the server's.
    """

    relay: Relay
    app: App
    env: Env
    channel: ChannelHandle
    log_channel: ChannelHandle
    gallery: ChannelHandle
    member: MemberActor
    guide: MemberActor


def build_settings(relay_url: str, folder: Path, *, confirm_above: Decimal | None = None) -> Settings:
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
        confirm_above=confirm_above,
        discord_api_url="",
    )


@asynccontextmanager
async def open_environment(relay_settings: RelaySettings, *, has_history: bool = False) -> AsyncGenerator[Environment]:
    """Start the relay, the bot and the simulated Discord, and stop them when the block ends.

    `has_history`: the server has been there for weeks, with a log channel and a gallery, and expensive requests ask.
    """
    add_permissions_route()
    with tempfile.TemporaryDirectory(prefix="mjbot-") as folder:
        async with Relay(relay_settings).serve() as relay:
            confirm_above = CONFIRM_ABOVE if has_history else None
            settings = build_settings(relay.url, Path(folder), confirm_above=confirm_above)
            # The bot is app before SimCord starts, so it runs on the clock of this machine.
            clock = Clock(now=lambda: datetime.now(UTC))
            async with (
                open_app(settings, clock=clock, shard_count=1) as app,
                simcord.run(app.bot, settle_timeout=_SETTLE_SECONDS, check_errors=False) as env,
            ):
                await app.start_records()
                # SimCord's clock starts in the past, and every relative time would read wrong.
                await env.advance_time((datetime.now(UTC) - env.now()).total_seconds())
                lien = env.create_user("lien", global_name="lien")
                guild = env.create_guild("Midjourney at home", id=GUILD_ID, owner=lien)
                channel = guild.create_text_channel("art")
                member = guild.add_member(lien)
                guide = guild.add_member(env.create_user("guide", global_name="mjbot's guide"))
                log_channel, gallery = (guild.create_text_channel(name) for name in ("mjbot-log", "gallery"))
                if has_history:
                    others = [guild.add_member(env.create_user(name, global_name=name)) for name in _MEMBERS]
                    await _set_channels(app, log_channel, gallery)
                    people = [person.id for person in (others[0], member, *others[1:])]
                    await write_history(app.store, GUILD_ID, channel.id, people, clock.now())
                _name_operator(app, member.id)
                async with run_background_work(app):
                    await app.bot.wait_until_ready()
                    if app.bot.user is not None:
                        await app.bot.user.edit(username="mjbot")
                    yield Environment(relay, app, env, channel, log_channel, gallery, member, guide)


async def _set_channels(app: App, log_channel: ChannelHandle, gallery: ChannelHandle) -> None:
    """Set the server's log channel and its gallery, as its manager would in `/mjserver`."""
    channels = {"log_channel_id": log_channel.id, "gallery_channel_id": gallery.id, "log_prompts": True}
    await app.store.rules.change_server_rules(GUILD_ID, lambda rules: (rules.model_copy(update=channels), ()))


def _name_operator(app: App, person_id: int) -> None:
    """Let Discord say that this person owns the application: SimCord says that the bot owns itself."""
    http: Any = app.bot.http
    fetch_info = http.application_info

    async def fetch_info_with_owner() -> dict[str, Any]:
        info = await fetch_info()
        return {**info, "owner": {**info["owner"], "id": str(person_id)}}

    http.application_info = fetch_info_with_owner
