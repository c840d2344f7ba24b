"""What a button's customId means: one table, read from the top, that a reader can check against the API's catalogue.

Patterns follow the customIds that midjourney-proxy-plus, TrueAI's proxy and Discord itself are known to deliver, and
`stock` follows new-api's CoverPlusActionToNormalAction. An id that no line knows is still offered, and still works, as
`Kind.OTHER`. The one button without a customId, "Web", is a link: cogs/views/task_buttons.py builds its address anew.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from bot.entities import PressedButton
from bot.midjourney.task import Button, Status, Task

ModalKind = Literal["zoom", "region", "prompt"]
Motion = Literal["", "high", "low"]


@unique
class ButtonKind(StrEnum):
    """One letter per kind of button: it travels in Discord's custom_id, so a form needs no look-up to open."""

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
    """A line of either that was read: it opens its form at once."""
    SAME_PROMPT = "P"
    """A variation or reroll that the relay draws from the old prompt only: it opens no form, remix on or off."""
    BOOKMARK = "b"
    OTHER = "x"
    # Ours: they cost nothing.
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

    @property
    def is_bot_button(self) -> bool:
        """Whether mjbot made this button up, rather than the API."""
        return self in _OURS


_OURS = frozenset(
    {
        ButtonKind.OPEN_MODAL, ButtonKind.DISCARD_MODAL, ButtonKind.REFRESH, ButtonKind.SPLIT_GRID, ButtonKind.SPLIT_MENU, ButtonKind.ORIGINAL_FILE, ButtonKind.LINEAGE, ButtonKind.STOP,
        ButtonKind.OVERFLOW_MENU, ButtonKind.DELETE, ButtonKind.DELETE_CONFIRMED, ButtonKind.CONFIRM_REGION, ButtonKind.CHANGE_REGION, ButtonKind.FORGET_REFUSALS,
    }
)  # fmt: skip


REMIXABLE_KINDS = frozenset({ButtonKind.VARIATION, ButtonKind.REROLL, ButtonKind.VARY, ButtonKind.PAN})
"""What takes a new prompt first, where somebody remixes."""


class FallbackKind(StrEnum):
    """The other way to the same result, where a relay refuses the button."""

    NONE = ""
    CHANGE = "change"
    """/submit/change, with `Action.change` and `Action.index`."""
    IMAGINE = "imagine"
    """/submit/imagine, with line `Action.index` of what was read (bot/midjourney/text_results.py)."""
    IMAGINE_ALL = "imagine all"
    """/submit/imagine with each of the lines: as many submits, each paid."""
    DESCRIBE = "describe"
    """/submit/describe, with the picture of the task."""
    SHOW_TEXT = "reading"
    """Nothing need be submitted: the answer tells the words and their weights (bot/midjourney/text_results.py)."""
    VIDEO = "video"
    """/submit/video, with the picture of the task and `Action.motion`."""
    EXTEND = "extend"
    """/submit/video, with action "extend", the task's id, clip `Action.index`, sent as 0 to 3, and `Action.motion`."""
    SHOW_CLIP = "clip"
    """Nothing need be submitted: the task holds the links of its clips."""

    @property
    def is_free(self) -> bool:
        """Whether nothing is submitted, and so nothing paid."""
        return self in {FallbackKind.SHOW_TEXT, FallbackKind.SHOW_CLIP}


@dataclass(frozen=True)
class ButtonAction:
    """What a click does: `name` as a person says it, `done` as a title says it afterwards."""

    kind: ButtonKind
    name: str
    result_title: str
    index: int = 0
    change_action: str = ""
    """The `action` of /submit/change that does the same; empty where there is none."""
    modal_kind: ModalKind | None = None
    """The form that Midjourney always wants first."""
    is_repeatable: bool = True
    """Whether a second press is meant to give something new; the second U2 is the same picture."""
    new_api_action: str = ""
    """What a stock new-api makes of it; empty where that answers 400 unknown_action."""
    fallback: FallbackKind = FallbackKind.NONE
    motion: Motion = ""

    @property
    def custom_id_kind(self) -> ButtonKind:
        """The kind that travels in Discord's custom_id."""
        return ButtonKind.IMAGINE_LINE if self.modal_kind == "prompt" else self.kind


@dataclass(frozen=True)
class _Line:
    pattern: re.Pattern[str]
    action: ButtonAction


def _line(
    pattern: str,
    kind: ButtonKind,
    name: str,
    done: str,
    stock: str,
    instead: FallbackKind = FallbackKind.NONE,
    *,
    form: ModalKind | None = None,
    anew: bool = True,
) -> _Line:
    change = stock if instead is FallbackKind.CHANGE else ""
    action = ButtonAction(
        kind,
        name,
        done,
        change_action=change,
        modal_kind=form,
        is_repeatable=anew,
        new_api_action=stock,
        fallback=instead,
    )
    return _Line(re.compile(pattern, re.ASCII | re.IGNORECASE), action)


# What in a customId says where, rather than what: which of the four, whose picture, which way, how far.
_WHERE = re.compile(r"[0-9]+|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|solo")
_PAN = re.compile(r"pan_(?:left|right|up|down)")
MAX_CAPABILITY_LENGTH = 100
UNBILLED_MODAL_ACTIONS = frozenset({"CUSTOM_ZOOM", "INPAINT"})
"""The API's actions whose window no relay bills: new-api bills every other, and all of their forms."""
REPAINTED_TITLE = "Repainted"
"""The title of what Vary (Region) gives: a child that waits for its form, and will be called so, wants a mask too."""

_TABLE = (
    # A customId (a prefix), its kind, its name, the title when done, what a stock new-api makes of it,
    #     and where there is more to say: the other way, the form it wants first, whether a second press pays anew.
    _line(r"MJ::JOB::upsample::([1-9])\b",      ButtonKind.PICK_FROM_GRID,        "U{0}",               "Picture {0}", "UPSCALE",
          FallbackKind.CHANGE, anew=False),
    _line(r"MJ::JOB::variation::([1-9])\b",     ButtonKind.VARIATION,   "V{0}",               "Varied",      "VARIATION",
          FallbackKind.CHANGE),
    _line(r"MJ::JOB::reroll::",                 ButtonKind.REROLL,      "Reroll",             "Drawn anew",  "REROLL",
          FallbackKind.CHANGE),
    _line(r"MJ::JOB::upsample_\w*subtle::",     ButtonKind.UPSCALE,     "Upscale (Subtle)",   "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::upsample_\w*creative::",   ButtonKind.UPSCALE,     "Upscale (Creative)", "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::upsample_\w*4x::",         ButtonKind.UPSCALE,     "Upscale (4x)",       "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::upsample_\w*2x::",         ButtonKind.UPSCALE,     "Upscale (2x)",       "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::upsample_",                ButtonKind.UPSCALE,     "Upscale",            "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::low_variation::",          ButtonKind.VARY,        "Vary (Subtle)",      "Varied",      "LOW_VARIATION"),
    _line(r"MJ::JOB::high_variation::",         ButtonKind.VARY,        "Vary (Strong)",      "Varied",     "HIGH_VARIATION"),
    _line(r"MJ::Inpaint::",                     ButtonKind.VARY_REGION,      "Vary (Region)",      REPAINTED_TITLE,     "INPAINT",
          form="region"),
    _line(r"MJ::Outpaint::100::",               ButtonKind.ZOOM,        "Make Square",        "Squared",     "ZOOM"),
    _line(r"MJ::Outpaint::75::",                ButtonKind.ZOOM,        "Zoom Out 1.5x",      "Zoomed out",  "ZOOM"),
    _line(r"MJ::Outpaint::50::",                ButtonKind.ZOOM,        "Zoom Out 2x",        "Zoomed out",  "ZOOM"),
    _line(r"MJ::Outpaint::",                    ButtonKind.ZOOM,        "Zoom Out",           "Zoomed out",  "ZOOM"),
    _line(r"MJ::CustomZoom::",                  ButtonKind.CUSTOM_ZOOM, "Custom Zoom",        "Zoomed out",  "CUSTOM_ZOOM",
          form="zoom"),
    _line(r"MJ::JOB::pan_(left|right|up|down)", ButtonKind.PAN,         "Pan {0}",            "Panned {0}",  "PAN"),
    _line(r"MJ::JOB::animate_(?P<motion>high)_extend::(?:([1-9])\b)?", ButtonKind.ANIMATE, "Extend (High motion)",
          "Extended", "", FallbackKind.EXTEND),
    _line(r"MJ::JOB::animate_(?P<motion>low)_extend::(?:([1-9])\b)?", ButtonKind.ANIMATE, "Extend (Low motion)",
          "Extended", "", FallbackKind.EXTEND),
    _line(r"MJ::JOB::animate_(?P<motion>high)::", ButtonKind.ANIMATE,     "Animate (High motion)", "Animated",    "",
          FallbackKind.VIDEO),
    _line(r"MJ::JOB::animate_(?P<motion>low)::", ButtonKind.ANIMATE,     "Animate (Low motion)", "Animated",    "",
          FallbackKind.VIDEO),
    _line(r"MJ::JOB::video_virtual_upscale::([1-9])\b", ButtonKind.PICK_FROM_GRID,        "U{0}",               "Clip {0}",    "",
          FallbackKind.SHOW_CLIP, anew=False),
    _line(r"MJ::Job::PicReader::all",           ButtonKind.DESCRIBE,    "Imagine all",        "Drawn",       "",
          FallbackKind.IMAGINE_ALL),
    _line(r"MJ::Job::PicReader::([1-9])\b",     ButtonKind.DESCRIBE,    "Imagine {0}",        "Drawn",       "",
          FallbackKind.IMAGINE, form="prompt"),
    _line(r"MJ::Picread::Retry",                ButtonKind.DESCRIBE,    "Describe again",     "Described",   "",
          FallbackKind.DESCRIBE),
    _line(r"MJ::Job::PromptAnalyzer::([1-9])\b", ButtonKind.SHORTEN,     "Imagine {0}",        "Drawn",       "",
          FallbackKind.IMAGINE, form="prompt"),
    _line(r"MJ::Job::PromptAnalyzer",           ButtonKind.SHORTEN,     "Show details",       "Shortened",   "",
          FallbackKind.SHOW_TEXT, anew=False),
    _line(r"MJ::BOOKMARK::",                    ButtonKind.BOOKMARK,    "Favorite",           "Marked",      "",
          anew=False),
)  # fmt: skip


@lru_cache(maxsize=4096)
def resolve_action(custom_id: str) -> ButtonAction:
    """Tell what a click on the API's `custom_id` does."""
    for line in _TABLE:
        if found := line.pattern.match(custom_id):
            words = [(word or "").lower() for word in found.groups()]
            index = next((int(word) for word in words if word.isdigit()), 0)
            name, done = (text.format(*words) for text in (line.action.name, line.action.result_title))
            motion: Motion = "" if "motion" not in found.groupdict() else "high" if words[0] == "high" else "low"
            return replace(line.action, name=name, result_title=done, index=index, motion=motion)
    return ButtonAction(ButtonKind.OTHER, "More", "Done")


CANCEL_CAPABILITY, SPEED_CAPABILITY, SEED_CAPABILITY, BUTTONS_CAPABILITY = "cancel", "speed", "seed", "buttons"
"""The abilities to give a running task up, to take a submit into another queue than the relay's own, to tell seeds, and
to send buttons with a finished task.

They stand among those that `ability` names by a customId.
"""


@lru_cache(maxsize=4096)
def name_capability(custom_id: str) -> str:
    """Name what a relay can or cannot do as one thing: the customId without index, id and SOLO, in lower case.

    The four pans are one, and so are the distances of a zoom; versions of an upscaler are not. Printable ASCII, at
    most 100 characters, whatever came.
    """
    # Every database takes this as a key; a NUL, or pages of text, not every one.
    plain = re.sub(r"[^!-~]", "", custom_id[:1000]).lower()
    words = [_PAN.sub("pan", word) for word in plain.split("::") if not _WHERE.fullmatch(word)]
    return ("::".join(words) or plain)[:MAX_CAPABILITY_LENGTH]


def hash_custom_id(custom_id: str) -> str:
    """Return the short name under which a button travels in Discord's custom_id: ten hex digits.

    The API's own ids reach 81 characters and Discord's limit is 100; forty bits among forty buttons of one task
    never meet in practice, and a miss is a click refused, not a wrong one: the task's own buttons are compared.
    """
    return blake2b(custom_id.encode("utf-8", "replace"), digest_size=5).hexdigest()


# What the bot may offer itself (see offered_buttons), without the picture's own id that a relay's customIds end with.
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
def claim_key(custom_id: str) -> str:
    """Return the key under which a press of a button is claimed and marked.

    It is the button's own `key`, but for what the bot may offer itself: that has one key, whether the button pressed is
    the bot's or the relay's, as a task may get its own buttons after the bot has offered some, or lose them.
    """
    return _SHARED_KEYS.get(resolve_action(custom_id)) or hash_custom_id(custom_id)


def find_button(buttons: tuple[Button, ...], wanted: str) -> Button | None:
    """Find the button whose `key` is wanted, else the one that does the same: its `claim_key` is."""
    named = [button for button in buttons if button.custom_id]
    same = (button for name in (hash_custom_id, claim_key) for button in named if name(button.custom_id) == wanted)
    return next(same, None)


def find_marks(custom_id: str, pressed: Mapping[str, PressedButton]) -> tuple[PressedButton, ...]:
    """Return the marks of a button among a task's: the newest first.

    Versions before `claim_key` wrote each press under the button's own key.
    """
    names = dict.fromkeys((claim_key(custom_id), hash_custom_id(custom_id)))
    return tuple(pressed[name] for name in names if name in pressed)


def name_button(button: Button) -> str:
    """Say a button in words: its own label, else what it does."""
    return button.label.strip() or resolve_action(button.custom_id).name


def get_custom_id_kind(button: Button) -> ButtonKind:
    """Return the kind that Discord's custom_id of a button carries."""
    action = resolve_action(button.custom_id)
    return ButtonKind.SAME_PROMPT if button.offered and action.kind in REMIXABLE_KINDS else action.custom_id_kind


def can_be_sent(custom_id: str) -> bool:
    """Whether a relay may be asked to press that button: new-api breaks down over a customId without "::"."""
    return "::" in custom_id


GRID_ACTIONS = frozenset({"IMAGINE", "VARIATION", "REROLL", "BLEND"})
"""The actions that always bring four pictures."""


def is_grid(task: Task) -> bool:
    """Whether a finished task brings four results.

    Its buttons decide, as `action` may say anything; without any its action does.
    """
    if any(button.custom_id for button in task.buttons):
        return any(resolve_action(button.custom_id).kind is ButtonKind.PICK_FROM_GRID for button in task.buttons)
    return task.status is Status.SUCCESS and task.action in GRID_ACTIONS


def name_result(task: Task, done: str) -> str:
    """Name what a task brings, in words: four of them where it is a grid, else what was done, else its action."""
    if is_grid(task):
        return "Four clips" if task.first_clip_url else "Four pictures"
    return done or task.action.replace("_", " ").capitalize()
