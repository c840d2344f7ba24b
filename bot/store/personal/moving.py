"""Move the rows that outlive a deletion from a person's id to their pseudonym, as a part of one transaction.

A person chooses their names, which may be words or numbers of other people's rows: names are only replaced in what
people wrote (reasons and comments), and only in rows that are about this person by their id, message or task.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.json_values import is_json_object
from bot.store.personal.texts import PersonScrubber
from bot.store.schema import claims, deleted_messages, jobs, people, reports, rule_changes, rules

_COMMANDS: Final = ("imagine", "describe", "shorten", "blend", "edits", "swap_face", "video")
"""The commands whose claims end with a digest of the prompt."""
_MAX_NAMES: Final = 50
_AUDIT_TEXTS: Final = ("what", "before", "after")
_BLOCK: Final = "block"
_REASON: Final = "reason"
"""The field of a block that a moderator wrote."""
_BLOCK_CHANGE, _REASON_BEGIN = "block of ", " ("
"""How a block begins in the audit, and what stands before its reason; see bot.features.moderation."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How many rows were moved, and whether the person had settings."""

    rows: int
    has_settings: bool


async def move_rows(connection: AsyncConnection, person_id: int, pseudonym: int, known: Collection[str]) -> Moved:
    """Move claims, blocks, the audit, reports and deleted messages; delete the settings."""
    found = select(jobs.c.requester_name).where(jobs.c.requester_id == person_id).distinct().limit(_MAX_NAMES)
    names = sorted({*known, *(await connection.execute(found)).scalars()} - {""})
    scrubber = PersonScrubber(person_id, pseudonym, names)
    moved = await _move_claims(connection, person_id, pseudonym)
    origin = update(deleted_messages).where(deleted_messages.c.requester_id == person_id)
    moved += (await connection.execute(origin.values(requester_id=pseudonym))).rowcount
    moved += await _move_blocks(connection, person_id, pseudonym, scrubber)
    moved += await _move_changes(connection, person_id, pseudonym, scrubber)
    moved += await _move_reports(connection, person_id, pseudonym, scrubber)
    settings = await connection.execute(delete(people).where(people.c.person_id == person_id))
    return Moved(rows=moved, has_settings=bool(settings.rowcount))


async def _move_claims(connection: AsyncConnection, person_id: int, pseudonym: int) -> int:
    """Move the claims, without the digests of prompts: a person who guesses a prompt could compare them."""
    is_command = claims.c.task_id == ""
    bare = [(is_command & claims.c.button.startswith(f"{name}:", autoescape=True), f"{name}:") for name in _COMMANDS]
    own = update(claims).where(claims.c.person_id == person_id)
    values = {"person_id": pseudonym, "button": case(*bare, else_=claims.c.button)}
    return (await connection.execute(own.values(values))).rowcount


async def _move_blocks(connection: AsyncConnection, person_id: int, pseudonym: int, scrubber: PersonScrubber) -> int:
    """Move the block of a person in each server, and their id as that of who blocked others."""
    is_about = (rules.c.person_id == person_id) | _mentions_id(rules.c.body, person_id)
    found = select(rules).where(rules.c.kind == _BLOCK, is_about).with_for_update()
    moved = 0
    for row in (await connection.execute(found)).mappings().all():
        is_own = row["person_id"] == person_id
        body = _scrub_block(row["body"], person_id, pseudonym, scrubber)
        if not is_own and body == row["body"]:  # the id is a part of a longer number
            continue
        own = (rules.c.kind == _BLOCK) & (rules.c.guild_id == row["guild_id"])
        if is_own:  # a block from before an earlier deletion is replaced, as by /mjblock
            await connection.execute(delete(rules).where(own, rules.c.person_id == pseudonym))
        changed = {"body": body, "person_id": pseudonym if is_own else row["person_id"]}
        await connection.execute(update(rules).where(own, rules.c.person_id == row["person_id"]).values(changed))
        moved += 1
    return moved


def _scrub_block(body: str, person_id: int, pseudonym: int, scrubber: PersonScrubber) -> str:
    """Replace the person in the JSON of a block; in a body that is not readable, their id."""
    try:
        block = json.loads(body)
    except ValueError:
        return scrubber.scrub_id(body)
    if not is_json_object(block):
        return scrubber.scrub_id(body)
    changed = {name: pseudonym if _is_id(value, person_id) else value for name, value in block.items()}
    if isinstance(reason := block.get(_REASON), str):
        changed[_REASON] = scrubber.scrub(reason)
    return body if changed == block else json.dumps(changed, ensure_ascii=False)


def _is_id(value: object, person_id: int) -> bool:
    return value == person_id and not isinstance(value, bool)


def _mentions_id(column: ColumnElement[str], person_id: int) -> ColumnElement[bool]:
    return column.contains(str(person_id), autoescape=True)


async def _move_changes(connection: AsyncConnection, person_id: int, pseudonym: int, scrubber: PersonScrubber) -> int:
    """Move the changes that the person made, and scrub the texts of all changes that are about them."""
    named = or_(*(_mentions_id(rule_changes.c[name], person_id) for name in _AUDIT_TEXTS))
    found = select(rule_changes).where(or_(rule_changes.c.person_id == person_id, named))
    rows = (await connection.execute(found)).mappings().all()
    for row in rows:
        values: dict[str, Any] = {name: _scrub_change(row, name, scrubber) for name in _AUDIT_TEXTS}
        if row["person_id"] == person_id:
            values["person_id"] = pseudonym
        await connection.execute(update(rule_changes).where(rule_changes.c.id == row["id"]).values(values))
    return len(rows)


def _scrub_change(row: Any, name: str, scrubber: PersonScrubber) -> str:  # noqa: ANN401 - a row of any driver
    """Return a text of the audit without the person; what changed stays readable, whatever they are called."""
    told, begin, reason = row[name].partition(_REASON_BEGIN)
    if not row["what"].startswith(_BLOCK_CHANGE):
        return scrubber.scrub_id(row[name])
    return f"{scrubber.scrub_id(told)}{begin}{scrubber.scrub(reason)}"


async def _move_reports(connection: AsyncConnection, person_id: int, pseudonym: int, scrubber: PersonScrubber) -> int:
    """Move the reports that the person made or resolved, without their own words; scrub those about them."""
    is_person = (reports.c.reporter_id == person_id, reports.c.resolver_id == person_id)
    messages = [
        select(table.c.message_id).where(table.c.requester_id.in_((person_id, pseudonym)))
        for table in (jobs, deleted_messages)
    ]
    submitted = select(claims.c.child_id).where(claims.c.person_id == pseudonym, claims.c.child_id != "")
    is_about = (
        *(reports.c.message_id.in_(found) for found in messages),
        reports.c.task_id.in_(submitted),
        _mentions_id(reports.c.comment, person_id),
    )
    rows = (await connection.execute(select(reports).where(or_(*is_person, *is_about)))).mappings().all()
    moved = 0
    for row in rows:
        is_reporter = row["reporter_id"] == person_id
        values: dict[str, Any] = {"comment": "" if is_reporter else scrubber.scrub(row["comment"])}
        if is_reporter:
            values["reporter_id"] = pseudonym
        if row["resolver_id"] == person_id:
            values["resolver_id"] = pseudonym
        if any(row[name] != value for name, value in values.items()):
            await connection.execute(update(reports).where(reports.c.id == row["id"]).values(values))
            moved += 1
    return moved
