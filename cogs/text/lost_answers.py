"""What a message says about a submit whose answer was lost: while its task is searched for, and at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.scene import JobEnding
from cogs.languages import N_

_LOOK_IN_LOG: Final = N_(
    "**Next:** ask the operator of this bot to look in the service's log, if it has one, for a task of that minute. "
    "`/mjstatus` with its id shows it. Asking again may be charged too."
)


@dataclass(frozen=True)
class LostAnswerText:
    """Why the answer was lost: `title` and `result` when the search has found nothing, `search` before that.

    All of it is marked, and translated where it is drawn.
    """

    title: str
    search: str
    result: str

    @property
    def searching_lines(self) -> tuple[str, ...]:
        """The lines of a message while the task is searched for."""
        return (self.search,)

    @property
    def ending_lines(self) -> tuple[str, ...]:
        """The lines of a message when the task was not found."""
        return (self.result, _LOOK_IN_LOG)


LOST_ANSWER_TEXTS: Final[Mapping[JobEnding, LostAnswerText]] = {
    JobEnding.ANSWER_LOST: LostAnswerText(
        N_("❔ Unknown whether it was accepted"),
        N_(
            "The service's answer was lost, so your request may have been accepted. I'm looking for it, for a few "
            "minutes at most. I won't send it again, so you aren't charged twice."
        ),
        N_("The service's answer was lost, so your request may have been accepted and charged. I won't send it again."),
    ),
    JobEnding.RELAY_UNDER_MAINTENANCE: LostAnswerText(
        N_("❔ Unknown whether it was accepted"),
        N_(
            "The service led me to another page, so it may be under maintenance. Your request may have been accepted. "
            "I'm looking for it, for a few minutes at most. I won't send it again, so you aren't charged twice."
        ),
        N_(
            "The service led me to another page, so it may be under maintenance. I can't tell whether your request was "
            "sent on and charged. I won't send it again."
        ),
    ),
    JobEnding.ANSWER_NOT_FOLLOWED: LostAnswerText(
        N_("❔ Taken, but its answer was lost"),
        N_(
            "The service took your request, but its answer was lost. I'm looking for it, for a few minutes at most. I "
            "won't send it again, so you aren't charged twice."
        ),
        N_("The service took your request, but its answer was lost. It may have been charged. I won't send it again."),
    ),
}
"""The text for each way to end such a submit."""
