"""Find the button that a person pressed, and whether an earlier press of it answers this one."""

from functools import partial

from bot.entities import PressedButton
from bot.errors import ActionUnsupported, ButtonUnknown
from bot.midjourney.buttons import can_be_sent, find_button, find_marks, resolve_action
from bot.midjourney.task import Button, Task
from bot.policy.task_privacy import TaskPrivacy
from bot.ports import Relay, Store
from bot.submissions.claims import Press
from bot.tracking.offered_buttons import build_offered_buttons


class PressedButtons:
    """Looks buttons up in the stored snapshot, then in the task itself. Ports: `relay`, `store`."""

    def __init__(self, relay: Relay, store: Store) -> None:
        self._relay = relay
        self._store = store
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


def _find_offered_button(task: Task, key: str) -> tuple[Task, Button]:
    """Find a button that the bot offers where the relay sent none, or none that does the same."""
    offered = build_offered_buttons(task)
    button = find_button(offered, key)
    if button is None:
        raise ButtonUnknown
    return task if task.buttons else task.model_copy(update={"buttons": offered}), button
