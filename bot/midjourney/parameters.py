"""Midjourney's parameters: names, values, ranges, and which version has which; one table, read from the top. Pure.

Facts are those of docs.midjourney.com as read in July 2026: the articles Parameter List, Version, Aspect Ratio, Tile,
Weird, Raw, Quality, GPU Speed, Repeat, Video, and the table "Parameter Version Compatibility" of Legacy Features.
A range that only old versions differ in is theirs only where such a version is asked for.
"""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum, auto
from fractions import Fraction
from math import inf

from bot.errors.prompt_errors import Malformed, NotInVersion, OutOfRange, Problem, UnknownVersion, ValueMissing, Where

VERSIONS = ("8.2", "8.1", "8", "7", "6.1", "6", "5.2", "5.1", "5", "4", "3", "2", "1")
NIJI = ("7", "6", "5", "4")
WIDEST = Fraction(14)
"""The widest aspect ratio that any version draws; the tallest is its inverse."""


class Takes(Enum):
    """What follows a parameter's name."""

    NOTHING = auto()
    NUMBER = auto()
    WHOLE = auto()
    RATIO = auto()
    VERSION = auto()
    WORD = auto()
    LINKS = auto()
    """Links or codes, as many as come; for a profile none as well."""
    WORDS = auto()
    """Everything as far as the next parameter."""


@dataclass(frozen=True)
class Model:
    """A version of Midjourney's, or of its sister for anime."""

    niji: bool
    number: float

    @property
    def name(self) -> str:
        """Return it as the prompt line has it, without dashes."""
        return f"{'niji' if self.niji else 'v'} {self.number:g}"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a prompt: its name as in the table, and its value, empty for a flag."""

    name: str
    value: str = ""

    def __str__(self) -> str:
        return f"--{self.name} {self.value}".rstrip()


@dataclass(frozen=True)
class Spec:
    """What is known of a parameter: `since` and `until` of the main versions, then of niji's; `group` excludes."""

    name: str
    takes: Takes = Takes.NOTHING
    also: tuple[str, ...] = ()
    low: float = 0
    high: float = inf
    words: tuple[str, ...] = ()
    since: float = 0
    until: float = inf
    niji: tuple[float, float] = (0, inf)
    lacking: tuple[float, ...] = ()
    group: str = ""
    optional: bool = field(default=False)

    def belongs_to(self, model: Model) -> bool:
        """Whether a version has this parameter."""
        if model.niji:
            return self.niji[0] <= model.number <= self.niji[1]
        return self.since <= model.number <= self.until and int(model.number) not in self.lacking

    @property
    def example(self) -> str:
        """Return a value that it takes."""
        return self.words[0] if self.words else _EXAMPLES.get(self.name, "")


_EXAMPLES = {
    "ar": "3:2",
    "v": VERSIONS[0],
    "niji": NIJI[0],
    "stylize": "250",
    "chaos": "20",
    "weird": "250",
    "seed": "1234",
    "no": "text, people",
    "q": "1",
    "zoom": "1.5",
    "style": "raw",
    "sref": "random",
}

_NEVER = (inf, -inf)
_TABLE = (
    #    name        what follows     other names       range                versions that have it
    Spec("ar",       Takes.RATIO,     ("aspect",)),
    Spec("v",        Takes.VERSION,   ("version",),                          group="model"),
    Spec("niji",     Takes.VERSION,                                          group="model", optional=True),
    Spec("stylize",  Takes.WHOLE,     ("s",),           high=1000,           niji=(5, inf)),
    Spec("chaos",    Takes.WHOLE,     ("c",),           high=100),
    Spec("weird",    Takes.WHOLE,     ("w",),           high=3000,           since=5, niji=(6, inf)),
    Spec("seed",     Takes.WHOLE,                       high=2**32 - 1),
    Spec("no",       Takes.WORDS),
    Spec("tile",                                                             lacking=(4,), niji=(5, inf)),
    Spec("raw",                                                              since=5.1, niji=(6, inf)),
    Spec("style",    Takes.WORD),
    Spec("q",        Takes.NUMBER,    ("quality",),     low=0.25, high=5,    until=7.9),
    Spec("iw",       Takes.NUMBER,                      high=3),
    Spec("sref",     Takes.LINKS,                                            since=6, niji=(6, inf)),
    Spec("sw",       Takes.WHOLE,                       high=1000,           since=6, niji=(6, inf)),
    Spec("sv",       Takes.WHOLE,                       low=1, high=9,       since=6, niji=(6, inf)),
    Spec("cref",     Takes.LINKS,                                            since=6, until=6.9, niji=(6, 6)),
    Spec("cw",       Takes.WHOLE,                       high=100,            since=6, until=6.9, niji=(6, 6)),
    Spec("oref",     Takes.LINKS,                                            since=7, niji=_NEVER),
    Spec("ow",       Takes.WHOLE,                       low=1, high=1000,    since=7, niji=_NEVER),
    Spec("exp",      Takes.WHOLE,                       high=100,            since=7),
    Spec("p",        Takes.LINKS,     ("profile",),                          since=6, optional=True),
    Spec("draft",                                                            since=7),
    Spec("hd",                                                               since=8, niji=_NEVER, group="resolution"),
    Spec("sd",                                                               since=8, niji=_NEVER, group="resolution"),
    Spec("stop",     Takes.WHOLE,                       low=10, high=100,    until=6.9),
    Spec("repeat",   Takes.WHOLE,     ("r",),           low=2, high=40),
    Spec("fast",                                                             group="speed"),
    Spec("relax",                                                            group="speed"),
    Spec("turbo",                                                            until=7.9, group="speed"),
    Spec("stealth",                                                          group="visibility"),
    Spec("public",                                                           group="visibility"),
    Spec("zoom",     Takes.NUMBER,                      low=1, high=2),
    Spec("video"),
    Spec("motion",   Takes.WORD,      words=("low", "high")),
    Spec("loop"),
    Spec("end",      Takes.LINKS),
    Spec("bs",       Takes.WORD,      words=("1", "2", "4")),
    Spec("sameseed", Takes.WHOLE,                       high=2**32 - 1,      until=3.9),
    Spec("test",                                                             group="model"),
    Spec("testp",                                                            group="model"),
    Spec("creative"),
    Spec("uplight"),
    Spec("upbeta"),
)  # fmt: skip

_BY_NAME = {name: spec for spec in _TABLE for name in (spec.name, *spec.also)}

# What old versions draw at most, and how they took --stylize.
_OLD_WIDEST = {Model(niji=False, number=4): Fraction(2), Model(niji=False, number=3): Fraction(5, 2)}
_OLD_WIDEST[Model(niji=True, number=4)] = Fraction(2)
_OLD_STYLIZE = {Model(niji=False, number=3): (625, 60_000)}

_VERSION = re.compile(r"[0-9](?:\.[0-9])?")
_NUMBER = re.compile(r"-?(?:[0-9]{1,20}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})")
_RATIO = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*[:x\u00d7/]\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)", re.IGNORECASE)
_MOST_OF_RATIO = 9999


def spec_of(name: str) -> Spec | None:
    """Find a parameter by any of its names, in any case."""
    return _BY_NAME.get(name.lower())


def near(name: str) -> tuple[str, ...]:
    """Return the parameters whose names look like this one, the likeliest first."""
    close = get_close_matches(name.lower(), [known for known in _BY_NAME if len(known) > 1], n=2, cutoff=0.7)
    return tuple(dict.fromkeys(_BY_NAME[known].name for known in close))


def normal(spec: Spec, value: str) -> str:
    """Write a value as Midjourney takes it: 16x9 as 16:9, 1.5:1 as 3:2, 0250 as 250; what is malformed stays."""
    value = value.strip()
    if spec.takes is Takes.RATIO and (found := _RATIO.fullmatch(value)):
        if found[1].isdigit() and found[2].isdigit():
            return f"{int(found[1])}:{int(found[2])}"
        if Fraction(found[2]):
            width, height = (Fraction(found[1]) / Fraction(found[2])).as_integer_ratio()
            return f"{width}:{height}"
    if spec.takes is Takes.WHOLE and re.fullmatch("[0-9]{1,20}", value):
        return str(int(value))
    return value.lower() if spec.words else value


def model_of(name: str, value: str) -> Model | None:
    """Return the model that --v or --niji with this value chooses; None where that cannot be said."""
    if name == "niji" and not value:
        return Model(niji=True, number=float(NIJI[0]))
    if name not in {"v", "niji"} or not _VERSION.fullmatch(value):
        return None
    return Model(niji=name == "niji", number=float(value))


def check(parameter: Parameter, model: Model | None, where: Where = "prompt") -> Problem | None:
    """Tell what is wrong with a parameter's value, by itself and with the chosen model."""
    spec, value = _BY_NAME[parameter.name], parameter.value
    if spec.takes is Takes.NOTHING or not value:
        missing = spec.takes is not Takes.NOTHING and not spec.optional
        problem: Problem | None = ValueMissing(spec.name, spec.example) if missing else None
    elif spec.takes is Takes.VERSION:
        problem = _version(spec, value, where)
    elif spec.takes is Takes.RATIO:
        problem = _ratio(spec, value, model, where)
    elif spec.takes in {Takes.NUMBER, Takes.WHOLE}:
        problem = _number(spec, value, model, where)
    else:
        problem = Malformed(spec.name, value, spec.example, where) if spec.words and value not in spec.words else None
    if problem is None and model is not None and not spec.belongs_to(model):
        return NotInVersion(spec.name, model.name, where)
    return problem


def _version(spec: Spec, value: str, where: Where) -> Problem | None:
    known = NIJI if spec.name == "niji" else VERSIONS
    # What comes after this was written is let through as far as the next whole number: Midjourney knows better.
    newest = float(known[0])
    good = _VERSION.fullmatch(value) and (
        float(value) in map(float, known) or newest < float(value) <= int(newest) + 1.9
    )
    return None if good else UnknownVersion(spec.name, value, known, where)


def _ratio(spec: Spec, value: str, model: Model | None, where: Where) -> Problem | None:
    found = re.fullmatch(r"([0-9]{1,12}):([0-9]{1,12})", value)
    sides = (int(found[1]), int(found[2])) if found else (0, 0)
    if not min(sides) or max(sides) > _MOST_OF_RATIO:
        return Malformed(spec.name, value, spec.example, where)
    old = _OLD_WIDEST.get(model) if model else None
    widest = old or WIDEST
    if 1 / widest <= Fraction(*sides) <= widest:
        return None
    high = f"{widest.numerator}:{widest.denominator}"
    low = f"{widest.denominator}:{widest.numerator}"
    return OutOfRange(spec.name, value, low, high, where, model.name if old and model else "")


def _number(spec: Spec, value: str, model: Model | None, where: Where) -> Problem | None:
    if not _NUMBER.fullmatch(value) or (spec.takes is Takes.WHOLE and "." in value):
        return Malformed(spec.name, value, spec.example or f"{spec.low:.0f}", where)
    old = _OLD_STYLIZE.get(model) if model and spec.name == "stylize" else None
    low, high = old or (spec.low, spec.high)
    if low <= float(value) <= high:
        return None
    return OutOfRange(spec.name, value, f"{low:.10g}", f"{high:.10g}", where, model.name if old and model else "")
