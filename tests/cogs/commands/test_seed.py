"""/seed, on discord.py's own machinery and a real relay."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.midjourney.capabilities import SEED_CAPABILITY
from sandbox.relay.tasks.midjourney_texts import derive_seed
from tests.worlds.simcord import SimcordWorld, open_simcord_world

UNKNOWN = "1730621826053455"


async def test_the_wait_is_shown_before_the_seed(tmp_path: Path) -> None:
    """Privately: first that it takes a while, then the number with the prompt; the second time at once."""
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("grid", prompt="a lighthouse")
        await w.finished(task_id)
        relay: Any = w.app.relay
        fetch_seed, released = relay.fetch_seed, asyncio.Event()

        async def fetch_when_released(wanted: str) -> str:
            await released.wait()
            return str(await fetch_seed(wanted))

        relay.fetch_seed = fetch_when_released
        answer = await w.slash(w.member, "seed", id=task_id)
        waiting = answer.response
        assert waiting is not None
        assert waiting.ephemeral
        await w.until(lambda: (w.message(waiting.id) or waiting).content.startswith("Asking Midjourney for the seed"))
        released.set()
        told = (await w.titled(waiting.id, "🌱 Seed")).embeds[0]
        assert f"--seed {derive_seed(task_id)}" in (told.description or "")
        assert (told.description or "").startswith("**a lighthouse**")
        assert (w.message(waiting.id) or waiting).content == ""
        again = (await w.slash(w.member, "seed", id=task_id)).response
        assert again is not None
        await w.titled(again.id, "🌱 Seed")
        assert w.relay.requests["seed"] == 1
        assert not w.relay.submits
        assert len(w.public) == 1
        assert not w.env.errors


async def test_private_false_makes_the_response_public(tmp_path: Path) -> None:
    """A refusal is ephemeral all the same, and the public message is deleted."""
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("grid")
        answer = (await w.slash(w.member, "seed", id=task_id, private=False)).response
        assert answer is not None
        await w.titled(answer.id, "🌱 Seed")
        assert len(w.public) == 1
        refused = await w.slash(w.member, "seed", id=UNKNOWN, private=False)
        assert "has no task" in await w.told(refused)
        await w.until(lambda: len(w.public) == 1)


@pytest.mark.parametrize(
    ("given", "said"), [("hello", "isn't a task id"), (f"{UNKNOWN} 1730621826053456", "one at a time")]
)
async def test_malformed_ids_are_refused_before_deferring(tmp_path: Path, given: str, said: str) -> None:
    """One private sentence is the first answer."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "seed", id=given)
        assert said in w.said(answer)
        assert not answer.deferred
        assert w.relay_requests == 0


def _is_refused(w: SimcordWorld, message_id: int, why: str) -> bool:
    """Whether a message says that the relay gives no seeds, and why; before that it says that it asks."""
    shown = w.message(message_id)
    return shown is not None and "doesn't give seeds" in shown.content and why in shown.content


FAILURES: list[tuple[dict[str, Any], str]] = [
    ({"body": {"code": 4, "description": "该任务不支持获取种子", "result": None}}, "can't give a seed for this task"),
    ({"text": "<!doctype html><title>Back soon</title>", "content_type": "text/html"}, "didn't respond properly"),
    ({"status": 401, "body": {"error": {"message": "无效的令牌", "type": "new_api_error"}}}, "`MJ_API_KEY`"),
    ({"status": 502, "text": "<html>502</html>", "content_type": "text/html"}, "didn't respond properly"),
]


@pytest.mark.parametrize(("script", "said"), FAILURES)
async def test_each_failure_has_its_own_sentence(tmp_path: Path, script: dict[str, Any], said: str) -> None:
    """In place of the wait, with the next step."""
    async with open_simcord_world(tmp_path) as w:
        w.relay.script("seed", times=5, **script)
        answer = (await w.slash(w.member, "seed", id=w.relay.add_task("grid"))).response
        assert answer is not None
        await w.until(lambda: said in (w.message(answer.id) or answer).content)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (
            {"body": {"code": 5, "description": "empty_response_body", "properties": None, "result": ""}},
            "empty answer",
        ),
        (
            {"status": 404, "body": {"status": 404, "error": "Not Found", "path": "/mj/task/1/image-seed"}},
            "seeds. You can",
        ),
        ({"status": 404, "body": {"error": {"message": "Invalid URL (GET /mj/x)"}}}, "seeds. You can"),
    ],
)
async def test_a_relay_without_seeds_is_asked_once(tmp_path: Path, script: dict[str, Any], why: str) -> None:
    """Its refusal is stored: the next command gets the same words, for any task."""
    async with open_simcord_world(tmp_path) as w:
        w.relay.script("seed", **script)
        for _ in range(2):
            answer = (await w.slash(w.member, "seed", id=w.relay.add_task("grid"))).response
            assert answer is not None
            await w.until(partial(_is_refused, w, answer.id, why))
        assert w.relay.requests["seed"] == 1
        assert SEED_CAPABILITY in await w.app.store.find_missing_capabilities(w.clock.now())


async def test_own_tasks_are_suggested(tmp_path: Path) -> None:
    """As for /mjstatus."""
    async with open_simcord_world(tmp_path) as w:
        await w.finished(w.relay.add_task("grid", prompt="a fox"))
        offered = await w.act(w.member.autocomplete(w.channel, "seed", "id", "fox"))
        assert offered.autocomplete_choices is not None
        [choice] = offered.autocomplete_choices
        assert choice["name"].startswith("✅ Four pictures: a fox · ")
