"""Describe limits, and translate the short texts that the audit stores in English, in the language of the moment."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Final

from bot.entities import CostKind, LimitSetting, Period
from cogs.languages import N_, _, join_list, ngettext
from cogs.languages.formats import localize_number
from cogs.text.limit_errors import count_jobs

_KINDS: Final[Mapping[CostKind, str]] = {
    CostKind.VIDEO: N_("videos"),
    CostKind.TURBO: N_("turbo jobs"),
    CostKind.HD: N_("HD jobs"),
    CostKind.SEVERAL: N_("jobs of several at once"),
}
_NAMES: Final = frozenset(
    {
        N_("private answers"),
        N_("pictures outside age-restricted channels"),
        N_("log channel"),
        N_("gallery channel"),
        N_("prompts in the log channel"),
        N_("time zone"),
        N_("language"),
        N_("drawing"),
        N_("roles that may draw"),
        N_("roles that may not draw"),
        N_("channels where members may draw"),
        N_("blocked words"),
        N_("limits of every member"),
        N_("limits of all members together"),
        N_("limits of each person"),
        N_("limits of everyone together"),
        N_("prices"),
        N_("operator's log channel"),
        N_("alarms by DM"),
        N_("may spend (by the operator)"),
        N_("budget (by the operator)"),
    }
)
"""What was changed, as the services of rules and blocks in bot/features/ store it."""
_NAMED_BY_ID: Final = (N_("limits of {mention}"), N_("block of {mention}"))
_TYPED: Final = frozenset({"blocked words", "prices", "time zone"})
"""The changes whose values a person typed: of those, only the empty one and counts are translated."""
_NONE: Final = N_("none")
_VALUES: Final = frozenset(
    {
        _NONE,
        N_("everyone"),
        N_("all"),
        N_("allowed"),
        N_("not allowed"),
        N_("hidden as spoilers"),
        N_("refused"),
        N_("shown"),
        N_("not shown"),
        N_("the server's"),
        N_("paused"),
        N_("on"),
        N_("off"),
        N_("no limits"),
        N_("as every member"),
        N_("not blocked"),
        N_("blocked"),
        N_("default"),
        N_("denied"),
    }
)
"""What something was or is, as those services store it."""
_BLOCKS: Final = (N_("blocked until {time} ({reason})"), N_("blocked until {time}"), N_("blocked ({reason})"))
_STORED_NOUNS: Final[Mapping[str, CostKind | None]] = {
    "job": None,
    "jobs": None,
    "video": CostKind.VIDEO,
    "videos": CostKind.VIDEO,
    "turbo job": CostKind.TURBO,
    "turbo jobs": CostKind.TURBO,
    "HD job": CostKind.HD,
    "HD jobs": CostKind.HD,
    "job of several at once": CostKind.SEVERAL,
    "jobs of several at once": CostKind.SEVERAL,
}
_STORED_LIMIT: Final = re.compile(
    rf"(?:(?P<tasks>\d{{1,9}}) (?P<noun>{'|'.join(_STORED_NOUNS)})"
    r"|(?P<amount>\d{1,15}(?:\.\d{1,15})?)(?P<currency> [^\s,]+)?)"
    rf" a (?P<period>day|month)(?: for (?P<kinds>{'|'.join(_STORED_NOUNS)}))?(?: \(switched off\))?"
)
_STORED_COUNT: Final = re.compile(
    r"(?P<count>\d+) (?P<noun>role|channel|word)s?(?:: (?:added (?P<added>.+?))?(?:; )?(?:removed (?P<removed>.+))?)?",
    re.DOTALL,
)
_MORE: Final = re.compile(r"(?P<names>.+) and (?P<count>\d+) more", re.DOTALL)


def describe_limits(limits: Sequence[LimitSetting], format_amount: Callable[[Decimal], str]) -> str:
    """Describe limits: "3 jobs a day, $5.00 a month, 2 videos a day"; "" for none."""
    return join_list(_describe_limit(limit, format_amount) for limit in limits)


def _describe_limit(limit: LimitSetting, format_amount: Callable[[Decimal], str]) -> str:
    is_day = limit.period is Period.DAY
    if limit.amount is None:
        jobs = _("{jobs} a day") if is_day else _("{jobs} a month")
        text = jobs.format(jobs=_count_jobs(limit.tasks or 0, limit.kind))
    elif limit.kind:
        amount = _("{amount} a day for {kinds}") if is_day else _("{amount} a month for {kinds}")
        text = amount.format(amount=format_amount(limit.amount), kinds=_(_KINDS[limit.kind]))
    else:
        amount = _("{amount} a day") if is_day else _("{amount} a month")
        text = amount.format(amount=format_amount(limit.amount))
    return _("{limit} (switched off)").format(limit=text) if limit.most == 0 else text


def _count_jobs(count: int, kind: CostKind | None) -> str:
    if kind is CostKind.SEVERAL:
        # Translators: A limit that counts only the jobs of requests that start several of them.
        several = ngettext("{count} job of several at once", "{count} jobs of several at once", count)
        return several.format(count=count)
    return count_jobs(count, kind.value if kind else "")


def translate_what(what: str) -> str:
    """Translate what a change in the audit changed; a text of another version stays as it is."""
    return _(what) if what in _NAMES else _fill_in(_NAMED_BY_ID, what) or what


def translate_value(what: str, value: str) -> str:
    """Translate how something was or is in the audit: never what a person typed, nor a text of another version."""
    if value == _NONE or (value in _VALUES and what not in _TYPED):
        return _(value)
    if counted := _STORED_COUNT.fullmatch(value):
        return _translate_count(counted)
    if what in _TYPED:
        return value
    return _translate_limits(value) or _fill_in(_BLOCKS, value) or value


def _fill_in(templates: Sequence[str], text: str) -> str:
    """Translate a text that was made from one of the templates; "" for any other text."""
    for template in templates:
        if found := _build_pattern(template).fullmatch(text):
            return _(template).format(**found.groupdict())
    return ""


@cache
def _build_pattern(template: str) -> re.Pattern[str]:
    """Build what finds the fields of a template in a text."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(template)), re.DOTALL)


def _translate_count(found: re.Match[str]) -> str:
    """Translate how many roles, channels or words a list has, and which were added and removed."""
    fields = {"total": _count(int(found["count"]), found["noun"])}
    fields |= {name: _translate_names(found[name]) for name in ("added", "removed") if found[name]}
    match "added" in fields, "removed" in fields:
        case True, True:
            text = _("{total}: added {added}; removed {removed}")
        case True, False:
            text = _("{total}: added {added}")
        case False, True:
            text = _("{total}: removed {removed}")
        case _:
            text = "{total}"
    return text.format(**fields)


def _count(count: int, noun: str) -> str:
    match noun:
        case "role":
            text = ngettext("{count} role", "{count} roles", count)
        case "channel":
            text = ngettext("{count} channel", "{count} channels", count)
        case _:
            text = ngettext("{count} word", "{count} words", count)
    return text.format(count=count)


def _translate_names(names: str) -> str:
    more = _MORE.fullmatch(names)
    shown = join_list((more["names"] if more else names).split(", "))
    return _("{names} and {count} more").format(names=shown, count=more["count"]) if more else shown


def _translate_limits(value: str) -> str:
    """Translate a list of limits; "" for any other text."""
    found = [_STORED_LIMIT.fullmatch(part) for part in value.split(", ")]
    parts = [_translate_limit(one) for one in found if one]
    return join_list(parts) if len(parts) == len(found) else ""


def _translate_limit(found: re.Match[str]) -> str:
    amount, tasks = found["amount"], found["tasks"]
    setting = LimitSetting.model_construct(
        period=Period(found["period"]),
        kind=_STORED_NOUNS.get(found["noun"] or found["kinds"]),
        tasks=int(tasks) if tasks else None,
        amount=Decimal(amount) if amount else None,
    )
    return _describe_limit(setting, lambda _amount: localize_number(amount) + (found["currency"] or ""))
