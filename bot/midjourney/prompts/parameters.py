"""Midjourney's parameters: one table of their names, values and ranges, and of the versions that have them.

The facts are those of docs.midjourney.com as of July 2026: the articles Parameter List, Version, Aspect Ratio, Tile,
Weird, Raw, Quality, GPU Speed, Repeat, Video, and the table "Parameter Version Compatibility" of Legacy Features.
Where old versions have another range, it applies only if the prompt asks for such a version.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from fractions import Fraction
from math import inf

from bot.errors.prompt_errors import (
    MalformedValue,
    ParameterNotInVersion,
    ParameterSource,
    PromptProblem,
    UnknownVersion,
    ValueMissing,
    ValueOutOfRange,
)

VERSIONS = ("8.2", "8.1", "8", "7", "6.1", "6", "5.2", "5.1", "5", "4", "3", "2", "1")
NIJI_VERSIONS = ("7", "6", "5", "4")
WIDEST_RATIO = Fraction(14)
"""The widest aspect ratio of any version; the tallest is its inverse."""


class ValueKind(Enum):
    """What kind of value follows a parameter's name."""

    NOTHING = auto()
    NUMBER = auto()
    INTEGER = auto()
    RATIO = auto()
    VERSION = auto()
    WORD = auto()
    LINKS = auto()
    """Any number of links or codes; a profile may also have none."""
    FREE_TEXT = auto()
    """Everything up to the next parameter."""


@dataclass(frozen=True)
class ModelVersion:
    """A version of Midjourney, or of Niji, its anime model."""

    is_niji: bool
    number: float

    @property
    def name(self) -> str:
        """The version as the prompt line has it, without dashes."""
        return f"{'niji' if self.is_niji else 'v'} {self.number:g}"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a prompt: its name as in the table, and its value, empty for a flag."""

    name: str
    value: str = ""

    def __str__(self) -> str:
        return f"--{self.name} {self.value}".rstrip()


@dataclass(frozen=True)
class ParameterSpec:
    """What is known of a parameter.

    `since` and `until` are the main versions that have it, `niji_range` is the same for Niji. Parameters of
    one `exclusive_group` exclude each other.
    """

    name: str
    value_kind: ValueKind = ValueKind.NOTHING
    aliases: tuple[str, ...] = ()
    minimum: float = 0
    maximum: float = inf
    choices: tuple[str, ...] = ()
    since: float = 0
    until: float = inf
    niji_range: tuple[float, float] = (0, inf)
    missing_versions: tuple[float, ...] = ()
    exclusive_group: str = ""
    is_value_optional: bool = False

    def is_available_in(self, model: ModelVersion) -> bool:
        """Whether a version has this parameter."""
        if model.is_niji:
            return self.niji_range[0] <= model.number <= self.niji_range[1]
        return self.since <= model.number <= self.until and int(model.number) not in self.missing_versions

    @property
    def example(self) -> str:
        """A valid value."""
        return self.choices[0] if self.choices else _EXAMPLES.get(self.name, "")


_EXAMPLES = {
    "ar": "3:2",
    "v": VERSIONS[0],
    "niji": NIJI_VERSIONS[0],
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
    ParameterSpec("ar", ValueKind.RATIO, aliases=("aspect",)),
    ParameterSpec("v", ValueKind.VERSION, aliases=("version",), exclusive_group="model"),
    ParameterSpec("niji", ValueKind.VERSION, exclusive_group="model", is_value_optional=True),
    ParameterSpec("stylize", ValueKind.INTEGER, aliases=("s",), maximum=1000, niji_range=(5, inf)),
    ParameterSpec("chaos", ValueKind.INTEGER, aliases=("c",), maximum=100),
    ParameterSpec("weird", ValueKind.INTEGER, aliases=("w",), maximum=3000, since=5, niji_range=(6, inf)),
    ParameterSpec("seed", ValueKind.INTEGER, maximum=2**32 - 1),
    ParameterSpec("no", ValueKind.FREE_TEXT),
    ParameterSpec("tile", missing_versions=(4,), niji_range=(5, inf)),
    ParameterSpec("raw", since=5.1, niji_range=(6, inf)),
    ParameterSpec("style", ValueKind.WORD),
    ParameterSpec("q", ValueKind.NUMBER, aliases=("quality",), minimum=0.25, maximum=5, until=7.9),
    ParameterSpec("iw", ValueKind.NUMBER, maximum=3),
    ParameterSpec("sref", ValueKind.LINKS, since=6, niji_range=(6, inf)),
    ParameterSpec("sw", ValueKind.INTEGER, maximum=1000, since=6, niji_range=(6, inf)),
    ParameterSpec("sv", ValueKind.INTEGER, minimum=1, maximum=9, since=6, niji_range=(6, inf)),
    ParameterSpec("cref", ValueKind.LINKS, since=6, until=6.9, niji_range=(6, 6)),
    ParameterSpec("cw", ValueKind.INTEGER, maximum=100, since=6, until=6.9, niji_range=(6, 6)),
    ParameterSpec("oref", ValueKind.LINKS, since=7, niji_range=_NEVER),
    ParameterSpec("ow", ValueKind.INTEGER, minimum=1, maximum=1000, since=7, niji_range=_NEVER),
    ParameterSpec("exp", ValueKind.INTEGER, maximum=100, since=7),
    ParameterSpec("p", ValueKind.LINKS, aliases=("profile",), since=6, is_value_optional=True),
    ParameterSpec("draft", since=7),
    ParameterSpec("hd", since=8, niji_range=_NEVER, exclusive_group="resolution"),
    ParameterSpec("sd", since=8, niji_range=_NEVER, exclusive_group="resolution"),
    ParameterSpec("stop", ValueKind.INTEGER, minimum=10, maximum=100, until=6.9),
    ParameterSpec("repeat", ValueKind.INTEGER, aliases=("r",), minimum=2, maximum=40),
    ParameterSpec("fast", exclusive_group="speed"),
    ParameterSpec("relax", exclusive_group="speed"),
    ParameterSpec("turbo", until=7.9, exclusive_group="speed"),
    ParameterSpec("stealth", exclusive_group="visibility"),
    ParameterSpec("public", exclusive_group="visibility"),
    ParameterSpec("zoom", ValueKind.NUMBER, minimum=1, maximum=2),
    ParameterSpec("video"),
    ParameterSpec("motion", ValueKind.WORD, choices=("low", "high")),
    ParameterSpec("loop"),
    ParameterSpec("end", ValueKind.LINKS),
    ParameterSpec("bs", ValueKind.WORD, choices=("1", "2", "4")),
    ParameterSpec("sameseed", ValueKind.INTEGER, maximum=2**32 - 1, until=3.9),
    ParameterSpec("test", exclusive_group="model"),
    ParameterSpec("testp", exclusive_group="model"),
    ParameterSpec("creative"),
    ParameterSpec("uplight"),
    ParameterSpec("upbeta"),
)

_BY_NAME = {name: spec for spec in _TABLE for name in (spec.name, *spec.aliases)}

# The widest aspect ratio, and the range of --stylize, of old versions.
_OLD_WIDEST = {
    ModelVersion(is_niji=False, number=4): Fraction(2),
    ModelVersion(is_niji=False, number=3): Fraction(5, 2),
    ModelVersion(is_niji=True, number=4): Fraction(2),
}
_OLD_STYLIZE = {ModelVersion(is_niji=False, number=3): (625, 60_000)}

_VERSION = re.compile(r"[0-9](?:\.[0-9])?")
_NUMBER = re.compile(r"-?(?:[0-9]{1,20}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})")
_RATIO = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*[:x\u00d7/]\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)", re.IGNORECASE)
_MAX_RATIO_SIDE = 9999


def find_spec(name: str) -> ParameterSpec | None:
    """Find a parameter by its name or an alias, in any case."""
    return _BY_NAME.get(name.lower())


def get_integer_range(name: str) -> tuple[int, int]:
    """Return the smallest and the largest value of a parameter that takes whole numbers, for current versions."""
    spec = _BY_NAME[name]
    return int(spec.minimum), int(spec.maximum)


def suggest_parameters(name: str) -> tuple[str, ...]:
    """Return the parameters with the most similar names, most similar first."""
    close = get_close_matches(name.lower(), [known for known in _BY_NAME if len(known) > 1], n=2, cutoff=0.7)
    return tuple(dict.fromkeys(_BY_NAME[known].name for known in close))


def normalize_value(spec: ParameterSpec, value: str) -> str:
    """Write a value as Midjourney expects it (16x9 as 16:9, 1.5:1 as 3:2, 0250 as 250); leave a malformed one."""
    value = value.strip()
    if spec.value_kind is ValueKind.RATIO and (found := _RATIO.fullmatch(value)):
        if found[1].isdigit() and found[2].isdigit():
            return f"{int(found[1])}:{int(found[2])}"
        if Fraction(found[2]):
            width, height = (Fraction(found[1]) / Fraction(found[2])).as_integer_ratio()
            return f"{width}:{height}"
    if spec.value_kind is ValueKind.INTEGER and re.fullmatch("[0-9]{1,20}", value):
        return str(int(value))
    return value.lower() if spec.choices else value


def parse_model(name: str, value: str) -> ModelVersion | None:
    """Return the version that --v or --niji chooses with this value; None for anything else."""
    if name == "niji" and not value:
        return ModelVersion(is_niji=True, number=float(NIJI_VERSIONS[0]))
    if name not in {"v", "niji"} or not _VERSION.fullmatch(value):
        return None
    return ModelVersion(is_niji=name == "niji", number=float(value))


def validate_parameter(
    parameter: Parameter, model: ModelVersion | None, where: ParameterSource = "prompt"
) -> PromptProblem | None:
    """Return what is wrong with a parameter, by itself and for the chosen version; None where nothing is."""
    spec, value = _BY_NAME[parameter.name], parameter.value
    if spec.value_kind is ValueKind.NOTHING or not value:
        missing = spec.value_kind is not ValueKind.NOTHING and not spec.is_value_optional
        problem: PromptProblem | None = ValueMissing(spec.name, spec.example) if missing else None
    elif spec.value_kind is ValueKind.VERSION:
        problem = _validate_version(spec, value, where)
    elif spec.value_kind is ValueKind.RATIO:
        problem = _validate_ratio(spec, value, model, where)
    elif spec.value_kind in {ValueKind.NUMBER, ValueKind.INTEGER}:
        problem = _validate_number(spec, value, model, where)
    else:
        problem = (
            MalformedValue(spec.name, value, spec.example, where)
            if spec.choices and value not in spec.choices
            else None
        )
    if problem is None and model is not None and not spec.is_available_in(model):
        return ParameterNotInVersion(spec.name, model.name, where)
    return problem


def _validate_version(spec: ParameterSpec, value: str, where: ParameterSource) -> PromptProblem | None:
    known = NIJI_VERSIONS if spec.name == "niji" else VERSIONS
    # Versions newer than this table are accepted up to the next whole number, because Midjourney decides.
    newest = float(known[0])
    is_known = _VERSION.fullmatch(value) and (
        float(value) in map(float, known) or newest < float(value) <= int(newest) + 1.9
    )
    return None if is_known else UnknownVersion(spec.name, value, known, where)


def _validate_ratio(
    spec: ParameterSpec, value: str, model: ModelVersion | None, where: ParameterSource
) -> PromptProblem | None:
    found = re.fullmatch(r"([0-9]{1,12}):([0-9]{1,12})", value)
    sides = (int(found[1]), int(found[2])) if found else (0, 0)
    if not min(sides) or max(sides) > _MAX_RATIO_SIDE:
        return MalformedValue(spec.name, value, spec.example, where)
    old = _OLD_WIDEST.get(model) if model else None
    widest = old or WIDEST_RATIO
    if 1 / widest <= Fraction(*sides) <= widest:
        return None
    high = f"{widest.numerator}:{widest.denominator}"
    low = f"{widest.denominator}:{widest.numerator}"
    return ValueOutOfRange(spec.name, value, low, high, where, model.name if old and model else "")


def _validate_number(
    spec: ParameterSpec, value: str, model: ModelVersion | None, where: ParameterSource
) -> PromptProblem | None:
    if not _NUMBER.fullmatch(value) or (spec.value_kind is ValueKind.INTEGER and "." in value):
        return MalformedValue(spec.name, value, spec.example or f"{spec.minimum:.0f}", where)
    old = _OLD_STYLIZE.get(model) if model and spec.name == "stylize" else None
    low, high = old or (spec.minimum, spec.maximum)
    if low <= float(value) <= high:
        return None
    return ValueOutOfRange(spec.name, value, f"{low:.10g}", f"{high:.10g}", where, model.name if old and model else "")
