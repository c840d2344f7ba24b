"""A Discord on 127.0.0.1 for the real bot process: REST, gateway, CDN, and people who use it.

`async with LoopbackDiscord() as discord:` and `DISCORD_API_URL=discord.api_url` are all that a process needs.
Every body is held against Discord's OpenAPI document and tests.discord_payloads:
let a test assert that `discord.refused` and
`discord.rate_limited` are empty. People act through `slash`, `click`, `submit_modal`, `context_menu`, `autocomplete`.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from aiohttp import web

from cogs.text.limits import REQUEST_BYTES
from tests.discord_payloads.limits import ACK_SECONDS, TOKEN_SECONDS
from tests.wire import loopback_people as people
from tests.wire.loopback_faults import Fault
from tests.wire.loopback_gateway import Gateway, Session
from tests.wire.loopback_rest import Wire
from tests.wire.loopback_routes import Routes
from tests.wire.loopback_state import Interaction, Refused, Request, State, Upload
from tests.wire.loopback_world import Channel, Message, Person, snowflake

__all__ = ["Channel", "Interaction", "LoopbackDiscord", "Message", "Person", "Refused", "Request", "Upload"]


class LoopbackDiscord(State):
    """The whole of it; as an async context manager it listens on `port` (0: any).

    For runs with a load, `schema=False` leaves out the OpenAPI check, `limits=False` the rate limits, and `keep=False`
    the history of messages and requests. `ack_seconds` and `token_seconds` are an interaction's two lives.
    """

    def __init__(
        self,
        *,
        channels: int = 2,
        token: str = "loopback-token",  # noqa: S107
        port: int = 0,
        ack_seconds: float = ACK_SECONDS,
        token_seconds: float = TOKEN_SECONDS,
        schema: bool = True,
        limits: bool = True,
        keep: bool = True,
    ) -> None:
        super().__init__(
            channels=channels, token=token, ack_seconds=ack_seconds, token_seconds=token_seconds, keep=keep
        )
        self.port = port
        self.gateway = Gateway(token, self._welcome, self.changed, self.session_start_limit)
        self.wire = Wire(self, schema=schema, limits=limits)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * REQUEST_BYTES)
        app.router.add_get("/gw/", self.gateway.serve)
        app.router.add_get("/cdn/attachments/{channel}/{file}/{name}", self._file)
        Routes(self, self.wire).add_to(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        here = f"127.0.0.1:{self.port}"
        self.api_url, self.cdn_url = f"http://{here}/api/v10", f"http://{here}/cdn"
        self.gateway_url = f"ws://{here}/gw/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    def _welcome(self, session: Session) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        shard, count = session.shard
        guilds = [self.guild(one) for one in self.guilds if (one >> 22) % count == shard]
        ready = {
            "v": 10,
            "user": {**self.bot.user(), "verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in guilds],
            "resume_gateway_url": self.gateway_url,
            "application": {"id": str(self.application_id), "flags": 0},
        }
        return ready, guilds

    async def _file(self, request: web.Request) -> web.Response:
        stored = self.files.get(int(request.match_info["file"]))
        if stored is None:
            return web.Response(status=404)
        return web.Response(body=stored.content, headers={"Content-Type": stored.content_type})

    @property
    def identifies(self) -> int:
        """Count the IDENTIFYs: Discord allows 1000 a day."""
        return self.gateway.identifies

    async def connected(self, sessions: int = 1, timeout: float = 60.0) -> None:  # noqa: ASYNC109
        """Wait until so many gateway sessions are connected."""
        await self.until(lambda: len(self.gateway.connected) >= sessions, timeout)

    def fail(
        self,
        method: str,
        path: str,
        status: int | None,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
        delay: float = 0.0,
        hold: asyncio.Event | None = None,
        carried_out: bool = False,
    ) -> Fault:
        """Let requests fail: see Fault. `path` is a glob without /api/v10, `body` for instance {"code": 50083}."""
        given = {"message": "scripted", "code": 0} if body is None else {"message": "scripted", **body}
        if status == 429:
            given = {"retry_after": 1.0, "global": False, **given}
        fault = Fault(method, path, status, given, times, delay, headers or {}, carried_out=carried_out, hold=hold)
        self.faults.append(fault)
        return self.faults[-1]

    def expire(self, token: str | Interaction) -> None:
        """Let an interaction's token end now."""
        act = token if isinstance(token, Interaction) else self.interactions[token]
        act.expires = time.monotonic() - 1

    def add_person(self, name: str, permissions: int | None = None, roles: tuple[int, ...] = ()) -> Person:
        """Add a person to the server."""
        allowed = self.member.permissions if permissions is None else permissions
        self.people.append(Person(snowflake(), name, permissions=allowed, roles=roles))
        return self.people[-1]

    def add_role(self, name: str) -> int:
        """Make a role, of which a bot learns at its next IDENTIFY; return its id."""
        self.roles[role_id := snowflake()] = name
        return role_id

    def deny_command(self, name: str, target: int, kind: Literal["role", "user", "channel"] = "role") -> int:
        """Deny a registered command to a role, a person or a channel on the page Integrations; return its id."""
        command_id = int(people.command(self, name)["id"])
        denied = {"id": str(target), "type": {"role": 1, "user": 2, "channel": 3}[kind], "permission": False}
        of_guild = self.command_permissions.setdefault(self.guild_id, {})
        of_guild.setdefault(command_id, []).append(denied)
        return command_id

    def add_channel(self, name: str, guild_id: int | None = None) -> Channel:
        """Make a text channel; a bot that is connected already learns of it at its next IDENTIFY."""
        self.channels.append(Channel(snowflake(), name, "guild", guild_id or self.guild_id))
        self.all_channels[self.channels[-1].id] = self.channels[-1]
        return self.channels[-1]

    def add_guild(self, name: str, shard: int, count: int) -> Channel:
        """Let the bot be in one guild more, which is that shard's of so many; give its only channel."""
        guild_id = next(
            one for step in range(count) if ((one := snowflake(86_400 + step / 1000)) >> 22) % count == shard
        )
        self.guilds[guild_id] = name
        return self.add_channel("general", guild_id)

    async def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with all that stands in it, and tell the bot."""
        for message in self.messages.values():
            message.deleted = message.deleted or message.channel is channel
        del self.all_channels[channel.id]
        self.channels = [one for one in self.channels if one is not channel]
        await self.gateway.dispatch("CHANNEL_DELETE", channel.payload(), channel.guild_id)

    async def set_visible(self, channel: Channel, *, visible: bool) -> None:
        """Take the bot's VIEW_CHANNEL away, or give it back, and tell it so."""
        channel.visible = visible
        await self.gateway.dispatch("CHANNEL_UPDATE", channel.payload(), channel.guild_id)

    def plant(
        self,
        channel: Channel,
        body: Mapping[str, Any],
        author: Person | None = None,
        uploads: Sequence[Upload] = (),
        *,
        by: Interaction | None = None,
    ) -> Message:
        """Put a message there without anybody asking: the bot's from long ago (`by` an interaction), or a person's."""
        return self.create(channel, author or self.bot, body, uploads, by)

    async def _send(self, act: Interaction, data: Mapping[str, Any]) -> Interaction:
        payload = people.event(self, act, data)
        await self.gateway.dispatch("INTERACTION_CREATE", payload, act.channel.guild_id)
        return act

    async def slash(
        self,
        user: Person,
        channel: Channel,
        name: str,
        options: Mapping[str, Any] | None = None,
        *,
        user_installed: bool = False,
        age_seconds: float = 0.0,
    ) -> Interaction:
        """Type a slash command; an option may be an Upload or a Person. A LookupError where it is not registered."""
        data = people.slash_data(self, channel, name, options or {})
        act = self.mint(2, user, channel, user_installed=user_installed, age_seconds=age_seconds)
        return await self._send(act, data)

    async def autocomplete(
        self, user: Person, channel: Channel, name: str, options: Mapping[str, Any], focused: str
    ) -> Interaction:
        """Type into the option `focused`; read `.choices` when acknowledged."""
        data = people.slash_data(self, channel, name, options, focused)
        return await self._send(self.mint(4, user, channel), data)

    async def click(
        self,
        user: Person,
        message: Message,
        which: str,
        *,
        values: Sequence[str] | None = None,
        user_installed: bool = False,
        age_seconds: float = 0.0,
    ) -> Interaction:
        """Press a component by custom_id, label or emoji; a LookupError where it is not there, or grayed."""
        data = people.click_data(message, which, values)
        act = self.mint(
            3, user, message.channel, message=message, user_installed=user_installed, age_seconds=age_seconds
        )
        return await self._send(act, data)

    async def submit_modal(
        self,
        user: Person,
        opened: Interaction,
        values: Mapping[str, str | Upload] | None = None,
        *,
        age_seconds: float = 0.0,
    ) -> Interaction:
        """Fill in and send the modal that answered `opened`; inputs left out keep what they were given.

        A menu takes the value of one option, a file upload an Upload.
        """
        data = people.modal_data(self, opened, values or {})
        act = self.mint(
            5,
            user,
            opened.channel,
            message=opened.message if opened.type == 3 else None,
            user_installed=opened.user_installed,
            age_seconds=age_seconds,
        )
        return await self._send(act, data)

    async def context_menu(
        self, user: Person, message: Message, name: str, *, user_installed: bool = False, age_seconds: float = 0.0
    ) -> Interaction:
        """Choose an app's entry of a message's menu."""
        data = people.menu_data(self, message, name)
        act = self.mint(
            2, user, message.channel, message=message, user_installed=user_installed, age_seconds=age_seconds
        )
        return await self._send(act, data)
