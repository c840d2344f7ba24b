"""Describe the rules of a server in short texts, for its audit and its log channel. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from bot.entities import AgePolicy, CostKind, LimitSetting, ServerRules
from bot.entities.rules import Limits

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
_MAX_WORDS: Final = 200
"""How many characters of added or removed words a text names."""


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
    yield from _list_changed_limits(before, after, currency)
    if before.blocked_words != after.blocked_words:
        yield "blocked words", *_describe_words(before.blocked_words, after.blocked_words)


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


def _describe_words(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    added = [word for word in after if word not in before]
    removed = [word for word in before if word not in after]
    parts = [f"{verb} {_shorten(words)}" for verb, words in (("added", added), ("removed", removed)) if words]
    return f"{_count_words(before)}", f"{_count_words(after)}{': ' if parts else ''}{'; '.join(parts)}"


def _count_words(words: Sequence[str]) -> str:
    return f"{len(words)} {'word' if len(words) == 1 else 'words'}"


def _shorten(words: Sequence[str]) -> str:
    text = ", ".join(words)
    return text if len(text) <= _MAX_WORDS else f"{text[:_MAX_WORDS].rsplit(', ', 1)[0]} …"


def _describe_roles(ids: Collection[int]) -> str:
    return ", ".join(f"<@&{role}>" for role in sorted(ids))


def _describe_channel(channel_id: int) -> str:
    return f"<#{channel_id}>" if channel_id else "none"


_TEXTS: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "allowed_roles": ("roles that may draw", lambda ids: _describe_roles(ids) or "everyone"),
    "denied_roles": ("roles that may not draw", lambda ids: _describe_roles(ids) or "none"),
    "allowed_channels": (
        "channels where members may draw",
        lambda ids: ", ".join(f"<#{one}>" for one in sorted(ids)) or "all",
    ),
    "private_answers": ("private answers", lambda on: "allowed" if on else "not allowed"),
    "age_policy": ("pictures outside age-restricted channels", lambda policy: _AGE_POLICIES[policy]),
    "log_channel_id": ("log channel", _describe_channel),
    "gallery_channel_id": ("gallery channel", _describe_channel),
    "log_prompts": ("prompts in the log channel", lambda on: "shown" if on else "not shown"),
    "time_zone": ("time zone", str),
    "language": ("language", lambda code: code or "the server's"),
    "paused": ("drawing", lambda on: "paused" if on else "on"),
}
"""The rules by field, but for limits and blocked words: what they are, and how a value is described."""
