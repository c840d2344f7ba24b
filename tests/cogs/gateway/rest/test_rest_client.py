"""Requests that are canceled at any moment, through discord.py's own client and webhooks: later ones are sent.

The pauses of RestLimits are on virtual time; discord.py's own sleeps are real, so requests in them are canceled.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.http import Ratelimit, Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from cogs.gateway.rest.rest_client import RestGuard, RouteTurns
from cogs.gateway.sharded_bot import ShardedBot
from cogs.messaging.blocked_requests import RequestsBlocked
from cogs.messaging.discord_refusals import RefusalKind, classify_refusal
from tests.fakes.clock import FakeClock

VIA = {"Via": "1.1 google"}
ME = {"id": "1", "username": "bot", "discriminator": "0", "avatar": None, "bot": True}
Send = Callable[[], Coroutine[Any, Any, None]]
Answer = tuple[int, Mapping[str, str], Any]
OK: Answer = (200, {}, {"id": "5"})


@dataclass
class Discord:
    """Answers requests with `answers`, the last one for all that follow; None holds a request forever."""

    answers: list[Answer | None] = field(default_factory=lambda: [OK])
    paths: list[str] = field(default_factory=list[str])

    async def answer(self, request: web.Request) -> web.Response:
        """Answer the next request."""
        self.paths.append(request.path)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if found is None:
            await asyncio.Event().wait()
        status, headers, body = found or OK
        if isinstance(body, str):
            return web.Response(status=status, headers=headers, text=body)
        return web.Response(
            status=status, headers=headers, body=discord.utils._to_json(body).encode(), content_type="application/json"
        )


@dataclass
class World:
    """A bot that has logged in, and its Discord."""

    bot: ShardedBot
    discord: Discord
    clock: FakeClock

    @property
    def rest(self) -> RestGuard:
        """Return the guard of the bot's requests."""
        return self.bot.rest

    async def edit(self, channel: int = 1) -> None:
        """Edit a message as the bot."""
        route = Route("PATCH", "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=2)
        await self.bot.http.request(route, json={})

    async def follow_up(self) -> None:
        """Send a message by an interaction's token."""
        session = vars(self.bot.http)["_HTTPClient__session"]
        await async_context.get().execute_webhook(5, "interaction", session=session, payload={"content": "x"})

    async def seen(self, count: int) -> None:
        """Wait until so many requests have arrived."""
        async with asyncio.timeout(20):
            while len(self.discord.paths) < count:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.005)

    async def cancel_when_seen(self, request: Awaitable[None]) -> None:
        """Start a request, and cancel it once it has arrived and its answer, if any, had time to come."""
        task = asyncio.ensure_future(request)
        await self.seen(len(self.discord.paths) + 1)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@asynccontextmanager
async def open_world(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """Log a bot in."""
    playing, clock = Discord([(200, {}, ME), OK]), FakeClock()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", playing.answer)
    async with TestServer(application, host="127.0.0.1", skip_url_asserts=True) as server:
        monkeypatch.setattr(Route, "BASE", str(server.make_url("/api/v10")))
        async with ShardedBot(1, clock=clock.clock) as bot:
            await bot.http.static_login("token")
            playing.paths.clear()
            yield World(bot, playing, clock)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """A bot that has logged in."""
    async with open_world(monkeypatch) as opened:
        yield opened


def limited(seconds: float, *, everywhere: bool = False, **headers: str) -> Answer:
    """A 429 of Discord's API."""
    return 429, VIA | headers, {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere}


@pytest.mark.parametrize("seconds", [5.0, 25.0, 29.5])
@pytest.mark.parametrize("canceled", [1, 3])
async def test_a_canceled_request_does_not_keep_a_global_limit(world: World, seconds: float, canceled: int) -> None:
    """Whoever held it may go: nothing is sent before its end, and everything after it."""
    world.discord.answers = [limited(seconds, everywhere=True), OK]
    await world.cancel_when_seen(world.edit())
    others = [asyncio.create_task(world.edit(channel)) for channel in range(2, 2 + canceled)]
    await world.clock.advance(seconds - 1)
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    assert len(world.discord.paths) == 1
    last = [asyncio.create_task(world.edit(channel)) for channel in (1, 9)]
    await world.clock.advance(2)
    await asyncio.gather(*last)
    assert len(world.discord.paths) == 3


async def test_answers_of_interactions_go_on_during_a_global_limit(world: World) -> None:
    """Discord does not count them; a person's click is answered."""
    world.discord.answers = [limited(25, everywhere=True), OK]
    await world.cancel_when_seen(world.edit())
    await world.follow_up()
    assert len(world.discord.paths) == 2


@pytest.mark.parametrize("times", [2, 40])
async def test_a_route_is_not_asked_during_its_own_limit(world: World, times: int) -> None:
    """Each request that discord.py sends into it would count toward a ban of the address; other routes go on."""
    world.discord.answers = [limited(20), OK]
    await world.cancel_when_seen(world.edit())
    for _ in range(times):
        held = asyncio.create_task(world.edit())
        await world.clock.settle()
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)
    assert len(world.discord.paths) == 1
    await world.edit(channel=9)
    last = asyncio.create_task(world.edit())
    await world.clock.advance(21)
    await last
    assert len(world.discord.paths) == 3


@pytest.mark.parametrize(
    "answer",
    [
        limited(3600),
        (429, VIA | {"Retry-After": "90"}, {}),
        (429, VIA | {"Retry-After": "5"}, {}),
        (429, {"Retry-After": "82721"}, {"message": "You are being rate limited.", "global": False}),
        (429, VIA, "<html>Error 1015</html>"),
        (429, {"Retry-After": "Sat, 28 Nov 2099 12:10:00 GMT"}, "error code: 1015"),
    ],
)
@pytest.mark.parametrize("by_token", [False, True])
async def test_a_block_fails_the_request_at_once(world: World, answer: Answer, *, by_token: bool) -> None:
    """As one of the network does, whatever discord.py would have made of it; and the next one is sent in time."""
    world.discord.answers = [answer, OK]
    send: Send = world.follow_up if by_token else world.edit
    with pytest.raises(RequestsBlocked):
        await send()
    assert len(world.discord.paths) == 1
    await world.clock.advance(86_401)
    await send()


_FIREWALL: list[Answer] = [
    (403, VIA, {"message": "internal network error", "code": 40333}),
    (403, {}, "error code: 1020"),
    (403, {"Retry-After": "3600"}, "<html>Sorry, you have been blocked</html>"),
    (403, {"Content-Type": "application/json"}, "[" * 100_000),
]


@pytest.mark.parametrize("answer", _FIREWALL)
@pytest.mark.parametrize("by_token", [False, True])
async def test_a_message_that_a_firewall_refuses_can_be_drawn_more_simply(
    world: World, answer: Answer, *, by_token: bool
) -> None:
    """The error is that of a refused message, whatever the page; other requests are sent at once."""
    world.discord.answers = [answer, answer, OK]
    send: Send = world.follow_up if by_token else world.edit
    for _ in range(2):
        with pytest.raises(discord.Forbidden) as refused:
            await send()
        assert classify_refusal(refused.value).kind is RefusalKind.BODY
    async with asyncio.timeout(10):
        await world.edit(channel=9)
    await world.clock.advance(60)
    assert world.rest.find_problem() == ""


@pytest.mark.parametrize("answer", _FIREWALL)
async def test_a_firewall_that_refuses_the_probe_too_blocks_the_address(world: World, answer: Answer) -> None:
    """A login, which sends no message, fails with the same error."""
    world.discord.answers = [answer]
    with pytest.raises(RequestsBlocked):
        await world.bot.http.request(Route("GET", "/users/@me"))
    with pytest.raises(discord.Forbidden):
        await world.edit()
    with pytest.raises(RequestsBlocked, match="this machine's address"):
        await world.bot.probe_rest()
    count = len(world.discord.paths)
    with pytest.raises(RequestsBlocked, match="this machine's address"):
        await world.edit()
    assert len(world.discord.paths) == count
    assert "this machine's address" in world.rest.find_problem()


@pytest.mark.parametrize("by_token", [False, True])
async def test_the_last_request_of_a_window_returns_at_once(world: World, *, by_token: bool) -> None:
    """Its result is not held back until the window resets; canceled or not, the token's next request is sent then."""
    spent = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "20"}
    world.discord.answers = [(200, spent, {"id": "5"}), OK]
    send: Send = world.follow_up if by_token else world.edit
    async with asyncio.timeout(10):
        await send()
    held = [asyncio.create_task(send()) for _ in range(3)]
    await world.clock.settle()
    assert len(world.discord.paths) == 1
    held[0].cancel()
    if by_token:
        await world.clock.advance(20.1)
        await asyncio.gather(*held[1:])
    else:
        for one in held[1:]:
            one.cancel()
    await asyncio.gather(*held, return_exceptions=True)


async def test_a_hanging_request_of_a_token_lets_the_next_one_go_when_canceled(world: World) -> None:
    """The lock of the token is free again."""
    world.discord.answers = [None, OK]
    await world.cancel_when_seen(world.follow_up())
    async with asyncio.timeout(10):
        await world.follow_up()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "x", "X-RateLimit-Reset-After": "3"},
        {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "0"},
        {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "inf"},
        {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "nan"},
        {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "-7"},
        {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0"},
    ],
)
async def test_malformed_headers_block_no_route(world: World, headers: dict[str, str]) -> None:
    """They are ignored, and the request has its result."""
    world.discord.answers = [(200, headers, {"id": "5"})]
    async with asyncio.timeout(10):
        for _ in range(3):
            await world.edit()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((503, {}, {}), "HTTP 503"),
        ((401, {}, {"code": 0}), "Discord refuses DISCORD_TOKEN"),
        ((429, {"Retry-After": "3600"}, "error code: 1015"), "Discord blocks this machine's address until"),
        (None, "no answer"),
    ],
)
async def test_failures_are_a_problem_after_a_minute(world: World, answer: Answer | None, problem: str) -> None:
    """Each kind says why; the first success ends it."""
    world.discord.answers = [answer, OK]
    if answer is None:
        sending = asyncio.create_task(world.edit())
        await world.seen(1)
        await world.clock.advance(20)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    else:
        with pytest.raises((discord.HTTPException, RequestsBlocked)):
            await world.edit()
    await world.clock.advance(61)
    assert problem in world.rest.find_problem()
    await world.clock.advance(3600)
    await world.edit()
    assert world.rest.find_problem() == ""


async def test_a_refused_connection_is_a_failure_and_a_refusal_is_none(world: World) -> None:
    """A message that is gone says that Discord answers."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Route, "BASE", "http://127.0.0.1:9/api/v10")
        with pytest.raises(aiohttp.ClientError):
            await world.edit()
    await world.clock.advance(60)
    assert "ClientConnectorError" in world.rest.find_problem()
    world.discord.answers = [(404, {}, {"code": 10008})]
    with pytest.raises(discord.NotFound):
        await world.edit()
    assert world.rest.find_problem() == ""


async def test_a_quick_cancellation_is_no_failure(world: World) -> None:
    """Stop watching cancels an edit that was sent a moment ago."""
    world.discord.answers = [None]
    await world.cancel_when_seen(world.edit())
    await world.clock.advance(3600)
    assert world.rest.find_problem() == ""


def window(turns: Ratelimit, *, limit: int, remaining: int, seconds: float) -> None:
    """Let a response say how many requests of a route are left."""
    turns.limit, turns.remaining = limit, remaining
    turns.reset_after, turns.expires = seconds, asyncio.get_running_loop().time() + seconds


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_turns_never_exceed_the_limit_and_are_never_lost(limit: int) -> None:
    """However many wait, and whichever of them are canceled, at every step."""
    turns, inside, most = RouteTurns(None), 0, 0

    async def use(number: int) -> None:
        nonlocal inside, most
        async with turns:
            inside, most = inside + 1, max(most, inside + 1)
            try:
                window(turns, limit=limit, remaining=turns.remaining, seconds=0.05)
                await asyncio.sleep(0.001 * (number % 3))
            finally:
                inside -= 1

    tasks = [asyncio.create_task(use(number)) for number in range(40)]
    for number, task in enumerate(tasks):
        if number % 3 == 0:
            task.cancel()
        if number % 4 == 0:
            await asyncio.sleep(0)
            task.cancel()
            task.cancel()
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks, return_exceptions=True)
        await use(1)
    assert most <= limit
    assert (inside, turns.outgoing, len(turns._pending_requests)) == (0, 0, 0)


def test_the_lock_of_webhooks_is_replaced() -> None:
    """The default adapter uses it, in every context."""
    assert type(async_context.get()) is AsyncWebhookAdapter
    assert discord.webhook.async_.AsyncDeferredLock.__name__ == "_ReleasedLock"
