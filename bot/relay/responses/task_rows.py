"""Find the rows of tasks in the answer to a fetch or a list, in whatever a relay wraps them. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from bot.json_values import coerce_text, decode_nested, is_json_array, is_json_object

_MAX_DEPTH: Final = 4
"""How many objects and arrays within each other are searched: {"code": 1, "data": {"page": {"list": [...]}}}."""
_WRAPPERS: Final = ("data", "result", "list", "tasks", "task", "rows", "items", "records", "content", "results")
"""The keys under which relays put a list of tasks that may be empty; rows are found under any key."""
_ID_NAMES: Final = frozenset({"id", "taskid", "mjid", "jobid"})
"""The names of a task's id, without underscores and in lower case."""
_ROW_FIELDS: Final = frozenset({"status", "progress", "action", "imageUrl", "image_url"})
"""Fields of a row that no object around it has, beside an id."""


def find_rows(body: object, wanted: Collection[str], depth: int = _MAX_DEPTH) -> Iterator[Mapping[Any, Any]]:
    """Find the rows of wanted tasks, each with its id under `id`, where relays that name it otherwise lack it.

    They may be in arrays and objects, alone, under the ids of their tasks, or in JSON text of these. A submit's answer
    may name a task in each of these ways too (see SubmitResponse), and it is followed by that id.
    """
    body = decode_nested(body)
    if is_json_array(body):
        for item in body if depth else ():
            yield from find_rows(item, wanted, depth - 1)
    elif is_json_object(body):
        yield from _find_rows_of_object(body, wanted, depth)


def _find_rows_of_object(body: Mapping[Any, Any], wanted: Collection[str], depth: int) -> Iterator[Mapping[Any, Any]]:
    row = _name_row(body, wanted)
    is_row = bool(body.keys() & _ROW_FIELDS) and any(map(_is_id_name, body))
    is_found = False
    if depth and not is_row:
        for name, value in body.items():
            for found in find_rows(value, wanted, depth - 1):
                is_found = True
                yield found
            if name in wanted and is_json_object(keyed := decode_nested(value)) and not _name_row(keyed, wanted):
                is_found = True
                yield {**keyed, "id": name}
    if row is not None and not is_found:
        yield row


def _name_row(row: Mapping[Any, Any], wanted: Collection[str]) -> Mapping[Any, Any] | None:
    if coerce_text(row.get("id")) in wanted:
        return row
    task_id = next((text for text in _list_ids(row) if text in wanted), "")
    return {**row, "id": task_id} if task_id else None


def has_list(body: object, depth: int = _MAX_DEPTH) -> bool:
    """Whether an answer holds a list, which may be empty; an object without one is a message, or one row."""
    body = decode_nested(body)
    if is_json_array(body):
        return True
    return is_json_object(body) and depth > 0 and any(has_list(body.get(key), depth - 1) for key in _WRAPPERS)


def _list_ids(row: Mapping[Any, Any]) -> Iterator[str]:
    for name, value in row.items():
        if _is_id_name(name):
            # A float that has lost digits equals no id that is wanted.
            is_whole = isinstance(value, float) and value.is_integer()
            yield coerce_text(int(value) if is_whole else value).strip()


def _is_id_name(name: object) -> bool:
    return isinstance(name, str) and name.replace("_", "").lower() in _ID_NAMES
