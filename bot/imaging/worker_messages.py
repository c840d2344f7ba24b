"""The messages between the bot and its image worker: one line of JSON, and raw bytes behind it.

The worker reads files from strangers, so the bot trusts nothing that it answers: an answer can only be one of the
values below, with fields of the right types. It is never unpickled, because a pickle runs code.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import IO, Any, Final, Literal, cast, get_args, get_origin, get_type_hints

from bot.errors import MaskRefused, MjbotError, PictureError, UploadRefused
from bot.imaging.masks import Mask, Region
from bot.imaging.reencode import Picture
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES, Upload

MAX_HEADER_BYTES: Final = 64 * 1024
MAX_BLOB_BYTES: Final = 4 * MAX_UPLOAD_BYTES + 1024 * 1024
"""The most bytes of one message: four pictures of a split grid, each as large as a file may be."""

_BYTES: Final = "bytes"
_REGION: Final = "Region"


class MalformedMessage(Exception):
    """A message that is not of this protocol."""


def _list_classes(base: type[MjbotError]) -> list[type[MjbotError]]:
    return [base, *(leaf for child in base.__subclasses__() for leaf in _list_classes(child))]


_CLASSES: Final = cast(
    "Mapping[str, Callable[..., object]]",
    {
        cls.__name__: cls
        for cls in (
            *(Picture, Upload, Mask),
            *(cls for base in (PictureError, UploadRefused, MaskRefused) for cls in _list_classes(base)),
        )
    },
)
"""What a message may contain, beside numbers, text, bytes, tuples and regions."""


def write_message(stream: IO[bytes], value: object) -> None:
    """Write a value as one message.

    Raises:
        TypeError: The value is not one that a message may contain.
    """
    blobs: list[bytes] = []
    encoded = _encode(value, blobs)
    header = json.dumps({"value": encoded, "sizes": [len(blob) for blob in blobs]}, separators=(",", ":"))
    stream.write(header.encode("ascii") + b"\n")
    stream.writelines(blobs)
    stream.flush()


def read_message(stream: IO[bytes]) -> object:
    """Read a value; EOFError if the other side has ended, MalformedMessage if it is not of this protocol."""
    header = stream.readline(MAX_HEADER_BYTES)
    if not header:
        raise EOFError
    try:
        message = json.loads(header)
        sizes = message["sizes"]
        if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > MAX_BLOB_BYTES:
            raise MalformedMessage("sizes")
        blobs = [_read_exactly(stream, size) for size in sizes]
        return _decode(message["value"], blobs)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedMessage(type(error).__name__) from error


def matches_return_type(value: object, function: Callable[..., object]) -> bool:
    """Whether a value is of the type that a function says it returns; True if the function does not say it."""
    hint = get_type_hints(function).get("return", Any)
    return _has_type(value, hint)


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _encode(value: object, blobs: list[bytes]) -> object:
    if isinstance(value, Region):
        return {_REGION: value.value}
    if isinstance(value, bytes):
        blobs.append(value)
        return {_BYTES: len(blobs) - 1}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return [_encode(item, blobs) for item in cast("tuple[object, ...]", value)]
    name = type(value).__name__
    if _CLASSES.get(name) is type(value) and is_dataclass(value):
        return {name: {field.name: _encode(getattr(value, field.name), blobs) for field in fields(value)}}
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _decode(encoded: object, blobs: list[bytes]) -> object:
    if isinstance(encoded, list):
        return tuple(_decode(item, blobs) for item in cast("list[object]", encoded))
    if not isinstance(encoded, dict):
        return encoded
    ((name, content),) = cast("dict[str, Any]", encoded).items()
    if name == _BYTES:
        return blobs[int(content)]
    if name == _REGION:
        return Region(str(content))
    cls = _CLASSES[name]
    values: dict[str, object] = {key: _decode(value, blobs) for key, value in content.items()}
    hints = get_type_hints(cls)
    if not all(_has_type(value, hints[key]) for key, value in values.items()):
        raise MalformedMessage(name)
    # An exception shows only its positional arguments.
    positional = [values.pop(field.name) for field in fields(cast("Any", cls)) if not field.kw_only]
    return cls(*positional, **values)


def _has_type(value: object, hint: Any) -> bool:  # noqa: ANN401 - any annotation
    """Whether a value has the type of an annotation, of the kinds that messages need."""
    if hint is Any:
        return True
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        items = cast("tuple[object, ...]", value) if type(value) is tuple else None
        return items is not None and len(items) == len(parts) and all(map(_has_type, items, parts))
    return type(value) is hint or (hint is float and type(value) is int)
