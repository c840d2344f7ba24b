"""The rules that are set in Discord, in the database, with their audit."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import ColumnElement, Executable, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.entities import NO_RULES, Block, OperatorRules, RuleChange, Rules, ServerGrant, ServerRules
from bot.errors import StoreUnavailable
from bot.languages import Language, find_language
from bot.store import queries
from bot.store.database import Database
from bot.store.group_read import GroupRead
from bot.store.schema import rule_changes, rules

log = logging.getLogger(__name__)

_RulesT = TypeVar("_RulesT", OperatorRules, ServerGrant, ServerRules)
_BodyT = TypeVar("_BodyT", bound=BaseModel)
_MAX_DETAIL = 200


class _Kind(StrEnum):
    OPERATOR = "operator"
    GRANT = "grant"
    SERVER = "server"
    BLOCK = "block"


def select_rules(guild_id: int, person_ids: tuple[int, int]) -> Executable:
    """Select the rows of all rules that hold for a person, by id and pseudonym, in a server, 0 outside servers."""
    return _select_rules_of([(guild_id, *person_ids)])


def _select_rules_of(spenders: Collection[tuple[int, int, int]]) -> Executable:
    """Select the rows of all rules that hold for these people in these servers, and of those in each other's."""
    guild_ids = {0, *(spender[0] for spender in spenders)}
    person_ids = {0, *(one for spender in spenders for one in spender[1:])}
    return select(rules).where(rules.c.guild_id.in_(guild_ids), rules.c.person_id.in_(person_ids))


def rules_from_rows(rows: Sequence[Mapping[str, Any]], guild_id: int) -> Rules:
    """Return the rules of the rows of `select_rules`.

    Raises:
        StoreUnavailable: One of the rows is not readable.
    """
    if not rows:
        return NO_RULES
    bodies = {(row["kind"], row["guild_id"]): row["body"] for row in rows if not row["person_id"]}
    return Rules(
        operator=_parse(OperatorRules, bodies.get((_Kind.OPERATOR, 0))),
        grant=_parse(ServerGrant, bodies.get((_Kind.GRANT, guild_id))),
        server=_parse(ServerRules, bodies.get((_Kind.SERVER, guild_id))),
        blocks=tuple(_read_body(Block, row["body"]) for row in rows if row["kind"] == _Kind.BLOCK),
    )


class SqlRules:
    """Reads and changes the rules. Each change is one transaction under a row lock, with its rows of the audit.

    Lists leave out rows that are not readable, with a warning in the log; whom such rules are for, they stop from
    drawing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = GroupRead(database, _read_rules)

    async def find_rules(self, guild_id: int, person_id: int) -> Rules:
        """Return the rules that hold for a person in a server, 0 outside servers."""
        return rules_from_rows(await self._rows.find((guild_id, *self._list_ids(person_id))) or (), guild_id)

    async def list_grants(self) -> Mapping[int, ServerGrant]:
        """Return what the operator set for single servers, by server."""
        rows = await self._database.read(select(rules).where(rules.c.kind == _Kind.GRANT))
        return {row["guild_id"]: grant for row, grant in _read_rows(ServerGrant, rows)}

    async def list_servers(self) -> Collection[int]:
        """Return the servers that have rules of their own, or blocks."""
        own = rules.c.kind.in_((_Kind.SERVER, _Kind.BLOCK)) & (rules.c.guild_id != 0)
        rows = await self._database.read(select(rules.c.guild_id).where(own).distinct().order_by(rules.c.guild_id))
        return [row["guild_id"] for row in rows]

    async def list_server_rules(self, guild_ids: Collection[int]) -> Mapping[int, ServerRules]:
        """Return the rules that the managers of these servers set, by server."""
        wanted = (rules.c.kind == _Kind.SERVER) & rules.c.guild_id.in_(guild_ids)
        rows = await self._database.read(select(rules).where(wanted))
        return {row["guild_id"]: own for row, own in _read_rows(ServerRules, rows)}

    async def list_server_languages(self) -> Mapping[int, Language]:
        """Return the languages of the servers whose managers have chosen one, by server."""
        chosen = (rules.c.kind == _Kind.SERVER) & rules.c.body.not_like('%"language":""%')
        rows = await self._database.read(select(rules).where(chosen))
        found = ((row["guild_id"], find_language(own.language)) for row, own in _read_rows(ServerRules, rows))
        return {guild_id: language for guild_id, language in found if language is not None}

    async def list_blocks(self, guild_id: int) -> Sequence[Block]:
        """Return the blocks of a server, or of the operator (0), by person; ended ones too."""
        wanted = (rules.c.kind == _Kind.BLOCK) & (rules.c.guild_id == guild_id)
        rows = await self._database.read(select(rules).where(wanted).order_by(rules.c.person_id))
        return [block for _, block in _read_rows(Block, rows)]

    async def save_block(self, block: Block, changes: Sequence[RuleChange]) -> None:
        """Write a block in place of an earlier one of the same person there."""
        row = self._build_row(_Kind.BLOCK, block.guild_id, block.person_id, block)
        pseudonym = self._database.pseudonyms.find(block.person_id)

        async def write(connection: AsyncConnection) -> None:
            if pseudonym != block.person_id:
                await connection.execute(delete(rules).where(_match(_Kind.BLOCK, block.guild_id, pseudonym)))
            await connection.execute(queries.upsert(rules, self._database.dialect).values(row))
            await write_changes(connection, changes)

        await self._database.transaction(write)

    async def delete_block(self, guild_id: int, person_id: int, changes: Sequence[RuleChange]) -> bool:
        """Delete a block, and return whether there was one; without one, nothing is written."""

        async def write(connection: AsyncConnection) -> bool:
            found = await connection.execute(delete(rules).where(self._match_block(guild_id, person_id)))
            if found.rowcount:
                await write_changes(connection, changes)
            return bool(found.rowcount)

        return await self._database.transaction(write)

    async def change_operator_rules(
        self, change: Callable[[OperatorRules], tuple[OperatorRules, Sequence[RuleChange]]]
    ) -> OperatorRules:
        """Apply `change` to the operator's rules, read in the same transaction; write and return the result."""
        return await self._change(_Kind.OPERATOR, 0, OperatorRules, change)

    async def change_grant(
        self, guild_id: int, change: Callable[[ServerGrant], tuple[ServerGrant, Sequence[RuleChange]]]
    ) -> ServerGrant:
        """Apply `change` to what the operator set for a server; see change_operator_rules."""
        return await self._change(_Kind.GRANT, guild_id, ServerGrant, change)

    async def change_server_rules(
        self, guild_id: int, change: Callable[[ServerRules], tuple[ServerRules, Sequence[RuleChange]]]
    ) -> ServerRules:
        """Apply `change` to a server's own rules; see change_operator_rules."""
        return await self._change(_Kind.SERVER, guild_id, ServerRules, change)

    async def list_changes(self, guild_id: int, limit: int) -> Sequence[RuleChange]:
        """Return the newest changes in a server, or of the operator (0), newest first."""
        newest = select(rule_changes).where(rule_changes.c.guild_id == guild_id).order_by(rule_changes.c.id.desc())
        rows = await self._database.read(newest.limit(limit))
        names = ("guild_id", "person_id", "made_at", "what", "before", "after")
        return [RuleChange(**{name: row[name] for name in names}) for row in rows]

    async def delete_old_changes(self, before: datetime) -> int:
        """Delete the rows of the audit from before then, and return how many there were."""
        return await self._database.write(delete(rule_changes).where(rule_changes.c.made_at < before))

    async def _change(
        self,
        kind: _Kind,
        guild_id: int,
        model: type[_RulesT],
        change: Callable[[_RulesT], tuple[_RulesT, Sequence[RuleChange]]],
    ) -> _RulesT:
        own = _match(kind, guild_id, 0)

        async def write(connection: AsyncConnection) -> _RulesT:
            # Insert a row first, as PostgreSQL can only lock a row that exists.
            row = self._build_row(kind, guild_id, 0, model())
            await connection.execute(queries.insert_if_absent(rules, self._database.dialect), row)
            body = await connection.scalar(select(rules.c.body).where(own).with_for_update())
            changed, changes = change(_parse(model, body))
            values = {"body": changed.model_dump_json(), "changed_at": self._database.now()}
            await connection.execute(update(rules).where(own).values(values))
            await write_changes(connection, changes)
            return changed

        return await self._database.transaction(write)

    def _list_ids(self, person_id: int) -> tuple[int, int]:
        return person_id, self._database.pseudonyms.find(person_id)

    def _match_block(self, guild_id: int, person_id: int) -> ColumnElement[bool]:
        """Match the block of a person, also one that was moved to their pseudonym."""
        is_person = rules.c.person_id.in_(self._list_ids(person_id))
        return (rules.c.kind == _Kind.BLOCK) & (rules.c.guild_id == guild_id) & is_person

    def _build_row(self, kind: _Kind, guild_id: int, person_id: int, body: BaseModel) -> dict[str, Any]:
        return {
            "kind": kind,
            "guild_id": guild_id,
            "person_id": person_id,
            "body": body.model_dump_json(),
            "changed_at": self._database.now(),
        }


async def _read_rules(
    connection: AsyncConnection, spenders: Collection[tuple[int, int, int]]
) -> Mapping[tuple[int, int, int], Sequence[Mapping[str, Any]]]:
    """Return the rows of all rules that hold for people in servers, by server, person and pseudonym."""
    found: dict[tuple[int, int], list[Mapping[str, Any]]] = defaultdict(list)
    for row in (await connection.execute(_select_rules_of(spenders))).mappings():
        found[row["guild_id"], row["person_id"]].append(dict(row))
    return {
        spender: [row for key in product({0, spender[0]}, {0, *spender[1:]}) for row in found.get(key, ())]
        for spender in spenders
    }


def _match(kind: _Kind, guild_id: int, person_id: int) -> ColumnElement[bool]:
    return (rules.c.kind == kind) & (rules.c.guild_id == guild_id) & (rules.c.person_id == person_id)


async def write_changes(connection: AsyncConnection, changes: Sequence[RuleChange]) -> None:
    """Write rows of the audit, in the transaction of what they tell."""
    if changes:
        rows = [dict(vars(change)) for change in changes]
        await connection.execute(rule_changes.insert(), rows)


def _parse(model: type[_RulesT], body: str | None) -> _RulesT:
    """Read stored rules, or return the default ones; raise StoreUnavailable as `_read_body` does."""
    return model() if body is None else _read_body(model, body)


def _read_rows(model: type[_BodyT], found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], _BodyT]]:
    """Yield the rows that are readable, each with what it says."""
    for row in found:
        with suppress(StoreUnavailable):
            yield row, _read_body(model, row["body"])


def _read_body(model: type[_BodyT], body: str) -> _BodyT:
    """Read one row of stored rules.

    Raises:
        StoreUnavailable: Another version wrote them in a way that is not readable: nothing may be drawn without them.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as invalid:
        parts = (f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in invalid.errors(include_input=False))
        _report_unreadable(model.__name__, body, " ".join("; ".join(parts).split())[:_MAX_DETAIL])
        raise StoreUnavailable(
            "holds rules of another version of the bot.", "Deploy the newest version of the bot."
        ) from None


@lru_cache(maxsize=64)
def _report_unreadable(name: str, body: str, detail: str) -> None:  # noqa: ARG001 - each body is reported once
    log.warning("%s in the database is not readable: %s", name, detail)
