"""Find the button that a person pressed, and whether an earlier press of it answers this one."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from bot.entities import PressedButton
from bot.errors import ActionUnsupported, ButtonUnknown, PressUnrecorded
from bot.midjourney.buttons import (
    can_be_sent,
    find_button,
    find_marks,
    get_claim_key,
    hash_custom_id,
    resolve_action,
)
from bot.midjourney.task import Button, Task
from bot.policy.task_privacy import TaskPrivacy
from bot.ports import Relay, Store
from bot.submissions.claims import Press
from bot.tracking.offered_buttons import build_offered_buttons

_CLOCK_ERROR = timedelta(seconds=5)
"""How much the clock that dates the records may be ahead of Discord's, whose ids date messages."""
_GREEN_STYLE = 3
"""Discord's number for a green button, which a relay may send for one that was never pressed."""


class PressedButtons:
    """Looks buttons up in the stored snapshot, then in the task itself. Ports: `relay`, `store`.

    `is_unread` tells of a message that may have lost the green color of a button.
    """

    def __init__(self, relay: Relay, store: Store, is_unread: Callable[[int], bool]) -> None:
        self._relay = relay
        self._store = store
        self._is_unread = is_unread
        self._privacy = TaskPrivacy(store)

    async def find_button(self, press: Press) -> tuple[Task, Button]:
        """Return the pressed button and its task; the bot's own offered buttons come last.

        Raises:
            ActionUnsupported: No relay can press this button.
            ButtonUnknown: The task does not have it any more.
            TaskUnknown: The relay does not know the task, or this person may not see it.
        """
        read = partial(self._read_task, button_key=press.button_key)
        task = await self._privacy.read(press.task_id, press.viewer, read)
        button = find_button(task.buttons, press.button_key)
        if button is None:
            task, button = _find_offered_button(task, press.button_key)
        if not can_be_sent(button.custom_id):
            raise ActionUnsupported(lasting=True)
        return task, button

    async def _read_task(self, task_id: str, *, button_key: str) -> Task:
        """Return the stored snapshot of a task if it has the button, else the task as the relay has it now."""
        task = await self._store.find_snapshot(task_id)
        if task is None or find_button(task.buttons, button_key) is None:
            task = await self._relay.fetch_task(task_id)
            await self._store.save_snapshot(task)
        return task

    async def find_earlier_press(self, press: Press, button: Button) -> PressedButton | None:
        """Return the earlier press that answers this one; None where this one may be sent."""
        earlier = find_marks(button.custom_id, await self._store.find_pressed_buttons(press.task_id))
        is_repeatable = resolve_action(button.custom_id).is_repeatable
        return next((mark for mark in earlier if not (mark.is_finished and is_repeatable)), None)

    async def check_records(self, press: Press, button: Button) -> None:
        """Check that the database knows of an earlier press of a button, if there may have been one.

        There may have been if its message shows the button as pressed, or is older than the database. A button whose
        repeat gives something new is sent again where its earlier press is recorded, and so it is where it is marked.

        Raises:
            PressUnrecorded: It does not, and the person has not confirmed the press.
        """
        is_marked = press.is_marked and button.style != _GREEN_STYLE
        if press.is_confirmed or (is_marked and resolve_action(button.custom_id).is_repeatable):
            return
        may_be_marked = is_marked or self._is_unread(press.place.message_id)
        if not may_be_marked and not await self._is_older_than_records(press):
            return
        keys = {get_claim_key(button.custom_id), hash_custom_id(button.custom_id)}
        if not await self._store.has_claim(press.task_id, keys):
            raise PressUnrecorded(is_marked=is_marked)

    async def _is_older_than_records(self, press: Press) -> bool:
        since = await self._store.find_records_start()
        return since is not None and press.shown_at is not None and press.shown_at < since - _CLOCK_ERROR


def _find_offered_button(task: Task, key: str) -> tuple[Task, Button]:
    """Find a button that the bot offers where the relay sent none, or none that does the same."""
    offered = build_offered_buttons(task)
    button = find_button(offered, key)
    if button is None:
        raise ButtonUnknown
    return task if task.buttons else task.model_copy(update={"buttons": offered}), button
