"""Why a press or a command is not sent: the spending policy, and earlier presses."""

from dataclasses import field
from datetime import datetime
from typing import Literal

from bot.errors.base import MjbotError


class PolicyRefused(MjbotError):
    """Base of the refusals of the spending policy: who may spend, where, and how much."""


GuildRefusal = Literal["not listed", "not managed", "owners unknown", "managers unknown"]
"""Why the members of a server may not spend.

"not listed": ALLOWED_GUILDS names only other servers; "not managed": no owner of the application owns or manages it.
"owners unknown", "managers unknown": Discord has not told who owns the application, or who manages the server.
"""


class ServerNotAllowed(PolicyRefused):
    """The members of the server `guild_id` may not spend; `is_operator` says that an owner of the application asks."""

    guild_id: int
    refusal: GuildRefusal
    is_operator: bool = field(default=False, kw_only=True)


class PersonNotAllowed(PolicyRefused):
    """The person `person_id` may not spend outside servers; `is_operator` says that they own the application.

    `unjoined_guild_id` is the server in which they ask, if ALLOWED_GUILDS names it and the bot has not joined it.
    `owners_unknown` says that the owners decide, and that Discord has not told yet who they are.
    """

    person_id: int
    is_operator: bool = field(default=False, kw_only=True)
    unjoined_guild_id: int = field(default=0, kw_only=True)
    owners_unknown: bool = field(default=False, kw_only=True)


class NotTheRequester(PolicyRefused):
    """The policy lets only the requester of a message press its buttons."""


class RequesterUnknown(PolicyRefused):
    """The policy lets only the requester press, and the message's requester is unknown."""


class NotOwnerOrModerator(PolicyRefused):
    """Only the requester of a message, or a person who manages messages there, may stop or delete it."""


class CooldownActive(PolicyRefused):
    """The person submitted something a moment ago; `retry_after` is in seconds."""

    retry_after: float


class DailyLimitReached(PolicyRefused):
    """The submits of this UTC day are used up: `limit` for one person, or for everyone together (`whose`).

    The request would have made `tasks` tasks, of which `left` are still allowed today.
    """

    limit: int
    whose: Literal["person", "everyone"]
    resets_at: datetime
    tasks: int = field(default=1, kw_only=True)
    left: int = field(default=0, kw_only=True)


class PressRefused(MjbotError):
    """Base of the reasons for which a press is not sent."""


class AlreadyClaimed(PressRefused):
    """The same press is being handled already, by claim `claim_id` of `person_id`; both are 0 where unknown."""

    claim_id: int = 0
    person_id: int = 0


class ClaimLost(PressRefused):
    """The claim was taken from this process before the request was sent: nothing was sent."""


class AlreadyPressed(PressRefused):
    """A message already shows the result of this press; `link` points to it, and may be empty."""

    link: str
    finished: bool = field(kw_only=True)


class AnswerLost(PressRefused):
    """The answer to an earlier press of the same button was lost, and the press may have been billed.

    From `again_at` on a person may confirm a further press, never where that is None. `link` points to the earlier
    press's message, and may be empty; `own` says that the same person pressed it.
    """

    link: str
    again_at: datetime | None = None
    own: bool = field(kw_only=True)


class RepeatUnconfirmed(PressRefused):
    """An earlier press of the same button may have been billed, and the person has not confirmed a further one.

    `link` and `own` are those of AnswerLost.
    """

    link: str
    own: bool = field(kw_only=True)


class PressUnrecorded(PressRefused):
    """The button may have been pressed before, of which the database knows nothing: it may be newer than the message.

    `is_marked` says that the message shows the button as pressed; otherwise the message is older than the database.
    """

    is_marked: bool = field(kw_only=True)


class ModalNotSent(PressRefused):
    """The modal that a person filled in was not sent to the relay, because of `refused`.

    Midjourney's modal stays open, and opening it may have been billed.
    """

    refused: MjbotError | None = None


class ButtonUnknown(PressRefused):
    """The task no longer has that button."""


class CommandUnknown(PressRefused):
    """The question about a command no longer holds all that the command asked for."""


class ModalExpired(PressRefused):
    """The task no longer waits for a modal."""
