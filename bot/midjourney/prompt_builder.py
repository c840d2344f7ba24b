"""The prompt of a command: composed from its options and a person's defaults, checked before anything is paid. Pure."""

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
from bot.midjourney.parameters import (
    Parameter,
    ValueKind,
    find_spec,
    normalize_value,
    parse_model,
    suggest_parameters,
    validate_parameter,
)
from bot.midjourney.prompt_normalizer import normalize_prompt_text
from bot.midjourney.prompt_parser import Prompt, merge_negative_parameters, parse_prompt, strip_angle_brackets
from bot.midjourney.request_options import Speed

MAX_PROMPT_LENGTH = 6000
"""What Discord takes as the text of one option, and so what a relay's account can type to Midjourney's bot."""
UPLOAD_LINK_LENGTH = 300
"""What each uploaded picture adds to that line: the relay puts its signed link there."""

_DASHES = re.compile("-{2,}")
# The look ahead keeps a brace that nothing closes from being tried again at each comma.
_PERMUTATION = re.compile(r"(?<!\\)\{(?=[^{}]*\})[^{}]*?(?<!\\),[^{}]*\}")


@dataclass(frozen=True, kw_only=True)
class ImagineOptions:
    """What `/imagine` was given. `images` are links; `uploads` counts the pictures that go beside the prompt.

    `tile` and `raw` as False take away the person's default, as None they leave it.
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
    """Compose and check the prompt of a command, or of a form that was edited.

    Raises:
        PromptRefused: Something is wrong; all of it is told at once.
    """
    typed = parse_prompt(options.prompt)
    prompt, problems = _together(typed, list(_of_options(options)))
    prompt = replace(prompt, links=(*map(strip_angle_brackets, options.images), *typed.links))
    problems += [UnknownParameter(each.name, suggest_parameters(each.name)) for each in typed.unknown_parameters]
    problems += _several_jobs(prompt)
    off = {name for name, wish in (("tile", options.tile), ("raw", options.raw)) if wish is False}
    kept = [each for each in defaults if each.name not in off]
    prompt = apply_defaults(prompt, kept)
    problems += _shape(prompt, options.uploads)
    if problems:
        raise PromptRefused(tuple(dict.fromkeys(problems)), prompt.line)
    return prompt


def apply_defaults(prompt: Prompt, defaults: Iterable[Parameter]) -> Prompt:
    """Add default parameters that neither repeat nor contradict what was given, nor are unknown to its version."""
    parameters = list(prompt.parameters)
    for default in defaults:
        spec = find_spec(default.name)
        groups = {found.exclusive_group for each in parameters if (found := find_spec(each.name))} - {""}
        model = Prompt(parameters=tuple(parameters)).model
        if (
            spec is None
            or validate_parameter(default, model) is not None
            or spec.exclusive_group in groups
            or _upsets(default, parameters)
        ):
            continue
        if spec.value_kind is ValueKind.FREE_TEXT or all(each.name != default.name for each in parameters):
            parameters.append(default)
    return replace(prompt, parameters=tuple(merge_negative_parameters(parameters)))


def parse_defaults(text: str) -> tuple[Parameter, ...]:
    """Read a person's default parameters, such as `--ar 3:2 --s 250`.

    Raises:
        PromptRefused: There are words, links or parameters that cannot be a default.
    """
    typed = parse_prompt(text)
    prompt, problems = _together(typed, [])
    problems += [UnknownParameter(each.name, suggest_parameters(each.name)) for each in typed.unknown_parameters]
    if stray := " ".join(filter(None, (*typed.links, typed.words))):
        problems.append(TextInDefaults(stray))
    problems += _several_jobs(typed)
    if problems:
        raise PromptRefused(tuple(dict.fromkeys(problems)), typed.line)
    return prompt.parameters


def _upsets(default: Parameter, given: Iterable[Parameter]) -> bool:
    """Whether a default version lacks something that was given without saying for which version."""
    model = parse_model(default.name, default.value)
    return any(validate_parameter(each, model) is not None and validate_parameter(each, None) is None for each in given)


def _of_options(options: ImagineOptions) -> Iterator[Parameter]:
    """Give the options as parameters, in the order in which Midjourney's pages list them."""
    numbers = {name: getattr(options, name) for name in ("stylize", "chaos", "weird", "seed")}
    given = {
        "ar": normalize_prompt_text(options.aspect),
        "v": normalize_prompt_text(options.version),
        "niji": normalize_prompt_text(options.niji),
        **{name: "" if number is None else str(number) for name, number in numbers.items()},
        "no": _DASHES.sub("-", normalize_prompt_text(options.no)).strip(" ,"),
    }
    for name, value in given.items():
        spec = find_spec(name)
        if spec is not None and value:
            yield Parameter(name, normalize_value(spec, value))
    flags = {"tile": options.tile, "raw": options.raw}
    yield from (Parameter(name) for name, wish in flags.items() if wish)
    if options.speed:
        yield Parameter(options.speed)


def _together(typed: Prompt, chosen: list[Parameter]) -> tuple[Prompt, list[PromptProblem]]:
    """Put what stands in the prompt and what was chosen as options together, each parameter once and checked."""
    problems: list[PromptProblem] = []
    wheres: dict[str, ParameterSource] = {}
    kept: dict[str, Parameter] = {}
    merged = [*((each, "prompt") for each in typed.parameters), *((each, "option") for each in chosen)]
    for each, where in merged:
        first = kept.setdefault(each.name, each)
        wheres.setdefault(each.name, "option" if where == "option" else "prompt")
        if first is each or _same(first, each):
            continue
        if each.name == "no":
            kept["no"] = next(merge_negative_parameters([first, each]))
        else:
            problems.append(
                ConflictingValues(each.name, first.value, each.value, "option" if where == "option" else "prompt")
            )
    prompt = replace(typed, parameters=tuple(kept.values()), unknown_parameters=())
    apart = [ExclusiveParameters(one.name, two.name) for one, two in combinations(kept.values(), 2) if _apart(one, two)]
    chosen_model = None if apart else prompt.model
    found = (validate_parameter(each, chosen_model, wheres[each.name]) for each in kept.values())
    return prompt, [*problems, *apart, *(problem for problem in found if problem is not None)]


def _same(first: Parameter, second: Parameter) -> bool:
    one, two = (parse_model(each.name, each.value) for each in (first, second))
    return first.value == second.value or (one is not None and one == two)


def _apart(first: Parameter, second: Parameter) -> bool:
    one, two = find_spec(first.name), find_spec(second.name)
    return one is not None and two is not None and one.exclusive_group == two.exclusive_group != ""


def _several_jobs(prompt: Prompt) -> Iterator[PromptProblem]:
    if (times := prompt.get_value("repeat")) is not None:
        yield SeveralJobs(f"--repeat {times}".rstrip())
    whole = " ".join([prompt.words, *(each.value for each in prompt.parameters)])
    if found := _PERMUTATION.search(whole):
        yield SeveralJobs(found[0])


def _shape(prompt: Prompt, uploads: int) -> Iterator[PromptProblem]:
    images = len(prompt.links) + uploads
    if not prompt.words and images < 2:
        yield PromptTextMissing(images, has_parameters=bool(prompt.parameters))
    length = len(prompt.line) + uploads * UPLOAD_LINK_LENGTH
    if length > MAX_PROMPT_LENGTH:
        yield PromptTooLong(length, MAX_PROMPT_LENGTH)
