"""/mjstatus and the context menu, on discord.py's own machinery and a real relay."""

from pathlib import Path

from tests.world import buttons, world


async def test_a_finished_task_is_told_with_its_picture_and_buttons(tmp_path: Path) -> None:
    """The answer becomes the finished grid: picture attached, five buttons and four below."""
    async with world(tmp_path) as w:
        task_id = w.relay.add_task("grid")
        shown = await w.finished(task_id)
        assert [5, 4] == [len(row.children) for row in shown.components]
        assert ["U1", "U2", "U3", "U4", None, "V1", "V2", "V3", "V4"] == [one.label for one in buttons(shown)]
