"""Read and change a person's settings, and list their tasks."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.entities import PersonSettings, TaskFilter, TaskSummary
from bot.errors import PromptRefused, StoreUnavailable
from bot.midjourney.prompts.prompt_builder import parse_defaults
from bot.midjourney.prompts.prompt_parser import Prompt
from bot.midjourney.request_options import Speed
from bot.policy.task_privacy import TaskPrivacy, Viewer
from bot.ports import Store
from bot.retry import STORE_OUTAGE
from bot.submissions.command_requests import PersonDefaults
from bot.timeouts import wait_at_most

log = logging.getLogger(__name__)

_READ_TIMEOUT_SECONDS = 1.0
"""How long a first answer, for which Discord allows three seconds, may wait for a person's settings."""

TASKS_PER_PAGE = 8
"""How many tasks a page of a person's list shows."""


@dataclass(frozen=True)
class TaskPage:
    """A page of a person's tasks of one kind; `index` counts from 0, `total_tasks` those on all pages."""

    which: TaskFilter
    index: int
    tasks: Sequence[TaskSummary]
    total_tasks: int

    @property
    def page_count(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total_tasks // TASKS_PER_PAGE))


class PersonSettingsService:
    """Reads and changes what people have chosen."""

    def __init__(self, store: Store, *, read_timeout_seconds: float = _READ_TIMEOUT_SECONDS) -> None:
        self._store = store
        self._privacy = TaskPrivacy(store)
        self._read_timeout_seconds = read_timeout_seconds

    async def get_settings(self, person_id: int) -> PersonSettings:
        """Return what a person has chosen, or raise StoreUnavailable."""
        return await self._store.find_person_settings(person_id)

    async def get_settings_in_time(self, person_id: int) -> PersonSettings:
        """Return the settings, or raise StoreUnavailable within a second: a first answer cannot wait longer."""
        try:
            return await wait_at_most(self._store.find_person_settings(person_id), self._read_timeout_seconds)
        except TimeoutError:
            raise StoreUnavailable("is slow.") from None

    async def get_defaults(self, person_id: int) -> PersonDefaults:
        """Return the parameters and the speed that a person wants for every command that does not set them.

        Parameters that were valid when they were chosen may be unknown to a later version: they are left out then.
        """
        settings = await self._store.find_person_settings(person_id)
        try:
            return PersonDefaults(parse_defaults(settings.defaults), settings.speed)
        except PromptRefused:
            log.info("The default parameters of person %d are no longer valid.", person_id)
            return PersonDefaults((), settings.speed)

    async def is_remix_on(self, person_id: int) -> bool:
        """Return within a second whether a person has remix on; no, if the store does not answer by then."""
        try:
            return (await self.get_settings_in_time(person_id)).remix
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "A press goes on without the remix form.", gone)
            return False

    async def change_settings(
        self, person_id: int, change: Callable[[PersonSettings], PersonSettings]
    ) -> PersonSettings:
        """Change a person's settings, and return the new ones."""
        return await self._store.update_person_settings(person_id, change)

    async def note_hint(self, person_id: int, hint: str) -> bool:
        """Note that a person sees a hint; return whether it is new to them, False where the store does not answer."""
        is_new = False

        def add(settings: PersonSettings) -> PersonSettings:
            nonlocal is_new
            is_new = hint not in settings.hints
            return replace(settings, hints=settings.hints | {hint})

        try:
            if hint not in (await self.get_settings(person_id)).hints:
                await self.change_settings(person_id, add)
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "A hint is not shown.", gone)
            return False
        return is_new

    async def set_default_parameters(self, person_id: int, text: str) -> PersonSettings:
        """Save a person's default parameters, as typed; a speed among them, such as `--fast`, is saved as their speed.

        Raises:
            PromptRefused: The text holds something that cannot be a default.
        """
        typed = parse_defaults(text)
        defaults = Prompt(parameters=tuple(each for each in typed if each.name not in set(Speed))).parameter_text
        speed = next((Speed(each.name) for each in typed if each.name in set(Speed)), None)
        return await self.change_settings(
            person_id, lambda settings: replace(settings, defaults=defaults, speed=speed or settings.speed)
        )

    async def get_task_page(self, viewer: Viewer, which: TaskFilter, index: int) -> TaskPage:
        """Return a page of a person's tasks, counted from 0; the first one if there are no longer so many.

        A page lacks the tasks of other people that this person once followed and may no longer see.
        """
        tasks, total = await self._store.list_tasks(
            viewer.person_id, which, skip=index * TASKS_PER_PAGE, limit=TASKS_PER_PAGE
        )
        if index and not tasks:
            return await self.get_task_page(viewer, which, 0)
        return TaskPage(which, index, await self._privacy.filter_summaries(tasks, viewer), total)
