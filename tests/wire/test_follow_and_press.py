"""The main road on the real process: follow, press, the child; and what it leaves in the log."""

import io
import random
from pathlib import Path

import pytest
from PIL import Image

from tests.worlds.processes import BOT, BotProcess, WireWorld

pytestmark = pytest.mark.wire


async def test_a_followed_task_is_pressed_to_a_finished_child(world: WireWorld) -> None:
    """A running task ends as a picture with buttons in rows of 5 and 4, and ours; U1 leads to a finished child."""
    task_id = world.relay.add_task()
    async with world.bot(command=BOT) as bot:
        assert set(read_environment(bot)) <= {0}
        message = await world.follow(task_id)
        await world.shows(message, "✅ Four pictures")
        await world.until(lambda: message.files)
        assert [[len(row["components"]) for row in message.components], len(message.files)] == [[5, 4, 2], 1]
        child = await world.press(message, "U1")
        await world.shows(child, "✅ Picture 1")
        await world.until(lambda: len(child.files) == 1)
        await world.until(lambda: message.button("U1")["style"] == 3)
    first = [act.acknowledged_after for act in world.discord.interactions.values()]
    assert None not in first
    assert [one.path for one in world.relay.submits] == ["/mj/submit/action"]
    world.assert_polite()


def read_environment(bot: BotProcess) -> bytes:
    """Return what Linux shows of the bot's environment, which held the token and the key; root may read it."""
    try:
        return Path(f"/proc/{bot.pid}/environ").read_bytes()
    except PermissionError:
        return b""


async def test_a_picture_too_large_for_discord_is_reencoded(world: WireWorld) -> None:
    """A picture of 14 MiB ends up attached, re-encoded under Discord's 10 MiB."""
    side = 2240
    noise = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side)).save(noise, "PNG")  # noqa: S311
    assert len(noise.getvalue()) > 14 * 2**20
    world.relay.script("image", data=noise.getvalue(), content_type="image/png", times=5)
    async with world.bot():
        message = await world.follow(world.relay.add_task("grid"))
        await world.until(lambda: message.files)
    assert len(message.files[0].content) < 10 * 2**20
    assert Image.open(io.BytesIO(message.files[0].content)).size[0] > 1000
    assert message.embed["image"]["url"] == f"attachment://{message.files[0].name}"
    world.assert_polite()


async def test_the_log_contains_no_secrets(world: WireWorld) -> None:
    """A whole run says its changes of state, a line each, and no prompt, token, key or interaction token."""
    prompt = "an unmistakable zeppelin"
    async with world.bot() as bot:
        message = await world.shows(await world.follow(world.relay.add_task(prompt=prompt)), "✅ Four")
        await world.shows(await world.press(message, "U4"), "✅ Picture 4")
        refused = await world.discord.slash(
            world.discord.member, world.discord.channels[1], "mjstatus", {"id": "17301"}
        )
        await refused.answered()
        await bot.stop()
    tokens = [act.token for act in world.discord.interactions.values()]
    said = "\n".join(bot.text)
    for secret in ("zeppelin", world.discord.token, world.relay.settings.key, *tokens):
        assert secret not in said
    assert {"info"} == {line["level"] for line in bot.lines}, said
    events = [line["event"] for line in bot.lines]
    assert any("Invite link: https://discord.com/oauth2/authorize?" in event for event in events[:5])
    assert any("Atelier" in event for event in events[:6])
    ids = {one.task_id for one in world.relay.submits}
    states = [event for event in events if any(task_id in event for task_id in ids)]
    assert len(states) == len(set(states)), states
    assert any("SUCCESS" in event for event in states), states
    assert len(events) < 30, said
