"""Midjourney's prompt line, taken apart and put together again: links, words, parameters. Pure.

A line is image links, then words, then parameters, as docs.midjourney.com has it (articles Prompt Basics, Image
Prompts, Parameter List). Parameters in the middle of the words are moved behind them, and links before them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.midjourney.parameters import ModelVersion, Parameter, ValueKind, find_spec, normalize_value, parse_model
from bot.midjourney.prompt_normalizer import normalize_prompt_text

_NAME = re.compile(r"--([A-Za-z][A-Za-z0-9_-]*)(?:=(\S+?))?[,.;]*")
_LINK = re.compile(r"<?(https?://[^\s<>]+?)>?[,;]?", re.IGNORECASE)
_CODE = re.compile(r"(?:https?://\S+|[0-9]+(?:::[0-9.]+)?|random)", re.IGNORECASE)
_PROFILE = re.compile(r"(?=[a-z]*[0-9])[a-z0-9]{5,40}(?:::[0-9.]+)?", re.IGNORECASE)
_SPACED_RATIO = re.compile(r"(?<!\S)(--(?:ar|aspect) +[0-9.]+)\s*([:x\u00d7/])\s*(?=[0-9])", re.IGNORECASE)
_ROUNDS = 8


@dataclass(frozen=True)
class Prompt:
    """A prompt taken apart; `unknown` are parameters that Midjourney does not have, as they were written."""

    words: str = ""
    links: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    unknown_parameters: tuple[Parameter, ...] = ()

    @property
    def line(self) -> str:
        """Return the one line that Midjourney takes."""
        return " ".join(filter(None, (*self.links, self.words, self.parameter_text)))

    @property
    def parameter_text(self) -> str:
        """Return the parameters alone, as they end the line."""
        return " ".join(_spelt(parameter, self.model) for parameter in (*self.parameters, *self.unknown_parameters))

    @property
    def model(self) -> ModelVersion | None:
        """Return the version that is asked for; None where the account's own decides."""
        models = (parse_model(each.name, each.value) for each in self.parameters if each.name in {"v", "niji"})
        return next(filter(None, models), None)

    def get_value(self, name: str) -> str | None:
        """Return the value of a parameter, "" for a flag, None where it is not there."""
        return next((each.value for each in self.parameters if each.name == name), None)

    def __str__(self) -> str:
        return self.line


def parse_prompt(line: str) -> Prompt:
    """Take a prompt line apart, whatever it holds: nothing is judged, and no word is lost.

    What is moved may come to stand where it means something else, so that is looked at again until nothing moves.
    """
    prompt = _parted(line)
    for _ in range(_ROUNDS):
        earlier, prompt = prompt, _parted(prompt.line)
        if earlier == prompt:
            break
    return prompt


def _parted(line: str) -> Prompt:
    tokens = _SPACED_RATIO.sub(r"\1\2", normalize_prompt_text(line)).split()
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
    return Prompt(" ".join(words), tuple(links), tuple(merge_negative_parameters(parameters)), tuple(unknown))


def strip_angle_brackets(link: str) -> str:
    """Return a link without the angle brackets in which people hide its preview."""
    found = _LINK.fullmatch(link.strip())
    return found[1] if found else link.strip()


def _spelt(parameter: Parameter, model: ModelVersion | None) -> str:
    """Write a parameter as its version reads it: raw was a style before it was a parameter of its own."""
    if parameter.name == "raw" and model is not None and model.number < 7:
        return "--style raw"
    return str(parameter)


def _add(name: str, value: str, parameters: list[Parameter], unknown: list[Parameter]) -> None:
    spec = find_spec(name)
    if spec is None:
        unknown.append(Parameter(name, value))
        return
    if spec.value_kind not in {ValueKind.FREE_TEXT, ValueKind.LINKS}:
        value = value.rstrip(",;").rstrip("." if spec.value_kind is not ValueKind.WORD else "")
    elif spec.value_kind is ValueKind.LINKS:
        value = value.replace("<", "").replace(">", "")
    raw = spec.name == "style" and value.lower() == "raw"
    parameters.append(Parameter("raw") if raw else Parameter(spec.name, normalize_value(spec, value)))


def _taken(name: str, value: str | None, rest: list[str]) -> int:
    """Count the tokens behind a parameter's name that are its value."""
    spec = find_spec(name)
    until = next((at for at, token in enumerate(rest) if _NAME.fullmatch(token)), len(rest))
    if spec is None or spec.value_kind is ValueKind.FREE_TEXT:
        return until
    if value is not None or spec.value_kind is ValueKind.NOTHING or not until:
        return 0
    if spec.value_kind is ValueKind.LINKS:
        form = _PROFILE if spec.name == "p" else _CODE
        return next((at for at, token in enumerate(rest[:until]) if not form.fullmatch(token.strip("<>,"))), until)
    return 0 if spec.is_value_optional and not rest[0][0].isdigit() else 1


def merge_negative_parameters(parameters: Iterable[Parameter]) -> Iterator[Parameter]:
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
