"""The connections over which pictures come: the relay's own, direct ones to public hosts, and the proxy's."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.imaging.downloads.link_resolver import LinkResolver
from bot.imaging.downloads.url_safety import (
    AddressRefusedError,
    check_proxied_host,
    create_public_connector,
    is_fake_ip,
    is_internal_name,
    is_numeric_host,
    is_public_ip,
)
from bot.network.connectors import DIRECT, ProxyError, SystemConnector, find_proxy_refusal
from bot.network.proxies import Proxies
from bot.network.system_resolver import SystemResolver

_PROBE_SECONDS: Final = 5.0
_MAX_REFUSALS: Final = 3
"""How many hosts are remembered whose pictures were refused."""


async def find_proxy_refusal_of(host: str, proxies: Proxies) -> ProxyError | None:
    """Return the error of the proxy for an https:// host; None if the proxy connects to it, or none is used."""
    if proxies.find(url := URL(f"https://{host}/")) is None:
        return None
    timeout = aiohttp.ClientTimeout(total=_PROBE_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(connector=SystemConnector(proxies), timeout=timeout) as session,
            session.head(url, allow_redirects=False),
        ):
            return None
    except ProxyError as error:
        return error
    except (aiohttp.ClientError, OSError):  # the host's own, or no answer in time
        return None


class PictureRefusals:
    """The last hosts whose pictures the bot did not get, because of their address or of the proxy; for operators."""

    def __init__(self) -> None:
        self.problems: dict[str, ProxyError | None] = {}
        """The proxy's error, by host; None where the host's address was refused."""

    def add(self, host: str, error: ProxyError | None = None) -> None:
        """Note a refusal, and forget the oldest of too many."""
        self.forget(host)
        self.problems[host] = error
        if len(self.problems) > _MAX_REFUSALS:
            self.forget(next(iter(self.problems)))

    def forget(self, host: str) -> None:
        """Note that a picture of a host has arrived."""
        self.problems.pop(host, None)


class PictureSessions:
    """Opens links without cookies and without the key, and only at addresses that are allowed.

    `relay_session` is used for the relay, whatever its address is. People's links have connections and a resolver of
    their own, so that their hosts delay no results; a given `resolver` is used for both. A host that is reached
    through a proxy is resolved and judged here first; the proxy looks it up again, and a name that then leads elsewhere
    is the proxy's to refuse. `allows_fake_ip` also opens names, but no literal addresses, that resolve to the stand-ins
    of a TUN software, which then alone decides where they lead.
    """

    def __init__(
        self,
        relay_session: aiohttp.ClientSession,
        *,
        proxies: Proxies = DIRECT,
        allows_fake_ip: bool = False,
        resolver: AbstractResolver | None = None,
        is_allowed: Callable[[str], bool] = is_public_ip,
    ) -> None:
        self._proxies = proxies
        self._resolver = resolver or SystemResolver()
        self._link_resolver = LinkResolver(resolver or SystemResolver())
        self._allows_fake_ip = allows_fake_ip
        self._is_literal_allowed = is_allowed
        self._is_allowed = _add_fake_ips(is_allowed) if allows_fake_ip else is_allowed
        self._relay = _create_session(relay_session.connector, owns_connector=False)
        self._public, self._links = (
            _create_session(create_public_connector(each, self._is_allowed), owns_connector=True)
            for each in (self._resolver, self._link_resolver)
        )
        # The proxy's own address may be private, so this one judges no address.
        self._proxied = _create_session(SystemConnector(proxies, resolver=self._resolver), owns_connector=True)
        self.refusals = PictureRefusals()

    async def close(self) -> None:
        """Close the connections that do not belong to the relay's session."""
        for session in (self._relay, self._public, self._links, self._proxied):
            await session.close()
        await self._link_resolver.close()

    @asynccontextmanager
    async def get(
        self, target: URL, *, is_from_relay: bool, is_user_supplied: bool
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Request a URL, and follow no redirect.

        Raises:
            AddressRefusedError: The host's address is none that the bot may open.
            ProxyError: The proxy did not let the request through.
            aiohttp.ClientError: The host cannot be reached.
        """
        session = (
            self._relay if is_from_relay else await self._choose_session(target, is_user_supplied=is_user_supplied)
        )
        try:
            async with session.get(target, allow_redirects=False) as response:
                if refusal := self._find_proxy_refusal(target, response):
                    raise refusal
                yield response
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, AddressRefusedError):
                raise error.os_error from error
            raise

    def is_forwarded(self, target: URL) -> bool:
        """Whether a proxy passes on the request itself, so that it, and not the host, may have answered."""
        return target.scheme == "http" and self._proxies.find(target) is not None

    async def _choose_session(self, target: URL, *, is_user_supplied: bool) -> aiohttp.ClientSession:
        host = target.raw_host or ""
        if is_numeric_host(host) and not self._is_literal_allowed(host):
            raise AddressRefusedError("not a public address")
        if self._allows_fake_ip and is_internal_name(host.lower().rstrip(".")):
            raise AddressRefusedError("not a public name")
        if self._proxies.find(target) is None:
            return self._links if is_user_supplied else self._public
        resolver = self._link_resolver if is_user_supplied else self._resolver
        await check_proxied_host(host, resolver, self._is_allowed)
        return self._proxied

    def _find_proxy_refusal(self, target: URL, response: aiohttp.ClientResponse) -> ProxyError | None:
        return find_proxy_refusal(self._proxies.find(target), target, response.status, response.headers)


def _add_fake_ips(is_allowed: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda address: is_allowed(address) or is_fake_ip(address)


def _create_session(connector: aiohttp.BaseConnector | None, *, owns_connector: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=owns_connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        # Compression is not requested, and a compressed body is not a picture: so no zip bomb is ever unpacked.
        auto_decompress=False,
        headers={"Accept": "image/*, video/*", "Accept-Encoding": "identity", "User-Agent": "Mozilla/5.0 (mjbot)"},
        timeout=aiohttp.ClientTimeout(total=None),
    )
