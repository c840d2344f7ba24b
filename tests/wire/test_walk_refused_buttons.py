"""Relays that refuse buttons, as stock new-api does: another way is found, or the button ends grayed, unpaid."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.midjourney.buttons import BUTTON_TABLE, ButtonKind, find_pattern, resolve_action
from tests.pictures import draw_noise, encode
from tests.wire.loopback import Interaction, Message, Upload
from tests.wire.walk import (
    BRISK,
    PROMPT,
    Walk,
    clicked,
    ended,
    filled_in,
    finished,
    kinds_clicked,
    paid_by,
    remixing,
    together,
    walked,
)
from tests.wire.walks_buttons import WALKS
from tests.wire.walks_refused import (
    BARE_GREYED,
    CHANGED,
    FREE,
    MOVED,
    ODD,
    READ,
    REFERENCE,
    STOCK_AROUND,
    STOCK_DOWN,
    STOCK_GREYED,
    STOCK_LISTED,
)
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = pytest.mark.wire

STOCK = replace(BRISK, missing_models=frozenset({"mj_pan"}))
"""A stock new-api, one of whose models has no channel."""

BARE = replace(BRISK, has_actions=False, has_video=False)
"""An older new-api: /submit/action and /submit/video are not there at all."""


def test_the_tables_agree_with_the_reference() -> None:
    """Each line of the table of buttons is here; what stock new-api refuses is done another way, shown, or grayed."""
    for name, action in REFERENCE.items():
        assert resolve_action(WALKS[name].custom_id).new_api_action == action, name
    patterns = {one for one, action in BUTTON_TABLE.items() if action.kind is not ButtonKind.VARY_REGION}
    assert patterns <= {find_pattern(WALKS[name].custom_id) for name in REFERENCE}
    assert resolve_action("MJ::Inpaint::1::u::SOLO").new_api_action == "INPAINT"
    refused = {name for name, action in REFERENCE.items() if not action}
    assert refused == {*READ, *MOVED, *FREE, "favorite"} - {"describe 4", "shorten 5"}


async def test_refused_buttons_on_a_stock_relay(tmp_path: Path) -> None:
    """Each refused button is done another way for one paid submit, or grayed; /mjcheck lists them, and forgets."""
    async with open_wire_world(tmp_path, STOCK) as world:
        async with world.bot(**GENEROUS) as bot:
            before = await finished(world, world.relay.add_task("single"))
            around = {**READ, **MOVED}
            walks = {name: walked(world, walk) for name, walk in around.items()}
            grayed = {name: _turned_down(world, walk) for name, walk in STOCK_GREYED.items()}
            shown = {"U of clips": _clip(world), "shorten details": _details(world), "pan left": _down(world)}
            await _never_sent(world)
            await together({**walks, **grayed, **shown})
            await remixing(world, world.discord.member)
            asked = world.relay.requests["action"]
            again = {"animate high": walked(world, around["animate high"]), "U of clips": _clip(world)}
            await together({**again, "remix": _ignored(world)})
            assert world.relay.requests["action"] == asked + 1, "what is refused is known"
            await _everywhere(world, before, {"❤️": "Favorite"})
            await _checked(world, before)
            bot.assert_calm()
        paid = sum(len(walk.submits) for walk in (*around.values(), around["animate high"]))
        assert len(world.relay.submits) == paid + 1
        assert ButtonKind.FORGET_REFUSALS in kinds_clicked(world)
        world.assert_polite()


async def test_refused_buttons_on_a_relay_without_actions(tmp_path: Path) -> None:
    """U, V and reroll go the older way, lines are drawn as prompts, and all else is grayed, none of it paid."""
    async with open_wire_world(tmp_path, BARE) as world:
        async with world.bot(**GENEROUS) as bot:
            around = {**CHANGED, **READ}
            walks = {name: walked(world, walk) for name, walk in around.items()}
            grayed = {name: _turned_down(world, WALKS[name]) for name in BARE_GREYED}
            await together(walks)  # first, as their children show what is grayed
            await together({**grayed, "region": _region(world), "edit": _edit(world)})
            fresh = await finished(world, world.relay.add_task("single"))
            live = [part for part in fresh.buttons if not part.get("disabled")]
            assert [part.get("label") for part in live] == ["Original", None, "Refresh"]
            bot.assert_calm()
        assert len(world.relay.submits) == sum(len(walk.submits) for walk in around.values())
        world.assert_polite()


async def _pressed(world: WireWorld, walk: Walk) -> tuple[str, Message, Interaction]:
    task_id = world.relay.add_task(walk.life, prompt=walk.prompt, extra_buttons=walk.further)
    parent = await finished(world, task_id)
    act = await clicked(world, parent, walk.which)
    if walk.form:
        act = await filled_in(world, act, walk.form, walk.prefilled)
    return task_id, parent, act


async def _turned_down(world: WireWorld, walk: Walk) -> None:
    """Press what the relay cannot do: a sentence, a grayed button, no message left, nothing paid."""
    _, parent, act = await _pressed(world, walk)
    await _refused(world, parent, walk.which, act)


async def _never_sent(world: WireWorld) -> None:
    """A button whose id no relay can read is there and disabled, with the reason at the foot of its message."""
    parent = await finished(world, world.relay.add_task(ODD.life, prompt=ODD.prompt, extra_buttons=ODD.further))
    assert parent.button(ODD.which)["disabled"]
    assert "relays cannot read its id" in parent.embed["footer"]["text"]


async def _down(world: WireWorld) -> None:
    """Press what no channel takes, twice: it is told each time, nothing is grayed, and nothing is paid."""
    _, parent, act = await _pressed(world, STOCK_DOWN)
    await _told(world, act)
    again = await clicked(world, parent, STOCK_DOWN.which)
    sentence = await _told(world, again)
    assert sentence.content.startswith("This service can't do that right now.")
    fresh = await finished(world, world.relay.add_task("single"))
    assert not any(one.button(STOCK_DOWN.which).get("disabled") for one in (parent, fresh))


async def _refused(world: WireWorld, parent: Message, which: str, act: Interaction) -> None:
    await _told(world, act)
    await world.until(lambda: parent.button(which).get("disabled"))


async def _told(world: WireWorld, act: Interaction) -> Message:
    """Wait for the sentence to who pressed; no other message is left, and nothing is paid."""

    def told() -> list[Message]:
        refusals = ("This service can't do that", "This service doesn't")
        return [one for one in act.followups if one.content.startswith(refusals)]

    await world.until(told)
    [sentence] = told()
    assert sentence.ephemeral
    assert "You weren't charged" in sentence.content
    await world.until(lambda: all(one.deleted for one in act.followups if one is not sentence))
    assert paid_by(world, act.id) == []
    return sentence


async def _clip(world: WireWorld) -> None:
    """Of four clips one is shown: its file is there already."""
    _, _, act = await _pressed(world, WALKS["U of clips"])
    await world.until(lambda: _left(act.followups))
    [shown] = _left(act.followups)
    await ended(world, shown, "✅ One clip", 1)
    assert shown.files[0].name.endswith("_3.mp4")
    assert paid_by(world, act.id) == []


async def _details(world: WireWorld) -> None:
    """The words of a shortened prompt are listed by weight, visible only to the member who pressed."""
    _, _, act = await _pressed(world, WALKS["shorten details"])
    await world.until(lambda: _left(act.followups))
    [shown] = _left(act.followups)
    assert (shown.ephemeral, shown.embed["title"]) == (True, "✂️ Which words matter")
    assert [one["value"] for one in shown.embed["fields"]] == ["red, fox, deep, snow", "a, very, in", "detailed"]
    assert paid_by(world, act.id) == []


def _left(messages: Iterable[Message]) -> list[Message]:
    return [one for one in messages if not one.deleted and one.embed.get("title") not in {None, "📨 Sending"}]


async def _ignored(world: WireWorld) -> None:
    """A relay that asks for no new prompt draws from the old one, and the member who typed a new one is told."""
    grid = await finished(world, world.relay.add_task("grid"))
    act = await clicked(world, grid, "V4", world.discord.member)
    act = await filled_in(world, act, "a whale", f"{PROMPT}.0")
    [child, told] = await world.told(act, 2)
    assert (told.ephemeral, told.content.startswith("The service didn't ask for the new prompt")) == (True, True)
    await ended(world, child, "✅ Four pictures", 1)
    assert child.embed["description"].startswith("**a lighthouse at dawn**")
    assert [one.path for one in paid_by(world, act.id)] == ["/mj/submit/action"]


async def _everywhere(world: WireWorld, before: Message, grayed: Mapping[str, str]) -> None:
    """A new message shows what is refused as grayed, with the reason at its foot; an older one once it is pressed."""
    fresh = await finished(world, world.relay.add_task("single"))
    for which in grayed:
        assert fresh.button(which).get("disabled"), which
        assert not before.button(which).get("disabled"), which
    foot = fresh.embed["footer"]["text"]
    assert all(name in foot for name in grayed.values()), foot
    assert "available on this service" in foot
    assert not fresh.button("⬅️").get("disabled"), "its channel may be up again"
    assert not fresh.button("Animate (High motion)").get("disabled"), "there is another way"
    await _refused(world, before, "❤️", await clicked(world, before, "❤️"))
    assert all(before.button(which).get("disabled") for which in grayed)
    assert before.button("Refresh")


async def _checked(world: WireWorld, before: Message) -> None:
    """/mjcheck names both kinds, and its button lets all be tried again: a message's Refresh brings them back."""
    act = await world.discord.slash(world.discord.owner, world.discord.channels[0], "mjcheck")
    await act.answered(20)
    shown = act.original
    assert shown is not None
    line = next(line for line in shown.embed["description"].split("\n") if "**Buttons**" in line)
    refused, _, rest = line.partition("Replaced by another request: ")
    assert all(f"{name} (" in refused for name in STOCK_LISTED), line
    assert refused.count(" (") == len(STOCK_LISTED), line
    assert sorted(rest.partition(". To try them again")[0].split(", ")) == sorted(STOCK_AROUND), line
    await clicked(world, shown, "Try refused buttons again")
    await world.until(lambda: "the relay has refused none recently" in shown.embed["description"])
    await clicked(world, before, "Refresh")
    await world.until(lambda: not before.button("❤️").get("disabled"))


async def _region(world: WireWorld) -> None:
    """What is proposed costs nothing; confirmed, it is refused, and the button of the picture is grayed."""
    single = await finished(world, world.relay.add_task("single"))
    opened = await clicked(world, single, "Vary (Region)")
    values = {"prompt": PROMPT, "region": "right-half"}
    act = await world.discord.submit_modal(world.discord.owner, opened, values)
    await world.until(lambda: act.original and act.original.files)
    assert act.original is not None
    await _refused(world, single, "Vary (Region)", await clicked(world, act.original, "Repaint"))
    assert paid_by(world, act.original.id) == []


async def _edit(world: WireWorld) -> None:
    """A command that the relay lacks is refused in one sentence."""
    picture = Upload("fox.png", encode(draw_noise(120, 90)), "image/png")
    options = {"image": picture, "prompt": "at night"}
    act = await world.discord.slash(world.discord.owner, world.discord.channels[0], "edit", options)
    refusals = ("This service can't do that", "This service doesn't")
    await world.until(lambda: any(one.content.startswith(refusals) for one in act.messages))
    await world.until(lambda: len(act.messages) == 1)
    assert act.messages[0].ephemeral
    assert paid_by(world, act.id) == []
