"""How much of it: the chaos tests are small by default, and whole where MJBOT_CHAOS is set (`make chaos`)."""

import os

WHOLE = bool(os.environ.get("MJBOT_CHAOS"))


def size(small: int, whole: int) -> int:
    """Return how many of something a test takes."""
    return whole if WHOLE else small
