"""The client against the table of endpoints that new-api relays, `tests/data/endpoints.json`."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.errors import ActionUnsupported
from bot.midjourney.request_options import Dimensions, Motion, Speed
from bot.relay.client import RelayClient
from bot.relay.requests import (
    Blend,
    Change,
    Describe,
    Edits,
    Extend,
    Imagine,
    PressButton,
    Shorten,
    SubmitModal,
    SubmitRequest,
    SwapFaces,
    Video,
)
from tests.fakes.socket_relay import KEY, Slept, relay
from tests.recordings import recorded

TABLE = json.loads((Path(__file__).parents[2] / "data" / "endpoints.json").read_text(encoding="utf-8"))
RELAYED = {f"{row['method']} {row['path']}" for row in TABLE if row["relayed"] in {"always", "since mid-2025"}}
PNG, JPEG, WEBP = b"\x89PNG-one", b"\xff\xd8-two", b"RIFF????WEBP"
AS_PNG, AS_JPEG = "data:image/png;base64,iVBORy1vbmU=", "data:image/jpeg;base64,/9gtdHdv"
AS_WEBP = "data:image/webp;base64,UklGRj8/Pz9XRUJQ"
TASK, SUBMITTED = "14_fetch_imagine_success_grid", "01_submit_imagine_ok"
NO_TASKS = web.Response(body=b"[]")


@dataclass(frozen=True)
class Row:
    """An endpoint of the table, a call that must reach it, the JSON that must arrive, and the response."""

    endpoint: str
    call: Callable[[RelayClient], Awaitable[object]]
    body: dict[str, Any] | None
    answer: str | web.Response = SUBMITTED


def _order(order: SubmitRequest, **body: object) -> Row:
    return Row(f"POST {order.path}", lambda api: api.submit(order, state="s"), {**body, "state": "s"})


ROWS = [
    _order(Imagine(prompt="a pig"), botType="MID_JOURNEY", prompt="a pig"),
    _order(
        Imagine(prompt="a pig", pictures=(PNG, JPEG)),
        botType="MID_JOURNEY",
        prompt="a pig",
        base64Array=[AS_PNG, AS_JPEG],
    ),
    _order(
        Blend(pictures=(PNG, WEBP), dimensions=Dimensions.PORTRAIT),
        botType="MID_JOURNEY",
        base64Array=[AS_PNG, AS_WEBP],
        dimensions="PORTRAIT",
    ),
    _order(Describe(picture=JPEG), botType="MID_JOURNEY", base64=AS_JPEG),
    _order(Describe(picture="https://a.test/b.png"), botType="MID_JOURNEY", link="https://a.test/b.png"),
    _order(Shorten(prompt="a very pink pig"), botType="MID_JOURNEY", prompt="a very pink pig"),
    _order(Change(task_id="5", action="UPSCALE", index=2), taskId="5", action="UPSCALE", index=2),
    _order(Change(task_id="5", action="REROLL", index=0), taskId="5", action="REROLL", index=1),
    _order(
        PressButton(task_id="5", custom_id="MJ::JOB::upsample::2::u"),
        taskId="5",
        customId="MJ::JOB::upsample::2::u",
        chooseSameChannel=True,
    ),
    _order(SubmitModal(task_id="5", prompt="a cat — 猫 \ud800"), taskId="5", prompt="a cat — 猫 \ud800"),
    _order(SubmitModal(task_id="5", prompt="a hat", mask=PNG), taskId="5", prompt="a hat", maskBase64=AS_PNG),
    _order(SwapFaces(source=PNG, target=JPEG), sourceBase64=AS_PNG, targetBase64=AS_JPEG),
    _order(Video(prompt="waves", image=PNG), prompt="waves", image=AS_PNG, motion="low"),
    _order(
        Video(prompt="", image="https://a.test/b.png", motion=Motion.HIGH, end_image=JPEG, loop=True, batch_size=2),
        prompt="",
        image="https://a.test/b.png",
        motion="high",
        endImage=AS_JPEG,
        loop=True,
        batchSize=2,
    ),
    _order(
        Extend(task_id="5", index=3, motion=Motion.HIGH),
        prompt="",
        motion="high",
        action="extend",
        taskId="5",
        index=3,
    ),
    _order(Edits(prompt="at night", image=PNG), prompt="at night", image=AS_PNG),
    Row(
        "POST /mj/submit/upload-discord-images",
        lambda api: api.upload_images([PNG, JPEG]),
        {"base64Array": [AS_PNG, AS_JPEG]},
        "47_upload_discord_images_ok",
    ),
    Row("GET /mj/task/{id}/fetch", lambda api: api.fetch_task("5"), None, TASK),
    Row("POST /mj/task/list-by-condition", lambda api: api.fetch_tasks(["5", "6"]), {"ids": ["5", "6"]}, NO_TASKS),
    Row("GET /mj/task/{id}/image-seed", lambda api: api.fetch_seed("5"), None, "46_image_seed_ok"),
]


def test_every_relayed_endpoint_has_a_row() -> None:
    """The client has a method for each endpoint that new-api relays; pictures are the downloader's."""
    assert RELAYED == {row.endpoint for row in ROWS} | {"GET /mj/image/{id}"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.endpoint)
async def test_each_endpoint_is_called_as_the_table_says(row: Row) -> None:
    async with relay(row.answer) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        assert await row.call(api) is not None
    (seen,) = it.seen
    assert row.endpoint.replace("{id}", "5") == f"{seen.method} {seen.path}"
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    if row.body is None:
        assert ("", False) == (seen.body, "Content-Type" in seen.headers)
    else:
        assert row.body == json.loads(seen.body)
        assert seen.headers["Content-Type"] == "application/json"
        assert seen.headers["Content-Length"] == str(len(seen.body.encode()))


@pytest.mark.parametrize("speed", Speed)
async def test_speed_is_a_prefix_of_the_path(speed: Speed) -> None:
    async with relay(SUBMITTED) as it, RelayClient.open(f"{it.url}/v2", KEY, sleep=Slept()) as api:
        await api.submit(Imagine(prompt="a pig"), state="s", speed=speed)
        await api.submit(Imagine(prompt="a pig"), state="s")
    assert [seen.path for seen in it.seen] == [f"/v2/mj-{speed}/mj/submit/imagine", "/v2/mj/submit/imagine"]


async def test_web_page_for_a_speed_means_unsupported() -> None:
    """The prefixed path is another path than the one that has responded."""
    page = web.Response(text="<!doctype html>")
    async with relay(SUBMITTED, page, page, SUBMITTED) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        await api.submit(Imagine(prompt="a pig"), state="s")
        with pytest.raises(ActionUnsupported):
            await api.submit(Imagine(prompt="a pig"), state="s", speed=Speed.FAST)
        assert (await api.submit(Imagine(prompt="a pig"), state="s")).result == recorded(SUBMITTED).body["result"]
