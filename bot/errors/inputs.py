"""What is wrong with a prompt, a picture, a mask or a rule that a person gave."""

from collections.abc import Sequence
from dataclasses import field
from typing import Literal

from bot.errors.base import MjbotError
from bot.errors.prompt_errors import PromptProblem


class PromptRefused(MjbotError):
    """A prompt cannot be sent as it is; `problems` lists everything wrong with it, `prompt` is the text to correct."""

    problems: Sequence[PromptProblem] = ()
    prompt: str = ""

    def __str__(self) -> str:
        return "; ".join(map(repr, self.problems))


class UploadRefused(MjbotError):
    """Base of what is wrong with a picture that a person gave; `name` is its file name."""

    name: str = ""


class UploadUnreadable(UploadRefused):
    """The picture is broken or incomplete."""


class UploadNotFound(UploadRefused):
    """The link leads to no picture that can be downloaded; `name` is the link."""


class UploadTooSlow(UploadRefused):
    """The picture does not arrive in time; `name` is its file's name or its link."""


class UploadTypeUnsupported(UploadRefused):
    """The file is not a supported picture; `kind` is its type, "" where its bytes do not tell."""

    kind: str = ""


class UploadAnimated(UploadRefused):
    """The picture is an animation, so that it is unclear which frame is meant."""


class UploadTooLarge(UploadRefused):
    """The picture is larger than `limit`: `size` is in bytes, or in pixels where `pixels` is set."""

    size: int = 0
    limit: int = 0
    pixels: bool = field(default=False, kw_only=True)


class UploadTooSmall(UploadRefused):
    """The picture has too few pixels: each side needs at least `least`."""

    width: int = 0
    height: int = 0
    least: int = 0


class UploadCountInvalid(UploadRefused):
    """`count` pictures were given where `fewest` to `most` are accepted."""

    count: int = field(default=0, kw_only=True)
    fewest: int = field(default=0, kw_only=True)
    most: int = field(default=0, kw_only=True)


class MaskRefused(MjbotError):
    """Base of what is wrong with the area to repaint."""


class MaskMissing(MaskRefused):
    """The person neither chose a ready-made area nor uploaded a mask."""


class MaskEmpty(MaskRefused):
    """The mask marks nothing to repaint."""


class MaskFull(MaskRefused):
    """The mask marks everything, which would be a new picture."""


class MaskAmbiguous(MaskRefused):
    """The mask is neither black and white, nor painted on a transparent ground."""


class MaskAspectRatioWrong(MaskRefused):
    """The mask has another aspect ratio than the picture; `mask` and `picture` are width and height in pixels."""

    mask: tuple[int, int] = (0, 0)
    picture: tuple[int, int] = (0, 0)


LimitProblem = Literal["text", "negative", "fraction", "huge", "ambiguous", "currency", "precise"]
"""Why a typed limit is not taken."""


class RuleInputRefused(MjbotError):
    """Base of what is wrong with a rule that a manager typed; `typed` is the text."""

    typed: str = ""


class LimitUnreadable(RuleInputRefused):
    """A limit per `period` is no number that can be used; where `is_amount`, no amount in `currency`."""

    problem: LimitProblem = "text"
    period: Literal["day", "month"] = "day"
    is_amount: bool = False
    currency: str = ""


class TimeZoneUnknown(RuleInputRefused):
    """There is no such time zone; `similar` are names that the person may mean."""

    similar: Sequence[str] = ()
