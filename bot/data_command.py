"""`python -m bot data show ID` and `data delete ID`: a person's data, for requests that arrive by mail."""

import json
import sys
from collections.abc import Callable
from typing import Any, Final

from bot.clock import Clock
from bot.entities import DataSection, DeletedData, StoredData
from bot.errors import StoreUnavailable
from bot.features.personal_data import PersonalDataService
from bot.settings import Settings
from bot.store import inspect_database, open_store

_ID_LENGTHS: Final = range(15, 20)
_LARGEST_ID: Final = 2**63 - 1
_LARGEST_EXPORT: Final = 1 << 40
_BAD_ID: Final = (
    "The id of a person is a number of 17 to 19 digits, such as 1187000000000000001. In Discord, switch on User "
    "Settings, Advanced, Developer Mode; then right-click the person, Copy User ID."
)
_NO_DATABASE: Final = "There is no database at DATABASE_URL yet, so nothing is stored about anyone. Check DATABASE_URL."
_OLD_DATABASE: Final = (
    "The database was written by another version of the bot. Start the bot of this version once, then run this again."
)
_NAMES: Final = {
    DataSection.SETTINGS: "Settings",
    DataSection.JOBS: "Messages that the person asked for",
    DataSection.TASKS: "Tasks with prompts and links",
    DataSection.LEDGER: "Rows of the ledger",
    DataSection.DELETED_MESSAGES: "Places of earlier messages",
    DataSection.BLOCKS: "Blocks",
    DataSection.RULE_CHANGES: "Changes of rules in the audit",
    DataSection.REPORTS: "Reports",
}


async def run_data_command(settings: Settings, action: str, person: str, *, as_json: bool, is_confirmed: bool) -> int:
    """Show or delete what is stored about a person, and return the exit code."""
    if (person_id := _parse_id(person)) is None:
        return _fail(_BAD_ID, 2)
    url, clock = settings.database_url.get_secret_value(), Clock()
    try:
        pending = await inspect_database(url)
        if pending is not None:
            return _fail(_OLD_DATABASE if pending.found else _NO_DATABASE)
        async with open_store(url, now=clock.now, migrates=False) as store:
            service = PersonalDataService(store.personal_data, clock.now)
            if action == "delete":
                return await _delete(service, person_id, is_confirmed=is_confirmed)
            return await _show(service, person_id, as_json=as_json)
    except StoreUnavailable as error:
        return _fail(str(error))


def _parse_id(text: str) -> int | None:
    is_id = text.isascii() and text.isdecimal() and len(text) in _ID_LENGTHS and 0 < int(text) <= _LARGEST_ID
    return int(text) if is_id else None


def _fail(sentence: str, code: int = 1) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 - a command's answer
    return code


async def _show(service: PersonalDataService, person_id: int, *, as_json: bool) -> int:
    stored = await service.count(person_id)
    if as_json:
        export = await service.export(person_id, max_bytes=_LARGEST_EXPORT)
        found: dict[str, Any] = json.loads(export.data or b"{}")
        print(json.dumps(found, indent=1))  # noqa: T201 - a command's answer
        return 0
    for line in describe_stored(person_id, stored):
        print(line)  # noqa: T201 - a command's answer
    return 0


async def _delete(service: PersonalDataService, person_id: int, *, is_confirmed: bool) -> int:
    stored = await service.count(person_id)
    if stored.is_empty:
        return _succeed(f"Nothing is stored under the id {person_id}, so nothing was deleted.")
    for line in describe_stored(person_id, stored):
        print(line)  # noqa: T201 - a command's answer
    if stored.running:
        return _fail(describe_running(stored.running))
    if not is_confirmed and not confirm(person_id):
        return _fail("Nothing was deleted. To delete without a question, add --yes.")
    deleted = await service.delete(person_id)
    return _fail(describe_running(deleted.running)) if deleted.running else _succeed(describe_deleted(deleted))


def _succeed(sentence: str) -> int:
    print(sentence)  # noqa: T201 - a command's answer
    return 0


def confirm(person_id: int, ask: Callable[[str], str] = input) -> bool:
    """Ask the operator whether to delete; no answer means no."""
    try:
        return ask(f"Delete all of this about {person_id}? Type yes: ").strip().lower() == "yes"
    except (EOFError, KeyboardInterrupt):
        return False


def describe_stored(person_id: int, stored: StoredData) -> list[str]:
    """Describe what is stored, one kind a line."""
    lines = [f"{_NAMES[section]}: {count}" for section, count in stored.counts.items() if count]
    kept = [f"{_NAMES[section]}, under the pseudonym: {count}" for section, count in stored.kept.items() if count]
    begin = f"Stored about {person_id}:" if lines or kept else f"Nothing is stored about {person_id}."
    return [begin, *lines, *kept]


def describe_running(running: int) -> str:
    """Say that a deletion has to wait."""
    return (
        f"Nothing was deleted: {running} of this person's messages are still being updated. They end by themselves, at "
        "the latest after WATCH_MINUTES. Run this again then."
    )


def describe_deleted(deleted: DeletedData) -> str:
    """Say what was deleted, and what was kept."""
    return (
        f"Deleted: the settings, the rows of {deleted.jobs} messages, and {deleted.tasks} tasks; the prompts of "
        f"{deleted.blanked} tasks that others follow were removed. {deleted.kept} rows that limits, blocks and the "
        "audit need were moved to a pseudonym. Messages in Discord stay. Backups and the relay keep what they have."
    )
