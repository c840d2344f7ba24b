"""A forward proxy on 127.0.0.1, with CONNECT and absolute-form requests, and TLS in front of plain servers."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

TLS = Path(__file__).parents[1] / "data" / "tls"
CERTIFICATE = TLS / "certificate.pem"
"""Signed by itself, for localhost, 127.0.0.1 and the names of tests such as site.test."""


def create_client_context() -> ssl.SSLContext:
    """Create a context that trusts CERTIFICATE, and nothing else."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def create_server_context() -> ssl.SSLContext:
    """Create the context of a server that has CERTIFICATE."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, TLS / "key.pem")
    return context


@dataclass
class HttpProxy:
    """Forwards to the loopback ports of `routes`, and records each request line's method and target in `seen`.

    `answer` is sent in place of forwarding anything: a whole response, or b"" to end the connection. A host that
    `routes` lacks is not found (502).
    """

    routes: dict[str, int] = field(default_factory=dict[str, int])
    answer: bytes | None = None
    seen: list[str] = field(default_factory=list[str])
    heads: list[str] = field(default_factory=list[str])
    port: int = 0

    @property
    def address(self) -> str:
        """Return the address as it stands in a setting."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serve(self, tls: ssl.SSLContext | None = None) -> AsyncGenerator["HttpProxy"]:
        """Listen until the block ends."""
        async with _serve(self._handle, tls) as self.port:
            yield self

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        if not first.isalpha():  # TLS
            writer.write(respond(400))
            return
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split(" ", 2)
        self.seen.append(f"{method} {target.partition('?')[0]}")
        self.heads.append(head)
        if self.answer is not None:
            writer.write(self.answer)
            return
        place = target if method == "CONNECT" else urlsplit(target).netloc
        if (port := self.routes.get(place)) is None:
            writer.write(respond(502, body="no such host"))
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(respond(200))
        else:
            far_writer.write(_to_origin_form(head, target).encode("latin-1"))
        await _carry(reader, writer, far_reader, far_writer)


def respond(status: int, *headers: str, body: str = "") -> bytes:
    """Build a response; a tunnel's has no length."""
    length = () if status == 200 else (f"Content-Length: {len(body)}",)
    return "\r\n".join([f"HTTP/1.1 {status} Said", *length, *headers, "", body]).encode()


def _to_origin_form(head: str, target: str) -> str:
    """Rewrite the head of an absolute-form request, without what is meant for the proxy; one request a connection."""
    path = urlsplit(target)._replace(scheme="", netloc="").geturl() or "/"
    connection = "Upgrade" if "\r\nupgrade:" in head.lower() else "close"
    lines = [line for line in head.split("\r\n") if not line.lower().startswith(("proxy-", "connection:"))]
    return "\r\n".join([lines[0].replace(target, path, 1), f"Connection: {connection}", *lines[1:]])


@asynccontextmanager
async def serve_tls(port: int) -> AsyncGenerator[int]:
    """Put TLS in front of the plain server at a loopback port, and yield the new port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _carry(reader, writer, *await asyncio.open_connection("127.0.0.1", port))

    async with _serve(handle, create_server_context()) as tls_port:
        yield tls_port


@asynccontextmanager
async def _serve(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None
) -> AsyncGenerator[int]:
    running: set[asyncio.Task[None] | None] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.current_task())
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handle(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in filter(None, running):
            task.cancel()
        await asyncio.gather(*filter(None, running), return_exceptions=True)


async def _carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    try:
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
    finally:
        far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
