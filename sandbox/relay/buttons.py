"""Know Midjourney's buttons: the sets it puts under results, and what new-api makes of a customId."""

from __future__ import annotations

from typing import TypedDict


class ButtonJson(TypedDict):
    """One button as the API writes it."""

    customId: str
    emoji: str
    label: str
    type: int
    style: int


class UnknownAction(Exception):
    """new-api cannot tell what a customId asks for."""


class Panic(Exception):
    """new-api crashes on a customId."""


def grid_buttons(uuid: str) -> list[ButtonJson]:
    """Return the nine buttons of a grid."""
    return [
        *(_button(f"MJ::JOB::upsample::{n}::{uuid}", label=f"U{n}") for n in range(1, 5)),
        _button(f"MJ::JOB::reroll::0::{uuid}::SOLO", "🔄"),
        *(_button(f"MJ::JOB::variation::{n}::{uuid}", label=f"V{n}") for n in range(1, 5)),
    ]


def single_buttons(uuid: str, *, upscaled: bool = False) -> list[ButtonJson]:
    """Return the fifteen buttons of a v7 picture, or the nine left after one of its upscales."""

    def job(name: str, emoji: str, label: str = "") -> ButtonJson:
        return _button(f"MJ::JOB::{name}::1::{uuid}::SOLO", emoji, label)

    upscale = [
        job("upsample_v7_2x_subtle", "upscale_1", "Upscale (Subtle)"),
        job("upsample_v7_2x_creative", "upscale_1", "Upscale (Creative)"),
    ]
    change = [
        job("low_variation", "🪄", "Vary (Subtle)"),
        job("high_variation", "🪄", "Vary (Strong)"),
        _button(f"MJ::Inpaint::1::{uuid}::SOLO", "🖌️", "Vary (Region)"),
        _button(f"MJ::Outpaint::50::1::{uuid}::SOLO", "🔍", "Zoom Out 2x"),
        _button(f"MJ::Outpaint::75::1::{uuid}::SOLO", "🔍", "Zoom Out 1.5x"),
        _button(f"MJ::CustomZoom::{uuid}", "🔍", "Custom Zoom"),
    ]
    pans = [job("pan_left", "⬅️"), job("pan_right", "➡️"), job("pan_up", "⬆️"), job("pan_down", "⬇️")]
    animate = [
        job("animate_high", "🎞️", "Animate (High motion)"),
        job("animate_low", "🎞️", "Animate (Low motion)"),
    ]
    if upscaled:
        return [*change, *animate, _button(f"MJ::JOB::reroll::0::{uuid}::SOLO", "🔄")]
    return [*upscale, *change, *pans, *animate, _button(f"MJ::BOOKMARK::{uuid}", "❤️")]


def describe_buttons() -> list[ButtonJson]:
    """Return the buttons of a description; no uuid tells one task's from another's."""
    return [
        *(_button(f"MJ::Job::PicReader::{n}", f"{n}\ufe0f\u20e3") for n in range(1, 5)),
        _button("MJ::Picread::Retry", "🔄"),
        _button("MJ::Job::PicReader::all", "🎉", "Imagine all"),
    ]


def shorten_buttons() -> list[ButtonJson]:
    """Return the buttons of a shortened prompt."""
    return [_button(f"MJ::Job::PromptAnalyzer::{n}", f"{n}\ufe0f\u20e3") for n in range(1, 6)]


def video_buttons(uuid: str) -> list[ButtonJson]:
    """Return the buttons of four clips."""
    return [
        *(_button(f"MJ::JOB::video_virtual_upscale::{n}::{uuid}", label=f"U{n}") for n in range(1, 5)),
        _button(f"MJ::JOB::reroll::0::{uuid}::SOLO", "🔄"),
    ]


def clip_buttons(uuid: str) -> list[ButtonJson]:
    """Return the buttons of one clip."""
    return [
        _button(f"MJ::JOB::animate_high_extend::1::{uuid}::SOLO", "🎞️", "Extend (High motion)"),
        _button(f"MJ::JOB::animate_low_extend::1::{uuid}::SOLO", "🎞️", "Extend (Low motion)"),
    ]


def normal_action(custom_id: str, refuses: frozenset[str]) -> tuple[str, int]:
    """Return new-api's action and index for a customId (its `CoverPlusActionToNormalAction`).

    Kinds that no stock new-api knows, and that `refuses` does not name, get the upstream's own words.
    """
    if not custom_id:
        raise UnknownAction("custom_id_is_required")
    parts = custom_id.split("::")
    try:
        action = parts[2] if parts[1] == "JOB" else parts[1]
        if not action:
            raise UnknownAction("unknown_action")
        if any(word in custom_id for word in refuses):
            raise UnknownAction(f"unknown_action:{custom_id}")
        if "upsample" in action or action == "variation":
            return ("UPSCALE" if "upsample" in action else "VARIATION"), int(parts[3])
    except IndexError:
        raise Panic from None
    except ValueError:
        raise UnknownAction("index_parse_failed") from None
    for word, name in _NAMES.items():
        if word in custom_id:
            return name, 1
    raise UnknownAction(f"unknown_action:{custom_id}")


_NAMES = {
    "low_variation": "LOW_VARIATION",
    "high_variation": "HIGH_VARIATION",
    "JOB::pan": "PAN",
    "reroll": "REROLL",
    "Outpaint": "ZOOM",
    "CustomZoom": "CUSTOM_ZOOM",
    "Inpaint": "INPAINT",
    "_extend": "VIDEO_EXTEND",
    "animate": "VIDEO",
    "video_virtual_upscale": "UPSCALE_VIDEO",
    "BOOKMARK": "BOOKMARK",
    "PicReader": "PIC_READER",
    "Picread": "DESCRIBE",
    "PromptAnalyzer": "PROMPT_ANALYZER",
}


def _button(custom_id: str, emoji: str = "", label: str = "") -> ButtonJson:
    return {"customId": custom_id, "emoji": emoji, "label": label, "type": 2, "style": 2}
