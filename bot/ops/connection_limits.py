"""Who may come in at an open port: so many at once, and each for so long, or strangers could use up all our sockets."""

import asyncio
from collections.abc import Callable

MAX_CONNECTIONS = 64
"""How many connections there may be at once; a platform's check and a Prometheus need one each."""
MAX_CONNECTION_SECONDS = 15.0
"""How long a connection may last, whatever it does."""


class ConnectionLimiter:
    """A protocol factory around another's: `asyncio.loop.create_server` calls it for each connection."""

    def __init__(
        self,
        factory: Callable[[], asyncio.Protocol],
        *,
        most: int = MAX_CONNECTIONS,
        seconds: float = MAX_CONNECTION_SECONDS,
    ) -> None:
        self._factory = factory
        self._most = most
        self._seconds = seconds
        self._inside = 0

    def __call__(self) -> asyncio.Protocol:
        """Let somebody in, or turn them away."""
        if self._inside >= self._most:
            return _TurnedAway()
        return _Guest(self._factory(), self._enter, self._leave)

    def _enter(self, transport: asyncio.BaseTransport) -> asyncio.TimerHandle:
        self._inside += 1
        return asyncio.get_running_loop().call_later(self._seconds, _cut, transport)

    def _leave(self) -> None:
        self._inside -= 1


def _cut(transport: asyncio.BaseTransport) -> None:
    """End a connection, also with somebody who does not read what we say."""
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _cut(transport)


class _Guest(asyncio.Protocol):
    """Passes all on to the protocol that it stands for."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        enter: Callable[[asyncio.BaseTransport], asyncio.TimerHandle],
        leave: Callable[[], None],
    ) -> None:
        self._inner = inner
        self._enter = enter
        self._leave = leave
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._timer = self._enter(transport)
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
        self._leave()
        self._inner.connection_lost(exc)
