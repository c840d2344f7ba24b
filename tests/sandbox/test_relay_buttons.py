"""The sandbox's relay and Midjourney's buttons: which there are, what each makes, what new-api refuses."""

from __future__ import annotations

import json
import re

import pytest
from PIL import ImageStat

from bot.midjourney.buttons import ButtonKind, resolve_action
from bot.midjourney.task import Task
from sandbox.relay import RelaySettings
from sandbox.relay.tasks.sample_tasks import SampleKind
from tests.sandbox.relay_caller import Caller, calling, picture, png


async def test_an_upscale_gives_one_picture_and_fifteen_buttons(caller: Caller) -> None:
    """U2 is billed once, keeps its parent's prompt, and carries the emoji that is no emoji."""
    task_id = caller.relay.add_task("grid")
    answer = await caller.press(task_id, "upsample::2")
    caller.clock.time += 21
    task = await caller.fetch(answer["result"])
    assert (task["action"], task["prompt"]) == ("UPSCALE", "a lighthouse at dawn --ar 3:2 --v 7")
    assert len(task["buttons"]) == 15
    assert task["buttons"][0]["emoji"] == "upscale_1"
    assert [answer["result"]] == [submit.task_id for submit in caller.relay.submits]


@pytest.mark.parametrize(
    ("word", "action", "count"),
    [
        ("low_variation", "LOW_VARIATION", 9),
        ("high_variation", "HIGH_VARIATION", 9),
        ("Outpaint::50", "ZOOM", 9),
        ("pan_up", "PAN", 9),
        ("2x_creative", "UPSCALE", 9),
    ],
)
async def test_the_buttons_of_a_single_picture_work(caller: Caller, word: str, action: str, count: int) -> None:
    """Each relayed kind ends in a task of new-api's own action name."""
    answer = await caller.press(caller.relay.add_task("single"), word)
    caller.clock.time += 21
    task = await caller.fetch(answer["result"])
    assert (action, "SUCCESS", count) == (task["action"], task["status"], len(task["buttons"]))


@pytest.mark.parametrize(
    ("life", "word"),
    [
        ("single", "animate_high"),
        ("single", "BOOKMARK"),
        ("describe", "PicReader::1"),
        ("describe", "Picread::Retry"),
        ("shorten", "PromptAnalyzer::3"),
        ("video", "video_virtual_upscale"),
    ],
)
async def test_what_new_api_refuses_and_a_patched_relay_does(life: SampleKind, word: str) -> None:
    """Stock, these are HTTP 400 unknown_action and cost nothing; with no refusals they are taken."""
    async with calling() as caller:
        task_id = caller.relay.add_task(life)
        custom_id = next(b["customId"] for b in (await caller.fetch(task_id))["buttons"] if word in b["customId"])
        status, _, text = await caller.post("/mj/submit/action", {"taskId": task_id, "customId": custom_id})
        assert caller.relay.submits == []
    assert status == 400
    assert json.loads(text)["error"]["message"].startswith(f"Invalid request, unknown_action:{custom_id} (")
    async with calling(RelaySettings(refused_actions=frozenset())) as caller:
        answer = await caller.press(caller.relay.add_task(life), word)
    assert answer["code"] == 1


async def test_odd_custom_ids(caller: Caller) -> None:
    """No "::" crashes new-api; a foreign button is refused by the upstream; none at all is a bad request."""
    task_id = caller.relay.add_task("grid")
    status, _, text = await caller.post("/mj/submit/action", {"taskId": task_id, "customId": "U1"})
    assert (status, json.loads(text)["error"]["type"]) == (500, "new_api_panic")
    foreign = await caller.submit("action", taskId=task_id, customId="MJ::JOB::upsample::1::other")
    assert (foreign["code"], foreign["result"]) == (4, None)
    assert (await caller.post("/mj/submit/action", {"taskId": task_id}))[0] == 400
    missing = {"taskId": "1", "customId": "MJ::JOB::upsample::1::other"}
    status, _, text = await caller.post("/mj/submit/action", missing)
    assert (status, json.loads(text)["description"]) == (400, "task_not_found ")


async def test_a_parent_must_have_succeeded(caller: Caller) -> None:
    """A press on an unfinished task is refused by new-api itself."""
    task_id = caller.relay.add_task("running")
    body = {"taskId": task_id, "action": "UPSCALE", "index": 1}
    status, _, text = await caller.post("/mj/submit/change", body)
    assert (status, json.loads(text)["description"]) == (400, "task_status_not_success ")


async def test_change_wants_an_index_even_for_a_reroll(caller: Caller) -> None:
    """Index 0 or absent is refused for every action; with 1 a reroll works."""
    task_id = caller.relay.add_task("grid")
    for body in ({"action": "REROLL"}, {"action": "UPSCALE", "index": 0}):
        status, _, text = await caller.post("/mj/submit/change", {"taskId": task_id, **body})
        assert (status, json.loads(text)["description"]) == (400, "index_is_required ")
    for action in ("REROLL", "UPSCALE", "VARIATION"):
        assert (await caller.submit("change", taskId=task_id, action=action, index=1))["code"] == 1
    assert (await caller.post("/mj/submit/change", {"taskId": task_id}))[0] == 503


async def test_a_model_without_a_channel_is_503() -> None:
    """The button exists, the reseller just does not sell it."""
    async with calling(RelaySettings(missing_models=frozenset({"mj_pan"}))) as caller:
        task_id = caller.relay.add_task("single")
        custom_id = (await caller.fetch(task_id))["buttons"][8]["customId"]
        status, _, text = await caller.post("/mj/submit/action", {"taskId": task_id, "customId": custom_id})
    assert (status, json.loads(text)["error"]["code"]) == (503, "model_not_found")
    assert "mj_pan 无可用渠道" in text


_SINGLE = "upsample_{}_2x_subtle upsample_{}_2x_creative low_variation high_variation Inpaint Outpaint::50 Outpaint::75"
_MORE = "CustomZoom pan_left pan_right pan_up pan_down animate_high animate_low BOOKMARK"
CATALOG: dict[tuple[SampleKind, str], str] = {
    ("single", "a pig --v 7"): f"{_SINGLE.format('v7', 'v7')} {_MORE}",
    ("single", "a pig"): f"{_SINGLE.format('v7', 'v7')} {_MORE}",
    ("single", "a pig --ar 3:2 --v 6.1"): f"{_SINGLE.format('v6r1', 'v6r1')} {_MORE}",
    ("single", "a pig --niji 6"): f"{_SINGLE.format('v6', 'v6')} {_MORE}",
    ("single", "a pig --v 5.2"): "upsample_v5_2x upsample_v5_4x high_variation low_variation Outpaint::50 Outpaint::75"
    " CustomZoom pan_left pan_right pan_up pan_down BOOKMARK",
    ("single", "a pig --v 5.2 --ar 3:2"): "upsample_v5_2x upsample_v5_4x high_variation low_variation Outpaint::50"
    " Outpaint::75 CustomZoom Outpaint::100 pan_left pan_right pan_up pan_down BOOKMARK",
    ("single", "a pig --v 8"): "low_variation high_variation Inpaint animate_high animate_low BOOKMARK",
    ("upscaled", "a pig --v 7"): "low_variation high_variation Inpaint Outpaint::50 Outpaint::75 CustomZoom"
    " animate_high animate_low reroll",
    ("describe", "a pig"): "PicReader::1 PicReader::2 PicReader::3 PicReader::4 Picread::Retry PicReader::all",
    ("shorten", "a very pink pig"): " ".join(f"PromptAnalyzer::{number}" for number in range(1, 6)),
    ("video", "waves"): " ".join(f"video_virtual_upscale::{number}" for number in range(1, 5)) + " reroll",
    ("clip", "waves"): "animate_high_extend animate_low_extend",
    ("face", "a pig"): "",
}


@pytest.mark.parametrize(("life", "prompt"), CATALOG)
async def test_the_sets_of_buttons(caller: Caller, life: SampleKind, prompt: str) -> None:
    """Which buttons there are depends on what a task became, on its version, and on its shape."""
    buttons = (await caller.fetch(caller.relay.add_task(life, prompt=prompt)))["buttons"]
    words = CATALOG[life, prompt].split()
    assert len(words) == len(buttons)
    for word, button in zip(words, buttons, strict=True):
        assert f"::{word}" in button["customId"]
        assert button["emoji"] or button["label"]


@pytest.mark.parametrize(("life", "prompt"), [row for row in CATALOG if row[0] != "face"])
@pytest.mark.parametrize("official", [False, True])
async def test_every_button_ends_in_something_to_see(life: SampleKind, prompt: str, *, official: bool) -> None:
    """On a relay that does everything, each button of each set succeeds, through its window if it has one."""
    settings = RelaySettings(refused_actions=frozenset(), has_imagine_all=True, official=official)
    async with calling(settings) as caller:
        task_id = caller.relay.add_task(life, prompt=prompt)
        for button in Task.model_validate(await caller.fetch(task_id)).buttons:
            assert resolve_action(button.custom_id).kind is not ButtonKind.OTHER
            answer = await caller.submit("action", taskId=task_id, customId=button.custom_id)
            for child_id in answer["result"].split(","):
                if "confirm" in answer["description"]:
                    wish = answer["properties"]["finalPrompt"] or "a hat"
                    assert (await caller.submit("modal", taskId=child_id, prompt=wish))["code"] == 1
                caller.clock.time += 21
                child = Task.model_validate(await caller.fetch(child_id))
                assert child.is_complete, button
                async with caller.session.get(child.picture_url) as shown:
                    assert shown.status == 200


async def test_differences_of_midjourneys_own_site() -> None:
    """An upscale is done at once, ids are hex, a single picture can be rerolled, an emoji is none."""
    async with calling(RelaySettings(official=True, web_button=True)) as caller:
        answer = await caller.press(caller.relay.add_task("grid"), "upsample::2")
        task = await caller.fetch(answer["result"])
        described = await caller.fetch(caller.relay.add_task("describe"))
    assert (task["status"], task["progress"]) == ("SUCCESS", "100%")
    ids = [button["customId"] for button in task["buttons"]]
    assert re.fullmatch(r"MJ::CustomZoom::1::[0-9a-f]{32}", next(one for one in ids if one and "CustomZoom" in one))
    assert any(one and "reroll" in one for one in ids)
    assert (ids[-1], task["buttons"][-1]["label"], task["buttons"][-1]["style"]) == (None, "Web", 5)
    assert described["buttons"][4]["emoji"] == "\u1f504"


async def test_the_same_upscale_again() -> None:
    """Some proxies answer with the task that there is: their code 21 arrives as 1, and nothing is billed."""
    async with calling(RelaySettings(recognizes_repeats=True)) as caller:
        grid = caller.relay.add_task("grid")
        first, again = [await caller.press(grid, "upsample::2") for _ in range(2)]
        other = await caller.press(grid, "upsample::3")
        assert (again["code"], again["description"], again["result"]) == (1, "任务已存在", first["result"])
        assert other["result"] != first["result"]
        assert len(caller.relay.submits) == 2


async def test_imagine_all(caller: Caller) -> None:
    """TrueAI's proxy answers with four ids in one string; the others refuse."""
    async with calling(RelaySettings(refused_actions=frozenset(), has_imagine_all=True)) as able:
        answer = await able.press(able.relay.add_task("describe"), "PicReader::all")
        assert len(answer["result"].split(",")) == len(able.relay.submits) == 4
    async with calling(RelaySettings(refused_actions=frozenset())) as unable:
        assert (await unable.press(unable.relay.add_task("describe"), "PicReader::all"))["code"] == 4


async def test_another_drawing_of_what_was_made_of_a_picture() -> None:
    """Reroll draws by the same recipe, not by the words alone: a blend has none."""
    async with calling() as caller:
        blend = await caller.submit("blend", base64Array=[png(colour="red"), png(colour="darkred")])
        caller.clock.time += 21
        again = await caller.press(blend["result"], "reroll")
        caller.clock.time += 21
        red, _, blue = ImageStat.Stat(await picture(caller, again["result"])).mean
    assert red > 2 * blue
