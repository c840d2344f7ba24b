"""The routes to a job's message: the interaction's token until it expires, then the bot; each within its rate limit."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import discord

from bot.clock import Clock
from bot.entities import Place
from cogs.messaging import rate_limits
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import REQUEST_TIMEOUT_SECONDS

_T = TypeVar("_T")


class MessageRoutes:
    """Chooses the route to a message, waits for its turn, and sends requests on it."""

    def __init__(self, bot: discord.Client, rate_limiter: RateLimiter, clock: Clock) -> None:
        self._bot = bot
        self._now = clock.now
        self._rate_limiter = rate_limiter
        self._dead_tokens: dict[str, datetime] = {}
        self._unused_turns: dict[int, tuple[str | int, datetime]] = {}

    def is_token_usable(self, place: Place) -> bool:
        """Return whether the interaction's token may still reach the message."""
        return place.token not in self._dead_tokens and self._now() < place.token_expires_at

    def mark_token_dead(self, place: Place) -> None:
        """Remember a token that Discord refuses, until it would have expired."""
        now = self._now()
        self._dead_tokens = {token: until for token, until in self._dead_tokens.items() if until > now}
        self._dead_tokens[place.token] = place.token_expires_at

    def get_webhook(self, place: Place) -> discord.Webhook:
        """Return the interaction's webhook, which needs only its token."""
        webhook = discord.Webhook.partial(place.application_id, place.token, client=self._bot)
        webhook.type = discord.WebhookType.application  # needed to send ephemeral messages
        return webhook

    def get_channel(self, place: Place) -> discord.PartialMessageable:
        """Return the channel as the bot reaches it, without a request."""
        return self._bot.get_partial_messageable(place.channel_id, guild_id=place.guild_id or None)

    def get_message(self, place: Place) -> discord.PartialMessage:
        """Return the message as the bot reaches it, without a request."""
        return self.get_channel(place).get_partial_message(place.message_id)

    async def take_turn(self, place: Place, *, urgent: bool | Callable[[], bool] = True) -> None:
        """Wait until the route to that message may be used, unless a turn that it took before is still unused."""
        by_token = self.is_token_usable(place)
        route = place.token if by_token else place.channel_id
        self._drop_turns()
        if self._unused_turns.get(place.message_id, ("",))[0] == route:
            return
        limit = rate_limits.TOKEN_LIMIT if by_token else rate_limits.CHANNEL_LIMIT
        await self._rate_limiter.acquire(route, limit, as_bot=not by_token, urgent=urgent, awaits_response=True)
        self._unused_turns.pop(place.message_id, None)
        self._unused_turns[place.message_id] = route, self._now()

    def _drop_turns(self) -> None:
        """Forget the turns that were not used in time; the oldest are first."""
        expired = self._now() - timedelta(seconds=rate_limits.RESPONSE_TIMEOUT_SECONDS)
        while self._unused_turns and (oldest := next(iter(self._unused_turns.items())))[1][1] <= expired:
            del self._unused_turns[oldest[0]]

    async def take_token(self, place: Place) -> None:
        """Wait until the interaction's token may be used."""
        await self._rate_limiter.acquire(place.token, rate_limits.TOKEN_LIMIT, as_bot=False, awaits_response=True)

    async def take_channel(self, place: Place) -> None:
        """Wait until the bot may use the channel."""
        await self._rate_limiter.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, awaits_response=True)

    async def send_in_turn(
        self, request: Awaitable[_T], place: Place, route: str | int, seconds: float = REQUEST_TIMEOUT_SECONDS
    ) -> _T:
        """Send the request that uses the turn of this message."""
        self._unused_turns.pop(place.message_id, None)
        return await self.send(request, route, seconds)

    async def send(self, request: Awaitable[_T], route: str | int, seconds: float = REQUEST_TIMEOUT_SECONDS) -> _T:
        """Send a request; raise TimeoutError if there is no answer in time."""
        try:
            async with asyncio.timeout(seconds):
                return await request
        finally:
            self._rate_limiter.report_response(route)
