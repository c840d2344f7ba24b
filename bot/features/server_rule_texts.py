"""Describe the rules of a server in short texts, for its audit and its log channel. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from bot.entities import AgePolicy, CostKind, LimitSetting, ServerRules
from bot.entities.rules import Limits
from bot.policy.time_zones import format_zone

_NOUNS: Final[Mapping[CostKind | None, tuple[str, str]]] = {
    None: ("job", "jobs"),
    CostKind.VIDEO: ("video", "videos"),
    CostKind.TURBO: ("turbo job", "turbo jobs"),
    CostKind.HD: ("HD job", "HD jobs"),
    CostKind.SEVERAL: ("job of several at once", "jobs of several at once"),
}
_AGE_POLICIES: Final = {
    AgePolicy.ALLOW: "allowed",
    AgePolicy.SPOILER: "hidden as spoilers",
    AgePolicy.REFUSE: "refused",
}
_MOST_NAMED: Final = 4
"""How many roles, channels or words a text names, so that the log channel shows it whole."""


def describe_limits(limits: Sequence[LimitSetting], format_amount: Callable[[Decimal], str]) -> str:
    """Describe limits: "3 jobs a day, $5.00 a month, 2 videos a day"; "" for none."""
    return ", ".join(_describe_limit(limit, format_amount) for limit in limits)


def _describe_limit(limit: LimitSetting, format_amount: Callable[[Decimal], str]) -> str:
    one, many = _NOUNS[limit.kind]
    if limit.amount is None:
        text = f"{limit.tasks} {one if limit.tasks == 1 else many} a {limit.period.value}"
    else:
        text = f"{format_amount(limit.amount)} a {limit.period.value}{f' for {many}' if limit.kind else ''}"
    return f"{text} (switched off)" if limit.most == 0 else text


def list_changed_texts(before: ServerRules, after: ServerRules, currency: str) -> Iterator[tuple[str, str, str]]:
    """Yield each rule that differs: what it is, how it was, and how it is now."""
    for name, (what, describe) in _TEXTS.items():
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield what, describe(old), describe(new)
    yield from _list_changed_lists(before, after)
    yield from _list_changed_limits(before, after, currency)


def _list_changed_limits(before: ServerRules, after: ServerRules, currency: str) -> Iterator[tuple[str, str, str]]:
    def describe(limits: Limits | None) -> str:
        if limits is None:
            return "as every member"
        return describe_limits(limits, lambda amount: f"{amount:f} {currency}".rstrip()) or "no limits"

    pairs = [("limits of every member", before.member_limits, after.member_limits)]
    pairs += [("limits of all members together", before.server_limits, after.server_limits)]
    yield from ((what, describe(old), describe(new)) for what, old, new in pairs if old != new)
    for role in sorted({*before.role_limits, *after.role_limits}):
        old, new = before.role_limits.get(role), after.role_limits.get(role)
        if old != new:
            yield f"limits of <@&{role}>", describe(old), describe(new)


def _list_changed_lists(before: ServerRules, after: ServerRules) -> Iterator[tuple[str, str, str]]:
    for name, (what, noun, empty, template) in _LISTS.items():
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            texts = _describe_lists(_format_all(old, template), _format_all(new, template), noun, empty)
            yield what, *texts


def _format_all(values: Sequence[str] | frozenset[int], template: str) -> Sequence[str]:
    return [template.format(one) for one in (sorted(values) if isinstance(values, frozenset) else values)]


def _describe_lists(before: Sequence[str], after: Sequence[str], noun: str, empty: str) -> tuple[str, str]:
    """Describe two short lists in full, and of longer ones what was added and removed."""
    if max(len(before), len(after)) <= _MOST_NAMED:
        return ", ".join(before) or empty, ", ".join(after) or empty
    old, new = set(before), set(after)
    added, removed = [one for one in after if one not in old], [one for one in before if one not in new]
    most = _MOST_NAMED // 2 if added and removed else _MOST_NAMED
    parts = [f"{verb} {_name(one, most)}" for verb, one in (("added", added), ("removed", removed)) if one]
    return _count(before, noun), f"{_count(after, noun)}{': ' if parts else ''}{'; '.join(parts)}"


def _count(values: Sequence[str], noun: str) -> str:
    return f"{len(values)} {noun if len(values) == 1 else f'{noun}s'}"


def _name(values: Sequence[str], most: int) -> str:
    """Name the first of them, and say how many more there are."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return f"{', '.join(values[:most])}{more}"


def _describe_channel(channel_id: int) -> str:
    return f"<#{channel_id}>" if channel_id else "none"


_TEXTS: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "private_answers": ("private answers", lambda on: "allowed" if on else "not allowed"),
    "age_policy": ("pictures outside age-restricted channels", lambda policy: _AGE_POLICIES[policy]),
    "log_channel_id": ("log channel", _describe_channel),
    "gallery_channel_id": ("gallery channel", _describe_channel),
    "log_prompts": ("prompts in the log channel", lambda on: "shown" if on else "not shown"),
    "time_zone": ("time zone", format_zone),
    "language": ("language", lambda code: code or "the server's"),
    "paused": ("drawing", lambda on: "paused" if on else "on"),
}
"""The rules with single values by field: what they are, and how a value is described."""
_LISTS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "allowed_roles": ("roles that may draw", "role", "everyone", "<@&{}>"),
    "denied_roles": ("roles that may not draw", "role", "none", "<@&{}>"),
    "allowed_channels": ("channels where members may draw", "channel", "all", "<#{}>"),
    "blocked_words": ("blocked words", "word", "none", "{}"),
}
"""The rules that are lists by field: what they are, one of it, the empty list, and how one is written."""
