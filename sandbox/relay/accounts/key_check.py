"""Check the key of a request, and add the headers of an answer, as each relay software does."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from sandbox.relay.accounts.keys import OPEN_KEY, Key, KeyRing
from sandbox.relay.answers import REQUEST_ID, RequestRefused
from sandbox.relay.error_texts import ErrorTexts
from sandbox.relay.routes import OPEN
from sandbox.relay.settings import RelaySettings

_READS = frozenset({"fetch", "list", "seed"})


class KeyCheck:
    """Checks the key of every request whose route needs one."""

    def __init__(self, settings: RelaySettings, keys: KeyRing) -> None:
        self._settings = settings
        self._keys = keys
        self._error_texts = ErrorTexts(settings.software)
        self._count = 0

    def admit(self, request: web.Request, route: str, now: float) -> Key:
        """Return the key of a request; a key that is limited to some models may read nothing.

        Raises:
            RequestRefused: The key is missing or invalid, or may not use the route.
        """
        if route in OPEN:
            return OPEN_KEY
        if self._settings.is_proxy:
            # midjourney-proxy compares one header with its secret.
            if self._settings.requires_key and request.headers.get("mj-api-secret") != self._settings.key:
                raise RequestRefused(self._error_texts.refuse_key("wrong", ""))
            return OPEN_KEY
        sent = self._read_sent_key(request)
        if fault := self._keys.fault(sent, now):
            raise RequestRefused(self._error_texts.refuse_key(fault, sent.removeprefix("Bearer ").removeprefix("sk-")))
        key = self._keys.find(sent) or OPEN_KEY
        if route in _READS and not key.allows(""):
            raise RequestRefused(self._error_texts.refuse_model(""))
        return key

    def assign_request_id(self, now: float) -> None:
        """Assign the request id that the answer will carry: the time and eight digits, as in new-api."""
        if self._settings.is_recorded:
            self._count += 1
            time = datetime.fromtimestamp(now, UTC)
            REQUEST_ID.set(f"{time:%Y%m%d%H%M%S}{time.microsecond * 1000:09d}{self._count:08d}")

    async def add_headers(self, _: web.Request, answer: web.StreamResponse) -> None:
        """Add the headers of the relay software to an answer."""
        if self._settings.is_recorded and not self._settings.is_proxy:
            answer.headers["X-Oneapi-Request-Id"] = REQUEST_ID.get()
        if self._settings.software == "newapi-2026":
            answer.headers["X-New-Api-Version"] = "v0.0.0"

    def _read_sent_key(self, request: web.Request) -> str:
        """Return the sent key: one-hub reads mj-api-secret, new-api too if Authorization is empty."""
        sent = request.headers.get("Authorization", "")
        if self._settings.software == "onehub" or sent in {"", "midjourney-proxy"}:
            return request.headers.get("mj-api-secret", "")
        return sent
