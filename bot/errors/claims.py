"""Why a press or a command is not sent: the rules on spending, and earlier presses."""

from datetime import datetime
from typing import Literal

from bot.errors.base import MjbotError


class PolicyRefused(MjbotError):
    """Who may spend, where and how much."""


class ServerNotAllowed(PolicyRefused):
    """This server may not spend."""


class PersonNotAllowed(PolicyRefused):
    """This person may not spend outside the allowed servers."""


class NotTheRequester(PolicyRefused):
    """The policy lets only the requester press."""


class RequesterUnknown(PolicyRefused):
    """The policy lets only the requester press, and nothing tells who that is."""


class NotOwnerOrModerator(PolicyRefused):
    """Only who asked for a message, or manages messages there, may end it, or take it away."""


class CooldownActive(PolicyRefused):
    """The same person submitted a moment ago; `retry_after` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"{retry_after:.1f} s")
        self.retry_after = retry_after


class DailyLimitReached(PolicyRefused):
    """The day's submits are used up, for this person or for everybody; counted in days of UTC."""

    def __init__(self, limit: int, whose: Literal["person", "everybody"], resets_at: datetime) -> None:
        super().__init__(f"{limit} for {whose}")
        self.limit = limit
        self.whose = whose
        self.resets_at = resets_at


class PressRefused(MjbotError):
    """A click that must not be sent."""


class AlreadyClaimed(PressRefused):
    """This very press, or its twin, is being handled: `claim_id`, of `person_id`, stands in the way; 0 unknown."""

    def __init__(self, claim_id: int = 0, person_id: int = 0) -> None:
        super().__init__(str(claim_id))
        self.claim_id = claim_id
        self.person_id = person_id


class ClaimLost(PressRefused):
    """It took so long to come to the submit that somebody else may claim the same by now: nothing was sent."""


class AlreadyPressed(PressRefused):
    """There is a message that answers this click already; `link` points to it and may be empty."""

    def __init__(self, link: str, *, finished: bool) -> None:
        super().__init__(link)
        self.link = link
        self.finished = finished


class AnswerLost(PressRefused):
    """The answer to an earlier press of the same was lost, and it may be paid: none is sent before `again_at`.

    `link` points to its message, and may be empty; `own` tells that it was the same person's. `again_at` is None where
    it is never sent again.
    """

    def __init__(self, link: str, again_at: datetime | None = None, *, own: bool) -> None:
        super().__init__(link)
        self.link = link
        self.again_at = again_at
        self.own = own


class ModalNotSent(PressRefused):
    """The form that was typed for a press was not sent, for `refused`; its window is open, and may be billed."""

    def __init__(self, refused: MjbotError | None = None) -> None:
        super().__init__(type(refused).__name__ if refused else "")
        self.refused = refused


class ButtonUnknown(PressRefused):
    """The task no longer has that button."""


class ModalExpired(PressRefused):
    """The task is not waiting for a form any more."""
