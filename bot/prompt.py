"""Midjourney's prompt line: composed from a command's options, checked before anything is paid, and taken apart. Pure.

A line is image links, then words, then parameters, as docs.midjourney.com has it (articles Prompt Basics, Image
Prompts, Parameter List). Parameters in the middle of the words are moved behind them, and links before them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from bot.errors import PromptRefused
from bot.parameters import Model, Parameter, Takes, check, model_of, near, normal, spec_of
from bot.problems import Apart, ManyJobs, NoWords, Problem, StrayWords, TooLong, Twice, UnknownParameter, Where
from bot.tidy import tidy

LIMIT = 6000
"""What Discord takes as the text of one option, and so what a relay's account can type to Midjourney's bot."""
UPLOAD_LENGTH = 300
"""What each uploaded picture adds to that line: the relay puts its signed link there."""

_NAME = re.compile(r"--([A-Za-z][A-Za-z0-9_-]*)(?:=(\S+?))?[,.;]*")
_LINK = re.compile(r"<?(https?://[^\s<>]+?)>?[,;]?", re.IGNORECASE)
_CODE = re.compile(r"(?:https?://\S+|[0-9]+(?:::[0-9.]+)?|random)", re.IGNORECASE)
_PROFILE = re.compile(r"(?=[a-z]*[0-9])[a-z0-9]{5,40}(?:::[0-9.]+)?", re.IGNORECASE)
_SPACED_RATIO = re.compile(r"(?<!\S)(--(?:ar|aspect) +[0-9.]+)\s*([:x\u00d7/])\s*(?=[0-9])", re.IGNORECASE)
_PERMUTATION = re.compile(r"(?<!\\)\{[^{}]*(?<!\\),[^{}]*\}")

Speed = Literal["", "fast", "relax", "turbo"]


@dataclass(frozen=True)
class Prompt:
    """A prompt taken apart; `unknown` are parameters that Midjourney does not have, as they were written."""

    words: str = ""
    links: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    unknown: tuple[Parameter, ...] = ()

    @property
    def line(self) -> str:
        """Return the one line that Midjourney takes."""
        return " ".join(filter(None, (*self.links, self.words, self.tail)))

    @property
    def tail(self) -> str:
        """Return the parameters alone, as they end the line."""
        return " ".join(_spelt(parameter, self.model) for parameter in (*self.parameters, *self.unknown))

    @property
    def model(self) -> Model | None:
        """Return the version that is asked for; None where the account's own decides."""
        models = (model_of(each.name, each.value) for each in self.parameters if each.name in {"v", "niji"})
        return next(filter(None, models), None)

    def value(self, name: str) -> str | None:
        """Return the value of a parameter, "" for a flag, None where it is not there."""
        return next((each.value for each in self.parameters if each.name == name), None)

    def __str__(self) -> str:
        return self.line


@dataclass(frozen=True, kw_only=True)
class Options:
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
    speed: Speed = ""
    images: tuple[str, ...] = ()
    uploads: int = 0


def parse(line: str) -> Prompt:
    """Take a prompt line apart, whatever it holds: nothing is judged, and no word is lost."""
    tokens = _SPACED_RATIO.sub(r"\1\2", tidy(line)).split()
    words: list[str] = []
    links: list[str] = []
    parameters: list[Parameter] = []
    unknown: list[Parameter] = []
    at = 0
    while at < len(tokens):
        token, at = tokens[at], at + 1
        if found := _NAME.fullmatch(token):
            taken = _taken(found[1], found[2], tokens[at:])
            at += taken
            value = " ".join([*filter(None, [found[2]]), *tokens[at - taken : at]])
            _add(found[1], value, parameters, unknown)
        elif found := _LINK.fullmatch(token):
            links.append(found[1])
        else:
            words.append(token)
    return Prompt(" ".join(words), tuple(links), tuple(_merged_no(parameters)), tuple(unknown))


def compose(options: Options, defaults: Sequence[Parameter] = ()) -> Prompt:
    """Compose and check the prompt of a command, or of a form that was edited.

    Raises:
        PromptRefused: Something is wrong; all of it is told at once.
    """
    typed = parse(options.prompt)
    prompt, problems = _together(typed, list(_of_options(options)))
    prompt = replace(prompt, links=(*_links(options.images), *typed.links))
    problems += [UnknownParameter(each.name, near(each.name)) for each in typed.unknown]
    problems += _several_jobs(prompt)
    off = {name for name, wish in (("tile", options.tile), ("raw", options.raw)) if wish is False}
    kept = [each for each in defaults if each.name not in off]
    prompt = merge(prompt, kept)
    problems += _shape(prompt, options.uploads)
    if problems:
        raise PromptRefused(tuple(dict.fromkeys(problems)), prompt.line)
    return prompt


def merge(prompt: Prompt, defaults: Iterable[Parameter]) -> Prompt:
    """Add default parameters that neither repeat nor contradict what was given, nor are unknown to its version."""
    parameters = list(prompt.parameters)
    for default in defaults:
        spec = spec_of(default.name)
        groups = {found.group for each in parameters if (found := spec_of(each.name))} - {""}
        model = Prompt(parameters=tuple(parameters)).model
        if spec is None or check(default, model) is not None or spec.group in groups:
            continue
        if spec.takes is Takes.WORDS or all(each.name != default.name for each in parameters):
            parameters.append(default)
    # A version among the defaults may lack what came before it, which was given and stays.
    return replace(prompt, parameters=tuple(_merged_no(parameters)))


def defaults_of(text: str) -> tuple[Parameter, ...]:
    """Read a person's default parameters, such as `--ar 3:2 --s 250`.

    Raises:
        PromptRefused: There are words, links or parameters that cannot be a default.
    """
    typed = parse(text)
    prompt, problems = _together(typed, [])
    problems += [UnknownParameter(each.name, near(each.name)) for each in typed.unknown]
    if stray := " ".join(filter(None, (*typed.links, typed.words))):
        problems.append(StrayWords(stray))
    problems += _several_jobs(typed)
    if problems:
        raise PromptRefused(tuple(dict.fromkeys(problems)), typed.line)
    return prompt.parameters


def _spelt(parameter: Parameter, model: Model | None) -> str:
    """Write a parameter as its version reads it: raw was a style before it was a parameter of its own."""
    if parameter.name == "raw" and model is not None and model.number < 7:
        return "--style raw"
    return str(parameter)


def _add(name: str, value: str, parameters: list[Parameter], unknown: list[Parameter]) -> None:
    spec = spec_of(name)
    if spec is None:
        unknown.append(Parameter(name, value))
        return
    if spec.takes not in {Takes.WORDS, Takes.LINKS}:
        value = value.rstrip(",;").rstrip("." if spec.takes is not Takes.WORD else "")
    elif spec.takes is Takes.LINKS:
        value = value.replace("<", "").replace(">", "")
    raw = spec.name == "style" and value.lower() == "raw"
    parameters.append(Parameter("raw") if raw else Parameter(spec.name, normal(spec, value)))


def _taken(name: str, value: str | None, rest: list[str]) -> int:
    """Count the tokens behind a parameter's name that are its value."""
    spec = spec_of(name)
    until = next((at for at, token in enumerate(rest) if _NAME.fullmatch(token)), len(rest))
    if spec is None or spec.takes is Takes.WORDS:
        return until
    if value is not None or spec.takes is Takes.NOTHING or not until:
        return 0
    if spec.takes is Takes.LINKS:
        form = _PROFILE if spec.name == "p" else _CODE
        return next((at for at, token in enumerate(rest[:until]) if not form.fullmatch(token.strip("<>,"))), until)
    return 0 if spec.optional and not rest[0][0].isdigit() else 1


def _merged_no(parameters: Iterable[Parameter]) -> Iterator[Parameter]:
    """Make one `--no` of several, each thing once."""
    things: dict[str, str] = {}
    kept: list[Parameter] = []
    for each in parameters:
        if each.name != "no":
            kept.append(each)
            continue
        if not any(other.name == "no" for other in kept):
            kept.append(each)
        for thing in filter(None, (part.strip() for part in each.value.split(","))):
            things.setdefault(thing.lower(), thing)
    return (Parameter("no", ", ".join(things.values())) if each.name == "no" else each for each in kept)


def _of_options(options: Options) -> Iterator[Parameter]:
    """Give the options as parameters, in the order in which Midjourney's pages list them."""
    numbers = {name: getattr(options, name) for name in ("stylize", "chaos", "weird", "seed")}
    given = {
        "ar": tidy(options.aspect),
        "v": tidy(options.version),
        "niji": tidy(options.niji),
        **{name: "" if number is None else str(number) for name, number in numbers.items()},
        "no": tidy(options.no).replace("--", "-"),
    }
    for name, value in given.items():
        spec = spec_of(name)
        if spec is not None and value:
            yield Parameter(name, normal(spec, value))
    flags = {"tile": options.tile, "raw": options.raw, options.speed: bool(options.speed)}
    yield from (Parameter(name) for name, wish in flags.items() if wish)


def _together(typed: Prompt, chosen: list[Parameter]) -> tuple[Prompt, list[Problem]]:
    """Put what stands in the prompt and what was chosen as options together, each parameter once and checked."""
    problems: list[Problem] = []
    wheres: dict[str, Where] = {}
    kept: dict[str, Parameter] = {}
    merged = [*((each, "prompt") for each in typed.parameters), *((each, "option") for each in chosen)]
    for each, where in merged:
        first = kept.setdefault(each.name, each)
        wheres.setdefault(each.name, "option" if where == "option" else "prompt")
        if first is each or _same(first, each):
            continue
        if each.name == "no":
            kept["no"] = next(_merged_no([first, each]))
        else:
            problems.append(Twice(each.name, first.value, each.value, "option" if where == "option" else "prompt"))
    prompt = replace(typed, parameters=tuple(kept.values()), unknown=())
    apart = [Apart(one.name, two.name) for one, two in combinations(kept.values(), 2) if _apart(one, two)]
    chosen_model = None if apart else prompt.model
    found = (check(each, chosen_model, wheres[each.name]) for each in kept.values())
    return prompt, [*problems, *apart, *filter(None, found)]


def _same(first: Parameter, second: Parameter) -> bool:
    one, two = (model_of(each.name, each.value) for each in (first, second))
    return first.value == second.value or (one is not None and one == two)


def _apart(first: Parameter, second: Parameter) -> bool:
    one, two = spec_of(first.name), spec_of(second.name)
    return one is not None and two is not None and one.group == two.group != ""


def _links(images: Iterable[str]) -> Iterator[str]:
    return (found[1] if (found := _LINK.fullmatch(image.strip())) else image.strip() for image in images)


def _several_jobs(prompt: Prompt) -> Iterator[Problem]:
    if (times := prompt.value("repeat")) is not None:
        yield ManyJobs(f"--repeat {times}".rstrip())
    whole = " ".join([prompt.words, *(each.value for each in prompt.parameters)])
    if found := _PERMUTATION.search(whole):
        yield ManyJobs(found[0])


def _shape(prompt: Prompt, uploads: int) -> Iterator[Problem]:
    images = len(prompt.links) + uploads
    if not prompt.words and images < 2:
        yield NoWords(images, parameters=bool(prompt.parameters))
    length = len(prompt.line) + uploads * UPLOAD_LENGTH
    if length > LIMIT:
        yield TooLong(length, LIMIT)
