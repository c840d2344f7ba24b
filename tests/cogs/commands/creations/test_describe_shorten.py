"""/describe and /shorten on discord.py's own machinery and a real relay."""

from pathlib import Path
from typing import Any

import discord
import pytest

from sandbox.relay import RelaySettings
from tests.pictures import draw_noise, encode, make_animation
from tests.worlds.simcord import open_simcord_world, rows, title_of

PNG = encode(draw_noise(120, 80))


async def test_a_picture_is_described_by_four_prompts(tmp_path: Path) -> None:
    """The embed lists them with the numbers of their buttons, and nothing is escaped twice."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "describe", image=("fox.png", PNG))
        assert answer.response is not None
        shown = await w.pictured(answer.response.id)
        assert title_of(shown).startswith("✅ Described")
        lines = (shown.embeds[0].description or "").split("\n")
        assert [line[:1] for line in lines] == ["1", "2", "3", "4"]
        assert "Beatrix Potter" in lines[1]
        assert "goo.gl" not in lines[1]
        assert rows(shown)[0][:4] == ["1️⃣", "2️⃣", "3️⃣", "4️⃣"]
        [submit] = w.relay.submits
        assert submit.path == "/mj/submit/describe"
        assert str(submit.body["base64"]).startswith("data:image/png;base64,")


async def test_a_linked_picture_is_downloaded_by_the_bot(tmp_path: Path) -> None:
    """The relay gets the picture's bytes, because not every relay opens links."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=0.2, picture_side=256)) as w:
        task_id = w.relay.add_task("grid")
        answer = await w.slash(w.member, "describe", link=f"{w.relay.url}/mj/image/{task_id}")
        assert answer.response is not None
        await w.titled(answer.response.id, "✅ Described")
        [submit] = w.relay.submits
        assert "link" not in submit.body
        assert str(submit.body["base64"]).startswith("data:image/")


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "Choose one picture"),
    ({"image": ("a.png", PNG), "link": "https://cdn.test/a.png"}, "Choose one picture"),
    ({"image": ("a.mp4", b"xxxx")}, "video/mp4"),
    ({"image": ("moves.gif", make_animation("GIF"))}, "animated"),
    ({"image": ("tiny.png", encode(draw_noise(4, 4)))}, "4 x 4 pixels"),
    ({"link": "http://169.254.169.254/latest/meta-data"}, "I couldn't open"),
    ({"link": "file:///etc/passwd"}, "I couldn't open"),
    ({"link": "no link at all"}, "I couldn't open"),
]


@pytest.mark.parametrize(("options", "said"), BAD)
async def test_an_unusable_picture_is_refused_unpaid(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    """With an ephemeral sentence; nothing is left in the channel."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "describe", **options)
        assert said in await w.told(answer)
        await w.until(lambda: not w.public)
        assert w.relay.submits == []


async def test_a_prompt_is_shortened(tmp_path: Path) -> None:
    """Its words are ranked, and five shorter prompts are listed with the numbers of their buttons."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "shorten", prompt="a highly detailed fox in snow, watercolor —ar 3:2")
        assert answer.response is not None
        shown = await w.titled(answer.response.id, "✅ Shortened")
        lines = (shown.embeds[0].description or "").split("\n")
        assert lines[0] == "**a highly detailed fox in snow, watercolor** `--ar 3:2`"
        assert lines[1].startswith("Most important words: **")
        assert [line[:1] for line in lines[2:]] == ["1", "2", "3", "4", "5"]
        assert [submit.path for submit in w.relay.submits] == ["/mj/submit/shorten"]


async def test_the_prompt_is_shown_while_it_is_shortened(tmp_path: Path) -> None:
    """The English prompt, which relays return from the start, is shown only when the task is done."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=60)) as w:
        answer = await w.slash(w.member, "shorten", prompt="a fox in snow --ar 3:2")
        assert answer.response is not None
        shown = await w.titled(answer.response.id, "⏳ Queued")
        assert (shown.embeds[0].description or "").split("\n")[0] == "**a fox in snow** `--ar 3:2`"


@pytest.mark.parametrize(
    ("prompt", "said"), [("--ar 3:2", "only parameters"), ("\u200b\u200b", "This prompt is empty")]
)
async def test_a_prompt_without_words_is_refused(tmp_path: Path, prompt: str, said: str) -> None:
    """Before any defer, and unpaid."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "shorten", prompt=prompt)
        assert said in w.said(answer)
        assert not w.public
        assert w.relay.submits == []


async def test_a_relay_without_shorten_is_named(tmp_path: Path) -> None:
    """The public message is deleted."""
    async with open_simcord_world(tmp_path) as w:
        w.relay.refuse("shorten", "no channel")
        answer = await w.slash(w.member, "shorten", prompt="a fox")
        assert "can't do that right now" in await w.told(answer)
        await w.until(lambda: not w.public)


async def test_the_menu_describes_the_picture_of_a_message(tmp_path: Path) -> None:
    """The first attachment that is a picture counts, of any author."""
    async with open_simcord_world(tmp_path) as w:
        message = await w.member.send(w.channel, "look", attachments=[("a.txt", b"text"), ("fox.png", PNG)])
        answer = await w.menu(w.stranger, message, "Describe this image")
        assert answer.response is not None
        await w.titled(answer.response.id, "✅ Described")
        [submit] = w.relay.submits
        assert submit.path == "/mj/submit/describe"


async def test_the_menu_refuses_a_large_file_without_reading_it(tmp_path: Path) -> None:
    """Discord's metadata of the attachment is enough."""
    async with open_simcord_world(tmp_path) as w:
        message = await w.member.send(w.channel, "huge", attachments=[("huge.png", bytes(33 * 2**20))])
        answer = await w.menu(w.member, message, "Describe this image")
        assert "33 MiB" in w.said(answer)
        assert not answer.followups


async def test_the_menu_describes_the_picture_of_an_embed(tmp_path: Path) -> None:
    """It is downloaded like any linked picture."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=0.2, picture_side=256)) as w:
        embed = discord.Embed().set_image(url=f"{w.relay.url}/mj/image/{w.relay.add_task('grid')}")
        channel = w.app.bot.get_channel(w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send(embed=embed)
        answer = await w.menu(w.member, message, "Describe this image")
        assert answer.response is not None
        await w.titled(answer.response.id, "✅ Described")


async def test_the_menu_refuses_a_message_without_a_picture(tmp_path: Path) -> None:
    """Privately, and unpaid."""
    async with open_simcord_world(tmp_path) as w:
        message = await w.member.send(w.channel, "no picture", attachments=[("a.txt", b"text")])
        answer = await w.menu(w.member, message, "Describe this image")
        assert "can't find a picture in that message" in w.said(answer)
        assert w.relay.submits == []
