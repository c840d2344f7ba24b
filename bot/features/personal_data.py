"""Show, export and delete what is stored about a person."""

import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.clock import Now
from bot.entities import DataSection, DeletedData, StoredData
from bot.ports import PersonalData

MAX_FILE_BYTES: Final = 8_000_000
"""Less than Discord accepts as a file."""
_PAGE_ROWS: Final = 100
_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, kw_only=True)
class ExportFile:
    """An export as JSON in UTF-8, compressed with gzip where it is too large; None where that is too large, too."""

    data: bytes | None
    is_compressed: bool
    rows: int

    @property
    def name(self) -> str:
        """The name of the file."""
        return "my-data.json.gz" if self.is_compressed else "my-data.json"


class PersonalDataService:
    """Shows, exports and deletes the data of the person who asks; the caller checks who that is."""

    def __init__(self, data: PersonalData, now: Now) -> None:
        self._data = data
        self._now = now

    async def count(self, person_id: int) -> StoredData:
        """Count what is stored about a person.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        return await self._data.count(person_id)

    async def delete(self, person_id: int, names: Collection[str] = ()) -> DeletedData:
        """Delete what is stored about a person, unless a job or a submit of theirs has not ended.

        Raises:
            StoreUnavailable: The database does not answer; a part may be deleted, and a second call continues.
        """
        return await self._data.delete(person_id, names)

    async def export(self, person_id: int, *, max_bytes: int = MAX_FILE_BYTES) -> ExportFile:
        """Write all that is stored about a person, read in pages, so that others can work meanwhile.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        file, rows = _JsonFile(max_bytes), 0
        about = {"person_id": str(person_id), "exported_at": self._now().isoformat()}
        file.write(f"{json.dumps(about)[:-1]}")
        for section in DataSection:
            file.write(f',\n"{section}": [')
            rows += await self._write_section(file, person_id, section)
            file.write("]")
        file.write("}\n")
        data, is_compressed = file.finish()
        return ExportFile(data=data, is_compressed=is_compressed, rows=rows)

    async def _write_section(self, file: "_JsonFile", person_id: int, section: DataSection) -> int:
        after, count = "", 0
        while page := await self._data.read_rows(person_id, section, after, _PAGE_ROWS):
            for key, row in page:
                file.write(f"{',' if count else ''}\n{_dump(row)}")
                after, count = key, count + 1
            if file.is_full or len(page) < _PAGE_ROWS:
                break
        return count


def _dump(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


class _JsonFile:
    """Text that is kept as it is up to a size, and compressed beyond; never both much larger than that."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._plain = bytearray()
        self._packed = bytearray()
        self._packer = zlib.compressobj(wbits=_GZIP)
        self._is_large = False

    @property
    def is_full(self) -> bool:
        """Whether the text is too large even when compressed."""
        return len(self._packed) > self._max_bytes

    def write(self, text: str) -> None:
        """Append a text, unless the file is full."""
        if self.is_full:
            return
        self._plain += text.encode("utf-8", "replace")
        self._is_large = self._is_large or len(self._plain) > self._max_bytes
        if self._is_large:
            self._packed += self._packer.compress(self._plain)
            self._plain.clear()

    def finish(self) -> tuple[bytes | None, bool]:
        """Return the file, None if it is too large, and whether it is compressed."""
        if not self._is_large:
            return bytes(self._plain), False
        self._packed += self._packer.flush()
        return None if self.is_full else bytes(self._packed), True
