"""A door on a real socket: how many come in, and for how long."""

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest

from bot.ops.connection_limits import ConnectionLimiter

HERE = "127.0.0.1"


class Echo(asyncio.Protocol):
    """Says what it hears."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Say something; return what comes back, nothing where the connection is cut."""
    try:
        writer.write(b"hello")
        await writer.drain()
        return await reader.read(5)
    except ConnectionError:
        return b""
    finally:
        await ended(writer)


async def ended(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_so_many_come_in_and_the_next_when_one_has_left() -> None:
    """Whoever is beyond the number is cut off at once, those inside are served."""
    server = await asyncio.get_running_loop().create_server(ConnectionLimiter(Echo, most=2), HERE, 0)
    async with AsyncExitStack() as stack:
        stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        inside = [await asyncio.open_connection(HERE, port) for _ in range(2)]
        for reader, writer in inside:
            writer.write(b"x")
            assert await reader.read(1) == b"x"
        assert await said(*await asyncio.open_connection(HERE, port)) == b""
        assert await said(*inside[0]) == b"hello"
        assert await said(*await asyncio.open_connection(HERE, port)) == b"hello"
        await ended(inside[1][1])


async def test_nobody_stays_for_ever() -> None:
    """A connection on which nothing is said is cut when its time is over."""
    server = await asyncio.get_running_loop().create_server(ConnectionLimiter(Echo, seconds=0.05), HERE, 0)
    reader, writer = await asyncio.open_connection(HERE, server.sockets[0].getsockname()[1])
    async with asyncio.timeout(5):
        with pytest.raises((ConnectionError, EOFError)):
            await reader.readexactly(1)
    await ended(writer)
    server.close()
