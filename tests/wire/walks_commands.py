"""Walks of the commands that create nothing, and of a message's menu: what is asked, and what is shown."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from tests.wire.loopback import Interaction, Message, Person, Upload
from tests.wire.walk import clicked, ended, finished, paid_by, pictures_of, shape, typed, upload
from tests.worlds.processes import WireWorld

_HIGH, _WIDE = (90, 120), (120, 90)


async def _tasks(world: WireWorld) -> None:
    """Nine tasks are two pages: turned, filtered, and one is opened, in private."""
    member, where = world.discord.add_person("hoa"), world.discord.channels[1]
    ids = [world.relay.add_task("grid", prompt=f"fox {n}") for n in range(8)]
    ids.append(world.relay.add_task("failed", prompt="a bad fox"))
    for some in (ids[:5], ids[5:]):
        act = await world.discord.slash(member, where, "mjstatus", {"id": " ".join(some)})
        await world.told(act, len(some) - 1)
        assert await world.until(partial(_all_ended, act), 45)
    _, shown = await typed(world, "mjtasks", member)
    await _footed(world, shown, "All: 9 tasks, page 1 of 2")
    assert shown.ephemeral
    await clicked(world, shown, "Older", member)
    await _footed(world, shown, "All: 9 tasks, page 2 of 2")
    await clicked(world, shown, "Newer", member)
    await _footed(world, shown, "All: 9 tasks, page 1 of 2")
    await world.discord.click(member, shown, "mj:t:only:0:all", values=["failed"])
    await _footed(world, shown, "Failed or canceled: 1 task, page 1 of 1")
    assert "a bad fox" in shown.embed["description"]
    await clicked(world, shown, "Refresh", member)
    opened = await world.discord.click(member, shown, "mj:t:open:0:failed", values=[ids[-1]])
    await opened.answered(20)
    assert opened.original is not None
    assert opened.original.ephemeral
    await world.shows(opened.original, "❌")


def _all_ended(act: Interaction) -> bool:
    return all(message.embed.get("title", "").startswith(("✅", "❌")) for message in act.messages)


async def _footed(world: WireWorld, message: Message, text: str) -> None:
    await world.until(lambda: message.embed.get("footer", {}).get("text") == text)


async def _settings(world: WireWorld) -> None:
    """What is chosen in the panel holds for the next command: parameters, the queue, a mention at the end."""
    member = world.discord.add_person("linh")
    _, panel = await typed(world, "mjsettings", member)
    assert (panel.ephemeral, panel.embed["title"], shape(panel)) == (True, "Your settings", (2, 4, 3, 5))
    form = await clicked(world, panel, "Default parameters", member)
    await world.discord.submit_modal(member, form, {"defaults": "--ar 3:2 --s 250"})
    await world.until(lambda: "--stylize 250" in str(panel.embed))
    for label in ("Fast", "Always mention me", "Remix: off"):
        await clicked(world, panel, label, member)
        await world.until(partial(_is_green, panel, label.replace("off", "on")))
    act, shown = await typed(world, "imagine", member, {"prompt": "a heron --ar 1:1"})
    await ended(world, shown, "✅ Four pictures", 1)
    [submit] = paid_by(world, act.id)
    assert (submit.path, submit.body["prompt"]) == ("/mj/submit/imagine", "a heron --ar 1:1 --stylize 250 --fast")
    said = f"<@{member.id}> your picture is ready"
    await world.until(lambda: any(said in one.content for one in world.discord.messages.values()))


def _is_green(message: Message, label: str) -> bool:
    return label in {part["label"] for part in message.buttons if part["style"] == 3}


async def _status(world: WireWorld) -> None:
    """Without an id, it lists the person's last tasks, or says where to find ids."""
    _, shown = await typed(world, "mjstatus", world.discord.add_person("nam"))
    await world.until(lambda: "You have no tasks yet" in shown.content)


async def _help(world: WireWorld) -> None:
    _, shown = await typed(world, "mjhelp")
    assert shown.ephemeral
    for name in ("imagine", "blend", "mjtasks", "faceswap"):
        assert f"</{name}:" in shown.embed["description"]


async def _check(world: WireWorld) -> None:
    _, shown = await typed(world, "mjcheck")
    said = shown.embed["description"]
    assert shown.ephemeral
    for part in ("✅ **API key**", "✅ **Database**", "the relay has refused none recently", "✅ **Discord**"):
        assert part in said


async def _server(world: WireWorld) -> None:
    """The guide leads to the settings, and a limit that is typed into a form holds."""
    manager = world.discord.owner
    _, panel = await typed(world, "mjserver", manager)
    assert (panel.ephemeral, panel.embed["title"]) == (True, "Set up this server, 1 of 3: Who may draw?")
    await clicked(world, panel, "Skip the guide", manager)
    await world.until(lambda: panel.embed["title"] == "Server settings: Who")
    await clicked(world, panel, "Limits of every member", manager)
    await world.until(lambda: "Limits of **every member**" in panel.embed["description"])


async def _block(world: WireWorld) -> None:
    """A moderator blocks a member for two hours and unblocks them."""
    owner, member = world.discord.owner, world.discord.add_person("bao")
    _, told = await typed(world, "mjblock", owner, {"member": member, "hours": 2.0})
    await world.until(lambda: f"<@{member.id}> can't draw in this server until" in told.content)
    act = await world.discord.slash(member, world.discord.channels[0], "imagine", {"prompt": "a fox"})
    [refused] = await world.told(act, 1)
    assert "blocked from drawing" in refused.content
    _, freed = await typed(world, "mjunblock", owner, {"member": member})
    await world.until(lambda: f"<@{member.id}>" in freed.content and "can draw" in freed.content)
    assert told.ephemeral
    assert freed.ephemeral


async def pause_and_resume(world: WireWorld) -> None:
    """A manager pauses the server, and resumes it."""
    _, told = await typed(world, "mjpause")
    await world.until(lambda: "`/mjresume`" in told.content)
    _, resumed = await typed(world, "mjresume")
    await world.until(lambda: bool(resumed.content))
    assert told.ephemeral
    assert resumed.ephemeral


async def _usage(world: WireWorld) -> None:
    """A person who has drawn nothing sees what is left."""
    _, shown = await typed(world, "mjusage", world.discord.add_person("thao"))
    await world.until(lambda: shown.embed.get("title") == "Your usage")
    assert shown.ephemeral


async def _data(world: WireWorld) -> None:
    """What is stored about a person is listed, exported and, once they confirm it, deleted."""
    member = world.discord.add_person("yen")
    _, chosen = await typed(world, "mjsettings", member)
    await clicked(world, chosen, "Remix: off", member)
    await world.until(partial(_is_green, chosen, "Remix: on"))
    _, panel = await typed(world, "mydata", member)
    await world.until(lambda: "Your settings" in str(panel.embed.get("description")))
    act = await clicked(world, panel, "Export my data", member)
    [sent] = await world.told(act, 1)
    assert [one.name for one in sent.files] == ["my-data.json"]
    await clicked(world, panel, "Delete my data", member)
    await world.until(lambda: panel.embed.get("title") == "Delete your data?")
    await clicked(world, panel, "Delete for good", member)
    await world.until(lambda: panel.embed.get("title") == "Your data is deleted")
    assert panel.ephemeral
    assert sent.ephemeral


async def _admin(world: WireWorld) -> None:
    """The operator sees their servers; another person gets one sentence."""
    _, panel = await typed(world, "mjadmin")
    await world.until(lambda: panel.embed.get("title") == "Servers")
    _, told = await typed(world, "mjadmin", world.discord.add_person("son"))
    await world.until(lambda: "Only the operator of this bot" in told.content)
    assert panel.ephemeral
    assert told.ephemeral


async def _menu(world: WireWorld, message: Message, name: str, by: Person | None = None) -> tuple[Interaction, Message]:
    act = await world.discord.context_menu(by or world.discord.owner, message, name)
    await act.answered(20)
    assert act.original is not None
    return act, act.original


async def _describe_this(world: WireWorld) -> None:
    """A picture that a member posted is described; a message without one says so, and costs nothing."""
    member, where = world.discord.member, world.discord.channels[0]
    posted = world.discord.plant(where, {"content": "look"}, member, [upload("posted", _HIGH)])
    act, shown = await _menu(world, posted, "Describe this image", member)
    await ended(world, shown, "✅ Described", 1)
    [submit] = paid_by(world, act.id)
    assert submit.path == "/mj/submit/describe"
    assert [one.size for one in pictures_of(submit, "base64")] == [_HIGH]
    _, told = await _menu(world, world.discord.plant(where, {"content": "look"}, member), "Describe this image")
    assert (told.ephemeral, told.content.startswith("I can't find a picture in that message.")) == (True, True)


async def _blend_with(world: WireWorld) -> None:
    """A posted picture is shown again with a form below it, whose upload flows into it."""
    member, where = world.discord.add_person("thu"), world.discord.channels[0]
    posted = world.discord.plant(where, {"content": "look"}, world.discord.member, [upload("posted", _HIGH)])
    _, offered = await _menu(world, posted, "Blend with ...", member)
    await world.until(lambda: offered.embed.get("title") == "Blend with ..." and offered.files)
    assert (offered.ephemeral, shape(offered)) == (True, (1,))
    form = await clicked(world, offered, "Add pictures", member)
    given: dict[str, str | Upload] = {"others": upload("other", _WIDE), "shape": "PORTRAIT"}
    act = await world.discord.submit_modal(member, form, given)
    await act.answered()
    assert act.original is not None
    await ended(world, act.original, "✅ Four pictures", 1)
    assert not act.original.ephemeral
    [submit] = paid_by(world, act.id)
    assert (submit.path, submit.body["dimensions"]) == ("/mj/submit/blend", "PORTRAIT")
    assert [one.size for one in pictures_of(submit, "base64Array")] == [_HIGH, _WIDE]


async def _status_of_message(world: WireWorld) -> None:
    """A task whose id is in a member's message is followed to its end; a message without ids says so."""
    task_id, where = world.relay.add_task("single", prompt="a fox"), world.discord.channels[0]
    posted = world.discord.plant(where, {"content": f"my fox: {task_id}"}, world.discord.member)
    _, shown = await _menu(world, posted, "Midjourney status")
    await ended(world, shown, "✅ Upscaled", 1)
    assert not shown.ephemeral
    _, told = await _menu(world, world.discord.plant(where, {"content": "hm"}), "Midjourney status")
    assert (told.ephemeral, told.content.startswith("I can't find a task id in that message.")) == (True, True)


async def _upscale_of_message(world: WireWorld) -> None:
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
    assert (told.ephemeral, told.content.startswith("I can't find a picture to upscale")) == (True, True)


async def _says(world: WireWorld, told: Message, text: str) -> None:
    await world.until(lambda: told.content.startswith(text))
    assert told.ephemeral


async def _report_message(world: WireWorld) -> None:
    """A message of the bot opens a form; a member's gets one sentence."""
    member = world.discord.add_person("mai")
    grid = await finished(world, world.relay.add_task("grid", prompt="a fox"))
    form = await (await world.discord.context_menu(member, grid, "Report")).acknowledged()
    sent = await world.discord.submit_modal(member, form, {"reason": "violence", "comment": "look"})
    await sent.answered(20)
    told = sent.original
    assert told is not None
    await _says(world, told, "Reported.")
    posted = world.discord.plant(world.discord.channels[0], {"content": "hm"}, world.discord.member)
    _, told = await _menu(world, posted, "Report", member)
    assert (told.ephemeral, told.content.startswith("I can only pass on reports of my own")) == (True, True)


ASKING: Mapping[str, Callable[[WireWorld], Awaitable[None]]] = {
    "mjtasks": _tasks,
    "mjsettings": _settings,
    "mjstatus": _status,
    "mjhelp": _help,
    "mjcheck": _check,
    "mjserver": _server,
    "mjblock": _block,
    "mjusage": _usage,
    "mydata": _data,
    "mjadmin": _admin,
    "Blend with ...": _blend_with,
    "Describe this image": _describe_this,
    "Midjourney status": _status_of_message,
    "Upscale picture": _upscale_of_message,
    "Report": _report_message,
}
