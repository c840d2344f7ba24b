"""The sandbox's relay without sockets: a RelayTransport for tests whose time is virtual."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import cast

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.relay.requests import RequestBody, encode_body
from bot.relay.responses.relay_response import RelayResponse
from bot.relay.transport import KeyHeaders, KeyProof, RelayTransport, RequestLimits
from sandbox.relay.server import Relay


class SandboxTransport:
    """Hands each request to the relay's own handler, in this process; see bot.relay.transport.RelayTransport."""

    base_url = "http://relay.test"

    def __init__(self, relay: Relay, key: str, now: Callable[[], datetime]) -> None:
        self.relay = relay
        self.key = key
        self.headers = KeyHeaders(key, now)
        self._protocol = SimpleNamespace(ssl_context=None, peername=None, sockname=None)

    def as_transport(self) -> RelayTransport:
        """Return it as what a client takes."""
        return cast("RelayTransport", self)

    async def read(
        self, method: str, path: str, body: RequestBody | None, limits: RequestLimits, proof: KeyProof
    ) -> RelayResponse:
        del limits, proof
        return await self._exchange(method, path, body)

    async def read_account(self, path: str, limits: RequestLimits) -> RelayResponse:
        del limits
        return await self._exchange("GET", path, None)

    async def submit(self, path: str, body: RequestBody, limits: RequestLimits) -> RelayResponse:
        del limits
        return await self._exchange("POST", path, body)

    async def _exchange(self, method: str, path: str, body: RequestBody | None) -> RelayResponse:
        data = b"" if body is None else b"".join(encode_body(body))
        headers = {**self.headers.current, "Content-Type": "application/json", "Host": "relay.test"}
        request = make_mocked_request(
            method, path, headers, app=self.relay.app, writer=None, protocol=self._protocol, transport=None
        )
        request._read_bytes = data  # as if the body had been read already
        answer = cast("web.Response", await self.relay._handle(request))
        await self.relay._key_check.add_headers(request, answer)
        return RelayResponse(
            answer.status,
            (answer.text or "") if answer.body else "",
            secret=self.key,
            base_url=self.base_url,
            path=path,
            request_id=answer.headers.get("X-Oneapi-Request-Id", ""),
        )
