"""What can be wrong with a prompt, as values that cogs/text/input_errors.py turns into sentences.

`name` is a parameter as the prompt line writes it, without dashes; `where` says where the person gave it.
"""

from dataclasses import dataclass
from typing import Literal

ParameterSource = Literal["prompt", "option"]


@dataclass(frozen=True)
class PromptTextMissing:
    """The prompt has no words, beside `image_count` pictures.

    `has_parameters` says that it consists of parameters only.
    """

    image_count: int = 0
    has_parameters: bool = False


@dataclass(frozen=True)
class PromptTooLong:
    """The whole prompt line has `length` characters, more than `limit`."""

    length: int
    limit: int


@dataclass(frozen=True)
class UnknownParameter:
    """Midjourney has no parameter `name`; `suggestions` are those with a similar name."""

    name: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ValueMissing:
    """A parameter needs a value, for example `example`."""

    name: str
    example: str


@dataclass(frozen=True)
class MalformedValue:
    """A value has another format than `example`."""

    name: str
    given: str
    example: str
    where: ParameterSource = "prompt"


@dataclass(frozen=True)
class ValueOutOfRange:
    """A value is not between `minimum` and `maximum`; `model` is set where the range is that version's own."""

    name: str
    given: str
    minimum: str
    maximum: str
    where: ParameterSource = "prompt"
    model: str = ""


@dataclass(frozen=True)
class UnknownVersion:
    """`given` is neither one of Midjourney's `known_versions`, newest first, nor a possible later one."""

    name: str
    given: str
    known_versions: tuple[str, ...]
    where: ParameterSource = "prompt"


@dataclass(frozen=True)
class ConflictingValues:
    """One parameter has two values, both from the prompt, or the second from an option."""

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
    """The chosen `model` does not have this parameter."""

    name: str
    model: str
    where: ParameterSource = "prompt"


@dataclass(frozen=True)
class SeveralJobs:
    """`--repeat` or `{this, that}` would start several jobs.

    Midjourney asks for a confirmation before it does so, which no relay can give.
    """

    given: str


@dataclass(frozen=True)
class TextInDefaults:
    """A person's default parameters contain words or links."""

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
