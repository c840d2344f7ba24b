"""Task ids: which texts can be one, and those in what people paste: an id, a list, a link, a whole message."""

import re
from collections.abc import Iterable
from typing import Final

MAX_TASK_IDS = 5
"""The most tasks that one command follows."""
UNUSED_TASK_ID: Final = "1000000000000000"
"""The id of no task: it has the form of midjourney-proxy's ids, and the time of 1970."""
TASK_ID_PATTERN = r"[A-Za-z0-9_-]{1,64}"
"""What a custom_id can hold of a task, and each database can store."""

_TASK_ID = re.compile(rf"(?=[A-Za-z0-9])(?=[^0-9]*[0-9])(?!0+\Z){TASK_ID_PATTERN}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_-]{6,64}")
_SPLIT = re.compile(r"[\s,;]+")
# Relays' ids have 13 to 16 digits (milliseconds and random digits), Discord's 17 and more.
_NUMBER = re.compile(r"(?<![\w-])[0-9]{13,16}(?![\w-])")
_NAMED = re.compile(r"(?:/mj/(?:task|image)/|\bmj:[A-Za-z]:)([A-Za-z0-9_-]{6,64})")


def is_task_id(text: str) -> bool:
    """Whether a relay may have meant this text as the id of a task: no word, no sentence, no zero, no negative number.

    Each id in use has a digit: 16 digits, or a UUID.
    """
    return _TASK_ID.fullmatch(text) is not None


def find_task_ids(text: str) -> list[str]:
    """Return the task ids in a text, in order, each once; empty where there is none."""
    words = [word for word in _SPLIT.split(text.strip("`'\"<>[]() \n")) if word]
    if words and all(_WORD.fullmatch(word) and any(map(str.isdigit, word)) for word in words):
        return list(dict.fromkeys(words))
    return find_task_ids_in_texts([text])


def find_task_ids_in_texts(texts: Iterable[str]) -> list[str]:
    """Return the task ids in running texts: those in links and custom_ids, and numbers as long as a task id."""
    found: dict[str, None] = {}
    for text in texts:
        places = [
            *((m.start(1), m[1]) for m in _NAMED.finditer(text)),
            *((m.start(), m[0]) for m in _NUMBER.finditer(text)),
        ]
        found.update(dict.fromkeys(task_id for _, task_id in sorted(places)))
    return list(found)
