"""Rows that are equal to the last ones are not parsed again."""

import gc
from collections.abc import Mapping
from typing import Any

from bot.midjourney.task import Task
from bot.relay.responses.parser import parse_row
from bot.relay.responses.row_cache import TaskRowCache


class CountingParser:
    """Counts the rows that are parsed."""

    def __init__(self) -> None:
        self.rows: list[Mapping[Any, Any]] = []
        self.cache = TaskRowCache(self._parse)

    def _parse(self, row: Mapping[Any, Any]) -> Task:
        self.rows.append(row)
        return parse_row(row)


def make_row(**changes: object) -> dict[str, object]:
    return {"id": "1", "status": "IN_PROGRESS", "progress": "46%", "properties": {"finalPrompt": "🗼"}, **changes}


def test_an_equal_row_gives_the_same_task_without_parsing() -> None:
    parser = CountingParser()
    first = parser.cache.parse(make_row())
    assert parser.cache.parse(make_row()) is first
    assert len(parser.rows) == 1


def test_any_difference_is_parsed() -> None:
    """Also one that Python calls equal: `true` is not 1 on the wire."""
    parser = CountingParser()
    rows = [make_row(), make_row(progress="47%"), make_row(properties={}), make_row(submitTime=1)]
    tasks = [parser.cache.parse(row) for row in [*rows, make_row(submitTime=True), make_row(submitTime=1.0)]]
    assert [task.progress for task in tasks[:2]] == [46, 47]
    assert len(parser.rows) == len(tasks)


def test_a_task_that_nothing_holds_is_forgotten() -> None:
    """So the cache needs no limit."""
    parser = CountingParser()
    parser.cache.parse(make_row())
    gc.collect()
    parser.cache.parse(make_row())
    assert len(parser.rows) == 2


def test_a_row_that_is_nested_too_deeply_for_a_digest_is_parsed() -> None:
    """JSON may be nested more deeply than marshal allows; no such row may end the poll of a whole batch."""
    nested: list[object] = []
    for _ in range(3000):
        nested = [nested]
    parser = CountingParser()
    assert parser.cache.parse(make_row(state=nested)).progress == 46


def test_fields_that_no_task_has_do_not_count() -> None:
    """Neither five megabytes of a picture nor deep nesting is hashed or kept."""
    parser = CountingParser()
    first = parser.cache.parse(make_row())
    for odd in ({"base64Array": ["A" * 5_000_000]}, {"mode": "FAST"}, {"messageContent": None, 7: "x"}):
        assert parser.cache.parse(make_row(**{str(name): value for name, value in odd.items()})) is first
    assert [set(row) for row in parser.rows] == [{"id", "status", "progress", "properties"}]
