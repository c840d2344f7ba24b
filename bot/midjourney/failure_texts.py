"""Titles and advice that failures have in common, whether the relay's own words or Discord's tell of them."""

from typing import Final

ACCOUNT_BLOCKED_TITLE: Final = "The relay's account cannot draw"
PARENT_GONE_TITLE: Final = "The picture before this one is gone"
UPLOAD_FAILED_TITLE: Final = "The picture did not get through"

REWORD_ADVICE: Final = "reword it and ask again."
START_AGAIN_ADVICE: Final = "start again from a newer picture, or from the prompt."
WAIT_ADVICE: Final = "wait a few minutes and ask again."
RETRY_LATER_ADVICE: Final = "ask again, better a little later."
TELL_OPERATOR_ADVICE: Final = "ask again later; if it stays so, tell the operator of this bot."
