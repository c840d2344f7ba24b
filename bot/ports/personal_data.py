"""What is stored about a person, as the use cases show, export and delete it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from bot.entities import DataSection, DeletedData, StoredData


class PersonalData(Protocol):
    """The rows about a person. Every method raises StoreUnavailable where the database does not answer."""

    async def count(self, person_id: int) -> StoredData:
        """Count what is stored about a person."""
        ...

    async def read_rows(
        self, person_id: int, section: DataSection, after: str, limit: int
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return the next rows of a section as values of JSON, each with its key; `after` is the last key, or ""."""
        ...

    async def delete(self, person_id: int, names: Collection[str] = ()) -> DeletedData:
        """Delete what is stored about a person, and move what must stay to their pseudonym.

        Their names, `names` and those that are stored, are replaced in the reasons of blocks and in the audit.

        While a job or a submit of theirs has not ended, nothing is done. If it fails in between, a second call
        continues.
        """
        ...

    async def blank_returned_words(self) -> int:
        """Blank the words in snapshots of tasks whose requesters deleted their data; return how many those were.

        The relay still has the words, and a process that did not know of the deletion yet may have saved them again.
        """
        ...
