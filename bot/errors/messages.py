"""Why a Discord message cannot be drawn."""

from bot.errors.base import MjbotError


class DisplayError(MjbotError):
    """A message that cannot be drawn."""


class DisplayFailed(DisplayError):
    """The message did not get through, though its place is there: the same may work in a minute."""


class PlaceGone(DisplayError):
    """The message, its channel or the permission is gone; the job ends, quietly."""


class PlaceUnreachable(DisplayError):
    """Only the interaction's token reaches this message, and it has expired."""
