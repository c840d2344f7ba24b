"""A result is found under the keys of other relays, and a reference picture is never taken for one."""

import json

import pytest

from bot.midjourney.task import Status, Task
from bot.relay.responses.parser import parse_row
from bot.relay.responses.row_cache import TaskRowCache

A, B, CLIP = "https://a.test/a.png", "https://a.test/b.png?ex=1", "https://a.test/0.mp4"
REFERENCE = "https://s.test/ref.png"


def _task(**fields: object) -> Task:
    row = {"id": "1", "action": "IMAGINE", "status": "SUCCESS", "progress": "100%", **fields}
    task = parse_row(row)
    assert TaskRowCache(parse_row).parse(row) == task  # the fields that it reads are those that a digest covers
    return task


@pytest.mark.parametrize(
    "fields",
    [
        {"image": A},
        {"images": [A]},
        {"images": [{"url": A, "thumbnail": B}]},
        {"url": A},
        {"urls": [A]},
        {"imageURL": A},
        {"image_url": A, "imageUrl": ""},
        {"imageurls": json.dumps([A])},
        {"properties": {"imageUrl": A}},
        {"properties": json.dumps({"image_url": A})},
        {"result": {"imageUrl": A}},
        {"result": {"data": {"images": [A]}}},
        {"data": {"imageUrl": A}},
        {"data": [{"url": A}]},
        {"attachments": [{"id": "5", "filename": "a.png", "url": A, "proxy_url": B}]},
        {"output": [A]},
        {"output": {"image_urls": [A]}},
        {"picture-url": A},
        {"result": A},
        {"imageUrl": None, "imageUrls": [], "image": A},
    ],
)
@pytest.mark.parametrize("others", [{}, {"base64Array": [REFERENCE], "prompt": f"{REFERENCE} a cat"}])
def test_a_picture_under_another_key_is_shown(fields: dict[str, object], others: dict[str, object]) -> None:
    """Where the API's own keys are empty."""
    assert A == _task(**fields, **others).picture_url


def test_several_pictures_under_another_key() -> None:
    """All are kept, each once."""
    task = _task(images=[A, B], urls=[A, B])

    assert (A, B) == task.image_urls
    assert A == task.picture_url


@pytest.mark.parametrize(
    "fields",
    [
        {"video": CLIP},
        {"videos": [{"url": CLIP}]},
        {"video_url": CLIP},
        {"videoURL": CLIP, "imageUrl": A},
        {"properties": {"videoUrl": CLIP}},
        {"result": {"videos": [CLIP]}},
        {"clips": [CLIP], "image": REFERENCE},
        {"url": CLIP},
        {"attachments": [{"url": CLIP}]},
    ],
)
def test_a_clip_under_another_key_is_shown(fields: dict[str, object]) -> None:
    """Also where the row holds the clip's picture under the API's key."""
    assert CLIP == _task(action="VIDEO", **fields).first_clip_url


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": f"{REFERENCE} a cat", "image": REFERENCE},
        {"promptEn": f"<{REFERENCE}> a cat", "images": [f"{REFERENCE}?size=2"]},
        {"properties": {"finalPrompt": f"a cat --sref {REFERENCE}"}, "url": REFERENCE},
        {"base64Array": [REFERENCE], "images": [REFERENCE]},
        {"base64Array": [REFERENCE]},
        {"initImage": REFERENCE},
        {"initImage": {"url": REFERENCE}, "image": REFERENCE},
        {"referenceImages": [REFERENCE], "data": {"image": REFERENCE}},
        {"data": {"input_image": REFERENCE}},
        {"action": "VIDEO", "image": REFERENCE, "endImage": REFERENCE},
        {"action": "EDITS", "image": REFERENCE},
        {"url": "https://discord.com/channels/1/2/3"},
        {"url": "https://relay.test/docs.html"},
        {"image": "true", "url": "abc", "data": "ok", "result": "1754300000999002"},
        {"image": "/9j/4AAQSkZJRgABAQAAAQABAAD", "images": ["data:image/png;base64,iVBORw0KGgo"]},
    ],
)
def test_what_is_no_result_is_not_shown(fields: dict[str, object]) -> None:
    """References of the prompt, a request's own picture, other links, and pictures in base64."""
    assert not _task(**fields).picture_url


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"image": A}, ""),
        ({"data": {"url": A}}, ""),
        ({"imageURL": A}, A),
        ({"properties": {"imageUrl": A}}, A),
        ({"image": A, "finishTime": 1_754_300_000_000}, A),
    ],
)
def test_a_running_task_shows_only_what_can_be_no_parameter(fields: dict[str, object], shown: str) -> None:
    """The picture of a request may be under `image` too."""
    assert shown == _task(status="IN_PROGRESS", progress="", **fields).picture_url


def test_a_picture_under_another_key_is_evidence_of_the_end() -> None:
    """A row with an unknown word is a result, and so is one with an old word and a finish time."""
    assert Status.SUCCESS is _task(status="odd", images=[A]).status
    assert Status.SUCCESS is _task(status="IN_PROGRESS", finishTime=1_754_300_000_000, url=A).status


def test_the_apis_own_keys_come_first() -> None:
    """Nothing else is looked for where they have a picture."""
    assert (A, ()) == ((task := _task(imageUrl=A, images=[B, REFERENCE])).picture_url, task.image_urls)
