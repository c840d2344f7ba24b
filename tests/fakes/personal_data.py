"""What is stored about people, in memory: rows by person and section."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.entities import DataSection, DeletedData, StoredData


class FakePersonalData:
    """A bot.ports.PersonalData whose rows tests may set; while `running` is set, nothing is deleted."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, DataSection], list[Mapping[str, Any]]] = {}
        self.running = 0
        self.blanked = 0

    async def count(self, person_id: int) -> StoredData:
        counts = {section: len(self.rows.get((person_id, section), ())) for section in DataSection}
        return StoredData(counts=counts, running=self.running)

    async def read_rows(
        self, person_id: int, section: DataSection, after: str, limit: int
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        begin = int(after or 0)
        rows = self.rows.get((person_id, section), [])[begin : begin + limit]
        return [(str(number), row) for number, row in enumerate(rows, begin + 1)]

    async def delete(self, person_id: int, names: Collection[str] = ()) -> DeletedData:
        if self.running:
            return DeletedData(running=self.running)
        gone = {key: self.rows.pop(key) for key in list(self.rows) if key[0] == person_id}
        jobs = len(gone.get((person_id, DataSection.JOBS), ()))
        return DeletedData(has_settings=(person_id, DataSection.SETTINGS) in gone, jobs=jobs)

    async def blank_returned_words(self) -> int:
        return self.blanked
