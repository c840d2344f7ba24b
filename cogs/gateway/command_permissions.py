"""Who may use which command in a server, by its Integrations page, on which Discord itself checks commands only.

So paid buttons are checked here. Discord sends every change by the gateway, and is asked once for each server that
becomes available: no press waits for it. While a server's page cannot be read, the last known one holds, and without
any, what Discord does without one: the permissions that a command asks for by default.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import discord
from discord.ext import commands

from bot.clock import Clock
from bot.json_values import is_json_array, is_json_object
from cogs.context import Interaction, get_channel_ids, get_role_ids
from cogs.gateway.start_requests import is_refusal
from cogs.messaging.responses import REQUEST_ERRORS, summarize_error, with_timeout

log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 0.2
"""Between two servers, as each takes a request; Discord allows 50 in a second for everything together."""
_FAILURE_PAUSES: Final = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""The pauses while Discord fails, in seconds; the last one is repeated."""
_NAMES_SECONDS: Final = 600.0
"""How soon the ids of commands are read again where the page names one that is not known."""
_ROLE, _PERSON, _CHANNEL = 1, 2, 3
_SLASH_COMMAND, _MESSAGE_MENU = 1, 3
_MALFORMED: Final = (LookupError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Overwrites:
    """What the Integrations page allows (True) and denies (False), for one command or for all of them."""

    roles: Mapping[int, bool] = field(default_factory=dict[int, bool])
    people: Mapping[int, bool] = field(default_factory=dict[int, bool])
    channels: Mapping[int, bool] = field(default_factory=dict[int, bool])

    @classmethod
    def build(cls, entries: Iterable[tuple[int, int, bool]]) -> "Overwrites":
        """Build them of Discord's entries: type, id, and whether it is allowed; of two for one id, a denial counts."""
        found: dict[int, dict[int, bool]] = {_ROLE: {}, _PERSON: {}, _CHANNEL: {}}
        for kind, target_id, is_allowed in entries:
            if kind in found:
                found[kind][target_id] = is_allowed and found[kind].get(target_id, True)
        return cls(roles=found[_ROLE], people=found[_PERSON], channels=found[_CHANNEL])


_NONE: Final = Overwrites()
DenialCause = Literal["channel", "person", "role", "default"]


@dataclass(frozen=True)
class Denial:
    """Why a person may not use a command: what the page denies, or the permissions that it asks for by default.

    `target_id` is the channel's, person's or role's; a server's id stands for everyone, and the id before it for all
    channels. `is_for_all` says that it is denied for all commands together.
    """

    cause: DenialCause
    target_id: int = 0
    is_for_all: bool = False


@dataclass(frozen=True, kw_only=True)
class CommandUser:
    """A person who wants to use a command; `channel_id` is the parent's for a thread, and 0 for any channel."""

    guild_id: int
    person_id: int
    role_ids: Collection[int]
    channel_id: int
    permissions: discord.Permissions
    is_owner: bool = False

    @classmethod
    def from_interaction(cls, interaction: Interaction) -> "CommandUser":
        """Return the person of an interaction, with their permissions in its channel."""
        guild = interaction.guild
        return cls(
            guild_id=interaction.guild_id or 0,
            person_id=interaction.user.id,
            role_ids=get_role_ids(interaction),
            channel_id=get_channel_ids(interaction)[-1] if get_channel_ids(interaction) else 0,
            permissions=interaction.permissions,
            is_owner=guild is not None and guild.owner_id == interaction.user.id,
        )


def find_denial(
    own: Overwrites, general: Overwrites, user: CommandUser, required: discord.Permissions | None
) -> Denial | None:
    """Return why a person may not use a command, None where they may.

    `own` are the overwrites of the command, `general` those of all commands; `required` is what members need by
    default. The order is that of Discord's help center, "Updates to Command Permissions": each overwrite of the command
    counts more than the general one for the same; a channel more than all channels; a person more than their roles, of
    which one that is allowed is enough, and those more than everyone. Only an overwrite of the command itself replaces
    the permissions that it needs by default.
    """
    if user.permissions.administrator or user.is_owner:
        return None
    is_allowed, denial = _judge_channel(own, user)
    if not is_allowed and denial is None:
        denial = _mark_general(_judge_channel(general, user)[1])
    if denial is not None:
        return denial
    is_allowed, denial = _judge_member(own, user)
    if denial is not None or is_allowed:
        return denial
    if (denial := _mark_general(_judge_member(general, user)[1])) is not None:
        return denial
    if required is None or (required.value and user.permissions.is_superset(required)):
        return None
    return Denial("default")


def _mark_general(denial: Denial | None) -> Denial | None:
    return denial and replace(denial, is_for_all=True)


def _judge_channel(overwrites: Overwrites, user: CommandUser) -> tuple[bool, Denial | None]:
    """Return whether the overwrites allow a channel, or that they deny it; neither where they don't concern it."""
    for channel_id in (user.channel_id, user.guild_id - 1):
        if (is_allowed := overwrites.channels.get(channel_id)) is not None:
            return is_allowed, None if is_allowed else Denial("channel", channel_id)
    return False, None


def _judge_member(overwrites: Overwrites, user: CommandUser) -> tuple[bool, Denial | None]:
    """Return whether the overwrites allow a person, or why they deny them; neither where they don't concern them."""
    if (is_allowed := overwrites.people.get(user.person_id)) is not None:
        return is_allowed, None if is_allowed else Denial("person", user.person_id)
    everyone = user.guild_id
    found = {role: overwrites.roles[role] for role in user.role_ids if role in overwrites.roles and role != everyone}
    if not found and everyone in overwrites.roles:
        found = {everyone: overwrites.roles[everyone]}
    if not found or any(found.values()):
        return bool(found), None
    return False, Denial("role", min(found))


class CommandPermissions(commands.Cog):
    """Reads the Integrations pages of all servers in the background, and keeps them up to date."""

    def __init__(self, bot: commands.AutoShardedBot, clock: Clock) -> None:
        self._bot = bot
        self._sleep = clock.sleep
        self._monotonic = clock.monotonic
        self._guilds: dict[int, dict[int, Overwrites]] = {}
        """By server, and by the id of a command, or of the application for all of them."""
        self._versions: dict[int, int] = {}
        """How many changes of a server arrived: an answer that was asked for before one may be older."""
        self._names: dict[int, str] = {}
        self._ids: dict[str, int] = {}
        self._names_read_at = float("-inf")
        self._waiting: deque[int] = deque()
        self._has_waiting = asyncio.Event()
        self._failures = 0
        self._refused: set[int] = set()
        """Servers whose page Discord refuses to tell; it is asked again when they become available again."""

    def find_denial(self, user: CommandUser, name: str) -> Denial | None:
        """Return why a person may not use a slash command or a message's menu, None where they may, if that is known.

        `name` is the one it has in Discord, without a slash; no menu has the name of a slash command.
        """
        overwrites = self._guilds.get(user.guild_id)
        if overwrites is None:
            if user.guild_id not in self._refused:
                self._enqueue(user.guild_id, is_urgent=True)
            overwrites = {}
        own = overwrites.get(self._ids.get(name, 0), _NONE)
        general = overwrites.get(self._bot.application_id or 0, _NONE)
        command = self._bot.tree.get_command(name)
        return find_denial(own, general, user, command.default_permissions if command else None)

    def list_overwrites(self, guild_id: int) -> Mapping[str, Overwrites] | None:
        """Return what a server's page sets, by command, "" for all of them; None where it is not known."""
        found = self._guilds.get(guild_id)
        if found is None:
            return None
        names = {**self._names, self._bot.application_id or 0: ""}
        return {names[target]: overwrites for target, overwrites in found.items() if target in names}

    async def refresh(self, guild_id: int) -> bool:
        """Read a server's page now, and return whether Discord told it."""
        return await self._try_load(guild_id) is None

    async def run(self) -> None:
        """Read the pages of servers one after another, as they become available, until cancelled."""
        while True:
            await self._has_waiting.wait()
            guild_id = self._waiting.popleft()
            if not self._waiting:
                self._has_waiting.clear()
            error = await self._try_load(guild_id)
            if error is None or is_refusal(error):
                self._failures = 0
                (self._refused.discard if error is None else self._refused.add)(guild_id)
                await self._sleep(_PAUSE_SECONDS)
            else:
                self._enqueue(guild_id)
                await self._sleep(_FAILURE_PAUSES[min(self._failures, len(_FAILURE_PAUSES) - 1)])
                self._failures += 1

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Read a server's page after an outage of the server, in which changes may have been missed."""
        self._enqueue(guild.id)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Read the pages of all servers at the start, and after a lost session."""
        for guild in self._bot.guilds:
            if guild.shard_id == shard_id:
                self._enqueue(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Read the page of a new server, where the managers may have set it in an earlier time of the bot there."""
        self._enqueue(guild.id, is_urgent=True)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a server that the bot has left."""
        self._guilds.pop(guild.id, None)

    @commands.Cog.listener()
    async def on_raw_app_command_permissions_update(self, event: discord.RawAppCommandPermissionsUpdateEvent) -> None:
        """Take over a change of the page: it has all entries of its command."""
        if event.application_id != self._bot.application_id:
            return
        guild_id = event.guild.id
        self._versions[guild_id] = self._versions.get(guild_id, 0) + 1
        if guild_id in self._guilds:
            entries = ((one.type.value, one.id, one.permission) for one in event.permissions)
            self._guilds[guild_id][event.target_id] = Overwrites.build(entries)
        if guild_id not in self._guilds or event.target_id not in {*self._names, self._bot.application_id}:
            self._enqueue(guild_id, is_urgent=True)

    def _enqueue(self, guild_id: int, *, is_urgent: bool = False) -> None:
        if guild_id and guild_id not in self._waiting:
            (self._waiting.appendleft if is_urgent else self._waiting.append)(guild_id)
            self._has_waiting.set()

    async def _try_load(self, guild_id: int) -> Exception | None:
        """Read a server's page, and the commands' ids if need be; return the error of a request that failed."""
        version = self._versions.get(guild_id, 0)
        try:
            answer = await with_timeout(
                self._bot.http.get_guild_application_command_permissions(self._bot.application_id or 0, guild_id)
            )
            found = _parse_page(answer)
            await self._load_names(found)
        except (*REQUEST_ERRORS, *_MALFORMED) as error:
            log.info(
                "Discord does not tell the command permissions of server %d: %s.", guild_id, summarize_error(error)
            )
            return error
        if version != self._versions.get(guild_id, 0):
            self._enqueue(guild_id, is_urgent=True)  # a change has arrived meanwhile, which this may lack
            found = {**found, **self._guilds.get(guild_id, {})}
        self._guilds[guild_id] = found
        return None

    async def _load_names(self, found: Collection[int]) -> None:
        """Read the ids of the commands where one is not known, or none is."""
        known = {*self._names, self._bot.application_id}
        is_recent = self._monotonic() - self._names_read_at < _NAMES_SECONDS
        if self._names and (known.issuperset(found) or is_recent):
            return
        answer = await with_timeout(self._bot.http.get_global_commands(self._bot.application_id or 0))
        registered = {int(one["id"]): one for one in answer}
        kinds = {key: one.get("type", _SLASH_COMMAND) for key, one in registered.items()}
        self._ids = {
            one["name"]: key for key, one in registered.items() if kinds[key] in {_SLASH_COMMAND, _MESSAGE_MENU}
        }
        self._names = {
            key: f"/{one['name']}" if kinds[key] == _SLASH_COMMAND else one["name"] for key, one in registered.items()
        }
        self._names_read_at = self._monotonic()


def _parse_page(answer: object) -> dict[int, Overwrites]:
    """Parse Discord's list of commands with overwrites.

    Raises:
        ValueError: It is malformed.
    """
    if not is_json_array(answer):
        raise ValueError("the answer is no list")
    return {
        int(one["id"]): Overwrites.build(_parse_entries(one.get("permissions")))
        for one in answer
        if is_json_object(one)
    }


def _parse_entries(entries: object) -> Iterable[tuple[int, int, bool]]:
    for entry in entries if is_json_array(entries) else ():
        if is_json_object(entry):
            yield int(entry["type"]), int(entry["id"]), entry["permission"] is True
