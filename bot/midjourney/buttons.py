"""What a button's customId means: one table, read from the top, to be compared with the API's catalog.

The patterns follow the customIds that midjourney-proxy-plus, TrueAI's proxy and Discord itself deliver, and
`new_api_action` follows new-api's CoverPlusActionToNormalAction. A customId that no row matches is `ButtonKind.OTHER`:
it is shown and can be pressed like the others. The one button without a customId, "Web", is a link.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from functools import lru_cache
from hashlib import blake2b
from typing import Literal, TypeVar

from bot.languages import N_
from bot.midjourney.request_options import Motion
from bot.midjourney.task import Button, Status, Task

ModalKind = Literal["zoom", "prompt"]
_T = TypeVar("_T")


@unique
class ButtonKind(StrEnum):
    """One letter per kind of button.

    Discord's custom_id carries it, so that a click which must open a modal first needs no look-up.
    """

    PICK_FROM_GRID = "u"
    VARIATION = "v"
    REROLL = "r"
    UPSCALE = "s"
    VARY = "w"
    ZOOM = "z"
    CUSTOM_ZOOM = "c"
    VARY_REGION = "i"
    PAN = "p"
    ANIMATE = "a"
    DESCRIBE = "d"
    SHORTEN = "h"
    IMAGINE_LINE = "N"
    """A numbered line of a describe or shorten result, which opens its modal at once."""
    SAME_PROMPT = "P"
    """A variation or reroll that the relay can draw from the old prompt only: no modal, even with remix on."""
    BOOKMARK = "b"
    OTHER = "x"
    # The bot's own buttons follow; they cost nothing.
    OPEN_MODAL = "f"
    DISCARD_MODAL = "g"
    REFRESH = "l"
    SPLIT_GRID = "k"
    SPLIT_MENU = "j"
    ORIGINAL_FILE = "o"
    LINEAGE = "t"
    STOP = "q"
    OVERFLOW_MENU = "m"
    DELETE = "e"
    DELETE_CONFIRMED = "n"
    CONFIRM_REGION = "y"
    CHANGE_REGION = "J"
    FORGET_REFUSALS = "K"
    DRAW_AGAIN = "A"
    """Presses a button whose earlier press may have been charged; its key is that button's."""
    REPAINT_AGAIN = "R"
    """The same for what a preview of Vary (Region) shows."""
    CONFIRM_PRICE = "C"
    """Presses a button that is expensive or makes several tasks, whose price was asked about; see DRAW_AGAIN."""
    REPORT = "F"
    """Opens the form that reports a message; the form's key is the message's id."""

    @property
    def is_bot_button(self) -> bool:
        """Whether the bot adds this button itself, rather than the API."""
        return self in _BOT_BUTTONS


_BOT_BUTTONS = frozenset(
    {
        ButtonKind.OPEN_MODAL,
        ButtonKind.DISCARD_MODAL,
        ButtonKind.REFRESH,
        ButtonKind.SPLIT_GRID,
        ButtonKind.SPLIT_MENU,
        ButtonKind.ORIGINAL_FILE,
        ButtonKind.LINEAGE,
        ButtonKind.STOP,
        ButtonKind.OVERFLOW_MENU,
        ButtonKind.DELETE,
        ButtonKind.DELETE_CONFIRMED,
        ButtonKind.CONFIRM_REGION,
        ButtonKind.CHANGE_REGION,
        ButtonKind.FORGET_REFUSALS,
        ButtonKind.DRAW_AGAIN,
        ButtonKind.REPAINT_AGAIN,
        ButtonKind.CONFIRM_PRICE,
        ButtonKind.REPORT,
    }
)

REMIXABLE_KINDS = frozenset({ButtonKind.VARIATION, ButtonKind.REROLL, ButtonKind.VARY, ButtonKind.PAN})
"""Buttons that ask for a new prompt first where the person has remix on."""


class FallbackKind(StrEnum):
    """The request, or the stored data, that gives the same result where a relay refuses the button."""

    NONE = ""
    CHANGE = "change"
    """/submit/change with the `new_api_action` and `index` of the ButtonAction."""
    IMAGINE = "imagine"
    """/submit/imagine with line `index` of the text result."""
    IMAGINE_ALL = "imagine all"
    """/submit/imagine with each line of the text result: one billed request per line."""
    DESCRIBE = "describe"
    """/submit/describe with the task's picture."""
    SHOW_TEXT = "reading"
    """No request: the text result of the task already has the ranked words."""
    VIDEO = "video"
    """/submit/video with the task's picture and `motion`."""
    EXTEND = "extend"
    """/submit/video with action "extend", the task's id, the clip's `index` (sent as 0 to 3) and `motion`."""
    SHOW_CLIP = "clip"
    """No request: the task already has the links to its clips."""

    @property
    def is_free(self) -> bool:
        """Whether it needs no request, so that nothing is billed."""
        return self in {FallbackKind.SHOW_TEXT, FallbackKind.SHOW_CLIP}


@dataclass(frozen=True)
class ButtonAction:
    """What a press of a button does: its `name` in words, and the title of what it brings; both in English."""

    kind: ButtonKind
    name: str
    result_title: str
    new_api_action: str = ""
    """The action that an unmodified new-api makes of it; empty where it answers 400 unknown_action."""
    fallback: FallbackKind = FallbackKind.NONE
    modal_kind: ModalKind | None = None
    """The modal that Midjourney opens for every press of it."""
    is_repeatable: bool = True
    """Whether a second press gives something new; a second U2 gives the same picture."""
    motion: Motion = Motion.LOW
    index: int = 0
    """Which picture, clip or line the button is for, counted from 1; 0 where it is for none."""

    @property
    def custom_id_kind(self) -> ButtonKind:
        """The kind that Discord's custom_id carries."""
        return ButtonKind.IMAGINE_LINE if self.modal_kind == "prompt" else self.kind


UNBILLED_MODAL_ACTIONS = frozenset({"CUSTOM_ZOOM", "INPAINT"})
"""The API's actions whose modal no relay bills when it opens; new-api bills the modals of all others."""
REPAINTED_TITLE = N_("Repainted")
"""The title of Vary (Region); a task with this title that waits for its modal needs a mask as well."""


# A customId's prefix, as a pattern, and what its button does; {0} stands for the pattern's group.
BUTTON_TABLE: Mapping[str, ButtonAction] = {
    r"MJ::JOB::upsample::([1-9])\b": ButtonAction(
        ButtonKind.PICK_FROM_GRID, "U{0}", N_("Picture {number}"), "UPSCALE", FallbackKind.CHANGE, is_repeatable=False
    ),
    r"MJ::JOB::variation::([1-9])\b": ButtonAction(
        ButtonKind.VARIATION, "V{0}", N_("Varied"), "VARIATION", FallbackKind.CHANGE
    ),
    r"MJ::JOB::reroll::": ButtonAction(ButtonKind.REROLL, "Reroll", N_("Rerolled"), "REROLL", FallbackKind.CHANGE),
    r"MJ::JOB::upsample_\w*subtle::": ButtonAction(ButtonKind.UPSCALE, "Upscale (Subtle)", N_("Upscaled"), "UPSCALE"),
    r"MJ::JOB::upsample_\w*creative::": ButtonAction(
        ButtonKind.UPSCALE, "Upscale (Creative)", N_("Upscaled"), "UPSCALE"
    ),
    r"MJ::JOB::upsample_\w*4x::": ButtonAction(ButtonKind.UPSCALE, "Upscale (4x)", N_("Upscaled"), "UPSCALE"),
    r"MJ::JOB::upsample_\w*2x::": ButtonAction(ButtonKind.UPSCALE, "Upscale (2x)", N_("Upscaled"), "UPSCALE"),
    r"MJ::JOB::upsample_": ButtonAction(ButtonKind.UPSCALE, "Upscale", N_("Upscaled"), "UPSCALE"),
    r"MJ::JOB::low_variation::": ButtonAction(ButtonKind.VARY, "Vary (Subtle)", N_("Varied"), "LOW_VARIATION"),
    r"MJ::JOB::high_variation::": ButtonAction(ButtonKind.VARY, "Vary (Strong)", N_("Varied"), "HIGH_VARIATION"),
    r"MJ::Inpaint::": ButtonAction(ButtonKind.VARY_REGION, "Vary (Region)", REPAINTED_TITLE, "INPAINT"),
    r"MJ::Outpaint::100::": ButtonAction(ButtonKind.ZOOM, "Make Square", N_("Squared"), "ZOOM"),
    r"MJ::Outpaint::75::": ButtonAction(ButtonKind.ZOOM, "Zoom Out 1.5x", N_("Zoomed out"), "ZOOM"),
    r"MJ::Outpaint::50::": ButtonAction(ButtonKind.ZOOM, "Zoom Out 2x", N_("Zoomed out"), "ZOOM"),
    r"MJ::Outpaint::": ButtonAction(ButtonKind.ZOOM, "Zoom Out", N_("Zoomed out"), "ZOOM"),
    r"MJ::CustomZoom::": ButtonAction(
        ButtonKind.CUSTOM_ZOOM, "Custom Zoom", N_("Zoomed out"), "CUSTOM_ZOOM", modal_kind="zoom"
    ),
    r"MJ::JOB::pan_(left|right|up|down)": ButtonAction(ButtonKind.PAN, "Pan {0}", "Panned {0}", "PAN"),
    r"MJ::JOB::animate_high_extend::(?:([1-9])\b)?": ButtonAction(
        ButtonKind.ANIMATE, "Extend (High motion)", N_("Extended"), "", FallbackKind.EXTEND, motion=Motion.HIGH
    ),
    r"MJ::JOB::animate_low_extend::(?:([1-9])\b)?": ButtonAction(
        ButtonKind.ANIMATE, "Extend (Low motion)", N_("Extended"), "", FallbackKind.EXTEND
    ),
    r"MJ::JOB::animate_high::": ButtonAction(
        ButtonKind.ANIMATE, "Animate (High motion)", N_("Animated"), "", FallbackKind.VIDEO, motion=Motion.HIGH
    ),
    r"MJ::JOB::animate_low::": ButtonAction(
        ButtonKind.ANIMATE, "Animate (Low motion)", N_("Animated"), "", FallbackKind.VIDEO
    ),
    r"MJ::JOB::video_virtual_upscale::([1-9])\b": ButtonAction(
        ButtonKind.PICK_FROM_GRID, "U{0}", N_("Clip {number}"), "", FallbackKind.SHOW_CLIP, is_repeatable=False
    ),
    r"MJ::Job::PicReader::all": ButtonAction(
        ButtonKind.DESCRIBE, "Imagine all", N_("Drawn"), "", FallbackKind.IMAGINE_ALL
    ),
    r"MJ::Job::PicReader::([1-9])\b": ButtonAction(
        ButtonKind.DESCRIBE, "Imagine {0}", N_("Drawn"), "", FallbackKind.IMAGINE, modal_kind="prompt"
    ),
    r"MJ::Picread::Retry": ButtonAction(
        ButtonKind.DESCRIBE, N_("Describe again"), N_("Described"), "", FallbackKind.DESCRIBE
    ),
    r"MJ::Job::PromptAnalyzer::([1-9])\b": ButtonAction(
        ButtonKind.SHORTEN, "Imagine {0}", N_("Drawn"), "", FallbackKind.IMAGINE, modal_kind="prompt"
    ),
    r"MJ::Job::PromptAnalyzer": ButtonAction(
        ButtonKind.SHORTEN, "Show details", N_("Shortened"), "", FallbackKind.SHOW_TEXT, is_repeatable=False
    ),
    r"MJ::BOOKMARK::": ButtonAction(ButtonKind.BOOKMARK, N_("Favorite"), N_("Favorited"), is_repeatable=False),
}
_PATTERNS = tuple(re.compile(pattern, re.ASCII | re.IGNORECASE) for pattern in BUTTON_TABLE)


@lru_cache(maxsize=4096)
def resolve_action(custom_id: str) -> ButtonAction:
    """Return what a press of the button with this customId of the API does."""
    for pattern in _PATTERNS:
        if found := pattern.match(custom_id):
            action = BUTTON_TABLE[pattern.pattern]
            words = [(word or "").lower() for word in found.groups()]
            index = next((int(word) for word in words if word.isdigit()), 0)
            name, title = (text.format(*words, number=index) for text in (action.name, action.result_title))
            return replace(action, name=name, result_title=title, index=index)
    return ButtonAction(ButtonKind.OTHER, N_("More"), N_("Done"))


def find_pattern(custom_id: str) -> str | None:
    """Return the pattern of BUTTON_TABLE that stands for a customId, None where it is `ButtonKind.OTHER`."""
    return next((pattern.pattern for pattern in _PATTERNS if pattern.match(custom_id)), None)


def hash_custom_id(custom_id: str) -> str:
    """Return the key of a button in Discord's custom_id: ten hex digits of a hash of the API's customId.

    The API's customIds have up to 81 characters, and Discord's limit is 100. Forty bits are enough for the forty
    buttons of one task, and an unknown key is refused: the click is compared with the task's own buttons.
    """
    return blake2b(custom_id.encode("utf-8", "replace"), digest_size=5).hexdigest()


# The buttons that the bot may offer itself (see offered_buttons), without the picture's id at the end.
_OFFERED = (
    *(f"MJ::JOB::upsample::{number}" for number in range(1, 5)),
    "MJ::JOB::reroll::0",
    *(f"MJ::JOB::variation::{number}" for number in range(1, 5)),
    *(f"MJ::Job::PicReader::{number}" for number in range(1, 5)),
    "MJ::Job::PicReader::all",
    *(f"MJ::Job::PromptAnalyzer::{number}" for number in range(1, 6)),
)
_SHARED_KEYS: Mapping[ButtonAction, str] = {
    resolve_action(custom_id): hash_custom_id(custom_id) for custom_id in _OFFERED
}


@lru_cache(maxsize=4096)
def get_claim_key(custom_id: str) -> str:
    """Return the key under which the store keeps claims and pressed buttons.

    It is the button's `hash_custom_id`, except for buttons that the bot may offer itself: an offered button and the
    relay's own one share a key, because a task may get the relay's buttons after the bot offered some, or lose them.
    """
    return _SHARED_KEYS.get(resolve_action(custom_id)) or hash_custom_id(custom_id)


def find_button(buttons: tuple[Button, ...], key: str) -> Button | None:
    """Return the button whose `hash_custom_id` is `key`, else the one whose `get_claim_key` is; None without one."""
    named = [button for button in buttons if button.custom_id]
    matching = (
        button for get_key in (hash_custom_id, get_claim_key) for button in named if get_key(button.custom_id) == key
    )
    return next(matching, None)


def find_marks(custom_id: str, pressed: Mapping[str, _T]) -> tuple[_T, ...]:
    """Return what `pressed` holds for a button, newest first.

    Earlier versions of the bot stored every press under `hash_custom_id`.
    """
    keys = dict.fromkeys((get_claim_key(custom_id), hash_custom_id(custom_id)))
    return tuple(pressed[key] for key in keys if key in pressed)


def name_button(button: Button) -> str:
    """Return a button's own label, else the name of its action."""
    return button.label.strip() or resolve_action(button.custom_id).name


def get_custom_id_kind(button: Button) -> ButtonKind:
    """Return the kind that Discord's custom_id of a button carries."""
    action = resolve_action(button.custom_id)
    return ButtonKind.SAME_PROMPT if button.offered and action.kind in REMIXABLE_KINDS else action.custom_id_kind


def get_submitted_action(custom_id: str) -> str:
    """Return the API's action under which a press of a button is billed, "" where it is not known."""
    action = resolve_action(custom_id)
    known = action.new_api_action or _FALLBACK_ACTIONS.get(action.fallback, "")
    return known or ("VIDEO" if _VIDEO_WORD.search(custom_id) else "")


def makes_video(custom_id: str, parent: Task) -> bool:
    """Whether a press of a button of `parent` makes clips: by its name, or because its parent is a video.

    Midjourney names its buttons as it likes, so that one which no row of BUTTON_TABLE matches may make clips as well.
    """
    if resolve_action(custom_id).kind is ButtonKind.BOOKMARK:
        return False
    return parent.is_video or bool(_VIDEO_WORD.search(custom_id))


def can_be_sent(custom_id: str) -> bool:
    """Whether a relay can press this button: new-api crashes over a customId without "::"."""
    return "::" in custom_id


# Not PromptAnalyzerExtended, which shows the details of /shorten.
_VIDEO_WORD = re.compile("animate|video|extend(?!ed)", re.IGNORECASE)
_FALLBACK_ACTIONS: Mapping[FallbackKind, str] = {
    FallbackKind.IMAGINE: "IMAGINE",
    FallbackKind.IMAGINE_ALL: "IMAGINE",
    FallbackKind.DESCRIBE: "DESCRIBE",
    FallbackKind.VIDEO: "VIDEO",
    FallbackKind.EXTEND: "VIDEO",
}
GRID_ACTIONS = frozenset({"IMAGINE", "VARIATION", "REROLL", "BLEND"})
"""The actions that always give four pictures."""


def is_grid(task: Task) -> bool:
    """Whether a finished task has four results: its buttons decide, or its action where it has no buttons."""
    if any(button.custom_id for button in task.buttons):
        return any(resolve_action(button.custom_id).kind is ButtonKind.PICK_FROM_GRID for button in task.buttons)
    return task.status is Status.SUCCESS and task.action in GRID_ACTIONS


def name_result(task: Task, title: str) -> str:
    """Return the title of a task's result: "Four pictures" of a grid, else `title`, else the task's action in words."""
    if is_grid(task):
        return N_("Four clips") if task.is_video else N_("Four pictures")
    return title or task.action.replace("_", " ").capitalize()
