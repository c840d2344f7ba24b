"""Why the bot could not draw a Discord message."""

from bot.errors.base import MjbotError


class DisplayError(MjbotError):
    """Base of the reasons for which a message could not be drawn; `reason` is Discord's or the network's own words."""

    reason: str = ""


class DisplayFailed(DisplayError):
    """Discord or the network failed, but the message's place exists: a retry a minute later may work."""


class DisplayRefused(DisplayFailed):
    """Discord accepts nothing there for now: a thread is archived, a permission is missing; a later try may work."""


class PlaceGone(DisplayError):
    """The message or its channel was deleted; the job ends without a report."""


class PlaceUnreachable(DisplayError):
    """Only the interaction token could edit this message, and it has expired."""
