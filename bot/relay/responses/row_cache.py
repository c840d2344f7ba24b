"""Parse a row of a batch only if it differs from the row that its task was parsed from last."""

import marshal
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

from bot.midjourney.result_links import may_hold_link, remove_picture_data
from bot.midjourney.task import READ_FIELDS, Task

ParseRow = Callable[[Mapping[Any, Any]], Task]


class TaskRowCache:
    """Tasks by a digest of the row that each was parsed from.

    Validating a row takes ten times as long as its digest, and most rows of a batch equal those of the batch before.
    A task stays in the cache only while something else holds it, such as the poller that watches it: so the cache
    needs no limit, and a row costs 16 bytes instead of a second copy.
    """

    def __init__(self, parse_row: ParseRow) -> None:
        self._parse_row = parse_row
        self._tasks: WeakValueDictionary[bytes, Task] = WeakValueDictionary()

    def parse(self, row: Mapping[Any, Any]) -> Task:
        """Return the task that an equal row was parsed into, else parse the row; only fields that are read count."""
        read = {name: value for name, value in row.items() if name in READ_FIELDS}
        for name, value in row.items() if len(read) < len(row) else ():
            if name not in read and may_hold_link(name) and (links := remove_picture_data(value)):
                read[name] = links
        row = read
        try:
            # Version 2: later ones write equal strings differently, depending on how many references they have.
            content = marshal.dumps(row, 2)
        except ValueError:  # nested more deeply than marshal allows, which no relay's own rows are
            return self._parse_row(row)
        digest = blake2b(content, digest_size=16).digest()
        task = self._tasks.get(digest)
        if task is None:
            task = self._tasks[digest] = self._parse_row(row)
        return task
