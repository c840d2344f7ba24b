"""What a person typed, as Midjourney must get it: one line, plain quotes, two dashes before a parameter. Pure.

Midjourney itself turns long dashes into two short ones and folds blanks; a relay that compares the prompt it sent with
the one it sees then waits for ever, so all of that is done here, before (midjourney-proxy's issues 204, 212, 216, 246).
"""

import re

from bot.midjourney.parameters import ValueKind, find_spec
from bot.text_cleaning import clean_text

_LINK = re.compile(r"(<?https?://[^\s<>]+>?)", re.IGNORECASE)
_QUOTES = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\uff02", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\uff07", "'"),
    }
)

_LONG = "\u2013\u2014\u2015\u2212"
"""Dashes that phones and word processors write for two short ones."""
_SHORT = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\ufe58\ufe63\uff0d", "-"))
_VALUE = r"[0-9.]"
# Two dashes in whatever shape, at the start of a word or stuck to its end, or torn apart before a name and a number.
_LOOSE = re.compile(rf"(?<!\S)(?:[{_LONG}]+-?|-[{_LONG}]+)(?=([A-Za-z][A-Za-z0-9]*)(?![^\s=,.;]))")
_STUCK = re.compile(rf"(?<=[^\s-])(?:--|[{_LONG}])(?=([A-Za-z][A-Za-z0-9]*)(?:\s+({_VALUE})|\s*$|\s+--))")
_TORN = re.compile(rf"(?<!\S)(?:- ?-|[{_LONG}]) +(?=([A-Za-z]{{2,}}) +{_VALUE})")
_ALONE = re.compile(rf"(?<!\S)(?:-{{2,}}|[{_LONG}]+)(?!\S)")
_BETWEEN_NUMBERS = re.compile(rf"(?<=[0-9])[{_LONG}]+(?=[0-9])")
_IN_WORDS = re.compile(r"\s*[\u2014\u2015]+\s*")
_OTHERS = re.compile(rf"[{_LONG}]+")


def normalize_prompt_text(text: str) -> str:
    """Return what was typed as one plain line; links stay as they are, and no word is lost."""
    parts = _LINK.split(clean_text(text))
    parts[::2] = map(_plain_marks, parts[::2])
    return " ".join("".join(parts).split())


def _plain_marks(text: str) -> str:
    """Make quotes and dashes plain: two dashes where a parameter begins, else one."""
    text = text.translate(_QUOTES).translate(_SHORT)
    text = _LOOSE.sub(_dashes, text)
    text = _TORN.sub(_dashes, text)
    text = _STUCK.sub(_unstuck, text)
    text = _ALONE.sub("-", text)
    text = _BETWEEN_NUMBERS.sub("-", text)
    return _OTHERS.sub("-", _IN_WORDS.sub(" - ", text))


def _dashes(found: re.Match[str]) -> str:
    return "--" if find_spec(found[1]) else found[0]


def _unstuck(found: re.Match[str]) -> str:
    spec = find_spec(found[1])
    if spec is None or (found[2] is None and (spec.value_kind is not ValueKind.NOTHING or len(spec.name) < 3)):
        return found[0]
    return found[0] if found[2] is not None and spec.value_kind is ValueKind.NOTHING else " --"
