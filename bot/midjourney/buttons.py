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

from bot.entities import Mark
from bot.midjourney.task import Button, Status, Task

Form = Literal["zoom", "region", "prompt"]
Motion = Literal["", "high", "low"]


@unique
class Kind(StrEnum):
    """One letter per kind of button: it travels in Discord's custom_id, so a form needs no look-up to open."""

    PICK = "u"
    VARIATION = "v"
    REROLL = "r"
    UPSCALE = "s"
    VARY = "w"
    ZOOM = "z"
    CUSTOM_ZOOM = "c"
    REGION = "i"
    PAN = "p"
    ANIMATE = "a"
    DESCRIBE = "d"
    SHORTEN = "h"
    LINE = "N"
    """A line of either that was read: it opens its form at once."""
    SAME_PROMPT = "P"
    """A variation or reroll that the relay draws from the old prompt only: it opens no form, remix on or off."""
    BOOKMARK = "b"
    OTHER = "x"
    # Ours: they cost nothing.
    OPEN_FORM = "f"
    DROP_FORM = "g"
    LOOK = "l"
    SPLIT = "k"
    PICTURES = "j"
    ORIGINAL = "o"
    FAMILY = "t"
    STOP = "q"
    MORE = "m"
    DELETE = "e"
    DELETE_SURELY = "n"
    CONFIRM = "y"
    CHANGE = "J"
    FORGET = "K"

    @property
    def is_ours(self) -> bool:
        """Whether mjbot made this button up, rather than the API."""
        return self in _OURS


_OURS = frozenset(
    {
        Kind.OPEN_FORM, Kind.DROP_FORM, Kind.LOOK, Kind.SPLIT, Kind.PICTURES, Kind.ORIGINAL, Kind.FAMILY, Kind.STOP,
        Kind.MORE, Kind.DELETE, Kind.DELETE_SURELY, Kind.CONFIRM, Kind.CHANGE, Kind.FORGET,
    }
)  # fmt: skip


REMIXED = frozenset({Kind.VARIATION, Kind.REROLL, Kind.VARY, Kind.PAN})
"""What takes a new prompt first, where somebody remixes."""


class Instead(StrEnum):
    """The other way to the same result, where a relay refuses the button."""

    NOTHING = ""
    CHANGE = "change"
    """/submit/change, with `Action.change` and `Action.index`."""
    IMAGINE = "imagine"
    """/submit/imagine, with line `Action.index` of what was read (bot/midjourney/text_results.py)."""
    IMAGINE_ALL = "imagine all"
    """/submit/imagine with each of the lines: as many submits, each paid."""
    DESCRIBE = "describe"
    """/submit/describe, with the picture of the task."""
    READING = "reading"
    """Nothing need be submitted: the answer tells the words and their weights (bot/midjourney/text_results.py)."""
    VIDEO = "video"
    """/submit/video, with the picture of the task and `Action.motion`."""
    EXTEND = "extend"
    """/submit/video, with action "extend", the task's id, clip `Action.index`, sent as 0 to 3, and `Action.motion`."""
    CLIP = "clip"
    """Nothing need be submitted: the task holds the links of its clips."""

    @property
    def is_free(self) -> bool:
        """Whether nothing is submitted, and so nothing paid."""
        return self in {Instead.READING, Instead.CLIP}


@dataclass(frozen=True)
class Action:
    """What a click does: `name` as a person says it, `done` as a title says it afterwards."""

    kind: Kind
    name: str
    done: str
    index: int = 0
    change: str = ""
    """The `action` of /submit/change that does the same; empty where there is none."""
    form: Form | None = None
    """The form that Midjourney always wants first."""
    pays_anew: bool = True
    """Whether a second press is meant to give something new; the second U2 is the same picture."""
    stock: str = ""
    """What a stock new-api makes of it; empty where that answers 400 unknown_action."""
    instead: Instead = Instead.NOTHING
    motion: Motion = ""

    @property
    def click(self) -> Kind:
        """The kind that travels in Discord's custom_id."""
        return Kind.LINE if self.form == "prompt" else self.kind


@dataclass(frozen=True)
class _Line:
    pattern: re.Pattern[str]
    action: Action


def _line(
    pattern: str,
    kind: Kind,
    name: str,
    done: str,
    stock: str,
    instead: Instead = Instead.NOTHING,
    *,
    form: Form | None = None,
    anew: bool = True,
) -> _Line:
    change = stock if instead is Instead.CHANGE else ""
    action = Action(kind, name, done, change=change, form=form, pays_anew=anew, stock=stock, instead=instead)
    return _Line(re.compile(pattern, re.ASCII | re.IGNORECASE), action)


# What in a customId says where, rather than what: which of the four, whose picture, which way, how far.
_WHERE = re.compile(r"[0-9]+|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|solo")
_PAN = re.compile(r"pan_(?:left|right|up|down)")
ABILITY_LENGTH = 100
FREE_WINDOWS = frozenset({"CUSTOM_ZOOM", "INPAINT"})
"""The API's actions whose window no relay bills: new-api bills every other, and all of their forms."""
REPAINTED = "Repainted"
"""The title of what Vary (Region) gives: a child that waits for its form, and will be called so, wants a mask too."""

_TABLE = (
    # A customId (a prefix), its kind, its name, the title when done, what a stock new-api makes of it,
    #     and where there is more to say: the other way, the form it wants first, whether a second press pays anew.
    _line(r"MJ::JOB::upsample::([1-9])\b",      Kind.PICK,        "U{0}",               "Picture {0}", "UPSCALE",
          Instead.CHANGE, anew=False),
    _line(r"MJ::JOB::variation::([1-9])\b",     Kind.VARIATION,   "V{0}",               "Varied",      "VARIATION",
          Instead.CHANGE),
    _line(r"MJ::JOB::reroll::",                 Kind.REROLL,      "Reroll",             "Drawn anew",  "REROLL",
          Instead.CHANGE),
    _line(r"MJ::JOB::upsample_\w*subtle::",     Kind.UPSCALE,     "Upscale (Subtle)",   "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::upsample_\w*creative::",   Kind.UPSCALE,     "Upscale (Creative)", "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::upsample_\w*4x::",         Kind.UPSCALE,     "Upscale (4x)",       "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::upsample_\w*2x::",         Kind.UPSCALE,     "Upscale (2x)",       "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::upsample_",                Kind.UPSCALE,     "Upscale",            "Upscaled",    "UPSCALE"),
    _line(r"MJ::JOB::low_variation::",          Kind.VARY,        "Vary (Subtle)",      "Varied",      "LOW_VARIATION"),
    _line(r"MJ::JOB::high_variation::",         Kind.VARY,        "Vary (Strong)",      "Varied",     "HIGH_VARIATION"),
    _line(r"MJ::Inpaint::",                     Kind.REGION,      "Vary (Region)",      REPAINTED,     "INPAINT",
          form="region"),
    _line(r"MJ::Outpaint::100::",               Kind.ZOOM,        "Make Square",        "Squared",     "ZOOM"),
    _line(r"MJ::Outpaint::75::",                Kind.ZOOM,        "Zoom Out 1.5x",      "Zoomed out",  "ZOOM"),
    _line(r"MJ::Outpaint::50::",                Kind.ZOOM,        "Zoom Out 2x",        "Zoomed out",  "ZOOM"),
    _line(r"MJ::Outpaint::",                    Kind.ZOOM,        "Zoom Out",           "Zoomed out",  "ZOOM"),
    _line(r"MJ::CustomZoom::",                  Kind.CUSTOM_ZOOM, "Custom Zoom",        "Zoomed out",  "CUSTOM_ZOOM",
          form="zoom"),
    _line(r"MJ::JOB::pan_(left|right|up|down)", Kind.PAN,         "Pan {0}",            "Panned {0}",  "PAN"),
    _line(r"MJ::JOB::animate_(?P<motion>high)_extend::(?:([1-9])\b)?", Kind.ANIMATE, "Extend (High motion)",
          "Extended", "", Instead.EXTEND),
    _line(r"MJ::JOB::animate_(?P<motion>low)_extend::(?:([1-9])\b)?", Kind.ANIMATE, "Extend (Low motion)",
          "Extended", "", Instead.EXTEND),
    _line(r"MJ::JOB::animate_(?P<motion>high)::", Kind.ANIMATE,     "Animate (High motion)", "Animated",    "",
          Instead.VIDEO),
    _line(r"MJ::JOB::animate_(?P<motion>low)::", Kind.ANIMATE,     "Animate (Low motion)", "Animated",    "",
          Instead.VIDEO),
    _line(r"MJ::JOB::video_virtual_upscale::([1-9])\b", Kind.PICK,        "U{0}",               "Clip {0}",    "",
          Instead.CLIP, anew=False),
    _line(r"MJ::Job::PicReader::all",           Kind.DESCRIBE,    "Imagine all",        "Drawn",       "",
          Instead.IMAGINE_ALL),
    _line(r"MJ::Job::PicReader::([1-9])\b",     Kind.DESCRIBE,    "Imagine {0}",        "Drawn",       "",
          Instead.IMAGINE, form="prompt"),
    _line(r"MJ::Picread::Retry",                Kind.DESCRIBE,    "Describe again",     "Described",   "",
          Instead.DESCRIBE),
    _line(r"MJ::Job::PromptAnalyzer::([1-9])\b", Kind.SHORTEN,     "Imagine {0}",        "Drawn",       "",
          Instead.IMAGINE, form="prompt"),
    _line(r"MJ::Job::PromptAnalyzer",           Kind.SHORTEN,     "Show details",       "Shortened",   "",
          Instead.READING, anew=False),
    _line(r"MJ::BOOKMARK::",                    Kind.BOOKMARK,    "Favorite",           "Marked",      "",
          anew=False),
)  # fmt: skip


@lru_cache(maxsize=4096)
def meaning(custom_id: str) -> Action:
    """Tell what a click on the API's `custom_id` does."""
    for line in _TABLE:
        if found := line.pattern.match(custom_id):
            words = [(word or "").lower() for word in found.groups()]
            index = next((int(word) for word in words if word.isdigit()), 0)
            name, done = (text.format(*words) for text in (line.action.name, line.action.done))
            motion: Motion = "" if "motion" not in found.groupdict() else "high" if words[0] == "high" else "low"
            return replace(line.action, name=name, done=done, index=index, motion=motion)
    return Action(Kind.OTHER, "More", "Done")


CANCEL, SPEED, SEED, BUTTONS = "cancel", "speed", "seed", "buttons"
"""The abilities to give a running task up, to take a submit into another queue than the relay's own, to tell seeds, and
to send buttons with a finished task.

They stand among those that `ability` names by a customId.
"""


@lru_cache(maxsize=4096)
def ability(custom_id: str) -> str:
    """Name what a relay can or cannot do as one thing: the customId without index, id and SOLO, in lower case.

    The four pans are one, and so are the distances of a zoom; versions of an upscaler are not. Printable ASCII, at
    most 100 characters, whatever came.
    """
    # Every database takes this as a key; a NUL, or pages of text, not every one.
    plain = re.sub(r"[^!-~]", "", custom_id[:1000]).lower()
    words = [_PAN.sub("pan", word) for word in plain.split("::") if not _WHERE.fullmatch(word)]
    return ("::".join(words) or plain)[:ABILITY_LENGTH]


def key(custom_id: str) -> str:
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
_SHARED_KEYS: Mapping[Action, str] = {meaning(custom_id): key(custom_id) for custom_id in _OFFERED}


@lru_cache(maxsize=4096)
def claim_key(custom_id: str) -> str:
    """Return the key under which a press of a button is claimed and marked.

    It is the button's own `key`, but for what the bot may offer itself: that has one key, whether the button pressed is
    the bot's or the relay's, as a task may get its own buttons after the bot has offered some, or lose them.
    """
    return _SHARED_KEYS.get(meaning(custom_id)) or key(custom_id)


def find(buttons: tuple[Button, ...], wanted: str) -> Button | None:
    """Find the button whose `key` is wanted, else the one that does the same: its `claim_key` is."""
    named = [button for button in buttons if button.custom_id]
    same = (button for name in (key, claim_key) for button in named if name(button.custom_id) == wanted)
    return next(same, None)


def marks_of(custom_id: str, pressed: Mapping[str, Mark]) -> tuple[Mark, ...]:
    """Return the marks of a button among a task's: the newest first.

    Versions before `claim_key` wrote each press under the button's own key.
    """
    names = dict.fromkeys((claim_key(custom_id), key(custom_id)))
    return tuple(pressed[name] for name in names if name in pressed)


def said(button: Button) -> str:
    """Say a button in words: its own label, else what it does."""
    return button.label.strip() or meaning(button.custom_id).name


def click_of(button: Button) -> Kind:
    """Return the kind that Discord's custom_id of a button carries."""
    action = meaning(button.custom_id)
    return Kind.SAME_PROMPT if button.offered and action.kind in REMIXED else action.click


def can_be_sent(custom_id: str) -> bool:
    """Whether a relay may be asked to press that button: new-api breaks down over a customId without "::"."""
    return "::" in custom_id


GRIDS = frozenset({"IMAGINE", "VARIATION", "REROLL", "BLEND"})
"""The actions that always bring four pictures."""


def is_grid(task: Task) -> bool:
    """Whether a finished task brings four results.

    Its buttons decide, as `action` may say anything; without any its action does.
    """
    if any(button.custom_id for button in task.buttons):
        return any(meaning(button.custom_id).kind is Kind.PICK for button in task.buttons)
    return task.status is Status.SUCCESS and task.action in GRIDS


def made(task: Task, done: str) -> str:
    """Name what a task brings, in words: four of them where it is a grid, else what was done, else its action."""
    if is_grid(task):
        return "Four clips" if task.video else "Four pictures"
    return done or task.action.replace("_", " ").capitalize()
