"""Blank a person's words in a task: the prompt in all of its copies, and what quotes or names it."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import unquote

from bot.midjourney.task import Properties, Task

_TAG: Final = re.compile(r"mjbot:-?[0-9]{1,19}")
_LINK: Final = re.compile(r"\S*://\S*")
_PARAMETERS: Final = re.compile(r"\s(?:--|[\u2013\u2014])[a-zA-Z].*", re.DOTALL)
_SEPARATORS: Final = re.compile(r"[\W_]+")
_QUOTED_LENGTH: Final = 4
"""How long a word of a prompt must be to count as quoted: shorter ones are in every sentence."""
_NAMED_WORDS: Final = 2
"""So many words of a prompt in a row, in the name of a file, are taken from it."""
_CONTAINED_LENGTH: Final = 12
"""A shorter prompt counts as contained in another one only at its beginning."""


def blank_words(task: Task) -> Task:
    """Return a task without the words of its prompt; its status, pictures and buttons stay.

    A link stays unless the name of its file is made of the prompt, as Midjourney's own are.
    """
    texts = [*list_words(task)]
    words = [fold(text).split() for text in texts]
    is_tag = _TAG.fullmatch(task.state) is not None
    changes: dict[str, object] = {
        "prompt": "",
        "prompt_en": "",
        "description": "" if _is_quoted(texts, task.description) else task.description,
        "state": task.state if is_tag else "",
        "fail_reason": "(removed)" if _is_quoted(texts, task.fail_reason) else task.fail_reason,
        "properties": Properties(number_of_queues=task.properties.number_of_queues),
    }
    for name in ("image_url", "video_url"):
        changes[name] = "" if _is_named_after(getattr(task, name), words) else getattr(task, name)
    for name in ("image_urls", "video_urls"):
        urls: tuple[str, ...] = getattr(task, name)
        changes[name] = () if any(_is_named_after(url, words) for url in urls) else urls
    buttons = tuple(
        button.model_copy(update={"label": "", "url": ""}) if len(fold(button.label).split()) > _NAMED_WORDS else button
        for button in task.buttons
        if not button.offered  # such a button would send the prompt again
    )
    return task.model_copy(update={**changes, "buttons": buttons})


def list_words(task: Task) -> Iterator[str]:
    """Yield the texts of a task that hold a person's words, or Midjourney's about their picture."""
    kept = task.properties
    texts = (task.prompt, task.prompt_en, kept.final_prompt, kept.final_zh_prompt, kept.prompt_en, kept.banned_word)
    yield from filter(None, texts)


def list_phrases(task: Task) -> set[str]:
    """Return the prompts of a task by which the same words are found in other tasks."""
    kept = task.properties
    texts = (task.prompt, task.prompt_en, kept.final_prompt, kept.final_zh_prompt, kept.prompt_en)
    return {phrase for text in texts if (phrase := fold(text))}


def contains_phrase(task: Task, phrases: Collection[str]) -> bool:
    """Return whether a task was drawn from one of the prompts."""
    for text in list_phrases(task):
        if any(_begins_with(text, one) or (len(one) >= _CONTAINED_LENGTH and one in text) for one in phrases):
            return True
    return False


def _begins_with(text: str, phrase: str) -> bool:
    """Return whether a text begins with these words, and not only with their letters; Chinese has no spaces."""
    rest = text[len(phrase) :]
    is_cut = phrase[-1:].isascii() and rest[:1].isascii() and rest[:1].isalnum()
    return bool(phrase) and text.startswith(phrase) and not is_cut


def fold(text: str) -> str:
    """Return the words of a prompt without links, parameters and punctuation, in small letters."""
    return _fold_all(_PARAMETERS.sub("", f" {_LINK.sub(' ', text)}"))


def _fold_all(text: str) -> str:
    """Return all words of a text; letters that look alike, such as an accent of its own, are the same."""
    return " ".join(_SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).split())


def _is_quoted(texts: Collection[str], sentence: str) -> bool:
    """Return whether a sentence quotes one of the texts: a telling word, also of a parameter such as --no, or all."""
    said = _fold_all(sentence)
    telling = {word for text in texts for word in _fold_all(text).split() if _is_telling(word)}
    whole = filter(None, (fold(text) for text in texts))
    return not telling.isdisjoint(said.split()) or any(f" {one} " in f" {said} " for one in whole)


def _is_telling(word: str) -> bool:
    return len(word) >= _QUOTED_LENGTH or not word.isascii()


def _is_named_after(url: str, words: Collection[list[str]]) -> bool:
    name = _fold_all(unquote(url))
    starts = (
        " ".join(each[:_NAMED_WORDS]) for each in words if len(each) >= _NAMED_WORDS or any(map(_is_telling, each))
    )
    return any(f" {start} " in f" {name} " for start in starts)
