"""The real process against each relay software that the sandbox plays: new-api of two years, one-hub, a bare proxy."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.relay import PROFILES, RelaySettings, find_profile
from tests.wire.walk import clicked, ended, filled_in, finished, paid_by, shape, typed
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = pytest.mark.wire

_GRID = (5, 4, 2)


def brisk(name: str, **changed: object) -> RelaySettings:
    """Give the settings of a relay software whose tasks are over in a second."""
    tick = 0.2 if find_profile(name).refresh_seconds else 0.0
    quick = replace(find_profile(name), seconds_per_task=1.0, picture_side=96, refresh_seconds=tick)
    return replace(quick, **changed)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", PROFILES)
async def test_imagine_ends_with_a_picture_on_each_program(tmp_path: Path, name: str) -> None:
    """A prompt is drawn, attached, and has the nine buttons of a grid, from the relay or from the bot."""
    async with open_wire_world(tmp_path, brisk(name)) as world:
        async with world.bot(**GENEROUS) as bot:
            act, shown = await typed(world, "imagine", options={"prompt": "a fox in snow"})
            await ended(world, shown, "✅ Four pictures", 1)
            await world.until(lambda: shape(shown) == _GRID)
            bot.assert_calm()
        [submit] = paid_by(world, act.id)
        assert submit.path == "/mj/submit/imagine"
        world.assert_polite()


async def test_midjourney_proxy_with_an_api_secret(tmp_path: Path) -> None:
    """midjourney-proxy reads its own header only, and compares it as it is."""
    async with open_wire_world(tmp_path, brisk("midjourney-proxy", requires_key=True)) as world, world.bot(**GENEROUS):
        _, shown = await typed(world, "imagine", options={"prompt": "a fox in snow"})
        await ended(world, shown, "✅ Four pictures", 1)


@pytest.mark.parametrize(
    ("which", "change", "title"),
    [
        ("U2", {"action": "UPSCALE", "index": 2}, "✅ Picture 2"),
        ("V3", {"action": "VARIATION", "index": 3}, "✅ Four pictures"),
        ("🔄", {"action": "REROLL"}, "✅ Four pictures"),
    ],
)
async def test_midjourney_proxy_upscales_and_varies_grids(
    tmp_path: Path, which: str, change: dict[str, object], title: str
) -> None:
    """The buttons of a grid go out as the older changes, as this software has no other."""
    async with open_wire_world(tmp_path, brisk("midjourney-proxy")) as world:
        async with world.bot(**GENEROUS) as bot:
            task_id = world.relay.add_task("grid", prompt="a fox")
            grid = await finished(world, task_id)
            await world.until(lambda: "U1" in [part.get("label") for part in grid.buttons])
            act = await clicked(world, grid, which)
            [child] = await world.told(act)
            await ended(world, child, title, 1)
            bot.assert_calm()
        [submit] = paid_by(world, act.id)
        assert submit.path == "/mj/submit/change"
        assert {"taskId": task_id, **change}.items() <= submit.body.items()
        assert world.relay.requests["unknown"] == world.relay.account_reads


async def test_a_line_of_midjourney_proxys_description_is_drawn(tmp_path: Path) -> None:
    """What was read of a picture is drawn as a prompt."""
    async with open_wire_world(tmp_path, brisk("midjourney-proxy")) as world:
        async with world.bot(**GENEROUS) as bot:
            described = await finished(world, world.relay.add_task("describe"))
            await world.until(lambda: "1️⃣" in [part.get("emoji", {}).get("name") for part in described.buttons])
            form = await clicked(world, described, "1️⃣")
            line = "Watercolor of a red fox on fresh snow, loose brushwork, pale blue shadows --ar 1:1"
            act = await filled_in(world, form, line, line)
            [child] = await world.told(act)
            await ended(world, child, "✅ Four pictures", 1)
            bot.assert_calm()
        [submit] = paid_by(world, act.id)
        assert (submit.path, submit.body["prompt"]) == ("/mj/submit/imagine", line)


async def test_the_queue_of_midjourney_proxy_moves_on(tmp_path: Path) -> None:
    """Tasks that wait for one another, whose progress is null, and whose submits say 1, 1 and 22, all end."""
    async with (
        open_wire_world(tmp_path, brisk("midjourney-proxy", max_running=1)) as world,
        world.bot(**GENEROUS) as bot,
    ):
        shown = [(await typed(world, "imagine", options={"prompt": f"fox {number}"}))[1] for number in range(3)]
        for message in shown:
            await ended(world, message, "✅ Four pictures", 1)
        bot.assert_calm()


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026"])
async def test_a_modal_whose_first_row_is_late(tmp_path: Path, name: str) -> None:
    """The result of Custom Zoom has its buttons and its picture, although the image route knows it two seconds later.

    A press on it that comes too early waits for the row, and is paid once.
    """
    async with open_wire_world(tmp_path, brisk(name, lag_ticks=10)) as world:
        async with world.bot(**GENEROUS) as bot:
            single = await finished(world, world.relay.add_task("single", prompt="a barn --v 7"))
            form = await clicked(world, single, "Custom Zoom")
            act = await filled_in(world, form, "a barn at sea --zoom 1.7", "a barn --v 7.0 --zoom 2")
            [child] = await world.told(act)
            await world.shows(child, "✅ Four pictures")
            pressed = await clicked(world, child, "U1")
            [grandchild] = await world.told(pressed)
            await ended(world, grandchild, "✅ Picture 1", 1)
            await ended(world, child, "✅ Four pictures", 1)
            await world.until(lambda: not child.files[0].name.startswith("preview"))
            bot.assert_calm()
        assert [one.path for one in world.relay.submits] == ["/mj/submit/modal", "/mj/submit/action"]


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026", "onehub"])
async def test_actions_that_new_api_never_supports(tmp_path: Path, name: str) -> None:
    """A favorite is refused in the words of each year, told to the person, unpaid, and shown as not offered."""
    async with open_wire_world(tmp_path, brisk(name)) as world:
        async with world.bot(**GENEROUS) as bot:
            single = await finished(world, world.relay.add_task("single", prompt="a barn --v 7"))
            await clicked(world, single, "❤️")
            await world.until(lambda: _refused(world))
            await world.until(lambda: single.button("❤️").get("disabled"))
            bot.assert_calm()
        assert world.relay.submits == []


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026"])
async def test_a_model_without_a_channel_is_refused_unpaid(tmp_path: Path, name: str) -> None:
    """It is refused in Chinese or in English, and costs nothing."""
    async with open_wire_world(tmp_path, brisk(name, missing_models=frozenset({"mj_shorten"}))) as world:
        async with world.bot(**GENEROUS):
            _, shown = await typed(world, "shorten", options={"prompt": "a very detailed red fox"})
            await world.until(lambda: _refused(world))
            assert not shown.embed.get("title", "").startswith("✅")
        assert world.relay.submits == []


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026", "onehub"])
async def test_clips_on_programs_that_support_them(tmp_path: Path, name: str) -> None:
    """2026 animates a task's picture; 2025 has no such route, answers with its console, and nothing is paid."""
    async with open_wire_world(tmp_path, brisk(name, picture_side=192)) as world:
        async with world.bot(**GENEROUS):
            task_id = world.relay.add_task("grid", age=1)
            _, shown = await typed(world, "animate", options={"id": task_id, "picture": 2})
            if name == "newapi-2026":
                await ended(world, shown, "✅ Four clips", 4)
            else:
                await world.until(lambda: _refused(world))
        assert len(world.relay.submits) == (1 if name == "newapi-2026" else 0)


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026"])
async def test_a_key_that_may_spend_but_not_read_sends_nothing_paid(tmp_path: Path, name: str) -> None:
    """A key that is limited to models buys nothing, as no answer to it could ever be read."""
    async with open_wire_world(tmp_path, brisk(name), MJ_API_KEY="sk-models") as world:
        async with world.bot(**GENEROUS):
            await typed(world, "imagine", options={"prompt": "a fox in snow"})
            await world.until(lambda: _refused(world))
        assert world.relay.submits == []


def _refused(world: WireWorld) -> bool:
    """Whether a message says that something failed and wasn't charged."""
    told = [message for act in world.discord.interactions.values() for message in act.messages]
    return any(_is_unpaid(one.content) for one in (*told, *world.discord.messages.values()))


def _is_unpaid(text: str) -> bool:
    return "You weren't charged" in text
