"""Describe what is wrong with a prompt, a picture, a mask or a rule, and what to do about it. Pure.

Each sentence names the thing, the allowed range and the next step; error_messages adds these texts to its own.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
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
from cogs.languages import N_, _, join_list, join_sentences, pgettext
from cogs.languages.formats import join_alternatives, localize_number
from cogs.text.quotes import quote_text

_MAX_PROBLEMS: Final = 6
"""How many problems of one prompt a message lists."""
_MAX_VERSIONS: Final = 6
_OPTION_NAMES: Final = {"ar": "aspect", "v": "version"}
"""Command options whose name differs from the parameter's."""
NOT_CHARGED: Final = N_("You weren't charged.")
"""Ends what describes a refused paid request; translated where it is shown."""

_MALFORMED: Final[Mapping[tuple[bool, bool], str]] = {
    (False, False): N_("{given} isn't a valid {parameter}. Use a value such as {example} in the prompt."),
    (False, True): N_("{given} isn't a valid {parameter}. Use a value such as {example} in the option {option}."),
    (True, False): N_("{given} isn't a valid {parameter}. Use a ratio such as {example} in the prompt."),
    (True, True): N_("{given} isn't a valid {parameter}. Use a ratio such as {example} in the option {option}."),
}
"""By whether the value is a ratio, and whether it was given as an option of the command."""
_OUT_OF_RANGE: Final[Mapping[tuple[bool, bool], str]] = {
    (False, False): N_("{parameter} must be between {low} and {high}, not {given}. Change it in the prompt."),
    (False, True): N_("{parameter} must be between {low} and {high}, not {given}. Change it in the option {option}."),
    (True, False): N_(
        "{parameter} must be between {low} and {high} with {model}, not {given}. Change it in the prompt."
    ),
    (True, True): N_(
        "{parameter} must be between {low} and {high} with {model}, not {given}. Change it in the option {option}."
    ),
}
"""By whether the range is that of one model, and whether the value was given as an option of the command."""


def describe_input_error(error: MjbotError) -> str:
    """Describe what is wrong with a prompt, picture, mask or rule; "" for any other error."""
    match error:
        case PromptRefused(problems=problems):
            return _describe_problems(problems, _(NOT_CHARGED))
        case UploadRefused(name=name):
            # Translators: begins sentences about a file, such as "The file `a.png` is broken."
            file = _("The file {name}").format(name=quote_text(name)) if quote_text(name) else _("That picture")
            return join_sentences(_describe_upload(error, file), _(NOT_CHARGED))
        case MaskRefused():
            return join_sentences(_describe_mask(error), _(NOT_CHARGED))
        case RuleInputRefused():
            return join_sentences(_describe_rule_input(error), _("Nothing was changed."))
        case _:
            return ""


def describe_defaults_error(error: PromptRefused) -> str:
    """Describe why a person's new default parameters were not saved."""
    return _describe_problems(error.problems, _("Your defaults are unchanged."))


def _describe_problems(problems: Sequence[PromptProblem], outcome: str) -> str:
    if not problems:
        return join_sentences(_("Part of this prompt can't be sent. Change the prompt and try again."), outcome)
    if len(problems) == 1:
        return join_sentences(_describe_problem(problems[0]), outcome)
    lines = [f"- {_describe_problem(problem)}" for problem in problems[:_MAX_PROBLEMS]]
    if len(problems) > _MAX_PROBLEMS:
        lines.append(_("- And {count} more.").format(count=len(problems) - _MAX_PROBLEMS))
    return "\n".join([_("Please fix these:"), *lines, outcome])


def _describe_problem(problem: PromptProblem) -> str:
    match problem:
        case PromptTextMissing():
            return _describe_missing_text(problem)
        case PromptTooLong(length=length, limit=limit):
            return _("The prompt has {length} characters with its parameters and links. Shorten it to {limit}.").format(
                length=length, limit=limit
            )
        case SeveralJobs(given=given):
            return _(
                "{given} starts several jobs at once, which this service can't confirm. Ask for one at a time."
            ).format(given=quote_text(given))
        case TextInDefaults(given=given):
            return _("Defaults are parameters only, such as `--ar 3:2 --stylize 250`. Remove {given}.").format(
                given=quote_text(given)
            )
        case ConflictingValues() | ExclusiveParameters() | ParameterNotInVersion() | UnknownParameter():
            return _describe_misplaced_parameter(problem)
        case ValueMissing() | MalformedValue() | ValueOutOfRange() | UnknownVersion():
            return _describe_value(problem)
        case _:
            assert_never(problem)


def _describe_missing_text(problem: PromptTextMissing) -> str:
    if problem.image_count:
        return _("A single picture needs a description too. Describe what you want, or add a second picture.")
    if problem.has_parameters:
        return _("This prompt has only parameters. Add a description before the parameters.")
    return _("This prompt is empty. Describe the picture you want.")


def _describe_misplaced_parameter(
    problem: ConflictingValues | ExclusiveParameters | ParameterNotInVersion | UnknownParameter,
) -> str:
    match problem:
        case UnknownParameter(name=name, suggestions=near):
            text = _("{parameter} isn't a Midjourney parameter. Remove it.")
            if near:
                text = _("{parameter} isn't a Midjourney parameter. Use {suggestions}, or remove it.")
            suggestions = _join_choices([_name_parameter(each) for each in near])
            return text.format(parameter=quote_text(f"--{name}"), suggestions=suggestions)
        case ConflictingValues(name=name, first=first, second=second, where=where):
            text = _("{parameter} is given twice in the prompt, as {first} and {second}. Keep one of them.")
            if where == "option":
                text = _(
                    "{parameter} is given in the prompt and as an option, as {first} and {second}. Keep one of them."
                )
            values = {"first": quote_text(first) or "`on`", "second": quote_text(second) or "`on`"}
            return text.format(parameter=_name_parameter(name), **values)
        case ExclusiveParameters(first=first, second=second):
            return _("{first} and {second} can't be used together. Keep one of them.").format(
                first=_name_parameter(first), second=_name_parameter(second)
            )
        case ParameterNotInVersion(name=name, model=model):
            return _("{parameter} isn't available with {model}. Remove it, or choose another version.").format(
                parameter=_name_parameter(name), model=f"`--{model}`"
            )
        case _:
            assert_never(problem)


def _describe_value(problem: ValueMissing | MalformedValue | ValueOutOfRange | UnknownVersion) -> str:
    name, parameter = problem.name, _name_parameter(problem.name)
    option = f"`{_OPTION_NAMES.get(name, name)}`"
    match problem:
        case ValueMissing(example=example):
            return _("{parameter} needs a value, for example {example}.").format(
                parameter=parameter, example=f"`--{name} {example}`"
            )
        case MalformedValue(given=given, example=example, where=where):
            return _(_MALFORMED[name == "ar", where == "option"]).format(
                given=quote_text(given), parameter=parameter, example=f"`{example}`", option=option
            )
        case ValueOutOfRange(given=given, minimum=low, maximum=high, where=where, model=model):
            fields = {"parameter": parameter, "given": quote_text(given), "option": option}
            return _(_OUT_OF_RANGE[bool(model), where == "option"]).format(
                low=f"`{low}`", high=f"`{high}`", model=f"`--{model}`", **fields
            )
        case UnknownVersion(given=given, known_versions=known, where=where):
            text = _("{parameter} has no version {given}. Use one of {versions} in the prompt.")
            if where == "option":
                text = _("{parameter} has no version {given}. Use one of {versions} in the option {option}.")
            versions = join_list(f"`{each}`" for each in known[:_MAX_VERSIONS])
            return text.format(parameter=parameter, given=quote_text(given), versions=versions, option=option)
        case _:
            assert_never(problem)


def _name_parameter(name: str) -> str:
    return f"`--{name}`"


def _join_choices(items: Sequence[str]) -> str:
    """Join two or three items of which one applies: "a or b or c"."""
    return reduce(lambda earlier, last: join_alternatives((earlier, last)), items) if items else ""


def _describe_upload(error: UploadRefused, file: str) -> str:
    match error:
        case UploadUnreadable():
            text = _("{file} is broken, or only part of it arrived. Save it again and upload it.")
        case UploadNotFound(name=link):
            return _(
                "I couldn't open {link}, or it is too large. Save the picture and upload the file instead."
            ).format(link=quote_text(link) or _("that link"))
        case UploadTooSlow(name=name):
            text, file = (
                _("{file} arrives too slowly. Save the picture and upload the file instead."),
                quote_text(name) or _("The picture"),
            )
        case UploadTypeUnsupported(kind=kind) if quote_text(kind):
            return _("{file} ({kind}) isn't a supported image. Save it as PNG, JPEG or WebP and upload that.").format(
                file=file, kind=quote_text(kind)
            )
        case UploadTypeUnsupported():
            text = _("{file} isn't a supported image. Save it as PNG, JPEG or WebP and upload that.")
        case UploadAnimated():
            text = _("{file} is animated, and Midjourney needs a still picture. Upload one frame of it.")
        case UploadTooLarge() | UploadTooSmall():
            return _describe_size(error, file)
        case UploadCountInvalid(count=count, fewest=fewest, most=most):
            return _("This needs {fewest} to {most} pictures, and you gave {given}. Change their number.").format(
                fewest=fewest, most=most, given=count
            )
        case _:
            text = _("{file} can't be used. Upload another picture, as PNG, JPEG or WebP.")
    return text.format(file=file)


def _describe_size(error: UploadTooLarge | UploadTooSmall, file: str) -> str:
    match error:
        case UploadTooLarge(pixels=True, size=size, limit=limit):
            return _("{file} has {size} million pixels, and the limit is {limit}. Scale it down.").format(
                file=file, size=_millions(size), limit=_millions(limit)
            )
        case UploadTooLarge(size=size, limit=limit):
            return _("{file} has {size} MiB, and the limit is {limit}. Upload a smaller one.").format(
                file=file, size=_mebibytes(size), limit=_mebibytes(limit)
            )
        case UploadTooSmall(width=width, height=height, least=least):
            return _(
                "{file} is too small: {width} x {height} pixels. Upload one with at least {least} on each side."
            ).format(file=file, width=width, height=height, least=least)
        case _:
            assert_never(error)


def _describe_mask(error: MaskRefused) -> str:
    match error:
        case MaskMissing():
            return _("Choose the area to repaint: one of the regions, or a mask of your own that is white there.")
        case MaskEmpty():
            return _("That mask has nothing to repaint. Paint the area to change white, or choose one of the regions.")
        case MaskFull():
            return _(
                "That mask repaints the whole picture. Paint what should stay the same black, or choose one of the "
                "regions."
            )
        case MaskAmbiguous():
            return _(
                "That mask is neither black and white nor painted on a transparent background. Paint the area to "
                "change white and the rest black, or choose one of the regions."
            )
        case MaskAspectRatioWrong(mask=mask, picture=picture):
            return _(
                "That mask has {mask} pixels and its picture {picture}, which is a different shape. Make the mask from "
                "the picture itself."
            ).format(mask=f"{mask[0]} x {mask[1]}", picture=f"{picture[0]} x {picture[1]}")
        case _:
            return _("I can't use that mask. Choose one of the regions instead.")


def _millions(pixels: int) -> str:
    return localize_number(f"{pixels / 1e6:.0f}" if pixels >= 9.5e6 else f"{pixels / 1e6:.1f}")


def _mebibytes(size: int) -> str:
    return localize_number(f"{size / 2**20:.0f}" if size >= 10 * 2**20 else f"{size / 2**20:.1f}")


def _describe_rule_input(error: RuleInputRefused) -> str:
    match error:
        case LimitUnreadable():
            return _describe_limit(error)
        case TimeZoneUnknown(typed=typed, similar=similar):
            shown, meant = quote_text(typed), _join_choices([quote_text(each) for each in similar])
            return join_sentences(
                _("I don't know the time zone {typed}.").format(typed=shown)
                if shown
                else _("I don't know the time zone."),
                _("Write {names}.").format(names=meant)
                if meant
                else _("Write a name such as `Asia/Ho_Chi_Minh`, `Europe/Paris` or `UTC`."),
            )
        case _:
            return _("I can't use that rule. Open the form again and correct it.")


_FIELD_NAMES: Final[Mapping[tuple[bool, str], str]] = {
    (False, "day"): N_("Number a day"),
    (False, "month"): N_("Number a month"),
    (True, "day"): N_("Amount a day"),
    (True, "month"): N_("Amount a month"),
}
"""The labels of the form's fields, by whether they take an amount, and the period."""


def _describe_limit(error: LimitUnreadable) -> str:
    """Name the form's field, what it accepts, and an example."""
    fields = {
        "field": _(_FIELD_NAMES[error.is_amount, error.period]),
        "typed": quote_text(error.typed) or pgettext("what was typed", "that"),
        "example": "`2.50`" if error.is_amount else "`3`",
    }
    match error.problem:
        case "negative":
            text = _(
                "{field} can't be negative: {typed}. Write 0 to switch drawing off, or leave it empty for no limit."
            )
        case "huge":
            text = _("{field} is too large: {typed}. Write at most {most}, or leave it empty for no limit.")
            fields["most"] = f"`{MAX_AMOUNT if error.is_amount else MOST_TASKS}`"
        case "fraction":
            text, fields["example"] = _("{field} must be a whole number, for example {example}, not {typed}."), "`3`"
        case "precise":
            text = _("{field} may have six decimal places at most, for example `0.125`, not {typed}.")
        case "ambiguous":
            text = _("{field} can be read in two ways: {typed}. Write it without thousands separators, like {example}.")
        case "currency":
            return _describe_form(error, fields)
        case _:
            return join_sentences(_describe_form(error, fields), _("Leave it empty for no limit."))
    return text.format(**fields)


def _describe_form(error: LimitUnreadable, fields: Mapping[str, str]) -> str:
    """Say in which form a limit is written."""
    if not error.is_amount:
        return _("{field} must be a whole number, for example {example}, not {typed}.").format(**fields)
    if not error.currency:
        return _("{field} must be an amount, for example {example}, not {typed}.").format(**fields)
    return _("{field} must be an amount in {currency}, for example {example}, not {typed}.").format(
        currency=error.currency, **fields
    )
