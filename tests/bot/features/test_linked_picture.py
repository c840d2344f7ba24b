"""Linked pictures, and those links that name a picture of a task at the relay."""

from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.entities import Person
from bot.errors import PictureError, PictureGone, UploadNotFound
from bot.features.linked_picture import LinkedPictures
from bot.imaging.downloads.downloader import PictureDownloader
from bot.midjourney.task_ids import UNUSED_TASK_ID
from bot.policy.task_privacy import TaskPrivacy
from tests.fakes.sample_entities import LIEN, MINH, PARENT, job, place, viewer
from tests.fakes.sample_rows import NOON
from tests.fakes.store import FakeStore

RELAY = "http://relay.internal:3000"


class FakeDownloader(PictureDownloader):
    """Downloads nothing, but says which links it was asked for; only the unused id has no picture."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        super().__init__(session, f"{RELAY}/relay")
        self.asked: list[str] = []

    async def download_bytes(self, url: str, *, is_user_supplied: bool = False) -> bytes:
        """Return some bytes."""
        assert is_user_supplied
        self.asked.append(url)
        if UNUSED_TASK_ID in url:
            failure: PictureError = PictureGone(url)
            raise failure
        return b"picture"


async def read(url: str, person: Person, **where: Any) -> tuple[bytes | str, list[str]]:  # noqa: ANN401 (fields of a place)
    """Read a link while the store knows a task there; return the picture, or the link that the error names."""
    store = FakeStore(lambda: NOON)
    store.jobs[700] = job(claim_id=9, place=replace(place(), **where))
    async with aiohttp.ClientSession() as session:
        downloader = FakeDownloader(session)
        picture = LinkedPictures(downloader, TaskPrivacy(store)).get_picture(url, viewer(person))
        assert picture.name == url
        try:
            return await picture.read(), downloader.asked
        except UploadNotFound as error:
            return error.name, downloader.asked
        finally:
            await downloader.close()


@pytest.mark.parametrize("path", ["/mj/image/{}", "/relay/mj/image/{}", "/mj/image/{}?size=big", "/mj/image/{}#top"])
@pytest.mark.parametrize("where", [{"ephemeral": True}, {"guild_id": 66}])
async def test_a_link_to_a_hidden_task_finds_no_picture(path: str, where: dict[str, Any]) -> None:
    """As for a task that does not exist; its requester may use it."""
    url = RELAY + path.format(PARENT)
    assert await read(url, MINH, **where) == (url, [RELAY + path.format(UNUSED_TASK_ID)])
    assert await read(url, LIEN, **where) == (b"picture", [url])
    assert await read(url, MINH) == (b"picture", [url])


async def test_an_encoded_id_is_hidden_too() -> None:
    """The relay would decode it."""
    url = f"{RELAY}/mj/image/%31{PARENT[1:]}"
    assert (await read(url, MINH, ephemeral=True))[0] == url
    assert (await read(url, MINH))[0] == b"picture"


@pytest.mark.parametrize(
    "url",
    [
        f"https://cdn.test/mj/image/{PARENT}", f"{RELAY}:80/mj/image/{PARENT}", f"{RELAY}/{PARENT}.png",
        f"http://relay.internal/mj/image/{PARENT}", "not a link", "http://[", "",
    ],
)  # fmt: skip
async def test_other_links_name_no_task(url: str) -> None:
    """What they lead to is for the downloader to judge."""
    async with aiohttp.ClientSession() as session:
        downloader = FakeDownloader(session)
        assert downloader.find_task_id(url) == ""
        await downloader.close()
