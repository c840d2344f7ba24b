"""A relay's row is read by its meaning, in any shape of its fields."""

# ruff: noqa: RUF001 - the relays' own characters

import json
from typing import Any

import pytest

from bot.midjourney.task import Button, ButtonsKey, Status, Task
from bot.midjourney.task_row import coerce_reason
from tests.recordings import recorded

GRID = "14_fetch_imagine_success_grid"
U1, V1 = "MJ::JOB::upsample::1::aa", "MJ::JOB::variation::1::aa"
_ROW = [{"customId": U1, "label": "U1"}, {"customId": V1, "label": "V1"}]


def _task(**fields: object) -> Task:
    return Task.model_validate({"id": "1", **fields})


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"failReason": "[已过期] 任务超时，已自动取消"}, Status.SUCCESS),
        ({"failReason": "get_channel_info_failed", "progress": ""}, Status.SUCCESS),
        ({"failReason": {"code": 3, "message": "timeout"}}, Status.SUCCESS),
        ({"progress": "62%", "description": "Waiting for window confirm"}, Status.SUCCESS),
        ({"status": "IN_PROGRESS"}, Status.SUCCESS),
        ({"status": "SUBMITTED", "progress": "0%"}, Status.SUCCESS),
        ({"status": "MODAL", "description": "窗口等待", "action": "MODAL"}, Status.SUCCESS),
        ({"status": "", "failReason": "任务超时"}, Status.SUCCESS),
        ({"status": "ARCHIVED"}, Status.SUCCESS),
        ({"status": None, "finishTime": 0, "buttons": None}, Status.SUCCESS),
        ({"status": "FAILURE", "failReason": "任务超时"}, Status.FAILURE),
        ({"status": "CANCEL"}, Status.CANCEL),
    ],
)
def test_a_finished_result_keeps_its_picture_despite_leftovers(fields: dict[str, object], shown: Status) -> None:
    """The recorded grid, with one thing left over."""
    body = recorded(GRID).body
    task = Task.model_validate({**body, **fields})

    assert (shown, body["imageUrl"]) == (task.status, task.picture_url)
    assert task.is_modal_row is False


@pytest.mark.parametrize(
    "buttons",
    [
        _ROW,
        json.dumps(_ROW),
        json.dumps(json.dumps(_ROW)),
        [_ROW[:1], _ROW[1:]],
        [{"type": 1, "components": _ROW[:1]}, {"type": 1, "components": _ROW[1:]}],
        {"components": [{"type": 1, "components": _ROW}]},
        [json.dumps(one) for one in _ROW],
        {"0": _ROW[0], "1": _ROW[1]},
        {"U1": U1, "V1": V1},
        [{"custom_id": U1, "label": "U1", "emoji": {"id": None, "name": ""}}, _ROW[1]],
        {"rows": [_ROW]},
    ],
)
def test_buttons_of_any_shape(buttons: object) -> None:
    """JSON text, action rows, and objects that number or name the buttons."""
    task = _task(buttons=buttons)

    assert [(U1, "U1"), (V1, "V1")] == [(button.custom_id, button.label) for button in task.buttons]
    assert task.buttons_key is ButtonsKey.ARRAY


@pytest.mark.parametrize(
    ("buttons", "found"),
    [
        ([U1, V1], 2),
        (f"{U1},{V1}", 2),
        ([{"customId": U1, "emoji": {"name": "🔄", "id": "12"}}], 1),
        ({"a": {"a": {"a": {"a": {"a": {"a": {"a": _ROW}}}}}}}, 0),
        ("[[[" * 5000, 0),
        (7, 0),
        (True, 0),
        ("U1", 0),
    ],
)
def test_buttons_without_labels_and_none_at_all(buttons: object, found: int) -> None:
    """A customId alone is a button; nesting beyond any relay's is not followed."""
    assert found == len(_task(buttons=buttons).buttons)


@pytest.mark.parametrize(
    ("buttons", "key"),
    [
        ([], ButtonsKey.ARRAY),
        ("[]", ButtonsKey.ARRAY),
        (None, ButtonsKey.NULL),
        ("", ButtonsKey.NULL),
        ("null", ButtonsKey.NULL),
        ({}, ButtonsKey.NULL),
    ],
)
def test_an_empty_array_says_that_there_are_no_buttons(buttons: object, key: ButtonsKey) -> None:
    """Null and an empty text leave it open."""
    assert key is _task(buttons=buttons).buttons_key


def test_an_emoji_in_discords_own_shape() -> None:
    """Its name is the emoji."""
    assert (Button(custom_id=U1, emoji="🔄"),) == _task(
        buttons=[{"customId": U1, "emoji": {"id": None, "name": "🔄"}}]
    ).buttons


A, B = "https://a.test/a.png", "https://a.test/b.png?size=1,2&ex=1&"


@pytest.mark.parametrize(
    "value",
    [
        [A, B],
        f"{A},{B}",
        f"{A}, {B}",
        f"{A}\n{B}",
        f"{A}|{B}",
        json.dumps([A, B]),
        json.dumps([{"url": A}, {"url": B}]),
        f"['{A}', '{B}']",
        [{"imageUrl": A}, {"src": B}],
        [json.dumps({"url": A}), B],
        [[A], [B]],
        {"urls": [A, B]},
        {"0": A, "1": B},
        [{"url": {"url": A}}, {"thumbnail": "https://a.test/t.png", "url": B}],
    ],
)
@pytest.mark.parametrize("field", ["imageUrls", "imageUrl", "image_urls"])
def test_links_of_any_shape(field: str, value: object) -> None:
    """The first is shown, all are kept; a comma within a link separates nothing."""
    task = _task(**{field: value})

    assert (A, B) == task.image_urls
    assert task.picture_url == A


@pytest.mark.parametrize(
    ("value", "links"),
    [
        ("/mj/image/1,/mj/image/2", ("/mj/image/1", "/mj/image/2")),
        ("relay.test/mj/image/1, relay.test:8080/mj/image/2", ("relay.test/mj/image/1", "relay.test:8080/mj/image/2")),
        ("//a.test/1.mp4;//a.test/2.mp4", ("//a.test/1.mp4", "//a.test/2.mp4")),
        (A, (A,)),
        ("", ()),
        ("null", ("null",)),
        ([None, 7, "", [], {}], ()),
        ("data:image/png;base64," + "A" * 5_000_000, ()),
        ([["[" * 9000], A], (A,)),
    ],
)
def test_links_without_host_and_what_is_none(value: object, links: tuple[str, ...]) -> None:
    """A picture in place of a link is not kept."""
    assert links == _task(videoUrls=value).video_urls


def test_a_long_text_without_links_is_read_quickly() -> None:
    """Blanks, commas and dots in any number take no time that grows with their square."""
    for text in (" " * 39_000, "," * 39_000, "a.a," * 9_000, "a." * 19_000, ", '" * 13_000):
        assert _task(imageUrls=text).picture_url == text.strip("\"'`<>[]{} \t\r\n")[:8000] * (len(text) < 8000)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("timeout", "timeout"),
        ({"message": "timeout"}, '{"message": "timeout"}'),
        (["[Banned prompt]", "timeout"], "[Banned prompt]; timeout"),
        (3, "3"),
        ("null", ""),
        ("None", ""),
        ({}, ""),
        ([], ""),
        (["", None], ""),
        (0, ""),
        (False, ""),
        (None, ""),
        ({"x": float("nan"), "y": {1, 2}}, ""),
    ],
)
def test_reasons_of_any_shape(value: Any, expected: str) -> None:  # noqa: ANN401 - JSON may be anything
    """Objects are kept as JSON, which fail_reasons reads; a word for "nothing" is no reason."""
    assert expected == coerce_reason(value)
    assert expected == _task(failReason=value).fail_reason


def test_properties_in_json_text() -> None:
    """As an object would be."""
    assert _task(properties='{"finalPrompt": "a cat"}').properties.final_prompt == "a cat"


def test_an_action_in_other_letters() -> None:
    """Capitals without blanks, as the API writes them."""
    assert [_task(action=word).action for word in ("imagine", " Swap face ", "VIDEO", 7, None)] == [
        *("IMAGINE", "SWAP_FACE", "VIDEO", "7", ""),
    ]


@pytest.mark.parametrize(
    ("fields", "is_video"),
    [
        ({"action": "VIDEO"}, True),
        ({"action": "video_extend"}, True),
        ({"action": "SWAP_VIDEO_FACE"}, True),
        ({"buttons": [{"customId": "MJ::JOB::video_virtual_upscale::1::aa"}]}, True),
        ({"buttons": [{"customId": "MJ::JOB::animate_high_extend::1::aa"}]}, True),
        ({"imageUrl": "https://a.test/0.mp4"}, True),
        ({"buttons": [{"customId": "MJ::JOB::animate_high::1::aa::SOLO"}]}, False),
        ({"action": "IMAGINE", "imageUrl": A}, False),
    ],
)
def test_is_video(fields: dict[str, object], *, is_video: bool) -> None:
    """By its action, its buttons or its links; a picture that could be animated is none."""
    assert is_video is _task(**fields).is_video
