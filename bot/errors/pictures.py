"""Why a picture could not be downloaded or decoded."""

from dataclasses import field

from bot.errors.base import MjbotError


class PictureError(MjbotError):
    """Base of the reasons for which a picture could not be downloaded; `url` is its link.

    `may_return` says that the same link may work later.
    """

    url: str
    reason: str = ""
    may_return: bool = field(default=False, kw_only=True)

    def __str__(self) -> str:
        return self.reason or self.url


class PictureGone(PictureError):
    """The link is dead: 404, 410, or an expired signature."""


class PictureUnavailable(PictureError):
    """The host does not send the picture to the bot now; the link may work for people, and for the bot later.

    `status` is its HTTP status: 200 where it sent a page or JSON instead of a picture, 0 where there was no answer.
    `through_proxy` says that the operator's proxy may have answered in its place, or has if the status is 0.
    """

    status: int = field(default=0, kw_only=True)
    through_proxy: bool = field(default=False, kw_only=True)
    may_return: bool = field(default=True, kw_only=True)


class PictureTooSlow(PictureUnavailable):
    """The host sends the picture too slowly to wait for it."""


class PictureForbidden(PictureError):
    """The bot must not open this address, because it is not http(s) or not public."""


class PictureTooLarge(PictureError):
    """The picture has more bytes, or more pixels, than the bot accepts."""


class PictureWorkAborted(PictureError):
    """Decoding was aborted, because it took too much memory or time, or because the bot shuts down."""


class PictureUnreadable(PictureError):
    """The file is broken or incomplete."""
