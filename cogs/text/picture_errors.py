"""Describe why a picture could not be downloaded or decoded, and what to do about it. Pure."""

from collections.abc import Mapping
from typing import Final

from bot.errors import (
    MjbotError,
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureTooSlow,
    PictureUnavailable,
    PictureUnreadable,
    PictureWorkAborted,
)
from bot.scene import FileRefusal, MissingPermission

# A class without an entry is described as its base class.
_TEXTS: Final[Mapping[type[MjbotError], str]] = {
    PictureError: "I couldn't get the picture. Run `/mjstatus` with its id to try again.",
    PictureGone: (
        "The link to the picture has expired, as such links do after a day. Run `/mjstatus` with its id: the service "
        "may have a fresh one."
    ),
    PictureForbidden: (
        "The picture is at an address that I'm not allowed to open. `/mjcheck` tells the operator of this bot why."
    ),
    PictureTooLarge: "The picture is too large for me to attach. Open its link while it still works.",
    PictureWorkAborted: (
        "That picture was too much work for the machine I run on. Try again in a minute, or with a smaller picture. "
        "You weren't charged."
    ),
    PictureUnreadable: (
        "The picture's file is broken or incomplete. Run `/mjstatus` with its id in a minute to try again."
    ),
}

_REFUSALS: Final[Mapping[FileRefusal, str]] = {
    FileRefusal.EXPLICIT: "Discord's filter for explicit content refused the {what}.",
    FileRefusal.TOO_LARGE: "The {what} is too large for Discord here.",
    FileRefusal.FORBIDDEN: "I'm not allowed to attach the {what} here.",
    FileRefusal.LIMITED: "Discord doesn't accept files in this server now.",
    FileRefusal.REFUSED: "Discord refused the {what}.",
}


def describe_picture_error(error: MjbotError) -> str:
    """Describe why a picture could not be downloaded or decoded; "" for any other error."""
    if isinstance(error, PictureUnavailable):
        return f"{describe_picture_refusal(error)} Try again in a minute, or open the picture's link yourself."
    return next((_TEXTS[kind] for kind in type(error).__mro__ if kind in _TEXTS), "")


def describe_picture_refusal(error: PictureUnavailable) -> str:
    """Describe why a host does not send a picture to the bot, in one sentence."""
    if isinstance(error, PictureTooSlow):
        return "The picture's host sends it too slowly."
    if error.through_proxy:
        return _describe_proxied(error.status)
    match error.status:
        case 0:
            return "The picture's host didn't answer me."
        case 200:
            return "The picture's host sent me a page instead of the picture."
        case 429:
            return "The picture's host is getting too many requests (HTTP 429)."
        case status if status >= 500:
            return f"The picture's host can't send it right now (HTTP {status})."
        case status:
            return f"The picture's host refused to send it to me (HTTP {status})."


def describe_file_refusal(refusal: FileRefusal, what: str) -> str:
    """Describe why Discord does not take a message's files, in one sentence; `what` names them."""
    return _REFUSALS[refusal].format(what=what)


def describe_missing_permission(missing: MissingPermission | None) -> str:
    """Name the permission for which a message shows less, and say what to do; "" if none is missing."""
    if missing is None:
        return ""
    if not missing.is_certain:
        return f"I lack a permission here, probably **{missing.name}**: a moderator can allow it in this channel."
    return f"I lack the permission **{missing.name}** here: a moderator can allow it in this channel."


def _describe_proxied(status: int) -> str:
    if not status:
        return "The proxy in my own network didn't let me get the picture."
    failed = "can't send it right now" if status >= 500 else "refused to send it to me"
    return f"The picture's host, or the proxy in my own network, {failed} (HTTP {status})."
