"""Lenient readers of JSON from relays: a value that is missing, null or of another type becomes empty, not an error."""

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, TypeGuard

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

# Real tasks have a handful; a longer list could only keep the bot busy.
_MAX_URLS = 20
# The latest time accepted: the year 3000.
_MAX_MILLISECONDS = 32_503_680_000_000


def is_json_object(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether this is a JSON object."""
    return isinstance(value, Mapping)


def is_json_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether this is a JSON array."""
    return isinstance(value, list | tuple)


def is_json_integer(value: object) -> TypeGuard[int]:
    """Whether this is a whole number; Python counts booleans as such, JSON does not."""
    return isinstance(value, int) and not isinstance(value, bool)


def coerce_text(value: object) -> str:
    """Return a string as it is and a whole number as its digits; everything else, floats included, becomes empty."""
    if isinstance(value, str):
        # JSON can carry a lone surrogate, which no encoder accepts, and a NUL, which PostgreSQL does not store.
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
    # Numbers beyond 64 bits are not ids, and Python refuses to print more than 4,300 digits.
    return str(value) if is_json_integer(value) and abs(value) < 1 << 64 else ""


def coerce_int(value: object) -> int:
    """Return a whole number, or the one that a string or float holds; everything else, or more than 64 bits, is 0."""
    try:
        number = int(value) if isinstance(value, str | float) else value
    except (ValueError, OverflowError):
        return 0
    return number if is_json_integer(number) and abs(number) < 1 << 64 else 0


def _coerce_milliseconds(value: object) -> int:
    milliseconds = coerce_int(value)
    return milliseconds if 0 < milliseconds < _MAX_MILLISECONDS else 0


def _coerce_texts(value: object) -> tuple[str, ...]:
    """Return the texts of an array of strings, or of objects with a `url`, without empty ones."""
    if not is_json_array(value):
        return ()
    texts = (coerce_text(item.get("url") if is_json_object(item) else item) for item in value)
    return tuple(islice((text for text in texts if text), _MAX_URLS))


def coerce_object(value: object) -> object:
    """Return a JSON object or a model as it is, and an empty object for everything else."""
    return value if is_json_object(value) or isinstance(value, BaseModel) else {}


Text = Annotated[str, BeforeValidator(coerce_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_coerce_texts)]
Number = Annotated[int, BeforeValidator(coerce_int)]
Milliseconds = Annotated[int, BeforeValidator(_coerce_milliseconds)]


class WireModel(BaseModel):
    """Base of what relays send: frozen, with camelCase names on the wire, and blind to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)
