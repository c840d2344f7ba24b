"""Every kind of button that the API offers, on the real process: from the press to the finished picture."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.midjourney.buttons import BUTTON_TABLE, REMIXABLE_KINDS, ButtonKind, find_pattern, resolve_action
from tests.wire.walk import (
    BRISK,
    clicked,
    ended,
    finished,
    kinds_clicked,
    paid_by,
    remixing,
    shape,
    together,
    walked,
)
from tests.wire.walks_buttons import GRID, REMIXES, WALKS
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = pytest.mark.wire

PATCHED = replace(BRISK, refused_actions=frozenset(), has_imagine_all=True, has_remix_on_demand=True)
"""A relay that does everything that a button asks for."""

_REPAINTED = "MJ::Inpaint::1::"


def test_every_kind_of_button_has_a_walk() -> None:
    """A line added to the table, or a kind, wants a walk here."""
    custom_ids = [*(walk.custom_id for walk in WALKS.values()), _REPAINTED]
    pressed = {find_pattern(one) for one in custom_ids}
    assert pressed == {*BUTTON_TABLE, None}, "None stands for a customId that no row matches"
    kinds = {resolve_action(one).kind for one in custom_ids} | {
        resolve_action(one).custom_id_kind for one in custom_ids
    }
    # What the bot offers in place of a relay's V and 🔄 is pressed in tests/wire/test_button_offers.py.
    assert kinds == {kind for kind in ButtonKind if not kind.is_bot_button} - {ButtonKind.SAME_PROMPT}
    assert {resolve_action(walk.custom_id).kind for walk in REMIXES.values()} == REMIXABLE_KINDS


async def test_every_button_leads_from_the_press_to_the_picture(tmp_path: Path) -> None:
    """Each kind ends as its walk says, for one press and nothing else paid; no walk disturbs another."""
    async with open_wire_world(tmp_path, PATCHED) as world:
        async with world.bot(**GENEROUS) as bot:
            await remixing(world, world.discord.member)
            walks = {name: walked(world, walk) for name, walk in WALKS.items()}
            remixes = {name: walked(world, walk, world.discord.member) for name, walk in REMIXES.items()}
            await together({**walks, **remixes, "region": _region(world)})
            bot.assert_calm()
        assert kinds_clicked(world) >= {
            ButtonKind.VARY_REGION,
            ButtonKind.CHANGE_REGION,
            ButtonKind.CONFIRM_REGION,
            ButtonKind.IMAGINE_LINE,
            ButtonKind.CUSTOM_ZOOM,
        }
        assert len(world.relay.submits) == sum(len(walk.submits) for walk in (*WALKS.values(), *REMIXES.values())) + 1
        world.assert_polite()


async def _region(world: WireWorld) -> None:
    """Repaint the right half, after the left one was proposed and changed."""
    task_id = world.relay.add_task("single")
    parent = await finished(world, task_id)
    opened = await clicked(world, parent, "Vary (Region)")
    wish = {"prompt": "a lighthouse, a storm", "region": "left-half"}
    act = await world.discord.submit_modal(world.discord.owner, opened, wish)
    await world.until(lambda: act.original and act.original.files)
    preview = act.original
    assert preview is not None
    assert preview.embed["title"] == "Repaint this?"
    again = await clicked(world, preview, "Change")
    assert again.modal["components"][0]["component"]["value"] == "a lighthouse, a storm"
    edits = preview.edits
    await world.discord.submit_modal(world.discord.owner, again, {"region": "right-half"})
    await world.until(lambda: preview.edits > edits and "right" in str(preview.embed).lower())
    child = await world.press(preview, "Repaint")
    await ended(world, child, "✅ Four pictures", 1)
    assert shape(child) == GRID
    await world.until(lambda: parent.button("Vary (Region)")["style"] == 3)
    [submit] = paid_by(world, preview.id)
    assert (submit.path, submit.body["prompt"]) == ("/mj/submit/modal", "a lighthouse, a storm")
