"""The relay's answer to a submit."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bot.json_values import Number, Text, Texts, WireModel, coerce_object, coerce_text, is_json_array, is_json_object
from bot.midjourney.task import Properties, Status, mentions_modal
from bot.midjourney.task_ids import is_task_id

ACCEPTED_CODES = frozenset({1, 21, 22})
_UNBILLED_CODE = 21
_TASKS_AHEAD = re.compile(r"前面还有\s?(\d{1,9})")
# Where relays that wrap or rename the answer of midjourney-proxy put the id: {"code": 200, "data": {"taskId": ...}}.
_ID_FIELDS = ("result", "taskid", "taskids", "mjid", "jobid", "id", "data")
_WRAPPERS = ("result", "data", "output", "response", "task")
_MAX_WRAPPERS = 2
_DESCRIPTION_FIELDS = ("description", "message", "msg")


def _keep_task_ids(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(is_task_id, texts))


class SubmitResponse(WireModel):
    """The answer to a submit: `result` is the new task's id, empty where the relay named none that can be one.

    `extra_task_ids` are the ids of further tasks, where one press made several. `request_id` is the relay's name for
    the request, from a header, and `speed` the one that it was sent at; both are empty where they are not known.
    """

    code: Number = 0
    description: Text = ""
    result: Text = ""
    extra_task_ids: Annotated[Texts, AfterValidator(_keep_task_ids)] = ()
    properties: Annotated[Properties, BeforeValidator(coerce_object)] = Field(default_factory=Properties)
    request_id: Text = ""
    speed: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _read_other_shapes(cls, data: object) -> object:
        """Find the ids and the description wherever a relay put them."""
        if not is_json_object(data):
            return data
        ids = _find_ids(data) or [""]
        fields = {name: value for name, value in data.items() if isinstance(name, str)}
        texts = (coerce_text(data.get(name)) for name in _DESCRIPTION_FIELDS)
        description = next(filter(None, texts), "")
        return {"extra_task_ids": ids[1:], **fields, "description": description, "result": ids[0]}

    @property
    def is_accepted(self) -> bool:
        """Whether the task exists now, or existed before (code 21)."""
        return self.code in ACCEPTED_CODES and bool(self.result)

    @property
    def is_billed(self) -> bool:
        """Whether the relay bills it: a code 21 is a modal of Midjourney's, or a task that existed already.

        new-api rewrites some 21 to 1, and bills them: the modals of a remix, and every task that existed already.
        """
        return self.is_accepted and self.code != _UNBILLED_CODE

    @property
    def billed_tasks(self) -> int:
        """How many tasks it made that the relay bills."""
        return 1 + len(self.extra_task_ids) if self.is_billed else 0

    @property
    def needs_modal(self) -> bool:
        """Whether Midjourney waits for its modal; new-api rewrites most 21 to 1, so the description decides."""
        return self.is_accepted and mentions_modal(self.description)

    @property
    def initial_status(self) -> Status:
        """The status of the new task until the first fetch."""
        return Status.MODAL if self.needs_modal else Status.SUBMITTED if self.tasks_ahead else Status.FRESH

    @property
    def tasks_ahead(self) -> int:
        """How many tasks are ahead in the queue, 0 where unknown; new-api rewrites 22 to 1, so the text counts too."""
        found = _TASKS_AHEAD.search(self.description)
        return max(self.properties.number_of_queues, 0) or (int(found[1]) if found else 0)


def _find_ids(value: object, wrappers: int = _MAX_WRAPPERS) -> Sequence[str]:
    """Return the ids of the new tasks in an answer, or in what it wraps."""
    if is_json_array(value):
        found = [_find_ids(item, 0) for item in value if is_json_object(item)]
        return [task_id for ids in found for task_id in ids]
    if not is_json_object(value):
        return []
    names = {_fold_name(name): item for name, item in value.items() if isinstance(name, str)}
    # An error may carry ids of requests and rows, but only `result` is a task's.
    fields, wrapping = (_ID_FIELDS[:1], ()) if names.get("error") else (_ID_FIELDS, _WRAPPERS)
    for name in fields:
        if ids := _parse_ids(names.get(name)):
            return ids
    for name in wrapping if wrappers else ():
        if ids := _find_ids(names.get(name), wrappers - 1):
            return ids
    return []


def _fold_name(name: str) -> str:
    """Write taskId, task_id and TaskID alike."""
    return name.replace("_", "").lower()


def _parse_ids(value: object) -> Sequence[str]:
    """Return the ids in one field, or none if one of them is no id.

    TrueAI's proxy answers "Imagine all" with four of them, joined by commas.
    """
    texts = map(coerce_text, value) if is_json_array(value) else filter(str.strip, coerce_text(value).split(","))
    ids = [text.strip() for text in texts]
    return ids if all(map(is_task_id, ids)) else []
