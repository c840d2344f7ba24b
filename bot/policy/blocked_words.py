"""The words that a server blocks, with AutoMod's wildcards, compared with the finished prompt. Pure."""

from collections.abc import Sequence


def check_words(prompt: str, blocked_words: Sequence[str]) -> None:
    """Raise WordBlocked if the prompt contains one of the words."""
    del prompt, blocked_words
