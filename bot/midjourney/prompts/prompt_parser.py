"""Parse and write Midjourney's prompt line: links, words, parameters.

A line is image links, then words, then parameters (docs.midjourney.com, articles Prompt Basics, Image Prompts,
Parameter List). Parameters between the words are moved behind them, and links before them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.midjourney.prompts.parameters import (
    ModelVersion,
    Parameter,
    ValueKind,
    find_spec,
    normalize_value,
    parse_model,
)
from bot.midjourney.prompts.prompt_normalizer import normalize_prompt_text

_NAME = re.compile(r"--([A-Za-z][A-Za-z0-9_-]*)(?:=(\S+?))?[,.;]*")
_LINK = re.compile(r"<?(https?://[^\s<>]+?)>?[,;]?", re.IGNORECASE)
_CODE = re.compile(r"(?:https?://\S+|[0-9]+(?:::[0-9.]+)?|random)", re.IGNORECASE)
_PROFILE = re.compile(r"(?=[a-z]*[0-9])[a-z0-9]{5,40}(?:::[0-9.]+)?", re.IGNORECASE)
_SPACED_RATIO = re.compile(r"(?<!\S)(--(?:ar|aspect) +[0-9.]+)\s*([:x\u00d7/])\s*(?=[0-9])", re.IGNORECASE)
_MAX_ROUNDS = 8


@dataclass(frozen=True)
class Prompt:
    """A parsed prompt; `unknown_parameters` are those that Midjourney does not have, as they were written."""

    words: str = ""
    links: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    unknown_parameters: tuple[Parameter, ...] = ()

    @property
    def line(self) -> str:
        """The one line that Midjourney expects."""
        return " ".join(filter(None, (*self.links, self.words, self.parameter_text)))

    @property
    def parameter_text(self) -> str:
        """The parameters alone, as they end the line."""
        return " ".join(
            _write_parameter(parameter, self.model) for parameter in (*self.parameters, *self.unknown_parameters)
        )

    @property
    def model(self) -> ModelVersion | None:
        """The version that the prompt asks for; None where the account's default decides."""
        models = (
            parse_model(parameter.name, parameter.value)
            for parameter in self.parameters
            if parameter.name in {"v", "niji"}
        )
        return next(filter(None, models), None)

    def get_value(self, name: str) -> str | None:
        """Return the value of a parameter, "" for a flag, None where the prompt does not have it."""
        return next((parameter.value for parameter in self.parameters if parameter.name == name), None)

    def __str__(self) -> str:
        return self.line


def parse_prompt(line: str) -> Prompt:
    """Parse a prompt line, whatever it holds; nothing is validated, and no word is lost.

    A part that was moved may mean something else in its new place, so the result is parsed again until nothing moves.
    """
    prompt = _parse_once(line)
    for _ in range(_MAX_ROUNDS):
        earlier, prompt = prompt, _parse_once(prompt.line)
        if earlier == prompt:
            break
    return prompt


def _parse_once(line: str) -> Prompt:
    tokens = _SPACED_RATIO.sub(r"\1\2", normalize_prompt_text(line)).split()
    words: list[str] = []
    links: list[str] = []
    parameters: list[Parameter] = []
    unknown: list[Parameter] = []
    at = 0
    while at < len(tokens):
        token, at = tokens[at], at + 1
        if found := _NAME.fullmatch(token):
            count = _count_value_tokens(found[1], found[2], tokens[at:])
            at += count
            value = " ".join([*filter(None, [found[2]]), *tokens[at - count : at]])
            _add_parameter(found[1], value, parameters, unknown)
        elif found := _LINK.fullmatch(token):
            links.append(found[1])
        else:
            words.append(token)
    return Prompt(" ".join(words), tuple(links), tuple(merge_negative_parameters(parameters)), tuple(unknown))


def strip_angle_brackets(link: str) -> str:
    """Return a link without the angle brackets that hide its preview in Discord."""
    found = _LINK.fullmatch(link.strip())
    return found[1] if found else link.strip()


def _write_parameter(parameter: Parameter, model: ModelVersion | None) -> str:
    """Write a parameter as its version reads it: before version 7, raw was a style."""
    if parameter.name == "raw" and model is not None and model.number < 7:
        return "--style raw"
    return str(parameter)


def _add_parameter(name: str, value: str, parameters: list[Parameter], unknown: list[Parameter]) -> None:
    spec = find_spec(name)
    if spec is None:
        unknown.append(Parameter(name, value))
        return
    if spec.value_kind not in {ValueKind.FREE_TEXT, ValueKind.LINKS}:
        value = value.rstrip(",;").rstrip("." if spec.value_kind is not ValueKind.WORD else "")
    elif spec.value_kind is ValueKind.LINKS:
        value = value.replace("<", "").replace(">", "")
    is_raw = spec.name == "style" and value.lower() == "raw"
    parameters.append(Parameter("raw") if is_raw else Parameter(spec.name, normalize_value(spec, value)))


def _count_value_tokens(name: str, value: str | None, rest: list[str]) -> int:
    """Count the tokens after a parameter's name that are its value."""
    spec = find_spec(name)
    end = next((at for at, token in enumerate(rest) if _NAME.fullmatch(token)), len(rest))
    if spec is None or spec.value_kind is ValueKind.FREE_TEXT:
        return end
    if value is not None or spec.value_kind is ValueKind.NOTHING or not end:
        return 0
    if spec.value_kind is ValueKind.LINKS:
        pattern = _PROFILE if spec.name == "p" else _CODE
        return next((at for at, token in enumerate(rest[:end]) if not pattern.fullmatch(token.strip("<>,"))), end)
    return 0 if spec.is_value_optional and not rest[0][0].isdigit() else 1


def merge_negative_parameters(parameters: Iterable[Parameter]) -> Iterator[Parameter]:
    """Merge several `--no` into one, with each thing once."""
    things: dict[str, str] = {}
    kept: list[Parameter] = []
    for parameter in parameters:
        if parameter.name != "no":
            kept.append(parameter)
            continue
        if not any(other.name == "no" for other in kept):
            kept.append(parameter)
        for thing in filter(None, (part.strip() for part in parameter.value.split(","))):
            things.setdefault(thing.lower(), thing)
    return (Parameter("no", ", ".join(things.values())) if parameter.name == "no" else parameter for parameter in kept)
