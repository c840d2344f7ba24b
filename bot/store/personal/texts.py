"""Replace a person's id and names in texts that must stay: the audit, and the reasons of blocks."""

import re
from collections.abc import Collection
from typing import Final

REMOVED_NAME: Final = "(removed)"
_SHORTEST_NAME: Final = 2


class PersonScrubber:
    """Replaces a person's id by their pseudonym, and their names by "(removed)", as whole words only.

    Names are words that the person chose: use `scrub` for what people wrote, and `scrub_id` for what the bot wrote.
    """

    def __init__(self, person_id: int, pseudonym: int, names: Collection[str]) -> None:
        self._pseudonym = str(pseudonym)
        self._id = re.compile(rf"(?<![0-9-]){person_id}(?![0-9])")
        known = sorted({name for name in names if len(name) >= _SHORTEST_NAME}, key=len, reverse=True)
        words = "|".join(map(re.escape, known))
        self._names = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None

    def scrub_id(self, text: str) -> str:
        """Return a text without the person's id."""
        return self._id.sub(self._pseudonym, text)

    def scrub(self, text: str) -> str:
        """Return a text without the person's id and names."""
        text = self.scrub_id(text)
        return self._names.sub(REMOVED_NAME, text) if self._names else text
