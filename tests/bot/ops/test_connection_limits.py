"""The limits of connections on a real socket."""

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest

from bot.ops.connection_limits import ConnectionLimiter

HERE = "127.0.0.1"


class Echo(asyncio.Protocol):
    """Sends back what it receives."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


async def send_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Send a word and return the answer, empty if the connection is closed."""
    try:
        writer.write(b"hello")
        await writer.drain()
        return await reader.read(5)
    except ConnectionError:
        return b""
    finally:
        await close(writer)


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_connections_above_the_limit_are_refused() -> None:
    """Until another one is closed."""
    server = await asyncio.get_running_loop().create_server(ConnectionLimiter(Echo, max_connections=2), HERE, 0)
    async with AsyncExitStack() as stack:
        stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        inside = [await asyncio.open_connection(HERE, port) for _ in range(2)]
        for reader, writer in inside:
            writer.write(b"x")
            assert await reader.read(1) == b"x"
        assert await send_hello(*await asyncio.open_connection(HERE, port)) == b""
        assert await send_hello(*inside[0]) == b"hello"
        assert await send_hello(*await asyncio.open_connection(HERE, port)) == b"hello"
        await close(inside[1][1])


async def test_a_connection_is_closed_after_its_time() -> None:
    """Also an idle one."""
    server = await asyncio.get_running_loop().create_server(ConnectionLimiter(Echo, max_seconds=0), HERE, 0)
    reader, writer = await asyncio.open_connection(HERE, server.sockets[0].getsockname()[1])
    async with asyncio.timeout(5):
        with pytest.raises((ConnectionError, EOFError)):
            await reader.readexactly(1)
    await close(writer)
    server.close()
