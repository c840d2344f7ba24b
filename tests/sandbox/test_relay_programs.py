"""The sandbox's relay as each relay software: its answers against those that were recorded from the real programs."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.relay import PROFILES, Key, RelaySettings, find_profile
from sandbox.relay.profiles import KEYS
from tests.sandbox.relay_caller import png
from tests.sandbox.relay_program_caller import OF_2025, OF_2026, PROMPT, PROXY, Asker, Got, asking

FOLDER = Path(__file__).parents[1] / "data" / "relay" / "real"
ID = "1754300000123417"


def recorded(name: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((FOLDER / f"{name}.json").read_text())["response"]


async def _after_form(asker: Asker, *, seconds: float = 31) -> str:
    """Send a Custom Zoom's form, and wait until the second row is finished."""
    single = asker.relay.add_task("single", prompt="a barn --v 7")
    button = next(b for b in (await asker.task(single))["buttons"] if "CustomZoom" in b["customId"])
    opened = await asker.sent("submit/action", taskId=single, customId=button["customId"], state="mjbot:1")
    assert opened.json["code"] == 21
    task_id: str = opened.json["result"]
    form = {"taskId": task_id, "prompt": "a barn at sea --zoom 1.7 --v 7", "state": "mjbot:1"}
    assert (await asker.sent("submit/modal", **form)).json["code"] == 1
    asker.clock.time += seconds
    return task_id


async def _panic(asker: Asker) -> Got:
    return await asker.sent("submit/action", taskId=await asker.grid(), customId="U1")


async def _wrong_key(asker: Asker) -> Got:
    return await asker.ask("GET", f"/mj/task/{ID}/fetch", Authorization="Bearer sk-unknown")


async def _limited_key(asker: Asker) -> Got:
    return await asker.ask("GET", f"/mj/task/{ID}/fetch", Authorization="Bearer sk-models")


async def _cancel(asker: Asker) -> Got:
    return await asker.sent("task/1795858281024001/cancel")


async def _seed(asker: Asker) -> Got:
    return await asker.ask("GET", f"/mj/task/{await asker.grid()}/image-seed")


async def _unknown_action(asker: Asker) -> Got:
    custom_id = "MJ::BOOKMARK::1a5a36ff-2ec8-4fb8-a9f8-b294f1e261e2"
    return await asker.sent("submit/action", taskId=await asker.grid(), customId=custom_id)


async def _usage(asker: Asker) -> Got:
    return await asker.ask("GET", "/api/usage/token/", Authorization="Bearer sk-empty")


async def _first_row(asker: Asker) -> Got:
    return await asker.ask("GET", f"/mj/task/{await _after_form(asker)}/fetch")


async def _image(asker: Asker) -> Got:
    return await asker.ask("GET", f"/mj/image/{await _after_form(asker)}")


async def _both_rows(asker: Asker) -> Got:
    return await asker.sent("task/list-by-condition", ids=[await _after_form(asker)])


async def _secret_missing(asker: Asker) -> Got:
    return await asker.ask("GET", f"/mj/task/{ID}/fetch", Authorization="Bearer sk-sandbox")


async def _upstream_401(asker: Asker) -> Got:
    grid = await asker.grid()
    asker.relay.upstream = "refuses"
    button = "MJ::JOB::upsample::2::x"
    return await asker.sent("submit/action", taskId=grid, customId=button)


async def _queued(asker: Asker, count: int) -> Got:
    for _ in range(count - 1):
        await asker.sent("submit/imagine", prompt=PROMPT)
    return await asker.sent("submit/imagine", prompt=PROMPT)


async def _waiting(asker: Asker) -> Got:
    for _ in range(3):
        await asker.imagined()
    return await asker.ask("GET", f"/mj/task/{await asker.imagined('fox number 1')}/fetch")


async def _changed(asker: Asker, *, seconds: float) -> tuple[str, Got]:
    grid = await asker.grid()
    change = {"taskId": grid, "action": "UPSCALE", "index": 3, "state": "mjbot:1"}
    first = await asker.sent("submit/change", **change)
    asker.clock.time += seconds
    again = await asker.sent("submit/change", **change)
    return str(first.json["result"]), again


async def _upscaled(asker: Asker) -> Got:
    task_id, _ = await _changed(asker, seconds=40)
    return await asker.ask("GET", f"/mj/task/{task_id}/fetch")


async def _described(asker: Asker) -> Got:
    answer = await asker.sent("submit/describe", base64=png(), state="mjbot:1")
    asker.clock.time += 40
    return await asker.ask("GET", f"/mj/task/{answer.json['result']}/fetch")


async def _failed(asker: Asker) -> Got:
    task_id = await asker.imagined("a fox --ar banana")
    asker.clock.time += 40
    return await asker.ask("GET", f"/mj/task/{task_id}/fetch")


async def _begun(asker: Asker) -> Got:
    answer = await asker.sent("submit/imagine", prompt="elsewhere 0")
    asker.clock.time += 20 / 7 + 0.1
    return await asker.ask("GET", f"/mj/task/{answer.json['result']}/fetch")


async def _finished(asker: Asker) -> Got:
    return await asker.ask("GET", f"/mj/task/{await asker.grid('a red fox in snow --ar 3:2')}/fetch")


async def _banned(asker: Asker) -> Got:
    return await asker.sent("submit/imagine", prompt="a gore fox")


async def _exists(asker: Asker) -> Got:
    return (await _changed(asker, seconds=4))[1]


async def _no_action(asker: Asker) -> Got:
    return await asker.sent("submit/action", taskId=ID)


async def _no_prefix(asker: Asker) -> Got:
    return await asker.ask("POST", "/mj-fast/mj/submit/action", {})


async def _unknown(asker: Asker) -> Got:
    return await asker.ask("GET", "/mj/task/1000000000000000/fetch")


async def _unknown_list(asker: Asker) -> Got:
    return await asker.sent("task/list-by-condition", ids=["1000000000000000"])


Scene = tuple[str, dict[str, Any], Callable[[Asker], Awaitable[Got]]]

SCENES: dict[str, Scene] = {
    "2025_panic_two_objects": (OF_2025, {}, _panic),
    "2026_cancel_404": (OF_2026, {}, _cancel),
    "2026_key_refused_any_reason": (OF_2026, {}, _wrong_key),
    "2026_model_limits_on_fetch": (OF_2026, {}, _limited_key),
    "2026_seed_code5": (OF_2026, {}, _seed),
    "2026_unknown_action": (OF_2026, {}, _unknown_action),
    "2026_usage_token_exhausted": (OF_2026, {}, _usage),
    "fetch_after_modal_first_row": (OF_2025, {"refresh_seconds": 15}, _first_row),
    "image_of_unfinished_first_row": (OF_2026, {}, _image),
    "modal_two_rows_list": (OF_2025, {"image_host": "localhost:3000"}, _both_rows),
    "nov_401_empty": (PROXY, {"requires_key": True}, _secret_missing),
    "nov_action_404": (PROXY, {}, _no_action),
    "nov_change_21_running": (PROXY, {"recognizes_repeats": True}, _exists),
    "nov_describe_success": (PROXY, {}, _described),
    "nov_failure_discord_401": (PROXY, {}, _failed),
    "nov_imagine_success": (PROXY, {}, _finished),
    "nov_list_unknown": (PROXY, {}, _unknown_list),
    "nov_not_start_in_queue": (PROXY, {}, _waiting),
    "nov_progress_words": (PROXY, {}, _begun),
    "nov_seed_404": (PROXY, {}, _seed),
    "nov_speed_prefix_404": (PROXY, {}, _no_prefix),
    "nov_submit_22": (PROXY, {}, lambda asker: _queued(asker, 5)),
    "nov_submit_23": (PROXY, {}, lambda asker: _queued(asker, 14)),
    "nov_submit_24": (PROXY, {}, _banned),
    "nov_unknown_200_empty": (PROXY, {}, _unknown),
    "nov_upscale_success": (PROXY, {}, _upscaled),
    "onehub_401": ("onehub", {}, _secret_missing),
    "upstream_secret_wrong_401": (OF_2026, {}, _upstream_401),
}
"""How each recorded answer is had from the sandbox."""

_ANY = re.compile(
    r"(id|result|timestamp|path|nonce|message(Id|Hash)|progressMessageId|referencedMessageId|imageUrl|state"
    r"|prompt(En)?|description|finalPrompt|failReason|\w+Time|bannedWord)"
)
"""The fields whose values are another run's; that they are there, in order and of that type, is compared."""
_SAID = frozenset({"code", "status", "progress", "action", "buttons", "error", "message", "type", "numberOfQueues"})


def _like(seen: Any, wanted: Any, where: str = "") -> None:  # noqa: ANN401 - JSON
    """Hold an answer against a recorded one: fields, order, types, and the values that are no run's own."""
    name = where.rpartition(".")[2]
    if isinstance(wanted, dict):
        assert isinstance(seen, dict), where
        assert list(seen) == list(wanted) or name == "body", (where, list(seen), list(wanted))
        assert seen.keys() == wanted.keys(), (where, seen.keys() ^ wanted.keys())
        for field, value in wanted.items():
            _like(seen[field], value, f"{where}.{field}")
    elif isinstance(wanted, list) and name == "buttons":
        assert isinstance(seen, list), where
    elif isinstance(wanted, list):
        assert isinstance(seen, list), (where, seen)
        assert len(seen) == len(wanted), (where, seen)
        for number, value in enumerate(wanted):
            _like(seen[number], value, f"{where}[{number}]")
    else:
        assert type(seen) is type(wanted), (where, seen, wanted)
        if not _ANY.fullmatch(name) or name in _SAID:
            assert _plain(seen) == _plain(wanted), where


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    return re.sub(r" \(request id: \w+\)", "", value) if isinstance(value, str) else value


def test_every_recording_has_a_scene() -> None:
    """A recording that is added wants a scene here."""
    assert SCENES.keys() == {path.stem for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("name", SCENES)
async def test_the_sandbox_answers_as_was_recorded(name: str) -> None:
    """Status, Content-Type, fields, their order, their types and their words are those of the real program."""
    software, changed, scene = SCENES[name]
    wanted = recorded(name)
    async with asking(software, **changed) as asker:
        got = await scene(asker)
    assert (got.status, got.kind) == (wanted["status"], wanted["content_type"])
    body = wanted.get("body", wanted.get("body_text"))
    if isinstance(body, str):
        assert _plain(got.text) == _plain(body)
    else:
        _like(got.json, body, "body")


@pytest.mark.parametrize("name", PROFILES)
async def test_every_profile_draws_a_prompt(name: str) -> None:
    """The path from a submit to a picture, with both headers sent."""
    async with asking(name) as asker:
        task = await asker.task(await asker.grid())
        assert (task["status"], task["progress"], task["state"]) == ("SUCCESS", "100%", "mjbot:1")
        assert ("buttons" in task) is (name != PROXY)
        async with asker.session.get(task["imageUrl"]) as answer:
            assert (answer.status, answer.content_type) == (200, "image/png")


@pytest.mark.parametrize(
    ("name", "header", "status"),
    [
        *((name, "Authorization", 200) for name in (OF_2025, OF_2026)),
        *((name, "mj-api-secret", 200) for name in (OF_2025, OF_2026)),
        ("onehub", "Authorization", 401),
        ("onehub", "mj-api-secret", 200),
        (PROXY, "Authorization", 401),
        (PROXY, "mj-api-secret", 200),
    ],
)
async def test_which_header_is_read(name: str, header: str, status: int) -> None:
    """new-api reads both, one-hub and a proxy with a secret only the one of Midjourney's own."""
    async with asking(name, requires_key=True) as asker:
        value = "Bearer sk-sandbox" if header == "Authorization" else "sk-sandbox"
        answer = await asker.ask("POST", "/mj/submit/imagine", {"prompt": PROMPT}, **{header: value})
        assert answer.status == status


async def test_the_other_header_counts_only_where_authorization_is_missing() -> None:
    """new-api takes what stands in Authorization, however wrong, but for the proxy's own name."""
    async with asking(OF_2026) as asker:
        wrong = {"Authorization": "Bearer sk-unknown", "mj-api-secret": "sk-sandbox"}
        assert (await asker.ask("GET", f"/mj/task/{ID}/fetch", **wrong)).status == 401
        named = {"Authorization": "midjourney-proxy", "mj-api-secret": "sk-sandbox"}
        assert (await asker.ask("GET", f"/mj/task/{ID}/fetch", **named)).status == 400


async def test_headers_of_each_software() -> None:
    """Support asks for the id, and the version tells which software it is."""
    for name, wanted in ((OF_2025, 1), (OF_2026, 2), (PROXY, 0)):
        async with asking(name) as asker:
            headers = (await asker.ask("GET", f"/mj/task/{ID}/fetch")).headers
            assert sum(header in headers for header in ("X-Oneapi-Request-Id", "X-New-Api-Version")) == wanted, name


async def test_unknown_paths() -> None:
    """A page of the console, or JSON; a proxy has neither buttons nor seeds nor an image route."""
    async with asking(OF_2025) as asker:
        for path in ("task/1/cancel", "submit/video", "submit/edits"):
            answer = await asker.sent(path)
            assert (answer.status, answer.kind) == (200, "text/html; charset=utf-8")
        assert (await asker.ask("GET", "/api/usage/token/")).status == 404
    async with asking(OF_2026) as asker:
        assert (await asker.sent("task/1/cancel")).json["error"]["message"] == "Invalid URL (POST /mj/task/1/cancel)"
    async with asking(PROXY) as asker:
        for path in ("action", "modal", "shorten", "video", "edits", "upload-discord-images"):
            assert (await asker.sent(f"submit/{path}")).status == 404
        assert (await asker.ask("GET", f"/mj/image/{await asker.grid()}")).status == 404


async def test_the_console_of_2025_is_limited_by_address() -> None:
    """After sixty of its pages in three minutes the answer to an unknown path is 429, without a word."""
    async with asking(OF_2025) as asker:
        told = [(await asker.sent("submit/video")).status for _ in range(61)]
    assert told == [*[200] * 60, 429]


async def test_a_custom_id_without_parts_closes_the_connection() -> None:
    """new-api of 2026 gives no answer at all."""
    async with asking(OF_2026) as asker:
        grid = await asker.grid()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await asker.sent("submit/action", taskId=grid, customId="U1")


async def test_the_first_row_lags_for_as_many_turns_as_it_is_told() -> None:
    """Until then the fetch says that it waits, the image route has no picture, and a press finds no success."""
    async with asking(OF_2026, refresh_seconds=10, lag_ticks=13) as asker:
        task_id = await _after_form(asker, seconds=40)
        for _ in range(2):
            assert (await asker.task(task_id))["status"] == ""
            assert (await asker.ask("GET", f"/mj/image/{task_id}")).status == 500
            pressed = await asker.sent("submit/action", taskId=task_id, customId="MJ::JOB::upsample::1::x")
            assert (pressed.status, pressed.json["description"]) == (400, "task_status_not_success ")
            rows = (await asker.sent("task/list-by-condition", ids=[task_id])).json
            assert [row["status"] for row in rows] == ["", "SUCCESS"]
            asker.clock.time += 80
        asker.clock.time += 10
        assert (await asker.task(task_id))["status"] == "SUCCESS"
        assert (await asker.ask("GET", f"/mj/image/{task_id}")).status == 200


async def test_21_and_22_are_rewritten_as_text() -> None:
    """Only the two windows that new-api knows keep 21; what an upstream writes with blanks passes unchanged."""
    for blanks, codes in ((False, [21, 1, 1]), (True, [21, 21, 22])):
        async with asking(OF_2025, has_remix=True, max_running=1, spaces_json=blanks) as asker:
            single, grid = asker.relay.add_task("single"), asker.relay.add_task("grid")
            seen = []
            for task_id, word in ((single, "CustomZoom"), (grid, "variation::1")):
                button = next(b for b in (await asker.task(task_id))["buttons"] if word in b["customId"])
                seen.append(await asker.sent("submit/action", taskId=task_id, customId=button["customId"]))
            await asker.imagined()
            seen.append(await asker.sent("submit/imagine", prompt=PROMPT))
            assert [answer.json["code"] for answer in seen] == codes
            assert "前面还有1个任务" in seen[-1].text


async def test_a_seed_of_2025() -> None:
    """It works there, and nowhere else."""
    async with asking(OF_2025) as asker:
        assert (await _seed(asker)).json["code"] == 1


async def test_an_upstream_that_cannot_be_reached() -> None:
    """Code 5, no row, no bill."""
    async with asking(OF_2025) as asker:
        asker.relay.upstream = "unreachable"
        answer = await asker.sent("submit/imagine", prompt=PROMPT)
        assert (answer.status, answer.json["code"], answer.json["description"]) == (400, 5, "do_request_failed ")
        assert asker.relay.submits == []
        asker.relay.upstream = "up"
        assert await asker.imagined()


async def test_routes_that_a_program_lacks() -> None:
    """A model without a channel, in the words of each year."""
    for name, words in (
        (OF_2025, "当前分组 default 下对于模型 mj_imagine 无可用渠道"),
        (OF_2026, "No available channel for model mj_imagine under group default (distributor)"),
    ):
        async with asking(name, missing_models=frozenset({"mj_imagine"})) as asker:
            answer = await asker.sent("submit/imagine", prompt=PROMPT)
            assert (answer.status, _plain(answer.json["error"]["message"])) == (503, words)
            asker.relay.refuse("imagine", "no channel")
            assert (await asker.sent("submit/imagine", prompt=PROMPT)).text.startswith('{"error":{')


async def test_a_proxy_changes_grids_and_nothing_else() -> None:
    """U, V and R on grids of imagine, variation, reroll and blend; an index is wanted but for R."""
    async with asking(PROXY) as asker:
        grid = await asker.grid()
        made: dict[str, str] = {}
        for action, index in (("UPSCALE", 1), ("VARIATION", 2), ("REROLL", None)):
            body = {"taskId": grid, "action": action} | ({} if index is None else {"index": index})
            made[action] = (await asker.sent("submit/change", **body)).json["result"]
            asker.clock.time += 40
        answer = await asker.sent("submit/change", taskId=made["UPSCALE"], action="UPSCALE", index=1)
        assert (answer.json["code"], answer.json["description"]) == (4, "关联任务不允许执行变化")
        assert (await asker.sent("submit/simple-change", content=f"{made['VARIATION']} U4")).json["code"] == 1
        assert (await asker.sent("submit/simple-change", content=f"{made['REROLL']} R")).json["code"] == 1
        unknown = await asker.sent("submit/change", taskId=ID, action="REROLL")
        assert (unknown.json["code"], unknown.json["description"]) == (3, "关联任务不存在或已失效")
        assert (await asker.sent("submit/change", taskId=grid, action="UPSCALE")).status == 500
        assert (await asker.sent("submit/change", taskId=grid, action="ZOOM", index=1)).status == 400
        async with asker.session.post(
            f"{asker.relay.url}/mj/submit/imagine", data=b"{", headers={"Content-Type": "application/json"}
        ) as broken:
            assert (broken.status, (await broken.json())["error"]) == (400, "Bad Request")
        assert (await asker.task(made["REROLL"]))["description"] == f"/up {grid} R"


async def test_a_proxy_queues_loses_its_account_and_forgets_tasks() -> None:
    """Code 1 although queued, until others wait; then 22 and 23; without an account 3; after a restart nothing."""
    async with asking(PROXY, max_running=1, queue_size=2) as asker:
        codes = [(await asker.sent("submit/imagine", prompt=PROMPT)).json["code"] for _ in range(4)]
        assert codes == [1, 1, 22, 23]
        listed = (await asker.ask("GET", "/mj/task/list")).json
        assert [task["status"] for task in listed] == ["SUBMITTED", "NOT_START", "NOT_START"]
        assert len((await asker.ask("GET", "/mj/task/queue")).json) == 3
        asker.relay.lose_account()
        asker.clock.time += 4000
        first = listed[0]["id"]
        assert [(await asker.task(first))[name] for name in ("status", "progress")] == ["SUBMITTED", "0%"]
        refused = await asker.sent("submit/imagine", prompt=PROMPT)
        assert (refused.json["code"], refused.json["description"]) == (3, "无可用的账号实例")
        asker.relay.restart()
        assert (await asker.ask("GET", f"/mj/task/{first}/fetch")).text == ""
        assert (await asker.ask("GET", "/mj/task/list")).json == []
        assert (await asker.sent("submit/imagine", prompt=PROMPT)).json["code"] == 1


async def test_a_proxy_lists_what_runs_first_and_takes_numbers() -> None:
    """Each id once, numbers too."""
    async with asking(PROXY) as asker:
        old, new = await asker.grid(), await asker.imagined()
        ids = [int(old), new, new]
        assert [task["id"] for task in (await asker.sent("task/list-by-condition", ids=ids)).json] == [new, old]


async def test_a_proxy_puts_the_links_of_pictures_before_the_prompt() -> None:
    """And a blend has only the links that Midjourney makes."""
    async with asking(PROXY) as asker:
        answer = await asker.sent("submit/imagine", prompt=PROMPT, base64Array=[png()])
        asker.clock.time += 40
        task = await asker.task(answer.json["result"])
        assert re.fullmatch(r"http://\S+/attachments/\S+\.png\?\S+ a fox", task["prompt"])
        answer = await asker.sent("submit/blend", base64Array=[png(), png(colour="red")])
        assert (await asker.task(answer.json["result"]))["prompt"] is None
        asker.clock.time += 40
        task = await asker.task(answer.json["result"])
        assert re.fullmatch(r"<https://s\.mj\.run/\w+> <https://s\.mj\.run/\w+>", task["prompt"])


def test_an_unknown_profile() -> None:
    """The message lists what there is."""
    with pytest.raises(ValueError, match="newapi-2025, newapi-2026, onehub, midjourney-proxy"):
        find_profile("newapi-2024")
    assert {key.name for key in KEYS} >= {"limited", "tiny", "empty", "expired", "models", "svip", "stranger"}
    assert RelaySettings().keys == ()
    assert Key(value="sk-x").quota is None
