"""What people have chosen for their own jobs: read within a bounded time, and changed."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from bot.errors import StoreUnavailable
from bot.line import Prompt
from bot.ports import Store
from bot.prompt import defaults_of
from bot.records import PersonSettings
from bot.submits import Speed

log = logging.getLogger(__name__)

_FIRST_SECONDS = 1.0
"""How long a first answer, for which Discord gives three seconds, may wait for what a person has chosen."""


class People:
    """Reads and changes the settings of people. Port: `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def settings(self, person_id: int) -> PersonSettings:
        """Return what a person has chosen; raise StoreUnavailable where nobody can tell."""
        return await self._store.person(person_id)

    async def settings_soon(self, person_id: int) -> PersonSettings:
        """Return them within a second, for an answer that cannot wait; else raise StoreUnavailable."""
        try:
            async with asyncio.timeout(_FIRST_SECONDS):
                return await self._store.person(person_id)
        except TimeoutError:
            raise StoreUnavailable("the store is slow") from None

    async def remixes(self, person_id: int) -> bool:
        """Tell within a second whether a person remixes; no, where nobody can tell: their press goes on without."""
        try:
            return (await self.settings_soon(person_id)).remix
        except StoreUnavailable as gone:
            log.warning("A press goes on without its form: %s.", gone)
            return False

    async def change(self, person_id: int, change: Callable[[PersonSettings], PersonSettings]) -> PersonSettings:
        """Change a person's settings, and return them as they are then."""
        return await self._store.change_person(person_id, change)

    async def choose_defaults(self, person_id: int, text: str) -> PersonSettings:
        """Write a person's default parameters, as typed; a queue among them, such as `--fast`, is their speed.

        Raises:
            PromptRefused: There is what cannot be a default.
        """
        given = defaults_of(text)
        kept = Prompt(parameters=tuple(each for each in given if each.name not in set(Speed))).tail
        speed = next((Speed(each.name) for each in given if each.name in set(Speed)), None)
        return await self.change(
            person_id, lambda settings: replace(settings, defaults=kept, speed=speed or settings.speed)
        )
