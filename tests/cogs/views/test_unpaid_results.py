"""What is shown without a submit."""

import pytest

from bot.midjourney.text_results import parse_shorten_result
from cogs.text import limits
from cogs.views.unpaid_results import render_clip, render_prompt_words
from tests.fakes.catalog import find_untranslated
from tests.fakes.sample_entities import LIEN, task

TEXT = "**a fox**, in ~~very~~ deep snow\n\n1️⃣ a fox"


async def test_words_are_grouped_by_weight() -> None:
    """Those that matter most first, each once; a heading without words is left out."""
    embed = render_prompt_words(LIEN, "Show details", task(), parse_shorten_result(TEXT))
    assert [field.value for field in embed.fields] == ["a fox", "in, deep, snow", "very"]
    assert embed.author.name == "lien pressed Show details"
    assert (
        len(render_prompt_words(LIEN, "Show details", task(), parse_shorten_result("**a fox**\n\n1. a fox")).fields)
        == 1
    )


async def test_many_words_stay_within_a_field() -> None:
    """No word is cut, and no markdown of theirs works."""
    many = " ".join(f"wo*rd{number}" for number in range(2000))
    embed = render_prompt_words(LIEN, "Show details", task(), parse_shorten_result(many))
    (told,) = (field.value or "" for field in embed.fields)
    assert limits.length(told) <= limits.FIELD_VALUE
    assert told.startswith("wo\\*rd0, wo\\*rd1, ")
    assert told.rpartition(", ")[2].startswith("wo\\*rd")


async def test_a_clip_has_its_link() -> None:
    """Where Discord takes it; the prompt stands above in any case."""
    assert "[the clip](https://cdn.test/1.mp4)" in (
        render_clip(LIEN, "U1", task(), "https://cdn.test/1.mp4").description or ""
    )
    assert render_clip(LIEN, "U1", task(), "http://localhost:8086/1.mp4").description == "**a lighthouse**"


@pytest.mark.usefixtures("pseudo_language")
async def test_what_is_shown_is_translated() -> None:
    """Only the name, the button and the words of the prompt stay as they are."""
    embed = render_prompt_words(LIEN, "U1", task(), parse_shorten_result(TEXT))
    assert find_untranslated(" ".join([embed.title or "", *(field.name or "" for field in embed.fields)])) == []
    clip = render_clip(LIEN, "U1", task(), "https://cdn.test/1.mp4")
    assert find_untranslated(f"{clip.author.name} {clip.title} {clip.description}") == ["lighthouse"]
