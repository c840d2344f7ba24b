"""What is wrong with what a person gave: a prompt, a picture or a mask."""

from collections.abc import Sequence

from bot.errors.base import MjbotError
from bot.errors.prompt_errors import PromptProblem


class PromptRefused(MjbotError):
    """A prompt cannot be sent as it is: `problems` are all that is wrong; `prompt` gives the person theirs back."""

    def __init__(self, problems: Sequence[PromptProblem] = (), prompt: str = "") -> None:
        super().__init__("; ".join(map(repr, problems)))
        self.problems = tuple(problems)
        self.prompt = prompt


class UploadRefused(MjbotError):
    """A picture that somebody gave cannot be used; `name` is its file's."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.name = name


class UploadUnreadable(UploadRefused):
    """Half a picture, or one that is broken."""


class UploadNotFound(UploadRefused):
    """The link that was given leads to nothing that can be had; `name` is the link."""


class UploadTypeUnsupported(UploadRefused):
    """A file of a kind that is not taken; `kind` says which, "" where its bytes do not tell."""

    def __init__(self, name: str = "", kind: str = "") -> None:
        super().__init__(name)
        self.kind = kind


class UploadAnimated(UploadRefused):
    """An animation, of which nobody can say which frame is meant."""


class UploadTooLarge(UploadRefused):
    """More than we take: `size` and `limit` in bytes, or in pixels where `pixels` is set."""

    def __init__(self, name: str = "", size: int = 0, limit: int = 0, *, pixels: bool = False) -> None:
        super().__init__(name)
        self.size = size
        self.limit = limit
        self.pixels = pixels


class UploadTooSmall(UploadRefused):
    """Too few pixels to draw from: each side needs `least`."""

    def __init__(self, name: str = "", width: int = 0, height: int = 0, least: int = 0) -> None:
        super().__init__(name)
        self.width = width
        self.height = height
        self.least = least


class UploadCountInvalid(UploadRefused):
    """`count` pictures where `fewest` to `most` are taken."""

    def __init__(self, count: int = 0, fewest: int = 0, most: int = 0) -> None:
        super().__init__()
        self.count = count
        self.fewest = fewest
        self.most = most


class MaskRefused(MjbotError):
    """A mask picture that cannot be used."""


class MaskMissing(MaskRefused):
    """Neither a ready region was chosen nor a mask uploaded."""


class MaskEmpty(MaskRefused):
    """Nothing of it is to be repainted."""


class MaskFull(MaskRefused):
    """Everything is to be repainted, which is a new picture."""


class MaskAmbiguous(MaskRefused):
    """Neither black and white, nor painted on something transparent: nobody can tell what is meant."""


class MaskAspectRatioWrong(MaskRefused):
    """Its proportions are not those of its picture; `mask` and `picture` are width and height in pixels."""

    def __init__(self, mask: tuple[int, int] = (0, 0), picture: tuple[int, int] = (0, 0)) -> None:
        super().__init__(f"{mask} for {picture}")
        self.mask = mask
        self.picture = picture
