"""Render the limits of one role, of every member, or of all members together, and the form that changes them. Pure."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from discord import ui

from bot.entities import CostKind, CountScope, LimitSetting, Period, RuleLevel, ServerRules, Spending, SpendingCount
from bot.entities.rules import Limits
from bot.features.server_rules import ALL_TOGETHER, EVERY_MEMBER, find_limits
from bot.policy.limit_parser import parse_amount, parse_count
from bot.policy.spending_limits import SpendingLimit, choose_member_limits
from cogs.components.modals import MODAL_TIMEOUT_SECONDS
from cogs.languages import N_, _, pgettext
from cogs.text import limits
from cogs.views.panels.server_controls import Action, ControlBuilder, ServerControl
from cogs.views.panels.server_snapshot import PageContent, ServerSnapshot

ALL_KINDS: Final = "all"
_KINDS: Final[Mapping[str, str]] = {
    ALL_KINDS: N_("All jobs"),
    CostKind.VIDEO: N_("Videos"),
    CostKind.TURBO: N_("Turbo jobs"),
    CostKind.HD: "HD jobs",
    CostKind.SEVERAL: N_("Several at once"),
}
_SWITCHED_OFF: Final[Mapping[str, str]] = {
    # Translators: {whose} is "**every member**", "**all members together**" or a role.
    ALL_KINDS: N_("Drawing is switched off for {whose}, because the limit is 0."),
    CostKind.VIDEO: N_("Videos are switched off for {whose}, because the limit is 0."),
    CostKind.TURBO: N_("Turbo speed is switched off for {whose}, because the limit is 0."),
    CostKind.HD: N_("HD is switched off for {whose}, because the limit is 0."),
    CostKind.SEVERAL: N_("Starting several jobs at once is switched off for {whose}, because the limit is 0."),
}
_MAX_NUMBER: Final = 20
"""How many characters a field of the form takes."""


def render_limits(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the limits of the panel's subject, with a button for each kind of jobs that they can be set for."""
    subject = builder.state.subject
    settings = find_limits(snapshot.rules.server, subject)
    limited = {_name_kind(one) for one in settings or ()}
    # A menu would not do: Discord sends nothing if the same option is chosen again after a form was closed.
    items = [
        builder.choice(Action.EDIT_LIMITS, _name_jobs(kind), row=1, value=kind, part=subject, is_chosen=kind in limited)
        for kind in _KINDS
    ]
    if subject.isdecimal() and settings != ():
        items.append(builder.button(Action.SET_NO_LIMITS, _("No limits for this role"), row=2, part=subject))
    if settings or (settings is not None and subject.isdecimal()):
        label = _("Same as every member") if subject.isdecimal() else _("Remove these limits")
        items.append(builder.button(Action.REMOVE_LIMITS, label, row=2, part=subject))
    items.append(builder.button(Action.OPEN_PAGE, _("Back"), row=2, value=builder.state.page))
    return PageContent(
        text=_describe_subject(snapshot, subject),
        fields=[(_("Limits"), _describe(snapshot, settings))],
        items=items,
        warnings=[*_warn_of_replaced(snapshot, subject), *_warn_of_zeros(snapshot, subject, settings or ())],
    )


def _describe_subject(snapshot: ServerSnapshot, subject: str) -> str:
    if subject == EVERY_MEMBER:
        return _("Limits of **every member** in this server, except for roles that have limits of their own.")
    if subject == ALL_TOGETHER:
        return _("Limits of **all members together** in this server. The operator's budget holds as well.")
    return _(
        "Limits of {role}, in place of every member's. Of several roles, the largest limit of a kind counts."
    ).format(role=snapshot.format_role(int(subject)))


def _warn_of_replaced(snapshot: ServerSnapshot, subject: str) -> list[str]:
    """Name the limits of every member that a role's own limits put out of force, unless that was asked for by name."""
    server = snapshot.rules.server
    if not subject.isdecimal() or not server.role_limits.get(int(subject)):
        return []
    held = {_identify(one) for one in choose_member_limits(server, (int(subject),))}
    lost = tuple(one for one in server.member_limits if _identify(one) not in held)
    if not lost:
        return []
    text = _("For this role, these limits of every member no longer hold: {limits}.")
    return [text.format(limits=snapshot.format_limits(lost))]


def _identify(setting: LimitSetting) -> tuple[Period, CostKind | None, bool]:
    """Return what a limit limits: two of the same differ only in how much they allow."""
    return setting.period, setting.kind, setting.amount is not None


def _warn_of_zeros(snapshot: ServerSnapshot, subject: str, settings: Limits) -> list[str]:
    """Say what a limit of 0 switches off, and for whom."""
    names = {EVERY_MEMBER: _("**every member**"), ALL_TOGETHER: _("**all members together**")}
    whose = names.get(subject) or snapshot.format_role(int(subject))
    kinds = dict.fromkeys(_name_kind(one) for one in settings if one.most == 0)
    return [_(_SWITCHED_OFF[kind]).format(whose=whose) for kind in kinds]


def warn_of_used_up(
    limits_held: Iterable[SpendingLimit],
    spending: Mapping[SpendingCount, Spending],
    *,
    level: RuleLevel,
    scope: CountScope = CountScope.SERVER,
) -> str:
    """Say which limits of a level and scope leave nothing, though they are above 0; "" if all leave something."""
    found = [
        one
        for one in limits_held
        if one.level == level and one.count.scope is scope and one.setting.most > 0 and one.measure_left(spending) <= 0
    ]
    return "\n".join(_describe_used_up(one.setting) for one in found)


def _describe_used_up(setting: LimitSetting) -> str:
    is_day = setting.period is Period.DAY
    if setting.kind is None:
        if is_day:
            return _("⚠️ Already used up: nothing more today.")
        return _("⚠️ Already used up: nothing more this month.")
    text = (
        _("⚠️ **{kind}**: already used up, nothing more today.")
        if is_day
        else _("⚠️ **{kind}**: already used up, nothing more this month.")
    )
    return text.format(kind=_name_jobs(setting.kind))


def _describe(snapshot: ServerSnapshot, settings: Limits | None) -> str:
    if settings is None:
        members = snapshot.format_limits(snapshot.rules.server.member_limits) or _("no limits")
        return _("As every member: {limits}").format(limits=members)
    return snapshot.format_limits(settings) or _("No limits")


def _name_jobs(kind: str) -> str:
    """Name a kind of jobs as a button does: elsewhere, "5 HD jobs a day" may be written in lower case."""
    return pgettext("button", "HD jobs") if kind == CostKind.HD else _(_KINDS[kind])


def _name_kind(setting: LimitSetting) -> str:
    return setting.kind or ALL_KINDS


def is_kind(value: str) -> bool:
    """Return whether the value of a button is a kind of jobs that this version knows."""
    return value in _KINDS


def build_limits_modal(rules: ServerRules, control: ServerControl, currency: str) -> ui.Modal:
    """Build the form of the limits for one kind of jobs; without a currency it has no amounts."""
    kind = control.value
    title = limits.cut(_("Limits: {kind}").format(kind=_name_jobs(kind)), limits.MODAL_TITLE)
    modal = ui.Modal(title=title, custom_id=control.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
    for field in build_limit_fields(find_limits(rules, control.state.subject) or (), kind, currency):
        modal.add_item(field)
    return modal


def build_limit_fields(settings: Limits, kind: str, currency: str) -> list[ui.Label[Any]]:
    """Build the fields of the limits for one kind of jobs, which read_limits reads; no amounts without a currency."""
    own = [one for one in settings if _name_kind(one) == kind]
    found: list[ui.Label[Any]] = []
    for is_amount in (False, True) if currency else (False,):
        for period in Period:
            value = next((one for one in own if one.period is period and (one.tasks is None) is is_amount), None)
            found.append(_build_field(period, value, currency if is_amount else ""))
    return found


def _build_field(period: Period, setting: LimitSetting | None, currency: str) -> ui.Label[Any]:
    field = ui.TextInput[Any](
        custom_id=_name_field(period, is_amount=bool(currency)),
        default=f"{setting.most:f}"[:_MAX_NUMBER] if setting else None,
        placeholder=_("For example {example}").format(example="2.50" if currency else "3"),
        max_length=_MAX_NUMBER,
        required=False,
    )
    name = limits.cut(_name_amount(period, currency) if currency else _name_number(period), limits.MODAL_TITLE)
    return ui.Label(text=name, description=_("Empty: no limit. 0: switched off."), component=field)


def _name_number(period: Period) -> str:
    return _("Number a day") if period is Period.DAY else _("Number a month")


def _name_amount(period: Period, currency: str) -> str:
    text = _("Amount a day, in {currency}") if period is Period.DAY else _("Amount a month, in {currency}")
    return text.format(currency=currency)


def _name_field(period: Period, *, is_amount: bool) -> str:
    return f"{'amount' if is_amount else 'number'}_{period}"


def read_limits(read_field: Callable[[str], str], settings: Limits, kind: str, currency: str) -> Limits:
    """Return a subject's limits with those of one kind as they were typed; amounts stay as they are without a currency.

    Raises:
        LimitUnreadable: A field holds no number that can be used.
    """
    cost_kind = None if kind == ALL_KINDS else CostKind(kind)
    kept = [one for one in settings if one.kind != cost_kind or (one.amount is not None and not currency)]
    for period in Period:
        tasks = parse_count(read_field(_name_field(period, is_amount=False)), period)
        if tasks is not None:
            kept.append(LimitSetting(period=period, kind=cost_kind, tasks=tasks))
    for period in Period if currency else ():
        amount: Decimal | None = parse_amount(read_field(_name_field(period, is_amount=True)), period, currency)
        if amount is not None:
            kept.append(LimitSetting(period=period, kind=cost_kind, amount=amount))
    return tuple(sorted(kept, key=lambda one: list(CostKind).index(one.kind) if one.kind else -1))
