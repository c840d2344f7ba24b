"""Messages of the image worker: what they may contain comes back equal, anything else is refused."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    MaskAspectRatioWrong,
    PictureTooLarge,
    PictureUnavailable,
    PictureUnreadable,
    UploadTooLarge,
    UploadTypeUnsupported,
)
from bot.imaging.grid_split import split_grid
from bot.imaging.masks import Mask, Region, draw_mask
from bot.imaging.reencode import Picture, fit_to_limit
from bot.imaging.upload_validation import Upload, prepare_upload
from bot.imaging.worker_messages import (
    MAX_BLOB_BYTES,
    MalformedMessage,
    matches_return_type,
    read_message,
    write_message,
)

PICTURE = Picture(b"\x89PNG\n", "fox.png", 4, 3, is_reencoded=True)
VALUES = (
    None,
    (True, 5, 0.5, "caf\u00e9 \ud800\n", b"\n{}", ()),
    Region.BORDER,
    PICTURE,
    (PICTURE, PICTURE),
    Upload(b"", "jpeg", 1, 2),
    Mask(b"m", 1, 2, 0.25),
    Mask(b"m", 1, 2, 1),
)
ERRORS = (
    UploadTooLarge("fox", 5, 4, pixels=True),
    UploadTypeUnsupported("fox.pdf", "PDF"),
    MaskAspectRatioWrong((1, 2), (3, 4)),
    PictureTooLarge("https://a.example", "5 pixels"),
    PictureUnreadable("https://a.example"),
    PictureUnavailable("https://a.example", "HTTP 403", status=403),
)


def write(value: object) -> io.BytesIO:
    """Write one message, and rewind."""
    stream = io.BytesIO()
    write_message(stream, value)
    stream.seek(0)
    return stream


@pytest.mark.parametrize("value", VALUES)
def test_value_comes_back_equal(value: object) -> None:
    stream = write(value)
    assert read_message(stream) == value
    with pytest.raises(EOFError):
        read_message(stream)


@pytest.mark.parametrize("error", ERRORS)
def test_error_comes_back_with_its_fields(error: Exception) -> None:
    again = read_message(write(error))
    assert isinstance(again, Exception)
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("value", [object(), {1: 2}, {3}, [4], ValueError(), bytearray(5), len, PICTURE.__class__])
def test_other_values_are_not_written(value: object) -> None:
    stream = io.BytesIO()
    with pytest.raises(TypeError):
        write_message(stream, (b"before", value))
    assert stream.getvalue() == b""


def make_message(value: object, sizes: object = (), rest: bytes = b"") -> bytes:
    """Make the bytes of a message by hand."""
    return json.dumps({"value": value, "sizes": sizes}).encode() + b"\n" + rest


PICTURE_FIELDS = {"data": {"bytes": 0}, "name": "a.png", "width": 1, "height": 1, "is_reencoded": False}


@pytest.mark.parametrize(
    "message",
    [
        b"cos\nsystem\n(S'echo attack'\ntR.",
        b"\x80\x04\x95",
        b"\n",
        b"null\n",
        b"{}\n",
        b"[" * 70_000,
        make_message({"Path": {}}),
        make_message({"SystemExit": {}}),
        make_message({"MjbotError": {}}),
        make_message({"Region": "everywhere"}),
        make_message({"bytes": 0}),
        make_message({"bytes": 0, "Region": "border"}),
        make_message({}),
        make_message(None, sizes=5),
        make_message(None, sizes=[-1]),
        make_message(None, sizes=["1"]),
        make_message(None, sizes=[MAX_BLOB_BYTES, 1]),
        make_message({"Picture": {**PICTURE_FIELDS, "data": "text"}}, [1], b"x"),
        make_message({"Picture": {**PICTURE_FIELDS, "width": True}}, [1], b"x"),
        make_message({"Picture": {**PICTURE_FIELDS, "name": ["a"]}}, [1], b"x"),
        make_message({"Picture": {**PICTURE_FIELDS, "more": 1}}, [1], b"x"),
        make_message({"Picture": {"data": {"bytes": 0}}}, [1], b"x"),
        make_message({"Upload": {"data": {"bytes": 0}, "kind": "gif", "width": 1, "height": 1}}, [1], b"x"),
        make_message({"MaskAspectRatioWrong": {"mask": [1, 2, 3], "picture": [1, 2]}}),
    ],
)
def test_other_messages_are_malformed(message: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_message(io.BytesIO(message))


def test_message_that_ends_early_is_the_end() -> None:
    with pytest.raises(EOFError):
        read_message(io.BytesIO(make_message({"bytes": 0}, [5], b"1234")))


@given(st.binary() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(make_message))
def test_any_bytes_are_a_value_malformed_or_the_end(message: bytes) -> None:
    with suppress(MalformedMessage, EOFError):
        read_message(io.BytesIO(message))


def test_result_must_have_the_type_that_its_function_says() -> None:
    """A worker that a stranger controls could answer with another one."""
    for function, right in (
        (fit_to_limit, PICTURE),
        (prepare_upload, Upload(b"", "png", 1, 1)),
        (draw_mask, Mask(b"", 1, 1, 0.5)),
        (split_grid, (PICTURE,) * 4),
        (len, object()),
    ):
        assert matches_return_type(right, function)
    for value in (None, 5, b"", "fox", (PICTURE,), (PICTURE,) * 3 + (5,), Upload(b"", "png", 1, 1)):
        assert not matches_return_type(value, fit_to_limit)
        assert not matches_return_type(value, split_grid)
