"""The forms of the operator's panel: opened filled in with what is stored, and saved from their raw data."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from discord import ui

from bot.entities import CountScope
from bot.entities.rules import Limits
from bot.features.limits_overview import LimitsReader
from bot.features.moderation import LONGEST_BLOCK_HOURS, Moderation
from bot.features.operator_rules import OperatorRulesService
from bot.money import PRICES_EXAMPLE
from bot.policy.rules import Spender, SpendingPolicy
from cogs.components.modals import read_choice, read_text_field
from cogs.languages import N_, _, localize_text
from cogs.text.markdown import mention_person
from cogs.text.quotes import quote_text
from cogs.views.panels.admin_controls import (
    HOURS_FIELD,
    ID_FIELD,
    PERSON_FIELD,
    PRICES_FIELD,
    REASON_FIELD,
    AdminAction,
    AdminControl,
    AdminPage,
    build_limits_form,
    build_person_modal,
    build_prices_modal,
)
from cogs.views.panels.server_limits import ALL_KINDS, build_limit_fields, read_limits, warn_of_used_up

_TITLES: Final[Mapping[str, str]] = {
    "person": N_("Limits of each person"),
    "total": N_("Limits of everyone together"),
}
_FIXED_PRICES: Final = N_("`PRICES` is set in the environment, so prices can't be set here. Nothing changed.")
_NO_PERSON: Final = N_("Choose a person, or write their id, which is a number. Nothing changed.")
_SELF: Final = N_("You can't block an operator of this bot. Nothing changed.")
_BAD_HOURS: Final = N_("The hours must be a number above 0, such as 24 or 0.5, and at most {most}. Nothing changed.")


class OperatorForms:
    """Builds and saves the forms."""

    def __init__(
        self, rules: OperatorRulesService, moderation: Moderation, policy: SpendingPolicy, limits_reader: LimitsReader
    ) -> None:
        self._limits_reader = limits_reader
        self._rules = rules
        self._moderation = moderation
        self._policy = policy

    async def build_modal(self, control: AdminControl) -> ui.Modal:
        """Build the form that a button opens; raise StoreUnavailable within a second."""
        if control.action in {AdminAction.BLOCK, AdminAction.UNBLOCK}:
            return build_person_modal(control)
        operator, grant = await self._rules.read_in_time(control.guild_id)
        if control.action is AdminAction.EDIT_PRICES:
            return build_prices_modal(operator.prices, PRICES_EXAMPLE)
        if control.action is AdminAction.EDIT_BUDGET:
            title, stored = _("Budget of this server"), grant.server_limits
        else:
            title = _(_TITLES.get(control.value, _TITLES["person"]))
            stored = operator.total_limits if control.value == "total" else operator.person_limits
        return build_limits_form(title, control, build_limit_fields(stored, ALL_KINDS, self._policy.prices.currency))

    async def save(self, control: AdminControl, data: Mapping[str, Any], person_id: int) -> tuple[AdminControl, str]:
        """Save a form; return which page to show, and what to say above it.

        Raises:
            LimitUnreadable: A limit is no usable number or amount.
            StoreUnavailable: The database does not answer.
        """
        match control.action:
            case AdminAction.EDIT_PRICES:
                return _open(AdminPage.PRICES), await self._save_prices(data, person_id)
            case AdminAction.BLOCK:
                return _open(AdminPage.EVERYTHING), await self._block(data, person_id)
            case AdminAction.UNBLOCK:
                return _open(AdminPage.EVERYTHING), await self._unblock(data, person_id)
            case AdminAction.EDIT_BUDGET if control.guild_id:
                _operator, grant = await self._rules.read_in_time(control.guild_id)
                await self._rules.set_budget(control.guild_id, person_id, self._read_limits(data, grant.server_limits))
                return find_form_page(control), await self._warn_of_used_up(control.guild_id, person_id)
            case AdminAction.EDIT_LIMITS if control.value in _TITLES:
                operator, _grant = await self._rules.read_in_time()
                is_total = control.value == "total"
                stored = operator.total_limits if is_total else operator.person_limits
                wanted = self._read_limits(data, stored)
                await self._rules.set_limits("total" if is_total else "person", person_id, wanted)
                # A person's own use says nothing about that of the others.
                return find_form_page(control), await self._warn_of_used_up(0, person_id) if is_total else ""
            case _:
                return AdminControl(AdminAction.UNKNOWN), ""

    async def _warn_of_used_up(self, guild_id: int, person_id: int) -> str:
        """Say which limits of a server's budget, or of everyone together (`guild_id` 0), leave nothing now."""
        overview = await self._limits_reader.read(Spender(person_id, guild_id))
        scope = CountScope.SERVER if guild_id else CountScope.EVERYONE
        return warn_of_used_up(overview.limits, overview.usage.spending, level="operator", scope=scope)

    def _read_limits(self, data: Mapping[str, Any], stored: Limits) -> Limits:
        return read_limits(partial(read_text_field, data), stored, ALL_KINDS, self._policy.prices.currency)

    async def _save_prices(self, data: Mapping[str, Any], person_id: int) -> str:
        if self._rules.has_fixed_prices:
            return _(_FIXED_PRICES)
        try:
            await self._rules.set_prices(person_id, read_text_field(data, PRICES_FIELD))
        except ValueError as mistake:
            return _("The list {mistake}. Nothing changed.").format(mistake=localize_text(mistake.args[0]))
        return ""

    async def _block(self, data: Mapping[str, Any], person_id: int) -> str:
        blocked = _read_person(data)
        if not blocked:
            return _(_NO_PERSON)
        if blocked in self._policy.application_owners:
            return _(_SELF)
        typed = read_text_field(data, HOURS_FIELD).strip().replace(",", ".")
        try:
            hours = float(typed) if typed else None
            await self._moderation.block_person(
                0, blocked, person_id, hours=hours, reason=read_text_field(data, REASON_FIELD)
            )
        except ValueError:
            return _describe_bad_hours(typed)
        return _("{person} can't draw anywhere now.").format(person=mention_person(blocked))

    async def _unblock(self, data: Mapping[str, Any], person_id: int) -> str:
        blocked = _read_person(data)
        if not blocked:
            return _(_NO_PERSON)
        if await self._moderation.unblock_person(0, blocked, person_id):
            text = _("{person} can draw again, where the servers allow it.")
        else:
            text = _("{person} wasn't blocked everywhere. Nothing changed.")
        return text.format(person=mention_person(blocked))


def find_form_page(control: AdminControl) -> AdminControl:
    """Return the page on which a form of limits is opened, and which its answer shows."""
    if control.action is AdminAction.EDIT_BUDGET:
        return AdminControl(AdminAction.PICK_SERVER, control.value)
    return _open(AdminPage.LIMITS)


def _read_person(data: Mapping[str, Any]) -> int:
    """Return the chosen person's id, or the written one; 0 where there is none."""
    typed = read_choice(data, PERSON_FIELD) or read_text_field(data, ID_FIELD).strip().removeprefix("<@").rstrip(">")
    is_id = typed.isascii() and typed.isdecimal() and 15 <= len(typed) <= 20 and int(typed) < 1 << 63
    return int(typed) if is_id else 0


def _describe_bad_hours(typed: str) -> str:
    problem = _(_BAD_HOURS).format(most=LONGEST_BLOCK_HOURS)
    # Translators: {value} is what a person wrote in a form, {problem} a whole sentence about it.
    return _("{value}: {problem}").format(value=quote_text(typed), problem=problem) if quote_text(typed) else problem


def _open(page: AdminPage) -> AdminControl:
    return AdminControl(AdminAction.OPEN_PAGE, page)
