"""What each route of a loopback Discord does."""

import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.discord_payloads.limits import COMMANDS, V2_FLAG
from tests.wire.loopback_rest import PREFIX, Answer, Call, RefusalError, Wire, known_files
from tests.wire.loopback_schema import callback_reasons, command_reasons, message_reasons
from tests.wire.loopback_state import Interaction, State
from tests.wire.loopback_world import EPHEMERAL, LOADING, Channel, Message, Person, snowflake

_FOLLOWUPS_OF_A_USER_INSTALL = 5
_TO = {2: {4, 5, 9}, 3: {4, 5, 6, 7, 9}, 4: {8}, 5: {4, 5, 6, 7}}  # interaction type -> callback types


class Routes:
    """The routes that mjbot and discord.py call, over one State."""

    def __init__(self, state: State, wire: Wire) -> None:
        self.state, self.wire = state, wire

    def add_to(self, app: web.Application) -> None:
        """Register every route; what is left answers 404 and goes on the record."""
        hook, commands = "/webhooks/{webhook_id}/{webhook_token}", "/applications/{application_id}/commands"
        of_guild = "/applications/{application_id}/guilds/{guild_id}/commands"
        routes = [
            ("GET", "/gateway", lambda _: (200, {"url": self.state.gateway_url})),
            ("GET", "/gateway/bot", self.gateway),
            ("GET", "/users/@me", lambda _: (200, self.state.bot.user())),
            ("GET", "/oauth2/applications/@me", lambda _: (200, self.state.application())),
            ("GET", "/applications/@me", lambda _: (200, self.state.application())),
            ("GET", "/applications/{application_id}/emojis", lambda _: (200, {"items": []})),
            ("GET", "/users/@me/guilds", lambda _: (200, self.joined_guilds())),
            ("GET", "/users/{user_id}", self.user),
            ("POST", "/users/@me/channels", self.open_dm),
            ("GET", "/guilds/{guild_id}", self.guild),
            ("GET", "/guilds/{guild_id}/members/{user_id}", self.guild_member),
            ("GET", "/channels/{channel_id}", lambda call: (200, self._channel(call).payload())),
            ("POST", "/channels/{channel_id}/typing", lambda call: (204, self._channel(call) and None)),
            ("GET", "/channels/{channel_id}/messages", self.list_messages),
            ("POST", "/channels/{channel_id}/messages", self.create_message),
            ("GET", "/channels/{channel_id}/messages/{message_id}", self.get_message),
            ("PATCH", "/channels/{channel_id}/messages/{message_id}", self.edit_message),
            ("DELETE", "/channels/{channel_id}/messages/{message_id}", self.delete_message),
            ("POST", "/interactions/{interaction_id}/{interaction_token}/callback", self.callback),
            ("POST", hook, self.follow_up),
        ]
        routes.append(("GET", of_guild + "/permissions", self.list_command_permissions))
        for base in (commands, of_guild):
            routes += [
                ("GET", base, self.list_commands),
                ("PUT", base, self.replace_commands),
                ("POST", base, self.add_command),
                ("GET", base + "/{command_id}", lambda call: (200, self._command(call))),
                ("PATCH", base + "/{command_id}", self.edit_command),
                ("DELETE", base + "/{command_id}", self.delete_command),
            ]
        for base in (hook + "/messages/@original", hook + "/messages/{message_id}"):
            routes += [
                ("GET", base, lambda call: (200, self._hooked(call)[1].payload())),
                ("PATCH", base, self.edit_hooked),
                ("DELETE", base, self.delete_hooked),
            ]
        for method, path, handler in routes:
            app.router.add_route(method, PREFIX + path, self.wire.taker(handler))
        app.router.add_route("*", PREFIX + "/{rest:.*}", self.wire.taker(self.wire.unknown))

    def gateway(self, _: Call) -> Answer:
        """Name the gateway."""
        limit = dict(self.state.session_start_limit)
        return 200, {"url": self.state.gateway_url, "shards": self.state.shards, "session_start_limit": limit}

    def user(self, call: Call) -> Answer:
        """Give anybody who has been seen."""
        return 200, self._person(call.match["user_id"], 404, 10013).user()

    def _person(self, user_id: object, status: int, code: int) -> Person:
        people = [*self.state.people, self.state.guild_owner, *self.state.team]
        found = next((one for one in people if str(one.id) == str(user_id)), None)
        if found is None:
            raise RefusalError(status, code)
        return found

    def joined_guilds(self) -> list[dict[str, Any]]:
        """List the guilds that the bot has joined, each with the bot's permissions."""
        permissions = str(self.state.bot.permissions)
        return [
            {"id": str(guild_id), "name": name, "owner": False, "permissions": permissions, "features": []}
            for guild_id, name in sorted(self.state.guilds.items())
        ]

    def guild(self, call: Call) -> Answer:
        """Give a guild that the bot has joined."""
        guild_id = int(call.match["guild_id"])
        if guild_id not in self.state.guilds:
            raise RefusalError(404, 10004)
        given = self.state.guild(guild_id)
        return 200, {key: value for key, value in given.items() if key not in {"members", "channels"}}

    def guild_member(self, call: Call) -> Answer:
        """Give a member, without the permissions that only interactions carry."""
        self.guild(call)
        found = self._person(call.match["user_id"], 404, 10007)
        return 200, {key: value for key, value in found.member().items() if key != "permissions"}

    def open_dm(self, call: Call) -> Answer:
        """Open the bot's DM with a person."""
        return 200, self.state.dm(self._person(call.body["recipient_id"], 400, 50033)).payload()

    def _commands(self, call: Call) -> list[dict[str, Any]]:
        if "guild_id" in call.match:
            return self.state.guild_commands.setdefault(int(call.match["guild_id"]), [])
        return self.state.commands

    def list_commands(self, call: Call) -> Answer:
        """List the commands; with their translations only if asked for them."""
        if call.query.get("with_localizations") in {"true", "True", "1"}:
            return 200, self._commands(call)
        return 200, [_drop_translations(one) for one in self._commands(call)]

    def _command(self, call: Call) -> dict[str, Any]:
        for one in self._commands(call):
            if one["id"] == call.match["command_id"]:
                return one
        raise RefusalError(404, 10063)

    def _registered(self, body: Mapping[str, Any], known: list[dict[str, Any]]) -> dict[str, Any]:
        kind = body.get("type", 1)
        same = next((one for one in known if (one["type"], one["name"]) == (kind, body["name"])), {})
        return {
            "default_member_permissions": None,
            "nsfw": False,
            "description": "",
            "integration_types": [0],
            "contexts": None,
            **body,
            "type": kind,
            "id": same.get("id") or str(snowflake()),
            "application_id": str(self.state.application_id),
            "version": str(snowflake()),
        }

    def list_command_permissions(self, call: Call) -> Answer:
        """List what the Integrations page of a guild sets, for each command that it names."""
        ids = {"application_id": call.match["application_id"], "guild_id": call.match["guild_id"]}
        pages = self.state.command_permissions.get(int(call.match["guild_id"]), {})
        return 200, [{"id": str(key), **ids, "permissions": entries} for key, entries in pages.items()]

    def _check_commands(self, body: Any) -> None:  # noqa: ANN401
        reasons = command_reasons(body)
        if isinstance(body, list) and sum(one.get("type", 1) == 1 for one in body) > COMMANDS:
            reasons.append(f"more than {COMMANDS} commands")
        if reasons:
            raise RefusalError(400, 50035, reasons)

    def replace_commands(self, call: Call) -> Answer:
        """Take the whole list of commands."""
        self._check_commands(call.body)
        known = self._commands(call)
        known[:] = [self._registered(body, known) for body in call.body]
        return 200, known

    def add_command(self, call: Call) -> Answer:
        """Take one command, in the place of one of its name."""
        self._check_commands(call.body)
        known = self._commands(call)
        made = self._registered(call.body, known)
        known[:] = [*(one for one in known if one["id"] != made["id"]), made]
        return 201, made

    def edit_command(self, call: Call) -> Answer:
        """Change one command."""
        found = self._command(call)
        self._check_commands({**found, **call.body})
        found.update(call.body, version=str(snowflake()))
        return 200, found

    def delete_command(self, call: Call) -> Answer:
        """Remove one command."""
        self._commands(call).remove(self._command(call))
        return 204, None

    def _channel(self, call: Call) -> Channel:
        channel = self.state.all_channels.get(int(call.match["channel_id"]))
        if channel is None:
            raise RefusalError(404, 10003)
        if not channel.reachable:
            raise RefusalError(403, 50001)
        return channel

    def _in_channel(self, call: Call) -> Message:
        channel = self._channel(call)
        message = self.state.messages.get(int(call.match["message_id"]))
        if message is None or message.deleted or message.ephemeral or message.channel is not channel:
            raise RefusalError(404, 10008)
        return message

    def _checked(self, call: Call, body: Mapping[str, Any], message: Message | None) -> Mapping[str, Any]:
        files = known_files(body, call.uploads, message)
        flags = int(body.get("flags") or 0) | (message.flags & V2_FLAG if message else 0)
        if reasons := message_reasons({**body, "flags": flags}, files, edit=message is not None):
            raise RefusalError(400, 50035, reasons)
        if message is not None:
            kept = {"content": message.content, "embeds": message.embeds, "components": message.components, **body}
            if not files and not any(kept[key] for key in ("content", "embeds", "components")):
                raise RefusalError(400, 50006, ["nothing would be left of the message"])
        return body

    def list_messages(self, call: Call) -> Answer:
        """Give the newest messages of a channel."""
        channel = self._channel(call)
        shown = [one for one in self.state.messages.values() if one.channel is channel]
        newest = [one.payload() for one in reversed(shown) if not one.deleted and not one.ephemeral]
        return 200, newest[: int(call.query.get("limit", "50"))]

    def create_message(self, call: Call) -> Answer:
        """Post as the bot."""
        channel = self._channel(call)
        body = self._checked(call, call.body or {}, None)
        return 200, self.state.create(channel, self.state.bot, body, call.uploads).payload()

    def get_message(self, call: Call) -> Answer:
        """Give one message."""
        return 200, self._in_channel(call).payload()

    def edit_message(self, call: Call) -> Answer:
        """Edit as the bot."""
        message = self._in_channel(call)
        if message.author != self.state.bot:
            raise RefusalError(403, 50005)
        body = self._checked(call, call.body or {}, message)
        return 200, self.state.edit(message, call.route, body, call.uploads).payload()

    def delete_message(self, call: Call) -> Answer:
        """Delete as the bot."""
        self._in_channel(call).deleted = True
        return 204, None

    def callback(self, call: Call) -> Answer:
        """Take the first answer to an interaction, once, and in time."""
        act = self.state.interactions.get(call.match["interaction_token"])
        if act is None or str(act.id) != call.match["interaction_id"]:
            raise RefusalError(404, 10062)
        act.attempts += 1
        if act.response is not None:
            raise RefusalError(400, 40060)
        if time.monotonic() - act.born > self.state.ack_seconds:
            raise RefusalError(404, 10062)
        kind, data = call.body["type"], call.body.get("data") or {}
        edited = act.message if kind == 7 else None
        files = known_files(data, call.uploads, edited) if kind in {4, 7} else []
        reasons = callback_reasons(call.body, files)
        if kind not in _TO[act.type] or (kind in {6, 7} and act.message is None):
            reasons.append(f"type {kind} does not answer an interaction of type {act.type}")
        if reasons:
            raise RefusalError(400, 50035, reasons)
        self._acknowledge(act, call, kind, data)
        if call.query.get("with_response") not in {"true", "True", "1"}:
            return 204, None
        return 200, self._callback_response(act, kind)

    def _acknowledge(self, act: Interaction, call: Call, kind: int, data: Mapping[str, Any]) -> None:
        if kind == 4:
            act.original = self.state.create(act.channel, self.state.bot, data, call.uploads, act)
        elif kind == 5:
            flags = LOADING | int(data.get("flags") or 0) & EPHEMERAL
            act.original = self.state.create(act.channel, self.state.bot, {"flags": flags}, (), act)
        elif kind in {6, 7} and act.message is not None:
            act.original = act.message
            if kind == 7:
                self.state.edit(act.message, call.route, data, call.uploads)
        act.response = {"type": kind, "data": data}
        act.acknowledged_after = time.monotonic() - act.born

    def _callback_response(self, act: Interaction, kind: int) -> dict[str, Any]:
        built: dict[str, Any] = {"interaction": {"id": str(act.id), "type": act.type}}
        if act.original is not None:
            built["interaction"] |= {
                "response_message_id": str(act.original.id),
                "response_message_loading": act.original.loading,
                "response_message_ephemeral": act.original.ephemeral,
            }
            built["resource"] = {"type": kind, "message": act.original.payload()}
        return built

    def _act(self, call: Call) -> Interaction:
        act = self.state.interactions.get(call.match["webhook_token"])
        if act is None or call.match["webhook_id"] != str(self.state.application_id) or act.response is None:
            raise RefusalError(404, 10015)
        if time.monotonic() > act.expires:
            raise RefusalError(401, 50027)
        return act

    def _hooked(self, call: Call) -> tuple[Interaction, Message]:
        act = self._act(call)
        wanted = call.match.get("message_id")
        clicked = act.message if act.type in {3, 5} else None
        known = [one for one in (act.original, clicked, *act.followups) if one is not None]
        found = act.original if wanted is None else next((one for one in known if str(one.id) == wanted), None)
        if found is None or found.deleted:
            raise RefusalError(404, 10008)
        return act, found

    def edit_hooked(self, call: Call) -> Answer:
        """Edit by the interaction's token."""
        _, message = self._hooked(call)
        body = self._checked(call, call.body or {}, message)
        return 200, self.state.edit(message, call.route, body, call.uploads).payload()

    def delete_hooked(self, call: Call) -> Answer:
        """Delete by the interaction's token."""
        self._hooked(call)[1].deleted = True
        return 204, None

    def follow_up(self, call: Call) -> Answer:
        """Post by the interaction's token; after a defer that is still thinking, Discord edits the original instead."""
        act = self._act(call)
        if act.original is not None and act.original.loading and not act.original.deleted:
            body = self._checked(call, call.body or {}, None)
            return 200, self.state.edit(act.original, call.route, body, call.uploads).payload()
        if act.user_installed and len(act.followups) >= _FOLLOWUPS_OF_A_USER_INSTALL:
            raise RefusalError(400, 40094)
        body = self._checked(call, call.body or {}, None)
        message = self.state.create(act.channel, self.state.bot, body, call.uploads, act)
        act.followups.append(message)
        self.state.changed()
        return 200, message.payload()


def _drop_translations(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Drop the translations from a command, its options and their choices."""
    if isinstance(value, list):
        return [_drop_translations(one) for one in value]
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if not key.endswith("_localizations")}
        return {key: _drop_translations(one) for key, one in kept.items()}
    return value
