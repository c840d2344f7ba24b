"""A complete JSON answer counts, even if the framing of its response is wrong."""

import asyncio
import gzip
import json
import random
import socket
import struct

import pytest

from bot.errors import ParentBusy, PromptBanned, RelayBusy, SubmitOutcomeUnknown
from bot.relay import transport
from bot.relay.client import RelayClient
from bot.relay.response_recorder import ResponseRecording, cut_complete_json
from tests.bot.relay.test_transport_failures import Talk, run_raw_server
from tests.fakes.socket_relay import ASKED, KEY, Slept, press_button

ID = "1754300000123499"
ANSWER = json.dumps({"code": 1, "description": "Submit success", "result": ID, "properties": {"a": [1]}}).encode()
SIZE = b"%x" % len(ANSWER)


def with_length(length: int, body: bytes = ANSWER) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (length, body)


def chunked(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


RESPONSES = {
    "a length one too long": with_length(len(ANSWER) + 1),
    "a length far too long": with_length(50_000),
    "a length one too short": with_length(len(ANSWER) - 1),
    "a length that cuts after a brace": with_length(ANSWER.index(b"}") + 1),
    "a length of 0": with_length(0),
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + ANSWER,
    "a negative length": with_length(-1),
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 900\r\n\r\n" + ANSWER,
    "a length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"%s\r\n%s\r\n0\r\n\r\n" % (SIZE, ANSWER),
    "no length": b"HTTP/1.1 200 OK\r\n\r\n" + ANSWER,
    "no last chunk": chunked(SIZE + b"\r\n" + ANSWER + b"\r\n"),
    "nothing after the chunk": chunked(SIZE + b"\r\n" + ANSWER),
    "half a last chunk": chunked(SIZE + b"\r\n" + ANSWER + b"\r\n0\r\n"),
    "a chunk that is too short": chunked(b"5\r\n" + ANSWER + b"\r\n0\r\n\r\n"),
    "a chunk that is too long": chunked(b"fff\r\n" + ANSWER + b"\r\n0\r\n\r\n"),
    "a broken last chunk": chunked(SIZE + b"\r\n" + ANSWER + b"\r\nzero\r\n"),
    "two chunks without an end": chunked(b"7\r\n" + ANSWER[:7] + b"\r\n%x\r\n" % (len(ANSWER) - 7) + ANSWER[7:]),
    "no chunks, though they are announced": chunked(ANSWER),
    "chunks that are not announced": b"HTTP/1.1 200 OK\r\n\r\n%s\r\n%s\r\n0\r\n\r\n" % (SIZE, ANSWER),
    "bytes after the answer": with_length(len(ANSWER) + 4, ANSWER + b"\0\r\n-"),
    "a page after the answer": with_length(len(ANSWER) + 25, ANSWER + b"<script>beacon()</script>"),
    "another response after it": with_length(len(ANSWER), ANSWER + b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n" + ANSWER,
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 900\n\n" + ANSWER,
    "an early hint": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + with_length(len(ANSWER) + 9),
    "gzip that is none": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 900\r\n\r\n" + ANSWER,
    "gzip without its end": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 900\r\n\r\n"
    + gzip.compress(ANSWER)[:-8],
}


def send(response: bytes, ending: str) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(response)
        await writer.drain()
        if ending == "reset":
            linger = struct.pack("ii", 1, 0)  # the kernel then resets the connection instead of closing it
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif ending == "open":
            await reader.read()

    return talk


@pytest.mark.parametrize("ending", ["closed", "reset", "open"])
@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES.keys())
async def test_complete_answer_counts(
    response: bytes, ending: str, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The submit is accepted, and sent once, whether the relay closes the connection, cuts it, or keeps it open."""
    monkeypatch.setattr(transport, "_TRAILING_SECONDS", 0.01)
    async with run_raw_server(send(response, ending)) as line, RelayClient.open(line.url, KEY, sleep=slept) as api:
        assert (await press_button(api)).result == ID
        assert line.requests == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"code":24,"description":"x","properties":{"bannedWord":"nude"}}', PromptBanned),
        ('{"code":4,"description":"关联任务状态错误"}'.encode(), ParentBusy),
        (b'{"code":30,"description":"saturated"}', RelayBusy),
    ],
)
async def test_complete_refusal_counts_too(body: bytes, expected: type[Exception], slept: Slept) -> None:
    response = with_length(len(body) + 20, body)
    async with (
        run_raw_server(send(response, "closed")) as line,
        RelayClient.open(line.url, KEY, sleep=slept) as api,
    ):
        with pytest.raises(expected):
            await press_button(api)


@pytest.mark.parametrize("tail", [b" upstream timeout, task submitted", b"<html>504 Gateway Timeout</html>", b"x"])
async def test_a_refusal_with_a_tail_is_unknown(tail: bytes, slept: Slept) -> None:
    body = b'{"code":23,"description":"queue is full"}' + tail
    async with (
        run_raw_server(send(with_length(len(body), body), "closed")) as line,
        RelayClient.open(line.url, KEY, sleep=slept) as api,
    ):
        with pytest.raises(SubmitOutcomeUnknown):
            await press_button(api)


@pytest.mark.parametrize("cut", [1, 2, 10, len(ANSWER) - 1, len(ANSWER)])
async def test_incomplete_answer_leaves_the_outcome_unknown(cut: int, slept: Slept) -> None:
    response = with_length(len(ANSWER), ANSWER[:-cut])
    async with (
        run_raw_server(send(response, "closed")) as line,
        RelayClient.open(line.url, KEY, sleep=slept) as api,
    ):
        with pytest.raises(SubmitOutcomeUnknown):
            await press_button(api)
        assert line.requests == 1


@pytest.mark.parametrize("name", ["a length one too long", "no last chunk", "a chunk that is too short"])
async def test_complete_task_is_read(name: str, slept: Slept) -> None:
    """At the first try, and again on the next connection."""
    row = json.dumps({"id": ASKED, "status": "IN_PROGRESS", "progress": "46%"}).encode()
    response = RESPONSES[name].replace(ANSWER, row).replace(SIZE, b"%x" % len(row))
    response = response.replace(b"%d" % (len(ANSWER) + 1), b"%d" % (len(row) + 1))
    async with (
        run_raw_server(send(response, "closed")) as line,
        RelayClient.open(line.url, KEY, sleep=slept) as api,
    ):
        for _time in range(2):
            assert (await api.fetch_task(ASKED)).progress == 46
    assert slept == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'\xef\xbb\xbf {"a":1}', '{"a":1}'),
        (b"[1]\n", "[1]"),
        (b'{"a":1}{"b":2}', ""),
        (b'{"a":1}\n[2]', ""),
        (b'{"a":', ""),
        (b'{"a":' * 100_000, ""),
        (b'"text"', ""),
        (b"17", ""),
        (b"<html>{}</html>", ""),
        (b"", ""),
    ],
)
def test_only_one_complete_object_or_array_is_cut_out(body: bytes, text: str) -> None:
    """Half an answer of any other type looks like a whole one."""
    assert cut_complete_json(body) == text


def test_headers_of_a_recorded_response_are_kept() -> None:
    recording = ResponseRecording()
    for part in (b"HTTP/1.1 429 Too", b" Many\r\nRetry-After: 7\r\nX: a:b\r\n\r", b"\n[", b"1]"):
        recording.add(part)
    answer = recording.find_answer()
    assert answer is not None
    assert (answer.status, answer.headers, answer.text) == (429, {"retry-after": "7", "x": "a:b"}, "[1]")


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\n", b"SSH-2.0\r\n\r\n{}", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_no_answer_is_found_where_there_is_none(data: bytes) -> None:
    recording = ResponseRecording()
    recording.add(data)
    assert recording.find_answer() is None


def test_long_responses_are_not_kept() -> None:
    recording = ResponseRecording()
    recording.add(b"HTTP/1.1 200 OK\r\n\r\n{}")
    recording.add(b" " * (1 << 20))
    recording.add(b"HTTP/1.1 200 OK\r\n\r\n{}")
    assert recording.find_answer() is None


def frame(rng: random.Random, status: int, body: bytes) -> bytes:
    """Send a body with a framing that is right or wrong."""
    size = rng.choice([len(body), max(len(body) + rng.randint(-20, 20), 0), 9999])
    head = b"HTTP/1.1 %d X\r\n" % status
    if rng.random() < 0.4:
        head += b"Content-Length: %d\r\n" % size
    if rng.random() < 0.4:
        head += b"Transfer-Encoding: chunked\r\n"
    if rng.random() < 0.4:
        body = b"%x\r\n%s%s" % (size, body, rng.choice([b"", b"\r\n", b"\r\n0\r\n", b"\r\n0\r\n\r\n", b"\0\0"]))
    return head + b"\r\n" + body


async def test_framing_never_turns_an_acceptance_into_a_refusal(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fuzzer of status, shape, framing and where the answer is cut: accepted or unknown, and sent once."""
    monkeypatch.setattr(transport, "_TRAILING_SECONDS", 0.01)
    rng, response = random.Random(12), b""  # noqa: S311 - reproducible

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(response)
        await writer.drain()

    async with run_raw_server(talk) as line, RelayClient.open(line.url, KEY, sleep=slept) as api:
        for turn in range(400):
            shape = {"code": rng.choice([1, 21, 22, 200, "1"]), "description": "ok", "result": ID}
            body = json.dumps(dict(rng.sample(sorted(shape.items()), 3))).encode()
            is_cut = rng.random() < 0.3
            response = frame(
                rng, rng.choice([200, 200, 201, 202]), body[: rng.randrange(len(body))] if is_cut else body
            )
            try:
                assert (await press_button(api)).result == ID, response
            except SubmitOutcomeUnknown:
                assert is_cut, response
            assert line.requests == turn + 1


async def test_complete_list_is_read(slept: Slept) -> None:
    """One of many packets, whose length is too long."""
    rows = [{"id": str(1_000_000 + number), "status": "SUCCESS", "prompt": "a pig " * 300} for number in range(50)]
    body = json.dumps(rows).encode()
    async with (
        run_raw_server(send(with_length(len(body) + 1, body), "closed")) as line,
        RelayClient.open(line.url, KEY, sleep=slept) as api,
    ):
        assert len(await api.fetch_tasks([row["id"] for row in rows])) == 50
    assert slept == []
