"""Buttons whose earlier press may have been charged: a private question, and one more press if the member confirms."""

from datetime import timedelta
from pathlib import Path

import discord
import pytest
from simcord import InteractionResult

from bot.entities import Claim, ClaimState
from bot.midjourney.buttons import get_claim_key
from bot.store import open_store
from tests.cogs.handlers.test_vary_region import proposed
from tests.fakes.sample_rows import allow, set_claim_age
from tests.worlds.simcord import SimcordWorld, button, buttons, open_simcord_world

QUESTION = "The earlier press may have been charged. Draw again?"


async def lose_press(w: SimcordWorld, message: discord.Message, label: str, *, minutes: float = 6.0) -> None:
    """Let another process have pressed the button that long ago, and not know what became of it."""
    task_id = next(one.custom_id.split(":")[2] for one in buttons(message) if one.custom_id)
    task = await w.app.store.find_snapshot(task_id)
    assert task is not None
    pressed = next(one for one in task.buttons if label in {one.label, one.emoji})
    now = w.clock.now()
    claim = Claim(
        id=7,
        person_id=9,
        guild_id=0,
        message_id=1,
        task_id=task_id,
        button=get_claim_key(pressed.custom_id),
        made_at=now,
    )
    url = w.app.settings.database_url.get_secret_value()
    async with open_store(url, now=w.clock.now, owner="other") as other:
        await other.create_claim(claim, allow)
        await other.settle_claim(claim.id, ClaimState.UNKNOWN)
        await set_claim_age(other, claim.id, timedelta(minutes=minutes))


async def asked(w: SimcordWorld, pressed: InteractionResult) -> discord.Message:
    """Wait for the private question, and return its message."""
    await w.until(lambda: pressed.followups)
    question = w.message(pressed.followups[0].id)
    assert question is not None
    assert question.content == QUESTION
    assert question.flags.ephemeral
    assert [one.label for one in buttons(question)] == ["Draw again"]
    return question


@pytest.mark.parametrize(
    ("label", "private", "title"),
    [("U2", False, "✅ Picture 2"), ("V3", True, "✅ Four pictures"), ("🔄", False, "✅ Four pictures")],
)
async def test_person_confirms_a_press_that_may_be_charged_twice(
    tmp_path: Path, label: str, title: str, *, private: bool
) -> None:
    """Nothing is sent before; the child is as private as the task's message, whose button turns green."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("grid"), private=private)
        assert answer.response is not None
        grid = await w.pictured(answer.response.id)
        await lose_press(w, grid, label)
        question = await asked(w, await w.click(w.member, grid, label))
        assert w.relay.submits == []
        confirmed = await w.click(w.member, question, "Draw again")
        child = await w.child(confirmed, title)
        assert child.flags.ephemeral is private
        shown = w.message(question.id)
        assert shown is not None
        assert (shown.content, [*buttons(shown)]) == ("I'm sending it again.", [])
        if not private:
            await w.until(lambda: _is_green(w, grid, label))
        assert len(w.relay.submits) == 1
        assert not w.env.errors


def _is_green(w: SimcordWorld, message: discord.Message, label: str) -> bool:
    shown = w.message(message.id)
    return shown is not None and button(shown, label).style is discord.ButtonStyle.success


async def test_prompt_that_was_typed_is_kept_by_the_question(tmp_path: Path) -> None:
    """As it was typed, with what Markdown would change."""
    typed = "a *red* ```barn``` `at` sea --zoom 1.7"
    async with open_simcord_world(tmp_path) as w:
        single = await w.finished(w.relay.add_task("single", prompt="a barn --v 7"))
        await lose_press(w, single, "Custom Zoom")
        form = await w.click(w.member, single, "Custom Zoom")
        question = await asked(w, await w.submit(w.member, form, typed))
        confirmed = await w.click(w.member, question, "Draw again")
        await w.child(confirmed, "✅")
        [modal] = [one for one in w.relay.submits if one.path == "/mj/submit/modal"]
        assert modal.body["prompt"] == "a *red* '''barn''' `at` sea --zoom 1.7"


@pytest.mark.parametrize("minutes", [0.5, 4.5])
async def test_no_member_is_asked_within_five_minutes(tmp_path: Path, minutes: float) -> None:
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        await lose_press(w, grid, "U1", minutes=minutes)
        said = await w.told(await w.click(w.member, grid, "U1"))
        assert "was lost, so it may have been charged" in said
        assert "You can try again <t:" in said
        assert w.relay.submits == []


async def test_region_preview_itself_asks(tmp_path: Path) -> None:
    """It holds the mask, so that its own button draws again."""
    async with open_simcord_world(tmp_path) as w:
        single = await w.finished(w.relay.add_task("single", prompt="a lighthouse --ar 1:1"))
        await lose_press(w, single, "Vary (Region)")
        _, preview = await proposed(w, single, region=["left-half"])
        await w.click(w.member, preview, "Repaint")
        question = await w.until(lambda: _find_question(w, preview.id))
        assert question.embeds[0].title == "Repaint this?"
        assert w.relay.submits == []
        child = await w.child(await w.click(w.member, question, "Draw again"), "✅")
        assert not child.flags.ephemeral
        [modal] = [one for one in w.relay.submits if one.path == "/mj/submit/modal"]
        assert modal.body["maskBase64"]


def _find_question(w: SimcordWorld, message_id: int) -> discord.Message | None:
    shown = w.message(message_id)
    return shown if shown is not None and shown.content == QUESTION else None


GREEN_QUESTION = "This was already done, and I have no record of it. Draw again?"
OLD_QUESTION = "This message is older than my records, so this may have been done already. Draw again?"


@pytest.mark.parametrize(
    ("label", "question"), [("U1", GREEN_QUESTION), ("U2", OLD_QUESTION), ("V3", OLD_QUESTION), ("🔄", OLD_QUESTION)]
)
async def test_a_new_database_asks_before_it_pays_again(tmp_path: Path, label: str, question: str) -> None:
    """For a green button, and for any of an older message; a message that is newer than the records asks nothing."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.member, parent, "U1"), "✅")
        await w.restart(lose_database=True)
        pressed = await w.click(w.member, parent, label)
        await w.until(lambda: pressed.followups)
        shown = w.message(pressed.followups[0].id)
        assert shown is not None
        assert (shown.content, shown.flags.ephemeral, len(w.relay.submits)) == (question, True, 1)
        await w.child(await w.confirm(w.member, pressed), "✅")
        assert len(w.relay.submits) == 2
        newer = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.member, newer, "U1"), "✅")


async def test_copied_buttons_ask_as_the_message_would(tmp_path: Path) -> None:
    """The menu's own message is newer than the records."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await w.restart(lose_database=True)
        copied = await w.menu(w.member, parent, "Upscale picture")
        assert copied.response is not None
        shown = w.message(copied.response.id)
        assert shown is not None
        child = await w.child(await w.confirm(w.member, await w.click(w.member, shown, "U3")), "✅")
        assert child.flags.ephemeral
        assert len(w.relay.submits) == 1


async def test_a_recorded_repeat_is_not_asked_about(tmp_path: Path) -> None:
    """A green reroll draws four new ones, with the database or without it."""
    async with open_simcord_world(tmp_path) as w:
        parent = await w.finished(w.relay.add_task("grid"))
        await w.child(await w.click(w.member, parent, "🔄"), "✅")
        await w.child(await w.click(w.member, parent, "🔄"), "✅")
        await w.restart(lose_database=True)
        await w.child(await w.click(w.member, parent, "🔄"), "✅")
        assert len(w.relay.submits) == 3
