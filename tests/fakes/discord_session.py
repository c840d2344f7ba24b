"""aiohttp's session as discord.py uses it, without sockets: a Discord whose outages last as long as a test says."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient

from tests.fakes.clock import FakeClock
from tests.wire.loopback_world import Channel, Message, Person

_BOT = Person(42, "mjbot")
_CHANNEL = Channel(50, "art", "guild", 6)


@dataclass
class FakeResponse:
    """What discord.py reads of a response."""

    status: int
    body: object
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    reason: str = "scripted"

    async def text(self, encoding: str) -> str:
        """Return the body."""
        del encoding
        return json.dumps(self.body)


@dataclass
class FakeDiscordSession:
    """Edits messages at once, unless `find_fault` returns another status for that time; 0 cuts the connection."""

    clock: FakeClock
    find_fault: Callable[[float], int | None] = lambda _: None
    fault_headers: dict[str, str] = field(default_factory=dict[str, str])
    fault_body: dict[str, object] = field(default_factory=dict[str, object])
    messages: dict[int, Message] = field(default_factory=dict[int, Message])
    shown_at: dict[int, float] = field(default_factory=dict[int, float])
    """When each message was edited last."""
    requests: list[float] = field(default_factory=list[float])

    @asynccontextmanager
    async def request(self, method: str, url: str, **options: Any) -> AsyncIterator[FakeResponse]:  # noqa: ANN401
        """Answer a request."""
        self.requests.append(self.clock.time)
        status = self.find_fault(self.clock.time)
        if status == 0:
            raise aiohttp.ClientConnectionError
        if status is not None:
            headers = {"content-type": "application/json", **self.fault_headers}
            yield FakeResponse(status, {"message": "scripted", "code": 0, **self.fault_body}, headers)
            return
        yield FakeResponse(200, self._edit(method, url, options).payload())

    def _edit(self, method: str, url: str, options: dict[str, Any]) -> Message:
        assert method in {"GET", "PATCH"}, f"{method} {url}"
        message_id = int(url.rpartition("/messages/")[2].partition("?")[0])
        if method == "GET":
            return self.messages.get(message_id, Message(message_id, _CHANNEL, _BOT))
        message = self.messages.setdefault(message_id, Message(message_id, _CHANNEL, _BOT))
        message.apply(_read_body(options["data"]), ())
        self.shown_at[message_id] = self.clock.time
        return message

    def open_client(self) -> discord.Client:
        """Return a client that sends its requests here, as if it had logged in."""
        client = discord.Client(intents=discord.Intents(guilds=True))
        http: HTTPClient = client.http
        vars(http)["_HTTPClient__session"] = self
        http._global_over = _Open()  # type: ignore[assignment]
        return client


class _Open:
    """The event of discord.py's global rate limit, which a login creates."""

    def is_set(self) -> bool:
        """Tell that there is no limit."""
        return True


def _read_body(data: object) -> dict[str, Any]:
    """Return the JSON of a request; beside files it is one field of a form."""
    if isinstance(data, aiohttp.FormData):
        fields = {options["name"]: value for options, _, value in data._fields}
        data = fields["payload_json"]
    body: dict[str, Any] = json.loads(data if isinstance(data, str | bytes) else str(data))
    return body
