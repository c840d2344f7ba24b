"""The files of a finished picture: the four of its grid, and its original."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot.errors import (
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureUnavailable,
    PictureUnreadable,
    TaskUnknown,
)
from bot.features.downloads import WHOLE_GRID, DownloadService
from bot.imaging.downloads.downloader import MAX_DOWNLOAD_BYTES
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.reencode import Picture
from bot.midjourney.task import Status
from bot.midjourney.task_ids import UNUSED_TASK_ID
from tests.fakes.clock import FakeClock
from tests.fakes.message_editor import FakeMessageEditor
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_entities import MINH, PARENT, job, place, task, viewer
from tests.fakes.store import FakeStore

GRID_URL = f"https://cdn.test/{PARENT}.png"
FOUR = tuple(f"https://cdn.test/{number}.png" for number in range(1, 5))
COLORS = {1: "red", 2: "lime", 3: "blue", 4: "white"}


def grid() -> bytes:
    """Draw a grid, one colour for each picture."""
    image = Image.new("RGB", (8, 8))
    for number, colour in COLORS.items():
        left, top = (number - 1) % 2 * 4, (number - 1) // 2 * 4
        image.paste(colour, (left, top, left + 4, top + 4))
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Source:
    """A bot.ports.PictureSource that has these bytes at these links, and fails at others as planned."""

    has: dict[str, bytes] = field(default_factory=dict)
    failures: dict[str, Callable[[str], PictureError]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    async def fetch(self, url: str, *, name: str, limit: int) -> Picture:
        self.asked.append((url, name, limit))
        if url not in self.has:
            raise self.failures.get(url, PictureGone)(url)
        return Picture(self.has[url], f"{name}.png", 8, 8, is_reencoded=False)

    def is_private(self, url: str) -> bool:
        return url in self.private


@dataclass
class Room:
    """Everything around the use cases, with a finished grid that the store knows."""

    image_processor: ImageProcessor
    source: Source = field(default_factory=lambda: Source({GRID_URL: grid()}))
    clock: FakeClock = field(default_factory=FakeClock)
    display: FakeMessageEditor = field(default_factory=lambda: FakeMessageEditor(limit=10_000))

    def __post_init__(self) -> None:
        self.relay = FakeRelay(self.clock)
        self.store = FakeStore(self.clock.clock.now)
        self.store.snapshots[PARENT] = task(status=Status.SUCCESS)
        self.results = DownloadService(self.relay, self.store, self.display, self.source, self.image_processor)


def colour(picture: Picture) -> tuple[int, ...]:
    """Tell the one colour of a picture, which must be half as wide as the grid."""
    with Image.open(BytesIO(picture.data)) as image:
        assert image.size == (4, 4)
        ((_, found),) = image.convert("RGB").getcolors() or []
        assert isinstance(found, tuple)
        return found


async def test_a_grid_is_split_into_the_chosen_pictures(image_processor: ImageProcessor) -> None:
    """Each number gives its own corner, named after it, sorted even if they were chosen in another order."""
    room = Room(image_processor)
    files = await room.results.fetch_grid_pictures(PARENT, [4, 2], place(), viewer())
    assert [one.name for one in files.pictures] == [f"a_lighthouse_{PARENT}_{number}.png" for number in (2, 4)]
    assert [colour(one) for one in files.pictures] == [(0, 255, 0), (255, 255, 255)]
    assert (files.is_split_here, files.prompt, files.links) == (True, "a lighthouse", ())
    assert room.source.asked == [(GRID_URL, f"a_lighthouse_{PARENT}", MAX_DOWNLOAD_BYTES)]
    assert not room.relay.requests, "a stored task is not read from the relay"


async def test_pictures_that_the_relay_has_split_are_used(image_processor: ImageProcessor) -> None:
    """Within the size limit."""
    room = Room(image_processor)
    room.store.snapshots[PARENT] = task(status=Status.SUCCESS, image_urls=FOUR)
    room.source.has = {url: url.encode() for url in FOUR}
    files = await room.results.fetch_grid_pictures(PARENT, {3}, place(), viewer())
    assert [one.data for one in files.pictures] == [FOUR[2].encode()]
    assert not files.is_split_here
    assert room.source.asked == [(FOUR[2], f"a_lighthouse_{PARENT}_3", 10_000)]


async def test_the_grid_is_split_if_one_of_the_relays_pictures_is_gone(image_processor: ImageProcessor) -> None:
    """So that all are of one kind."""
    room = Room(image_processor)
    room.store.snapshots[PARENT] = task(status=Status.SUCCESS, image_urls=FOUR)
    room.source.has[FOUR[0]] = b"one"
    files = await room.results.fetch_grid_pictures(PARENT, {1, 2}, place(), viewer())
    assert [colour(one) for one in files.pictures] == [(255, 0, 0), (0, 255, 0)]
    assert files.is_split_here


async def test_the_grid_is_split_if_the_relay_has_too_few_pictures(image_processor: ImageProcessor) -> None:
    """Fewer than were chosen."""
    room = Room(image_processor)
    room.store.snapshots[PARENT] = task(status=Status.SUCCESS, image_urls=FOUR[:2])
    assert (await room.results.fetch_grid_pictures(PARENT, {4}, place(), viewer())).is_split_here


async def test_the_whole_grid_comes_after_its_parts(image_processor: ImageProcessor) -> None:
    """Unchanged."""
    files = await Room(image_processor).results.fetch_grid_pictures(PARENT, {WHOLE_GRID, 1}, place(), viewer())
    assert [len(one.data) == len(grid()) for one in files.pictures] == [False, True]
    alone = await Room(image_processor).results.fetch_grid_pictures(PARENT, {WHOLE_GRID}, place(), viewer())
    assert [one.data for one in alone.pictures] == [grid()]


async def test_a_task_that_the_store_has_lost_is_fetched(image_processor: ImageProcessor) -> None:
    """And saved again."""
    room = Room(image_processor)
    room.store.snapshots.clear()
    room.relay.set(task(status=Status.SUCCESS))
    assert (await room.results.fetch_grid_pictures(PARENT, {1}, place(), viewer())).pictures
    assert PARENT in room.store.snapshots
    with pytest.raises(TaskUnknown):
        await room.results.fetch_grid_pictures("5", {1}, place(), viewer())


async def test_a_dead_link_is_replaced_by_the_relays_current_one(image_processor: ImageProcessor) -> None:
    """The last resort is the grid's own message."""
    room = Room(image_processor)
    room.source.has = {"https://cdn.test/new.png": grid()}
    with pytest.raises(PictureGone):
        await room.results.fetch_grid_pictures(PARENT, {1}, place(), viewer())
    room.display.links[700] = "https://cdn.test/new.png"
    assert (await room.results.fetch_grid_pictures(PARENT, {1}, place(), viewer())).pictures
    room.display.links.clear()
    room.relay.set(task(status=Status.SUCCESS, image_url="https://cdn.test/new.png"))
    assert (await room.results.fetch_grid_pictures(PARENT, {1}, place(), viewer())).pictures
    room.source.has = {}
    with pytest.raises(PictureGone):
        await room.results.fetch_originals(PARENT, place(), viewer())


async def test_an_original_that_fits_is_unchanged(image_processor: ImageProcessor) -> None:
    """It is not re-encoded."""
    room = Room(image_processor)
    files = await room.results.fetch_originals(PARENT, place(), viewer())
    assert [one.data for one in files.pictures] == [grid()]
    assert (files.links, files.first_error) == ((), None)


async def test_an_original_that_does_not_fit_is_linked(image_processor: ImageProcessor) -> None:
    """With the reason; one that only this process can open cannot be."""
    room = Room(image_processor, display=FakeMessageEditor(limit=10))
    files = await room.results.fetch_originals(PARENT, place(), viewer())
    assert (files.pictures, files.links) == ((), (GRID_URL,))
    assert isinstance(files.first_error, PictureTooLarge)
    room.source.private.add(GRID_URL)
    with pytest.raises(PictureTooLarge):
        await room.results.fetch_originals(PARENT, place(), viewer())


REFUSALS = [partial(PictureUnavailable, status=status) for status in (403, 429, 502, 200, 0)]


@pytest.mark.parametrize("failure", REFUSALS)
async def test_a_grid_that_its_host_refuses_is_linked(
    image_processor: ImageProcessor, failure: Callable[[str], PictureError]
) -> None:
    """With the reason, unless only this process can open the link."""
    room = Room(image_processor, Source(failures={GRID_URL: failure}))
    for numbers in ({1, 2}, {WHOLE_GRID}, {WHOLE_GRID, 4}):
        files = await room.results.fetch_grid_pictures(PARENT, numbers, place(), viewer())
        assert (files.pictures, files.links) == ((), (GRID_URL,))
        assert isinstance(files.first_error, PictureUnavailable)
    room.source.private.add(GRID_URL)
    with pytest.raises(PictureUnavailable):
        await room.results.fetch_grid_pictures(PARENT, {1}, place(), viewer())


@pytest.mark.parametrize("failure", REFUSALS)
async def test_a_grid_that_its_host_refuses_is_split_from_its_message(
    image_processor: ImageProcessor, failure: Callable[[str], PictureError]
) -> None:
    """Or from the link that the relay has now."""
    room = Room(image_processor, Source({"https://cdn.test/copy.png": grid()}, failures={GRID_URL: failure}))
    room.display.links[700] = "https://cdn.test/copy.png"
    assert len((await room.results.fetch_grid_pictures(PARENT, {1, 2}, place(), viewer())).pictures) == 2
    room.display.links[700] = "https://cdn.test/copy-that-is-gone.png"
    linked = await room.results.fetch_grid_pictures(PARENT, {1}, place(), viewer())
    assert repr(linked.first_error) == repr(failure(GRID_URL))
    room.display.links.clear()
    room.relay.set(task(status=Status.SUCCESS, image_url="https://cdn.test/copy.png"))
    assert (await room.results.fetch_originals(PARENT, place(), viewer())).pictures


@pytest.mark.parametrize("failure", [PictureTooLarge, PictureUnreadable, *REFUSALS])
async def test_an_original_that_cannot_be_read_is_linked(
    image_processor: ImageProcessor, failure: Callable[[str], PictureError]
) -> None:
    """A browser may be able to show it."""
    room = Room(image_processor, Source(failures={GRID_URL: failure}))
    files = await room.results.fetch_originals(PARENT, place(), viewer())
    assert (files.links, repr(files.first_error)) == ((GRID_URL,), repr(failure(GRID_URL)))
    room.source.private.add(GRID_URL)
    with pytest.raises(PictureError):
        await room.results.fetch_originals(PARENT, place(), viewer())


async def test_a_forbidden_address_is_not_linked(image_processor: ImageProcessor) -> None:
    """It may be malicious."""
    room = Room(image_processor, Source(failures={GRID_URL: partial(PictureForbidden, reason="not public")}))
    with pytest.raises(PictureForbidden):
        await room.results.fetch_originals(PARENT, place(), viewer())


CLIPS = tuple(f"https://cdn.test/{number}.mp4" for number in range(1, 5))


async def test_the_clips_of_a_video_are_its_originals(image_processor: ImageProcessor) -> None:
    """A clip that does not fit is linked, one that is gone is missing, and the first error is reported."""
    room = Room(image_processor, Source({CLIPS[0]: b"one", CLIPS[1]: bytes(20_000), CLIPS[3]: b"four"}))
    room.store.snapshots[PARENT] = task(status=Status.SUCCESS, action="VIDEO", image_url="", video_urls=CLIPS)
    files = await room.results.fetch_originals(PARENT, place(), viewer())
    assert [(one.data, one.name) for one in files.pictures] == [
        (b"one", f"a_lighthouse_{PARENT}_1.png"),
        (b"four", f"a_lighthouse_{PARENT}_4.png"),
    ]
    assert files.links == (CLIPS[1],)
    assert isinstance(files.first_error, PictureTooLarge)


async def test_a_dead_link_of_a_clip_is_replaced_by_that_of_its_index(image_processor: ImageProcessor) -> None:
    room = Room(image_processor, Source({CLIPS[0]: b"one", "https://cdn.test/new.mp4": b"two"}))
    room.store.snapshots[PARENT] = task(status=Status.SUCCESS, action="VIDEO", image_url="", video_urls=CLIPS[:2])
    room.relay.set(task(status=Status.SUCCESS, video_urls=(CLIPS[0], "https://cdn.test/new.mp4")))
    assert [one.data for one in (await room.results.fetch_originals(PARENT, place(), viewer())).pictures] == [
        b"one",
        b"two",
    ]
    room.source.has.clear()
    with pytest.raises(PictureGone):
        await room.results.fetch_originals(PARENT, place(), viewer())


@pytest.mark.parametrize(("where", "hidden_channels"), [({"ephemeral": True}, ()), ({}, {5}), ({"guild_id": 66}, ())])
async def test_files_of_a_hidden_task_are_those_of_an_unknown_one(
    image_processor: ImageProcessor, where: dict[str, Any], hidden_channels: Collection[int]
) -> None:
    """Though the store knows its picture; nothing is downloaded, and its requester gets the files."""
    room = Room(image_processor)
    room.store.jobs[700] = job(claim_id=9, place=replace(place(), **where))
    asks = viewer(MINH, hidden_channels=hidden_channels)
    for fetch in (
        room.results.fetch_originals(PARENT, place(), asks),
        room.results.fetch_grid_pictures(PARENT, {1}, place(), asks),
        room.results.fetch_originals("404", place(), asks),
    ):
        with pytest.raises(TaskUnknown):
            await fetch
    assert [request.ids for request in room.relay.requests] == [(UNUSED_TASK_ID,)] * 2 + [("404",)]
    assert room.source.asked == []
    assert (await room.results.fetch_originals(PARENT, place(), viewer())).pictures
