"""A message's menu, "Blend with ...", on discord.py's own machinery and a real relay."""

from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import InteractionResult

from sandbox.relay import RelaySettings
from tests.fakes.catalog import find_untranslated, list_texts
from tests.pictures import draw_noise, encode, make_animation
from tests.worlds.simcord import SimcordWorld, open_simcord_world, title_of

FOX, OWL, TINY = encode(draw_noise(120, 80)), encode(draw_noise(80, 120)), encode(draw_noise(4, 4))


async def _shown(w: SimcordWorld, message: discord.Message) -> discord.Message:
    """Choose the menu, and return the private answer."""
    answer = await w.menu(w.member, message, "Blend with ...")
    assert answer.response is not None
    assert answer.response.ephemeral
    shown = await w.titled(answer.response.id, "Blend with ...")
    assert shown.attachments
    return shown


async def _opened(w: SimcordWorld, *files: tuple[str, bytes]) -> tuple[discord.Message, InteractionResult]:
    """Choose the menu of a message with those files, and press its button; return the answer and the form."""
    shown = await _shown(w, await w.member.send(w.channel, "look", attachments=list(files)))
    return shown, await w.click(w.member, shown, "Add pictures")


async def _filled(w: SimcordWorld, form: InteractionResult, **values: Any) -> InteractionResult:  # noqa: ANN401
    return await w.act(w.member.submit_modal(form, {"shape": ["SQUARE"], **values}))


async def test_the_picture_of_a_message_is_blended_with_uploads(tmp_path: Path) -> None:
    """The message's own picture comes first, and the result is a public message."""
    async with open_simcord_world(tmp_path) as w:
        shown, form = await _opened(w, ("fox.png", FOX))
        assert [(one.filename, len(shown.embeds)) for one in shown.attachments] == [("picture-1.png", 1)]
        answer = await _filled(w, form, others=[("owl.png", OWL), ("fox2.png", FOX)], shape=["LANDSCAPE"])
        assert answer.response is not None
        grid = await w.pictured(answer.response.id)
        assert title_of(grid).startswith("✅ Four pictures")
        assert not answer.response.ephemeral
        [submit] = w.relay.submits
        assert (submit.path, submit.body["dimensions"]) == ("/mj/submit/blend", "LANDSCAPE")
        sent = submit.body["base64Array"]
        assert isinstance(sent, list)
        assert [sent[0] == sent[2], len(sent)] == [True, 3]


@pytest.mark.usefixtures("pseudo_language")
async def test_the_menu_and_its_form_are_translated(tmp_path: Path) -> None:
    """What Midjourney has no words for."""
    async with open_simcord_world(tmp_path) as w:
        message = await w.member.send(w.channel, "look", attachments=[("fox.png", FOX)])
        answer = await w.menu(w.member, message, "Blend with ...")
        assert answer.response is not None
        shown = await w.titled(answer.response.id, "⟦Blend with ...⟧")
        form = await w.click(w.member, shown, "⟦Add pictures⟧")
        embed = shown.embeds[0]
        texts = [str(embed.title), str(embed.description), str(embed.footer.text), *list_texts(form.modal)]
        assert find_untranslated("\n".join(texts)) == []
        assert len(texts) > 6


async def test_two_pictures_of_a_message_need_no_upload(tmp_path: Path) -> None:
    """They are shown together, and the form may be sent as it is."""
    async with open_simcord_world(tmp_path) as w:
        shown, form = await _opened(w, ("fox.png", FOX), ("notes.txt", b"text"), ("owl.png", OWL))
        assert [(one.filename, embed.url) for one, embed in zip(shown.attachments, shown.embeds, strict=True)] == [
            ("picture-1.png", "https://discord.com/"),
            ("picture-2.png", "https://discord.com/"),
        ]
        answer = await _filled(w, form)
        assert answer.response is not None
        await w.titled(answer.response.id, "✅ Four pictures")
        [submit] = w.relay.submits
        assert submit.body["dimensions"] == "SQUARE"


async def test_the_picture_of_an_embed_is_blended(tmp_path: Path) -> None:
    """It is downloaded like any linked picture."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=0.2, picture_side=256)) as w:
        embed = discord.Embed().set_image(url=f"{w.relay.url}/mj/image/{w.relay.add_task('grid')}")
        channel = w.app.bot.get_channel(w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send(embed=embed)
        form = await w.click(w.member, await _shown(w, message), "Add pictures")
        done = await _filled(w, form, others=("owl.png", OWL))
        assert done.response is not None
        await w.titled(done.response.id, "✅ Four pictures")


async def test_a_picture_of_the_bot_is_blended(tmp_path: Path) -> None:
    """Its embed shows the file that hangs on the message: that is one picture, not two."""
    async with open_simcord_world(tmp_path, RelaySettings(seconds_per_task=0.2, picture_side=256)) as w:
        shown = await _shown(w, await w.finished(w.relay.add_task("grid")))
        assert len(shown.attachments) == 1
        await _filled(w, await w.click(w.member, shown, "Add pictures"), others=("owl.png", OWL))
        await w.until(lambda: w.relay.submits)


async def test_the_modal_works_after_a_restart(tmp_path: Path) -> None:
    """The ephemeral message holds everything that the modal needs."""
    async with open_simcord_world(tmp_path) as w:
        shown, form = await _opened(w, ("fox.png", FOX))
        await w.restart()
        answer = await _filled(w, form, others=("owl.png", OWL))
        assert answer.response is not None
        await w.titled(answer.response.id, "✅ Four pictures")
        again = await w.click(w.member, shown, "Add pictures")
        await _filled(w, again, others=("fox.png", FOX))
        await w.until(lambda: len(w.relay.submits) == 2)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "can't find a picture in that message"),
        ([("a.txt", b"text")], "can't find a picture in that message"),
        ([("fox.png", FOX), ("tiny.png", TINY)], "4 x 4 pixels"),
        ([("moves.gif", make_animation("GIF"))], "animated"),
        ([("huge.png", bytes(33 * 2**20))], "33 MiB"),
    ],
)
async def test_a_message_without_a_usable_picture_is_refused(
    tmp_path: Path, files: list[tuple[str, bytes]], said: str
) -> None:
    """Ephemerally and unpaid, before a modal is opened."""
    async with open_simcord_world(tmp_path) as w:
        message = await w.member.send(w.channel, "look", attachments=files)
        answer = await w.menu(w.member, message, "Blend with ...")
        assert said in await w.told(answer)
        assert w.relay.submits == []


async def test_pictures_of_a_deleted_message_are_blended(tmp_path: Path) -> None:
    """The ephemeral message has copies of them."""
    async with open_simcord_world(tmp_path) as w:
        message = await w.member.send(w.channel, "look", attachments=[("fox.png", FOX)])
        shown = await _shown(w, message)
        await message.delete()
        await _filled(w, await w.click(w.member, shown, "Add pictures"), others=("owl.png", OWL))
        await w.until(lambda: w.relay.submits)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (("tiny.png", TINY), "4 x 4 pixels"),
        (("moves.gif", make_animation("GIF")), "animated"),
        (("notes.pdf", b"%PDF-1.7 ..."), "notes.pdf"),
        (("half.png", OWL[:60]), "half.png"),
    ],
)
async def test_an_unusable_upload_is_refused(tmp_path: Path, other: tuple[str, bytes], said: str) -> None:
    """In one private sentence; nothing is left in the channel, and nothing paid."""
    async with open_simcord_world(tmp_path) as w:
        _, form = await _opened(w, ("fox.png", FOX))
        before = len(w.public)
        answer = await _filled(w, form, others=other)
        told = await w.told(answer)
        assert said in told
        assert "You weren't charged" in told
        await w.until(lambda: len(w.public) == before)
        assert w.relay.submits == []


async def test_five_pictures_are_the_maximum(tmp_path: Path) -> None:
    """Those of a message that holds more are left out, and the form has no room for others."""
    async with open_simcord_world(tmp_path) as w:
        shown, form = await _opened(w, *((f"{number}.png", FOX) for number in range(7)))
        assert len(shown.embeds) == 5
        await _filled(w, form, shape=["PORTRAIT"])
        await w.until(lambda: w.relay.submits)
        sent = w.relay.submits[0].body["base64Array"]
        assert isinstance(sent, list)
        assert len(sent) == 5


async def test_a_person_who_may_not_spend_gets_no_button(tmp_path: Path) -> None:
    """Nothing is downloaded for them."""
    async with open_simcord_world(tmp_path, allowed_guilds=frozenset({1})) as w:
        message = await w.member.send(w.channel, "look", attachments=[("fox.png", FOX)])
        answer = await w.menu(w.member, message, "Blend with ...")
        assert "server" in await w.told(answer)


async def test_a_modal_of_a_person_who_may_no_longer_spend_is_refused(tmp_path: Path) -> None:
    """Admission binds the form as it binds every command."""
    async with open_simcord_world(tmp_path) as w:
        _, form = await _opened(w, ("fox.png", FOX))
        await w.restart(allowed_guilds=frozenset({1}))
        answer = await _filled(w, form, others=("owl.png", OWL))
        assert "server" in await w.told(answer)
        assert w.relay.submits == []
