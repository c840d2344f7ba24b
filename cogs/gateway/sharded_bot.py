"""discord.py's bot and shards, with a rate limit for IDENTIFY under which no shard blocks another."""

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import aiohttp
import discord
from discord import client, shard
from discord.ext import commands
from discord.gateway import ReconnectWebSocket
from discord.http import Route

from bot.clock import Clock
from bot.errors import RelayError
from bot.network.connectors import DIRECT
from bot.network.proxies import Proxies
from cogs.context import INTERACTION_EVENTS
from cogs.gateway.command_translator import CommandTranslator
from cogs.gateway.command_tree import BotCommandTree
from cogs.gateway.identify_limiter import IdentifyLimiter
from cogs.gateway.rest.rest_client import GuardedHTTPClient, RestGuard
from cogs.gateway.rest.rest_metrics import create_trace_config
from cogs.gateway.start_requests import is_refusal
from cogs.gateway.tolerant_websocket import TolerantWebSocket
from cogs.languages import use_language
from cogs.languages.choice import LanguageChoice
from cogs.messaging.open_interactions import OpenInteractions
from cogs.messaging.responses import summarize_error
from cogs.messaging.spoilers import Spoilers

log = logging.getLogger(__name__)

_REQUEST_SECONDS = 20.0
_IDENTIFY_INTERVAL_SECONDS = 5.0
"""Discord accepts `max_concurrency` IDENTIFYs, often one, in this time, and refuses further ones with op 9."""


MALFORMED_ANSWER_ERRORS = (LookupError, TypeError, ValueError, AttributeError)
"""What reading a malformed answer of Discord raises."""


class ShardedBot(commands.AutoShardedBot):
    """discord.py's bot for slash commands and buttons, which need no privileged intent.

    It connects this process's shards, `shard_ids` of `shard_count`; each IDENTIFY waits for its turn. Discord's
    responses correct `clock`. Everything is sent through `proxies`.
    """

    def __init__(
        self,
        shard_count: int | None,
        shard_ids: Collection[int] = (),
        *,
        clock: Clock | None = None,
        proxies: Proxies = DIRECT,
    ) -> None:
        self.clock = clock or Clock()
        self.rest = RestGuard(self.clock)
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=BotCommandTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            shard_count=shard_count,
            http_trace=self.rest.watch(create_trace_config(self.clock)),
            # discord.py takes None for all shards, whatever its annotation says.
            shard_ids=sorted(shard_ids) or None,  # type: ignore[arg-type]
        )
        if isinstance(self.http, GuardedHTTPClient):
            self.http.proxies = proxies
        self.cogs_to_add: tuple[commands.Cog, ...] = ()
        self.identify_limiter = IdentifyLimiter(self._fetch_start_limit)
        self.open_interactions = OpenInteractions()
        self.report_relay_error: Callable[[RelayError], None] = lambda _: None
        """Is told every error of the relay that a person meets."""
        self.spoilers: Spoilers | None = None
        """Decides where pictures are hidden; None hides none."""
        self.languages = LanguageChoice()
        self.recommended_shard_count = 1
        """How many shards Discord recommends, for all processes together."""

    async def login(self, token: str) -> None:
        """Log in; if Discord refuses only to tell about the application, it is asked again later.

        READY tells the application's id, and nothing else is needed until then.
        """
        try:
            await super().login(token)
        except (discord.HTTPException, *MALFORMED_ANSWER_ERRORS) as error:
            is_unknown_application = self.user is not None and self.application is None
            if not is_unknown_application or _is_temporary(error):
                raise
            log.warning(
                "Logged in, although Discord does not tell about this application (%s).", summarize_error(error)
            )
            await self.setup_hook()

    async def setup_hook(self) -> None:
        """Add the cogs once, before the first connection."""
        await self.tree.set_translator(CommandTranslator())
        for cog in self.cogs_to_add:
            await self.add_cog(cog)

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - any event's arguments
        """Dispatch an event, and a click or a submitted modal also as an event of its own (cogs.context).

        Listeners of `on_interaction` would start an asyncio.Task each for every command, before its first response.
        """
        super().dispatch(event_name, *args, **kwargs)
        if event_name == "interaction" and (kind := INTERACTION_EVENTS.get(args[0].type)):
            with use_language(self.languages.choose_for_person(args[0])):
                super().dispatch(kind, *args, **kwargs)

    @property
    def own_shard_ids(self) -> Sequence[int]:
        """The ids of this process's shards, once the number of all shards is known."""
        return self.shard_ids or range(self.shard_count or 1)

    def is_in_guild(self, guild_id: int) -> bool | None:
        """Return whether the bot is in a server; None before it is connected, and for shards of other processes."""
        is_own = (guild_id >> 22) % (self.shard_count or 1) in self.own_shard_ids
        return self.get_guild(guild_id) is not None if is_own and self.is_ready() else None

    async def fetch_gateway_info(self) -> dict[str, Any]:
        """Fetch the gateway's URL, the recommended number of shards, and the limit of session starts."""
        data: dict[str, Any] = await self.http.request(Route("GET", "/gateway/bot"))
        return data

    async def probe_rest(self) -> None:
        """Send a request to see whether Discord's REST API serves this bot."""
        async with asyncio.timeout(_REQUEST_SECONDS):
            await self.fetch_gateway_info()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for 5 s between two shards, as discord.py does, and for the session start limit."""
        await super().before_identify_hook(shard_id, initial=initial)
        await self.identify_limiter.acquire(shard_id or 0)

    async def _fetch_start_limit(self) -> Mapping[str, Any] | None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                limit: Mapping[str, Any] | None = (await self.fetch_gateway_info()).get("session_start_limit")
        except (discord.DiscordException, aiohttp.ClientError, OSError, *MALFORMED_ANSWER_ERRORS):
            return None
        return limit


def _is_temporary(error: Exception) -> bool:
    return isinstance(error, discord.HTTPException) and not is_refusal(error)


class IdentifyQueueShard(shard.Shard):
    """A shard that waits until it may IDENTIFY before it opens a socket.

    discord.py would wait with an open socket, which Discord closes after a minute, and block the other shards.
    """

    _may_identify = False

    async def reidentify(self, exc: ReconnectWebSocket) -> None:
        """Resume at once, but IDENTIFY only when allowed."""
        if exc.resume or self._is_allowed_now(shard.EventType.identify, exc):
            await super().reidentify(exc)

    async def reconnect(self) -> None:
        """Open a new session when allowed."""
        if self._is_allowed_now(shard.EventType.reconnect, None):
            await super().reconnect()

    def _is_allowed_now(self, kind: int, error: Exception | None) -> bool:
        """Whether this shard may IDENTIFY now; if not, queue the same event again for when it may."""
        if not isinstance(self._client, ShardedBot):
            return True
        may, self._may_identify = self._may_identify, False
        if not may:
            self._cancel_task()
            waiting = self._requeue_when_allowed(self._client.identify_limiter, shard.EventItem(kind, self, error))
            self._task = asyncio.create_task(waiting, name=f"shard {self.id} waits for IDENTIFY")
        return may

    async def _requeue_when_allowed(self, limiter: IdentifyLimiter, event: shard.EventItem) -> None:
        # Without jitter, processes that were refused at the same moment would collide again 5 s later.
        await asyncio.sleep(random.uniform(0, _IDENTIFY_INTERVAL_SECONDS * limiter.count_recent(self.id)))  # noqa: S311 - jitter
        await limiter.wait_until_allowed({self.id})
        self._may_identify = True
        self._queue_put(event)


# discord.py has no other way to replace the classes of its shards, their connections, and its HTTP client.
shard.Shard = IdentifyQueueShard  # type: ignore[misc]
shard.DiscordWebSocket = TolerantWebSocket  # type: ignore[misc]
client.HTTPClient = GuardedHTTPClient  # type: ignore[attr-defined]
