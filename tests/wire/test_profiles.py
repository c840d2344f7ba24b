"""The real process against each relay software that the sandbox plays: new-api of two years, one-hub, a bare proxy."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings, profile
from tests.wire.process import GENEROUS, World, world_of
from tests.wire.walking import clicked, ended, finished, paid_by, shape, typed

pytestmark = pytest.mark.wire

_GRID = (5, 4, 2)


def brisk(name: str, **changed: object) -> RelaySettings:
    """Give the settings of a relay software whose tasks are over in a second."""
    tick = 0.2 if profile(name).refresh_seconds else 0.0
    quick = replace(profile(name), seconds_per_task=1.0, picture_side=96, refresh_seconds=tick)
    return replace(quick, **changed)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026"])
async def test_imagine_from_the_command_to_the_picture(tmp_path: Path, name: str) -> None:
    """What is typed is drawn, attached, and has the nine buttons of a grid, whoever made them."""
    async with world_of(tmp_path, brisk(name)) as world:
        async with world.bot(**GENEROUS) as bot:
            act, shown = await typed(world, "imagine", options={"prompt": "a fox in snow"})
            await ended(world, shown, "✅ Four pictures", 1)
            await world.until(lambda: shape(shown) == _GRID)
            bot.assert_calm()
        [submit] = paid_by(world, act.id)
        assert submit.path == "/mj/submit/imagine"
        world.assert_polite()


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026"])
async def test_what_no_new_api_can(tmp_path: Path, name: str) -> None:
    """A favorite is refused in the words of each year, told to the person, unpaid, and shown as not offered."""
    async with world_of(tmp_path, brisk(name)) as world:
        async with world.bot(**GENEROUS) as bot:
            single = await finished(world, world.relay.add_task("single", prompt="a barn --v 7"))
            await clicked(world, single, "❤️")
            await world.until(lambda: _refused(world))
            await world.until(lambda: single.button("❤️").get("disabled"))
            bot.assert_calm()
        assert world.relay.submits == []


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026"])
async def test_a_model_without_a_channel(tmp_path: Path, name: str) -> None:
    """It is refused in Chinese or in English, and costs nothing."""
    async with world_of(tmp_path, brisk(name, missing_models=frozenset({"mj_shorten"}))) as world:
        async with world.bot(**GENEROUS):
            _, shown = await typed(world, "shorten", options={"prompt": "a very detailed red fox"})
            await world.until(lambda: _refused(world))
            assert not shown.embed.get("title", "").startswith("✅")
        assert world.relay.submits == []


@pytest.mark.parametrize("name", ["newapi-2025", "newapi-2026"])
async def test_clips_where_they_are_offered(tmp_path: Path, name: str) -> None:
    """2026 animates a task's picture; 2025 has no such route, answers with its console, and nothing is paid."""
    async with world_of(tmp_path, brisk(name, picture_side=192)) as world:
        async with world.bot(**GENEROUS):
            task_id = world.relay.add_task("grid", age=1)
            _, shown = await typed(world, "animate", options={"id": task_id, "picture": 2})
            if name == "newapi-2026":
                await ended(world, shown, "✅ Four clips", 4)
            else:
                await world.until(lambda: _refused(world))
        assert len(world.relay.submits) == (1 if name == "newapi-2026" else 0)


def _refused(world: World) -> bool:
    """Tell whether somebody was told that something did not work, and cost nothing."""
    told = [message for act in world.discord.interactions.values() for message in act.messages]
    return any(_is_unpaid(one.content) for one in (*told, *world.discord.messages.values()))


def _is_unpaid(text: str) -> bool:
    return "Nothing was paid" in text or "You weren't charged" in text
