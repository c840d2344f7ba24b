"""Build Midjourney's buttons by the kind of a result and the version that drew it."""

from __future__ import annotations

import re
from typing import Literal, TypedDict

Version = Literal["5", "6", "6.1", "7", "8"]

_TOKENS: dict[Version, str] = {"6": "v6", "6.1": "v6r1", "7": "v7"}
_PANS = (("left", "⬅️"), ("right", "➡️"), ("up", "⬆️"), ("down", "⬇️"))
# TrueAI's proxy writes the escape of 🔄 with one digit too few.
_BROKEN_EMOJI = "\u1f504"


class ButtonJson(TypedDict):
    """One button as the API writes it; new-api passes every field on unchanged, nulls included."""

    customId: str | None
    emoji: str | None
    label: str
    type: int
    style: int


def find_version(prompt: str) -> Version:
    """Return the version of a prompt, as far as buttons depend on it; niji 6 and 7 have the buttons of 6 and 7."""
    found = re.findall(r"--(?:v|version|niji)\s+(\d+)(?:\.(\d+))?", prompt)
    major, minor = (int(found[-1][0]), found[-1][1]) if found else (7, "")
    if major == 6:
        return "6.1" if minor == "1" else "6"
    return "5" if major < 6 else "7" if major == 7 else "8"


def grid_buttons(uuid: str) -> list[ButtonJson]:
    """Return the nine buttons of a grid."""
    return [
        *(_button(f"MJ::JOB::upsample::{n}::{uuid}", label=f"U{n}") for n in range(1, 5)),
        _reroll(uuid),
        *(_button(f"MJ::JOB::variation::{n}::{uuid}", label=f"V{n}") for n in range(1, 5)),
    ]


def single_buttons(
    uuid: str, version: Version = "7", *, square: bool = True, official: bool = False
) -> list[ButtonJson]:
    """Return the buttons of one picture of a grid: fifteen for v7, fewer for v8, which neither zooms nor pans."""
    buttons = [*_upscales(uuid, version), *_variations(uuid, version)]
    if version != "8":
        buttons += _zooms(uuid, square=square or version != "5", official=official)
        buttons += [_job(f"pan_{way}", uuid, emoji) for way, emoji in _PANS]
    if version != "5":
        buttons += _animations(uuid)
    if official:
        buttons.append(_reroll(uuid))
    return [*buttons, _button(f"MJ::BOOKMARK::{uuid}", "❤️")]


def upscaled_buttons(
    uuid: str, version: Version = "7", *, square: bool = True, official: bool = False
) -> list[ButtonJson]:
    """Return the buttons of an upscaled picture."""
    zooms = _zooms(uuid, square=square or version != "5", official=official)
    animate = [] if version == "5" else _animations(uuid)
    return [*_variations(uuid, version), *zooms, *animate, _reroll(uuid)]


def describe_buttons(*, official: bool = False) -> list[ButtonJson]:
    """Return the buttons of a description, which are the same for every task."""
    return [
        *(_button(f"MJ::Job::PicReader::{n}", _digit(n)) for n in range(1, 5)),
        _button("MJ::Picread::Retry", _BROKEN_EMOJI if official else "🔄"),
        _button("MJ::Job::PicReader::all", "🎉", "Imagine all"),
    ]


def shorten_buttons() -> list[ButtonJson]:
    """Return the buttons of a shortened prompt."""
    return [_button(f"MJ::Job::PromptAnalyzer::{n}", _digit(n)) for n in range(1, 6)]


def video_buttons(uuid: str) -> list[ButtonJson]:
    """Return the buttons of four clips."""
    return [
        *(_button(f"MJ::JOB::video_virtual_upscale::{n}::{uuid}", label=f"U{n}") for n in range(1, 5)),
        _reroll(uuid),
    ]


def clip_buttons(uuid: str) -> list[ButtonJson]:
    """Return the buttons of one clip."""
    return [
        _job("animate_high_extend", uuid, "🎞️", "Extend (High motion)"),
        _job("animate_low_extend", uuid, "🎞️", "Extend (Low motion)"),
    ]


def web_button() -> ButtonJson:
    """Return the link button to Midjourney's site as new-api passes it on: its struct has no field for the URL."""
    return {"customId": None, "emoji": None, "label": "Web", "type": 2, "style": 5}


def plain_button(custom_id: str, label: str) -> ButtonJson:
    """Return a button that is in none of these sets, like those that Midjourney adds from time to time."""
    return _button(custom_id, label=label)


def _upscales(uuid: str, version: Version) -> list[ButtonJson]:
    if version == "5":
        return [
            _job("upsample_v5_2x", uuid, "upscale_1", "Upscale (2x)"),
            _job("upsample_v5_4x", uuid, "upscale_1", "Upscale (4x)"),
        ]
    token = _TOKENS.get(version)
    names = ("Subtle", "Creative") if token else ()
    return [_job(f"upsample_{token}_2x_{name.lower()}", uuid, "upscale_1", f"Upscale ({name})") for name in names]


def _variations(uuid: str, version: Version) -> list[ButtonJson]:
    subtle, strong = (
        _job("low_variation", uuid, "🪄", "Vary (Subtle)"),
        _job("high_variation", uuid, "🪄", "Vary (Strong)"),
    )
    if version == "5":
        return [strong, subtle]
    return [subtle, strong, _button(f"MJ::Inpaint::1::{uuid}::SOLO", "🖌️", "Vary (Region)")]


def _zooms(uuid: str, *, square: bool, official: bool) -> list[ButtonJson]:
    custom = f"MJ::CustomZoom::1::{uuid}" if official else f"MJ::CustomZoom::{uuid}"
    zooms = [
        _button(f"MJ::Outpaint::50::1::{uuid}::SOLO", "🔍", "Zoom Out 2x"),
        _button(f"MJ::Outpaint::75::1::{uuid}::SOLO", "🔍", "Zoom Out 1.5x"),
        _button(custom, "🔍", "Custom Zoom"),
    ]
    return zooms if square else [*zooms, _button(f"MJ::Outpaint::100::1::{uuid}::SOLO", label="Make Square")]


def _animations(uuid: str) -> list[ButtonJson]:
    return [
        _job("animate_high", uuid, "🎞️", "Animate (High motion)"),
        _job("animate_low", uuid, "🎞️", "Animate (Low motion)"),
    ]


def _reroll(uuid: str) -> ButtonJson:
    return _button(f"MJ::JOB::reroll::0::{uuid}::SOLO", "🔄")


def _digit(number: int) -> str:
    return f"{number}\ufe0f\u20e3"


def _job(name: str, uuid: str, emoji: str, label: str = "") -> ButtonJson:
    return _button(f"MJ::JOB::{name}::1::{uuid}::SOLO", emoji, label)


def _button(custom_id: str, emoji: str = "", label: str = "") -> ButtonJson:
    return {"customId": custom_id, "emoji": emoji, "label": label, "type": 2, "style": 2}
