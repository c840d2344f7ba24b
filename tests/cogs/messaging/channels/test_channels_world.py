"""The whole bot on SimCord's Discord: a picture that is drawn appears in the log channel and in the gallery."""

from pathlib import Path

from bot.entities import RuleChange
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world


async def set_channels(world: SimcordWorld, log_id: int, gallery_id: int) -> None:
    channels = {"log_channel_id": log_id, "gallery_channel_id": gallery_id}
    await world.app.store.rules.change_server_rules(GUILD_ID, lambda rules: (rules.model_copy(update=channels), ()))


async def test_log_and_gallery_show_what_was_drawn_in_public(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, prices="imagine=0.10, currency=USD") as world:
        log_channel, gallery = (world.guild.create_text_channel(name) for name in ("log", "gallery"))
        await set_channels(world, log_channel.id, gallery.id)
        drawn = await world.slash(world.member, "imagine", prompt="a **fox**")
        assert drawn.response is not None
        shown = await world.pictured(drawn.response.id)
        logged = await world.until(log_channel.history)
        assert logged[0].content == (
            f"[lien](<https://discord.com/users/{world.member.id}>) · Imagine · about $0.10 · "
            f"[message](https://discord.com/channels/{GUILD_ID}/{world.channel.id}/{shown.id})"
        )
        posted = await world.until(gallery.history)
        assert r"\*\*fox\*\*" in posted[0].content
        assert len(posted[0].attachments) == 1
        await world.until(lambda: "about $0.10" in str(world.channel.history()[-1].embeds[0].footer.text))

        change = RuleChange(
            guild_id=GUILD_ID, person_id=world.member.id, made_at=world.clock.now(), what="x", before="1", after="2"
        )
        world.app.channel_log.announce_changes([change])
        await world.until(lambda: "changed **x**: 1 → 2" in log_channel.history()[-1].content)


async def test_deleted_log_channel_is_named_and_drawing_continues(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as world:
        await set_channels(world, 1_187_000_000_000_000_999, 0)
        for prompt in ("a fox", "a pig"):
            drawn = await world.slash(world.member, "imagine", prompt=prompt)
            assert drawn.response is not None
            await world.pictured(drawn.response.id)
        await world.until(lambda: world.app.channel_log.find_problem(GUILD_ID))
        assert "the channel was deleted" in world.app.channel_log.find_problem(GUILD_ID)
