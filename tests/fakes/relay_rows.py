"""Rows of tasks in every shape that a relay may send, as hypothesis draws them, with what they mean."""

# ruff: noqa: RUF001 - the relays' own characters

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

TASK_ID = "1754300000123417"
SUCCESS_WORDS = ("SUCCESS", "success", " Success ", "SUCCEEDED", "completed", "Done", "task-finished", "成功", "已完成")
_OTHER_WORDS = ("", None, "IN_PROGRESS", "running", "SUBMITTED", "MODAL", "NOT_START", "odd", 7, ["SUCCESS"], "排队中")
_FINAL_WORDS = ("FAILURE", "failed", "CANCEL", "aborted", "超时")
_LINKS = tuple(f"https://cdn.test/{number}.{kind}" for number, kind in enumerate(("png", "webp", "mp4", "x"), 1))
_REASONS = (
    "",
    None,
    "null",
    "任务超时",
    "[Banned prompt detected] x",
    {"message": "odd"},
    ["a", "b"],
    False,
    "x" * 5000,
)
_PROGRESS = ("100%", "62%", "", None, 0.46, 1.0, "46％", "paused", 46, "0%", [1], "3/4")
_TIMES = (
    0,
    None,
    1754300042123,
    1754300042,
    "2025-08-04T09:34:02Z",
    "2025-08-04 09:34:02",
    "soon",
    [2025, 8, 4, 9, 34],
)
_BUTTONS = [
    {"customId": "MJ::JOB::upsample::1::aa", "label": "U1", "emoji": {"name": "🔄"}},
    {"label": "Web", "style": 5},
]
_ODD_FIELDS = (
    "",
    '"base64Array":["' + "A" * 20_000 + '"],',
    '"x":' + "[" * 3000 + "]" * 3000 + ",",
    '"x":"a "quoted" word",',
    '"x":undefined,',
    '"x":"\\q",',
    '"x":NaN,',
    '"x":' + "9" * 5000 + ",",
    '"prompt":"a\nb\x00c",',
    ",",
)


@dataclass(frozen=True)
class DrawnRow:
    """A row as JSON text; `links` are those of its pictures and clips."""

    text: str
    links: tuple[str, ...]
    is_success: bool


def _shape_links(links: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Draw one of the shapes in which these links may come."""
    objects = [{"url": link} for link in links]
    shapes: list[Any] = [list(links), objects, json.dumps(links), json.dumps(objects), [[link] for link in links]]
    shapes += [separator.join(links) for separator in (",", ", ", "\n", "|")]
    shapes += [{"urls": list(links)}, {str(number): link for number, link in enumerate(links)}]
    shapes += [links[0], objects[0]] if len(links) == 1 else []
    return st.sampled_from(shapes)


@st.composite
def drawn_rows(draw: st.DrawFn, task_id: str = TASK_ID) -> DrawnRow:
    """Draw a row with leftovers of any earlier state, and fields that spoil it."""
    links = tuple(draw(st.lists(st.sampled_from(_LINKS), max_size=4, unique=True)))
    field = draw(st.sampled_from(["imageUrl", "imageUrls", "videoUrl", "videoUrls"]))
    word = draw(st.sampled_from(SUCCESS_WORDS) | st.sampled_from([*SUCCESS_WORDS, *_OTHER_WORDS, *_FINAL_WORDS]))
    empty: list[Any] = ["", None, [], {}, 7]
    buttons: list[Any] = [None, "", [], _BUTTONS, json.dumps(_BUTTONS), [_BUTTONS], [{"components": _BUTTONS}], 5]
    row: dict[str, Any] = {
        "action": draw(st.sampled_from(["IMAGINE", "UPSCALE", "VIDEO", "DESCRIBE", "MODAL", "", None, "odd"])),
        "prompt": draw(st.sampled_from(["a lighthouse", "", None, 7])),
        "description": draw(st.sampled_from(["Submit success", "Waiting for window confirm", None])),
        "status": word,
        "progress": draw(st.sampled_from(_PROGRESS)),
        "failReason": draw(st.sampled_from(_REASONS)),
        "submitTime": draw(st.sampled_from(_TIMES)),
        "finishTime": draw(st.sampled_from(_TIMES)),
        "buttons": draw(st.sampled_from(buttons)),
        "properties": draw(st.sampled_from([None, {}, {"finalPrompt": "x"}, '{"finalPrompt": "x"}', 5])),
        **({field: draw(_shape_links(links))} if links else {field: draw(st.sampled_from(empty))}),
    }
    absent = draw(st.sets(st.sampled_from(["progress", "buttons", "failReason", "action", "finishTime"])))
    kept = {"id": task_id, **{name: value for name, value in row.items() if name not in absent}}
    text = json.dumps(kept, ensure_ascii=draw(st.booleans()))
    return DrawnRow(f"{{{draw(st.sampled_from(_ODD_FIELDS))}{text[1:]}", links, word in SUCCESS_WORDS)
