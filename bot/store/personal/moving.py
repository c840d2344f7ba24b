"""Move the rows that outlive a deletion from a person's id to their pseudonym, as a part of one transaction."""

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
    moved += await _move_changes(connection, person_id, pseudonym, (scrubber, names))
    moved += await _move_reports(connection, person_id, pseudonym, (scrubber, names))
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
    """Move the block of a person in each server, and their name as the one who blocked others."""
    moved = 0
    rows = (await connection.execute(select(rules).where(rules.c.kind == _BLOCK))).mappings().all()
    for row in rows:
        is_own = row["person_id"] == person_id
        body = _scrub_block(row["body"], person_id, pseudonym, scrubber)
        if not is_own and body == row["body"]:
            continue
        own = (rules.c.kind == _BLOCK) & (rules.c.guild_id == row["guild_id"])
        if is_own:  # a block from before an earlier deletion is replaced, as by /mjblock
            await connection.execute(delete(rules).where(own, rules.c.person_id == pseudonym))
        changed = {"body": body, "person_id": pseudonym if is_own else row["person_id"]}
        await connection.execute(update(rules).where(own, rules.c.person_id == row["person_id"]).values(changed))
        moved += 1
    return moved


def _scrub_block(body: str, person_id: int, pseudonym: int, scrubber: PersonScrubber) -> str:
    """Replace the person in the JSON of a block; a body that is not readable is scrubbed as a text."""
    try:
        block = json.loads(body)
    except ValueError:
        return scrubber.scrub(body)
    if not is_json_object(block):
        return scrubber.scrub(body)
    changed = {name: _scrub_value(value, person_id, pseudonym, scrubber) for name, value in block.items()}
    return body if changed == block else json.dumps(changed, ensure_ascii=False)


def _scrub_value(value: object, person_id: int, pseudonym: int, scrubber: PersonScrubber) -> object:
    if isinstance(value, str):
        return scrubber.scrub(value)
    return pseudonym if value == person_id and not isinstance(value, bool) else value


def _mentions(column: ColumnElement[str], person_id: int, names: list[str]) -> ColumnElement[bool]:
    texts = [str(person_id), *filter(None, names)]
    return or_(*(column.icontains(text, autoescape=True) for text in texts))


async def _move_changes(
    connection: AsyncConnection, person_id: int, pseudonym: int, person: tuple[PersonScrubber, list[str]]
) -> int:
    """Move the changes that the person made, and scrub the texts of all changes that name them."""
    scrubber, names = person
    named = or_(*(_mentions(rule_changes.c[name], person_id, names) for name in _AUDIT_TEXTS))
    found = select(rule_changes).where(or_(rule_changes.c.person_id == person_id, named))
    rows = (await connection.execute(found)).mappings().all()
    for row in rows:
        values: dict[str, Any] = {name: scrubber.scrub(row[name]) for name in _AUDIT_TEXTS}
        if row["person_id"] == person_id:
            values["person_id"] = pseudonym
        await connection.execute(update(rule_changes).where(rule_changes.c.id == row["id"]).values(values))
    return len(rows)


async def _move_reports(
    connection: AsyncConnection, person_id: int, pseudonym: int, person: tuple[PersonScrubber, list[str]]
) -> int:
    """Move the reports that the person made or resolved, without their own words; scrub those that name them."""
    scrubber, names = person
    own = (reports.c.reporter_id == person_id, reports.c.resolver_id == person_id)
    found = select(reports).where(or_(*own, _mentions(reports.c.comment, person_id, names)))
    rows = (await connection.execute(found)).mappings().all()
    for row in rows:
        is_reporter = row["reporter_id"] == person_id
        values: dict[str, Any] = {"comment": "" if is_reporter else scrubber.scrub(row["comment"])}
        if is_reporter:
            values["reporter_id"] = pseudonym
        if row["resolver_id"] == person_id:
            values["resolver_id"] = pseudonym
        await connection.execute(update(reports).where(reports.c.id == row["id"]).values(values))
    return len(rows)
