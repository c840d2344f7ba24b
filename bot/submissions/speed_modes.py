"""Send a request at the speed of the person's settings, or without a speed if the relay has no path for it.

The speed is a prefix of the path. A `--fast` in the prompt itself takes precedence over what was chosen. It is decided
before the claim, which is judged by it and keeps it (`Cost.speed`), and the request is sent at that speed.
"""

import logging

from bot.clock import Now
from bot.errors import ActionUnsupported, ClaimLost, NoAccountAvailable, SubmitOutcomeUnknown
from bot.midjourney.capabilities import (
    NO_ACCOUNT,
    NO_CHANNEL,
    SHORTAGE_LIFETIME,
    SPEED_CAPABILITY,
    get_refusal_lifetime,
)
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.ports import Relay, Store
from bot.relay.requests import SubmitRequest
from bot.timeouts import raise_if_canceled
from bot.tracking.relay_capabilities import RelayCapabilities

log = logging.getLogger(__name__)


async def choose_speed(store: Store, now: Now, person_id: int, prompt: str = "", *, chosen: str | None = None) -> str:
    """Return the speed to ask for; "" for the relay's default, where the prompt names its own, or the relay lacks it.

    `chosen` is what the person chose, None to read it from their settings.

    Raises:
        StoreUnavailable: The choice cannot be read, and another speed may cost more.
    """
    if _parse_speed(prompt):
        return ""
    if chosen is None:
        chosen = (await store.find_person_settings(person_id)).speed or ""
    if chosen and await RelayCapabilities(store, now).find_refusal(SPEED_CAPABILITY) is not None:
        return ""
    return chosen


def get_path_speed(speed: str, prompt: str) -> Speed | None:
    """Return the speed that the path of a claim's request names; None where its prompt does, or for the default."""
    return Speed(speed) if speed and not _parse_speed(prompt) else None


class SpeedModes:
    """Sends requests at a chosen speed, and remembers which speeds the relay lacks. Ports: `relay`, `store`."""

    def __init__(self, relay: Relay, store: Store, now: Now) -> None:
        self._relay = relay
        self._capabilities = RelayCapabilities(store, now)

    async def submit(
        self, request: SubmitRequest, *, state: str, speed: Speed | None, prompt: str = ""
    ) -> SubmitResponse:
        """Send a request at that speed; again without a speed only after an answer that says that none was accepted.

        If the relay accepts the second request, it lacks the path of that speed, not the action: that is remembered.

        Raises:
            NoAccountAvailable: With the speed that was asked for, as another may have an account. The bot does not try
                another one, because the person did not agree to its price.
        """
        with raise_if_canceled(ClaimLost()):
            if speed is not None and await self._capabilities.find_refusal(SPEED_CAPABILITY) is not None:
                speed = None
        try:
            return await self._submit_once(request, state, speed, prompt)
        except NoAccountAvailable as none:
            raise NoAccountAvailable(
                none.reason, retry_after=none.retry_after, speed=speed or _parse_speed(prompt) or ""
            ) from none
        except ActionUnsupported as unsupported:
            if speed is None:
                raise
            refused = unsupported
        response = await self._submit_once(request, state, None, prompt)
        log.info("The relay has no path for %s: %s.", speed, refused.reason)
        await self._capabilities.save_refusal(SPEED_CAPABILITY, refused.reason, get_refusal_lifetime(refused))
        return response

    async def _submit_once(
        self, request: SubmitRequest, state: str, speed: Speed | None, prompt: str
    ) -> SubmitResponse:
        """Send a request, and note for /mjcheck if no account, or no channel, could take it.

        What comes of it tells at which speed the request was sent, in its path or its prompt.
        """
        sent_speed = speed or _parse_speed(prompt) or ""
        try:
            response = await self._relay.submit(request, state=state, speed=speed)
            return response.model_copy(update={"speed": str(sent_speed)})
        except SubmitOutcomeUnknown as lost:
            lost.speed = str(sent_speed)
            raise
        except NoAccountAvailable as none:
            await self._capabilities.save_refusal(NO_ACCOUNT, none.reason, SHORTAGE_LIFETIME)
            raise
        except ActionUnsupported as unsupported:
            if speed is None and not unsupported.lasting:
                await self._capabilities.save_refusal(NO_CHANNEL, unsupported.reason, SHORTAGE_LIFETIME)
            raise


def _parse_speed(prompt: str) -> Speed | None:
    """Return the speed that a prompt itself names."""
    names = (parameter.name for parameter in parse_prompt(prompt).parameters)
    return next((Speed(name) for name in names if name in set(Speed)), None)
