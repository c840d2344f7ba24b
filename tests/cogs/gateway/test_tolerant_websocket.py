"""Frames that cannot be read are skipped; the session goes on."""

import asyncio
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from discord import shard, utils
from discord.gateway import ReconnectWebSocket

from cogs.gateway.sharded_bot import ShardedBot
from cogs.gateway.tolerant_websocket import TolerantWebSocket

READY = {
    "v": 10, "user": {"id": "1", "username": "bot", "discriminator": "0", "avatar": None}, "guilds": [],
    "session_id": "s", "resume_gateway_url": "wss://gateway.test", "application": {"id": "1", "flags": 0},
    "shard": [0, 1],
}  # fmt: skip
GUILD = {"id": "6", "name": "Art", "roles": [], "channels": [], "threads": [], "members": [], "emojis": []}


class Socket:
    """A socket that keeps what is sent and how it is closed."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.close_code: int | None = None

    async def send_str(self, data: str) -> None:
        """Keep a frame."""
        self.sent.append(data)

    async def close(self, code: int = 1000) -> None:
        """Keep the code."""
        self.close_code = code


@pytest.fixture
async def websocket(monkeypatch: pytest.MonkeyPatch) -> TolerantWebSocket:
    """A connection of a bot's only shard, before HELLO; no thread sends heartbeats."""
    monkeypatch.setattr("discord.gateway.KeepAliveHandler.start", lambda _: None)
    bot = ShardedBot(1)
    bot.loop = asyncio.get_running_loop()
    state = bot._connection
    state.shard_ids = [0]
    found = TolerantWebSocket(Socket(), loop=bot.loop)  # type: ignore[arg-type]
    found.token, found._connection, found._discord_parsers = "token", state, state.parsers
    found.events: list[tuple[Any, ...]] = []  # type: ignore[misc, attr-defined]
    state.dispatch = found._dispatch = lambda *event: found.events.append(event)  # type: ignore[attr-defined]
    found.shard_id, found.session_id, found.sequence = 0, None, None
    found._max_heartbeat_timeout = 60.0
    return found


def frame(event: str | None, data: Any, sequence: Any = None, op: int = 0) -> str:  # noqa: ANN401 (any JSON)
    return json.dumps({"op": op, "t": event, "s": sequence, "d": data})


HELLO = frame(None, {"heartbeat_interval": 41250}, op=10)


async def connect(websocket: TolerantWebSocket) -> None:
    """Bring a connection to where events arrive."""
    await websocket.received_message(HELLO)
    await websocket.received_message(frame("READY", READY, 1))


UNREADABLE: dict[str, str] = {
    "no JSON": "{",
    "an empty frame": "",
    "a list": "[]",
    "a number": "7",
    "null": "null",
    "nested too deeply": "[" * 100_000,
    "an event without data": frame("INTERACTION_CREATE", None, 2),
    "an event with a list": frame("GUILD_CREATE", [], 2),
    "an event that lacks a key": frame("INTERACTION_CREATE", {"id": "1"}, 2),
    "an event with a wrong type": frame("INTERACTION_CREATE", {"id": "x", "type": 2}, 2),
    "a guild with a broken channel": frame("GUILD_CREATE", {**GUILD, "channels": [{"id": "7"}]}, 2),
    "a channel of no server": frame("CHANNEL_UPDATE", {"type": 0}, 2),
    "a thread without its details": frame("THREAD_CREATE", {"id": "7"}, 2),
    "an event whose name is a list": json.dumps({"op": 0, "t": ["READY"], "s": 2, "d": {}}),
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("is_binary", [False, True])
async def test_an_unreadable_frame_is_logged_and_skipped(
    websocket: TolerantWebSocket, caplog: pytest.LogCaptureFixture, text: str, *, is_binary: bool
) -> None:
    """The next event is handled, the session stays, and a RESUME would go on behind the skipped event."""
    await connect(websocket)
    websocket._decompressor = SimpleNamespace(decompress=lambda data: data.decode())
    with caplog.at_level(logging.WARNING, "cogs"):
        await websocket.received_message(text.encode() if is_binary else text)
    await websocket.received_message(frame("GUILD_CREATE", GUILD, 3))
    assert (websocket.session_id, websocket.sequence, websocket.socket.close_code) == ("s", 3, None)
    assert websocket._connection._get_guild(6) is not None
    assert ["skips an unreadable" in line.getMessage() for line in caplog.records] == [True]


async def test_a_traceback_is_logged_once_for_each_event(
    websocket: TolerantWebSocket, caplog: pytest.LogCaptureFixture
) -> None:
    """An event of a new form must not fill the log; nothing of its content is logged, which may hold a token."""
    await connect(websocket)
    with caplog.at_level(logging.WARNING, "cogs"):
        for event in ("INTERACTION_CREATE", "GUILD_CREATE", "INTERACTION_CREATE", "INTERACTION_CREATE"):
            await websocket.received_message(frame(event, {"token": "secret"}, 2))
    assert [bool(line.exc_info) for line in caplog.records] == [True, True, False, False]
    assert "secret" not in caplog.text


async def test_an_unreadable_event_before_resumed_is_skipped(websocket: TolerantWebSocket) -> None:
    """It happened while the connection was lost, and is the first one that the RESUME brings."""
    websocket.session_id, websocket.sequence = "s", 5
    await websocket.received_message(HELLO)
    await websocket.received_message(frame("INTERACTION_CREATE", {}, 6))
    await websocket.received_message(frame("RESUMED", None, 7))
    events: list[tuple[Any, ...]] = websocket.events  # type: ignore[attr-defined]
    assert ("shard_resumed", 0) in events
    assert (websocket.session_id, websocket.sequence) == ("s", 7)


@pytest.mark.parametrize("sequence", ["9", 9.5, [9], {"s": 9}])
async def test_a_sequence_that_is_no_number_is_ignored(websocket: TolerantWebSocket, sequence: object) -> None:
    """Discord would close the connection at the next heartbeat."""
    await connect(websocket)
    await websocket.received_message(frame("GUILD_CREATE", GUILD, sequence))
    assert websocket.sequence == 1
    assert websocket._keep_alive
    assert json.loads(json.dumps(websocket._keep_alive.get_payload())) == {"op": 1, "d": 1}


@pytest.mark.parametrize(
    "text",
    [frame(None, None, op=10), frame(None, {}, op=10), "{", frame("READY", {**READY, "user": None}, 1)],
)
async def test_without_a_readable_hello_or_ready_the_error_is_raised(websocket: TolerantWebSocket, text: str) -> None:
    """There is no session to go on with; a new connection is made, with its limits."""
    if "READY" in text:
        await websocket.received_message(HELLO)
    with pytest.raises((TypeError, LookupError, ValueError, AttributeError)):
        await websocket.received_message(text)


async def test_a_broken_stream_is_resumed_on_a_new_connection(websocket: TolerantWebSocket) -> None:
    """All later frames would be broken too; without any event before, the error is raised, which a RESUME repeats."""
    websocket._decompressor = utils._ActiveDecompressionContext()
    await websocket.received_message(HELLO)
    garbage = b"\x00garbage" + b"\x00\x00\xff\xff"
    with pytest.raises(Exception, match=r".") as raised:
        await websocket.received_message(garbage)
    assert not isinstance(raised.value, ReconnectWebSocket)
    await websocket.received_message(frame("READY", READY, 1))
    websocket._decompressor = utils._ActiveDecompressionContext()
    with pytest.raises(ReconnectWebSocket) as lost:
        await websocket.received_message(garbage)
    assert (lost.value.resume, websocket.session_id, websocket.socket.close_code) == (True, "s", 4000)


async def test_other_ends_of_a_connection_are_left_to_discord_py(websocket: TolerantWebSocket) -> None:
    """Op 7 and op 9 reconnect, and bytes that are no UTF-8 are a frame like any other."""
    await connect(websocket)
    websocket._decompressor = SimpleNamespace(decompress=lambda data: data.decode())
    await websocket.received_message(b"\xff\xfe")
    for text, resume in ((frame(None, None, op=7), True), (frame(None, "no", op=9), False)):
        with pytest.raises(ReconnectWebSocket) as lost:
            await websocket.received_message(text)
        assert lost.value.resume is resume


def test_every_shard_uses_it() -> None:
    """discord.py builds connections from its own name of the class."""
    assert vars(shard)["DiscordWebSocket"] is TolerantWebSocket
