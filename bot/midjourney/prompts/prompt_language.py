"""Tell whether a prompt is written in English, which Midjourney understands best."""

import re
import unicodedata

from bot.midjourney.prompts.prompt_parser import parse_prompt

_WORD = re.compile(r"[^\W\d_]+")


def is_mostly_english(prompt: str) -> bool:
    """Return whether most letters of a prompt are in words of plain Latin letters; so it is for one without words.

    A Vietnamese word without accents counts as English; most have some. Links and parameters do not count.
    """
    words = _WORD.findall(unicodedata.normalize("NFC", parse_prompt(prompt).words))
    plain = sum(len(word) for word in words if word.isascii())
    return 2 * plain >= sum(map(len, words))
