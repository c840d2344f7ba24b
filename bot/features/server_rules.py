"""Read and change the rules that the managers of a server set, with one row of the audit for each changed rule.

Texts of the audit name people as `<@id>`, roles as `<@&id>` and channels as `<#id>`, as Discord shows them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from bot.clock import Now
from bot.entities import RuleChange, Rules, ServerRules
from bot.entities.rules import Limits
from bot.errors import StoreUnavailable
from bot.features.server_rule_texts import list_changed_texts
from bot.languages import Language, find_language
from bot.ports import RulesStore
from bot.timeouts import wait_at_most

EditRules = Callable[[ServerRules], ServerRules]
"""Returns the new rules of a server."""

EVERY_MEMBER, ALL_TOGETHER = "members", "server"
"""Whose limits: each member's, or those of all members together. The limits of a role are named by its id."""
_READ_TIMEOUT_SECONDS = 1.0
"""How long a modal, for which Discord allows three seconds, may wait for the rules that it shows."""
_MOST_COMPARED = 30


@dataclass(frozen=True, kw_only=True)
class ChangedRules:
    """The rules after a change, and what changed; `changes` is empty if the rules were so before.

    `is_stale`: another change was made after the panel was drawn, and this one replaced it: `replaced`, if it is known.
    """

    rules: ServerRules
    changes: Sequence[RuleChange] = ()
    is_stale: bool = False
    replaced: RuleChange | None = None


class ServerRulesService:
    """Reads and changes the rules of servers.

    `announce` shows changes in the log channel, and never waits for it. `note_language` uses a server's language at
    once; None: Discord's.
    """

    def __init__(
        self,
        store: RulesStore,
        announce: Callable[[Sequence[RuleChange]], None],
        *,
        now: Now,
        get_currency: Callable[[], str],
        note_language: Callable[[int, Language | None], None] | None = None,
        read_timeout_seconds: float = _READ_TIMEOUT_SECONDS,
    ) -> None:
        self._store = store
        self._announce = announce
        self._now = now
        self._get_currency = get_currency
        self._note_language = note_language
        self._read_timeout_seconds = read_timeout_seconds

    async def read(self, guild_id: int, person_id: int) -> Rules:
        """Return the rules of a server, or raise StoreUnavailable."""
        return await self._store.find_rules(guild_id, person_id)

    async def read_in_time(self, guild_id: int, person_id: int) -> Rules:
        """Return the rules, or raise StoreUnavailable within a second: a modal cannot wait longer."""
        try:
            return await wait_at_most(self._store.find_rules(guild_id, person_id), self._read_timeout_seconds)
        except TimeoutError:
            raise StoreUnavailable("is slow.") from None

    async def change(
        self, guild_id: int, person_id: int, edit: EditRules, *, part: str = "", shown: str = ""
    ) -> ChangedRules:
        """Change a server's rules and announce what changed; the last change wins.

        `shown` is the fingerprint of the `part` that the person saw when they chose.

        Raises:
            StoreUnavailable: The database does not answer; nothing was changed.
        """
        changes: list[RuleChange] = []
        is_stale = False

        def apply(before: ServerRules) -> tuple[ServerRules, Sequence[RuleChange]]:
            nonlocal is_stale
            is_stale = bool(shown) and compute_fingerprint(before, part) != shown
            after = edit(before)
            changes[:] = self._list_changes(guild_id, person_id, before, after)
            return after, changes

        rules = await self._store.change_server_rules(guild_id, apply)
        if not changes:
            return ChangedRules(rules=rules)
        if self._note_language:
            self._note_language(guild_id, find_language(rules.language))
        self._announce(changes)
        replaced = await self._find_replaced(changes) if is_stale else None
        return ChangedRules(rules=rules, changes=changes, is_stale=is_stale, replaced=replaced)

    def _list_changes(
        self, guild_id: int, person_id: int, before: ServerRules, after: ServerRules
    ) -> Sequence[RuleChange]:
        made_at = self._now()
        return [
            RuleChange(guild_id=guild_id, person_id=person_id, made_at=made_at, what=what, before=old, after=new)
            for what, old, new in list_changed_texts(before, after, self._get_currency())
        ]

    async def _find_replaced(self, changes: Sequence[RuleChange]) -> RuleChange | None:
        """Find the newest earlier change of the same rule; None where the database does not tell."""
        newest, names = changes[0], {change.what for change in changes}
        try:
            rows = await self._store.list_changes(newest.guild_id, _MOST_COMPARED)
        except StoreUnavailable:
            return None
        return next((row for row in rows if row.what in names and row not in changes), None)


def compute_fingerprint(rules: ServerRules, part: str) -> str:
    """Return six characters that change with a part of the rules: a field, or whose limits."""
    value: Any = find_limits(rules, part) if is_limits_subject(part) else getattr(rules, part)
    shown = repr(sorted(value) if isinstance(value, frozenset) else value)  # pyright: ignore[reportUnknownArgumentType]
    return blake2b(shown.encode(), digest_size=3).hexdigest()


def is_limits_subject(part: str) -> bool:
    """Return whether a part of the rules are the limits of EVERY_MEMBER, of ALL_TOGETHER or of a role."""
    return part in {EVERY_MEMBER, ALL_TOGETHER} or part.isdecimal()


def find_limits(rules: ServerRules, subject: str) -> Limits | None:
    """Return the limits of EVERY_MEMBER, of ALL_TOGETHER or of a role; None for a role without limits of its own."""
    if subject == EVERY_MEMBER:
        return rules.member_limits
    return rules.server_limits if subject == ALL_TOGETHER else rules.role_limits.get(int(subject))


def replace_limits(rules: ServerRules, subject: str, limits: Limits | None) -> ServerRules:
    """Replace the limits of EVERY_MEMBER, of ALL_TOGETHER or of a role; None removes a role's own."""
    if subject == EVERY_MEMBER:
        return rules.model_copy(update={"member_limits": limits or ()})
    if subject == ALL_TOGETHER:
        return rules.model_copy(update={"server_limits": limits or ()})
    others = {role: kept for role, kept in rules.role_limits.items() if role != int(subject)}
    return rules.model_copy(update={"role_limits": others if limits is None else {**others, int(subject): limits}})
