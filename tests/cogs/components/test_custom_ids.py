"""A button carries all that its click needs, however old it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import ClickEvent, TaskCustomId
from tests.worlds.simcord import open_simcord_world


def test_a_custom_id_survives_a_round_trip() -> None:
    """Kind, task and key survive the way through Discord."""
    click = TaskCustomId(ButtonKind.PICK_FROM_GRID, "1730621826053455", "0123456789")
    assert click.custom_id == "mj:u:1730621826053455:0123456789"
    assert click == TaskCustomId.parse(click.custom_id)


def test_a_kind_of_a_newer_version_is_parsed_as_other() -> None:
    """An unknown letter is still a click."""
    assert TaskCustomId.parse("mj:Z:1:-") == TaskCustomId(ButtonKind.OTHER, "1")


@pytest.mark.parametrize("custom_id", ["", "mj:u:1", "mj:u:1:-junk", "mj:u:1:-\n", "mj:1:1:-", "xmj:u:1:-", "mj:u::-"])
def test_a_foreign_custom_id_is_not_parsed(custom_id: str) -> None:
    """What this module did not write it does not read."""
    assert TaskCustomId.parse(custom_id) is None


@given(st.text(max_size=120), st.sampled_from(ButtonKind))
def test_a_valid_custom_id_is_parsed_again(task_id: str, kind: ButtonKind) -> None:
    """An id fits exactly where its click can be read, within Discord's limit."""
    click = TaskCustomId(kind, task_id, "0123456789")
    assert click.is_valid == (TaskCustomId.parse(click.custom_id) == click)
    assert not click.is_valid or len(click.custom_id) <= 100


async def test_every_click_is_answered_by_one_cog(tmp_path: Path) -> None:
    """Each room is one cog's; what is not named is a press, as the API's own kinds are."""
    async with open_simcord_world(tmp_path) as w:
        heard = [name for cog in w.app.bot.cogs.values() for name, _ in cog.get_listeners()]
    assert {room: heard.count(f"on_{room}") for room in ClickEvent} == dict.fromkeys(ClickEvent, 1)
    pressed = {kind for kind in ButtonKind if TaskCustomId(kind, "1").event is ClickEvent.PRESS}
    assert {kind for kind in ButtonKind if not kind.is_bot_button} - {ButtonKind.VARY_REGION} <= pressed
    assert {kind for kind in pressed if kind.is_bot_button} == {
        ButtonKind.OPEN_MODAL,
        ButtonKind.DISCARD_MODAL,
        ButtonKind.REFRESH,
        ButtonKind.DRAW_AGAIN,
        ButtonKind.CONFIRM_PRICE,
    }
