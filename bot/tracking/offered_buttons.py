"""Buttons that the bot offers itself, where a relay sends none with its finished tasks.

midjourney-proxy has no buttons and no /submit/action; U, V and 🔄 of a grid go through its /submit/change, the lines
of a description through /submit/imagine. A new-api in front of one says `buttons: null` forever, as it does for a
while where buttons are still to come; a grid that never got any shows that its relay sends none.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.clock import Now
from bot.errors import StoreUnavailable
from bot.midjourney.buttons import is_grid
from bot.midjourney.capabilities import BUTTONS_CAPABILITY
from bot.midjourney.task import Button, ButtonsKey, Status, Task
from bot.midjourney.text_results import find_numbered_line
from bot.ports import Store
from bot.tracking.capability_cache import CapabilityCache

log = logging.getLogger(__name__)

_LASTS = timedelta(days=7)
_RENEWED = timedelta(days=1)
"""How long it is remembered that a relay sends no buttons, and how often that is written anew while it holds."""
_DESCRIBED, _SHORTENED = 4, 5
"""How many lines a description and a shortened prompt have buttons for, at Midjourney itself."""


def build_offered_buttons(task: Task) -> tuple[Button, ...]:
    """Return the buttons that work without the relay's own, laid as Midjourney lays them; none for a single picture.

    Their customIds are of the usual form, but without the picture's own id, which such a relay does not tell.
    """
    if task.status is not Status.SUCCESS or task.clip_urls:
        return ()
    if task.text_result:
        shortened = task.action == "SHORTEN"
        return tuple(_of_lines(task, "PromptAnalyzer", _SHORTENED) if shortened else _of_description(task))
    return tuple(_of_grid()) if is_grid(task) else ()


def add_offered_buttons(task: Task, *, relay_sends_none: bool) -> Task:
    """Return a task with the buttons that the bot offers, where its relay sends none.

    Without the key `buttons` it never sends any; where it says null, `relay_sends_none` tells whether it may yet; an
    array holds all that there are.
    """
    none = task.buttons_key is ButtonsKey.ABSENT or (task.buttons_key is ButtonsKey.NULL and relay_sends_none)
    if task.buttons or not none or not (offered := build_offered_buttons(task)):
        return task
    return task.model_copy(update={"buttons": offered})


class ButtonOffers:
    """Knows whether the relay sends buttons, and offers the bot's own where it does not."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now
        self._lacks = CapabilityCache(store, now)
        self._has_sent = False
        self._renewed_at: datetime | None = None

    async def add_missing_buttons(self, task: Task) -> Task:
        """Return a task that was just read, with the bot's own buttons where none of the relay's are to come."""
        self._has_sent |= task.has_relay_buttons
        if task.status is not Status.SUCCESS or task.buttons or task.buttons_key is ButtonsKey.ARRAY:
            return task
        if task.buttons_key is ButtonsKey.ABSENT and self._has_sent:
            # This relay leaves the key out until there are some: they may be on their way.
            task = task.model_copy(update={"buttons_key": ButtonsKey.NULL})
        none = task.buttons_key is ButtonsKey.NULL and BUTTONS_CAPABILITY in await self._lacks.missing_capabilities()
        return add_offered_buttons(task, relay_sends_none=none)

    async def learn_and_add_buttons(self, task: Task) -> Task:
        """Learn from a task whose buttons are no longer waited for, and return it with those that it keeps.

        The first grid without any shows that the relay sends none; a task with some shows that it does.
        """
        if task.status is not Status.SUCCESS:
            return task
        try:
            if task.has_relay_buttons:
                await self._forget()
            elif is_grid(task) and task.buttons_key is not ButtonsKey.ARRAY:
                await self._remember(task)
        except StoreUnavailable as gone:
            log.warning("Whether this relay sends buttons was not written down: %s.", gone)
        return add_offered_buttons(task, relay_sends_none=True)

    async def _remember(self, task: Task) -> None:
        now = self._now()
        known = BUTTONS_CAPABILITY in await self._lacks.missing_capabilities()
        if known and self._renewed_at is not None and now - self._renewed_at < _RENEWED:
            return
        if not known:
            log.info("Task %s has got no buttons: this relay sends none, and the bot offers its own.", task.id)
        await self._store.save_missing_capability(BUTTONS_CAPABILITY, "", at=now, until=now + _LASTS)
        self._renewed_at = now
        self._lacks.invalidate()

    async def _forget(self) -> None:
        if BUTTONS_CAPABILITY not in await self._lacks.missing_capabilities():
            return
        log.info("This relay sends buttons after all.")
        now = self._now()
        await self._store.save_missing_capability(BUTTONS_CAPABILITY, "", at=now, until=now)
        self._renewed_at = None
        self._lacks.invalidate()


def _of_grid() -> Iterator[Button]:
    for number in range(1, 5):
        yield Button(custom_id=f"MJ::JOB::upsample::{number}", label=f"U{number}", offered=True)
    yield Button(custom_id="MJ::JOB::reroll::0", emoji="🔄", offered=True)
    for number in range(1, 5):
        yield Button(custom_id=f"MJ::JOB::variation::{number}", label=f"V{number}", offered=True)


def _of_description(task: Task) -> Iterator[Button]:
    lines = tuple(_of_lines(task, "PicReader", _DESCRIBED))
    yield from lines
    if len(lines) > 1:
        yield Button(custom_id="MJ::Job::PicReader::all", emoji="🎉", label="Imagine all", offered=True)


def _of_lines(task: Task, job: str, most: int) -> Iterator[Button]:
    """Yield a button for each of the first `most` lines that the text has."""
    for number in range(1, most + 1):
        if find_numbered_line(task.text_result, number):
            yield Button(custom_id=f"MJ::Job::{job}::{number}", emoji=f"{number}\ufe0f\u20e3", offered=True)
