"""Describe what is wrong with a prompt, a picture, a mask or a rule, and what to do about it. Pure.

Each sentence names the thing, the allowed range and the next step; error_messages adds these texts to its own.
"""

from collections.abc import Sequence
from typing import Final, assert_never

from bot.errors import (
    LimitUnreadable,
    MaskAmbiguous,
    MaskAspectRatioWrong,
    MaskEmpty,
    MaskFull,
    MaskMissing,
    MaskRefused,
    MjbotError,
    PromptRefused,
    RuleInputRefused,
    TimeZoneUnknown,
    UploadAnimated,
    UploadCountInvalid,
    UploadNotFound,
    UploadRefused,
    UploadTooLarge,
    UploadTooSlow,
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
from bot.money import MAX_AMOUNT
from bot.policy.limit_parser import MOST_TASKS
from cogs.text.quotes import quote_text

_MAX_PROBLEMS: Final = 6
"""How many problems of one prompt a message lists."""
_MAX_VERSIONS: Final = 6
_OPTION_NAMES: Final = {"ar": "aspect", "v": "version"}
"""Command options whose name differs from the parameter's."""
NOT_CHARGED: Final = "You weren't charged."


def describe_input_error(error: MjbotError) -> str:
    """Describe what is wrong with a prompt, picture, mask or rule; "" for any other error."""
    match error:
        case PromptRefused(problems=problems):
            return _describe_problems(problems, NOT_CHARGED)
        case UploadRefused(name=name):
            shown = quote_text(name)
            return f"{_describe_upload(error, f'The file {shown}' if shown else 'That picture')} {NOT_CHARGED}"
        case MaskRefused():
            return f"{_describe_mask(error)} {NOT_CHARGED}"
        case RuleInputRefused():
            return f"{_describe_rule_input(error)} Nothing was changed."
        case _:
            return ""


def describe_defaults_error(error: PromptRefused) -> str:
    """Describe why a person's new default parameters were not saved."""
    return _describe_problems(error.problems, "Your defaults are unchanged.")


def _describe_problems(problems: Sequence[PromptProblem], outcome: str) -> str:
    if not problems:
        return f"Part of this prompt can't be sent. Change the prompt and try again. {outcome}"
    if len(problems) == 1:
        return f"{_describe_problem(problems[0])} {outcome}"
    lines = [f"- {_describe_problem(problem)}" for problem in problems[:_MAX_PROBLEMS]]
    if len(problems) > _MAX_PROBLEMS:
        lines.append(f"- And {len(problems) - _MAX_PROBLEMS} more.")
    return "\n".join(["Please fix these:", *lines, outcome])


def _describe_problem(problem: PromptProblem) -> str:  # noqa: C901, PLR0912 - one case for each kind of problem
    match problem:
        case PromptTextMissing(image_count=0, has_parameters=False):
            return "This prompt is empty. Describe the picture you want."
        case PromptTextMissing(image_count=0):
            return "This prompt has only parameters. Add a description before the parameters."
        case PromptTextMissing():
            return "A single picture needs a description too. Describe what you want, or add a second picture."
        case PromptTooLong(length=length, limit=limit):
            return f"The prompt has {length} characters with its parameters and links. Shorten it to {limit}."
        case UnknownParameter(name=name, suggestions=near):
            cure = f"Use {' or '.join(map(_name_parameter, near))}, or remove it" if near else "Remove it"
            return f"{quote_text(f'--{name}')} isn't a Midjourney parameter. {cure}."
        case ValueMissing(name=name, example=example):
            return f"{_name_parameter(name)} needs a value, for example `--{name} {example}`."
        case MalformedValue(name=name, given=given, example=example, where=where):
            kind = "ratio such as " if name == "ar" else "value such as "
            return (
                f"{quote_text(given)} isn't a valid {_name_parameter(name)}. Use a {kind}`{example}` "
                f"{_name_source(name, where)}."
            )
        case ValueOutOfRange(name=name, given=given, minimum=low, maximum=high, where=where, model=model):
            which = f" with `--{model}`" if model else ""
            return (
                f"{_name_parameter(name)} must be between `{low}` and `{high}`{which}, not {quote_text(given)}. Change "
                f"it {_name_source(name, where)}."
            )
        case UnknownVersion(name=name, given=given, known_versions=known, where=where):
            newest = ", ".join(f"`{each}`" for each in known[:_MAX_VERSIONS])
            return (
                f"{_name_parameter(name)} has no version {quote_text(given)}. Use one of {newest} "
                f"{_name_source(name, where)}."
            )
        case ConflictingValues(name=name, first=first, second=second, where=where):
            places = "in the prompt and as an option" if where == "option" else "twice in the prompt"
            values = " and ".join(quote_text(value) or "`on`" for value in (first, second))
            return f"{_name_parameter(name)} is given {places}, as {values}. Keep one of them."
        case ExclusiveParameters(first=first, second=second):
            return f"{_name_parameter(first)} and {_name_parameter(second)} can't be used together. Keep one of them."
        case ParameterNotInVersion(name=name, model=model):
            return f"{_name_parameter(name)} isn't available with `--{model}`. Remove it, or choose another version."
        case SeveralJobs(given=given):
            return (
                f"{quote_text(given)} starts several jobs at once, which this service can't confirm. Ask for one at a "
                "time."
            )
        case TextInDefaults(given=given):
            return f"Defaults are parameters only, such as `--ar 3:2 --stylize 250`. Remove {quote_text(given)}."
        case _:
            assert_never(problem)


def _name_parameter(name: str) -> str:
    return f"`--{name}`"


def _name_source(name: str, where: ParameterSource) -> str:
    return f"in the option `{_OPTION_NAMES.get(name, name)}`" if where == "option" else "in the prompt"


def _describe_upload(error: UploadRefused, name: str) -> str:
    match error:
        case UploadUnreadable():
            return f"{name} is broken, or only part of it arrived. Save it again and upload it."
        case UploadNotFound(name=link):
            return (
                f"I couldn't open {quote_text(link) or 'that link'}, or it is too large. Save the picture and upload "
                "the file instead."
            )
        case UploadTooSlow(name=name):
            return (
                f"{quote_text(name) or 'The picture'} arrives too slowly. Save the picture and upload the file instead."
            )
        case UploadTypeUnsupported(kind=kind):
            what = f" ({quote_text(kind)})" if kind else ""
            return f"{name}{what} isn't a supported image. Save it as PNG, JPEG or WebP and upload that."
        case UploadAnimated():
            return f"{name} is animated, and Midjourney needs a still picture. Upload one frame of it."
        case UploadTooLarge(pixels=True, size=size, limit=limit):
            return f"{name} has {_millions(size)} million pixels, and the limit is {_millions(limit)}. Scale it down."
        case UploadTooLarge(size=size, limit=limit):
            return f"{name} has {_mebibytes(size)} MiB, and the limit is {_mebibytes(limit)}. Upload a smaller one."
        case UploadTooSmall(width=width, height=height, least=least):
            return f"{name} is too small: {width} x {height} pixels. Upload one with at least {least} on each side."
        case UploadCountInvalid(count=count, fewest=fewest, most=most):
            return f"This needs {fewest} to {most} pictures, and you gave {count}. Change their number."
        case _:
            return f"{name} can't be used. Upload another picture, as PNG, JPEG or WebP."


def _describe_mask(error: MaskRefused) -> str:
    match error:
        case MaskMissing():
            return "Choose the area to repaint: one of the regions, or a mask of your own that is white there."
        case MaskEmpty():
            return "That mask has nothing to repaint. Paint the area to change white, or choose one of the regions."
        case MaskFull():
            return (
                "That mask repaints the whole picture. Paint what should stay the same black, or choose one of the "
                "regions."
            )
        case MaskAmbiguous():
            return (
                "That mask is neither black and white nor painted on a transparent background. Paint the area to "
                "change white and the rest black, or choose one of the regions."
            )
        case MaskAspectRatioWrong(mask=mask, picture=picture):
            return (
                f"That mask has {mask[0]} x {mask[1]} pixels and its picture {picture[0]} x {picture[1]}, which is a "
                "different shape. Make the mask from the picture itself."
            )
        case _:
            return "I can't use that mask. Choose one of the regions instead."


def _millions(pixels: int) -> str:
    return f"{pixels / 1e6:.0f}" if pixels >= 9.5e6 else f"{pixels / 1e6:.1f}"


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f}" if size >= 10 * 2**20 else f"{size / 2**20:.1f}"


def _describe_rule_input(error: RuleInputRefused) -> str:
    match error:
        case LimitUnreadable():
            return _describe_limit(error)
        case TimeZoneUnknown(typed=typed, similar=similar):
            shown = f" {quote_text(typed)}" if quote_text(typed) else ""
            meant = (
                " or ".join(map(quote_text, similar)) or "a name such as `Asia/Ho_Chi_Minh`, `Europe/Paris` or `UTC`"
            )
            return f"I don't know the time zone{shown}. Write {meant}."
        case _:
            return "I can't use that rule. Open the form again and correct it."


def _describe_limit(error: LimitUnreadable) -> str:
    """Name the form's field, what it accepts, and an example."""
    name = f"{'Amount' if error.is_amount else 'Number'} a {error.period}"
    shown = quote_text(error.typed) or "that"
    example = "`2.50`" if error.is_amount else "`3`"
    kind = f"an amount in {error.currency}".removesuffix(" in ") if error.is_amount else "a whole number"
    match error.problem:
        case "negative":
            return f"{name} can't be negative: {shown}. Write 0 to switch drawing off, or leave it empty for no limit."
        case "huge":
            most = MAX_AMOUNT if error.is_amount else MOST_TASKS
            return f"{name} is too large: {shown}. Write at most `{most}`, or leave it empty for no limit."
        case "fraction":
            return f"{name} must be a whole number, for example `3`, not {shown}."
        case "precise":
            return f"{name} may have six decimal places at most, for example `0.125`, not {shown}."
        case "ambiguous":
            return f"{name} can be read in two ways: {shown}. Write it without thousands separators, like {example}."
        case "currency":
            return f"{name} must be {kind}, for example {example}, not {shown}."
        case _:
            return f"{name} must be {kind}, for example {example}, not {shown}. Leave it empty for no limit."
