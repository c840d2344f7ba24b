"""A Midjourney task as the relay reports it.

Shapes are those of new-api's `MidjourneyDto` and of the proxies behind it; every field may be missing, null or of
another type, and one bad value never loses the rest.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BeforeValidator, Field, model_validator

from bot.json_values import (
    Link,
    Links,
    Milliseconds,
    Number,
    Text,
    WireModel,
    coerce_object,
    coerce_text,
    is_json_object,
)
from bot.midjourney.task_row import TEXT_ACTIONS, ButtonsKey, coerce_reason, normalize_row, select_buttons
from bot.midjourney.task_status import Status, parse_percent, parse_status

__all__ = [
    "READ_FIELDS",
    "Button",
    "ButtonsKey",
    "Properties",
    "Status",
    "Task",
    "mentions_modal",
    "select_most_advanced",
]

_SIGNATURE_PARAMETERS = frozenset({"rand", "sig", "ex", "is", "hm"})
_MODAL_ACTIONS = frozenset({"MODAL", "CUSTOM_ZOOM", "INPAINT", "PIC_READER", "PROMPT_ANALYZER"})
_REMIX_ACTIONS = frozenset({"VARIATION", "LOW_VARIATION", "HIGH_VARIATION", "REROLL", "PAN"})
_SWAP_FACE = "SWAP_FACE"
_PROMPTLESS_ACTIONS = frozenset({_SWAP_FACE, "DESCRIBE"})
_TEXT_BUTTONS = ("picreader", "promptanalyzer")
_MODAL_WORDS = ("confirm", "窗口")
_VIDEO_ACTIONS = ("VIDEO", "ANIMATE")
_MAX_ACTION = 100
_VIDEO_FILE = re.compile(r"\.(?:mp4|webm|mov)(?:$|[?#])", re.IGNORECASE)
# These buttons are those of clips; a single picture has `animate_high` and `animate_low`.
_VIDEO_BUTTON = re.compile(r"::(?:video_|animate_\w+_extend\b)", re.IGNORECASE)


# FRESH carries no information. MODAL comes next: when a modal was sent, new-api makes a new row and never updates the
# old one, which stays at MODAL.
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


def _coerce_action(value: object) -> str:
    return coerce_text(value)[:_MAX_ACTION].strip().upper().replace(" ", "_")


def _coerce_emoji(value: object) -> str:
    """Return an emoji, or the name of one in Discord's own shape."""
    return coerce_text(value.get("name") if is_json_object(value) else value)


def _is_true(value: object) -> bool:
    return value is True


def _parse_buttons_key(value: object) -> ButtonsKey:
    return ButtonsKey(value) if isinstance(value, str) and value in set(ButtonsKey) else ButtonsKey.NULL


def mentions_modal(description: str) -> bool:
    """Whether a relay's description says that Midjourney waits for its modal."""
    return any(word in description.lower() for word in _MODAL_WORDS)


# What `Task.merge_earlier` takes from the earlier snapshot where the later one has nothing.
_LASTING_FIELDS = ("action", "prompt", "prompt_en", "description", "state", "submit_time", "start_time", "buttons")
_RESULT_FIELDS = ("image_url", "image_urls", "video_url", "video_urls", "finish_time", "fail_reason")
_LINK_FIELDS = frozenset({"image_url", "image_urls", "video_url", "video_urls"})


class Button(WireModel):
    """One button of a task; `style` is Discord's number, 0 where the relay gave none.

    `offered` marks a button that the bot itself adds because the relay sent none (see offered_buttons). The bot never
    presses it at the relay, but sends another request that gives the same result.
    """

    custom_id: Text = ""
    emoji: Annotated[str, BeforeValidator(_coerce_emoji)] = ""
    label: Text = ""
    type: Number = 2
    style: Number = 2
    url: Text = ""
    offered: Annotated[bool, BeforeValidator(_is_true)] = False


class Properties(WireModel):
    """Further fields of a task or of the answer to a submit; most relays keep only the first two."""

    final_prompt: Text = ""
    final_zh_prompt: Text = ""
    prompt_en: Text = ""
    banned_word: Text = ""
    image_url: Text = ""
    number_of_queues: Number = 0


class Task(WireModel):
    """One Midjourney task as the relay last reported it; times in milliseconds since 1970, 0 where unknown."""

    id: Text
    action: Annotated[str, BeforeValidator(_coerce_action)] = ""
    prompt: Text = ""
    prompt_en: Text = ""
    description: Text = ""
    state: Text = ""
    submit_time: Milliseconds = 0
    start_time: Milliseconds = 0
    finish_time: Milliseconds = 0
    image_url: Link = ""
    image_urls: Links = ()
    video_url: Link = ""
    video_urls: Links = ()
    status: Annotated[Status, BeforeValidator(parse_status)] = Status.FRESH
    progress: Annotated[int | None, BeforeValidator(parse_percent)] = None
    fail_reason: Annotated[str, BeforeValidator(coerce_reason)] = ""
    seed: Text = ""
    parent_id: Text = ""
    image_width: Number = 0
    image_height: Number = 0
    buttons: Annotated[tuple[Button, ...], BeforeValidator(select_buttons)] = ()
    buttons_key: Annotated[ButtonsKey, BeforeValidator(_parse_buttons_key)] = ButtonsKey.ABSENT
    properties: Annotated[Properties, BeforeValidator(coerce_object)] = Field(default_factory=Properties)

    @model_validator(mode="before")
    @classmethod
    def _normalize_row(cls, data: object) -> object:
        """Read the row in whatever shape a relay sent it (see task_row)."""
        return normalize_row(data) if is_json_object(data) else data

    @property
    def shown_prompt(self) -> str:
        """The prompt as the person gave it, else as the relay understood it; empty where the person gave none.

        For a task that was started by a modal, relays keep the parent's prompt and put the modal's into `final_prompt`.
        """
        # new-api gives a face swap the prompt "InsightFace", and midjourney-proxy gives a describe its own result.
        if self.action in _PROMPTLESS_ACTIONS:
            return ""
        has_new_prompt = self.action in _MODAL_ACTIONS or self._is_remixed
        final = self.properties.final_prompt
        prompt = final if final and has_new_prompt else self.prompt or final or self.prompt_en
        # Relays put the result of a shorten into `final_prompt`, though no person wrote it.
        is_result = prompt == self.text_result != self.prompt
        return "" if is_result else prompt

    @property
    def _is_remixed(self) -> bool:
        """Whether the prompt differs from the parent's by more than parameters, which Midjourney adds by itself."""
        if self.action not in _REMIX_ACTIONS or not self.prompt:
            return False
        final = _strip_prompt(self.properties.final_prompt)
        # A relay that translates prompts draws from its own English one.
        given = [_strip_prompt(self.prompt), *([] if self.prompt.isascii() else [_strip_prompt(self.prompt_en)])]
        return not any(final == prompt or final.startswith(f"{prompt} --".lstrip()) for prompt in given)

    @property
    def is_modal_row(self) -> bool:
        """Whether this row stands for a modal that Midjourney opened; new-api makes another row when it is sent."""
        return not self.status.is_final and (self.status is Status.MODAL or mentions_modal(self.description))

    @property
    def is_complete(self) -> bool:
        """Whether a later fetch can add nothing: failed, cancelled, or a success with its result and its buttons."""
        if self.status is not Status.SUCCESS:
            return self.status.is_final
        # Only face swaps never get buttons, and a relay without the key sends none for any task.
        # Buttons that the bot offers itself do not end the wait for the relay's.
        has_all_buttons = self.has_relay_buttons or self.action == _SWAP_FACE or self.buttons_key is ButtonsKey.ABSENT
        return has_all_buttons and bool(self.picture_url or self.text_result)

    @property
    def has_relay_buttons(self) -> bool:
        """Whether the relay has sent buttons for this task."""
        return any(not button.offered for button in self.buttons)

    @property
    def picture_url(self) -> str:
        """The link to the finished picture, or to the preview of a running task; empty where there is none."""
        return self.image_url or (self.image_urls[0] if self.image_urls else "") or self.first_clip_url

    @property
    def first_clip_url(self) -> str:
        """The link to the first clip; empty where the task is not a video."""
        return self.video_url or next(iter(self.clip_urls), "")

    @property
    def clip_urls(self) -> tuple[str, ...]:
        """The links to all clips; relays that are older than videos put them into the picture's fields."""
        urls = self.video_urls or ((self.video_url,) if self.video_url else ())
        return urls or tuple(
            url for url in (self.image_urls or (self.image_url,)) if _VIDEO_FILE.search(_strip_signature(url))
        )

    @property
    def is_video(self) -> bool:
        """Whether the task makes clips, also where the relay gives no links to them."""
        return bool(self.first_clip_url or any(word in self.action for word in _VIDEO_ACTIONS)) or any(
            _VIDEO_BUTTON.search(button.custom_id) for button in self.buttons
        )

    @property
    def grid_picture_urls(self) -> tuple[str, ...]:
        """The links to a grid's single pictures; empty where the relay gives only the grid."""
        return self.image_urls if len(self.image_urls) > 1 and not self.clip_urls else ()

    @property
    def text_result(self) -> str:
        """The Markdown text that describe or shorten gave; empty for pictures."""
        # new-api calls a describe that went through a modal MODAL, but its buttons are still those of a describe.
        has_text_buttons = any(word in button.custom_id.lower() for button in self.buttons for word in _TEXT_BUTTONS)
        if not has_text_buttons and self.action not in TEXT_ACTIONS:
            return ""
        return self.properties.final_prompt or self.prompt_en

    def merge_earlier(self, earlier: Self | None) -> Self:
        """Return this snapshot, completed from an earlier one: relays' rows may go back, and lose fields."""
        if earlier is None or earlier.id != self.id:
            return self
        is_behind = _RANK[self.status] < _RANK[earlier.status]
        if is_behind and earlier.status.is_final:
            return earlier
        # A task that is not being drawn yet may open a modal; one that is being drawn has had its modal already.
        opens_modal = self.status is Status.MODAL and _RANK[earlier.status] <= _RANK[Status.SUBMITTED]
        status = earlier.status if is_behind and not opens_modal else self.status
        # A result belongs to its status: the preview of a running task is not the picture of a finished one.
        names = (*_LASTING_FIELDS, *_RESULT_FIELDS) if status is earlier.status else _LASTING_FIELDS
        update: dict[str, Any] = {name: getattr(earlier, name) for name in names if not getattr(self, name)}
        if earlier.has_relay_buttons and not self.has_relay_buttons:
            update["buttons"] = earlier.buttons
        if self.buttons_key is ButtonsKey.ABSENT:  # a relay that has sent the key once does send buttons
            update["buttons_key"] = earlier.buttons_key
        if self.properties == Properties():
            update["properties"] = earlier.properties
        update["status"] = status
        update["progress"] = max((p for p in (earlier.progress, self.progress) if p is not None), default=None)
        return self.model_copy(update=update)

    def looks_like(self, other: Self | None) -> bool:
        """Whether a person would see no difference; a new signature in a link is none."""
        return other is not None and self.appearance == other.appearance

    @property
    def appearance(self) -> tuple[object, ...]:
        """Everything that a message can show of this task, with links without their signatures."""
        fields = tuple(getattr(self, name) for name in type(self).model_fields if name not in _LINK_FIELDS)
        links = (self.image_url, *self.image_urls, "", self.video_url, *self.video_urls)
        return (*fields, *map(_strip_signature, links))


READ_FIELDS = frozenset(name for field, info in Task.model_fields.items() for name in (field, info.alias or field))
"""The fields of a relay's row that the bot reads."""


def _strip_prompt(prompt: str) -> str:
    """Remove what Midjourney changes in a prompt by itself: links, capitals, repeated blanks."""
    return " ".join(word for word in prompt.lower().split() if "://" not in word)


def _strip_signature(url: str) -> str:
    try:
        parts = urlsplit(url)
        query = [
            pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in _SIGNATURE_PARAMETERS
        ]
        return urlunsplit(parts._replace(query=urlencode(query)))
    except ValueError:
        return url


def select_most_advanced(rows: Iterable[Task]) -> dict[str, Task]:
    """Return the most advanced row of each id: after a modal new-api holds two rows, and updates only one of them."""
    best: dict[str, Task] = {}
    for row in rows:
        known = best.get(row.id)
        if known is None or _measure_advance(row) > _measure_advance(known):
            best[row.id] = row
    return best


def _measure_advance(row: Task) -> tuple[int | str, ...]:
    # The last parts decide only between rows that are equally advanced, so that the rows' order never does.
    return (
        _RANK[row.status],
        row.progress or 0,
        len(row.picture_url) > 0,
        len(row.buttons),
        row.submit_time,
        row.model_dump_json(),
    )
