"""The sandbox's relay and the addresses of its pictures and clips."""

from __future__ import annotations

import io

from PIL import Image

from sandbox.relay import RelaySettings
from tests.sandbox.relay_caller import Caller, calling, picture


async def test_pictures_need_no_key_and_previews_change_their_address(caller: Caller) -> None:
    """A preview is WebP under a new `rand` each time; the finished picture PNG; after a day it is gone."""
    task_id = caller.relay.add_task("running", age=10)
    first = (await caller.fetch(task_id))["imageUrl"]
    caller.clock.time += 1
    second = (await caller.fetch(task_id))["imageUrl"]
    assert first != second
    assert first.split("?rand=")[0] == second.split("?rand=")[0] == f"{caller.relay.url}/mj/image/{task_id}"
    assert (await caller.session.get(first)).content_type == "image/webp"
    caller.clock.time += 10
    final = (await caller.fetch(task_id))["imageUrl"]
    assert f"{caller.relay.url}/mj/image/{task_id}" == final
    assert (await picture(caller, task_id)).format == "PNG"
    caller.clock.time += 86_500
    gone = await caller.session.get(final)
    assert (gone.status, await gone.json()) == (404, {"error": "This content is no longer available."})
    unknown = await caller.session.get(f"{caller.relay.url}/mj/image/1")
    assert (unknown.status, await unknown.json()) == (400, {"error": "midjourney_task_not_found"})


async def test_the_picture_address_of_an_unconfigured_relay() -> None:
    """`image_host` reproduces pictures at http://localhost:3000."""
    async with calling(RelaySettings(image_host="localhost:3000")) as caller:
        task_id = caller.relay.add_task("grid")
        assert f"http://localhost:3000/mj/image/{task_id}" == (await caller.fetch(task_id))["imageUrl"]


async def test_a_grid_may_list_its_four_pictures() -> None:
    """Each at full size; a relay that only has the grid does not speak of them."""
    async with calling(RelaySettings(image_urls=True)) as caller:
        task = await caller.fetch(task_id := caller.relay.add_task("grid"))
        urls = [row["url"] for row in task["imageUrls"]]
        assert [f"{caller.relay.url}/picture/{task_id}/{number}.png" for number in range(4)] == urls
        async with caller.session.get(urls[3]) as answer:
            assert (answer.content_type, Image.open(io.BytesIO(await answer.read())).size) == ("image/png", (80, 56))
        for path in (f"/picture/{task_id}/4.png", "/picture/1/0.png", f"/video/{task_id}/0.mp4", "/upload/no.png"):
            assert (await caller.session.get(caller.relay.url + path)).status == 404
        assert "imageUrls" not in await caller.fetch(caller.relay.add_task("single"))
        caller.clock.time += 86_500
        assert (await caller.session.get(urls[0])).status == 404
    async with calling() as caller:
        assert "imageUrls" not in await caller.fetch(caller.relay.add_task("grid"))


async def test_clips_and_builds_from_before_them() -> None:
    """MP4 or animated WebP at addresses of their own; an old build has nothing but the picture's address for them."""
    async with calling(RelaySettings(clip_format="webp")) as caller:
        task = await caller.fetch(caller.relay.add_task("video"))
        assert task["videoUrl"].endswith("/0.webp")
        async with caller.session.get(task["videoUrl"]) as answer:
            assert getattr(Image.open(io.BytesIO(await answer.read())), "is_animated", False)
    async with calling(RelaySettings(has_video=False)) as caller:
        task = await caller.fetch(caller.relay.add_task("video"))
        assert not {"videoUrl", "videoUrls"} & task.keys()
        async with caller.session.get(task["imageUrl"]) as answer:
            assert (answer.content_type, (await answer.read())[4:8]) == ("video/mp4", b"ftyp")
