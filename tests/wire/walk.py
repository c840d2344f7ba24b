"""Walks over the wire, many at once in one process: from the first click to the finished picture."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from bot.midjourney.buttons import ButtonKind
from bot.submissions.claims import derive_claim_id
from cogs.components.custom_ids import TaskCustomId
from sandbox.relay import RelaySettings
from sandbox.relay.submits.upstream_queue import AcceptedSubmit
from sandbox.relay.tasks.sample_tasks import SampleKind
from tests.pictures import draw_noise, encode
from tests.wire.loopback import Interaction, Message, Person, Upload
from tests.worlds.processes import WireWorld

PROMPT = "a lighthouse at dawn --ar 3:2 --v 7"
PARENT, CHILD, PICTURE = "{parent}", "{child}", "{picture}"
"""Stand in a Sent for the ids of the two tasks, and for a whole picture's bytes."""

BRISK = RelaySettings(seconds_per_task=1.0, picture_side=96)
"""A stock relay whose tasks are over in a second."""

_AT_ONCE = 16
_PATIENCE_SECONDS = 45.0

Sent = tuple[str, Mapping[str, object]]
"""A paid submit: the end of its path, and fields that it had, a customId by its beginning."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A button of a task of that `life`, and what it leads to.

    `which` is the button's label or emoji, and `custom_id` what its customId begins with. `form` is what is typed into
    the form that opens first, filled in with `prefilled`. `title`, `rows` (buttons in each), `files` and the prompt
    that is shown, `drawn`, are those of each of its `children`; `paid` are the submits that the relay took.
    """

    life: SampleKind
    which: str
    custom_id: str
    title: str
    rows: tuple[int, ...]
    files: int = 1
    prompt: str = PROMPT
    further: Mapping[str, str] = field(default_factory=dict[str, str])
    form: str = ""
    prefilled: str = ""
    drawn: str | None = None
    children: int = 1
    paid: tuple[Sent, ...] | None = None

    @property
    def shown(self) -> str:
        """The words that the child's message shows as its prompt."""
        drawn = self.form or self.prompt if self.drawn is None else self.drawn
        return drawn.partition(" --")[0]

    @property
    def submits(self) -> tuple[Sent, ...]:
        """The paid submits; of a usual button the press itself."""
        if self.paid is not None:
            return self.paid
        return (("action", {"taskId": PARENT, "customId": self.custom_id}),)


async def together(walks: Mapping[str, Awaitable[object]]) -> None:
    """Walk all of these at once; an ExceptionGroup names those that failed."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str, walk: Awaitable[object]) -> None:
        async with gate:
            try:
                await walk
            except Exception as error:
                error.add_note(f"walk: {name}")
                raise

    done = await asyncio.gather(*(one(*pair) for pair in walks.items()), return_exceptions=True)
    failed = {name: error for name, error in zip(walks, done, strict=True) if isinstance(error, Exception)}
    if failed:
        raise ExceptionGroup(f"walks that failed: {', '.join(failed)}", list(failed.values()))


def shape(message: Message) -> tuple[int, ...]:
    """Count the components of each row."""
    return tuple(len(row["components"]) for row in message.components)


def paid_by(world: WireWorld, *claims: int) -> list[AcceptedSubmit]:
    """List the submits that were taken for these claims, by what travels with them; an act's id is its claim's."""
    tags = {f"mjbot:{derive_claim_id(claim, line)}" for claim in claims for line in range(4)}
    return [one for one in world.relay.submits if one.body.get("state") in tags]


async def finished(world: WireWorld, task_id: str) -> Message:
    """Follow a task to its end, the picture included; give its message."""
    message = await world.shows(await world.follow(task_id), "✅", _PATIENCE_SECONDS)
    await world.until(lambda: _is_whole(message))
    return message


def _is_whole(message: Message) -> bool:
    """Tell whether a finished message has its picture; until then it may still show the last preview."""
    said = message.embed.get("description", "")
    return "Still loading" not in said and "on its way" not in said and "on their way" not in said


async def remixing(world: WireWorld, person: Person) -> None:
    """Switch remix on for a person."""
    act = await world.discord.slash(person, world.discord.channels[0], "mjsettings")
    await act.answered(20)
    panel = act.original
    assert panel is not None
    await clicked(world, panel, "Remix: off", person)
    await world.until(lambda: "Remix: on" in [part["label"] for part in panel.buttons])


async def clicked(world: WireWorld, message: Message, which: str, by: Person | None = None) -> Interaction:
    """Press a button and wait until the press is acknowledged."""
    return await (await world.discord.click(by or world.discord.owner, message, which)).acknowledged()


async def filled_in(world: WireWorld, opened: Interaction, prompt: str, prefilled: str) -> Interaction:
    """Send the form that a click has opened, once it is seen what stands in it."""
    [label] = opened.modal["components"]
    assert label["component"].get("value", "") == prefilled
    return await world.discord.submit_modal(opened.user, opened, {"prompt": prompt})


async def walked(world: WireWorld, walk: Walk, by: Person | None = None) -> Message:
    """Take a walk and hold all of it against what it should lead to; give the child's message."""
    person = by or world.discord.owner
    task_id = world.relay.add_task(walk.life, prompt=walk.prompt, extra_buttons=walk.further)
    parent = await finished(world, task_id)
    act = await clicked(world, parent, walk.which, person)
    if walk.form:
        act = await filled_in(world, act, walk.form, walk.prefilled)
    if walk.children > 1:  # several at once are asked about; their claims are named after the question
        [question] = await world.told(act, 1, _PATIENCE_SECONDS)
        act = await clicked(world, question, "Draw", person)
        claim_id = question.id
    else:
        claim_id = act.id
    children = await world.told(act, walk.children, _PATIENCE_SECONDS)
    link = f"https://discord.com/channels/{parent.channel.guild_id}/{parent.channel.id}/{parent.id}"
    for child in children:
        await ended(world, child, walk.title, walk.files)
        assert shape(child) == walk.rows, [(one.get("label"), one.get("disabled")) for one in child.buttons]
        assert child.embed["author"]["name"].startswith(f"{person.name.title()} pressed "), child.embed
        assert walk.shown in child.embed["description"], child.embed
        assert link in child.embed["description"], child.embed
    await world.until(lambda: parent.button(walk.which)["style"] == 3)
    assert len(children) == walk.children
    assert_paid(world, walk.submits, task_id, claim_id)
    return children[0]


async def ended(world: WireWorld, message: Message, title: str, files: int) -> Message:
    """Wait until a message shows its end: a title that begins so, and its files, where the embed shows them."""
    await world.shows(message, title, _PATIENCE_SECONDS)
    assert message.embed["title"].startswith(title)
    await world.until(lambda: _is_whole(message) and len(message.files) == files)
    if shown := message.embed.get("image"):
        assert shown["url"] == f"attachment://{message.files[0].name}"
    return message


def assert_paid(world: WireWorld, expected: tuple[Sent, ...], parent_id: str, *claims: int) -> None:
    """Assert what the relay took for these claims: those submits, in that order, and no other."""
    seen = paid_by(world, *claims)
    assert [one.path.removeprefix("/mj/").removeprefix("submit/") for one in seen] == [path for path, _ in expected]
    known = {PARENT: parent_id, CHILD: next((one.task_id for one in seen), "")}
    for one, (_, fields) in zip(seen, expected, strict=True):
        for name, value in fields.items():
            if value == PICTURE:
                pictures_of(one, name)
                continue
            wanted = value
            for word, meant in known.items():
                wanted = wanted.replace(word, meant) if isinstance(wanted, str) else wanted
            was = one.body.get(name)
            assert str(was).startswith(str(wanted)) if name == "customId" else was == wanted, (name, was, wanted)


def kinds_clicked(world: WireWorld) -> set[ButtonKind]:
    """Tell which kinds of button, menu and form were used, by what travelled in their custom_ids."""
    used = (TaskCustomId.parse(str(act.data.get("custom_id", ""))) for act in world.discord.interactions.values())
    return {click.kind for click in used if click}


async def typed(
    world: WireWorld, name: str, by: Person | None = None, options: Mapping[str, object] | None = None
) -> tuple[Interaction, Message]:
    """Type a command; return its answer too, once it no longer says "thinking"."""
    act = await world.discord.slash(by or world.discord.owner, world.discord.channels[0], name, options)
    await act.answered(20)
    assert act.original is not None
    return act, act.original


def pictures_of(submit: AcceptedSubmit, name: str) -> list[Image.Image]:
    """Open the pictures of a field, which are data URLs."""
    value = submit.body[name]
    texts = value if isinstance(value, list) else [value]
    assert all(str(text).startswith("data:image/") for text in texts)
    found: list[Image.Image] = [Image.open(BytesIO(b64decode(str(text).partition(",")[2]))) for text in texts]
    for image in found:
        image.load()
    return found


def upload(name: str, size: tuple[int, int]) -> Upload:
    """Give a picture of that width and height, to be given with a command."""
    return Upload(f"{name}.png", encode(draw_noise(*size)), "image/png")
