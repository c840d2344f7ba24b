"""Record what a connection receives, to find the answer in a response whose framing is wrong.

Forks of new-api change a body and keep its Content-Length, and proxies end chunks wrongly or cut the connection.
aiohttp then raises an error, although the whole answer has arrived: a JSON object or array that is complete cannot have
lost anything.
"""

import asyncio
import json
import re
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import aiohttp

from bot.network.connectors import SystemConnector

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_MAX_BYTES: Final = 1 << 20
"""How long a response may be that is recorded: longer ones are lists, and can be read again."""
_MAX_SHORT_BYTES: Final = 1 << 13
_HEAD: Final = re.compile(rb"\s*HTTP/[\d.]+ (\d{3})\b([^\n]*\n(?:[^\r\n][^\n]*\n)*)\r?\n")
_CHUNK_SIZE: Final = re.compile(rb"\r?\n?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_BLANKS: Final = "\ufeff\0 \t\r\n"
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True)
class ReceivedAnswer:
    """Status, headers with names in lower case, and text of a response."""

    status: int
    headers: Mapping[str, str]
    text: str


class ResponseRecording:
    """The bytes that answered one request, unless they are too many."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._has_ended = False

    def add(self, data: bytes) -> None:
        """Record more bytes, unless they are too many: then all of them are forgotten."""
        if not self._has_ended:
            self._data += data
            if len(self._data) > _MAX_BYTES:
                self.end()

    def restart(self) -> None:
        """Forget what was recorded, because the request is sent on another connection."""
        self._data, self._has_ended = bytearray(), False

    def end(self) -> None:
        """Record no more, and free the memory: a connection that is kept open keeps its last recording."""
        self._data, self._has_ended = bytearray(), True

    def find_answer(self) -> ReceivedAnswer | None:
        """Return the response if it holds a complete JSON object or array, whatever its framing says."""
        data = bytes(self._data)
        while head := _HEAD.match(data):
            status, data = int(head[1]), data[head.end() :]
            if status >= 200:
                texts = [text for body in _iterate_bodies(data) if (text := cut_complete_json(body))]
                return ReceivedAnswer(status, _parse_headers(head[2]), texts[0]) if texts else None
        return None


def cut_complete_json(body: bytes) -> str:
    """Return the JSON object or array at the start of a body, without what follows; "" if there is none or another."""
    text = body.decode("utf-8", "replace").lstrip(_BLANKS)
    if not text.startswith(("{", "[")):
        return ""
    try:
        _, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return ""
    is_first_of_two = text[end:].lstrip(_BLANKS).startswith(("{", "["))
    return "" if is_first_of_two else text[:end]


def is_short(body: bytes | bytearray) -> bool:
    """Whether a body is short enough to be parsed once more; the answer to a submit is, a list of tasks is not."""
    return len(body) <= _MAX_SHORT_BYTES


@contextmanager
def record_response() -> Generator[ResponseRecording]:
    """Record the response to the request that the block sends through a RecordingConnector."""
    recording = ResponseRecording()
    token = _recording.set(recording)
    try:
        yield recording
    finally:
        _recording.reset(token)
        recording.end()


class RecordingConnector(SystemConnector):
    """A connector that records responses for `record_response`."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> "Connection":
        """Connect, and let the connection record what it receives from now on."""
        connection = await super().connect(req, traces, timeout)
        if (transport := connection.transport) is not None:
            protocol = transport.get_protocol()
            if not isinstance(protocol, _RecordingProtocol):
                protocol = _RecordingProtocol(cast("asyncio.Protocol", protocol))
                transport.set_protocol(protocol)
            protocol.start_recording(_recording.get(None))
        return connection


class _RecordingProtocol(asyncio.Protocol):
    """Records what it receives, and passes everything on to aiohttp's protocol."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self._recording: ResponseRecording | None = None

    def start_recording(self, recording: ResponseRecording | None) -> None:
        """Record the response to the next request."""
        self._recording = recording
        if recording is not None:
            recording.restart()

    def data_received(self, data: bytes) -> None:
        if self._recording is not None:
            self._recording.add(data)
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


_recording: ContextVar[ResponseRecording] = ContextVar("recording")


def _parse_headers(lines: bytes) -> Mapping[str, str]:
    pairs = (line.partition(":") for line in lines.decode("latin-1").splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _iterate_bodies(data: bytes) -> Iterator[bytes]:
    """Yield what the body may be: of chunks, of one chunk with a wrong size, or without chunks; each also unpacked."""
    first = _CHUNK_SIZE.match(data)
    for body in (_join_chunks(data), data[first.end() :], data) if first else (data,):
        with suppress(zlib.error):
            yield zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, _MAX_BYTES)
        yield body


def _join_chunks(data: bytes) -> bytes:
    """Join chunks up to the last one, or to where the sizes are wrong."""
    body, position = bytearray(), 0
    while (size := _CHUNK_SIZE.match(data, position)) and int(size[1], 16):
        position = size.end() + int(size[1], 16)
        body += data[size.end() : position]
    return bytes(body)
