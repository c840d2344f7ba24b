"""What a message says about a submit whose answer was lost: while its task is searched for, and at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.scene import JobEnding

_SEARCH: Final = "I'm looking for it, for a few minutes at most. I won't send it again, so you aren't charged twice."
_LOOK_IN_LOG: Final = (
    "**Next:** ask the operator of this bot to look in the service's log, if it has one, for a task of that minute. "
    "`/mjstatus` with its id shows it. Asking again may be charged too."
)


@dataclass(frozen=True)
class LostAnswerText:
    """Why the answer was lost: `title` and `result` when the search has found nothing, `cause` before that."""

    title: str
    cause: str
    result: str

    @property
    def searching_lines(self) -> tuple[str, ...]:
        """The lines of a message while the task is searched for."""
        return (f"{self.cause} {_SEARCH}",)

    @property
    def ending_lines(self) -> tuple[str, ...]:
        """The lines of a message when the task was not found."""
        return (f"{self.result} I won't send it again.", _LOOK_IN_LOG)


LOST_ANSWER_TEXTS: Final[Mapping[JobEnding, LostAnswerText]] = {
    JobEnding.ANSWER_LOST: LostAnswerText(
        "❔ Unknown whether it was accepted",
        "The service's answer was lost, so your request may have been accepted.",
        "The service's answer was lost, so your request may have been accepted and charged.",
    ),
    JobEnding.RELAY_UNDER_MAINTENANCE: LostAnswerText(
        "❔ Unknown whether it was accepted",
        "The service led me to another page, so it may be under maintenance. Your request may have been accepted.",
        (
            "The service led me to another page, so it may be under maintenance. I can't tell whether your request was "
            "sent on and charged."
        ),
    ),
    JobEnding.ANSWER_NOT_FOLLOWED: LostAnswerText(
        "❔ Taken, but its answer was lost",
        "The service took your request, but its answer was lost.",
        "The service took your request, but its answer was lost. It may have been charged.",
    ),
}
"""The text for each way to end such a submit."""
