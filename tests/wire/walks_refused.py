"""What becomes of buttons that a relay refuses, as tables: done another way, shown unpaid, or grayed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.wire.walk import PARENT, PICTURE, Sent, Walk
from tests.wire.walks_buttons import CLIPS, FIRST, WALKS

READINGS = (
    FIRST,
    "A fox sitting in deep snow, ink and wash, in the style of Beatrix Potter --ar 1:1",
    "Minimal children's book illustration of a fox, flat colors --ar 1:1",
    "Winter fox portrait, soft rim light, 35mm photo look --ar 1:1",
)


def _around(name: str, *paid: Sent, **more: Any) -> Walk:  # noqa: ANN401 - fields of a Walk
    return replace(WALKS[name], paid=paid, **more)


def _video(motion: str) -> Sent:
    return "video", {"motion": motion, "prompt": "a lighthouse at dawn", "image": PICTURE}


def _extension(motion: str) -> Sent:
    return "video", {"action": "extend", "taskId": PARENT, "index": 0, "motion": motion}


def _change(action: str, index: int) -> Sent:
    return "change", {"taskId": PARENT, "action": action, "index": index}


def _line(name: str, which: str, line: str) -> Walk:
    """Give the walk of another line of what was read, which is drawn as a prompt of its own."""
    imagined = ("imagine", {"prompt": f"{line} --stylize 50"})
    return _around(name, imagined, which=which, form=f"{line} --s 50", prefilled=line)


READ: Mapping[str, Walk] = {
    "describe 1": _line("describe 1", "1️⃣", READINGS[0]),
    "describe again": _around("describe again", ("describe", {"botType": "MID_JOURNEY"})),
    "imagine all": _around("imagine all", *(("imagine", {"prompt": line}) for line in READINGS)),
    "describe 4": _line("describe 1", "4️⃣", READINGS[3]),
    "shorten 2": _line("shorten 2", "2️⃣", "red fox deep snow"),
    "shorten 5": _line("shorten 2", "5️⃣", "red"),
}
MOVED: Mapping[str, Walk] = {
    "animate high": _around("animate high", _video("high")),
    "animate low": _around("animate low", _video("low")),
    "extend high": _around("extend high", _extension("high"), title="✅ Four clips", rows=CLIPS, files=4),
    "extend low": _around("extend low", _extension("low"), title="✅ Four clips", rows=CLIPS, files=4),
}
CHANGED: Mapping[str, Walk] = {
    "U": _around("U", _change("UPSCALE", 2)),
    "V": _around("V", _change("VARIATION", 3)),
    "reroll": _around("reroll", _change("REROLL", 1)),
}

FREE = ("U of clips", "shorten details")
"""What need not be submitted where the relay refuses it: it is shown, unpaid."""

ODD = replace(WALKS["a kind that is unknown"], which="Odd", custom_id="odd", further={"odd": "Odd"})
"""A customId on which new-api crashes: it is drawn disabled, and never sent."""

STOCK_GREYED: Mapping[str, Walk] = {name: WALKS[name] for name in ("favorite", "a kind that is unknown")}
STOCK_DOWN = WALKS["pan left"]
"""What has no channel: it is refused, and may be pressed again."""
STOCK_LISTED = ("Favorite", "mj::job::remove_background")
STOCK_AROUND = (
    "Animate (High motion)",
    "Animate (Low motion)",
    "Describe again",
    "Extend (High motion)",
    "Extend (Low motion)",
    "Imagine",
    "Imagine all",
    "Show details",
    "U",
)
"""What /mjcheck says of a stock relay: what is grayed, and what is done another way."""

BARE_GREYED = (
    "upscale subtle",
    "upscale creative",
    "upscale 2x",
    "upscale 4x",
    "upscale of a later kind",
    "vary subtle",
    "vary strong",
    "zoom 2x",
    "custom zoom",
    "pan left",
    "animate high",
    "animate low",
    "favorite",
    "a kind that is unknown",
)

REFERENCE: Mapping[str, str] = {
    # What new-api makes of a customId (its CoverPlusActionToNormalAction); "" is 400 unknown_action.
    "U": "UPSCALE",
    "upscale subtle": "UPSCALE",
    "upscale creative": "UPSCALE",
    "upscale 2x": "UPSCALE",
    "upscale 4x": "UPSCALE",
    "upscale of a later kind": "UPSCALE",
    "V": "VARIATION",
    "vary subtle": "LOW_VARIATION",
    "vary strong": "HIGH_VARIATION",
    "reroll": "REROLL",
    "zoom 2x": "ZOOM",
    "zoom 1.5x": "ZOOM",
    "zoom of a later kind": "ZOOM",
    "make square": "ZOOM",
    "pan left": "PAN",
    "custom zoom": "CUSTOM_ZOOM",
    "animate high": "",
    "animate low": "",
    "extend high": "",
    "extend low": "",
    "U of clips": "",
    "favorite": "",
    "describe 1": "",
    "imagine all": "",
    "describe again": "",
    "shorten 2": "",
    "shorten details": "",
}
