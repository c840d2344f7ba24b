"""When the next request to Discord may be sent.

discord.py waits for a rate limit inside the request that met it, and tells the others only after that wait: if that
request is canceled, they wait forever or send at once. So the pauses are remembered here instead, where a canceled
request takes nothing with it.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.clock import Clock
from cogs.gateway.rest.pause_responses import MAX_PAUSE_SECONDS, Pause, PauseScope, read_pause
from cogs.messaging.blocked_requests import ONE_KIND, THIS_ADDRESS, RequestsBlocked

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 30.0
"""How long a request waits for the end of a pause; for a longer one it fails at once."""
_LONGEST_FIRST_RESPONSE_WAIT_SECONDS = 2.5
"""The same for the first response to an interaction, which Discord accepts for three seconds."""

_UNKNOWN_ROUTE_SECONDS = 5.0
_UNKNOWN_SECONDS, _LONGEST_UNKNOWN_SECONDS = 60.0, 900.0
"""The pause where Discord does not say how long: it doubles while nothing succeeds, up to the longest."""
_SPACING_SECONDS = 0.025
"""Between two requests that waited for the same end, so that they do not meet the next limit together."""
_REPORTED_SECONDS = 60.0
"""A pause of all requests that lasts this long makes the bot unready."""
_SEQUENCE_SECONDS = 5.0
"""A pause that begins so soon after another one continues it."""
_PRUNED_PAUSES, _MAX_PAUSES = 256, 4096
"""From how many pauses on those that have ended are forgotten, and how many are remembered at most."""

_PROBE = "GET /gateway/bot"
"""The request that shows whether a firewall refuses the address: it holds no text of a member."""

_MAJOR = re.compile(r"/(?:(?:channels|guilds)/\d+|(?:webhooks|interactions)/\d+/[^/]+)")
_ID = re.compile(r"/(?:\d+|@original)(?=/|$)")

_ADDRESS = "address"
_SUBJECTS = {_ADDRESS: THIS_ADDRESS, "bot": "all requests of this bot", "tokens": "all answers of this bot"}


@dataclass(frozen=True)
class RestRequest:
    """A request as limits see it; `path` is without the API's prefix."""

    method: str
    path: str
    is_authorized: bool

    @property
    def route(self) -> str:
        """The route without minor ids, which share one limit."""
        major = _MAJOR.match(self.path)
        start = major.end() if major else 0
        return f"{self.method} {self.path[:start]}{_ID.sub('/*', self.path[start:])}"

    @property
    def credentials(self) -> str:
        """What a global limit applies to: Discord counts requests as the bot apart from those by a token."""
        return "bot" if self.is_authorized else "tokens"

    @property
    def is_first_response(self) -> bool:
        """Whether it answers an interaction, which no global limit applies to, and which cannot wait."""
        return self.path.startswith("/interactions/")

    @property
    def has_message(self) -> bool:
        """Whether it edits or sends a message, which can be made simpler where its text is refused."""
        return self.method in {"PATCH", "POST"} and self.path.startswith(("/webhooks/", "/channels/"))


@dataclass(frozen=True)
class _ActivePause:
    since: float
    until: float
    reason: str
    is_told: bool
    turns: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the request that goes on next once the pause has ended; one that is canceled leaves the queue."""


class RestLimits:
    """Remembers the pauses that Discord asked for: for a route, for all requests of a kind, and for this address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pauses: dict[str, _ActivePause] = {}
        self._pruned_from = _PRUNED_PAUSES
        self._untold = 0
        self._is_firewall_suspected = False

    async def wait(self, request: RestRequest) -> None:
        """Wait until a request may be sent.

        Raises:
            RequestsBlocked: That takes longer than LONGEST_WAIT_SECONDS, or than a first response may take.
        """
        longest = _LONGEST_FIRST_RESPONSE_WAIT_SECONDS if request.is_first_response else LONGEST_WAIT_SECONDS
        while (found := self._find_pause(request)) is not None:
            key, pause = found
            left = pause.until - self._clock.monotonic()
            if left > longest:
                raise self._describe(key, pause)
            await self._clock.sleep(left)
            async with pause.turns:
                await self._clock.sleep(_SPACING_SECONDS)

    def record_success(self) -> None:
        """Forget how often Discord asked for pauses without an end: this address is served."""
        self._untold = 0
        self._is_firewall_suspected = False

    def record_refusal(
        self, request: RestRequest, status: int, headers: Mapping[str, str], body: bytes
    ) -> RequestsBlocked | None:
        """Remember the pause that a refusal asks for, and return it as an error; None if it asks for none.

        A firewall's refusal pauses nothing, except that of the probe after that of another request.
        """
        asked = read_pause(status, headers, body, self._clock.now())
        if asked is None:
            return None
        if asked.scope is PauseScope.FIREWALL and not self._is_address_refused(request):
            return RequestsBlocked(ONE_KIND, asked.reason, None, None)
        key = self._get_key(request, asked.scope)
        seconds = asked.seconds or self._choose_seconds(asked)
        pause = self._pause(key, seconds, asked.reason, is_told=asked.seconds is not None)
        error = self._describe(key, pause)
        if key != request.route:
            log.warning("%s.", error)
        return error

    def record_unauthorized(self, request: RestRequest) -> None:
        """Remember that Discord refused the bot's token; a second time in a row pauses all requests that use it.

        10,000 refusals in ten minutes would block this machine's address.
        """
        asked = Pause(PauseScope.CREDENTIALS, None, "HTTP 401, DISCORD_TOKEN is refused")
        if seconds := self._choose_seconds(asked, spared=1):
            pause = self._pause(request.credentials, seconds, asked.reason, is_told=False)
            log.warning("%s.", self._describe(request.credentials, pause))

    def record_exhaustion(self, request: RestRequest, seconds: float) -> None:
        """Remember that a route has no requests left for so many seconds."""
        self._pause(request.route, min(seconds, MAX_PAUSE_SECONDS), "rate limit", is_told=True)

    def find_problem(self) -> str:
        """Return which requests Discord has blocked for a minute or more, or an empty text."""
        now = self._clock.monotonic()
        for key in _SUBJECTS:
            pause = self._pauses.get(key)
            if pause is not None and pause.until > now and pause.until - pause.since >= _REPORTED_SECONDS:
                return str(self._describe(key, pause))
        return ""

    def _find_pause(self, request: RestRequest) -> tuple[str, _ActivePause] | None:
        """Return the pause of a request that lasts longest; no guessed one for a first response."""
        if not self._pauses:
            return None
        now, is_first = self._clock.monotonic(), request.is_first_response
        keys = [_ADDRESS, request.route] + ([] if is_first else [request.credentials])
        known = [(key, pause) for key in keys if (pause := self._pauses.get(key)) is not None]
        found = [(key, pause) for key, pause in known if pause.until > now and (pause.is_told or not is_first)]
        return max(found, key=lambda each: each[1].until, default=None)

    def _is_address_refused(self, request: RestRequest) -> bool:
        """Return whether a firewall that refuses this request refuses the address, rather than a text in it.

        Members write those texts, so any number of messages shows nothing; the probe after another refusal does.
        """
        is_suspected, self._is_firewall_suspected = self._is_firewall_suspected, True
        return is_suspected and request.route == _PROBE

    @staticmethod
    def _get_key(request: RestRequest, scope: PauseScope) -> str:
        match scope:
            case PauseScope.ROUTE:
                return request.route
            case PauseScope.CREDENTIALS:
                return request.credentials
            case PauseScope.ADDRESS | PauseScope.FIREWALL:
                return _ADDRESS

    def _choose_seconds(self, pause: Pause, *, spared: int = 0) -> float:
        """Return how long to pause where Discord does not say; 0 for the first `spared` refusals in a row."""
        if pause.scope is PauseScope.ROUTE:
            return _UNKNOWN_ROUTE_SECONDS
        self._untold += 1
        repeats = min(self._untold, 10) - 1 - spared
        return min(_UNKNOWN_SECONDS * 2**repeats, _LONGEST_UNKNOWN_SECONDS) if repeats >= 0 else 0.0

    def _pause(self, key: str, seconds: float, reason: str, *, is_told: bool) -> _ActivePause:
        now = self._clock.monotonic()
        old = self._pauses.get(key)
        since, until = now, now + seconds
        if old is not None and old.until + _SEQUENCE_SECONDS >= now:
            since, until = old.since, max(old.until, until)
        pause = _ActivePause(since, until, reason, is_told, old.turns if old else asyncio.Lock())
        self._pauses[key] = pause
        if len(self._pauses) >= self._pruned_from:
            self._prune(now)
        return pause

    def _prune(self, now: float) -> None:
        """Forget the pauses that have ended; of too many, the half that ends first, but none of all requests."""
        left = {key: one for key, one in self._pauses.items() if one.until > now or one.turns.locked()}
        if len(left) > _MAX_PAUSES // 2:
            ordered = sorted(left.items(), key=lambda each: (each[0] in _SUBJECTS, each[1].until))
            left = dict(ordered[-_MAX_PAUSES // 2 :])
        self._pauses = left
        self._pruned_from = max(_PRUNED_PAUSES, 2 * len(left))

    def _describe(self, key: str, pause: _ActivePause) -> RequestsBlocked:
        subject = _SUBJECTS.get(key, ONE_KIND)
        if not pause.is_told:
            return RequestsBlocked(subject, pause.reason, None, None)
        seconds = pause.until - self._clock.monotonic()
        return RequestsBlocked(subject, pause.reason, self._clock.convert_to_time(pause.until), seconds)
