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


UPLOAD = "https://up.test/private1.png"


@pytest.mark.parametrize(
    "fields",
    [
        {"picture": "https://cdn.discordapp.com/avatars/1/abc.png"},
        {"properties": {"author": "x", "image": "https://cdn.discordapp.com/icons/1/abc.png?size=64"}},
        {"properties": {"imageUrl": "https://cdn.discordapp.com/avatars/1/abc.png"}},
        {"image_url": "https://media.discordapp.net/avatars/1/abc.webp"},
        {"data": {"picture": "https://lh3.googleusercontent.com/a/me"}},
        {"image": "https://avatars.githubusercontent.com/u/1.png"},
        {"image": "https://thirdwx.qlogo.cn/mmopen/a.jpg"},
        {"url": "https://hook.test/api/cb"},
        {"urls": {"get": "https://api.test/p/1", "cancel": "https://api.test/p/1/cancel"}},
        {"urls": ["https://api.test/p/1/cancel"]},
        {"link": "https://discord.gg/abc"},
        {"link": "https://discord.com/invite/abc.png"},
        {"link": "https://canary.discord.com/channels/1/2/3"},
        {"url": "https://docs.mov.test/page"},
        {"notifyHook": "https://hook.test/api/cb", "url": "https://hook.test/pictures/a.png"},
        {"properties": {"notify_hook": "https://hook.test/api"}, "imageURL": "https://hook.test/a.png"},
        {"callbackUrl": "//hook.test/api", "image_url": "https://hook.test/a.png"},
        {"promptEn": f"a cat --sref {REFERENCE}", "image_url": f"{REFERENCE}?w=2"},
        {
            "prompt": "https://cdn.discordapp.com/attachments/1/2/x.png a cat",
            "images": ["https://media.discordapp.net/attachments/1/2/x.png"],
        },
    ],
)
def test_avatars_hooks_and_pages_are_not_shown(fields: dict[str, object]) -> None:
    """Nor is a reference under the other host of Discord's CDN."""
    task = _task(**fields)

    assert ("", "") == (task.picture_url, task.first_clip_url)


@pytest.mark.parametrize("action", ["BLEND", "EDITS", "DESCRIBE", "SWAP_FACE", "VIDEO", "edit"])
@pytest.mark.parametrize(
    "fields",
    [
        {"images": [UPLOAD, "https://up.test/private2.png"]},
        {"image_url": UPLOAD},
        {"image_urls": [UPLOAD]},
        {"imageURL": UPLOAD},
        {"picture-urls": [UPLOAD]},
        {"url": UPLOAD},
        {"properties": {"image_urls": [UPLOAD]}},
        {"properties": {"imageUrls": [UPLOAD], "imageUrl": UPLOAD}},
        {"data": {"image_urls": [UPLOAD]}},
        {"properties": json.dumps({"imgUrl": UPLOAD})},
    ],
)
@pytest.mark.parametrize("status", ["SUCCESS", "IN_PROGRESS"])
def test_what_a_request_was_given_is_not_shown(action: str, fields: dict[str, object], status: str) -> None:
    """It is a member's own picture, whatever the relay calls it."""
    assert not _task(action=action, status=status, **fields).picture_url


@pytest.mark.parametrize(
    "fields",
    [
        {"imageUrl": A},
        {"imageUrls": [A], "image_urls": [UPLOAD]},
        {"result": {"images": [A]}, "images": [UPLOAD]},
        {"output": [A], "properties": {"imageUrls": [UPLOAD]}},
        {"data": {"imageUrl": A}, "image_url": UPLOAD},
        {"data": [{"url": A}]},
        {"image_url": A, "submit_time": 1_754_300_000_000, "init_image": UPLOAD},
    ],
)
def test_the_result_of_a_request_with_pictures_is_shown(fields: dict[str, object]) -> None:
    """Under the API's names, and under those of an output."""
    assert A == _task(action="EDITS", **fields).picture_url


@pytest.mark.parametrize(
    "link",
    [
        "https://cdn.discordapp.com/attachments/1/2/x",
        "https://cdn.midjourney.com/e8a7130d/0_0",
        "https://relay.test/mj/image/1754300000999002",
        "/mj/image/1754300000999002",
        "https://bucket.oss-cn-shanghai.aliyuncs.com/abc",
        "https://s.test/a.png!w1024",
        "https://s.test/a.JPG@!thumb?x=1",
        "https://relay.test/proxy?url=https://cdn.discordapp.com/attachments/1/2/x.png",
    ],
)
def test_a_link_to_a_picture_is_known_by_its_suffix_or_place(link: str) -> None:
    """Under a name that other links may have too."""
    assert link == _task(url=link).picture_url


@pytest.mark.parametrize("status", ["FAILURE", "CANCEL", "失败"])
@pytest.mark.parametrize("link", ["https://docs.midjourney.com/x", A])
def test_a_failed_task_has_no_result_under_an_uncertain_name(status: str, link: str) -> None:
    """The link is to a page of help, or to what was given to the request."""
    assert not _task(status=status, failReason="banned", url=link, image=link).picture_url


@pytest.mark.parametrize("name", ["url", "image", "link", "output"])
@pytest.mark.parametrize("link", ["https://hook.test/notify", A])
@pytest.mark.parametrize("status", ["", "odd", "SUBMITTED"])
def test_an_uncertain_name_is_no_evidence_of_the_end(name: str, link: str, status: str) -> None:
    """A finish time beside it is not enough."""
    task = _task(status=status, progress="", finishTime=1_754_300_000_000, data={name: link})

    assert not task.status.is_final
