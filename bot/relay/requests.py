"""Requests that the relay bills, and their JSON. Pure; pictures stay bytes until the body is encoded."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from bot.midjourney.request_options import Dimensions, Motion

FieldValue = str | bool | int | list[str] | bytes | tuple[bytes, ...]
"""A field of a body; bytes are an encoded picture, which is sent as a data URL."""
RequestBody = Mapping[str, FieldValue]
_BOT_TYPE: Final = "MID_JOURNEY"
ChangeAction = Literal["UPSCALE", "VARIATION", "REROLL"]

# A multiple of three, so that a picture's encoded chunks join without padding; small, so that none blocks the loop.
_CHUNK_BYTES: Final = 3 * 64 * 1024
_SIGNATURES: Final = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpeg"), (b"RIFF", "webp"), (b"GIF8", "gif"))


@dataclass(frozen=True, kw_only=True)
class Imagine:
    """Draw a prompt, with `pictures` as image prompts."""

    path: ClassVar = "/mj/submit/imagine"
    prompt: str
    pictures: tuple[bytes, ...] = ()

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        body: dict[str, FieldValue] = {"botType": _BOT_TYPE, "prompt": self.prompt}
        return body | {"base64Array": self.pictures} if self.pictures else body


@dataclass(frozen=True, kw_only=True)
class Blend:
    """Blend two to five pictures."""

    path: ClassVar = "/mj/submit/blend"
    pictures: tuple[bytes, ...]
    dimensions: Dimensions = Dimensions.SQUARE

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        return {"botType": _BOT_TYPE, "base64Array": self.pictures, "dimensions": self.dimensions}


@dataclass(frozen=True, kw_only=True)
class Describe:
    """Describe a picture, given as bytes or as a link, which only TrueAI's proxy accepts."""

    path: ClassVar = "/mj/submit/describe"
    picture: bytes | str

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        field = "link" if isinstance(self.picture, str) else "base64"
        return {"botType": _BOT_TYPE, field: self.picture}


@dataclass(frozen=True, kw_only=True)
class Shorten:
    """Rank the words of a prompt and shorten it."""

    path: ClassVar = "/mj/submit/shorten"
    prompt: str

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        return {"botType": _BOT_TYPE, "prompt": self.prompt}


@dataclass(frozen=True, kw_only=True)
class Change:
    """Upscale, vary or reroll through the older endpoint; new-api refuses an index of 0, even for REROLL."""

    path: ClassVar = "/mj/submit/change"
    task_id: str
    action: ChangeAction | str
    index: int = 1

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        return {"taskId": self.task_id, "action": self.action, "index": max(self.index, 1)}


@dataclass(frozen=True, kw_only=True)
class PressButton:
    """Press the button `custom_id` of a task; `remix` asks TrueAI's proxy for the modal with a new prompt."""

    path: ClassVar = "/mj/submit/action"
    task_id: str
    custom_id: str
    remix: bool = False

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        body: dict[str, FieldValue] = {"taskId": self.task_id, "customId": self.custom_id, "chooseSameChannel": True}
        return {**body, "enableRemix": True} if self.remix else body


@dataclass(frozen=True, kw_only=True)
class SubmitModal:
    """Submit the modal that the child `task_id` waits for; `mask` is a PNG, white where to repaint."""

    path: ClassVar = "/mj/submit/modal"
    task_id: str
    prompt: str
    mask: bytes = b""

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        body: dict[str, FieldValue] = {"taskId": self.task_id, "prompt": self.prompt}
        return body | {"maskBase64": self.mask} if self.mask else body


@dataclass(frozen=True, kw_only=True)
class SwapFaces:
    """Put the face of `source` into `target`."""

    path: ClassVar = "/mj/insight-face/swap"
    source: bytes
    target: bytes

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        return {"sourceBase64": self.source, "targetBase64": self.target}


@dataclass(frozen=True, kw_only=True)
class Video:
    """Animate a picture, given as bytes or as a link; only TrueAI's proxy heeds `end_image`, `loop` and `batch_size`.

    `batch_size` is the number of clips; 0 lets the relay choose, which makes four.
    """

    path: ClassVar = "/mj/submit/video"
    prompt: str
    image: bytes | str
    motion: Motion = Motion.LOW
    end_image: bytes | str = ""
    loop: bool = False
    batch_size: int = 0

    @property
    def body(self) -> RequestBody:
        """The fields, without `state` and without options that are not set."""
        options: dict[str, FieldValue] = {"endImage": self.end_image, "loop": self.loop, "batchSize": self.batch_size}
        chosen = {name: value for name, value in options.items() if value}
        return {"prompt": self.prompt, "image": self.image, "motion": self.motion, **chosen}


@dataclass(frozen=True, kw_only=True)
class Extend:
    """Extend a clip of a finished video; `index` counts from 0, and new-api accepts only an integer."""

    path: ClassVar = "/mj/submit/video"
    task_id: str
    index: int = 0
    prompt: str = ""
    motion: Motion = Motion.LOW

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        clip: dict[str, FieldValue] = {"action": "extend", "taskId": self.task_id, "index": self.index}
        return {"prompt": self.prompt, "motion": self.motion, **clip}


@dataclass(frozen=True, kw_only=True)
class Edits:
    """Edit a picture, given as bytes or as a link, as the prompt describes."""

    path: ClassVar = "/mj/submit/edits"
    prompt: str
    image: bytes | str

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        return {"prompt": self.prompt, "image": self.image}


SubmitRequest = (
    Imagine | Blend | Describe | Shorten | Change | PressButton | SubmitModal | SwapFaces | Video | Extend | Edits
)
"""Every request that creates a task."""

_FAVORITE: Final = "::BOOKMARK::"
_ID_IN_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
"""An id within a longer text, such as that of Midjourney's job in a button's `customId`."""


def find_sent_ids(request: SubmitRequest) -> frozenset[str]:
    """Return the ids in a request that its new task cannot have.

    A modal's own task goes on under its id, and relays answer a press of ❤️ with the id of its task.
    """
    if isinstance(request, SubmitModal) or _FAVORITE in getattr(request, "custom_id", ""):
        return frozenset()
    named = (getattr(request, name, "") for name in ("task_id", "custom_id"))
    return frozenset(found for text in named if text for found in (text, *_ID_IN_TEXT.findall(text)))


def find_action(request: SubmitRequest) -> str:
    """Return the API's action that a request asks for; "" for a press, whose button says that."""
    match request:
        case Change(action=action):
            return str(action)
        case PressButton():
            return ""
        case _:
            return _ACTIONS[type(request)]


_ACTIONS: Final[Mapping[type, str]] = {
    Imagine: "IMAGINE",
    Blend: "BLEND",
    Describe: "DESCRIBE",
    Shorten: "SHORTEN",
    SubmitModal: "MODAL",
    SwapFaces: "SWAP_FACE",
    Video: "VIDEO",
    Extend: "VIDEO",
    Edits: "EDITS",
}

UPLOAD_PATH = "/mj/submit/upload-discord-images"


def has_pictures(body: RequestBody) -> bool:
    """Whether the body contains pictures, so that it must be encoded in chunks."""
    return any(isinstance(value, bytes | tuple) for value in body.values())


def measure_body(body: RequestBody) -> int:
    """Return the encoded body's length in bytes, without encoding its pictures."""
    return sum(_measure_part(part) for part in _iterate_parts(body))


def encode_body(body: RequestBody) -> Iterator[bytes]:
    """Encode a body as JSON, with pictures as data URLs, in chunks that each take less than a millisecond."""
    for part in _iterate_parts(body):
        if isinstance(part, _Picture):
            for start in range(0, len(part.data), _CHUNK_BYTES):
                yield b64encode(memoryview(part.data)[start : start + _CHUNK_BYTES])
        else:
            yield part


@dataclass(frozen=True)
class _Picture:
    data: bytes


def _measure_part(part: bytes | _Picture) -> int:
    return len(part) if isinstance(part, bytes) else (len(part.data) + 2) // 3 * 4


def _iterate_parts(body: RequestBody) -> Iterator[bytes | _Picture]:
    for number, (name, value) in enumerate(body.items()):
        yield f"{', ' if number else '{'}{json.dumps(name)}: ".encode()
        yield from _iterate_value(value)
    yield b"}" if body else b"{}"


def _iterate_value(value: FieldValue) -> Iterator[bytes | _Picture]:
    if isinstance(value, tuple):
        for number, picture in enumerate(value):
            yield b", " if number else b"["
            yield from _iterate_data_url(picture)
        yield b"]" if value else b"[]"
    elif isinstance(value, bytes):
        yield from _iterate_data_url(value)
    else:
        yield json.dumps(value).encode()


def _iterate_data_url(picture: bytes) -> Iterator[bytes | _Picture]:
    kind = next((kind for signature, kind in _SIGNATURES if picture.startswith(signature)), "png")
    yield f'"data:image/{kind};base64,'.encode()
    yield _Picture(picture)
    yield b'"'
