"""Say what is wrong with what a person gave: a prompt, a picture or a mask, and what to do about it. Pure.

A part of error_messages, which hands in the errors; each sentence names the thing, the allowed range and the next
step.
"""

from collections.abc import Sequence
from typing import Final, assert_never

from bot.errors import (
    MaskAmbiguous,
    MaskAspectRatioWrong,
    MaskEmpty,
    MaskFull,
    MaskMissing,
    MaskRefused,
    MjbotError,
    PromptRefused,
    UploadAnimated,
    UploadCountInvalid,
    UploadNotFound,
    UploadRefused,
    UploadTooLarge,
    UploadTooSmall,
    UploadTypeUnsupported,
    UploadUnreadable,
)
from bot.errors.prompt_errors import (
    ConflictingValues,
    ExclusiveParameters,
    MalformedValue,
    ParameterNotInVersion,
    ParameterSource,
    PromptProblem,
    PromptTextMissing,
    PromptTooLong,
    SeveralJobs,
    TextInDefaults,
    UnknownParameter,
    UnknownVersion,
    ValueMissing,
    ValueOutOfRange,
)
from cogs.text.quotes import quote_text

_MOST: Final = 6
"""How many problems are told at once: who has more begins anew anyway."""
_VERSIONS: Final = 6
_OPTIONS: Final = {"ar": "aspect", "v": "version"}
"""Options of commands that are not called as the parameter is."""


def describe_input_error(error: MjbotError) -> str:
    """Say in one text what is wrong with what a person gave; "" where the error is of another kind."""
    match error:
        case PromptRefused(problems=problems):
            return _prompt(problems)
        case UploadRefused(name=name):
            return _upload(error, f"The file {quote_text(name)}" if quote_text(name) else "That picture")
        case MaskRefused():
            return _mask(error)
        case _:
            return ""


def describe_defaults_error(error: PromptRefused) -> str:
    """Say in one text why default parameters are not kept as they were typed."""
    return _problems(error.problems, "Your defaults stay as they were.")


def _prompt(problems: Sequence[PromptProblem]) -> str:
    if not problems:
        return "Something in this prompt cannot be sent. Nothing was paid: change the prompt and ask again."
    return _problems(problems, "Nothing was paid.")


def _problems(problems: Sequence[PromptProblem], outcome: str) -> str:
    if len(problems) == 1:
        return f"{outcome} {_problem(problems[0])}"
    told = [f"- {_problem(problem)}" for problem in problems[:_MOST]]
    if len(problems) > _MOST:
        told.append(f"- And {len(problems) - _MOST} more.")
    return "\n".join([f"{outcome} These stand in the way:", *told])


def _problem(problem: PromptProblem) -> str:  # noqa: C901, PLR0912 - one case for each kind of problem
    match problem:
        case PromptTextMissing(image_count=0, has_parameters=False):
            return "There is nothing to draw in this prompt: write what the picture shall show."
        case PromptTextMissing(image_count=0):
            return "There are only parameters in this prompt: write before them what the picture shall show."
        case PromptTextMissing():
            return "A single picture needs words beside it: write what shall become of it, or add a second picture."
        case PromptTooLong(length=length, limit=limit):
            return f"The prompt has {length} characters with all that belongs to it: shorten it to {limit}."
        case UnknownParameter(name=name, suggestions=near):
            meant = f"write {' or '.join(map(_name, near))}, or leave it out" if near else "leave it out"
            return f"Midjourney knows no {quote_text(f'--{name}')}: {meant}."
        case ValueMissing(name=name, example=example):
            return f"{_name(name)} lacks its value: write it behind, like `--{name} {example}`."
        case MalformedValue(name=name, given=given, example=example, where=where):
            return f"{_name(name)} cannot be {quote_text(given)}: write it like `{example}` {_place(name, where)}."
        case ValueOutOfRange(name=name, given=given, minimum=low, maximum=high, where=where, model=model):
            which = f" with `--{model}`" if model else ""
            limits = f"`{low}` to `{high}`{which}"
            return f"{_name(name)} takes {limits}, not {quote_text(given)}: change it {_place(name, where)}."
        case UnknownVersion(name=name, given=given, known_versions=known, where=where):
            newest = ", ".join(f"`{each}`" for each in known[:_VERSIONS])
            return f"{_name(name)} has no version {quote_text(given)}: take one of {newest} {_place(name, where)}."
        case ConflictingValues(name=name, first=first, second=second, where=where):
            places = "in the prompt and as an option" if where == "option" else "twice in the prompt"
            values = " and ".join(quote_text(value) or "`on`" for value in (first, second))
            return f"{_name(name)} is given {places}, as {values}: keep one of them."
        case ExclusiveParameters(first=first, second=second):
            return f"{_name(first)} and {_name(second)} exclude each other: keep one of them."
        case ParameterNotInVersion(name=name, model=model):
            return f"{_name(name)} does not exist with `--{model}`: leave it out, or choose another version."
        case SeveralJobs(given=given):
            return (
                f"{quote_text(given)} makes Midjourney ask back before it starts several jobs, which no relay can "
                "answer: ask for one at a time."
            )
        case TextInDefaults(given=given):
            return f"Defaults are parameters only, like `--ar 3:2 --stylize 250`: take out {quote_text(given)}."
        case _:
            assert_never(problem)


def _name(name: str) -> str:
    return f"`--{name}`"


def _place(name: str, where: ParameterSource) -> str:
    return f"in the option `{_OPTIONS.get(name, name)}`" if where == "option" else "in the prompt"


def _upload(error: UploadRefused, name: str) -> str:
    match error:
        case UploadUnreadable():
            return f"{name} is broken, or only half of it arrived. Nothing was paid: save it anew and upload it again."
        case UploadNotFound(name=link):
            return (
                f"Behind {quote_text(link) or 'that link'} is nothing that I can open, or it is too large. Nothing was "
                "paid: save the picture and upload the file instead."
            )
        case UploadTypeUnsupported(kind=kind):
            what = f"is a file of the kind {quote_text(kind)}" if kind else "is no picture that I know"
            return f"{name} {what}. Nothing was paid: save it as PNG, JPEG or WebP and upload that."
        case UploadAnimated():
            return f"{name} moves, and Midjourney takes one still picture. Nothing was paid: send one frame of it."
        case UploadTooLarge(pixels=True, size=size, limit=limit):
            return (
                f"{name} has {_millions(size)} million pixels, and I take {_millions(limit)}. Nothing was paid: "
                "send it scaled down."
            )
        case UploadTooLarge(size=size, limit=limit):
            return (
                f"{name} has {_mebibytes(size)} MiB, and I take {_mebibytes(limit)}. Nothing was paid: send a "
                "smaller one."
            )
        case UploadTooSmall(width=width, height=height, least=least):
            return (
                f"{name} has {width} x {height} pixels, too few to draw from. Nothing was paid: send one with at least "
                f"{least} on each side."
            )
        case UploadCountInvalid(count=count, fewest=fewest, most=most):
            return (
                f"That takes {fewest} to {most} pictures, and here are {count}. Nothing was paid: change their number."
            )
        case _:
            return f"{name} cannot be used. Nothing was paid: send another picture, as PNG, JPEG or WebP."


def _mask(error: MaskRefused) -> str:
    match error:
        case MaskMissing():
            return (
                "Which part shall be repainted? Nothing was paid: choose one of the ready regions, or upload a mask, "
                "white where it shall change."
            )
        case MaskEmpty():
            return (
                "Nothing in that mask is to be repainted. Nothing was paid: paint white what shall change, or choose "
                "one of the ready regions."
            )
        case MaskFull():
            return (
                "All of that mask is to be repainted, which would be a new picture. Nothing was paid: paint black what "
                "shall stay, or choose one of the ready regions."
            )
        case MaskAmbiguous():
            return (
                "That mask is neither black and white nor painted on something transparent. Nothing was paid: paint "
                "white what shall change and black what shall stay, or choose a ready region."
            )
        case MaskAspectRatioWrong(mask=mask, picture=picture):
            return (
                f"That mask has {mask[0]} x {mask[1]} pixels and its picture {picture[0]} x {picture[1]}: other "
                "proportions. Nothing was paid: make the mask from the picture itself."
            )
        case _:
            return "I cannot use that mask. Nothing was paid: choose one of the ready regions instead."


def _millions(pixels: int) -> str:
    return f"{pixels / 1e6:.0f}" if pixels >= 9.5e6 else f"{pixels / 1e6:.1f}"


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f}" if size >= 10 * 2**20 else f"{size / 2**20:.1f}"
