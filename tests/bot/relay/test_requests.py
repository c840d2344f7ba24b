"""The JSON of a submit, written in parts, is the JSON that would have been written at once."""

import json
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay import requests
from bot.relay.requests import FieldValue, Imagine, RequestBody, Shorten, encode_body, has_pictures, measure_body

pictures = st.binary(max_size=40)
values: st.SearchStrategy[FieldValue] = st.one_of(
    st.text(), st.booleans(), st.integers(), pictures, st.lists(pictures, max_size=3).map(tuple)
)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value
    return [*map(_plain, value)] if isinstance(value, tuple) else value


def _read(value: object) -> object:
    if isinstance(value, str) and value.startswith("data:image/"):
        return b64decode(value.partition(";base64,")[2], validate=True)
    return [*map(_read, value)] if isinstance(value, list) else value


@given(st.dictionaries(st.text(), values, max_size=4))
def test_what_is_written_reads_back(body: RequestBody) -> None:
    """Any names and texts, quotes among them, any bytes, none at all; and the length is known before."""
    written = b"".join(encode_body(body))
    read = json.loads(written)
    assert {name: _plain(value) for name, value in body.items()} == {name: _read(value) for name, value in read.items()}
    assert len(written) == measure_body(body)


def test_a_picture_of_many_parts_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts join without padding between them."""
    monkeypatch.setattr(requests, "_CHUNK_BYTES", 6)
    for count in range(20):
        picture = bytes(range(count))
        assert _read(json.loads(b"".join(encode_body({"x": picture})))["x"]) == picture


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x89PNG\r\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"RIFF\0\0\0\0WEBP", "webp"),
        (b"GIF89a", "gif"),
        (b"?", "png"),
    ],
)
def test_a_picture_is_called_what_its_bytes_say(start: bytes, kind: str) -> None:
    """Upstream gives the file the ending that stands here; what nobody knows goes as PNG."""
    assert json.loads(b"".join(encode_body({"x": start})))["x"].startswith(f"data:image/{kind};base64,")


def test_only_pictures_are_long() -> None:
    """A prompt is written at once; ten mebibytes in parts that hold up nobody."""
    assert not has_pictures(Imagine(prompt="x").body)
    assert not has_pictures(Shorten(prompt="x").body)
    assert has_pictures(body := Imagine(prompt="x", pictures=(bytes(10 << 20),)).body)
    assert max(len(part) for part in encode_body(body)) == 256 * 1024
