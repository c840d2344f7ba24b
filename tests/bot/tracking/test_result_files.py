"""The files of a finished task: clips within the size limit of a message, each in its place."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import PictureError, PictureGone, PictureTooLarge, PictureUnavailable
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.task import Status, Task
from bot.tracking import result_files
from bot.tracking.result_files import ResultFileFetcher, ResultFiles
from tests.fakes.clock import START, FakeClock
from tests.fakes.message_editor import FakeMessageEditor
from tests.fakes.pictures import FakePictures, picture
from tests.fakes.sample_entities import PARENT, job, task
from tests.fakes.store import FakeStore

URLS = tuple(f"https://cdn.test/{number}.mp4" for number in range(1, 6))
PICTURE_URL = f"https://cdn.test/{PARENT}.png"


@dataclass
class SizedPictures(FakePictures):
    """Pictures of `size` bytes, which must not be more than the limit."""

    size: int = 100
    limits: list[int] = field(default_factory=list)

    async def fetch(self, url: str, *, name: str, limit: int) -> Picture:
        """Fetch one."""
        self.limits.append(limit)
        found = await super().fetch(url, name=name, limit=limit)
        if self.size > limit:
            raise PictureTooLarge(url)
        return Picture(bytes(self.size), found.name, 0, 0, is_reencoded=False)


def video(*urls: str) -> Task:
    return task(status=Status.SUCCESS, action="VIDEO", image_url="", video_urls=[{"url": url} for url in urls])


async def found(pictures: FakePictures, shown: Task, limit: int = 1000, have: ResultFiles | None = None) -> ResultFiles:
    clock = pictures.clock
    outcomes = ResultFileFetcher(FakeStore(clock.now), FakeMessageEditor(limit=limit), pictures, now=clock.now)
    return await outcomes.fetch_files(job(), shown, have)


async def test_each_clip_is_downloaded_under_its_own_name() -> None:
    """Four at most, in their order."""
    pictures = FakePictures(FakeClock())
    files = await found(pictures, video(*URLS))
    assert files == ResultFiles(clips=tuple(picture(url) for url in URLS[:4]))
    assert [name[:6] for _, name, _ in pictures.fetched] == ["clip1_", "clip2_", "clip3_", "clip4_"]


@pytest.mark.parametrize("failure", [PictureGone(URLS[1]), PictureTooLarge(URLS[1]), PictureError(URLS[1])])
async def test_a_clip_that_cannot_be_downloaded_keeps_its_place(failure: PictureError) -> None:
    """It is linked, the others are attached."""
    files = await found(FakePictures(FakeClock(), failures={URLS[1]: failure}), video(*URLS[:3]))
    assert [clip is not None for clip in files.clips] == [True, False, True]


async def test_a_retry_downloads_only_missing_clips() -> None:
    """If they may still appear."""
    missing = PictureGone(URLS[1], "HTTP 404", may_return=True)
    pictures = FakePictures(FakeClock(), failures={URLS[1]: missing})
    first = await found(pictures, video(*URLS[:3]))
    assert (first.is_pending, [clip is not None for clip in first.clips]) == (True, [True, False, True])
    pictures.failures.clear()
    again = await found(pictures, video(*URLS[:3]), have=first)
    assert again == ResultFiles(clips=tuple(picture(url) for url in URLS[:3]))
    assert [url for url, _, _ in pictures.fetched] == [*URLS[:3], URLS[1]]


async def test_clips_that_their_host_refuses_are_linked_with_the_first_reason() -> None:
    """And tried again."""
    refused = {url: PictureUnavailable(url, status=status) for url, status in zip(URLS[1:3], (429, 503), strict=True)}
    files = await found(FakePictures(FakeClock(), failures={**refused}), video(*URLS[:3]))
    assert [clip is not None for clip in files.clips] == [True, False, False]
    assert (files.is_pending, files.refusal) == (True, refused[URLS[1]])


async def test_clips_share_the_size_limit_of_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has what the others left, within the limit of a file."""
    monkeypatch.setattr(result_files, "MESSAGE_BYTES", 250)
    pictures = SizedPictures(FakeClock())
    files = await found(pictures, video(*URLS[:4]), limit=120)
    assert [clip is not None for clip in files.clips] == [True, True, False, False]
    assert pictures.limits == [120, 120, 50, 50]


async def test_a_single_clip_is_attached_like_a_picture() -> None:
    """Such as a U of a video."""
    assert await found(FakePictures(FakeClock()), video(URLS[0])) == ResultFiles(picture(URLS[0]))


async def test_a_task_that_did_not_succeed_has_no_files() -> None:
    """Nor has a success without any link."""
    pictures = FakePictures(FakeClock())
    assert await found(pictures, task(status=Status.FAILURE)) == ResultFiles()
    assert await found(pictures, task(status=Status.SUCCESS, image_url="")) == ResultFiles()
    assert pictures.fetched == []


async def test_the_file_of_a_described_picture_is_not_named_after_its_description() -> None:
    """That is not the person's prompt."""
    pictures = FakePictures(FakeClock())
    given: dict[str, Any] = {
        "action": "DESCRIBE",
        "prompt": "",
        "properties": {"finalPrompt": "1️⃣ a fox"},
        "imageUrl": URLS[0],
    }
    await found(pictures, task(status=Status.SUCCESS, **given))
    assert [name for _, name, _ in pictures.fetched] == ["described_1730621826053455"]


@pytest.mark.parametrize("dead", [1, 2, 3])
async def test_clips_are_gone_once_every_link_is_dead(dead: int) -> None:
    """What is shown days later says so, instead of linking them."""
    failures: dict[str, PictureError] = {url: PictureGone(url, "its link has expired") for url in URLS[:dead]}
    files = await found(FakePictures(FakeClock(), failures=failures), video(*URLS[:3]))
    assert (files.is_gone, files.is_pending) == (dead == 3, False)


@pytest.mark.parametrize(("age", "is_gone"), [(timedelta(hours=2), False), (timedelta(days=3), True)])
async def test_a_picture_without_a_time_is_gone_a_day_after_its_watch(age: timedelta, *, is_gone: bool) -> None:
    """As the relay does not tell when the task ended."""
    pictures = FakePictures(FakeClock(START + age), failures={PICTURE_URL: PictureGone(PICTURE_URL, may_return=True)})
    files = await found(pictures, task(status=Status.SUCCESS, finish_time=0))
    assert (files.is_gone, files.is_pending) == (is_gone, not is_gone)
