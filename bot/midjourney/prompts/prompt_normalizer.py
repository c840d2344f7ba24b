"""Normalize what a person typed: one line, plain quotes, two dashes before a parameter.

Midjourney itself turns a long dash into two short ones and folds blanks. A relay that compares the prompt it sent with
the one that it sees then waits forever (midjourney-proxy's issues 204, 212, 216, 246), so the bot does it first.
"""

import re

from bot.midjourney.prompts.parameters import ValueKind, find_spec
from bot.text_cleaning import clean_text

_LINK = re.compile(r"(<?https?://[^\s<>]+>?)", re.IGNORECASE)
_QUOTES = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\uff02", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\uff07", "'"),
    }
)

# Dashes that phones and word processors write for two short ones.
_LONG_DASHES = "\u2013\u2014\u2015\u2212"
_SHORT_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\ufe58\ufe63\uff0d", "-"))
_VALUE = r"[0-9.]"
# The two dashes of a parameter: at the start of a word, stuck to the end of one, or apart before a name and a number.
_AT_WORD_START = re.compile(
    rf"(?<!\S)(?:[{_LONG_DASHES}]+-?|-[{_LONG_DASHES}]+)(?=([A-Za-z][A-Za-z0-9]*)(?![^\s=,.;]))"
)
_AT_WORD_END = re.compile(rf"(?<=[^\s-])(?:--|[{_LONG_DASHES}])(?=([A-Za-z][A-Za-z0-9]*)(?:\s+({_VALUE})|\s*$|\s+--))")
_APART = re.compile(rf"(?<!\S)(?:- ?-|[{_LONG_DASHES}]) +(?=([A-Za-z]{{2,}}) +{_VALUE})")
_WITHOUT_WORD = re.compile(rf"(?<!\S)(?:-{{2,}}|[{_LONG_DASHES}]+)(?!\S)")
_BETWEEN_NUMBERS = re.compile(rf"(?<=[0-9])[{_LONG_DASHES}]+(?=[0-9])")
_EM_DASH = re.compile(r"\s*[\u2014\u2015]+\s*")
_ELSEWHERE = re.compile(rf"[{_LONG_DASHES}]+")


def normalize_prompt_text(text: str) -> str:
    """Return typed text as one line with plain quotes and dashes; links stay as they are, and no word is lost."""
    parts = _LINK.split(clean_text(text))
    parts[::2] = map(_replace_marks, parts[::2])
    return " ".join("".join(parts).split())


def _replace_marks(text: str) -> str:
    """Replace typographic quotes and dashes: two dashes where a parameter begins, else one."""
    text = text.translate(_QUOTES).translate(_SHORT_DASHES)
    text = _AT_WORD_START.sub(_restore_dashes, text)
    text = _APART.sub(_restore_dashes, text)
    text = _AT_WORD_END.sub(_detach_parameter, text)
    text = _WITHOUT_WORD.sub("-", text)
    text = _BETWEEN_NUMBERS.sub("-", text)
    return _ELSEWHERE.sub("-", _EM_DASH.sub(" - ", text))


def _restore_dashes(found: re.Match[str]) -> str:
    return "--" if find_spec(found[1]) else found[0]


def _detach_parameter(found: re.Match[str]) -> str:
    spec = find_spec(found[1])
    if spec is None or (found[2] is None and (spec.value_kind is not ValueKind.NOTHING or len(spec.name) < 3)):
        return found[0]
    return found[0] if found[2] is not None and spec.value_kind is ValueKind.NOTHING else " --"
