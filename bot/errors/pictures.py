"""Why a picture cannot be downloaded or shown."""

from bot.errors.base import MjbotError


class PictureError(MjbotError):
    """A picture that cannot be had; `url` is where it was looked for.

    `may_return` tells that it is the relay's own, which may hand it out yet: 404, 429, 5xx, or no answer.
    """

    def __init__(self, url: str, reason: str = "", *, may_return: bool = False) -> None:
        super().__init__(reason or url)
        self.url = url
        self.reason = reason
        self.may_return = may_return


class PictureGone(PictureError):
    """The link is dead (404, 403, 410, or an expired signature)."""


class PictureForbidden(PictureError):
    """The address is not one that we may ask: not http(s), or not public."""


class PictureTooLarge(PictureError):
    """More bytes, or more pixels, than we take."""


class PictureWorkAborted(PictureError):
    """The work on it was cut short, as it took too much memory or too long, or as the bot ends."""


class PictureUnreadable(PictureError):
    """Not a picture, half of one, or one that does not arrive."""
