"""Who may see a task: the one rule for every command, click and list that shows its prompt, picture or link.

A task belongs to the messages of the jobs that submitted it. It is shown to their requesters, and to people who can
see one of those messages. For anyone else it does not exist: the bot gives the same answer, after the same reads. A
task that this bot did not submit has no owner, and anyone who knows its id may follow it; a message that only follows
a task does not change its owner.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.entities import Job, Place, TaskOrigin, TaskSummary, parse_claim_tag
from bot.errors import TaskUnknown
from bot.midjourney.task import Task
from bot.midjourney.task_ids import UNUSED_TASK_ID
from bot.ports import Store

_T = TypeVar("_T")

_MESSAGE_LINK = re.compile(r"https://discord\.com/channels/(@me|\d{1,20})/(\d{1,20})/\d{1,20}")


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The person who asks about tasks, and what Discord lets them see.

    `can_view` gets the ids of a server, 0 outside servers, and of a channel; it returns None where the person's
    permissions there cannot be read. `clicked` is the message that they clicked, None for a command.
    """

    person_id: int
    can_view: Callable[[int, int], bool | None]
    clicked: Place | None = None

    def can_see(self, message: Place | TaskOrigin) -> bool:
        """Return whether they can see a message: it is not ephemeral, and they are known to see its channel."""
        return not message.ephemeral and self.can_view(message.guild_id, message.channel_id) is True

    def can_open(self, link: str) -> bool | None:
        """Return whether they can see the channel of a link to a message; None where that is not known."""
        found = _MESSAGE_LINK.fullmatch(link)
        return self.can_view(int(found[1].replace("@me", "0")), int(found[2])) if found else None

    def has_clicked_on(self, job: Job) -> bool:
        """Return whether they clicked a job's message, or, in its channel, another message that leads to it."""
        if self.clicked is None:
            return False
        is_here = job.place.channel_id == self.clicked.channel_id and not job.place.ephemeral
        return is_here or job.id == self.clicked.message_id


def may_see(origins: Collection[TaskOrigin], viewer: Viewer) -> bool:
    """Return whether a person may see the task that was submitted by the jobs of `origins`."""
    return not origins or any(origin.requester_id == viewer.person_id or viewer.can_see(origin) for origin in origins)


class TaskPrivacy:
    """Applies the rule to what the store knows, so that every process and every later start decides alike."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find_hidden(self, task_ids: Collection[str], viewer: Viewer) -> set[str]:
        """Return those of the tasks that a person may not see."""
        origins: dict[str, list[TaskOrigin]] = {}
        for origin in await self._list_origins(task_ids, viewer):
            origins.setdefault(origin.task_id, []).append(origin)
        return {task_id for task_id, found in origins.items() if not may_see(found, viewer)}

    async def _list_origins(self, task_ids: Collection[str], viewer: Viewer, claim_id: int = 0) -> Sequence[TaskOrigin]:
        """Return the submits that led to the tasks; what the viewer did before a deletion of their data is theirs."""
        return [
            replace(origin, requester_id=viewer.person_id)
            if self._store.is_person(origin.requester_id, viewer.person_id)
            else origin
            for origin in await self._store.list_task_origins(task_ids, claim_id=claim_id)
        ]

    async def is_hidden(self, task_id: str, viewer: Viewer, *, claim_id: int = 0) -> bool:
        """Return whether a person may not see a task, which a claim may have led to.

        A click proves that the person sees the clicked message, and so the task that it shows.
        """
        origins = await self._list_origins([task_id], viewer, claim_id)
        if may_see(origins, viewer):
            return False
        if viewer.clicked is None:
            return True
        jobs = await self._store.list_jobs_of_task(task_id)
        # An earlier version deleted the rows of old messages without a trace; their buttons still work.
        is_forgotten = not any(origin.is_place_known for origin in origins)
        return not is_forgotten and not any(map(viewer.has_clicked_on, jobs))

    async def is_private(self, task_id: str, viewer: Viewer) -> bool:
        """Return whether a person sees a task in private messages only, so that what they make of it is private too.

        A task that is hidden from them is answered like an unknown one.
        """
        origins = await self._list_origins([task_id], viewer)
        return bool(origins) and may_see(origins, viewer) and all(origin.ephemeral for origin in origins)

    async def read(self, task_id: str, viewer: Viewer, read: Callable[[str], Awaitable[_T]]) -> _T:
        """Read a task for a person.

        Instead of a task that is hidden from them, one that does not exist is read, so that neither the words nor the
        time nor anything that the read leaves behind tells the two apart.

        Raises:
            TaskUnknown: The task does not exist, or is hidden from this person.
            StoreUnavailable: It is not known whether the task is hidden.
        """
        if await self.is_hidden(task_id, viewer):
            try:
                await read(UNUSED_TASK_ID)
            except TaskUnknown as unknown:
                raise TaskUnknown(unknown.reason, task_id=task_id) from None
            raise TaskUnknown(task_id=task_id)
        found = await read(task_id)
        # A claim whose answer was lost does not know its task, but the task may name the claim.
        claim_id = parse_claim_tag(found.state) if isinstance(found, Task) else 0
        if claim_id and await self.is_hidden(task_id, viewer, claim_id=claim_id):
            raise TaskUnknown(task_id=task_id)
        # A relay may find a task by another spelling of its id: in capitals, or with zeros in front.
        if isinstance(found, Task) and found.id != task_id and await self.is_hidden(found.id, viewer):
            raise TaskUnknown(task_id=task_id)
        return found

    async def filter_summaries(self, tasks: Sequence[TaskSummary], viewer: Viewer) -> list[TaskSummary]:
        """Return those of a person's own tasks that they may still see, without links that they cannot open.

        The messages are their own. So a link is left out only if Discord tells that they cannot open it.
        """
        hidden = await self.find_hidden([one.task_id for one in tasks], viewer)
        return [
            one if viewer.can_open(one.link) is not False else replace(one, link="")
            for one in tasks
            if one.task_id not in hidden
        ]

    async def find_unlisted(self, task_ids: Collection[str], jobs: Iterable[Job], viewer: Viewer) -> set[str]:
        """Return those of the tasks that must not be named to a person who did not ask for them by their ids.

        These are the hidden ones, and those that only other people's messages elsewhere are about.
        """
        about = {job.task_id for job in jobs}
        shown = {job.task_id for job in jobs if job.requester.id == viewer.person_id or viewer.can_see(job.place)}
        return await self.find_hidden(task_ids, viewer) | (about - shown)
