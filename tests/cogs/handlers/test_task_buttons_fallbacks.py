"""The same buttons at a relay that refuses them, and at one that does not: from the click to the picture."""

from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.worlds.simcord import SimcordWorld, button, open_simcord_world, title_of

STOCK = RelaySettings(seconds_per_task=0.2, picture_side=64)
PATCHED = RelaySettings(seconds_per_task=0.2, picture_side=64, refused_actions=frozenset(), has_imagine_all=True)


def paths(w: SimcordWorld) -> list[str]:
    return [submit.path for submit in w.relay.submits]


@pytest.mark.parametrize(
    ("relay", "sent"), [(STOCK, ["/mj/submit/imagine"]), (PATCHED, ["/mj/submit/action", "/mj/submit/modal"])]
)
@pytest.mark.parametrize("restart", [False, True])
async def test_a_line_of_a_description_is_drawn_from_its_form(
    tmp_path: Path, relay: RelaySettings, sent: list[str], *, restart: bool
) -> None:
    """The form opens with the line, in whichever process it is sent, and the child ends with four pictures."""
    async with open_simcord_world(tmp_path, relay) as w:
        described = await w.finished(w.relay.add_task("describe"))
        shown = await w.click(w.member, described, "2️⃣")
        assert shown.modal is not None
        assert "ink and wash" in shown.modal["components"][0]["component"]["value"]
        if restart:
            await w.restart()
        submitted = await w.submit(w.member, shown, "a fox, ink and wash --ar 3:2")
        child = await w.child(submitted, "✅ Four pictures")
        assert (await w.pictured(child.id)).attachments
        assert paths(w) == sent
        assert w.relay.submits[-1].body["prompt"] == "a fox, ink and wash --ar 3:2"
        seen = w.message(described.id)
        assert seen is not None
        assert not button(seen, "3️⃣").disabled
        assert not w.env.errors


async def test_a_form_that_cannot_be_sent_says_why(tmp_path: Path) -> None:
    """The person gets one sentence, and nothing is asked of the relay."""
    async with open_simcord_world(tmp_path) as w:
        described = await w.finished(w.relay.add_task("describe"))
        shown = await w.click(w.member, described, "1️⃣")
        said = await w.told(await w.submit(w.member, shown, "a fox --stylize 5000"))
        assert "You weren't charged" in said
        assert "--stylize" in said
        assert w.relay.requests["action"] == 0


@pytest.mark.parametrize(("relay", "submits"), [(STOCK, 4), (PATCHED, 4)])
async def test_imagine_all_is_four_messages(tmp_path: Path, relay: RelaySettings, submits: int) -> None:
    """Drawn one by one, or all by the relay itself: each has its own message and ends there."""
    async with open_simcord_world(tmp_path, relay) as w:
        described = await w.finished(w.relay.add_task("describe"))
        pressed = await w.confirm(w.member, await w.click(w.member, described, "Imagine all"), "Draw")
        await w.until(lambda: len(pressed.followups) == 4)
        for followup in pressed.followups:
            await w.titled(followup.id, "✅ Four pictures")
        assert len(w.relay.submits) == submits
        assert len(w.public) == 5


@pytest.mark.parametrize(("relay", "path"), [(STOCK, "/mj/submit/video"), (PATCHED, "/mj/submit/action")])
async def test_a_picture_is_animated(tmp_path: Path, relay: RelaySettings, path: str) -> None:
    """By /submit/video where the button is refused, with its motion."""
    async with open_simcord_world(tmp_path, relay) as w:
        single = await w.finished(w.relay.add_task("single"))
        await w.child(await w.click(w.member, single, "Animate (High motion)"), "✅ Four clips")
        assert paths(w) == [path]
        assert w.relay.submits[0].body.get("motion", "high") == "high"


@pytest.mark.parametrize(("relay", "path"), [(STOCK, "/mj/submit/video"), (PATCHED, "/mj/submit/action")])
async def test_a_clip_is_extended(tmp_path: Path, relay: RelaySettings, path: str) -> None:
    """By /submit/video with action "extend"."""
    async with open_simcord_world(tmp_path, relay) as w:
        clip = await w.finished(w.relay.add_task("clip"))
        await w.child(await w.click(w.member, clip, "Extend (Low motion)"), "✅ ")
        assert paths(w) == [path]


@pytest.mark.parametrize(("relay", "path"), [(STOCK, "/mj/submit/describe"), (PATCHED, "/mj/submit/action")])
async def test_a_picture_is_described_again(tmp_path: Path, relay: RelaySettings, path: str) -> None:
    """With the picture's own bytes."""
    async with open_simcord_world(tmp_path, relay) as w:
        described = await w.finished(w.relay.add_task("describe"))
        await w.child(await w.click(w.member, described, "🔄"), "✅ Described")
        assert paths(w) == [path]


async def test_a_clip_is_shown_where_it_cannot_be_pressed(tmp_path: Path) -> None:
    """Nothing is submitted: the message holds the clip, or its link; the button stays, for the next click."""
    async with open_simcord_world(tmp_path, STOCK) as w:
        video = await w.finished(w.relay.add_task("video"))
        await w.click(w.stranger, video, "U2")
        await w.until(lambda: [title_of(one) for one in w.public[1:]] == ["✅ One clip"])
        await w.learnt()
        await w.click(w.stranger, video, "U2")
        await w.until(lambda: [title_of(one) for one in w.public[1:]] == ["✅ One clip"] * 2)
        shown = w.public[-1]
        assert shown.attachments[0].filename.endswith((".mp4", ".webp"))
        assert not w.relay.submits
        assert len(w.public) == 3
        assert w.relay.requests["action"] == 1
        assert not w.env.errors


@pytest.mark.parametrize(
    ("relay", "sent"), [(STOCK, ["/mj/submit/imagine"]), (PATCHED, ["/mj/submit/action", "/mj/submit/modal"])]
)
async def test_a_shorter_prompt_is_drawn_from_its_form(tmp_path: Path, relay: RelaySettings, sent: list[str]) -> None:
    """As a line of a description is."""
    async with open_simcord_world(tmp_path, relay) as w:
        shortened = await w.followed(w.relay.add_task("shorten"))
        shown = await w.click(w.member, shortened, "1️⃣")
        assert shown.modal is not None
        line = shown.modal["components"][0]["component"]["value"]
        assert line
        await w.child(await w.submit(w.member, shown, line), "✅ Four pictures")
        assert paths(w) == sent
