"""What is a person's own: what they have chosen, read within a bounded time, and changed; and their tasks."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.entities import PersonSettings, Recent, Tasks
from bot.errors import PromptRefused, StoreUnavailable
from bot.midjourney.prompt_builder import defaults_of
from bot.midjourney.prompt_parser import Prompt
from bot.ports import Store
from bot.relay.requests import Speed
from bot.submissions.command_requests import Defaults
from bot.timeouts import soon

log = logging.getLogger(__name__)

_FIRST_SECONDS = 1.0
"""How long a first answer, for which Discord gives three seconds, may wait for what a person has chosen."""


PER_PAGE = 8
"""How many tasks a page of a person's list has."""


@dataclass(frozen=True)
class Page:
    """A page of a person's tasks of a kind; `number` counts from 0, `total` the tasks on all pages."""

    which: Tasks
    number: int
    tasks: Sequence[Recent]
    total: int

    @property
    def count(self) -> int:
        """How many pages there are; one, where there is nothing."""
        return max(1, -(-self.total // PER_PAGE))


class People:
    """Reads and changes what is people's own. Port: `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def settings(self, person_id: int) -> PersonSettings:
        """Return what a person has chosen; raise StoreUnavailable where nobody can tell."""
        return await self._store.person(person_id)

    async def settings_soon(self, person_id: int) -> PersonSettings:
        """Return them within a second, for an answer that cannot wait; else raise StoreUnavailable."""
        try:
            return await soon(self._store.person(person_id), _FIRST_SECONDS)
        except TimeoutError:
            raise StoreUnavailable("the store is slow") from None

    async def defaults(self, person_id: int) -> Defaults:
        """Return what a person wants wherever a command says nothing; nothing, where nobody can tell any more.

        Defaults that were right when they were chosen may be unknown to a later version: a command goes on without.
        """
        settings = await self._store.person(person_id)
        try:
            return Defaults(defaults_of(settings.defaults), settings.speed)
        except PromptRefused:
            log.info("What person %d chose as defaults is no default any more.", person_id)
            return Defaults((), settings.speed)

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

    async def tasks(self, person_id: int, which: Tasks, number: int) -> Page:
        """Return a page of a person's tasks; the first one, where there are no longer so many."""
        tasks, total = await self._store.tasks(person_id, which, skip=number * PER_PAGE, limit=PER_PAGE)
        if number and not tasks:
            return await self.tasks(person_id, which, 0)
        return Page(which, number, tasks, total)
