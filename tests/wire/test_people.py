"""What a person has chosen, on the real process: a panel outlives the process that drew it."""

import pytest

from tests.wire.process import World

pytestmark = pytest.mark.wire


async def test_a_panel_outlives_its_process(world: World) -> None:
    """Killed after it drew the panel: its buttons and its form do in the next process what they say."""
    me, channel = world.discord.owner, world.discord.channels[0]
    async with world.bot() as bot:
        act = await world.discord.slash(me, channel, "mjsettings")
        await act.answered(10)
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
