"""What can be submitted, and the JSON that says it: pure, with pictures as bytes until the last moment."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from bot.midjourney.request_options import BotType, Dimensions, Motion

FieldValue = str | bool | int | list[str] | bytes | tuple[bytes, ...]
"""A field of a submit: bytes are an encoded picture, and go as a data URL."""
RequestBody = Mapping[str, FieldValue]
ChangeAction = Literal["UPSCALE", "VARIATION", "REROLL"]

# A multiple of three, so that the parts of a picture join without padding; one part holds up nobody.
_PART = 3 * 64 * 1024
_SIGNATURES = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpeg"), (b"RIFF", "webp"), (b"GIF8", "gif"))


@dataclass(frozen=True, kw_only=True)
class Imagine:
    """Draw a prompt, after `pictures` if there are some."""

    path: ClassVar = "/mj/submit/imagine"
    prompt: str
    pictures: tuple[bytes, ...] = ()
    bot: BotType = BotType.MIDJOURNEY

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        body: dict[str, FieldValue] = {"botType": self.bot, "prompt": self.prompt}
        return body | {"base64Array": self.pictures} if self.pictures else body


@dataclass(frozen=True, kw_only=True)
class Blend:
    """Blend two to five pictures."""

    path: ClassVar = "/mj/submit/blend"
    pictures: tuple[bytes, ...]
    dimensions: Dimensions = Dimensions.SQUARE
    bot: BotType = BotType.MIDJOURNEY

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        return {"botType": self.bot, "base64Array": self.pictures, "dimensions": self.dimensions}


@dataclass(frozen=True, kw_only=True)
class Describe:
    """Read a picture, given by its bytes, or by a link, which only TrueAI's proxy takes."""

    path: ClassVar = "/mj/submit/describe"
    picture: bytes | str
    bot: BotType = BotType.MIDJOURNEY

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        field = "link" if isinstance(self.picture, str) else "base64"
        return {"botType": self.bot, field: self.picture}


@dataclass(frozen=True, kw_only=True)
class Shorten:
    """Rank the words of a prompt, and shorten it."""

    path: ClassVar = "/mj/submit/shorten"
    prompt: str
    bot: BotType = BotType.MIDJOURNEY

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        return {"botType": self.bot, "prompt": self.prompt}


@dataclass(frozen=True, kw_only=True)
class Change:
    """Upscale, vary or reroll the older way; new-api refuses an index of 0, even for REROLL."""

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
    """Press the button `custom_id` of a task; `remix` asks TrueAI's proxy for the form of a new prompt."""

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
    """Answer the form that the child `task_id` waits for; `mask` is a PNG of the picture's size, white repainted."""

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
    """Animate a picture, given by its bytes or a link; `end_image`, `loop` and `batch` only TrueAI's proxy heeds.

    `batch` is how many clips, 0 for the relay's own number, which is four.
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
        """The fields, without `state`; what is not asked for is not sent."""
        wishes: dict[str, FieldValue] = {"endImage": self.end_image, "loop": self.loop, "batchSize": self.batch_size}
        asked = {name: value for name, value in wishes.items() if value}
        return {"prompt": self.prompt, "image": self.image, "motion": self.motion, **asked}


@dataclass(frozen=True, kw_only=True)
class Extend:
    """Lengthen a clip of a finished video; `index` counts from 0, and new-api takes nothing but a whole number."""

    path: ClassVar = "/mj/submit/video"
    task_id: str
    index: int = 0
    prompt: str = ""
    motion: Motion = Motion.LOW

    @property
    def body(self) -> RequestBody:
        """The fields, without `state`."""
        where: dict[str, FieldValue] = {"action": "extend", "taskId": self.task_id, "index": self.index}
        return {"prompt": self.prompt, "motion": self.motion, **where}


@dataclass(frozen=True, kw_only=True)
class Edits:
    """Change a picture, given by its bytes or a link, as a prompt says."""

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
"""Everything that makes a task."""

UPLOAD_PATH = "/mj/submit/upload-discord-images"


def has_pictures(body: RequestBody) -> bool:
    """Whether this body is too long to be written at once."""
    return any(isinstance(value, bytes | tuple) for value in body.values())


def measure_body(body: RequestBody) -> int:
    """Count the bytes of a body, without writing its pictures."""
    return sum(_length(part) for part in _parts(body))


def encode_body(body: RequestBody) -> Iterator[bytes]:
    """Write a body as JSON, pictures as data URLs, in parts of which none takes a millisecond."""
    for part in _parts(body):
        if isinstance(part, _Picture):
            for start in range(0, len(part.data), _PART):
                yield b64encode(memoryview(part.data)[start : start + _PART])
        else:
            yield part


@dataclass(frozen=True)
class _Picture:
    data: bytes


def _length(part: bytes | _Picture) -> int:
    return len(part) if isinstance(part, bytes) else (len(part.data) + 2) // 3 * 4


def _parts(body: RequestBody) -> Iterator[bytes | _Picture]:
    for number, (name, value) in enumerate(body.items()):
        yield f"{', ' if number else '{'}{json.dumps(name)}: ".encode()
        yield from _written(value)
    yield b"}" if body else b"{}"


def _written(value: FieldValue) -> Iterator[bytes | _Picture]:
    if isinstance(value, tuple):
        for number, picture in enumerate(value):
            yield b", " if number else b"["
            yield from _data_url(picture)
        yield b"]" if value else b"[]"
    elif isinstance(value, bytes):
        yield from _data_url(value)
    else:
        yield json.dumps(value).encode()


def _data_url(picture: bytes) -> Iterator[bytes | _Picture]:
    kind = next((kind for signature, kind in _SIGNATURES if picture.startswith(signature)), "png")
    yield f'"data:image/{kind};base64,'.encode()
    yield _Picture(picture)
    yield b'"'
