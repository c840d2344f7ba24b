"""What is a person's own: what they have chosen, read within a bounded time, and changed; and their tasks."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.entities import PersonSettings, TaskFilter, TaskSummary
from bot.errors import PromptRefused, StoreUnavailable
from bot.midjourney.prompt_builder import parse_defaults
from bot.midjourney.prompt_parser import Prompt
from bot.midjourney.request_options import Speed
from bot.ports import Store
from bot.submissions.command_requests import PersonDefaults
from bot.timeouts import wait_at_most

log = logging.getLogger(__name__)

_FIRST_SECONDS = 1.0
"""How long a first answer, for which Discord gives three seconds, may wait for what a person has chosen."""


TASKS_PER_PAGE = 8
"""How many tasks a page of a person's list has."""


@dataclass(frozen=True)
class TaskPage:
    """A page of a person's tasks of a kind; `number` counts from 0, `total` the tasks on all pages."""

    which: TaskFilter
    index: int
    tasks: Sequence[TaskSummary]
    total_tasks: int

    @property
    def page_count(self) -> int:
        """How many pages there are; one, where there is nothing."""
        return max(1, -(-self.total_tasks // TASKS_PER_PAGE))


class PersonSettingsService:
    """Reads and changes what is people's own. Port: `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get_settings(self, person_id: int) -> PersonSettings:
        """Return what a person has chosen; raise StoreUnavailable where nobody can tell."""
        return await self._store.find_person_settings(person_id)

    async def get_settings_in_time(self, person_id: int) -> PersonSettings:
        """Return them within a second, for an answer that cannot wait; else raise StoreUnavailable."""
        try:
            return await wait_at_most(self._store.find_person_settings(person_id), _FIRST_SECONDS)
        except TimeoutError:
            raise StoreUnavailable("the store is slow") from None

    async def get_defaults(self, person_id: int) -> PersonDefaults:
        """Return what a person wants wherever a command says nothing; nothing, where nobody can tell any more.

        Defaults that were right when they were chosen may be unknown to a later version: a command goes on without.
        """
        settings = await self._store.find_person_settings(person_id)
        try:
            return PersonDefaults(parse_defaults(settings.defaults), settings.speed)
        except PromptRefused:
            log.info("What person %d chose as defaults is no default any more.", person_id)
            return PersonDefaults((), settings.speed)

    async def is_remix_on(self, person_id: int) -> bool:
        """Tell within a second whether a person remixes; no, where nobody can tell: their press goes on without."""
        try:
            return (await self.get_settings_in_time(person_id)).remix
        except StoreUnavailable as gone:
            log.warning("A press goes on without its form: %s.", gone)
            return False

    async def change_settings(
        self, person_id: int, change: Callable[[PersonSettings], PersonSettings]
    ) -> PersonSettings:
        """Change a person's settings, and return them as they are then."""
        return await self._store.update_person_settings(person_id, change)

    async def set_default_parameters(self, person_id: int, text: str) -> PersonSettings:
        """Write a person's default parameters, as typed; a queue among them, such as `--fast`, is their speed.

        Raises:
            PromptRefused: There is what cannot be a default.
        """
        given = parse_defaults(text)
        kept = Prompt(parameters=tuple(each for each in given if each.name not in set(Speed))).parameter_text
        speed = next((Speed(each.name) for each in given if each.name in set(Speed)), None)
        return await self.change_settings(
            person_id, lambda settings: replace(settings, defaults=kept, speed=speed or settings.speed)
        )

    async def get_task_page(self, person_id: int, which: TaskFilter, number: int) -> TaskPage:
        """Return a page of a person's tasks; the first one, where there are no longer so many."""
        tasks, total = await self._store.list_tasks(
            person_id, which, skip=number * TASKS_PER_PAGE, limit=TASKS_PER_PAGE
        )
        if number and not tasks:
            return await self.get_task_page(person_id, which, 0)
        return TaskPage(which, number, tasks, total)
