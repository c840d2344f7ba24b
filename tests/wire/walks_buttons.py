"""The walks of the API's buttons, as a table: what each line of the table in bot/midjourney/buttons.py leads to."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.wire.walk import CHILD, PARENT, PROMPT, Sent, Walk

GRID, SINGLE, UPSCALED, CLIPS, CLIP = (5, 4, 3), (5, 3, 4, 3, 3), (3, 3, 2, 1, 3), (5, 3), (2, 3)
"""Rows of buttons: the API's, and at last ours, which are Split or Original, Family, Delete; of clips only two."""

UUID = "c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8"
OLD = "a pig --ar 3:2 --v 5.2"
FIRST = "Watercolor of a red fox on fresh snow, loose brushwork, pale blue shadows --ar 1:1"
LONG = "a very detailed red fox in deep snow"
FORMED = "a lighthouse at dawn --ar 3:2 --v 7.0"
"""What a form starts with: the prompt as Midjourney repeats it."""


def _of_grid(which: str, custom_id: str, **more: Any) -> Walk:  # noqa: ANN401 - fields of a Walk
    told = {"title": "✅ Four pictures", "rows": GRID, **more}
    return Walk(life="grid", which=which, custom_id=custom_id, **told)


def _of_single(which: str, custom_id: str, **more: Any) -> Walk:  # noqa: ANN401 - fields of a Walk
    told = {"title": "✅ Four pictures", "rows": GRID, **more}
    return Walk(life="single", which=which, custom_id=custom_id, **told)


def _upscale(which: str, custom_id: str, **more: Any) -> Walk:  # noqa: ANN401 - fields of a Walk
    return _of_single(which, custom_id, **{"title": "✅ Upscaled", "rows": UPSCALED, **more})


def _formed(custom_id: str, prompt: str) -> tuple[Sent, ...]:
    """Give the submits of a line whose window the relay opens, and takes the prompt of."""
    press = ("action", {"taskId": PARENT, "customId": custom_id})
    return press, ("modal", {"taskId": CHILD, "prompt": prompt})


def _imagined(life: Any, which: str, custom_id: str, line: str, prompt: str) -> Walk:  # noqa: ANN401
    return Walk(
        life=life,
        which=which,
        custom_id=custom_id,
        prompt=prompt,
        title="✅ Four pictures",
        rows=GRID,
        form=f"{line} --s 50",
        prefilled=line,
        paid=_formed(custom_id, f"{line} --stylize 50"),
    )


def _animated(which: str, custom_id: str) -> Walk:
    return _of_single(which, custom_id, title="✅ Four clips", rows=CLIPS, files=4)


def _extended(which: str, custom_id: str) -> Walk:
    return Walk(life="clip", which=which, custom_id=custom_id, title="✅ Extended", rows=CLIP)


def _added(label: str, custom_id: str, **more: Any) -> Walk:  # noqa: ANN401 - fields of a Walk
    """Give a walk of a button that Midjourney might add."""
    return _of_single(label, custom_id, further={f"{custom_id}1::{UUID}::SOLO": label}, **more)


_CUSTOM = "a lighthouse at dawn, the sea --zoom 1.5"

WALKS: Mapping[str, Walk] = {
    "U": _of_grid("U2", "MJ::JOB::upsample::2::", title="✅ Picture 2", rows=SINGLE),
    "V": _of_grid("V3", "MJ::JOB::variation::3::"),
    "reroll": _of_grid("🔄", "MJ::JOB::reroll::0::"),
    "reroll of an upscale": Walk(
        life="upscaled", which="🔄", custom_id="MJ::JOB::reroll::0::", title="✅ Rerolled", rows=UPSCALED
    ),
    "upscale subtle": _upscale("Upscale (Subtle)", "MJ::JOB::upsample_v7_2x_subtle::1::"),
    "upscale creative": _upscale("Upscale (Creative)", "MJ::JOB::upsample_v7_2x_creative::1::"),
    "upscale creative of 6.1": _upscale(
        "Upscale (Creative)", "MJ::JOB::upsample_v6r1_2x_creative::1::", prompt="a pig --v 6.1"
    ),
    "upscale 2x": _upscale("Upscale (2x)", "MJ::JOB::upsample_v5_2x::1::", prompt=OLD, rows=(2, 4, 1, 3)),
    "upscale 4x": _upscale("Upscale (4x)", "MJ::JOB::upsample_v5_4x::1::", prompt=OLD, rows=(2, 4, 1, 3)),
    "upscale of a later kind": _added("Upscale (Later)", "MJ::JOB::upsample_v9::", title="✅ Upscaled", rows=UPSCALED),
    "vary subtle": _of_single("Vary (Subtle)", "MJ::JOB::low_variation::1::"),
    "vary strong": _of_single("Vary (Strong)", "MJ::JOB::high_variation::1::"),
    "zoom 2x": _of_single("Zoom Out 2x", "MJ::Outpaint::50::1::"),
    "zoom 1.5x": _of_single("Zoom Out 1.5x", "MJ::Outpaint::75::1::"),
    "zoom of a later kind": _added("Zoom Out 1.2x", "MJ::Outpaint::83::"),
    "make square": _of_single("Make Square", "MJ::Outpaint::100::1::", prompt=OLD),
    "custom zoom": _of_single(
        "Custom Zoom",
        "MJ::CustomZoom::",
        form=_CUSTOM,
        prefilled=f"{FORMED} --zoom 2",
        # Its code 21 stays 21, and is not paid.
        paid=(("modal", {"taskId": CHILD, "prompt": _CUSTOM}),),
    ),
    "pan left": _of_single("⬅️", "MJ::JOB::pan_left::1::"),
    "pan right": _of_single("➡️", "MJ::JOB::pan_right::1::"),
    "pan up": _of_single("⬆️", "MJ::JOB::pan_up::1::"),
    "pan down": _of_single("⬇️", "MJ::JOB::pan_down::1::"),
    "animate high": _animated("Animate (High motion)", "MJ::JOB::animate_high::1::"),
    "animate low": _animated("Animate (Low motion)", "MJ::JOB::animate_low::1::"),
    "extend high": _extended("Extend (High motion)", "MJ::JOB::animate_high_extend::1::"),
    "extend low": _extended("Extend (Low motion)", "MJ::JOB::animate_low_extend::1::"),
    "U of clips": Walk(
        life="video", which="U3", custom_id="MJ::JOB::video_virtual_upscale::3::", title="✅ Clip 3", rows=CLIP
    ),
    "reroll of clips": Walk(
        life="video", which="🔄", custom_id="MJ::JOB::reroll::0::", title="✅ Four clips", rows=CLIPS, files=4
    ),
    "describe 1": _imagined("describe", "1️⃣", "MJ::Job::PicReader::1", FIRST, PROMPT),
    "describe again": Walk(
        life="describe",
        which="🔄",
        custom_id="MJ::Picread::Retry",
        title="✅ Described",
        rows=(5, 1, 2),
        drawn="Minimal children's book",
    ),
    "imagine all": Walk(
        life="describe",
        which="Imagine all",
        custom_id="MJ::Job::PicReader::all",
        title="✅ Four pictures",
        rows=GRID,
        drawn="",
        children=4,
        paid=(("action", {"taskId": PARENT, "customId": "MJ::Job::PicReader::all"}),) * 4,
    ),
    "shorten 2": _imagined("shorten", "2️⃣", "MJ::Job::PromptAnalyzer::2", "red fox deep snow", LONG),
    "shorten details": Walk(
        life="shorten",
        which="Show details",
        custom_id="MJ::Job::PromptAnalyzerDetails",
        further={"MJ::Job::PromptAnalyzerDetails": "Show details"},
        prompt=LONG,
        title="✅ Shortened",
        rows=(5, 2),
        files=0,
    ),
    "favorite": _of_single("❤️", "MJ::BOOKMARK::", title="✅ Favorited", rows=SINGLE, paid=()),
    "a kind that is unknown": _added("Remove background", "MJ::JOB::remove_background::", title="✅ Done", rows=SINGLE),
}
"""A walk for each line of the table in bot/midjourney/buttons.py; Vary (Region) has one of its own below."""

_REWORDED = "a lighthouse at night --ar 3:2"


def _remixed(which: str, custom_id: str, of: Any = _of_single) -> Walk:  # noqa: ANN401 - one of the two above
    press: Sent = ("action", {"taskId": PARENT, "customId": custom_id, "enableRemix": True})
    walk: Walk = of(which, custom_id, form=_REWORDED, prefilled=FORMED)
    return replace(walk, paid=(press, ("modal", {"taskId": CHILD, "prompt": _REWORDED})))


REMIXES: Mapping[str, Walk] = {
    "V, remixed": _remixed("V1", "MJ::JOB::variation::1::", _of_grid),
    "reroll, remixed": _remixed("🔄", "MJ::JOB::reroll::0::", _of_grid),
    "vary subtle, remixed": _remixed("Vary (Subtle)", "MJ::JOB::low_variation::1::"),
    "vary strong, remixed": _remixed("Vary (Strong)", "MJ::JOB::high_variation::1::"),
    "pan up, remixed": _remixed("⬆️", "MJ::JOB::pan_up::1::"),
}
"""The buttons that ask for a new prompt first, if the person switched remix on."""
