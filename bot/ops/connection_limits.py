"""Limits on the number and the duration of connections, so that strangers cannot use up the process's sockets.

aiohttp limits neither; uvicorn limits the number of requests, but not how long a connection stays open without one.
"""

import asyncio
from collections.abc import Callable

MAX_CONNECTIONS = 64
"""How many connections may be open at once; a platform's health check and a Prometheus need one each."""
MAX_CONNECTION_SECONDS = 15.0
"""How long a connection may last, even a busy one."""


class ConnectionLimiter:
    """A protocol factory for `asyncio.loop.create_server`, which wraps the protocols of another one."""

    def __init__(
        self,
        factory: Callable[[], asyncio.Protocol],
        *,
        max_connections: int = MAX_CONNECTIONS,
        max_seconds: float = MAX_CONNECTION_SECONDS,
    ) -> None:
        self._factory = factory
        self._max_connections = max_connections
        self._max_seconds = max_seconds
        self._open = 0

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection, or one that closes it at once."""
        if self._open >= self._max_connections:
            return _RefusedConnection()
        return _LimitedConnection(self._factory(), self._count_opened, self._count_closed)

    def _count_opened(self, transport: asyncio.BaseTransport) -> asyncio.TimerHandle:
        self._open += 1
        return asyncio.get_running_loop().call_later(self._max_seconds, _abort, transport)

    def _count_closed(self) -> None:
        self._open -= 1


def _abort(transport: asyncio.BaseTransport) -> None:
    """Close a connection without waiting for the client to read what was sent."""
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


class _RefusedConnection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _abort(transport)


class _LimitedConnection(asyncio.Protocol):
    """Forwards everything to the wrapped protocol."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        on_opened: Callable[[asyncio.BaseTransport], asyncio.TimerHandle],
        on_closed: Callable[[], None],
    ) -> None:
        self._inner = inner
        self._on_opened = on_opened
        self._on_closed = on_closed
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._timer = self._on_opened(transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._on_closed()
        self._inner.connection_lost(exc)
