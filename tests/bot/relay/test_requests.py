"""Bodies are encoded in chunks into the JSON that json.dumps would write."""

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


def _make_plain(value: object) -> object:
    if isinstance(value, bytes):
        return value
    return [*map(_make_plain, value)] if isinstance(value, tuple) else value


def _read_back(value: object) -> object:
    if isinstance(value, str) and value.startswith("data:image/"):
        return b64decode(value.partition(";base64,")[2], validate=True)
    return [*map(_read_back, value)] if isinstance(value, list) else value


@given(st.dictionaries(st.text(), values, max_size=4))
def test_encoded_body_decodes_to_its_values(body: RequestBody) -> None:
    """Its length is known before."""
    written = b"".join(encode_body(body))
    read = json.loads(written)
    assert {name: _make_plain(value) for name, value in body.items()} == {
        name: _read_back(value) for name, value in read.items()
    }
    assert len(written) == measure_body(body)


def test_chunks_of_a_picture_join_without_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_CHUNK_BYTES", 6)
    for count in range(20):
        picture = bytes(range(count))
        assert _read_back(json.loads(b"".join(encode_body({"x": picture})))["x"]) == picture


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
def test_data_url_type_follows_the_bytes(start: bytes, kind: str) -> None:
    """The upstream derives the file's extension from it; unknown types are sent as PNG."""
    assert json.loads(b"".join(encode_body({"x": start})))["x"].startswith(f"data:image/{kind};base64,")


def test_only_pictures_are_encoded_in_chunks() -> None:
    assert not has_pictures(Imagine(prompt="x").body)
    assert not has_pictures(Shorten(prompt="x").body)
    assert has_pictures(body := Imagine(prompt="x", pictures=(bytes(10 << 20),)).body)
    assert max(len(part) for part in encode_body(body)) == 256 * 1024
