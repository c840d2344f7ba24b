"""A person's words leave a task, wherever relays put them, and nothing else does."""

import unicodedata
from typing import Any
from urllib.parse import quote

import pytest

from bot.midjourney.blanking import blank_words, contains_phrase, fold, list_phrases
from bot.midjourney.task import Task

CDN = "https://cdn.example/attachments/1/2"


def drawn(prompt: str = "a red fox", **more: Any) -> Task:  # noqa: ANN401 - any of the fields
    return Task.model_validate({"id": "t1", "status": "SUCCESS", "prompt": prompt} | more)


@pytest.mark.parametrize("prompt", ["a red fox", "--no zebra --v 6", "a cat --no zebra", "ox", "mèo đen", "红狐狸", ""])
@pytest.mark.parametrize("place", ["prompt", "promptEn", "finalPrompt", "finalZhPrompt", "bannedWord"])
def test_a_prompt_leaves_each_place(prompt: str, place: str) -> None:
    """With the sentences that quote it, also one of short words, or only of parameters."""
    top = (
        {"prompt": "", place: prompt}
        if place in {"prompt", "promptEn"}
        else {"prompt": "", "properties": {place: prompt}}
    )
    task = Task.model_validate(
        {"id": "t1", "status": "FAILURE", **top, "description": f"Queued: {prompt}.", "failReason": f"bad: '{prompt}'"}
    )
    blanked = blank_words(task)
    text = blanked.model_dump_json()
    assert not prompt or prompt not in text
    assert "zebra" not in text
    assert blanked.fail_reason == ("(removed)" if prompt else task.fail_reason)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [("a red fox", "Submit success"), ("--v 6", "invalid parameter"), ("a --ar 3:2", "banned: x")],
)
def test_sentences_without_the_words_stay(prompt: str, sentence: str) -> None:
    blanked = blank_words(drawn(prompt, description=sentence, failReason=sentence))
    assert (blanked.description, blanked.fail_reason) == (sentence, sentence)


@pytest.mark.parametrize(
    ("prompt", "name", "stays"),
    [
        ("a red fox --ar 3:2", "lien_a_red_fox_1a2b.png", False),
        ("a red fox", "lien_A-Red.Fox_1a2b.png", False),
        ("mèo đen", quote("lien_mèo_đen_1a2b.png"), False),
        (unicodedata.normalize("NFD", "mèo đen"), quote("lien_mèo_đen_1a2b.png"), False),
        ("mèo đen", quote(unicodedata.normalize("NFD", "lien_mèo_đen_1a2b.png")), False),
        ("\uff32\uff25\uff24 fox", quote("lien_\uff32\uff25\uff24_fox_1a2b.png"), False),
        ("zeppelin", "lien_zeppelin_1a2b.png", False),
        ("a red fox", "0_0.png", True),
        ("a red fox", "lien_area_redfoxes_1a2b.png", True),
        ("", "lien_1a2b.png", True),
    ],
)
def test_a_file_named_after_the_prompt_loses_its_link(prompt: str, name: str, *, stays: bool) -> None:
    """However its letters are written."""
    url = f"{CDN}/{name}"
    blanked = blank_words(drawn(prompt, imageUrl=url, imageUrls=[{"url": url}], videoUrl=url, videoUrls=[{"url": url}]))
    assert (bool(blanked.image_url), bool(blanked.video_url)) == (stays, stays)
    assert bool(blanked.image_urls or blanked.video_urls) is (
        stays and bool(drawn(imageUrls=[{"url": url}]).image_urls)
    )


def test_the_buttons_stay_but_not_their_words() -> None:
    """A button that would send the prompt again is gone."""
    labels = ("U1", "Vary (Strong)", "a red fox in the snow")
    buttons = [{"customId": f"MJ::{label}", "label": label} for label in labels]
    offered = {"customId": "again", "label": "Again", "offered": True}
    blanked = blank_words(drawn(buttons=[*buttons, offered]))
    assert [one.label for one in blanked.buttons] == ["U1", "Vary (Strong)", ""]
    assert blanked.status == drawn().status


@pytest.mark.parametrize(("state", "kept"), [("mjbot:123", "mjbot:123"), ("a red fox", ""), ("mjbot:1 fox", "")])
def test_only_the_bots_own_mark_stays_in_the_state(state: str, kept: str) -> None:
    assert blank_words(drawn(state=state)).state == kept


def test_a_blanked_task_is_blank() -> None:
    once = blank_words(drawn(description="a red fox", failReason="red foxes", imageUrl=f"{CDN}/a_red_fox.png"))
    assert blank_words(once) == once


@pytest.mark.parametrize(
    ("prompt", "theirs", "found"),
    [
        ("a red fox", "a red fox --v 6", True),
        ("a red fox --v 6", "A red fox, in snow", True),
        ("a", "a castle", True),
        ("a", "apples", False),
        ("cat", "catalog of stars", False),
        ("猫", "猫在屋顶", True),
        ("a red fox in snow", "Painting of a red fox in snow", True),
        ("a red fox", "the day a red fox came", False),
        ("--v 6", "anything", False),
        ("", "anything", False),
    ],
)
def test_a_task_with_the_same_words_is_found(prompt: str, theirs: str, *, found: bool) -> None:
    """By whole words: another person's prompt that begins with the same letters is theirs."""
    assert contains_phrase(drawn(theirs), list_phrases(drawn(prompt))) is found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://cdn.example/a.png A Red, fox! --ar 3:2 --no zebra", "a red fox"),
        ("a fox —v 6", "a fox"),
        ("well-known fox", "well known fox"),
        ("--v 6", ""),
        (" ", ""),
    ],
)
def test_folding_leaves_the_words(text: str, words: str) -> None:
    assert fold(text) == words
