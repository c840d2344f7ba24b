"""The rows of each section of a person's data, as values of JSON."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ColumnElement, Select, Table, func, select, true

from bot.entities import DataSection
from bot.json_values import is_json_object
from bot.store.rows import job_from_row
from bot.store.schema import claims, deleted_messages, jobs, people, reports, rule_changes, rules, snapshots

_HIDDEN: Final = frozenset(
    # Of Discord's and of the bot's processes: a token can act as the bot.
    ("token", "token_expires_at", "application_id", "owner", "reachable", "redraws", "redraw_at", "posted")
)


@dataclass(frozen=True, kw_only=True)
class Section:
    """The rows of one table about a person; `key` is what they are paged by."""

    table: Table
    person: Column[Any]
    key: Column[Any]
    kind: str = ""
    convert: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None

    def match(self, ids: Collection[int]) -> ColumnElement[bool]:
        """Match the rows of a person, by their id, their pseudonym, or both."""
        if self.table is snapshots:
            own = select(jobs.c.task_id).where(self.person.in_(ids), jobs.c.task_id != "")
            return snapshots.c.task_id.in_(own)
        is_kind = self.table.c.kind == self.kind if self.kind else true()
        return self.person.in_(ids) & is_kind

    def count(self, ids: Collection[int]) -> Select[Any]:
        """Select how many rows there are."""
        return select(func.count().label("number")).select_from(self.table).where(self.match(ids))

    def select_page(self, ids: Collection[int], after: str, limit: int) -> Select[Any]:
        """Select the rows after a key, in the order of their keys."""
        page = select(self.table).where(self.match(ids)).order_by(self.key).limit(limit)
        if not after:
            return page
        is_number = isinstance(self.key.type, BigInteger) or self.table in (reports, rule_changes)
        return page.where(self.key > (int(after) if is_number else after))

    def to_json(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as values of JSON; ids are texts, as JavaScript rounds large numbers."""
        return self.convert(row) if self.convert else convert_row(row)


def convert_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row as values of JSON."""
    return {name: _convert(name, value) for name, value in row.items() if name not in _HIDDEN}


def _convert(name: str, value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case int() if name.endswith("_id") or name == "id":
            return str(value)
        case _:
            return value


def _convert_job(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**convert_row(row), "link": job_from_row(row).place.link}


def _convert_task(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**convert_row(row), "body": _read_json(row["body"])}


def _convert_block(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return when and why the person was blocked; who did it is not theirs to know."""
    body = _read_json(row["body"])
    told = {name: body.get(name) for name in ("until", "reason")} if is_json_object(body) else {}
    return {"guild_id": str(row["guild_id"]), **told, "changed_at": row["changed_at"].isoformat()}


def _convert_report(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the person reported; who decided about it is not theirs to know."""
    return convert_row({name: value for name, value in row.items() if name != "resolver_id"})


def _read_json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


SECTIONS: Final[Mapping[DataSection, Section]] = {
    DataSection.SETTINGS: Section(table=people, person=people.c.person_id, key=people.c.person_id),
    DataSection.JOBS: Section(table=jobs, person=jobs.c.requester_id, key=jobs.c.message_id, convert=_convert_job),
    DataSection.TASKS: Section(
        table=snapshots, person=jobs.c.requester_id, key=snapshots.c.task_id, convert=_convert_task
    ),
    DataSection.LEDGER: Section(table=claims, person=claims.c.person_id, key=claims.c.id),
    DataSection.DELETED_MESSAGES: Section(
        table=deleted_messages, person=deleted_messages.c.requester_id, key=deleted_messages.c.message_id
    ),
    DataSection.BLOCKS: Section(
        table=rules,
        person=rules.c.person_id,
        key=rules.c.guild_id,
        kind="block",
        convert=_convert_block,
    ),
    DataSection.RULE_CHANGES: Section(table=rule_changes, person=rule_changes.c.person_id, key=rule_changes.c.id),
    DataSection.REPORTS: Section(
        table=reports, person=reports.c.reporter_id, key=reports.c.id, convert=_convert_report
    ),
}
"""A person's favorites, once there are any, are one more entry."""
