"""Options of a request to Midjourney, in the words of the relay's API."""

from enum import StrEnum


class Speed(StrEnum):
    """The queue that a request asks for, as the prefix of its path; new-api drops it, TrueAI's proxy and forks obey."""

    RELAX = "relax"
    FAST = "fast"
    TURBO = "turbo"


class Dimensions(StrEnum):
    """The shape of a blend: 2:3, 1:1 or 3:2."""

    PORTRAIT = "PORTRAIT"
    SQUARE = "SQUARE"
    LANDSCAPE = "LANDSCAPE"


class Motion(StrEnum):
    """How much moves in a clip."""

    LOW = "low"
    HIGH = "high"

    @property
    def default_prompt(self) -> str:
        """The prompt of a clip where the person gave none: TrueAI's proxy refuses an empty one."""
        return "dynamic motion" if self is Motion.HIGH else "subtle, natural motion"
