"""For any answer to a fetch or a list, the picture that it gives of a finished task is shown or linked."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.task import Status, Task
from bot.relay.responses.parser import parse_task, parse_tasks
from bot.relay.responses.relay_response import RelayResponse
from bot.scene import Scene
from cogs.views.task_message import RenderedMessage, render_message
from tests.fakes.relay_rows import TASK_ID, DrawnRow, drawn_rows
from tests.fakes.sample_entities import job
from tests.recordings import recorded

FAULTS = {
    "b4_success_with_old_reason": ("✅ Four pictures in 40 s", "**U** picks one", 9),
    "b7_account_tos": ("❌ The relay's account can't draw", "must first confirm", 0),
    "b8_buttons_as_text": ("✅ Four pictures in 40 s", "**U** picks one", 9),
    "b8_image_urls_comma": ("✅ Four pictures in 40 s", "[picture 1](http", 9),
    "b8_progress_full_width": ("🎨 Drawing, 46%", "started <t:1754300002:R>", 0),
    "b8_status_finished": ("✅ Four pictures in 40 s", "**U** picks one", 9),
    "b8_times_iso": ("🎨 Drawing, 46%", "started <t:1754300002:R>", 0),
    "b8_video_without_links": ("✅ One clip in 40 s", "provides no links to clips", 0),
}


def _render(task: Task) -> RenderedMessage:
    own = job(task_id=task.id)
    return render_message(Scene(job=own, task=task, now=own.born_at + timedelta(minutes=2)))


def _collect_text(message: RenderedMessage) -> str:
    return f"{message.embed.description}\n{message.embed.image.url}"


@pytest.mark.parametrize("name", FAULTS)
def test_each_recorded_fault_says_what_it_means(name: str) -> None:
    """Title, words and the number of Midjourney's buttons."""
    title, words, buttons = FAULTS[name]
    text = recorded(f"faults/{name}").text.replace("http://127.0.0.1:1", "https://cdn.test")
    task = parse_task(RelayResponse(200, text), TASK_ID)
    message = _render(task)

    assert title == message.embed.title
    assert words in (message.embed.description or "")
    assert buttons == len(task.buttons)


def _check(task: Task, row: DrawnRow) -> None:
    message = _render(task)
    if not row.is_success:
        return
    assert task.status is Status.SUCCESS
    assert (message.embed.title or "").startswith("✅")
    shown = _collect_text(message)
    if row.links:
        assert [] == [link for link in row.links if link not in shown]
    elif not task.text_result:
        assert any(words in shown for words in ("hasn't delivered the picture", "provides no links"))


@given(drawn_rows())
def test_a_picture_of_any_fetch_is_shown(row: DrawnRow) -> None:
    """Its reason, progress, times, buttons and broken fields hide nothing."""
    _check(parse_task(RelayResponse(200, row.text), TASK_ID), row)


@given(
    drawn_rows(),
    st.lists(drawn_rows("7") | st.sampled_from(["null", "[]", '"x"', "nonsense", "{}"]), max_size=3),
    st.integers(0, 3),
    st.sampled_from(["%s", '{"code":1,"data":%s}', '{"data":{"list":%s}}', "\ufeff%s "]),
)
def test_a_picture_of_any_list_is_shown(row: DrawnRow, others: list[DrawnRow | str], place: int, wrapper: str) -> None:
    """Nor do the other rows, and what the list is wrapped in."""
    rows = [other if isinstance(other, str) else other.text for other in others]
    rows.insert(place, row.text)
    found = parse_tasks(RelayResponse(200, wrapper.replace("%s", f"[{','.join(rows)}]")), [TASK_ID])
    _check(found[TASK_ID], row)
