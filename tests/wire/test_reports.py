"""A report over the real process: from the form to the log channel, and resolved after a restart."""

from pathlib import Path

import pytest

from bot.clock import Clock
from bot.entities import ServerRules
from bot.store import open_store
from tests.wire.loopback import Message
from tests.wire.walk import finished
from tests.worlds.processes import WireWorld, open_wire_world

pytestmark = pytest.mark.wire


async def _set_log_channel(world: WireWorld, channel_id: int) -> None:
    """Set the log channel, as another process does."""
    clock = Clock()
    url = f"sqlite:///{world.folder / 'mjbot.db'}"
    async with open_store(url, now=clock.now, owner="test", monotonic=clock.monotonic) as store:
        rules = ServerRules(log_channel_id=channel_id)
        await store.rules.change_server_rules(world.discord.guild_id, lambda _: (rules, ()))


def _find_lines(world: WireWorld) -> list[Message]:
    return [one for one in world.discord.messages.values() if "reported a message" in one.content]


async def test_report_is_resolved_after_a_restart(tmp_path: Path) -> None:
    """The line and its buttons are another process's; the reported message is deleted, and a later click told so."""
    async with open_wire_world(tmp_path) as world:
        discord, log = world.discord, world.discord.channels[1]
        await _set_log_channel(world, log.id)
        async with world.bot() as bot:
            grid = await finished(world, world.relay.add_task("grid", prompt="a secret fox"))
            form = await (await discord.context_menu(discord.member, grid, "Report")).acknowledged()
            sent = await discord.submit_modal(discord.member, form, {"reason": "hate", "comment": "look"})
            await sent.answered(20)
            await world.until(lambda: _find_lines(world))
            [line] = _find_lines(world)
            await bot.stop()
        assert line.channel is log
        assert [part["label"] for part in line.buttons] == ["Delete", "Block", "Dismiss"]
        assert f"<@{discord.member.id}>" in line.content
        assert "fox" not in line.content
        button = line.buttons[0]["custom_id"]
        async with world.bot() as bot:
            refused = await discord.click(discord.add_person("eve"), line, "Delete")
            await refused.answered(20)
            assert refused.original is not None
            assert "Only moderators" in refused.original.content
            await discord.click(discord.owner, line, "Delete")
            await world.until(lambda: f"<@{discord.owner.id}> deleted the message" in line.content)
            await world.until(lambda: grid.deleted)
            assert line.buttons == []
            bot.assert_calm()
        assert button == "mj:report:s:delete:1:-"
        world.assert_polite()
