"""Mention a person once their task has ended, if that took long or they want it."""

from dataclasses import replace
from datetime import timedelta

from bot.clock import Clock
from bot.entities import Job, Notify
from bot.errors import StoreUnavailable
from bot.midjourney.task import Task
from bot.ports import MessageEditor, Store
from bot.retry import retry_until_store_answers


class Notifier:
    """Mentions requesters; `after` is how long a job takes at least to be worth it, zero for no mentions."""

    def __init__(self, store: Store, editor: MessageEditor, *, after: timedelta, clock: Clock) -> None:
        self._store = store
        self._editor = editor
        self._after = after
        self._now = clock.now
        self._sleep = clock.sleep

    async def notify(self, job: Job, task: Task, is_shown: bool) -> None:  # noqa: FBT001 - a callback of ResultMessage
        """Mention the requester of a job whose task has ended, if they are to be notified and have not been.

        `is_shown`: the message shows what the task made.
        """
        if not self._after or not (job.notify or job.pressed or job.claim_id):
            return
        choice = await self._find_choice(job)
        # A person who asked to be notified on this one message overrides what they chose for all.
        if choice is Notify.NEVER and not job.notify:
            return
        if choice is Notify.ALWAYS or self._now() - job.born_at > self._after:
            await retry_until_store_answers(
                lambda: self._notify_once(job, task, is_shown=is_shown), sleep=self._sleep, subject=f"Job {job.id}"
            )

    async def _notify_once(self, job: Job, task: Task, *, is_shown: bool) -> None:
        """Mention the requester, unless an earlier run of the job has: the row is written before the mention."""
        known = await self._store.find_job(job.id)
        if known is None or not known.notified:
            await self._store.update_job(replace(known or job, notified=True))
            await self._editor.notify_requester(job, task, is_shown=is_shown)

    async def _find_choice(self, job: Job) -> Notify:
        """Return when the requester wants to be notified, without waiting for a store that is unavailable."""
        try:
            return (await self._store.find_person_settings(job.requester.id)).notify
        except StoreUnavailable:
            return Notify.LATE
