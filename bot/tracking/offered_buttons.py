"""Buttons that the bot offers itself, where a relay sends none with its finished tasks.

midjourney-proxy has no buttons and no /submit/action; U, V and 🔄 of a grid go through its /submit/change, the lines
of a description through /submit/imagine. A new-api in front of one says `buttons: null` forever, as it does for a
while when buttons are still to come; a grid that never got any shows that its relay sends none.
"""

import logging
from datetime import datetime, timedelta

from bot.clock import Now
from bot.midjourney.buttons import is_grid
from bot.midjourney.capabilities import BUTTONS_CAPABILITY
from bot.midjourney.task import Button, ButtonsKey, Status, Task
from bot.midjourney.text_results import find_numbered_line
from bot.ports import Store
from bot.tracking.relay_capabilities import RelayCapabilities

log = logging.getLogger(__name__)

_REMEMBERED = timedelta(days=7)
"""How long the store remembers that a relay sends no buttons."""
_RENEWAL_INTERVAL = timedelta(days=1)
"""How often that is written again while it stays true."""
_MAX_DESCRIPTIONS, _MAX_SHORTENED = 4, 5
"""How many lines of a description, and of a shortened prompt, have buttons at Midjourney itself."""
_IMAGINE_ALL = Button(custom_id="MJ::Job::PicReader::all", emoji="🎉", label="Imagine all", offered=True)
_GRID_BUTTONS = (
    *(Button(custom_id=f"MJ::JOB::upsample::{number}", label=f"U{number}", offered=True) for number in range(1, 5)),
    Button(custom_id="MJ::JOB::reroll::0", emoji="🔄", offered=True),
    *(Button(custom_id=f"MJ::JOB::variation::{number}", label=f"V{number}", offered=True) for number in range(1, 5)),
)


def build_offered_buttons(task: Task) -> tuple[Button, ...]:
    """Return the buttons that work without the relay's own, in Midjourney's order; none for a single picture.

    Their customIds have the usual form, but without the picture's own id, which such a relay does not send.
    """
    if task.status is not Status.SUCCESS or task.is_video:
        return ()
    if not task.text_result:
        return _GRID_BUTTONS if is_grid(task) else ()
    if task.action == "SHORTEN":
        return _make_line_buttons(task, "PromptAnalyzer", _MAX_SHORTENED)
    lines = _make_line_buttons(task, "PicReader", _MAX_DESCRIPTIONS)
    return (*lines, _IMAGINE_ALL) if len(lines) > 1 else lines


def add_offered_buttons(task: Task, *, relay_sends_none: bool) -> Task:
    """Return a task with the bot's own buttons if its relay sends none.

    A relay whose row has no key `buttons` never sends any. If the key is null, `relay_sends_none` says whether buttons
    may still come. An array holds all the buttons that there are.
    """
    none = task.buttons_key is ButtonsKey.ABSENT or (task.buttons_key is ButtonsKey.NULL and relay_sends_none)
    if task.buttons or not none or not (offered := build_offered_buttons(task)):
        return task
    return task.model_copy(update={"buttons": offered})


class ButtonOffers:
    """Learns whether the relay sends buttons, and adds the bot's own if it does not."""

    def __init__(self, store: Store, now: Now) -> None:
        self._now = now
        self._capabilities = RelayCapabilities(store, now)
        self._has_sent = False
        self._renewed_at: datetime | None = None

    async def add_missing_buttons(self, task: Task) -> Task:
        """Return a task that was just read, with the bot's own buttons if the relay will send none."""
        self._has_sent |= task.has_relay_buttons
        if task.status is not Status.SUCCESS or task.buttons or task.buttons_key is ButtonsKey.ARRAY:
            return task
        if task.buttons_key is ButtonsKey.ABSENT and self._has_sent:
            # This relay leaves the key out until it has buttons: they may still come.
            task = task.model_copy(update={"buttons_key": ButtonsKey.NULL})
        none = task.buttons_key is ButtonsKey.NULL and BUTTONS_CAPABILITY in await self._capabilities.read_cached()
        return add_offered_buttons(task, relay_sends_none=none)

    async def learn_and_add_buttons(self, task: Task) -> Task:
        """Learn from a finished task whether the relay sends buttons, and return it with the buttons that it keeps.

        A grid that has none after the usual wait shows that the relay sends none; any button shows that it does.
        """
        if task.status is not Status.SUCCESS:
            return task
        if task.has_relay_buttons:
            await self._remember_sent()
        elif is_grid(task) and task.buttons_key is not ButtonsKey.ARRAY:
            await self._remember_none(task)
        return add_offered_buttons(task, relay_sends_none=True)

    async def _remember_none(self, task: Task) -> None:
        now = self._now()
        known = BUTTONS_CAPABILITY in await self._capabilities.read_cached()
        if known and self._renewed_at is not None and now - self._renewed_at < _RENEWAL_INTERVAL:
            return
        if not known:
            log.info("Task %s has no buttons: this relay sends none, so the bot offers its own.", task.id)
        await self._capabilities.save_refusal(BUTTONS_CAPABILITY, "", _REMEMBERED)
        self._renewed_at = now

    async def _remember_sent(self) -> None:
        if BUTTONS_CAPABILITY not in await self._capabilities.read_cached():
            return
        log.info("This relay sends buttons after all.")
        await self._capabilities.save_refusal(BUTTONS_CAPABILITY, "", timedelta())
        self._renewed_at = None


def _make_line_buttons(task: Task, job: str, limit: int) -> tuple[Button, ...]:
    """Return a button for each of the first `limit` lines that the text has."""
    return tuple(
        Button(custom_id=f"MJ::Job::{job}::{number}", emoji=f"{number}\ufe0f\u20e3", offered=True)
        for number in range(1, limit + 1)
        if find_numbered_line(task.text_result, number)
    )
