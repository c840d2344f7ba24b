"""Send a request at the speed of the person's settings, or without a speed if the relay has no path for it.

The speed is a prefix of the path. A `--fast` in the prompt itself takes precedence over what was chosen.
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


class SpeedModes:
    """Sends requests at a chosen speed, and remembers which speeds the relay lacks. Ports: `relay`, `store`."""

    def __init__(self, relay: Relay, store: Store, now: Now) -> None:
        self._relay = relay
        self._store = store
        self._capabilities = RelayCapabilities(store, now)

    async def get_chosen_speed(self, person_id: int, prompt: str = "") -> Speed | None:
        """Return the speed to ask for; None for the relay's default, or where the prompt names its own.

        Raises:
            StoreUnavailable: The choice cannot be read, and another speed may cost more.
        """
        return None if _parse_speed(prompt) else (await self._store.find_person_settings(person_id)).speed

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
            return await self._submit_once(request, state, speed)
        except NoAccountAvailable as none:
            raise NoAccountAvailable(
                none.reason, retry_after=none.retry_after, speed=speed or _parse_speed(prompt) or ""
            ) from none
        except ActionUnsupported as unsupported:
            if speed is None:
                raise
            refused = unsupported
        response = await self._submit_once(request, state, None)
        log.info("The relay has no path for %s: %s.", speed, refused.reason)
        await self._capabilities.save_refusal(SPEED_CAPABILITY, refused.reason, get_refusal_lifetime(refused))
        return response

    async def _submit_once(self, request: SubmitRequest, state: str, speed: Speed | None) -> SubmitResponse:
        """Send a request, and note for /mjcheck if no account, or no channel, could take it.

        What comes of it tells at which speed the request was sent.
        """
        try:
            response = await self._relay.submit(request, state=state, speed=speed)
            return response.model_copy(update={"speed": speed.value if speed else ""})
        except SubmitOutcomeUnknown as lost:
            lost.speed = speed.value if speed else ""
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
