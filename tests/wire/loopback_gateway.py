"""The gateway of a loopback Discord: IDENTIFY, RESUME with replay, events to every session, and ways to lose one."""

import asyncio
import json
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

_PAYLOAD_BYTES = 4096


@dataclass
class Session:
    """One gateway session; it outlives its socket, so that it can be resumed."""

    id: str
    shard: tuple[int, int]
    intents: int
    socket: web.WebSocketResponse | None
    transport: asyncio.Transport | None = None
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque[tuple[int, str]](maxlen=1000))

    async def dispatch(self, event: str, data: Mapping[str, Any]) -> None:
        """Send one event, and keep it for a RESUME."""
        self.sequence += 1
        text = json.dumps({"op": 0, "t": event, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, text))
        await self.send(text)

    async def send(self, text: str) -> None:
        """Send a frame, if a client is connected to take it."""
        if self.socket is not None and not self.socket.closed:
            try:
                await self.socket.send_str(text)
            except ConnectionError:
                self.socket = None


class Gateway:
    """The websocket side; `welcome` gives the READY data and the guilds of a shard, `changed` tells those who wait."""

    def __init__(
        self,
        token: str,
        welcome: Callable[[Session], tuple[dict[str, Any], list[dict[str, Any]]]],
        changed: Callable[[], None],
        limit: dict[str, int],
    ) -> None:
        self.token = token
        self.limit = limit  # the session_start_limit, from which every IDENTIFY takes one
        self.heartbeat_ms = 41_250
        self.identifies = 0
        self.resumes = 0
        self.heartbeats = 0
        self.silent = False  # set to True: an IDENTIFY is counted, and never answered
        self.invalid = 0  # so many of the next IDENTIFYs are answered with op 9
        self.refuse: int | None = None  # a code with which every IDENTIFY is closed
        self.least_shards = 1  # a smaller shard count is closed with 4011
        self.apart_seconds = 0.0  # Discord's 5.0: IDENTIFYs of one bucket that come sooner get op 9
        self._identified_at: dict[int, float] = {}
        self.sessions: dict[str, Session] = {}
        self._welcome = welcome
        self._changed = changed

    @property
    def connected(self) -> list[Session]:
        """List the sessions with a connected client."""
        return [one for one in self.sessions.values() if one.socket is not None and not one.socket.closed]

    def _of(self, shard: int | None) -> list[Session]:
        return [one for one in self.connected if shard is None or one.shard[0] == shard]

    async def dispatch(self, event: str, data: Mapping[str, Any], guild_id: int | None) -> None:
        """Send an event to every session whose shard it concerns, connected or resumable."""
        for session in list(self.sessions.values()):
            shard, count = session.shard
            if shard == ((guild_id >> 22) % count if guild_id else 0):
                await session.dispatch(event, data)

    async def ask_to_reconnect(self) -> None:
        """Send op 7: every client is to connect again and resume."""
        for session in self.connected:
            await session.send('{"op":7,"d":null}')

    async def invalidate(self, *, resumable: bool = False, shard: int | None = None) -> None:
        """Send op 9, to one shard or to all: the sessions are over, unless `resumable`."""
        for session in self._of(shard):
            await session.send(json.dumps({"op": 9, "d": resumable}))
            if not resumable:
                self.sessions.pop(session.id, None)

    async def drop(self, code: int | None = None, *, shard: int | None = None) -> None:
        """Close every socket, or a shard's, with `code`, or, without one, cut it as a broken network does."""
        for session in self._of(shard):
            socket, session.socket = session.socket, None
            if socket is not None and code is not None:
                await asyncio.wait_for(socket.close(code=code), 2)
            elif session.transport is not None:
                session.transport.abort()
        self._changed()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Speak with one client until it goes."""
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": self.heartbeat_ms}})
        session: Session | None = None
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            if len(frame.data) > _PAYLOAD_BYTES:
                await socket.close(code=4002)
                break
            payload = json.loads(frame.data)
            match payload.get("op"):
                case 1:
                    self.heartbeats += 1
                    await socket.send_str('{"op":11}')
                case 2:
                    session = await self._identify(socket, payload["d"])
                case 6:
                    session = await self._resume(socket, payload["d"])
                case _:
                    pass
            if session is not None and isinstance(request.transport, asyncio.Transport):
                session.transport = request.transport
            self._changed()
        if session is not None and session.socket is socket:
            session.socket = None
            if socket.close_code in {1000, 1001}:
                self.sessions.pop(session.id, None)
        self._changed()
        return socket

    async def _identify(self, socket: web.WebSocketResponse, data: Mapping[str, Any]) -> Session | None:
        self.identifies += 1
        self.limit["remaining"] -= 1
        shard, count = data.get("shard") or (0, 1)
        if data.get("token") != self.token:
            await socket.close(code=4004, message=b"Authentication failed.")
        elif self.refuse or shard >= count:
            await socket.close(code=self.refuse or 4010)
        elif count < self.least_shards:
            await socket.close(code=4011, message=b"Sharding required.")
        elif self._is_too_soon(shard):
            await socket.send_str('{"op":9,"d":false}')
        elif not self.silent:
            return await self._begin(Session(secrets.token_hex(16), (shard, count), data["intents"], socket))
        return None

    def _is_too_soon(self, shard: int) -> bool:
        if self.invalid > 0:
            self.invalid -= 1
            return True
        bucket, now = shard % self.limit["max_concurrency"], time.monotonic()
        if now - self._identified_at.get(bucket, -math.inf) < self.apart_seconds:
            return True
        self._identified_at[bucket] = now
        return False

    async def _begin(self, session: Session) -> Session:
        self.sessions[session.id] = session
        ready, guilds = self._welcome(session)
        await session.dispatch("READY", {**ready, "session_id": session.id, "shard": list(session.shard)})
        for guild in guilds:
            await session.dispatch("GUILD_CREATE", guild)
        return session

    async def _resume(self, socket: web.WebSocketResponse, data: Mapping[str, Any]) -> Session | None:
        session = self.sessions.get(data["session_id"])
        if session is None or data.get("token") != self.token:
            await socket.send_str('{"op":9,"d":false}')
            return None
        self.resumes += 1
        session.socket = socket
        for sequence, text in list(session.sent):
            if sequence > data["seq"]:
                await session.send(text)
        await session.dispatch("RESUMED", {})
        return session
