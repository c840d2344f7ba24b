"""Any JSON is parsed, and a merged snapshot never loses what an earlier one knew."""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.midjourney.task import Button, Properties, Status, Task, select_most_advanced
from tests.recordings import recorded


def _task(name: str) -> Task:
    return Task.model_validate(recorded(name).body)


def _row(**fields: object) -> Task:
    return Task.model_validate({"id": "1", **fields})


def test_buttons_and_links_are_limited() -> None:
    """The first hundred buttons and the first twenty links are kept, whatever is between them."""
    buttons = [thing for n in range(150) for thing in (None, {"customId": f"x::{n}"})]
    links = [thing for n in range(50) for thing in ("", {"url": f"https://a.test/{n}"})]
    row = _row(buttons=buttons, imageUrls=links, videoUrls=links)
    assert [f"x::{n}" for n in range(100)] == [button.custom_id for button in row.buttons]
    assert tuple(f"https://a.test/{n}" for n in range(20)) == row.image_urls == row.video_urls


def test_a_task_needs_an_id() -> None:
    """JSON without an id, or that is no object, is no task."""
    values: list[object] = [{}, {"status": "SUCCESS"}, [], "1", None]
    for value in values:
        with pytest.raises(ValidationError):
            Task.model_validate(value)
    task = _row()
    assert task is Task.model_validate(task)


def test_one_bad_value_does_not_lose_the_rest() -> None:
    """Only the bad buttons, links and properties are dropped; a single value counts as an array of one."""
    task = _row(
        buttons=[None, "U1", {"customId": None, "emoji": 5, "label": [], "type": "2", "style": None}, {"label": "ok"}],
        imageUrls=[{"url": "a"}, "b", {"url": None}, {"thumbnail": "c"}, 7.5, None, "\ud800"],
        videoUrls="https://x/0.mp4",
        properties=[1],
        prompt="p",
    )
    assert (Button(emoji="5", type=2, style=0), Button(label="ok")) == task.buttons
    assert task.image_urls == ("a", "b", "?")
    assert (("https://x/0.mp4",), Properties(), "p") == (task.video_urls, task.properties, task.prompt)
    assert (Button(custom_id="x"),) == _row(buttons={"customId": "x"}).buttons


@pytest.mark.parametrize(
    ("status", "progress", "reason", "expected"),
    [
        ("IN_PROGRESS", "100%", "[Banned prompt detected]", Status.FAILURE),
        ("", "100%", "timeout", Status.FAILURE),
        ("SUCCESS", "100%", "upstream", Status.SUCCESS),
        ("CANCEL", "100%", "取消任务", Status.CANCEL),
        ("CANCELLED", "100%", "取消任务", Status.CANCEL),
        ("IN_PROGRESS", "62%", "odd", Status.IN_PROGRESS),
        ("IN_PROGRESS", "100%", "", Status.IN_PROGRESS),
        ("IN_PROGRESS", "100%", " ", Status.IN_PROGRESS),
        ("IN_PROGRESS", "100%", None, Status.IN_PROGRESS),
        ("FAILURE", "", "x", Status.FAILURE),
    ],
)
def test_a_row_at_100_percent_with_a_fail_reason_is_a_failure(
    status: str, progress: str, reason: str | None, expected: Status
) -> None:
    """new-api never updates such a row again; a SUCCESS may keep the reason of an earlier state."""
    assert expected is _row(status=status, progress=progress, failReason=reason).status
    assert expected is _row(status=status, progress=progress, fail_reason=reason).status


@pytest.mark.parametrize(
    ("name", "settled"),
    [
        ("10_fetch_fresh_empty_status", False),
        ("12_fetch_in_progress_preview", False),
        ("14_fetch_imagine_success_grid", True),
        ("15_fetch_upscale_success_v7_discord", True),
        ("18_fetch_describe_success", True),
        ("19_fetch_shorten_success", True),
        ("23_fetch_modal_waiting", False),
        ("26_fetch_failure_banned", True),
        ("28_fetch_failure_gateway_timeout", True),
        ("30_fetch_success_without_image", False),
        ("31_fetch_cancel", True),
        ("49_fetch_video_success", True),
    ],
)
def test_is_complete(name: str, *, settled: bool) -> None:
    """A success is complete when it has its picture or text, and its buttons."""
    assert settled is _task(name).is_complete


def test_prompt_picture_clip_and_text_are_found() -> None:
    """They are found wherever a relay puts them."""
    assert _row(prompt="a", promptEn="c", properties={"finalPrompt": "b"}).shown_prompt == "a"
    assert _row(promptEn="c", properties={"finalPrompt": "b"}).shown_prompt == "b"
    assert _row(promptEn="c").shown_prompt == "c"
    final = {"finalPrompt": "<https://s.mj.run/x> A fox  in snow --ar 3:2 --v 7"}
    linked = "https://x.example/a.png a fox in snow --ar 3:2"
    assert _row(action="VARIATION", prompt=linked, properties=final).shown_prompt == linked
    assert _row(action="VARIATION", prompt="雪狐", promptEn="a fox in snow", properties=final).shown_prompt == "雪狐"
    assert _row(action="REROLL", prompt="a fox", properties=final).shown_prompt == final["finalPrompt"]
    reworded = _row(action="VARIATION", prompt="a fox", promptEn="a fox in snow", properties=final)
    assert reworded.shown_prompt == final["finalPrompt"]
    assert _row(action="PAN", prompt="a fox in snow --ar 3:2 --v 7", properties=final).shown_prompt[0] == "a"
    assert _row(action="VARIATION", prompt="a cat", properties=final).shown_prompt == final["finalPrompt"]
    assert _row(action="IMAGINE", prompt="a cat", properties=final).shown_prompt == "a cat"
    # The line that was drawn is not the prompt that it was shortened from.
    assert _row(action="PROMPT_ANALYZER", prompt="a cat", properties=final).shown_prompt == final["finalPrompt"]
    assert _row(imageUrl="i", imageUrls=["j"]).picture_url == "i"
    assert _row(imageUrls=["j", "k"], videoUrl="v").picture_url == "j"
    assert _row(videoUrl="v", videoUrls=[{"url": "w"}]).picture_url == "v"
    assert _row(videoUrls=[{"url": "w"}]).first_clip_url == "w"
    assert _row().picture_url == ""
    assert _task("18_fetch_describe_success").text_result.startswith("1️⃣ Watercolor")
    assert _task("19_fetch_shorten_success").text_result.startswith("## Important tokens")
    assert _row(action="DESCRIBE", promptEn="told").text_result == "told"
    assert _row(action="MODAL", promptEn="told", buttons=[{"customId": "MJ::Job::PicReader::1"}]).text_result == "told"
    assert _task("14_fetch_imagine_success_grid").text_result == ""


def test_merging_restores_lost_fields() -> None:
    """A later row that lost the prompt, the preview or the properties gets them back."""
    earlier = _task("12_fetch_in_progress_preview")
    later = Task.model_validate({"id": earlier.id, "status": "IN_PROGRESS", "progress": "12%"}).merge_earlier(earlier)
    assert earlier == later
    assert earlier.image_url


def test_merging_follows_the_recorded_steps_of_a_task() -> None:
    steps = [
        "10_fetch_fresh_empty_status",
        "11_fetch_submitted",
        "12_fetch_in_progress_preview",
        "14_fetch_imagine_success_grid",
    ]
    task: Task | None = None
    for name in steps:
        task = _task(name).merge_earlier(task)
        assert (_task(name).status, _task(name).progress, _task(name).image_url) == (
            task.status,
            task.progress,
            task.image_url,
        )


def test_merging_does_not_take_a_preview_for_the_picture() -> None:
    """A success without its picture waits for it."""
    done = _task("30_fetch_success_without_image").merge_earlier(_task("12_fetch_in_progress_preview"))
    assert (done.status, done.picture_url, done.is_complete) == (Status.SUCCESS, "", False)


@pytest.mark.parametrize("name", ["28_fetch_failure_gateway_timeout", "31_fetch_cancel", "11_fetch_submitted"])
def test_merging_keeps_a_finished_picture(name: str) -> None:
    """A relay that overwrites a finished task with a timeout changes nothing."""
    done = _task("14_fetch_imagine_success_grid")
    assert done is _task(name).merge_earlier(done)


def test_merging_accepts_a_late_success() -> None:
    """Midjourney may finish a task that the relay gave up; the fail reason is dropped."""
    late = _task("14_fetch_imagine_success_grid").merge_earlier(_task("28_fetch_failure_gateway_timeout"))
    assert (late.status, late.fail_reason) == (Status.SUCCESS, "")
    assert "_grid_0.webp" not in late.image_url


def test_merging_a_modal() -> None:
    """A fresh task may open a modal; one that is being drawn has had it."""
    form, fresh, running = _row(status="MODAL"), _row(status="SUBMITTED"), _row(status="IN_PROGRESS", progress="31%")
    assert form.merge_earlier(fresh).status is Status.MODAL
    assert form.merge_earlier(running).status is Status.IN_PROGRESS
    assert fresh.merge_earlier(form).status is Status.SUBMITTED
    # The empty status of new-api's first seconds is no news.
    assert _row(status="").merge_earlier(form).status is Status.MODAL


def test_merging_ignores_another_task() -> None:
    task = _row(status="SUBMITTED")
    assert task is task.merge_earlier(None)
    assert task is task.merge_earlier(Task(id="2", status=Status.SUCCESS))


BASE = "https://cdn.example/a/b.png"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (f"{BASE}?rand=1", f"{BASE}?rand=2", True),
        (f"{BASE}?sig=1&w=5", f"{BASE}?w=5&sig=2", True),
        (f"{BASE}?ex=1&is=2&hm=3&", f"{BASE}?ex=4&is=5&hm=6&", True),
        (f"{BASE}?w=5", f"{BASE}?w=6", False),
        (f"{BASE}?w=", BASE, False),
        (BASE, f"{BASE}2", False),
        ("http://[", "http://[", True),
        ("http://[", "http://[1", False),
    ],
)
@pytest.mark.parametrize("field", ["imageUrl", "videoUrl", "imageUrls", "videoUrls"])
def test_looks_like_ignores_signatures(one: str, other: str, field: str, *, same: bool) -> None:
    """A link with a new signature is not a visible change."""
    rows = [_row(**{field: [url] if field.endswith("s") else url}) for url in (one, other)]
    assert same is rows[0].looks_like(rows[1])


def test_looks_like_sees_progress_buttons_and_status() -> None:
    task = _row(status="IN_PROGRESS", progress="46%")
    assert not task.looks_like(None)
    assert not task.looks_like(_row(status="IN_PROGRESS", progress="47%"))
    assert not task.looks_like(_row(status="IN_PROGRESS", progress="46%", buttons=[{"customId": "x"}]))
    assert not _row(imageUrls=["a"]).looks_like(_row(videoUrls=["a"]))


def test_select_most_advanced_picks_the_row_of_the_modal() -> None:
    """Of the two rows after a modal, the newer one counts."""
    first, second = _row(status="MODAL", submitTime=1), _row(status="SUBMITTED", submitTime=2)
    other = Task(id="2")
    assert {"1": second, "2": other} == select_most_advanced([second, other, first])
    bare, full = _row(status="SUCCESS"), _row(status="SUCCESS", imageUrl="i")
    assert {"1": full} == select_most_advanced([bare, full])


WIRE = ["id", "status", "progress", "failReason", "imageUrl", "imageUrls", "videoUrls", "buttons", "properties"]
WIRE += ["submitTime", "action", "prompt", "customId", "url", "finalPrompt", "fail_reason", "image_url"]
ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(st.sampled_from(WIRE) | st.text() | st.integers(), inner, max_size=6)
    ),
    max_leaves=12,
)
LINKS = st.sampled_from(["", "https://x/a.png?rand=1", "https://x/a.png?rand=2", "https://x/b.png"])
ROWS = st.builds(
    _row,
    status=st.sampled_from([*(status.value for status in Status), None]),
    progress=st.sampled_from(["", "0%", "31%", "62%", "100%", None]),
    failReason=st.sampled_from(["", "timeout"]),
    imageUrl=LINKS,
    imageUrls=st.lists(LINKS, max_size=2),
    videoUrl=LINKS,
    prompt=st.sampled_from(["", "a cat"]),
    state=st.sampled_from(["", "s"]),
    submitTime=st.sampled_from([0, 5, 6]),
    finishTime=st.sampled_from([0, 7]),
    buttons=st.sampled_from([None, [], [{"customId": "x"}]]),
    properties=st.sampled_from([None, {"finalPrompt": ""}, {"finalPrompt": "a cat --v 7"}]),
)


@given(st.dictionaries(st.sampled_from(WIRE) | st.text() | st.integers(), ANY, max_size=10), ANY)
def test_any_object_with_an_id_is_a_task(row: dict[Any, Any], task_id: object) -> None:
    """It survives being stored and read again, and being shown."""
    task = Task.model_validate({**row, "id": task_id})
    stored = task.model_dump_json()
    assert task == Task.model_validate_json(stored)
    assert task == Task.model_validate(json.loads(task.model_dump_json(by_alias=True)))
    assert task.looks_like(task)
    assert isinstance(task.picture_url + task.text_result + task.shown_prompt, str)


@given(ROWS, ROWS)
def test_merging_never_goes_back(earlier: Task, later: Task) -> None:
    """Progress never falls, a final status stays final, and merging twice changes nothing."""
    now = later.merge_earlier(earlier)
    assert (now.progress or 0) >= max(earlier.progress or 0, later.progress or 0) or now is earlier
    assert (now.progress or 0) >= (earlier.progress or 0)
    assert now.status.is_final or not earlier.status.is_final
    assert now.status is Status.SUCCESS or earlier.status is not Status.SUCCESS
    assert now == now.merge_earlier(earlier)
    assert now == later.merge_earlier(now)
    assert now == now.merge_earlier(now)
    assert bool(now.prompt) is bool(earlier.prompt or (now is not earlier and later.prompt))


@given(ROWS, st.integers(), st.integers())
def test_new_signatures_are_not_a_change(task: Task, one: int, two: int) -> None:
    first, second = (task.model_copy(update={"image_url": f"{BASE}?rand={n}&sig={n}&w=5"}) for n in (one, two))
    assert first.looks_like(second)
    assert second.looks_like(first)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_select_most_advanced_does_not_depend_on_order(rows: list[Task]) -> None:
    expected = select_most_advanced(rows)
    assert all(expected == select_most_advanced(order) for order in permutations(rows))


def test_fields_that_only_some_relays_send() -> None:
    """Seed, parent and size are read as text or as numbers."""
    row = _row(seed=636646138, parentId="1754300000123417", imageWidth="1024", imageHeight=1536)
    assert ("636646138", "1754300000123417", 1024, 1536) == (row.seed, row.parent_id, row.image_width, row.image_height)
    assert ("", "", 0, 0) == ((row := _row()).seed, row.parent_id, row.image_width, row.image_height)


@pytest.mark.parametrize(
    ("fields", "clips", "pictures"),
    [
        ({"imageUrl": "g.png"}, (), ()),
        ({"imageUrl": "g.png", "imageUrls": [{"url": "1.png"}, "2.png"]}, (), ("1.png", "2.png")),
        ({"imageUrl": "g.png", "imageUrls": ["1.png"]}, (), ()),
        ({"videoUrl": "0.mp4", "videoUrls": [{"url": "0.mp4"}, {"url": "1.mp4"}]}, ("0.mp4", "1.mp4"), ()),
        ({"videoUrl": "0.webp"}, ("0.webp",), ()),
        # TrueAI's proxy: everything holds the clips. An old new-api: only the picture does.
        (
            {"imageUrl": "0.mp4", "imageUrls": ["0.mp4", "1.mp4"], "videoUrls": ["0.mp4", "1.mp4"]},
            ("0.mp4", "1.mp4"),
            (),
        ),
        ({"imageUrl": "https://a.test/0.MP4?ex=1&hm=2&"}, ("https://a.test/0.MP4?ex=1&hm=2&",), ()),
        ({"imageUrls": ["0.mp4", "1.mp4"]}, ("0.mp4", "1.mp4"), ()),
        ({"imageUrl": "a.mp4.png"}, (), ()),
    ],
)
def test_clips_and_pictures(fields: dict[str, object], clips: tuple[str, ...], pictures: tuple[str, ...]) -> None:
    """Four clips are not four pictures, wherever a relay puts them."""
    row = _row(**fields)
    assert (clips, pictures, clips[0] if clips else "") == (row.clip_urls, row.grid_picture_urls, row.first_clip_url)


def test_a_face_swap_is_complete_without_buttons_and_has_no_prompt() -> None:
    """It never gets buttons, and new-api writes a name of its own as its prompt."""
    swapped = Task.model_validate(
        {
            "id": "1",
            "action": "SWAP_FACE",
            "prompt": "InsightFace",
            "status": "SUCCESS",
            "imageUrl": "https://cdn.test/1",
        }
    )
    assert (swapped.is_complete, swapped.shown_prompt) == (True, "")
