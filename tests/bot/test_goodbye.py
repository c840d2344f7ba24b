"""The seconds of an end add up to less than a platform gives."""

from bot import goodbye


def test_the_parts_fit_into_the_whole() -> None:
    """Leaving the gateway, answers, both words to the store, and submits, one after the other at their longest."""
    parts = goodbye.HANG_UP_SECONDS + goodbye.ANSWER_SECONDS + 2 * goodbye.HAND_OVER_SECONDS + goodbye.SUBMIT_SECONDS
    assert parts < goodbye.ALL_SECONDS


def test_the_whole_fits_into_what_platforms_give() -> None:
    """Ten seconds, also where everything hangs."""
    assert goodbye.ALL_SECONDS + goodbye.CUT_SECONDS + goodbye.SERVING_SECONDS < 10
