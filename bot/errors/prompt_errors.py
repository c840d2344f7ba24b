"""What can be wrong with a prompt: values with data, which cogs/text/input_errors.py words. Pure.

Parameters are named as the prompt line writes them, without their dashes; `where` is where the person gave it.
"""

from dataclasses import dataclass
from typing import Literal

ParameterSource = Literal["prompt", "option"]


@dataclass(frozen=True)
class PromptTextMissing:
    """There is nothing to draw: no words beside `images` pictures; `parameters` tells that there were some."""

    image_count: int = 0
    has_parameters: bool = False


@dataclass(frozen=True)
class PromptTooLong:
    """The whole line has `length` characters, and `limit` are possible."""

    length: int
    limit: int


@dataclass(frozen=True)
class UnknownParameter:
    """Midjourney knows no such parameter; `near` are those whose names look like it."""

    name: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ValueMissing:
    """A parameter stands there without its value, which looks like `example`."""

    name: str
    example: str


@dataclass(frozen=True)
class MalformedValue:
    """A value is of another form than `example`."""

    name: str
    given: str
    example: str
    where: ParameterSource = "prompt"


@dataclass(frozen=True)
class ValueOutOfRange:
    """A value lies beyond `low` and `high`, both allowed; `model` is named where the range is its own."""

    name: str
    given: str
    minimum: str
    maximum: str
    where: ParameterSource = "prompt"
    model: str = ""


@dataclass(frozen=True)
class UnknownVersion:
    """Neither one of Midjourney's versions, `known`, newest first, nor one that may come next."""

    name: str
    given: str
    known_versions: tuple[str, ...]
    where: ParameterSource = "prompt"


@dataclass(frozen=True)
class ConflictingValues:
    """One parameter was given two values, both in the prompt or the second as an option."""

    name: str
    first: str
    second: str
    where: ParameterSource = "prompt"


@dataclass(frozen=True)
class ExclusiveParameters:
    """Two parameters exclude each other."""

    first: str
    second: str


@dataclass(frozen=True)
class ParameterNotInVersion:
    """A parameter that the chosen `model` lacks."""

    name: str
    model: str
    where: ParameterSource = "prompt"


@dataclass(frozen=True)
class SeveralJobs:
    """What would start several jobs behind a question that no relay answers: `--repeat`, or `{this, that}`."""

    given: str


@dataclass(frozen=True)
class TextInDefaults:
    """Words among default parameters, where only parameters can stand."""

    given: str


PromptProblem = (
    PromptTextMissing
    | PromptTooLong
    | UnknownParameter
    | ValueMissing
    | MalformedValue
    | ValueOutOfRange
    | UnknownVersion
    | ConflictingValues
    | ExclusiveParameters
    | ParameterNotInVersion
    | SeveralJobs
    | TextInDefaults
)
