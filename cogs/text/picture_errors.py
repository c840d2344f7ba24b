"""Describe why a picture could not be downloaded or decoded, and what to do about it. Pure."""

from collections.abc import Mapping
from typing import Final, Literal

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
from cogs.languages import N_, _, join_sentences

# A class without an entry is described as its base class.
_TEXTS: Final[Mapping[type[MjbotError], str]] = {
    PictureError: N_("I couldn't get the picture. Run `/mjstatus` with its id to try again."),
    PictureGone: N_(
        "The link to the picture has expired, as such links do after a day. Run `/mjstatus` with its id: the service "
        "may have a fresh one."
    ),
    PictureForbidden: N_(
        "The picture is at an address that I'm not allowed to open. `/mjcheck` tells the operator of this bot why."
    ),
    PictureTooLarge: N_("The picture is too large for me to attach. Open its link while it still works."),
    PictureWorkAborted: N_(
        "That picture was too much work for the machine I run on. Try again in a minute, or with a smaller picture. "
        "You weren't charged."
    ),
    PictureUnreadable: N_(
        "The picture's file is broken or incomplete. Run `/mjstatus` with its id in a minute to try again."
    ),
}

# Translators: {what} is "picture", "clips" or "file", translated.
_REFUSALS: Final[Mapping[FileRefusal, str]] = {
    FileRefusal.EXPLICIT: N_("Discord's filter for explicit content refused the {what}."),
    FileRefusal.TOO_LARGE: N_("The {what} is too large for Discord here."),
    FileRefusal.FORBIDDEN: N_("I'm not allowed to attach the {what} here."),
    FileRefusal.LIMITED: N_("Discord doesn't accept files in this server now."),
    FileRefusal.REFUSED: N_("Discord refused the {what}."),
}
_FILE_NOUNS: Final[Mapping[str, str]] = {"picture": N_("picture"), "clips": N_("clips"), "file": N_("file")}
"""What a message's files are called."""


def describe_picture_error(error: MjbotError) -> str:
    """Describe why a picture could not be downloaded or decoded; "" for any other error."""
    if isinstance(error, PictureUnavailable):
        then = _("Try again in a minute, or open the picture's link yourself.")
        return join_sentences(describe_picture_refusal(error), then)
    return _(next((_TEXTS[kind] for kind in type(error).__mro__ if kind in _TEXTS), ""))


def describe_picture_refusal(error: PictureUnavailable) -> str:
    """Describe why a host does not send a picture to the bot, in one sentence."""
    if isinstance(error, PictureTooSlow):
        return _("The picture's host sends it too slowly.")
    if error.through_proxy:
        return _describe_proxied(error.status)
    match error.status:
        case 0:
            return _("The picture's host didn't answer me.")
        case 200:
            return _("The picture's host sent me a page instead of the picture.")
        case 429:
            return _("The picture's host is getting too many requests (HTTP 429).")
        case status if status >= 500:
            return _("The picture's host can't send it right now (HTTP {status}).").format(status=status)
        case status:
            return _("The picture's host refused to send it to me (HTTP {status}).").format(status=status)


def describe_file_refusal(refusal: FileRefusal, what: Literal["picture", "clips", "file"]) -> str:
    """Describe why Discord does not take a message's files, in one sentence; `what` names them."""
    return _(_REFUSALS[refusal]).format(what=_(_FILE_NOUNS[what]))


def describe_missing_permission(missing: MissingPermission | None) -> str:
    """Name the permission for which a message shows less, and say what to do; "" if none is missing."""
    if missing is None:
        return ""
    text = _("I lack the permission **{permission}** here: a moderator can allow it in this channel.")
    if not missing.is_certain:
        text = _("I lack a permission here, probably **{permission}**: a moderator can allow it in this channel.")
    return text.format(permission=_(missing.name))


def _describe_proxied(status: int) -> str:
    if not status:
        return _("The proxy in my own network didn't let me get the picture.")
    text = _("The picture's host, or the proxy in my own network, refused to send it to me (HTTP {status}).")
    if status >= 500:
        text = _("The picture's host, or the proxy in my own network, can't send it right now (HTTP {status}).")
    return text.format(status=status)
