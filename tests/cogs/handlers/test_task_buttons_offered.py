"""What a person sees, and can press, where the relay sends no buttons: from the command to the picture."""

from base64 import b64decode
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import discord
import pytest
from PIL import Image
from simcord import InteractionResult

from bot.midjourney.capabilities import BUTTONS_CAPABILITY
from sandbox.relay import RelaySettings
from tests.cogs.handlers.test_result_buttons import choose
from tests.pictures import draw_noise, encode
from tests.relay_without_buttons import Buttonless
from tests.worlds.simcord import QUICK, SimcordWorld, button, buttons, open_simcord_world, rows, show, title_of

LARGE = RelaySettings(seconds_per_task=0.2, picture_side=256)
GRID_ROWS = [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]
HINT = "**U** picks one, **V** varies one, 🔄 makes four new ones. Numbered left to right, top row first"
NO_MORE = "This service can't do more with a single picture."


async def grid(w: SimcordWorld) -> discord.Message:
    """Follow a finished grid to its end."""
    return await w.finished(w.relay.add_task("grid", prompt="a fox --ar 3:2"))


async def upscaled(
    w: SimcordWorld, parent: discord.Message, label: str = "U2"
) -> tuple[InteractionResult, discord.Message]:
    """Take one of four, to its picture."""
    pressed = await w.click(w.member, parent, label)
    child = await w.child(pressed, "✅")
    return pressed, await w.pictured(child.id)


async def test_a_grid_ends_as_four_pictures_with_buttons(tmp_path: Path) -> None:
    """As any grid does: at once, with its picture, U, V, the reroll, and our own below."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK)) as w:
        shown = await w.act(w.member.slash(w.channel, "imagine", prompt="a fox"))
        assert shown.response is not None
        done = await w.pictured(shown.response.id)
        assert title_of(done).startswith("✅ Four pictures")
        assert rows(done)[:2] == GRID_ROWS
        assert HINT in (done.embeds[0].description or "")
        assert "Split" in rows(done)[2]
        assert not w.env.errors


async def test_taking_one_of_four_asks_for_a_change(tmp_path: Path) -> None:
    """The button is never pressed at the relay: it lacks that; the message says why there is no more to press."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK)) as w:
        parent = await grid(w)
        _, child = await upscaled(w, parent)
        assert title_of(child).startswith("✅ Picture 2")
        said = child.embeds[0].description or ""
        assert f"{NO_MORE} To vary it, press **V** with its number below the grid." in said
        assert f"from [these four]({parent.jump_url})" in said
        assert [label for row in rows(child) for label in row] == ["Original", "Family", "🗑️"]
        [submit] = w.relay.submits
        assert submit.path == "/mj/submit/change"
        body = {name: submit.body[name] for name in ("taskId", "action", "index")}
        assert body == {"taskId": parent.embeds[0].footer.text.rpartition(" · ")[2], "action": "UPSCALE", "index": 2}  # type: ignore[union-attr]
        assert w.relay.requests["action"] == 0
        await w.until(lambda: (now := w.message(parent.id)) and button(now, "U2").style is discord.ButtonStyle.success)
        now = w.message(parent.id)
        assert now is not None
        assert rows(now)[:2] == GRID_ROWS
        assert "Family" in rows(now)[2]


@pytest.mark.parametrize(("label", "action", "index"), [("V3", "VARIATION", 3), ("🔄", "REROLL", 1)])
async def test_a_variation_gives_four_pictures_with_buttons(
    tmp_path: Path, label: str, action: str, index: int
) -> None:
    """Each child is a grid of its own."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK)) as w:
        _, child = await upscaled(w, await grid(w), label)
        assert title_of(child).startswith("✅ Four pictures")
        assert rows(child)[:2] == GRID_ROWS
        await upscaled(w, child, "U1")
        sent = [(one.path, one.body["action"], one.body["index"]) for one in w.relay.submits]
        assert sent == [("/mj/submit/change", action, index), ("/mj/submit/change", "UPSCALE", 1)]


async def test_buttons_outlive_the_process_and_the_database(tmp_path: Path) -> None:
    """They are found in the task itself, as the relay's own would be."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK)) as w:
        parent = await grid(w)
        await w.restart(lose_database=True)
        await w.child(await w.confirm(w.member, await w.click(w.member, parent, "U4")), "✅")
        assert [one.body["index"] for one in w.relay.submits] == [4]


async def test_a_description_offers_its_lines(tmp_path: Path) -> None:
    """Each opens its form; what was read is no prompt, neither here nor in the list of tasks."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK)) as w:
        shown = await w.act(w.member.slash(w.channel, "describe", image=("a.png", encode(draw_noise(96, 96)))))
        assert shown.response is not None
        described = await w.pictured(shown.response.id)
        assert title_of(described).startswith("✅ Described")
        assert rows(described)[0] == ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "Imagine all"]
        lines = (described.embeds[0].description or "").splitlines()
        assert [line[0] for line in lines] == ["1", "2", "3", "4"]
        listed = await w.slash(w.member, "mjtasks")
        await w.until(lambda: listed.response and listed.response.embeds)
        assert listed.response is not None
        assert "no prompt" in (listed.response.embeds[0].description or "")
        assert "fox" not in (listed.response.embeds[0].description or "")
        form = await w.click(w.member, described, "2️⃣")
        assert form.modal is not None
        prompt = form.modal["components"][0]["component"]["value"]
        assert prompt
        child = await w.child(await w.submit(w.member, form, prompt), "✅ Four pictures")
        assert rows(await w.pictured(child.id))[:2] == GRID_ROWS
        assert [one.path for one in w.relay.submits] == ["/mj/submit/describe", "/mj/submit/imagine"]
        assert w.relay.submits[-1].body["prompt"] == prompt


async def test_all_lines_of_a_description_are_drawn(tmp_path: Path) -> None:
    """One by one, each in a message of its own."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK)) as w:
        described = await w.finished(w.relay.add_task("describe"))
        await w.confirm(w.member, await w.click(w.member, described, "Imagine all"), "Draw")
        await w.until(lambda: len(w.relay.submits) == 4)
        assert {one.path for one in w.relay.submits} == {"/mj/submit/imagine"}
        assert len({one.body["prompt"] for one in w.relay.submits}) == 4


async def test_remix_without_effect_is_explained(tmp_path: Path) -> None:
    """No form is opened whose prompt could not be sent; the old prompt is drawn, and that is said."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK)) as w:
        shown = await w.slash(w.member, "mjsettings")
        assert shown.response is not None
        panel = await w.titled(shown.response.id, "Your settings")
        await w.click(w.member, panel, "Remix: off")
        parent = await grid(w)
        pressed = await w.click(w.member, parent, "V1")
        assert pressed.modal is None
        assert "remix changes nothing here" in await w.told(pressed)
        await w.child(pressed, "✅ Four pictures")
        assert [one.path for one in w.relay.submits] == ["/mj/submit/change"]
        other = await w.click(w.stranger, parent, "V2")
        await w.child(other, "✅ Four pictures")
        assert not w.said(other)


@pytest.mark.parametrize(
    ("code", "description", "said"),
    [
        (4, "关联任务不允许执行变化", "can work only from a grid"),
        (3, "关联任务不存在或已失效", "no longer has the picture"),
    ],
)
async def test_a_change_that_is_refused_is_unpaid(tmp_path: Path, code: int, description: str, said: str) -> None:
    """One private sentence, and the child is taken back."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK)) as w:
        parent = await grid(w)
        w.relay.script("change", 200, {"code": code, "description": description, "result": None, "properties": {}})
        pressed = await w.click(w.member, parent, "U1")
        assert said in await w.told(pressed)
        await w.until(lambda: len(w.public) == 1)
        assert not w.relay.submits


async def test_the_bots_own_buttons_work_on_offered_messages(tmp_path: Path) -> None:
    """Split cuts the grid, Original gives the file, Family shows both."""
    async with open_simcord_world(tmp_path, Buttonless(LARGE)) as w:
        parent = await grid(w)
        _, child = await upscaled(w, parent)
        asked = await w.click(w.member, parent, "Split")
        assert asked.response is not None
        await choose(w, asked, "1", "4")
        await w.until(lambda: any(len(one.attachments) == 2 for one in w.public))
        original = await w.click(w.member, child, "Original")
        await w.until(lambda: original.response and original.response.attachments)
        family = await w.click(w.member, child, "Family")
        await w.until(lambda: family.response and family.response.embeds)
        assert family.response is not None
        assert "Picture 2" in (family.response.embeds[0].description or "")


@pytest.mark.parametrize("null", [False, True])
async def test_one_of_four_is_animated_and_never_all(tmp_path: Path, *, null: bool) -> None:
    """A grid is known by its action where it has no buttons."""
    async with open_simcord_world(tmp_path, Buttonless(LARGE, null=null)) as w:
        shown = await w.slash(w.member, "animate", id=w.relay.add_task("grid", prompt="a fox --ar 1:1"), picture=4)
        assert shown.response is not None, w.said(shown)
        await w.until(lambda: w.relay.submits)
        sent = str(w.relay.submits[0].body["image"]).partition(",")[2]
        with Image.open(BytesIO(b64decode(sent))) as image:
            assert image.size == (128, 128)


async def test_a_relay_that_is_known_to_send_none_offers_them_at_once(tmp_path: Path) -> None:
    """A new-api in front of a midjourney-proxy says null forever; its check says what is done in their place."""
    async with open_simcord_world(tmp_path, Buttonless(QUICK, null=True)) as w:
        now = w.clock.now()
        await w.app.store.save_missing_capability(BUTTONS_CAPABILITY, "", at=now, until=now + timedelta(days=7))
        parent = await w.followed(w.relay.add_task("grid"))
        assert rows(parent)[:2] == GRID_ROWS
        single = await w.followed(w.relay.add_task("single"))
        assert NO_MORE in show(single)
        await w.child(await w.click(w.member, parent, "U1"), "✅ Picture 1")
        assert [one.path for one in w.relay.submits] == ["/mj/submit/change"]


async def test_a_button_that_no_relay_can_read_is_not_sent(tmp_path: Path) -> None:
    """new-api breaks down over a customId without "::": it is grayed, and the footer says why."""
    async with open_simcord_world(tmp_path) as w:
        shown = await w.finished(w.relay.add_task("grid", extra_buttons={"odd": "Odd", "MJ::new::1": "New"}))
        assert button(shown, "Odd").disabled
        assert not button(shown, "New").disabled
        assert "Odd isn't available on this service: relays cannot read its id" in (shown.embeds[0].footer.text or "")


# ---------------------------------------------------------------------------------------------------- the relay's own


async def test_a_pressed_button_stays_green_when_the_relays_own_come(tmp_path: Path) -> None:
    """The mark of one that the bot offered is that of the relay's own: by neither is the same U2 paid again."""
    relay = Buttonless(QUICK)
    async with open_simcord_world(tmp_path, relay) as w:
        task_id = w.relay.add_task("grid", prompt="a fox --ar 3:2")
        old = await w.finished(task_id)
        await upscaled(w, old)
        relay.sends = True
        shown = await w.finished(task_id)
        assert rows(shown)[:2] == GRID_ROWS
        assert _ids(shown)["U2"] != _ids(old)["U2"]
        for message in (shown, old):
            assert button(await _green(w, message, "U2"), "U2").style is discord.ButtonStyle.success
            again = await w.click(w.owner, message, "U2")
            assert "Already done: [see the result]" in await w.told(again)
        await w.click(w.member, old, "V1")
        redrawn = await _green(w, old, "V1")
        assert button(redrawn, "U2").style is discord.ButtonStyle.success
        assert rows(redrawn)[:2] == GRID_ROWS
        assert _ids(redrawn)["V1"] == _ids(shown)["V1"]
        assert [one.path for one in w.relay.submits] == ["/mj/submit/change", "/mj/submit/action"]
        assert not w.env.errors


def _ids(message: discord.Message) -> dict[str, str]:
    return {one.label or "": one.custom_id or "" for one in buttons(message)}


async def _green(w: SimcordWorld, shown: discord.Message, label: str) -> discord.Message:
    """Wait until a button is green, and return the message."""

    def found() -> discord.Message | None:
        now = w.message(shown.id)
        return now if now and button(now, label).style is discord.ButtonStyle.success else None

    return await w.until(found)
