"""Every state of a task's message, in each language and in a longer pseudo-language."""

import json
import re
from typing import Any

import pytest

from bot.languages import Language
from bot.midjourney.task import Task
from bot.scene import Scene
from cogs.languages import use_language
from cogs.languages.catalogs import CATALOGS
from cogs.views.result_names import localize_button_name, localize_title
from cogs.views.task_message import render_message, render_plain_text
from tests.cogs.views.test_task_message import refused
from tests.cogs.views.test_task_states import TABLE
from tests.discord_payloads.message import refusals
from tests.fakes.catalog import PseudoCatalog, find_untranslated

each_state = pytest.mark.parametrize("shown", [shown for shown, _ in TABLE.values()], ids=list(TABLE))
GROWTH = 0.4
"""How much longer than English a translation may be."""


def list_texts(value: object) -> list[str]:
    """List all that a person reads in a message's JSON."""
    if isinstance(value, list):
        return [text for one in value for text in list_texts(one)]
    if not isinstance(value, dict):
        return []
    own = [value[key] for key in ("title", "description", "text", "label", "name", "placeholder") if key in value]
    return [
        *(one for one in own if isinstance(one, str)),
        *(text for one in value.values() for text in list_texts(one)),
    ]


def list_foreign_words(shown: Scene) -> set[str]:
    """List the words that no language changes: the person's, the relay's and Midjourney's."""
    task = shown.task or Task(id="x")
    known = f"{task.model_dump_json(by_alias=True)} {task.action.capitalize()} {shown.job.requester.name} mjbot"
    return set(re.findall(r"[^\W\d_]{2,}", f"{known} {shown.job.pressed} {shown.refusal}"))


@each_state
@pytest.mark.parametrize("language", Language)
async def test_each_state_is_a_valid_message_in_each_language(shown: Scene, language: Language) -> None:
    with use_language(language):
        assert refused(render_message(shown)) == []


@each_state
async def test_each_state_has_room_for_longer_texts(shown: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is cut, so that every bracket is closed."""
    monkeypatch.setitem(CATALOGS, Language.ENGLISH, PseudoCatalog(GROWTH))
    drawing = render_message(shown)
    assert refused(drawing) == []
    assert refusals({"content": render_plain_text(drawing.embed)}) == []
    body = json.dumps(drawing.embed.to_dict(), ensure_ascii=False)
    assert body.count("⟦") == body.count("⟧")


@each_state
@pytest.mark.usefixtures("pseudo_language")
async def test_each_state_is_translated(shown: Scene) -> None:
    """Only the words of people, of the relay and of Midjourney stay as they are."""
    drawing = render_message(shown)
    body: list[Any] = [drawing.embed.to_dict(), drawing.view.to_components()]
    untranslated = {word for text in list_texts(body) for word in find_untranslated(text)}
    assert untranslated <= list_foreign_words(shown)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Picture 2", "⟦Picture 2⟧"),
        ("Clip 4", "⟦Clip 4⟧"),
        ("Panned left", "⟦Panned left⟧"),
        ("Upscaled", "⟦Upscaled⟧"),
        ("", ""),
    ],
)
@pytest.mark.usefixtures("pseudo_language")
def test_titles_are_kept_in_english_and_translated_when_drawn(title: str, expected: str) -> None:
    assert localize_title(title) == expected


@pytest.mark.parametrize(("name", "expected"), [("More", "⟦More⟧"), ("Vary (Strong)", "Vary (Strong)"), ("U1", "U1")])
@pytest.mark.usefixtures("pseudo_language")
def test_only_the_bots_own_names_of_buttons_are_translated(name: str, expected: str) -> None:
    assert localize_button_name(name) == expected
