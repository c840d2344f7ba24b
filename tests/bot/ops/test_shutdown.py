"""The seconds of an end add up to less than a platform gives."""

from bot.ops import shutdown


def test_the_parts_fit_into_the_whole() -> None:
    """Leaving the gateway, answers, both words to the store, and submits, one after the other at their longest."""
    parts = (
        shutdown.HANG_UP_SECONDS + shutdown.ANSWER_SECONDS + 2 * shutdown.HAND_OVER_SECONDS + shutdown.SUBMIT_SECONDS
    )
    assert parts < shutdown.ALL_SECONDS


def test_the_whole_fits_into_what_platforms_give() -> None:
    """Ten seconds, also where everything hangs."""
    assert shutdown.ALL_SECONDS + shutdown.CUT_SECONDS + shutdown.SERVING_SECONDS < 10
