"""Turn the clicks and forms of the server's settings into edits of the rules. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.entities import AgePolicy, ServerRules
from bot.features.server_rules import (
    ALL_TOGETHER,
    EVERY_MEMBER,
    EditRules,
    find_limits,
    is_limits_subject,
    replace_limits,
)
from bot.policy.time_zones import find_zone_name
from cogs.text import limits
from cogs.views.panels.server_controls import BLOCKED_MEMBERS, Action, Page, PanelState, ServerControl
from cogs.views.panels.server_forms import ZONE_FIELD, read_words
from cogs.views.panels.server_limits import is_kind, read_limits
from cogs.views.panels.server_pages import LANGUAGE_CODES
from cogs.views.panels.server_snapshot import ServerSnapshot

_PARTS: Final[Mapping[Action, str]] = {
    Action.ALLOW_ROLES: "allowed_roles",
    Action.DENY_ROLES: "denied_roles",
    Action.ALLOW_CHANNELS: "allowed_channels",
    Action.SET_PRIVATE_ANSWERS: "private_answers",
    Action.EDIT_WORDS: "blocked_words",
    Action.SET_AGE_POLICY: "age_policy",
    Action.SET_LOG_CHANNEL: "log_channel_id",
    Action.SET_GALLERY: "gallery_channel_id",
    Action.SET_LOG_PROMPTS: "log_prompts",
    Action.EDIT_TIME_ZONE: "time_zone",
    Action.SET_LANGUAGE: "language",
}
"""The field of ServerRules that a component changes; the actions on limits change those of the panel's subject."""
_ID_LISTS: Final = frozenset({Action.ALLOW_ROLES, Action.DENY_ROLES, Action.ALLOW_CHANNELS})
_CHANNELS: Final = frozenset({Action.SET_LOG_CHANNEL, Action.SET_GALLERY})
_SWITCHES: Final = frozenset({Action.SET_PRIVATE_ANSWERS, Action.SET_LOG_PROMPTS})


def find_part(control: ServerControl) -> str:
    """Return the part of the rules that a component changes; "" if it changes several or none."""
    return control.state.subject or _PARTS.get(control.action, "")


def find_next_state(control: ServerControl, values: Sequence[str]) -> PanelState | None:
    """Return what the panel shows after a click that changes no rule; None for any other click."""
    state, chosen = control.state, control.value or next(iter(values), "")
    match control.action:
        case Action.OPEN_PAGE if chosen in set(Page):
            return replace(state, page=Page(chosen), subject="")
        case Action.OPEN_ROLE if chosen.isdecimal():
            return replace(state, subject=chosen)
        case Action.OPEN_LIMITS if chosen in {EVERY_MEMBER, ALL_TOGETHER}:
            return replace(state, subject=chosen)
        case Action.OPEN_BLOCKS:
            return replace(state, subject=BLOCKED_MEMBERS)
        case _:
            return None


def build_edit(control: ServerControl, values: Sequence[str], snapshot: ServerSnapshot) -> EditRules | None:
    """Return how a click changes the rules; None for one that only another version of the bot understands."""
    action, subject = control.action, control.state.subject
    if action is Action.END_GUIDE:
        return _replace_field("guided", value=True)
    if action is Action.REMOVE_DELETED:
        return lambda rules: _remove_deleted(rules, control.state.page, snapshot)
    if action in {Action.SET_NO_LIMITS, Action.REMOVE_LIMITS} and is_limits_subject(subject):
        return lambda rules: replace_limits(rules, subject, () if action is Action.SET_NO_LIMITS else None)
    changes = _read_values(control, values)
    return _replace_field(_PARTS[action], value=changes[0]) if changes else None


def _read_values(control: ServerControl, values: Sequence[str]) -> tuple[object, ...]:
    """Return the new value of a field, alone in a tuple; () if it is none that this version knows."""
    ids = [int(value) for value in values[: limits.OPTIONS] if value.isdecimal()]
    chosen = next(iter(values), "")
    match control.action:
        case action if action in _ID_LISTS:
            return (frozenset(ids),)
        case action if action in _CHANNELS:
            return (next(iter(ids), 0),)
        case action if action in _SWITCHES and control.value in {"on", "off"}:
            return (control.value == "on",)
        case Action.SET_AGE_POLICY if control.value in set(AgePolicy):
            return (AgePolicy(control.value),)
        case Action.SET_LANGUAGE if chosen in LANGUAGE_CODES:
            return (LANGUAGE_CODES[chosen],)
        case _:
            return ()


def _replace_field(name: str, *, value: object) -> EditRules:
    return lambda rules: rules.model_copy(update={name: value})


def _keep(rules: ServerRules) -> ServerRules:
    return rules


def _remove_deleted(rules: ServerRules, page: Page, snapshot: ServerSnapshot) -> ServerRules:
    """Remove the deleted roles or channels that a page shows."""
    update: dict[str, Any] = {}
    if page is Page.WHO:
        update = {
            name: getattr(rules, name) - set(snapshot.deleted_roles) for name in ("allowed_roles", "denied_roles")
        }
        update["role_limits"] = {
            role: own for role, own in rules.role_limits.items() if not snapshot.is_role_deleted(role)
        }
    elif page is Page.WHERE:
        update = {
            "allowed_channels": frozenset(one for one in rules.allowed_channels if not snapshot.is_channel_deleted(one))
        }
    elif page is Page.LOG:
        names = ("log_channel_id", "gallery_channel_id")
        update = {name: 0 for name in names if snapshot.is_channel_deleted(getattr(rules, name))}
    return rules.model_copy(update=update)


def build_edit_from_form(control: ServerControl, read_field: Callable[[str], str], currency: str) -> EditRules | None:
    """Return how a submitted form changes the rules; None for one that only another version understands.

    Raises:
        LimitUnreadable: A limit is no number that can be used.
        TimeZoneUnknown: There is no such time zone.
    """
    subject, kind = control.state.subject, control.value
    match control.action:
        case Action.EDIT_TIME_ZONE:
            return _replace_field("time_zone", value=find_zone_name(read_field(ZONE_FIELD)))
        case Action.EDIT_WORDS:
            parsed = read_words(read_field)
            is_unusable = bool(parsed.problems) and not parsed.words
            return _keep if is_unusable else _replace_field("blocked_words", value=parsed.words)
        case Action.EDIT_LIMITS if is_limits_subject(subject) and is_kind(kind):
            read_limits(read_field, (), kind, currency)  # raises before the database is asked
            return lambda rules: _replace_kind(rules, subject, kind, read_field, currency)
        case _:
            return None


def _replace_kind(
    rules: ServerRules, subject: str, kind: str, read_field: Callable[[str], str], currency: str
) -> ServerRules:
    """Replace a subject's limits of one kind; a role whose last limit was emptied has those of every member again."""
    before = find_limits(rules, subject)
    after = read_limits(read_field, before or (), kind, currency)
    return replace_limits(rules, subject, after if after or before == () else None)
