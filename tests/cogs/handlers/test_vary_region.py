"""Vary (Region) from the click to the repainted picture: nothing is paid before the preview is confirmed."""

import asyncio
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from PIL import Image, ImageDraw
from simcord import InteractionResult

from sandbox.relay import RelaySettings
from tests.fakes.catalog import find_untranslated, list_texts
from tests.worlds.simcord import QUICK, SimcordWorld, button, open_simcord_world, rows

PATCHED = RelaySettings(seconds_per_task=0.2, picture_side=64, refused_actions=frozenset())
GREEN = discord.ButtonStyle.success


def painted(size: tuple[int, int] = (64, 64), kind: str = "PNG") -> bytes:
    """Paint a mask: white where the picture is to change."""
    image = Image.new("L", size, 0)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 4, size[1]), fill=255)
    buffer = BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


async def single(w: SimcordWorld) -> discord.Message:
    return await w.finished(w.relay.add_task("single", prompt="a lighthouse --ar 1:1"))


async def filled(w: SimcordWorld, shown: InteractionResult, prompt: str, **values: object) -> InteractionResult:
    return await w.act(w.member.submit_modal(shown, {"prompt": prompt, **values}))


async def proposed(
    w: SimcordWorld, message: discord.Message, **values: object
) -> tuple[InteractionResult, discord.Message]:
    """Fill in the form of a picture; return its answer and the preview."""
    shown = await w.click(w.member, message, "Vary (Region)")
    answer = await filled(w, shown, "a lighthouse at night", **values)
    return answer, await preview(w, answer)


async def preview(w: SimcordWorld, answer: InteractionResult) -> discord.Message:
    assert answer.response is not None
    return await w.titled(answer.response.id, "Repaint this?")


def sent_mask(w: SimcordWorld) -> Image.Image:
    """Return the mask that the relay was sent."""
    url = str(w.relay.submits[-1].body["maskBase64"])
    assert url.startswith("data:image/png;base64,")
    return Image.open(BytesIO(b64decode(url.partition(",")[2])))


@pytest.mark.usefixtures("pseudo_language")
async def test_the_form_is_translated(tmp_path: Path) -> None:
    """All but the name that Midjourney gives it."""
    async with open_simcord_world(tmp_path) as w:
        shown = await w.click(w.member, await single(w), "Vary (Region)")
        texts = [text for text in list_texts(shown.modal) if text != "Vary (Region)"]
        assert find_untranslated("\n".join(texts)) == []
        assert len(texts) > 10


@pytest.mark.parametrize("relay", [QUICK, PATCHED])
@pytest.mark.parametrize("restart", [False, True])
async def test_a_ready_region_is_repainted(tmp_path: Path, relay: RelaySettings, *, restart: bool) -> None:
    """Form, private preview, and one click, also of another process, that pays: an action and a modal."""
    async with open_simcord_world(tmp_path, relay) as w:
        parent = await single(w)
        shown = await w.click(w.member, parent, "Vary (Region)")
        assert shown.modal is not None
        prompt, region, mask = (row["component"] for row in shown.modal["components"])
        assert prompt["value"].startswith("a lighthouse --ar 1:1")
        assert (len(region["options"]), region["required"]) == (16, False)
        assert (mask["type"], mask["required"]) == (19, False)
        if restart:
            await w.restart()
        answer = await filled(w, shown, "a lighthouse at night --ar 1:1", region=["left-half"])
        seen = await preview(w, answer)
        assert seen.flags.ephemeral
        assert rows(seen) == [["Repaint", "Change"]]
        assert "Left half, 50%" in str(seen.embeds[0].fields[0].value)
        assert w.relay.requests["action"] == 0
        if restart:
            await w.restart()
        confirmed = await w.click(w.member, seen, "Repaint")
        child = await w.child(confirmed, "✅ Four pictures")
        assert not child.flags.ephemeral
        assert f"({parent.jump_url})" in (child.embeds[0].description or "")
        assert w.relay.requests["action"] == 1
        assert [submit.path for submit in w.relay.submits] == ["/mj/submit/modal"]
        assert w.relay.submits[0].body["prompt"] == "a lighthouse at night --ar 1:1"
        sent = sent_mask(w)
        picture = Image.open(BytesIO(await parent_picture(w, parent)))
        assert sent.size == picture.size
        assert sent.getcolors() == [(sent.width * sent.height // 2, 0), (sent.width * sent.height // 2, 255)]
        await w.until(lambda: not rows(w.message(seen.id) or seen))
        await w.until(lambda: button(w.message(parent.id) or parent, "Vary (Region)").style is GREEN)
        assert not w.env.errors


async def parent_picture(w: SimcordWorld, parent: discord.Message) -> bytes:
    return await w.app.bot.http.get_from_cdn(parent.attachments[0].url)


async def test_an_uploaded_mask_is_scaled_to_the_picture(tmp_path: Path) -> None:
    """A JPEG four times as large, read back from the preview by another process."""
    async with open_simcord_world(tmp_path) as w:
        parent = await single(w)
        _, seen = await proposed(w, parent, mask=("mine.jpg", painted((256, 256), "JPEG")))
        assert "Your mask" in str(seen.embeds[0].fields[0].value)
        await w.restart()
        await w.child(await w.click(w.member, seen, "Repaint"), "✅ Four pictures")
        sent = sent_mask(w)
        assert sent.size == Image.open(BytesIO(await parent_picture(w, parent))).size
        assert {level for _, level in sent.getcolors() or ()} == {0, 255}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Choose the area to repaint"),
        ({"mask": ("wide.png", painted((640, 64)))}, "a different shape"),
        ({"mask": ("notes.pdf", b"%PDF-1.7 ...")}, "notes.pdf"),
        ({"mask": ("half.png", painted()[:60])}, "half.png"),
    ],
)
async def test_an_empty_mask_is_refused_unpaid(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    """In one private sentence."""
    async with open_simcord_world(tmp_path) as w:
        shown = await w.click(w.member, await single(w), "Vary (Region)")
        answer = await filled(w, shown, "a lighthouse", **values)
        told = await w.told(answer)
        assert said in told
        assert "You weren't charged" in told
        assert told.endswith("\nYou wrote:\n```\na lighthouse\n```")
        assert w.relay.requests["action"] == 0
        assert not w.env.errors


async def test_a_mask_whose_transfer_breaks_off_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal names its file, as for any other uploaded picture."""

    async def cut(_: str) -> bytes:
        raise aiohttp.ClientPayloadError

    async with open_simcord_world(tmp_path) as w:
        shown = await w.click(w.member, await single(w), "Vary (Region)")
        monkeypatch.setattr(w.app.bot.http, "get_from_cdn", cut)
        answer = await filled(w, shown, "a lighthouse", mask=("mine.png", painted()))
        told = await w.told(answer)
        assert "The file `mine.png` is broken" in told
        assert "You weren't charged" in told


async def test_a_mask_may_be_smaller_than_what_is_drawn_from(tmp_path: Path) -> None:
    """It is brought to its picture's size."""
    async with open_simcord_world(tmp_path) as w:
        _, seen = await proposed(w, await single(w), mask=("mine.png", painted((16, 16))))
        assert "Your mask" in str(seen.embeds[0].fields[0].value)


async def test_a_prompt_that_cannot_be_sent_is_said_before_the_preview(tmp_path: Path) -> None:
    """Nothing is drawn for it."""
    async with open_simcord_world(tmp_path) as w:
        shown = await w.click(w.member, await single(w), "Vary (Region)")
        answer = await filled(w, shown, "a lighthouse --chaos 900", region=["centre"])
        assert "--chaos" in await w.told(answer)


async def test_a_preview_may_be_changed(tmp_path: Path) -> None:
    """The form opens again, filled in, and the same message shows what it says now; then that is sent."""
    async with open_simcord_world(tmp_path) as w:
        answer, seen = await proposed(w, await single(w), region=["left-half"])
        await w.restart()
        shown = await w.click(w.member, seen, "Change")
        assert shown.modal is not None
        prompt, region, _ = (row["component"] for row in shown.modal["components"])
        assert prompt["value"] == "a lighthouse at night"
        assert [one["value"] for one in region["options"] if one.get("default")] == ["left-half"]
        await filled(w, shown, "a lighthouse in fog", region=["border"])
        changed = await w.until(lambda: found if "fog" in text(found := w.message(seen.id) or seen) else None)
        assert "Border" in str(changed.embeds[0].fields[0].value)
        assert len(changed.attachments) <= 2
        assert answer.response is not None
        await w.child(await w.click(w.member, changed, "Repaint"), "✅ Four pictures")
        assert w.relay.submits[0].body["prompt"] == "a lighthouse in fog"
        mask = sent_mask(w)
        assert mask.getpixel((0, 0)) == 255
        assert mask.getpixel((mask.width // 2, mask.height // 2)) == 0


def text(message: discord.Message) -> str:
    return message.embeds[0].description or ""


async def test_a_preview_is_paid_once(tmp_path: Path) -> None:
    """However often it is confirmed, and long after; even if its buttons could not be taken away."""
    async with open_simcord_world(tmp_path) as w:
        parent = await single(w)
        _, seen = await proposed(w, parent, region=["centre"])
        child = await w.child(await w.click(w.member, seen, "Repaint"), "✅ Four pictures")
        await w.clock.sleep(4.0)
        await w.until(lambda: not rows(w.message(seen.id) or seen))
        stored = w.env.backend.messages[w.channel.id][seen.id]
        stored.components = [{"type": 1, "components": [part(w, seen)]}]
        again = await w.click(w.member, w.message(seen.id), "Repaint")
        assert child.jump_url in await w.told(again)
        assert w.relay.requests["action"] == 1


def part(w: SimcordWorld, seen: discord.Message) -> dict[str, Any]:
    """Return the button that was there before."""
    found = button(seen, "Repaint")
    return {"type": 2, "style": 3, "label": "Repaint", "custom_id": found.custom_id, "id": 9}


async def test_a_refusal_leaves_the_preview_to_be_confirmed_again(tmp_path: Path) -> None:
    """Nothing was paid, so the same click may try once more."""
    async with open_simcord_world(tmp_path) as w:
        _, seen = await proposed(w, await single(w), region=["centre"])
        w.relay.refuse("action", "saturated")
        assert "too busy" in await w.told(await w.click(w.member, seen, "Repaint"))
        await w.clock.sleep(4.0)
        await w.child(await w.click(w.member, seen, "Repaint"), "✅ Four pictures")
        assert len(w.relay.submits) == 1


async def test_a_private_picture_is_repainted_privately(tmp_path: Path) -> None:
    """The child is as private as the message that the form was opened on."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("single"), private=True)
        assert answer.response is not None
        _, seen = await proposed(w, await w.pictured(answer.response.id), region=["centre"])
        assert seen.embeds[0].url is None
        child = await w.child(await w.click(w.member, seen, "Repaint"), "✅ Four pictures")
        assert child.flags.ephemeral
        assert not w.public


@pytest.mark.parametrize("private", [False, True])
async def test_a_death_between_the_press_and_its_mask_asks_for_the_mask_again(tmp_path: Path, *, private: bool) -> None:
    """The relay waits for a form, of which nothing was paid: the child asks for prompt and mask, and is paid once."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("single"), private=private)
        assert answer.response is not None
        _, seen = await proposed(w, await w.pictured(answer.response.id), region=["centre"])
        confirmed = await died_before_its_mask(w, seen)
        child = await w.child(confirmed, "✋ Waiting for lien")
        assert w.relay.requests["modal"] == 0
        shown = await w.click(w.member, child, "Open form")
        assert shown.modal is not None
        assert [row["component"].get("custom_id") for row in shown.modal["components"]] == ["prompt", "region", "mask"]
        again = await preview(w, await filled(w, shown, "a lighthouse at night", region=["left-half"]))
        assert again.flags.ephemeral
        await w.click(w.member, again, "Repaint")
        await w.titled(child.id, "✅ Four pictures")
        sent = sent_mask(w)
        assert (sent.getpixel((0, 0)), sent.getpixel((sent.width - 1, 0))) == (255, 0)
        await w.clock.sleep(4.0)
        assert "Already on its way" in await w.told(await w.click(w.member, again, "Repaint"))
        assert "Already on its way" in await w.told(await w.click(w.member, seen, "Repaint"))
        assert (w.relay.requests["action"], w.relay.requests["modal"]) == (1, 1)
        assert not w.env.errors


async def test_a_mask_that_is_asked_for_again_is_its_requesters_and_may_be_dropped(tmp_path: Path) -> None:
    """Others are told so once they send the form; after Drop it a form that was open still is answered by nothing."""
    async with open_simcord_world(tmp_path) as w:
        _, seen = await proposed(w, await single(w), region=["centre"])
        child = await w.child(await died_before_its_mask(w, seen), "✋ Waiting for lien")
        theirs = await w.click(w.stranger, child, "Open form")
        answer = await w.act(w.stranger.submit_modal(theirs, {"prompt": "a fox", "region": ["centre"]}))
        assert "person who asked" in await w.told(answer)
        again = await preview(
            w, await filled(w, await w.click(w.member, child, "Open form"), "a fox", region=["centre"])
        )
        await w.click(w.member, child, "Drop it")
        await w.titled(child.id, "🚫 Dropped")
        assert "answered or dropped" in await w.told(await w.click(w.member, again, "Repaint"))
        assert w.relay.requests["modal"] == 0


async def died_before_its_mask(w: SimcordWorld, seen: discord.Message) -> InteractionResult:
    """Let the process end right after the relay asked for the form, and the next one start."""
    dead = asyncio.Event()

    async def died(*_: object) -> None:
        dead.set()
        raise asyncio.CancelledError

    w.app.tracker.continue_job = died  # type: ignore[method-assign, assignment]
    confirmed = await w.click(w.member, seen, "Repaint")
    async with asyncio.timeout(6):
        await dead.wait()
    await w.restart()
    return confirmed


async def test_another_persons_picture_is_not_repainted_with_requester_policy(tmp_path: Path) -> None:
    """The policy is asked before anything is drawn, of the message that the form was opened on."""
    async with open_simcord_world(tmp_path, press_policy="requester") as w:
        parent = await single(w)
        shown = await w.click(w.stranger, parent, "Vary (Region)")
        answer = await w.act(w.stranger.submit_modal(shown, {"prompt": "a fox", "region": ["centre"]}))
        assert "person who asked" in await w.told(answer)
        assert not w.relay.submits
