"""Find ids in ALLOWED_GUILDS and ALLOWED_USERS that are of the wrong kind: Discord tells what each belongs to."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final, Literal

import discord
from discord.ext import commands

from bot.ops.diagnostics import Finding
from bot.policy.rules import SpendingPolicy
from cogs.messaging.responses import REQUEST_ERRORS, with_timeout

IdKind = Literal["this bot", "server", "other shard", "role", "channel", "bot", "person", "unknown", "not told"]
"""What an id belongs to.

"server": one that the bot has joined; "other shard": only another process knows whether it has; "unknown": nothing that
the bot can see; "not told": Discord does not answer.
"""
FindKind = Callable[[int], Awaitable[IdKind]]

_MAX_IDS: Final = 20
"""How many ids of a setting are checked: each may cost two requests to Discord."""
_GOOD_GUILDS: Final = frozenset({"server", "other shard"})
_GOOD_PEOPLE: Final = frozenset({"person", "not told", "other shard"})
_PHRASES: Final[Mapping[IdKind, str]] = {
    "this bot": "this bot's own id",
    "server": "the id of a server",
    "role": "the id of a role",
    "channel": "the id of a channel",
    "bot": "the id of a bot",
    "person": "the id of a person",
}
_COPY_SERVER_ID: Final = "Use the server's id: right-click its icon, Copy Server ID (with Discord's Developer Mode on)."
_COPY_USER_ID: Final = "Use the person's id: right-click their name, Copy User ID (with Discord's Developer Mode on)."


class IdLookup:
    """Tells what an id belongs to: from the servers that the bot has joined, then by asking Discord.

    `joined` are the ids of all servers, `guilds` those whose roles and channels are known. Without `joined`, the bot is
    connected, and its shards tell which servers it would know.
    """

    def __init__(
        self, bot: commands.AutoShardedBot, guilds: Sequence[discord.Guild], joined: Collection[int] | None = None
    ) -> None:
        self._bot = bot
        self._guilds = guilds
        self._is_connected = joined is None
        self._joined = {guild.id for guild in guilds} | set(joined or ())

    async def find_kind(self, number: int) -> IdKind:
        """Return what an id belongs to."""
        if number in {self._bot.application_id, self._bot.user.id if self._bot.user else 0}:
            return "this bot"
        if number in self._joined:
            return "server"
        if any(guild.get_role(number) for guild in self._guilds):
            return "role"
        if any(guild.get_channel_or_thread(number) for guild in self._guilds):
            return "channel"
        kind = await self._ask_discord(number)
        is_doubtful = kind in {"unknown", "not told"} and self._is_connected
        return "other shard" if is_doubtful and not self._is_own_shard(number) else kind

    async def _ask_discord(self, number: int) -> IdKind:
        try:
            return await self._ask_for_user(number) or await self._ask_for_channel(number)
        except REQUEST_ERRORS:
            return "not told"

    def _is_own_shard(self, guild_id: int) -> bool:
        """Whether a server belongs to a shard of this process."""
        return (guild_id >> 22) % (self._bot.shard_count or 1) in self._bot.shards

    async def _ask_for_user(self, number: int) -> IdKind | None:
        try:
            user = await with_timeout(self._bot.fetch_user(number))
        except discord.NotFound:
            return None
        return "bot" if user.bot else "person"

    async def _ask_for_channel(self, number: int) -> IdKind:
        try:
            await with_timeout(self._bot.http.get_channel(number))
        except discord.NotFound:
            return "unknown"
        except discord.Forbidden:  # it exists, and the bot may not see it
            return "channel"
        return "channel"


async def report_allowed_ids(policy: SpendingPolicy, find_kind: FindKind) -> list[Finding]:
    """Report each id of the wrong kind, and each server in ALLOWED_GUILDS that the bot has not joined."""
    guilds: dict[int, IdKind] = {number: await find_kind(number) for number in sorted(policy.allowed_guilds)[:_MAX_IDS]}
    people: dict[int, IdKind] = {number: await find_kind(number) for number in sorted(policy.allowed_users)[:_MAX_IDS]}
    return [
        *(_report_guild_id(number, kind) for number, kind in guilds.items() if kind not in _GOOD_GUILDS),
        *(_report_user_id(number, kind) for number, kind in people.items() if kind not in _GOOD_PEOPLE),
        *_report_missing_owner(policy),
    ]


def _report_guild_id(number: int, kind: IdKind) -> Finding:
    if kind in _PHRASES:
        message, advice = f"{number} is {_PHRASES[kind]}, not a server's.", _COPY_SERVER_ID
    else:
        message = f"{number} is no server that the bot has joined, so no one may draw there."
        advice = "Add the bot to that server with the invite link, or correct the id."
    return Finding("ALLOWED_GUILDS", is_ok=False, message=message, advice=advice)


def _report_user_id(number: int, kind: IdKind) -> Finding:
    what = _PHRASES.get(kind)
    message = f"{number} is {what}, not a person's." if what else f"Discord knows no person with the id {number}."
    return Finding("ALLOWED_USERS", is_ok=False, message=message, advice=_COPY_USER_ID)


def _report_missing_owner(policy: SpendingPolicy) -> list[Finding]:
    """Warn if ALLOWED_USERS names people, but no owner of the application."""
    owners = sorted(policy.application_owners)
    if not policy.allowed_users or not owners or set(owners) & set(policy.allowed_users):
        return []
    message = "does not name you or your team, so you can't draw in direct messages."
    return [Finding("ALLOWED_USERS", is_ok=True, message=message, advice=f"If you want to, add your id: {owners[0]}.")]
