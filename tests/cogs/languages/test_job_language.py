"""A message keeps its language to its last edit, also when another process draws it and another language was chosen."""

from pathlib import Path

from cogs.languages import Language
from sandbox.relay import RelaySettings
from tests.worlds.simcord import open_simcord_world


async def test_another_process_finishes_a_message_in_its_language(tmp_path: Path) -> None:
    """It was requested in Vietnamese; meanwhile the server has changed to Chinese."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=1.0, picture_side=64)) as w:
        w.app.known_languages.note_server(w.guild.id, Language.VIETNAMESE)
        drawn = await w.slash(w.member, "imagine", prompt="a lighthouse")
        assert drawn.response is not None
        message_id = drawn.response.id
        await w.until(
            lambda: any(w.message(message_id, title) for title in ("⏳ Đang chờ", "🎨 Đang vẽ", "✅ Bốn ảnh"))
        )
        await w.app.store.rules.change_server_rules(
            w.guild.id, lambda rules: (rules.model_copy(update={"language": Language.SIMPLIFIED_CHINESE}), ())
        )
        await w.restart()
        await w.app.known_languages.refresh()
        done = await w.titled(message_id, "✅")
        assert done.embeds[0].title is not None
        assert done.embeds[0].title.startswith("✅ Bốn ảnh")
        again = await w.slash(w.member, "imagine", prompt="another lighthouse")
        assert again.response is not None
        chinese = await w.titled(again.response.id, "✅")
        assert chinese.embeds[0].title is not None
        assert "四" in chinese.embeds[0].title
