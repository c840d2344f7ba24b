"""What is a person's own, on the real process: a panel, and a list, outlive the process that drew them."""

import pytest

from tests.worlds.processes import WireWorld

pytestmark = pytest.mark.wire


async def test_the_settings_panel_works_after_a_restart(world: WireWorld) -> None:
    """Killed after it drew the panel: its buttons and its form do in the next process what they say."""
    me, channel = world.discord.owner, world.discord.channels[0]
    async with world.bot() as bot:
        act = await world.discord.slash(me, channel, "mjsettings")
        await act.answered()
        panel = act.original
        assert panel is not None
        await world.shows(panel, "Your settings")
        form = await world.discord.click(me, panel, "Default parameters")
        await form.acknowledged()
        assert form.modal["title"] == "Default parameters"
        await bot.kill()
    async with world.bot():
        await world.discord.click(me, panel, "Remix: off")
        await world.until(lambda: "Remix: on" in [part["label"] for part in panel.buttons])
        await world.discord.submit_modal(me, form, {"defaults": "--ar 3:2 --s 250"})
        await world.until(lambda: "--stylize 250" in str(panel.embed))
        assert panel.button("Remix: on")["style"] == 3
    assert panel.ephemeral
    world.assert_polite()


async def test_the_task_list_works_after_a_restart(world: WireWorld) -> None:
    """Killed after it drew the list: in the next process a task is opened from it, and its kinds are chosen."""
    me, channel = world.discord.owner, world.discord.channels[0]
    async with world.bot() as bot:
        task_id = world.relay.add_task("grid", prompt="a lighthouse")
        await world.shows(await world.follow(task_id), "✅ Four")
        act = await world.discord.slash(me, channel, "mjtasks")
        await act.answered()
        shown = act.original
        assert shown is not None
        await world.shows(shown, "Your tasks")
        assert "a lighthouse" in shown.embed["description"]
        await bot.kill()
    async with world.bot():
        opened = await world.discord.click(me, shown, "mj:t:open:0:all", values=[task_id])
        await opened.answered()
        assert opened.original is not None
        assert opened.original is not shown
        assert opened.original.ephemeral
        await world.shows(opened.original, "✅ Four")
        await world.discord.click(me, shown, "mj:t:only:0:all", values=["failed"])
        await world.until(lambda: "You have no tasks here" in shown.embed["description"])
    assert shown.ephemeral
    world.assert_polite()
