"""Send a child's message so that a process which dies leaves no message that says "Sending" forever.

A row is written before the message is sent: the row of the message itself where its id is known, as for a command, or
else one that is reserved under the id of the interaction. It names no claim yet, because nothing can have been sent to
the relay. The process that takes it over finds the message and ends it.
"""

from dataclasses import replace
from hashlib import blake2b

from bot.entities import Job, Place
from bot.errors import DisplayFailed, StoreUnavailable
from bot.midjourney.task import Task
from bot.ports import InteractionFollowups, Store
from bot.recovery.lost_messages import LostMessageSearch
from bot.scene import JobEnding
from bot.submissions.sender import Sender
from bot.tracking.tracker import JobTracker


class ChildMessages:
    """Opens the messages of children, and their rows. Port: `store`."""

    def __init__(self, store: Store, jobs: JobTracker, sender: Sender, lost_messages: LostMessageSearch) -> None:
        self._store = store
        self._jobs = jobs
        self._sender = sender
        self._lost_messages = lost_messages

    async def open_child(self, job: Job, followups: InteractionFollowups, pressed: str, parent: Task) -> Job:
        """Send a child's message and write its job's row; return the job at the message's place.

        Where one fails, neither is left; the answer to a command stays, for the sentence that replaces it. A process
        that stops meanwhile leaves the row to the next one.

        Raises:
            StoreUnavailable: The row could not be written.
            DisplayError: The message could not be sent.
        """
        reserved = replace(job, place=followups.expected_place, claim_id=0)
        try:
            await self._store.open_job(reserved)
        except StoreUnavailable:
            self._sender.discard_job(reserved.id)
            raise
        job = replace(job, place=await self._send_message(reserved, followups, pressed, parent))
        try:
            await self._store.open_job(job, replaces=reserved.id)
        except StoreUnavailable:
            # Both rows: it is not known whether the one was written and the other deleted.
            stays = reserved.place.is_reserved and not await followups.delete_child_message(job.place)
            if stays:
                self._jobs.start_ending(job, JobEnding.NOT_ACCEPTED)
            for message_id in {reserved.id} if stays else {reserved.id, job.id}:
                self._sender.discard_job(message_id)
            raise
        return job

    def find_or_send(self, reserved: Job) -> None:
        """Find the message of a paid task whose row is reserved, or send one, in the background."""
        self._lost_messages.search(reserved)

    def send(self, reserved: Job) -> None:
        """Send a message for a paid task whose row is reserved, in the background."""
        self._lost_messages.send(reserved)

    async def _send_message(self, reserved: Job, followups: InteractionFollowups, pressed: str, parent: Task) -> Place:
        try:
            return await followups.send_child_message(pressed, parent)
        except DisplayFailed:
            if reserved.place.is_reserved:  # Discord may have taken the message nevertheless
                self._lost_messages.search(reserved, is_told=True)
            else:
                self._sender.discard_job(reserved.id)
            raise
        except Exception:
            self._sender.discard_job(reserved.id)
            raise


def reserve_extra_job(job: Job, task_id: str) -> Job:
    """Return the job of a further task of one submit, reserved under an id that no message and no interaction has.

    Its claim, whose id holds the interaction's, tells which messages may be its own.
    """
    number = int.from_bytes(blake2b(task_id.encode(), digest_size=8).digest())
    # The ids of interactions stay below 2 ** 62 until 2049.
    return replace(job, task_id=task_id, place=replace(job.place, message_id=-(2**62) - number % 2**61))
