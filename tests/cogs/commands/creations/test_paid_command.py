"""Whether a paid command's response is private."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from cogs.commands.creations import paid_command
from cogs.commands.creations.paid_command import choose_privacy
from cogs.text.guidance import ENGLISH_PROMPTS
from tests.worlds.simcord import open_simcord_world


async def _answer(answer: bool | Exception) -> bool:  # noqa: FBT001
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.mark.parametrize(
    ("chosen", "source", "is_private"),
    [
        (None, True, True),
        (None, False, False),
        (None, StoreUnavailable("away"), True),
        (True, False, True),
        (False, True, False),
        (False, StoreUnavailable("away"), False),
    ],
)
async def test_a_response_is_as_private_as_its_source(
    chosen: bool | None,  # noqa: FBT001
    source: bool | Exception,  # noqa: FBT001
    is_private: bool,  # noqa: FBT001
) -> None:
    """Unless the person chose; it is private where the database does not tell."""
    assert is_private is await choose_privacy(chosen, _answer(source))


async def test_a_slow_database_makes_a_response_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first response must not wait for it."""
    monkeypatch.setattr(paid_command, "_PRIVACY_SECONDS", 0.0)

    async def wait() -> bool:
        await asyncio.Event().wait()
        return False

    assert await choose_privacy(None, wait())


@pytest.mark.parametrize(
    ("prompt", "is_told"), [("một con mèo đen ngồi trên mái nhà", True), ("a lighthouse at dawn", False)]
)
async def test_a_person_is_told_once_that_english_is_better(tmp_path: Path, prompt: str, is_told: bool) -> None:  # noqa: FBT001
    """Privately, below what was asked for, which is drawn as always."""
    async with open_simcord_world(tmp_path) as w:
        for number in range(2):
            answer = await w.slash(w.member, "imagine", prompt=f"{prompt} {number}")
            assert answer.response is not None
            await w.pictured(answer.response.id)
            told = [one.content for one in answer.followups if one.ephemeral]
            assert told == ([ENGLISH_PROMPTS] if is_told and not number else [])
        settings = await w.app.store.find_person_settings(w.member.id)
        assert settings.hints == ({"prompt"} if is_told else frozenset())
        assert not w.env.errors
