"""A picture or clip that a relay gives is linked in any state of its row; a missing one is mentioned."""

from datetime import timedelta
from typing import Any

import pytest

from bot.entities import ButtonStates
from bot.imaging.reencode import Picture
from bot.midjourney.task import Task
from bot.scene import FileRefusal, JobEnding, MissingPermission, PictureLink, Scene
from cogs.views.task_message import RenderedMessage, render_message
from tests.fakes.sample_entities import job
from tests.recordings import recorded

GRID = "14_fetch_imagine_success_grid"
A, B = "https://cdn.test/a.png", "https://cdn.test/b.png"


def _render(task: Task, **more: Any) -> RenderedMessage:  # noqa: ANN401
    own = job(task_id=task.id)
    return render_message(
        Scene(job=own, task=task, now=own.born_at + timedelta(minutes=2), marks=ButtonStates(), **more)
    )


def _say(**fields: object) -> str:
    """Return title and description of the message of a finished grid with these fields."""
    embed = _render(Task.model_validate({**recorded(GRID).body, **fields})).embed
    return f"{embed.title}\n{embed.description}"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"failReason": "任务超时"}, "✅ Four pictures"),
        ({"failReason": "upstream", "progress": "62%"}, "✅ Four pictures"),
        ({"status": "IN_PROGRESS"}, "✅ Four pictures"),
        ({"status": "FAILURE", "failReason": "任务超时"}, "It was drawn all the same: [the picture](https://cdn."),
        ({"status": "CANCELLED"}, "It was drawn all the same: [the picture](https://cdn."),
    ],
)
def test_a_finished_picture_is_never_hidden(fields: dict[str, object], words: str) -> None:
    """Not by an old reason, and not by a status that the relay should not have set."""
    assert words in _say(**fields)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "The service hasn't delivered the picture."),
        ("the moon is full", "The service hasn't delivered the picture.\nIt said: `the moon is full`"),
        ("任务超时", "The service hasn't delivered the picture.\nThe relay gave up waiting for it."),
    ],
)
def test_a_success_without_its_picture_repeats_the_reason(reason: str, words: str) -> None:
    """The relay's words may say where the picture is."""
    assert words in _say(imageUrl="", failReason=reason)


def test_the_relays_reason_is_hidden_where_discord_refused_the_message() -> None:
    """As all of its words are."""
    task = Task.model_validate({**recorded(GRID).body, "imageUrl": "", "failReason": "the moon is full"})
    own = job(task_id=task.id)
    careful = render_message(Scene(job=own, task=task, now=own.born_at), careful=True)
    assert "moon" not in (careful.embed.description or "")


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ([A, B], f"[picture 1]({A}) · [picture 2]({B})"),
        (f"{A},{B}", f"[picture 1]({A}) · [picture 2]({B})"),
        (["http://localhost/1.png", B], f"[picture 2]({B})"),
    ],
)
@pytest.mark.parametrize("field", ["imageUrls", "imageUrl"])
def test_pictures_without_a_grid_are_linked(field: str, links: object, words: str) -> None:
    """The message shows the first, and links all."""
    assert words in _say(**{"imageUrl": "", field: links})


def test_the_parts_of_a_grid_are_not_linked() -> None:
    """Split gives them."""
    assert "picture 1" not in _say(imageUrls=[A, B])


CLIP: dict[str, object] = {"action": "VIDEO", "buttons": [], "videoUrl": "", "videoUrls": None}
NO_LINKS, ONLY_PICTURE = "provides no links to clips", "provides no link to the clip, only this picture"


@pytest.mark.parametrize(
    ("fields", "title", "words"),
    [
        ({**CLIP, "imageUrl": ""}, "✅ One clip", NO_LINKS),
        ({**CLIP, "imageUrl": "", "action": "video"}, "✅ One clip", NO_LINKS),
        (
            {"imageUrl": "", "buttons": [{"customId": "MJ::JOB::video_virtual_upscale::1::aa", "label": "U1"}]},
            "✅ Four clips",
            NO_LINKS,
        ),
        ({**CLIP, "imageUrl": A}, "✅ One clip", ONLY_PICTURE),
        ({**CLIP, "imageUrl": "https://cdn.test/a.webp?ex=1"}, "✅ One clip", ""),
        ({**CLIP, "imageUrl": "https://cdn.test/a.mp4"}, "✅ One clip", "[clip 1](https://cdn.test/a.mp4)"),
        ({**CLIP, "imageUrl": "", "videoUrls": "https://cdn.test/a.mp4"}, "✅ One clip", "[clip 1]"),
    ],
)
def test_a_video_without_links_is_a_clip(fields: dict[str, object], title: str, words: str) -> None:
    """The message says so, and never calls it a picture."""
    said = _say(**fields)
    assert title in said
    assert words in said
    assert ("provides no link" in said) is (words in {NO_LINKS, ONLY_PICTURE})


def test_a_clip_behind_a_picture_link_is_no_missing_clip() -> None:
    """The downloaded file shows what the link holds."""
    task = Task.model_validate({**recorded(GRID).body, **CLIP, "imageUrl": A})
    shown = _render(task, picture=Picture(b"mp4", "a.mp4", 0, 0, is_reencoded=False))
    assert "provides no link" not in (shown.embed.description or "")


@pytest.mark.parametrize(
    ("fields", "linked"),
    [
        ({"status": "IN_PROGRESS", "progress": "100%"}, True),
        ({"status": "odd", "progress": ""}, True),
        ({"status": "IN_PROGRESS", "progress": "62%"}, False),
    ],
)
def test_the_last_picture_is_linked_when_the_watch_ends(fields: dict[str, object], *, linked: bool) -> None:
    """Where it may be the finished one; a preview is not."""
    task = Task.model_validate({"id": "1", "imageUrl": A, **fields})
    shown = _render(task, phase=JobEnding.WATCH_TIMEOUT).embed.description or ""
    assert (f"[The last picture]({A})" in shown) is linked


@pytest.mark.parametrize("zone", [0, 5.5, 8])
@pytest.mark.parametrize("status", ["SUBMITTED", "IN_PROGRESS"])
def test_a_time_in_the_future_is_not_shown(status: str, zone: float) -> None:
    """A date without its zone may be hours ahead; the message's own time is right."""
    own = job()
    submitted = own.born_at + timedelta(hours=zone)
    task = Task.model_validate({"id": "1", "status": status, "submitTime": submitted.strftime("%Y-%m-%d %H:%M:%S")})
    assert f"<t:{int(own.born_at.timestamp())}:R>" in (_render(task).embed.description or "")


@pytest.mark.parametrize("refusal", FileRefusal)
@pytest.mark.parametrize(
    ("link", "linked"), [(PictureLink.WORKING, True), (PictureLink.DEAD, False), (PictureLink.PRIVATE, False)]
)
def test_a_refused_file_is_explained_and_linked_by_a_living_link(
    refusal: FileRefusal, link: PictureLink, *, linked: bool
) -> None:
    task = Task.model_validate(recorded(GRID).body)
    said = _render(task, file_refusal=refusal, picture_link=link).embed.description or ""
    assert (f"[Open the picture]({task.image_url})" in said) is linked
    assert "iscord" in said or "not allowed" in said
    careful = _render_careful(task, file_refusal=refusal, picture_link=link)
    assert "](" not in (careful.embed.description or "")


def test_a_missing_permission_is_named_in_every_state() -> None:
    for fields in ({}, {"status": "IN_PROGRESS", "progress": "10%"}, {"status": "FAILURE", "buttons": []}):
        task = Task.model_validate({**recorded(GRID).body, **fields})
        said = _render(task, missing_permission=MissingPermission("Embed Links", is_certain=True)).embed.description
        assert said
        assert said.endswith("I lack the permission **Embed Links** here: a moderator can allow it in this channel.")


def _render_careful(task: Task, **more: Any) -> RenderedMessage:  # noqa: ANN401
    own = job(task_id=task.id)
    return render_message(Scene(job=own, task=task, now=own.born_at, **more), careful=True)


def test_dead_links_of_clips_are_not_shown() -> None:
    video = {**recorded(GRID).body, "action": "VIDEO", "imageUrl": "", "videoUrls": [A, B], "buttons": []}
    task = Task.model_validate(video)
    assert "[clip 1]" in (_render(task).embed.description or "")
    shown = _render(task, picture_link=PictureLink.DEAD)
    assert "[clip" not in (shown.embed.description or "")
    assert "link to the picture has expired" in (shown.embed.description or "")
    assert not shown.shows_result
