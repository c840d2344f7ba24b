"""Buttons that are expensive: a private question with the price, and one press when the member answers it."""

from pathlib import Path
from typing import Any

import discord
import pytest

from tests.cogs.handlers.test_task_buttons_again import lose_press
from tests.cogs.handlers.test_vary_region import proposed
from tests.worlds.simcord import buttons, open_simcord_world

PRICED: dict[str, Any] = {
    "prices": "upscale=0.8, reroll=0.1, modal=0.6, imagine=0.1, currency=USD",
    "confirm_above": "0.5",
}
DROP = " Dismiss this message to drop it."
QUESTION = "This costs about $0.80. You have 30 jobs left. You pay only if you press **Draw**." + DROP


@pytest.mark.parametrize("private", [False, True])
async def test_an_expensive_press_is_sent_when_it_is_confirmed(tmp_path: Path, *, private: bool) -> None:
    """Also by another process; the child is as private as the message, and the question is answered once."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("grid"), private=private)
        assert answer.response is not None
        grid = await w.pictured(answer.response.id)
        question = await w.question(await w.click(w.member, grid, "U2"), "Draw")
        assert question.content == QUESTION
        await w.restart(**PRICED)
        assert w.relay.submits == []
        confirmed = await w.click(w.member, question, "Draw")
        child = await w.child(confirmed, "✅ Picture 2")
        assert child.flags.ephemeral is private
        shown = w.message(question.id)
        assert shown is not None
        assert (shown.content, [*buttons(shown)]) == ("I'm sending it.", [])
        assert len(w.relay.submits) == 1
        # A cheap one is not asked about.
        await w.child(await w.click(w.member, grid, "🔄"), "✅ Four pictures")
        assert not w.env.errors


async def test_a_price_that_rose_is_asked_about_again(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, **PRICED) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        question = await w.question(await w.click(w.member, grid, "U2"), "Draw")
        await w.restart(**{**PRICED, "prices": "upscale=1.5, currency=USD"})
        again = await w.question(await w.click(w.member, question, "Draw"), "Draw")
        assert again.content.startswith("The price rose. This costs about $1.50 now.")
        assert w.relay.submits == []
        await w.child(await w.click(w.member, again, "Draw"), "✅ Picture 2")
        assert len(w.relay.submits) == 1
        assert not w.env.errors


async def test_another_person_cannot_answer(tmp_path: Path) -> None:
    """Discord shows the question to one person only; a forged click is refused."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        question = await w.question(await w.click(w.member, grid, "U2"), "Draw")

        def forge(payload: dict[str, Any]) -> None:
            payload["member"]["user"]["id"] = str(w.stranger.id)

        w.payloads = forge
        refused = await w.click(w.member, question, "Draw")
        assert "belong to the person who asked" in await w.told(refused)
        assert w.relay.submits == []


async def test_two_questions_need_one_answer(tmp_path: Path) -> None:
    """One about the price and one about an earlier press."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        await lose_press(w, grid, "U2")
        question = await w.question(await w.click(w.member, grid, "U2"), "Draw again")
        assert question.content == (
            "This costs about $0.80. You have 30 jobs left. The earlier press may have been charged. Draw again?"
        )
        await w.child(await w.click(w.member, question, "Draw again"), "✅ Picture 2")
        assert len(w.relay.submits) == 1


async def test_a_typed_prompt_is_kept_by_the_question(tmp_path: Path) -> None:
    """Custom Zoom costs what its form does."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        single = await w.finished(w.relay.add_task("single", prompt="a barn --v 7"))
        form = await w.click(w.member, single, "Custom Zoom")
        pressed = await w.submit(w.member, form, "a *red* barn --zoom 1.7")
        question = await w.question(pressed, "Draw")
        assert "about $0.60" in question.content
        await w.child(await w.click(w.member, question, "Draw"), "✅")
        [modal] = [one for one in w.relay.submits if one.path == "/mj/submit/modal"]
        assert modal.body["prompt"] == "a *red* barn --zoom 1.7"


async def test_a_preview_shows_the_price_and_does_not_ask_twice(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, **PRICED) as w:
        single = await w.finished(w.relay.add_task("single", prompt="a lighthouse --ar 1:1"))
        _, preview = await proposed(w, single, region=["left-half"])
        assert _find_price(preview) == "About $0.60. You have 30 jobs left."
        await w.child(await w.click(w.member, preview, "Repaint"), "✅ Four pictures")


async def test_a_preview_without_the_price_asks_for_it(tmp_path: Path) -> None:
    """It was not known when the preview was made."""
    async with open_simcord_world(tmp_path) as w:
        single = await w.finished(w.relay.add_task("single", prompt="a lighthouse --ar 1:1"))
        _, preview = await proposed(w, single, region=["left-half"])
        assert _find_price(preview) == ""
        await w.restart(**PRICED)
        await w.click(w.member, preview, "Repaint")
        asked = await w.until(lambda: shown if (shown := w.message(preview.id)) and shown.content else None)
        assert (
            asked.content
            == "This costs about $0.60. You have 30 jobs left. You pay only if you press **Repaint**." + DROP
        )
        assert w.relay.submits == []
        await w.child(await w.click(w.member, asked, "Repaint"), "✅ Four pictures")


async def test_several_jobs_are_asked_about_without_a_price(tmp_path: Path) -> None:
    """Where none is known, none is shown; a member who has too few left is refused instead."""
    async with open_simcord_world(tmp_path, daily_submits_per_person=4) as w:
        described = await w.finished(w.relay.add_task("describe"))
        question = await w.question(await w.click(w.member, described, "Imagine all"), "Draw")
        assert (
            question.content
            == "This starts up to 4 jobs. You have 4 jobs left. You pay only if you press **Draw**." + DROP
        )
        assert w.relay.submits == []
        confirmed = await w.click(w.member, question, "Draw")
        await w.until(lambda: len(confirmed.followups) == 4)
        other = await w.finished(w.relay.add_task("describe"))
        assert "You weren't charged." in await w.told(await w.click(w.member, other, "Imagine all"))


def _find_price(preview: discord.Message) -> str:
    return next((field.value or "" for field in preview.embeds[0].fields if field.name == "Price"), "")
