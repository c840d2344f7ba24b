"""Titles and advice that failures have in common, whether the relay's own words or Discord's tell of them."""

from typing import Final

LOCKED_OUT: Final = "The relay's account cannot draw"
PARENT_GONE: Final = "The picture before this one is gone"
UPLOAD_FAILED: Final = "The picture did not get through"

REWORD: Final = "reword it and ask again."
START_AGAIN: Final = "start again from a newer picture, or from the prompt."
WAIT: Final = "wait a few minutes and ask again."
LATER: Final = "ask again, better a little later."
TELL: Final = "ask again later; if it stays so, tell the operator of this bot."
