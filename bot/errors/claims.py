"""Why a press or a command is not sent: the spending policy, and earlier presses."""

from datetime import datetime
from typing import Literal

from bot.errors.base import MjbotError


class PolicyRefused(MjbotError):
    """Base of the refusals of the spending policy: who may spend, where, and how much."""


class ServerNotAllowed(PolicyRefused):
    """This server may not spend."""


class PersonNotAllowed(PolicyRefused):
    """This person may not spend outside the allowed servers."""


class NotTheRequester(PolicyRefused):
    """The policy lets only the requester of a message press its buttons."""


class RequesterUnknown(PolicyRefused):
    """The policy lets only the requester press, and the message's requester is unknown."""


class NotOwnerOrModerator(PolicyRefused):
    """Only the requester of a message, or a person who manages messages there, may stop or delete it."""


class CooldownActive(PolicyRefused):
    """The person submitted something a moment ago; `retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"{retry_after:.1f} s")
        self.retry_after = retry_after


class DailyLimitReached(PolicyRefused):
    """The submits of this UTC day are used up: `limit` for one person, or for everyone together (`whose`)."""

    def __init__(self, limit: int, whose: Literal["person", "everyone"], resets_at: datetime) -> None:
        super().__init__(f"{limit} for {whose}")
        self.limit = limit
        self.whose = whose
        self.resets_at = resets_at


class PressRefused(MjbotError):
    """Base of the reasons for which a press is not sent."""


class AlreadyClaimed(PressRefused):
    """The same press is being handled already, by claim `claim_id` of `person_id`; both are 0 where unknown."""

    def __init__(self, claim_id: int = 0, person_id: int = 0) -> None:
        super().__init__(str(claim_id))
        self.claim_id = claim_id
        self.person_id = person_id


class ClaimLost(PressRefused):
    """The claim expired before the request was sent: nothing was sent, and another process may claim it."""


class AlreadyPressed(PressRefused):
    """A message already shows the result of this press; `link` points to it, and may be empty."""

    def __init__(self, link: str, *, finished: bool) -> None:
        super().__init__(link)
        self.link = link
        self.finished = finished


class AnswerLost(PressRefused):
    """The answer to an earlier press of the same button was lost, and the press may have been billed.

    The button can be pressed again at `again_at`, never where that is None. `link` points to the earlier press's
    message, and may be empty; `own` says that the same person pressed it.
    """

    def __init__(self, link: str, again_at: datetime | None = None, *, own: bool) -> None:
        super().__init__(link)
        self.link = link
        self.again_at = again_at
        self.own = own


class ModalNotSent(PressRefused):
    """The modal that a person filled in was not sent to the relay, because of `refused`.

    Midjourney's modal stays open, and opening it may have been billed.
    """

    def __init__(self, refused: MjbotError | None = None) -> None:
        super().__init__(type(refused).__name__ if refused else "")
        self.refused = refused


class ButtonUnknown(PressRefused):
    """The task no longer has that button."""


class ModalExpired(PressRefused):
    """The task no longer waits for a modal."""
