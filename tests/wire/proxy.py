"""A cable that a test can pull: TCP on 127.0.0.1, carried on to a server's Unix socket, or to its port there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class Proxy:
    """Carries connections while `plugged`; a pulled cable ends those that there are, and refuses others."""

    def __init__(self, target: Path | int) -> None:
        self.port = 0
        self.plugged = True
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()

    def pull(self) -> None:
        """Cut every connection, and refuse new ones."""
        self.plugged = False
        for writer in self._writers:
            writer.transport.abort()

    def plug_in(self) -> None:
        """Carry connections again."""
        self.plugged = True

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator["Proxy"]:
        """Listen until the block ends."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.pull()
            server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.plugged:
            writer.transport.abort()
            return
        far_reader, far_writer = await self._open()
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._writers -= ends
            for end in ends:
                end.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection("127.0.0.1", self._target)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
