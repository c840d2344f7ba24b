"""Every command, and every entry of a message's menu, on the real process: from what is typed to what is shown."""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.relay.desk import Submitted
from sandbox.relay.words import seed_of
from tests.pictures import encoded, noise
from tests.wire.loopback import Interaction, Message, Person, Upload
from tests.wire.process import GENEROUS, World, world_of
from tests.wire.walking import BRISK, clicked, ended, finished, paid_by, shape, together

pytestmark = pytest.mark.wire

WIDE, HIGH = (120, 90), (90, 120)


def _upload(name: str, size: tuple[int, int] = WIDE) -> Upload:
    return Upload(f"{name}.png", encoded(noise(*size)), "image/png")


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
        options={"image1": _upload("a"), "image2": _upload("b", HIGH), "dimensions": "LANDSCAPE"},
        title="✅ Four pictures",
        rows=GRID,
        path="/mj/submit/blend",
        fields={"dimensions": "LANDSCAPE"},
        pictures={"base64Array": (WIDE, HIGH)},
    ),
    "describe": Typed(
        options={"image": _upload("c")},
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
            "image": _upload("d"),
            "prompt": "waves roll in",
            "motion": "high",
            "loop": True,
            "end_image": _upload("e", HIGH),
        },
        title="✅ Four clips",
        rows=(5, 1),
        files=4,
        path="/mj/submit/video",
        fields={"prompt": "waves roll in", "motion": "high", "loop": True},
        pictures={"image": (WIDE,), "endImage": (HIGH,)},
    ),
    "edit": Typed(
        options={"image": _upload("f"), "prompt": "at night"},
        title="✅ Four pictures",
        rows=GRID,
        path="/mj/submit/edits",
        fields={"prompt": "at night"},
        pictures={"image": (WIDE,)},
    ),
    "faceswap": Typed(
        options={"source": _upload("g"), "target": _upload("h", HIGH)},
        title="✅ Faces swapped",
        rows=(2,),
        path="/mj/insight-face/swap",
        pictures={"sourceBase64": (WIDE,), "targetBase64": (HIGH,)},
    ),
}


async def test_every_command_from_what_is_typed_to_what_is_shown(tmp_path: Path) -> None:
    """All commands that Discord knows are walked, each costs what it says, and none disturbs another."""
    async with world_of(tmp_path, replace(BRISK, picture_side=192)) as world:
        async with world.bot(**GENEROUS) as bot:
            created = {name: _created(world, name, typed) for name, typed in TYPED.items()}
            await together({**created, **{name: walk(world) for name, walk in OTHERS.items()}})
            bot.assert_calm()
        known = {one["name"] for one in world.discord.commands}
        assert world.discord.guild_commands == {}
        assert {act.data["name"] for act in world.discord.interactions.values() if act.type == 2} == known
        assert len(world.relay.submits) == len(TYPED) + 4  # /animate of a task, /imagine with defaults, two menus
        world.assert_polite()


async def _typed(
    world: World, name: str, by: Person | None = None, options: Mapping[str, object] | None = None
) -> tuple[Interaction, Message]:
    """Type a command; give its answer too, once nobody is "thinking"."""
    act = await world.discord.slash(by or world.discord.owner, world.discord.channels[0], name, options)
    await act.answered(20)
    assert act.original is not None
    return act, act.original


async def _created(world: World, name: str, typed: Typed) -> None:
    act, shown = await _typed(world, name, options=typed.options)
    await ended(world, shown, typed.title, typed.files)
    assert shape(shown) == typed.rows, shown.components
    assert act.followups == []
    [submit] = paid_by(world, act.id)
    assert submit.path == typed.path
    assert {name: submit.body.get(name) for name in typed.fields} == typed.fields
    for where, sizes in typed.pictures.items():
        assert tuple(one.size for one in _pictures(submit, where)) == sizes


def _pictures(submit: Submitted, name: str) -> list[Image.Image]:
    """Open the pictures of a field, which are data URLs."""
    value = submit.body[name]
    texts = value if isinstance(value, list) else [value]
    assert all(str(text).startswith("data:image/") for text in texts)
    return [Image.open(BytesIO(b64decode(str(text).partition(",")[2]))) for text in texts]


async def _animate_a_task(world: World) -> None:
    """Clips begin with the chosen one of a task's four pictures."""
    # The same command of the same person, seconds after, would be taken for the same one.
    somebody = world.discord.add_person("mai")
    task_id = world.relay.add_task("grid")
    grid = await finished(world, task_id)
    await world.until(lambda: grid.files)
    act, shown = await _typed(world, "animate", somebody, {"id": f"look at {task_id}", "picture": 2})
    await ended(world, shown, "✅ Four clips", 4)
    [submit] = paid_by(world, act.id)
    assert (submit.path, submit.body["motion"]) == ("/mj/submit/video", "low")
    [begin] = _pictures(submit, "image")
    whole = Image.open(BytesIO(grid.files[0].content)).convert("RGB")
    wide, high = whole.width // 2, whole.height // 2
    quarters = [whole.crop((x, y, x + wide, y + high)) for y in (0, high) for x in (0, wide)]
    differ = [sum(ImageStat.Stat(ImageChops.difference(one, begin.convert("RGB"))).mean) for one in quarters]
    assert begin.size == quarters[1].size
    assert differ.index(min(differ)) == 1, differ


async def _seed(world: World) -> None:
    task_id = world.relay.add_task("grid", prompt="a fox")
    _, shown = await _typed(world, "seed", options={"id": task_id})
    await world.shows(shown, "🌱 Seed")
    assert shown.ephemeral
    assert f"`{seed_of(task_id)}`" in shown.embed["description"]


async def _tasks(world: World) -> None:
    """Nine tasks are two pages: turned, filtered, and one is opened, in private."""
    somebody, where = world.discord.add_person("hoa"), world.discord.channels[1]
    ids = [world.relay.add_task("grid", prompt=f"fox {n}") for n in range(8)]
    ids.append(world.relay.add_task("failed", prompt="a bad fox"))
    for some in (ids[:5], ids[5:]):
        act = await world.discord.slash(somebody, where, "mjstatus", {"id": " ".join(some)})
        await world.told(act, len(some) - 1)
        assert await world.until(partial(_all_ended, act), 45)
    _, shown = await _typed(world, "mjtasks", somebody)
    await _footed(world, shown, "All: 9 tasks, page 1 of 2")
    assert shown.ephemeral
    await clicked(world, shown, "Older", somebody)
    await _footed(world, shown, "All: 9 tasks, page 2 of 2")
    await clicked(world, shown, "Newer", somebody)
    await _footed(world, shown, "All: 9 tasks, page 1 of 2")
    await world.discord.click(somebody, shown, "mj:t:only:0:all", values=["failed"])
    await _footed(world, shown, "Failed or cancelled: 1 task, page 1 of 1")
    assert "a bad fox" in shown.embed["description"]
    await clicked(world, shown, "Refresh", somebody)
    opened = await world.discord.click(somebody, shown, "mj:t:open:0:failed", values=[ids[-1]])
    await opened.answered(20)
    assert opened.original is not None
    assert opened.original.ephemeral
    await world.shows(opened.original, "❌")


def _all_ended(act: Interaction) -> bool:
    return all(message.embed.get("title", "").startswith(("✅", "❌")) for message in act.messages)


async def _footed(world: World, message: Message, text: str) -> None:
    await world.until(lambda: message.embed.get("footer", {}).get("text") == text)


async def _settings(world: World) -> None:
    """What is chosen in the panel holds for the next command: parameters, the queue, a mention at the end."""
    somebody = world.discord.add_person("linh")
    _, panel = await _typed(world, "mjsettings", somebody)
    assert (panel.ephemeral, panel.embed["title"], shape(panel)) == (True, "Your settings", (2, 4, 3))
    form = await clicked(world, panel, "Default parameters", somebody)
    await world.discord.submit_modal(somebody, form, {"defaults": "--ar 3:2 --s 250"})
    await world.until(lambda: "--stylize 250" in str(panel.embed))
    for label in ("Fast", "Always mention me", "Remix: off"):
        await clicked(world, panel, label, somebody)
        await world.until(partial(_is_green, panel, label.replace("off", "on")))
    act, shown = await _typed(world, "imagine", somebody, {"prompt": "a heron --ar 1:1"})
    await ended(world, shown, "✅ Four pictures", 1)
    [submit] = paid_by(world, act.id)
    assert (submit.path, submit.body["prompt"]) == ("/mj/submit/imagine", "a heron --ar 1:1 --stylize 250 --fast")
    said = f"<@{somebody.id}> your picture is ready"
    await world.until(lambda: any(said in one.content for one in world.discord.messages.values()))


def _is_green(message: Message, label: str) -> bool:
    return label in {part["label"] for part in message.buttons if part["style"] == 3}


async def _status(world: World) -> None:
    """Without an id, a person's last tasks; nobody's, where to find ids."""
    _, shown = await _typed(world, "mjstatus", world.discord.add_person("nam"))
    await world.until(lambda: "I follow no task of yours yet" in shown.content)


async def _help(world: World) -> None:
    _, shown = await _typed(world, "mjhelp")
    assert shown.ephemeral
    for name in ("imagine", "blend", "mjtasks", "faceswap"):
        assert f"</{name}:" in shown.embed["description"]


async def _check(world: World) -> None:
    _, shown = await _typed(world, "mjcheck")
    said = shown.embed["description"]
    assert shown.ephemeral
    for part in ("✅ **API key**", "✅ **Database**", "none that was pressed of late is refused", "✅ **Discord**"):
        assert part in said


async def _menu(world: World, message: Message, name: str, by: Person | None = None) -> tuple[Interaction, Message]:
    act = await world.discord.context_menu(by or world.discord.owner, message, name)
    await act.answered(20)
    assert act.original is not None
    return act, act.original


async def _describe_this(world: World) -> None:
    """A picture that somebody posted is read; a message without one says so, and costs nothing."""
    somebody, where = world.discord.member, world.discord.channels[0]
    posted = world.discord.plant(where, {"content": "look"}, somebody, [_upload("posted", HIGH)])
    act, shown = await _menu(world, posted, "Describe this image", somebody)
    await ended(world, shown, "✅ Described", 1)
    [submit] = paid_by(world, act.id)
    assert submit.path == "/mj/submit/describe"
    assert [one.size for one in _pictures(submit, "base64")] == [HIGH]
    _, told = await _menu(world, world.discord.plant(where, {"content": "look"}, somebody), "Describe this image")
    assert (told.ephemeral, told.content.startswith("I find no picture in that message.")) == (True, True)


async def _status_of_message(world: World) -> None:
    """A task whose id somebody wrote is followed to its end; a message without ids says so."""
    task_id, where = world.relay.add_task("single", prompt="a fox"), world.discord.channels[0]
    posted = world.discord.plant(where, {"content": f"my fox: {task_id}"}, world.discord.member)
    _, shown = await _menu(world, posted, "Midjourney status")
    await ended(world, shown, "✅ Upscaled", 1)
    assert not shown.ephemeral
    _, told = await _menu(world, world.discord.plant(where, {"content": "hm"}), "Midjourney status")
    assert (told.ephemeral, told.content.startswith("I find no task id in that message.")) == (True, True)


async def _upscale_of_message(world: World) -> None:
    """Of a grid's message its U buttons are offered in private; what is pressed there is shown there."""
    task_id = world.relay.add_task("grid", prompt="a fox")
    grid = await finished(world, task_id)
    _, offered = await _menu(world, grid, "Upscale picture")
    assert (offered.ephemeral, offered.embed["title"]) == (True, "Which one?")
    assert [part["label"] for part in offered.buttons] == ["U1", "U2", "U3", "U4"]
    act = await clicked(world, offered, "U3")
    [child] = await world.told(act)
    await ended(world, child, "✅ Picture 3", 1)
    assert child.ephemeral
    [submit] = paid_by(world, act.id)
    assert (submit.path, submit.body["taskId"]) == ("/mj/submit/action", task_id)
    assert str(submit.body["customId"]).startswith("MJ::JOB::upsample::3::")
    described = await finished(world, world.relay.add_task("describe"))
    _, told = await _menu(world, described, "Upscale picture")
    assert (told.ephemeral, told.content.startswith("I find no picture of mine")) == (True, True)


OTHERS: Mapping[str, Callable[[World], Awaitable[None]]] = {
    "animate a task": _animate_a_task,
    "seed": _seed,
    "mjtasks": _tasks,
    "mjsettings": _settings,
    "mjstatus": _status,
    "mjhelp": _help,
    "mjcheck": _check,
    "Describe this image": _describe_this,
    "Midjourney status": _status_of_message,
    "Upscale picture": _upscale_of_message,
}
