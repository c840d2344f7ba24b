"""The seconds of an end add up to less than a platform gives."""

from bot.ops import shutdown


def test_the_parts_fit_into_the_whole() -> None:
    """Leaving the gateway, answers, both words to the store, and submits, one after the other at their longest."""
    parts = (
        shutdown.GATEWAY_CLOSE_SECONDS
        + shutdown.INTERACTION_SECONDS
        + 2 * shutdown.JOB_RELEASE_SECONDS
        + shutdown.SUBMISSION_SECONDS
    )
    assert parts < shutdown.SHUTDOWN_SECONDS


def test_the_whole_fits_into_what_platforms_give() -> None:
    """Ten seconds, also where everything hangs."""
    assert shutdown.SHUTDOWN_SECONDS + shutdown.CANCEL_SECONDS + shutdown.HTTP_SERVER_SECONDS < 10
