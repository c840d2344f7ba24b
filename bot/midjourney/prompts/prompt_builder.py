"""Build a command's prompt from its options and the person's defaults, and validate it before anything is billed."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bot.errors import PromptRefused
from bot.errors.prompt_errors import (
    ConflictingValues,
    ExclusiveParameters,
    ParameterSource,
    PromptProblem,
    PromptTextMissing,
    PromptTooLong,
    SeveralJobs,
    TextInDefaults,
    UnknownParameter,
)
from bot.midjourney.prompts.parameters import (
    Parameter,
    ValueKind,
    find_spec,
    normalize_value,
    parse_model,
    suggest_parameters,
    validate_parameter,
)
from bot.midjourney.prompts.prompt_normalizer import normalize_prompt_text
from bot.midjourney.prompts.prompt_parser import Prompt, merge_negative_parameters, parse_prompt, strip_angle_brackets
from bot.midjourney.request_options import Speed

MAX_PROMPT_LENGTH = 6000
"""The limit of a text option in Discord, and so of what a relay's account can send to Midjourney's bot."""
UPLOAD_LINK_LENGTH = 300
"""The length that each uploaded picture adds to the prompt, because the relay puts a signed link there."""

_DASHES = re.compile("-{2,}")
# The look-ahead prevents that an unclosed brace is tried again at each comma.
_PERMUTATION = re.compile(r"(?<!\\)\{(?=[^{}]*\})[^{}]*?(?<!\\),[^{}]*\}")


@dataclass(frozen=True, kw_only=True)
class ImagineOptions:
    """The options of `/imagine`; `images` are links, and `uploads` counts the pictures sent beside the prompt.

    `tile` and `raw` as False remove the person's default; None keeps it.
    """

    prompt: str
    aspect: str = ""
    version: str = ""
    niji: str = ""
    stylize: int | None = None
    chaos: int | None = None
    weird: int | None = None
    seed: int | None = None
    no: str = ""
    tile: bool | None = None
    raw: bool | None = None
    speed: Speed | None = None
    images: tuple[str, ...] = ()
    uploads: int = 0


def build_prompt(options: ImagineOptions, defaults: Sequence[Parameter] = ()) -> Prompt:
    """Build and validate the prompt of a command, or of a modal that a person edited.

    Raises:
        PromptRefused: Something is wrong; the error lists all problems.
    """
    typed = parse_prompt(options.prompt)
    prompt, problems = _merge_options(typed, list(_convert_options(options)))
    prompt = replace(prompt, links=(*map(strip_angle_brackets, options.images), *typed.links))
    problems += _find_unknown(typed)
    problems += _find_several_jobs(prompt)
    removed = {name for name, chosen in (("tile", options.tile), ("raw", options.raw)) if chosen is False}
    prompt = apply_defaults(prompt, [default for default in defaults if default.name not in removed])
    problems += _validate_size(prompt, options.uploads)
    if problems:
        raise PromptRefused(tuple(dict.fromkeys(problems)), prompt.line)
    return prompt


def apply_defaults(prompt: Prompt, defaults: Iterable[Parameter]) -> Prompt:
    """Add the defaults that neither repeat nor contradict the prompt's parameters, and that its version has."""
    parameters = list(prompt.parameters)
    for default in defaults:
        spec = find_spec(default.name)
        groups = {found.exclusive_group for each in parameters if (found := find_spec(each.name))} - {""}
        model = Prompt(parameters=tuple(parameters)).model
        if (
            spec is None
            or validate_parameter(default, model) is not None
            or spec.exclusive_group in groups
            or _invalidates(default, parameters)
        ):
            continue
        if spec.value_kind is ValueKind.FREE_TEXT or all(each.name != default.name for each in parameters):
            parameters.append(default)
    return replace(prompt, parameters=tuple(merge_negative_parameters(parameters)))


def parse_defaults(text: str) -> tuple[Parameter, ...]:
    """Parse a person's default parameters, such as `--ar 3:2 --s 250`.

    Raises:
        PromptRefused: The text has words, links or parameters that cannot be a default.
    """
    typed = parse_prompt(text)
    prompt, problems = _merge_options(typed, [])
    problems += _find_unknown(typed)
    if other_text := " ".join(filter(None, (*typed.links, typed.words))):
        problems.append(TextInDefaults(other_text))
    problems += _find_several_jobs(typed)
    if problems:
        raise PromptRefused(tuple(dict.fromkeys(problems)), typed.line)
    return prompt.parameters


def _invalidates(default: Parameter, given: Iterable[Parameter]) -> bool:
    """Whether a default version lacks a parameter that the person gave without choosing a version."""
    model = parse_model(default.name, default.value)
    return any(validate_parameter(one, model) is not None and validate_parameter(one, None) is None for one in given)


def _convert_options(options: ImagineOptions) -> Iterator[Parameter]:
    """Yield the options as parameters, in the order of Midjourney's Parameter List."""
    numbers = {name: getattr(options, name) for name in ("stylize", "chaos", "weird", "seed")}
    values = {
        "ar": normalize_prompt_text(options.aspect),
        "v": normalize_prompt_text(options.version),
        "niji": normalize_prompt_text(options.niji),
        **{name: "" if number is None else str(number) for name, number in numbers.items()},
        "no": _DASHES.sub("-", normalize_prompt_text(options.no)).strip(" ,"),
    }
    for name, value in values.items():
        spec = find_spec(name)
        if spec is not None and value:
            yield Parameter(name, normalize_value(spec, value))
    flags = {"tile": options.tile, "raw": options.raw}
    yield from (Parameter(name) for name, chosen in flags.items() if chosen)
    if options.speed:
        yield Parameter(options.speed)


def _merge_options(typed: Prompt, options: list[Parameter]) -> tuple[Prompt, list[PromptProblem]]:
    """Merge the parameters of the prompt and those from options, each name once, and validate them."""
    problems: list[PromptProblem] = []
    sources: dict[str, ParameterSource] = {}
    kept: dict[str, Parameter] = {}
    given: tuple[tuple[ParameterSource, Sequence[Parameter]], ...] = (("prompt", typed.parameters), ("option", options))
    for source, parameters in given:
        for parameter in parameters:
            first = kept.setdefault(parameter.name, parameter)
            sources.setdefault(parameter.name, source)
            if first is parameter or _has_same_value(first, parameter):
                continue
            if parameter.name == "no":
                kept["no"] = next(merge_negative_parameters([first, parameter]))
            else:
                problems.append(ConflictingValues(parameter.name, first.value, parameter.value, source))
    prompt = replace(typed, parameters=tuple(kept.values()), unknown_parameters=())
    exclusive = [
        ExclusiveParameters(one.name, two.name)
        for one, two in combinations(kept.values(), 2)
        if _exclude_each_other(one, two)
    ]
    model = None if exclusive else prompt.model
    invalid = (validate_parameter(one, model, sources[one.name]) for one in kept.values())
    return prompt, [*problems, *exclusive, *(problem for problem in invalid if problem is not None)]


def _has_same_value(first: Parameter, second: Parameter) -> bool:
    one, two = (parse_model(parameter.name, parameter.value) for parameter in (first, second))
    return first.value == second.value or (one is not None and one == two)


def _exclude_each_other(first: Parameter, second: Parameter) -> bool:
    one, two = find_spec(first.name), find_spec(second.name)
    return one is not None and two is not None and one.exclusive_group == two.exclusive_group != ""


def _find_unknown(typed: Prompt) -> list[UnknownParameter]:
    return [UnknownParameter(one.name, suggest_parameters(one.name)) for one in typed.unknown_parameters]


def _find_several_jobs(prompt: Prompt) -> Iterator[PromptProblem]:
    if (times := prompt.get_value("repeat")) is not None:
        yield SeveralJobs(f"--repeat {times}".rstrip())
    text = " ".join([prompt.words, *(parameter.value for parameter in prompt.parameters)])
    if found := _PERMUTATION.search(text):
        yield SeveralJobs(found[0])


def _validate_size(prompt: Prompt, uploads: int) -> Iterator[PromptProblem]:
    images = len(prompt.links) + uploads
    if not prompt.words and images < 2:
        yield PromptTextMissing(images, has_parameters=bool(prompt.parameters))
    length = len(prompt.line) + uploads * UPLOAD_LINK_LENGTH
    if length > MAX_PROMPT_LENGTH:
        yield PromptTooLong(length, MAX_PROMPT_LENGTH)
