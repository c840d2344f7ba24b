"""The queue that a person has chosen for all they ask for: asked of the relay by a path, given up where it has none."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from bot.clock import Now
from bot.errors import ActionUnsupported, NoAccountAvailable, StoreUnavailable
from bot.midjourney.capabilities import (
    NO_ACCOUNT,
    NO_CHANNEL,
    SHORTAGE_LIFETIME,
    SPEED_CAPABILITY,
    compute_refusal_expiry,
)
from bot.midjourney.prompt_parser import parse_prompt
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.ports import Store

log = logging.getLogger(__name__)


def _named(prompt: str) -> Speed | None:
    """Return the queue that a prompt names itself: what is typed holds before what was chosen."""
    names = (each.name for each in parse_prompt(prompt).parameters)
    return next((Speed(name) for name in names if name in set(Speed)), None)


class SpeedModes:
    """Sends submits through the queue that their person has chosen. Port: `store`."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now

    async def get_chosen_speed(self, person_id: int, prompt: str = "") -> Speed | None:
        """Return which queue a submit of theirs asks for; None for the relay's own, or what its prompt says.

        Raises:
            StoreUnavailable: Nobody can tell, and another queue may cost more.
        """
        return None if _named(prompt) else (await self._store.find_person_settings(person_id)).speed

    async def submit_at_speed(
        self, speed: Speed | None, send: Callable[[Speed | None], Awaitable[SubmitResponse]], *, prompt: str
    ) -> SubmitResponse:
        """Send at that speed; once more, without, only after an answer that says that nothing was accepted.

        What the relay then takes shows that it lacks the queue's path, and not what was asked: that is remembered.

        Raises:
            NoAccount: With the speed that was asked for, by its path or in the prompt, as another may have an account;
                none is tried here, at a price that nobody chose.
        """
        if speed is not None and SPEED_CAPABILITY in await self._refused():
            speed = None
        try:
            return await self._send_and_note(send, speed)
        except NoAccountAvailable as none:
            raise NoAccountAvailable(
                none.reason, retry_after=none.retry_after, speed=speed or _named(prompt) or ""
            ) from none
        except ActionUnsupported as unsupported:
            if speed is None:
                raise
            refused = unsupported
        submission = await self._send_and_note(send, None)
        log.info("The relay has no path for %s: %s.", speed, refused.reason)
        now = self._now()
        with suppress(StoreUnavailable):  # what was accepted stands, whether this is remembered or not
            await self._store.save_missing_capability(
                SPEED_CAPABILITY, refused.reason, at=now, until=compute_refusal_expiry(refused, now)
            )
        return submission

    async def _send_and_note(
        self, send: Callable[[Speed | None], Awaitable[SubmitResponse]], speed: Speed | None
    ) -> SubmitResponse:
        """Send, and note for /mjcheck that there was no account, or no channel, that could take it."""
        try:
            return await send(speed)
        except NoAccountAvailable as none:
            await self._note(NO_ACCOUNT, none.reason)
            raise
        except ActionUnsupported as unsupported:
            if speed is None and not unsupported.lasting:
                await self._note(NO_CHANNEL, unsupported.reason)
            raise

    async def _note(self, what: str, reason: str) -> None:
        now = self._now()
        with suppress(StoreUnavailable):  # /mjcheck only tells less then
            await self._store.save_missing_capability(what, reason, at=now, until=now + SHORTAGE_LIFETIME)

    async def _refused(self) -> Mapping[str, str]:
        """Return what the relay is known to lack; nothing, where nobody can tell: it is asked."""
        try:
            return await self._store.find_missing_capabilities(self._now())
        except StoreUnavailable:
            return {}
