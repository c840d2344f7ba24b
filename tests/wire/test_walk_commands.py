"""Every command, and every entry of a message's menu, on the real process: from what is typed to what is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.relay.tasks.midjourney_texts import derive_seed
from tests.wire.walk import BRISK, ended, finished, paid_by, pictures_of, shape, together, typed, upload
from tests.wire.walks_commands import ASKING, pause_and_resume
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = pytest.mark.wire

WIDE, HIGH = (120, 90), (90, 120)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A command that creates, and what it leads to: as in a Walk, with its one submit and the pictures in that.

    `pictures` are the fields that hold pictures, with the size of each in pixels.
    """

    options: Mapping[str, object]
    title: str
    rows: tuple[int, ...]
    files: int = 1
    path: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    pictures: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict[str, tuple[tuple[int, int], ...]])


GRID = (5, 4, 2)

TYPED: Mapping[str, Typed] = {
    "imagine": Typed(
        options={"prompt": "a fox", "aspect": "3:2", "stylize": 250, "tile": True, "speed": "relax", "no": "snow"},
        title="✅ Four pictures",
        rows=GRID,
        path="/mj/submit/imagine",
        fields={"prompt": "a fox --ar 3:2 --stylize 250 --no snow --tile --relax", "botType": "MID_JOURNEY"},
    ),
    "blend": Typed(
        options={"image1": upload("a", WIDE), "image2": upload("b", HIGH), "dimensions": "LANDSCAPE"},
        title="✅ Four pictures",
        rows=GRID,
        path="/mj/submit/blend",
        fields={"dimensions": "LANDSCAPE"},
        pictures={"base64Array": (WIDE, HIGH)},
    ),
    "describe": Typed(
        options={"image": upload("c", WIDE)},
        title="✅ Described",
        rows=(5, 1, 1),
        path="/mj/submit/describe",
        pictures={"base64": (WIDE,)},
    ),
    "shorten": Typed(
        options={"prompt": "a very detailed red fox in deep snow --ar 3:2"},
        title="✅ Shortened",
        rows=(5, 1),
        files=0,
        path="/mj/submit/shorten",
        fields={"prompt": "a very detailed red fox in deep snow --ar 3:2"},
    ),
    "animate": Typed(
        options={
            "image": upload("d", WIDE),
            "prompt": "waves roll in",
            "motion": "high",
            "loop": True,
            "end_image": upload("e", HIGH),
        },
        title="✅ Four clips",
        rows=(5, 2),
        files=4,
        path="/mj/submit/video",
        fields={"prompt": "waves roll in", "motion": "high", "loop": True},
        pictures={"image": (WIDE,), "endImage": (HIGH,)},
    ),
    "edit": Typed(
        options={"image": upload("f", WIDE), "prompt": "at night"},
        title="✅ Four pictures",
        rows=GRID,
        path="/mj/submit/edits",
        fields={"prompt": "at night"},
        pictures={"image": (WIDE,)},
    ),
    "faceswap": Typed(
        options={"source": upload("g", WIDE), "target": upload("h", HIGH)},
        title="✅ Faces swapped",
        rows=(2,),
        path="/mj/insight-face/swap",
        pictures={"sourceBase64": (WIDE,), "targetBase64": (HIGH,)},
    ),
}


async def test_every_command_leads_to_its_result(tmp_path: Path) -> None:
    """All commands that Discord knows are walked, each costs what it says, and none disturbs another."""
    async with open_wire_world(tmp_path, replace(BRISK, picture_side=192)) as world:
        async with world.bot(**GENEROUS) as bot:
            created = {name: _created(world, name, one) for name, one in TYPED.items()}
            asking = {name: walk(world) for name, walk in ASKING.items()}
            await pause_and_resume(world)
            await together({**created, **asking, "animate a task": _animate_a_task(world), "seed": _seed(world)})
            bot.assert_calm()
        known = {one["name"] for one in world.discord.commands}
        assert world.discord.guild_commands == {}
        assert {act.data["name"] for act in world.discord.interactions.values() if act.type == 2} == known
        assert len(world.relay.submits) == len(TYPED) + 5  # /animate of a task, /imagine with defaults, three menus
        world.assert_polite()


async def _created(world: WireWorld, name: str, command: Typed) -> None:
    act, shown = await typed(world, name, options=command.options)
    await ended(world, shown, command.title, command.files)
    assert shape(shown) == command.rows, shown.components
    assert act.followups == []
    [submit] = paid_by(world, act.id)
    assert submit.path == command.path
    assert {name: submit.body.get(name) for name in command.fields} == command.fields
    for where, sizes in command.pictures.items():
        assert tuple(one.size for one in pictures_of(submit, where)) == sizes


async def _animate_a_task(world: WireWorld) -> None:
    """Clips begin with the chosen one of a task's four pictures."""
    task_id = world.relay.add_task("grid")
    grid = await finished(world, task_id)
    await world.until(lambda: grid.files)
    act, shown = await typed(world, "animate", options={"id": f"look at {task_id}", "picture": 2})
    await ended(world, shown, "✅ Four clips", 4)
    [submit] = paid_by(world, act.id)
    assert (submit.path, submit.body["motion"]) == ("/mj/submit/video", "low")
    [begin] = pictures_of(submit, "image")
    whole = Image.open(BytesIO(grid.files[0].content)).convert("RGB")
    wide, high = whole.width // 2, whole.height // 2
    quarters = [whole.crop((x, y, x + wide, y + high)) for y in (0, high) for x in (0, wide)]
    differ = [sum(ImageStat.Stat(ImageChops.difference(one, begin.convert("RGB"))).mean) for one in quarters]
    assert begin.size == quarters[1].size
    assert differ.index(min(differ)) == 1, differ


async def _seed(world: WireWorld) -> None:
    task_id = world.relay.add_task("grid", prompt="a fox")
    _, shown = await typed(world, "seed", options={"id": task_id})
    await world.shows(shown, "🌱 Seed")
    assert shown.ephemeral
    assert f"`{derive_seed(task_id)}`" in shown.embed["description"]
