"""What the relay says: lenient on the wire, strict inside, frozen.

Shapes are those of new-api's `MidjourneyDto` and of the proxies behind it; every field may be missing, null
or of another type, and one bad value never loses the rest.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Self, TypeGuard
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

_SIGNATURES = frozenset({"rand", "sig", "ex", "is", "hm"})
_FORM_ACTIONS = frozenset({"MODAL", "CUSTOM_ZOOM", "INPAINT", "PIC_READER", "PROMPT_ANALYZER"})
_REMIX_ACTIONS = frozenset({"VARIATION", "LOW_VARIATION", "HIGH_VARIATION", "REROLL", "PAN"})
_SWAP = "SWAP_FACE"
_PROMPTLESS = frozenset({_SWAP, "DESCRIBE"})
_FORM_WORDS = ("confirm", "窗口")
_SUBMITTED = frozenset({1, 21, 22})
_NOT_BILLED = 21
_CLIP = re.compile(r"\.(?:mp4|webm|mov)(?:$|[?#])", re.IGNORECASE)
_TEXT_BUTTONS = ("picreader", "promptanalyzer")
# Many times what any task has: whoever sends more means to keep us busy.
_MOST_BUTTONS = 100
_MOST_URLS = 20


def _bare(prompt: str) -> str:
    """Leave out of a prompt what Midjourney writes anew: links, capitals, blanks."""
    return " ".join(word for word in prompt.lower().split() if "://" not in word)


class Status(StrEnum):
    """Where a task stands, in the API's words; FRESH is the empty status of new-api's first seconds."""

    FRESH = ""
    NOT_START = "NOT_START"
    SUBMITTED = "SUBMITTED"
    MODAL = "MODAL"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    CANCEL = "CANCEL"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self in {Status.SUCCESS, Status.FAILURE, Status.CANCEL}


class ButtonsKey(StrEnum):
    """What a row of a task has under the key `buttons`."""

    ABSENT = "absent"
    """No such key: midjourney-proxy, which never sends buttons."""
    NULL = "null"
    """No array: new-api, until its upstream has sent some, which a midjourney-proxy never does."""
    ARRAY = "array"
    """An array: where it is empty, the relay says that there are none."""


# FRESH is no news at all; MODAL ranks next, as new-api leaves its row behind when the form's own row goes on.
_RANK = {
    Status.FRESH: 0,
    Status.MODAL: 1,
    Status.NOT_START: 2,
    Status.SUBMITTED: 3,
    Status.IN_PROGRESS: 4,
    Status.CANCEL: 5,
    Status.FAILURE: 6,
    Status.SUCCESS: 7,
}

# Words of other resellers for the same things.
_SYNONYMS = {
    "PENDING": Status.NOT_START,
    "QUEUED": Status.SUBMITTED,
    "RUNNING": Status.IN_PROGRESS,
    "PROCESSING": Status.IN_PROGRESS,
    "FAILED": Status.FAILURE,
    "ERROR": Status.FAILURE,
    "SUCCEEDED": Status.SUCCESS,
    "COMPLETED": Status.SUCCESS,
    "FINISHED": Status.SUCCESS,
    "CANCELED": Status.CANCEL,
    "CANCELLED": Status.CANCEL,
}


def coerce_text(value: object) -> str:
    """Return a string, or a whole number as one; anything else, and so every float, is no text: empty."""
    if isinstance(value, str):
        # A lone surrogate survives JSON and breaks every encoder behind us.
        return value.encode("utf-8", "replace").decode("utf-8")
    # Beyond 64 bits it is nobody's number, and beyond 4,300 digits Python refuses to write it out.
    return str(value) if _is_int(value) and abs(value) < 1 << 64 else ""


def is_json_object(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether this is a JSON object, of which nothing more is known."""
    return isinstance(value, Mapping)


def is_json_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether this is a JSON array, of which nothing more is known."""
    return isinstance(value, list | tuple)


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def coerce_int(value: object) -> int:
    """Return a whole number, or what a text says as one; 0 for anything else, and beyond 64 bits."""
    try:
        number = int(value) if isinstance(value, str | float) else value
    except (ValueError, OverflowError):
        return 0
    return number if _is_int(number) and abs(number) < 1 << 64 else 0


def _time(value: object) -> int:
    milliseconds = coerce_int(value)
    return milliseconds if 0 < milliseconds < 32_503_680_000_000 else 0


def _percent(value: object) -> int | None:
    if _is_int(value):  # our own word for it, as the store gives it back
        return min(max(value, 0), 100)
    found = re.search(r"(\d{1,9})(?:\.\d{1,9})?\s?%", value) if isinstance(value, str) else None
    return min(int(found[1]), 100) if found else None


def _status(value: object) -> Status:
    word = coerce_text(value).strip().upper().replace(" ", "_")
    if word in Status.__members__.values():
        return Status(word)
    return _SYNONYMS.get(word, Status.FRESH)


def _items(value: object) -> list[Any]:
    items = value if is_json_array(value) else ()
    return list(islice((item for item in items if is_json_object(item) or isinstance(item, BaseModel)), _MOST_BUTTONS))


def _is_true(value: object) -> bool:
    return value is True


def _buttons_key(value: object) -> ButtonsKey:
    return ButtonsKey(value) if isinstance(value, str) and value in set(ButtonsKey) else ButtonsKey.NULL


def _urls(value: object) -> tuple[str, ...]:
    found = (
        (coerce_text(item.get("url") if is_json_object(item) else item) for item in value)
        if is_json_array(value)
        else ()
    )
    return tuple(islice((url for url in found if url), _MOST_URLS))


def _object(value: object) -> object:
    return value if is_json_object(value) or isinstance(value, BaseModel) else {}


Text = Annotated[str, BeforeValidator(coerce_text)]
Number = Annotated[int, BeforeValidator(coerce_int)]
Milliseconds = Annotated[int, BeforeValidator(_time)]
Urls = Annotated[tuple[str, ...], BeforeValidator(_urls)]


# What `Task.after` keeps of the earlier snapshot where the later one has nothing.
_LASTING = ("action", "prompt", "prompt_en", "description", "state", "submit_time", "start_time", "buttons")
_RESULT = ("image_url", "image_urls", "video_url", "video_urls", "finish_time", "fail_reason")
_LINKS = frozenset({"image_url", "image_urls", "video_url", "video_urls"})


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Button(_Wire):
    """One of the API's buttons; `style` is Discord's number, 0 where it was not given.

    `offered` tells that the relay sent none, and the bot offers this one itself (see offered_buttons): it is never
    pressed at the relay, whose other way to the same is taken.
    """

    custom_id: Text = ""
    emoji: Text = ""
    label: Text = ""
    type: Number = 2
    style: Number = 2
    url: Text = ""
    offered: Annotated[bool, BeforeValidator(_is_true)] = False


class Properties(_Wire):
    """What a task or a submit carries beside itself; most relays keep only the first two."""

    final_prompt: Text = ""
    final_zh_prompt: Text = ""
    prompt_en: Text = ""
    banned_word: Text = ""
    image_url: Text = ""
    number_of_queues: Number = 0


class Task(_Wire):
    """One Midjourney task as the relay last told it; times in milliseconds since 1970, 0 where unknown."""

    id: Text
    action: Text = ""
    prompt: Text = ""
    prompt_en: Text = ""
    description: Text = ""
    state: Text = ""
    submit_time: Milliseconds = 0
    start_time: Milliseconds = 0
    finish_time: Milliseconds = 0
    image_url: Text = ""
    image_urls: Urls = ()
    video_url: Text = ""
    video_urls: Urls = ()
    status: Annotated[Status, BeforeValidator(_status)] = Status.FRESH
    progress: Annotated[int | None, BeforeValidator(_percent)] = None
    fail_reason: Text = ""
    seed: Text = ""
    parent_id: Text = ""
    image_width: Number = 0
    image_height: Number = 0
    buttons: Annotated[tuple[Button, ...], BeforeValidator(_items)] = ()
    buttons_key: Annotated[ButtonsKey, BeforeValidator(_buttons_key)] = ButtonsKey.ABSENT
    properties: Annotated[Properties, BeforeValidator(_object)] = Field(default_factory=Properties)

    @model_validator(mode="before")
    @classmethod
    def _normalise(cls, data: object) -> object:
        """Call a row at 100 % with a reason what it is, as new-api's loop never looks at it again; note its `buttons`.

        A snapshot tells of its `buttons` itself, as it always has the key.
        """
        if not is_json_object(data):
            return data
        row = {name: value for name, value in data.items() if isinstance(name, str)}
        if "buttons" in row and not row.keys() & {"buttonsKey", "buttons_key"}:
            row["buttons_key"] = ButtonsKey.ARRAY if is_json_array(row["buttons"]) else ButtonsKey.NULL
        reason = coerce_text(row.get("failReason", row.get("fail_reason"))).strip()
        if reason and _percent(row.get("progress")) == 100 and _status(row.get("status")) is not Status.CANCEL:
            row["status"] = Status.FAILURE
        return row

    @property
    def shown_prompt(self) -> str:
        """The prompt as the person gave it, else as the relay understood it; empty where none was given.

        Of what a form was answered for, relays keep the parent's prompt, and tell the form's as the final one.
        """
        # new-api writes "InsightFace" as the prompt of a swap, and midjourney-proxy what it read as that of a describe.
        if self.action in _PROMPTLESS:
            return ""
        drawn = self.action in _FORM_ACTIONS or self._is_remixed
        final = self.properties.final_prompt
        prompt = final if final and drawn else self.prompt or final or self.prompt_en
        # The answer of a shorten is no prompt that a person gave, though relays tell it as the final one.
        is_answer = prompt == self.text_result != self.prompt
        return "" if is_answer else prompt

    @property
    def _is_remixed(self) -> bool:
        """Whether it was drawn from another prompt than its parent's: Midjourney by itself only adds parameters."""
        if self.action not in _REMIX_ACTIONS or not self.prompt:
            return False
        drawn = _bare(self.properties.final_prompt)
        # A relay that translates has drawn from its own English.
        given = [_bare(self.prompt), *([] if self.prompt.isascii() else [_bare(self.prompt_en)])]
        return not any(drawn == one or drawn.startswith(f"{one} --".lstrip()) for one in given)

    @property
    def is_modal_row(self) -> bool:
        """Whether this row is that of a form that was asked for; new-api makes another one when it is sent."""
        return not self.status.is_final and (
            self.status is Status.MODAL or any(word in self.description.lower() for word in _FORM_WORDS)
        )

    @property
    def is_complete(self) -> bool:
        """Whether a later fetch can bring nothing more: final, and a success that has all that one has."""
        if self.status is not Status.SUCCESS:
            return self.status.is_final
        # A swapped face is the only result that never has any buttons, and a relay without the key sends none at all.
        # What the bot offers itself is no reason not to wait for the relay's own.
        sends_no_more = self.action == _SWAP or self.buttons_key is ButtonsKey.ABSENT
        return (self.has_relay_buttons or sends_no_more) and bool(self.picture_url or self.text_result)

    @property
    def has_relay_buttons(self) -> bool:
        """Whether the relay has sent buttons with it."""
        return any(not button.offered for button in self.buttons)

    @property
    def picture_url(self) -> str:
        """The link of the finished picture, or of the preview while it runs; empty where there is none."""
        return self.image_url or (self.image_urls[0] if self.image_urls else "") or self.first_clip_url

    @property
    def first_clip_url(self) -> str:
        """The first clip's link; empty where the task is no video."""
        return self.video_url or next(iter(self.clip_urls), "")

    @property
    def clip_urls(self) -> tuple[str, ...]:
        """The links of all clips: builds from before videos have nothing but the picture's to put one in."""
        told = self.video_urls or ((self.video_url,) if self.video_url else ())
        return told or tuple(url for url in (self.image_urls or (self.image_url,)) if _CLIP.search(_unsigned(url)))

    @property
    def grid_picture_urls(self) -> tuple[str, ...]:
        """The links of a grid's pictures, one each; empty where the relay gives only the grid."""
        return self.image_urls if len(self.image_urls) > 1 and not self.clip_urls else ()

    @property
    def text_result(self) -> str:
        """What describe and shorten answer with, as Markdown; empty for pictures."""
        # new-api calls a describe that went through a form MODAL: the buttons tell.
        told = any(word in button.custom_id.lower() for button in self.buttons for word in _TEXT_BUTTONS)
        if not told and self.action not in {"DESCRIBE", "SHORTEN"}:
            return ""
        return self.properties.final_prompt or self.prompt_en

    def merge_earlier(self, earlier: Self | None) -> Self:
        """Return this snapshot with nothing lost that `earlier` knew: rows regress, and forget, on the wire."""
        if earlier is None or earlier.id != self.id:
            return self
        behind = _RANK[self.status] < _RANK[earlier.status]
        if behind and earlier.status.is_final:
            return earlier
        # A fresh task may come to wait for a form; one that is being drawn has had it.
        waits = self.status is Status.MODAL and _RANK[earlier.status] <= _RANK[Status.SUBMITTED]
        status = earlier.status if behind and not waits else self.status
        # A result belongs to its state: the preview of a running task is not the picture of a finished one.
        names = (*_LASTING, *_RESULT) if status is earlier.status else _LASTING
        kept: dict[str, Any] = {name: getattr(earlier, name) for name in names if not getattr(self, name)}
        if earlier.has_relay_buttons and not self.has_relay_buttons:
            kept["buttons"] = earlier.buttons
        if self.buttons_key is ButtonsKey.ABSENT:  # a relay that has the key at times sends buttons
            kept["buttons_key"] = earlier.buttons_key
        if self.properties == Properties():
            kept["properties"] = earlier.properties
        kept["status"] = status
        kept["progress"] = max((p for p in (earlier.progress, self.progress) if p is not None), default=None)
        return self.model_copy(update=kept)

    def looks_like(self, other: Self | None) -> bool:
        """Whether a person would see no difference: links signed anew are the same links."""
        return other is not None and self.appearance == other.appearance

    @property
    def appearance(self) -> tuple[object, ...]:
        """All that a person could see of it, links without their signatures."""
        fields = tuple(getattr(self, name) for name in type(self).model_fields if name not in _LINKS)
        pictures = (_unsigned(self.image_url), tuple(map(_unsigned, self.image_urls)))
        return (*fields, *pictures, _unsigned(self.video_url), tuple(map(_unsigned, self.video_urls)))


def _unsigned(url: str) -> str:
    try:
        parts = urlsplit(url)
        query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in _SIGNATURES]
        return urlunsplit(parts._replace(query=urlencode(query)))
    except ValueError:
        return url


def select_most_advanced(rows: Iterable[Task]) -> dict[str, Task]:
    """Return one row per id: after a form new-api holds two, and only one of them goes on."""
    best: dict[str, Task] = {}
    for row in rows:
        known = best.get(row.id)
        if known is None or _advance(row) > _advance(known):
            best[row.id] = row
    return best


def _advance(row: Task) -> tuple[int | str, ...]:
    # The tail only decides between equals, so that the order in which they came does not.
    return (
        _RANK[row.status],
        row.progress or 0,
        len(row.picture_url) > 0,
        len(row.buttons),
        row.submit_time,
        row.model_dump_json(),
    )


class SubmitResponse(_Wire):
    """The answer to a submit; `result` is the child's id, empty where nothing was accepted.

    `further` are the ids of more children, where one click made several.
    """

    code: Number = 0
    description: Text = ""
    result: Text = ""
    extra_task_ids: Annotated[tuple[str, ...], BeforeValidator(_urls)] = ()
    properties: Annotated[Properties, BeforeValidator(_object)] = Field(default_factory=Properties)

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: object) -> object:
        """Tell several children apart: TRUE's "Imagine all" answers with their ids, joined by commas."""
        if not is_json_object(data):
            return data
        first, *further = [part.strip() for part in coerce_text(data.get("result")).split(",") if part.strip()] or [""]
        names = {name: value for name, value in data.items() if isinstance(name, str)}
        return {"extra_task_ids": further, **names, "result": first}

    @property
    def is_accepted(self) -> bool:
        """Whether a task exists now (or existed before: code 21)."""
        return self.code in _SUBMITTED and bool(self.result)

    @property
    def is_billed(self) -> bool:
        """Whether the relay bills it: what comes as 21 is a window of its own, or a task that was there already.

        new-api bills those whose 21 it rewrites to 1: the windows of a remix, and every task that was there already.
        """
        return self.is_accepted and self.code != _NOT_BILLED

    @property
    def needs_modal(self) -> bool:
        """Whether Midjourney waits for a form; new-api rewrites most 21 to 1, so the words decide."""
        return self.is_accepted and any(word in self.description.lower() for word in _FORM_WORDS)

    @property
    def initial_status(self) -> Status:
        """Where the task stands before the relay tells of it."""
        return Status.MODAL if self.needs_modal else Status.SUBMITTED if self.tasks_ahead else Status.FRESH

    @property
    def tasks_ahead(self) -> int:
        """How many tasks are ahead in the queue, 0 where unknown (also read from new-api's rewritten 22)."""
        said = re.search(r"前面还有\s?(\d{1,9})", self.description)
        return max(self.properties.number_of_queues, 0) or (int(said[1]) if said else 0)
