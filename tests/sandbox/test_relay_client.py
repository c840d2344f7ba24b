"""The sandbox's relay and the real client: every endpoint is answered, and every refusal is understood."""

import json
from pathlib import Path

import pytest

from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    NoAccountAvailable,
    PromptBanned,
    QueueFull,
    RelayBusy,
    RelayError,
    SubmitOutcomeUnknown,
)
from bot.midjourney.request_options import Dimensions, Speed
from bot.midjourney.task import Status
from bot.midjourney.text_results import parse_describe_result, parse_shorten_result
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
from sandbox.pictures import compose_shots, render_picture
from sandbox.relay import RelaySettings
from sandbox.relay.submits.refusals import REFUSALS, Refusal
from tests.sandbox.relay_caller import Caller, calling

TABLE = json.loads((Path(__file__).parents[1] / "data" / "endpoints.json").read_text(encoding="utf-8"))
RELAYED = [row for row in TABLE if row["relayed"] in {"always", "since mid-2025"}]
PIG, FOX = (render_picture(compose_shots(prompt, "seed")[:1], 64) for prompt in ("a pig", "a fox"))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['method']} {row['path']}")
async def test_a_path_is_known_where_new_api_knows_it(caller: Caller, row: dict[str, str]) -> None:
    """What new-api relays is answered in its own words, what it does not with the console."""
    path = row["path"].replace("{id}", caller.relay.add_task("grid"))
    _, kind, text = await (caller.get(path) if row["method"] == "GET" else caller.post(path, {}))
    assert (kind == "text/html; charset=utf-8") is (row not in RELAYED and row["relayed"] != "broken"), text


@pytest.mark.parametrize("row", RELAYED, ids=lambda row: row["path"])
async def test_a_build_may_lack_any_route(row: dict[str, str]) -> None:
    """Switched off, a route is the console's, with status 200."""
    routes = {
        "upload-discord-images": "upload",
        "list-by-condition": "list",
        "image-seed": "seed",
    }
    name = row["path"].replace("/{id}", "").rpartition("/")[2]
    async with calling(RelaySettings(missing_routes=frozenset({routes.get(name, name)}))) as caller:
        path = row["path"].replace("{id}", caller.relay.add_task("grid"))
        status, kind, _ = await (caller.get(path) if row["method"] == "GET" else caller.post(path, {}))
    assert (status, kind) == (200, "text/html; charset=utf-8")


async def test_every_request_is_drawn(caller: Caller) -> None:
    """What the client sends is what the relay takes: each becomes a task that succeeds, under its state."""
    grid, video = caller.relay.add_task("grid"), caller.relay.add_task("video")
    async with RelayClient.open(caller.relay.url, "sk-sandbox") as api:
        upscale = (await api.fetch_task(grid)).buttons[1].custom_id
        single = await api.fetch_task(caller.relay.add_task("single"))
        region = next(button.custom_id for button in single.buttons if "Inpaint" in button.custom_id)
        window = (await api.submit(PressButton(task_id=single.id, custom_id=region), state="w")).result
        orders: list[SubmitRequest] = [
            Imagine(prompt="a pig"),
            Imagine(prompt="a pig", pictures=(PIG, FOX)),
            Blend(pictures=(PIG, FOX), dimensions=Dimensions.LANDSCAPE),
            Describe(picture=PIG),
            Shorten(prompt="a very pink pig"),
            Change(task_id=grid, action="REROLL"),
            PressButton(task_id=grid, custom_id=upscale),
            SubmitModal(task_id=window, prompt="a hat", mask=PIG),
            SwapFaces(source=PIG, target=FOX),
            Video(prompt="waves", image=PIG, end_image=FOX),
            Extend(task_id=video, index=2),
            Edits(prompt="at night", image=PIG),
        ]
        told = [await api.submit(order, state=f"claim {n}", speed=Speed.FAST) for n, order in enumerate(orders)]
        assert all(one.is_accepted for one in told)
        caller.clock.time += 21
        tasks = await api.fetch_tasks([one.result for one in told])
        assert {Status.SUCCESS} == {task.status for task in tasks.values()}
        states = [tasks[one.result].state for one in told]
        assert states == ["w" if isinstance(order, SubmitModal) else f"claim {n}" for n, order in enumerate(orders)]
        assert (await api.fetch_seed(told[0].result)).isdecimal()
        assert len(await api.upload_images([PIG, FOX])) == 2
    assert {"/mj-fast"} == {one.path[:8] for one in caller.relay.submits[:-1]}


REFUSED: dict[Refusal, type[RelayError]] = {
    "queue full": QueueFull,
    "no account": NoAccountAvailable,
    "banned": PromptBanned,
    "saturated": RelayBusy,
    "unknown action": ActionUnsupported,
    "no channel": ActionUnsupported,
    "no route": ActionUnsupported,
    "quota": BalanceExhausted,
    "key spent": BalanceExhausted,
    "lost": SubmitOutcomeUnknown,
    "panic": SubmitOutcomeUnknown,  # only the parser of customIds is known to panic before anything is sent
    "bad gateway": SubmitOutcomeUnknown,
}


def test_every_refusal_is_expected() -> None:
    """None is forgotten here."""
    assert REFUSALS.keys() == REFUSED.keys()


@pytest.mark.parametrize("why", REFUSED)
async def test_refused_and_then_accepted(caller: Caller, why: Refusal) -> None:
    """A refusal costs nothing and is told as what it is; then the same submit is taken."""
    caller.relay.refuse("imagine", why, times=2)
    async with RelayClient.open(caller.relay.url, "sk-sandbox") as api:

        async def send() -> object:
            return await api.submit(Imagine(prompt="a pig"), state="s")

        for _ in range(2):
            with pytest.raises(REFUSED[why]):
                await send()
        assert caller.relay.submits == []
        await send()
    assert len(caller.relay.submits) == 1


async def test_describe_and_shorten_results_are_parsed(caller: Caller) -> None:
    """Four prompts of a picture and five of a prompt, as the bot offers them."""
    async with RelayClient.open(caller.relay.url, "sk-sandbox") as api:
        read = await api.submit(Describe(picture=PIG), state="s")
        short = await api.submit(Shorten(prompt="a highly detailed fox in snow, watercolor"), state="s")
        caller.clock.time += 21
        tasks = await api.fetch_tasks([read.result, short.result])
    assert len(parse_describe_result(tasks[read.result].text_result)) == 4
    told = parse_shorten_result(tasks[short.result].text_result)
    assert len(told.prompts) == 5
    assert {"fox", "snow", "watercolor"} <= {word.text for word in told.words}
