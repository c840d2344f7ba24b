"""Commands that are expensive: a private question, and exactly the same request when the member answers it."""

from base64 import b64decode
from pathlib import Path
from typing import Any

import discord
import pytest

from tests.pictures import draw_noise, encode
from tests.worlds.simcord import SimcordWorld, open_simcord_world

PICTURES = [encode(draw_noise(96, 96)), encode(draw_noise(64, 96))]
PRICED: dict[str, Any] = {
    "prices": "imagine=0.1, blend=0.2, describe=0.3, shorten=0.4, edits=0.5, video=0.8, swap_face=0.6, currency=USD",
    "confirm_above": "0",
}
FENCED = 'a "fox" with ``` and *stars* --ar 3:2'

DROP = " Dismiss this message to drop it."


async def asked(w: SimcordWorld, name: str, *, private: bool, **options: Any) -> discord.Message:  # noqa: ANN401
    """Run a command, and return its private question."""
    answer = await w.slash(w.member, name, private=private, **options)
    if private:
        question = await w.until(lambda: _find_question(w, answer.response.id if answer.response else 0))
    else:  # its public answer may be gone by now
        question = await w.question(answer, "Draw")
    assert question.flags.ephemeral
    return question


def _find_question(w: SimcordWorld, message_id: int) -> discord.Message | None:
    shown = w.message(message_id)
    return shown if shown is not None and "You pay only" in shown.content else None


def _decode(body: dict[str, Any], field: str) -> bytes:
    return b64decode(str(body[field]).partition(",")[2])


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    ("name", "options", "price", "path", "body"),
    [
        ("imagine", {"prompt": "a lighthouse"}, "$0.10", "imagine", {"prompt": "a lighthouse"}),
        ("imagine", {"prompt": FENCED}, "$0.10", "imagine", {"prompt": FENCED}),
        ("shorten", {"prompt": "a very red fox"}, "$0.40", "shorten", {"prompt": "a very red fox"}),
        ("edit", {"prompt": "a hat", "image": ("a.png", PICTURES[0])}, "$0.50", "edits", {"prompt": "a hat"}),
        ("describe", {"image": ("a.png", PICTURES[0])}, "$0.30", "describe", {}),
    ],
)
async def test_a_command_is_sent_when_it_is_confirmed(
    tmp_path: Path, name: str, options: dict[str, Any], price: str, path: str, body: dict[str, str], *, private: bool
) -> None:
    """As it was asked, also by another process, and once; the public "thinking" is gone."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        question = await asked(w, name, private=private, **options)
        assert (
            question.content
            == f"This costs about {price}. You have 30 jobs left. You pay only if you press **Draw**." + DROP
        )
        await w.until(lambda: not w.public)
        await w.restart(**PRICED)
        assert w.relay.submits == []
        child = await w.child(await w.click(w.member, question, "Draw"), "✅")
        assert child.flags.ephemeral is private
        [sent] = w.relay.submits
        assert sent.path == f"/mj/submit/{path}"
        assert {field: sent.body[field] for field in body} == body
        answered = w.message(question.id)
        assert answered is not None
        assert (answered.content, answered.components) == ("I'm sending it.", [])
        assert not w.env.errors


@pytest.mark.parametrize("private", [False, True])
async def test_a_price_that_rose_is_asked_about_again(tmp_path: Path, *, private: bool) -> None:
    """In the same message, which still holds the prompt; the answer to that is sent as private as it was to be."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        question = await asked(w, "imagine", private=private, prompt="a lighthouse")
        await w.restart(**{**PRICED, "prices": "imagine=0.2, currency=USD"})
        await w.click(w.member, question, "Draw")
        again = await w.until(lambda: _find_question(w, question.id))
        assert again.content.startswith("The price rose. This costs about $0.20 now. You have 30 jobs left.")
        assert w.relay.submits == []
        child = await w.child(await w.click(w.member, again, "Draw"), "✅")
        assert child.flags.ephemeral is private
        assert [one.body["prompt"] for one in w.relay.submits] == ["a lighthouse"]
        assert not w.env.errors


async def test_pictures_are_sent_in_their_order(tmp_path: Path) -> None:
    """They are attached to the question."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        files = {"image1": ("b.png", PICTURES[1]), "image2": ("a.png", PICTURES[0])}
        question = await asked(w, "blend", private=False, dimensions="PORTRAIT", **files)
        await w.child(await w.click(w.member, question, "Draw"), "✅ Four pictures")
        [sent] = w.relay.submits
        assert sent.body["dimensions"] == "PORTRAIT"
        urls: Any = sent.body["base64Array"]
        assert [b64decode(url.partition(",")[2]) for url in urls] == [PICTURES[1], PICTURES[0]]
        question = await asked(w, "animate", private=False, image=("a.png", PICTURES[0]), motion="high", loop=True)
        await w.child(await w.click(w.member, question, "Draw"), "✅ Four clips")
        body = w.relay.submits[-1].body
        assert (body["motion"], body["loop"], body["prompt"]) == ("high", True, "dynamic motion")
        assert _decode(body, "image") == PICTURES[0]


async def test_a_dismissed_question_costs_nothing(tmp_path: Path) -> None:
    """Nothing is claimed: the same command is asked about again."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        for _ in range(2):
            await asked(w, "imagine", private=False, prompt="a fox")
        assert w.relay.submits == []


async def test_lost_pictures_are_one_sentence(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, **PRICED) as w:
        question = await asked(w, "describe", private=False, image=("a.png", PICTURES[0]))

        def lose(payload: dict[str, Any]) -> None:
            payload["message"]["attachments"] = []

        w.payloads = lose
        refused = await w.click(w.member, question, "Draw")
        assert "Run the command again. You weren't charged." in await w.told(refused)
        assert w.relay.submits == []


async def test_another_person_cannot_answer(tmp_path: Path) -> None:
    """Discord shows the question to one person only; a forged click is refused."""
    async with open_simcord_world(tmp_path, **PRICED) as w:
        question = await asked(w, "imagine", private=False, prompt="a fox")

        def forge(payload: dict[str, Any]) -> None:
            payload["member"]["user"]["id"] = str(w.stranger.id)

        w.payloads = forge
        assert "belong to the person" in await w.told(await w.click(w.member, question, "Draw"))
        assert w.relay.submits == []


async def test_who_may_not_draw_is_refused_and_not_asked(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, daily_submits_per_person=0, **PRICED) as w:
        refused = await w.slash(w.member, "imagine", prompt="a fox")
        assert "switched off" in await w.told(refused)
