"""The relay's answer to a submit."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from bot.json_values import Number, Text, Texts, WireModel, coerce_object, coerce_text, is_json_object
from bot.midjourney.task import Properties, Status, mentions_modal

_ACCEPTED_CODES = frozenset({1, 21, 22})
_UNBILLED_CODE = 21
_TASKS_AHEAD = re.compile(r"前面还有\s?(\d{1,9})")


class SubmitResponse(WireModel):
    """The answer to a submit: `result` is the new task's id, empty where the relay accepted nothing.

    `extra_task_ids` are the ids of further tasks, where one press made several.
    """

    code: Number = 0
    description: Text = ""
    result: Text = ""
    extra_task_ids: Texts = ()
    properties: Annotated[Properties, BeforeValidator(coerce_object)] = Field(default_factory=Properties)

    @model_validator(mode="before")
    @classmethod
    def _split_result(cls, data: object) -> object:
        """Split a list of ids: TrueAI's proxy answers "Imagine all" with four of them, joined by commas."""
        if not is_json_object(data):
            return data
        ids = [part.strip() for part in coerce_text(data.get("result")).split(",") if part.strip()] or [""]
        fields = {name: value for name, value in data.items() if isinstance(name, str)}
        return {"extra_task_ids": ids[1:], **fields, "result": ids[0]}

    @property
    def is_accepted(self) -> bool:
        """Whether the task exists now, or existed before (code 21)."""
        return self.code in _ACCEPTED_CODES and bool(self.result)

    @property
    def is_billed(self) -> bool:
        """Whether the relay bills it: a code 21 is a modal of Midjourney's, or a task that existed already.

        new-api rewrites some 21 to 1, and bills them: the modals of a remix, and every task that existed already.
        """
        return self.is_accepted and self.code != _UNBILLED_CODE

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
