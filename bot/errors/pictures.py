"""Why a picture could not be downloaded or decoded."""

from dataclasses import field

from bot.errors.base import MjbotError


class PictureError(MjbotError):
    """Base of the reasons for which a picture could not be downloaded; `url` is its link.

    `may_return` says that the link is the relay's own, and may work later: 404, 429, 5xx, or no answer.
    """

    url: str
    reason: str = ""
    may_return: bool = field(default=False, kw_only=True)

    def __str__(self) -> str:
        return self.reason or self.url


class PictureGone(PictureError):
    """The link is dead: 404, 403, 410, or an expired signature."""


class PictureForbidden(PictureError):
    """The bot must not open this address, because it is not http(s) or not public."""


class PictureTooLarge(PictureError):
    """The picture has more bytes, or more pixels, than the bot accepts."""


class PictureWorkAborted(PictureError):
    """Decoding was aborted, because it took too much memory or time, or because the bot shuts down."""


class PictureUnreadable(PictureError):
    """The file is no picture or an incomplete one, or its download stopped."""
