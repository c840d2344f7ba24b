"""aiohttp's connector as the bot uses it everywhere: the system's names, the operator's proxy, the proxy's own errors.

The proxy is chosen here rather than in each session, because discord.py, its gateway and its webhooks have sessions of
their own. aiohttp's own `trust_env` knows neither ALL_PROXY nor `https://` proxies nor `.env`, and reads ~/.netrc.
"""

import os
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict
from yarl import URL

from bot.network.proxies import Proxies, Proxy
from bot.network.system_resolver import SystemResolver

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

DIRECT: Final = Proxies()
"""No proxy."""

_AUTHORIZATION: Final = "Proxy-Authorization"
_WANTS_CREDENTIALS: Final = 407
_UNKNOWN_ISSUER: Final = frozenset({18, 19, 20, 21})
"""OpenSSL's X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT to X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE."""
_SQUID_ERROR: Final = "X-Squid-Error"
_SQUID_UNSENT: Final = frozenset(
    {
        *("ERR_CACHE_ACCESS_DENIED", "ERR_FORWARDING_DENIED", "ERR_CONFLICT_HOST"),
        *("ERR_INVALID_REQ", "ERR_INVALID_URL", "ERR_UNSUP_REQ", "ERR_UNSUP_HTTPVERSION"),
    }
)
"""Squid's errors about a request (its err_type.h), which it therefore did not forward.

ERR_ACCESS_DENIED and ERR_TOO_BIG are also what it says when it refuses the host's answer, and ERR_INVALID_RESP is only
that.
"""
_TINYPROXY: Final = "tinyproxy"
_TINYPROXY_UNSENT: Final = frozenset({400, 403, 407, 408})
"""What it answers while it reads a request, before it connects to the host (its reqs.c)."""
_OWN_SERVERS: Final = (_TINYPROXY, "privoxy")
"""Forward proxies that name themselves in the answers that are their own."""


class ProxyError(aiohttp.ClientConnectionError):
    """The operator's proxy could not be used.

    `problem` is a sentence for operators, and `advice` the next step; neither names credentials. `status` is the
    proxy's answer, 0 if there was none. `may_have_sent` tells whether the host may have got the request all the same.
    """

    def __init__(
        self, proxy: Proxy, problem: str, advice: str = "", *, status: int = 0, may_have_sent: bool = False
    ) -> None:
        self.problem = f"The proxy {proxy.name} {problem}."
        self.advice = advice or f"Check {proxy.setting}, and whether the proxy runs."
        self.status = status
        self.may_have_sent = may_have_sent
        super().__init__(f"{self.problem} {self.advice}")


class SystemConnector(aiohttp.TCPConnector):
    """Connects by the names of the system, and through the proxy that the settings name for the URL.

    Everything that fails before a tunnel stands, or a proxy is reached, is a ProxyError: then nothing was sent.
    """

    def __init__(self, proxies: Proxies = DIRECT, *, resolver: AbstractResolver | None = None, **options: Any) -> None:  # noqa: ANN401 - TCPConnector's own
        super().__init__(resolver=resolver or SystemResolver(), **options)  # pyright: ignore[reportUnknownMemberType]
        self._proxies = proxies

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> "Connection":
        """Connect to the request's host, or to the proxy for it."""
        proxy = self._proxies.find(req.url)
        if proxy is None:
            return await super().connect(req, traces, timeout)
        _set_proxy(req, proxy)
        try:
            return await super().connect(req, traces, timeout)
        except (aiohttp.ClientError, OSError) as error:
            if (explained := _explain(error, proxy, req.url)) is None:
                raise
            raise explained from None  # the other's repr holds the credentials


def _set_proxy(req: aiohttp.ClientRequest, proxy: Proxy) -> None:
    """Let a request go through the proxy; only the proxy gets its credentials."""
    credentials = CIMultiDict({_AUTHORIZATION: proxy.authorization}) if proxy.authorization else None
    if req.is_ssl():
        req.update_proxy(proxy.url, None, credentials)  # sent with CONNECT
        return
    req.update_proxy(proxy.url, None, None)
    req.headers.update(credentials or {})


def _explain(error: Exception, proxy: Proxy, url: URL) -> ProxyError | None:
    """Return what went wrong with the proxy; None if the proxy connected, and the host's own TLS failed."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _describe_status(proxy, url, error.status)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return ProxyError(proxy, "isn't known by this name on this machine", f"Check the host in {proxy.setting}.")
    if isinstance(error, TimeoutError):
        advice = _describe_tls(proxy).advice if proxy.url.scheme == "https" else ""
        return ProxyError(proxy, f"did not connect to {url.host}:{url.port} in time", advice)
    if isinstance(error, aiohttp.ClientConnectorError):
        if (error.host, error.port) != (proxy.url.raw_host, proxy.url.port):
            return _explain_certificate(error, proxy)
        if isinstance(error, aiohttp.ClientSSLError):
            return _describe_tls(proxy)
        number = error.os_error.errno
        reason = os.strerror(number) if number else type(error.os_error).__name__
        return ProxyError(proxy, f"can't be reached ({reason})")
    if isinstance(error, ssl.SSLError):
        return _describe_tls(proxy)
    return ProxyError(
        proxy, "ended the connection without a proper answer", f"Check {proxy.setting}: it has to be an HTTP proxy."
    )


def _explain_certificate(error: aiohttp.ClientConnectorError, proxy: Proxy) -> ProxyError | None:
    """Return the error for a proxy that reads the TLS connection: its certificates have an issuer of its own."""
    reason = error.os_error
    if not isinstance(reason, ssl.SSLCertVerificationError) or reason.verify_code not in _UNKNOWN_ISSUER:
        return None
    problem = f"shows a certificate of its own for {error.host}, whose issuer this machine doesn't trust"
    advice = "Set SSL_CERT_FILE to a file with the trusted certificates and the proxy's, or name the host in NO_PROXY."
    return ProxyError(proxy, problem, advice)


def _describe_tls(proxy: Proxy) -> ProxyError:
    advice = f"Most proxies speak plain HTTP, also to reach https:// addresses: write {proxy.setting}=http://…"
    return ProxyError(proxy, "doesn't accept a TLS connection that this machine trusts", advice)


def _describe_status(proxy: Proxy, url: URL, status: int) -> ProxyError:
    """Describe a proxy's own answer to a request for `url`."""
    if status == _WANTS_CREDENTIALS and proxy.authorization:
        problem = "refused the user name and password"
        advice = f"Correct them in {proxy.setting} (@ is written %40 there, : is %3A, / is %2F, # is %23)."
    elif status == _WANTS_CREDENTIALS:
        problem = "wants a user name and password"
        advice = f"Add them to {proxy.setting}: http://user:password@{proxy.name}"
    elif status >= 500:
        problem = f"could not connect to {url.host}:{url.port}"
        advice = "Check whether the proxy reaches that host; one in your own network belongs into NO_PROXY."
    else:
        problem = f"refused to connect to {url.host}:{url.port}"
        advice = "Allow that host in the proxy; one in your own network belongs into NO_PROXY."
    return ProxyError(proxy, f"{problem} (HTTP {status})", advice, status=status)


def find_proxy_refusal(proxy: Proxy | None, url: URL, status: int, headers: Mapping[str, str]) -> ProxyError | None:
    """Return the proxy's own refusal of a plain HTTP request; None for what may be the host's answer.

    A tunnel's answers are all the host's. Without a tunnel, few proxies mark what they answer themselves: Squid does
    by X-Squid-Error, and 407 comes from proxies only (RFC 9110, 15.5.8). Proxies also refuse the host's answer to a
    request that they have forwarded: the error's `may_have_sent` is False only where that is impossible.
    """
    if proxy is None or url.scheme == "https" or not 400 <= status < 500:
        return None
    server = headers.get("Server", "").lower()
    wants_credentials = status == _WANTS_CREDENTIALS and "Proxy-Authenticate" in headers
    if not (wants_credentials or _SQUID_ERROR in headers or server.startswith(_OWN_SERVERS)):
        return None
    if wants_credentials or _is_unsent(status, server, headers.get(_SQUID_ERROR)):
        return _describe_status(proxy, url, status)
    problem = f"refused a request to {url.host}:{url.port}, or its answer (HTTP {status})"
    advice = "Allow that host and its answers in the proxy; one in your own network belongs into NO_PROXY."
    return ProxyError(proxy, problem, advice, status=status, may_have_sent=True)


def _is_unsent(status: int, server: str, squid_error: str | None) -> bool:
    """Whether a proxy's 4xx shows that it did not forward the request."""
    if squid_error is not None:
        return squid_error.partition(" ")[0] in _SQUID_UNSENT
    return server.startswith(_TINYPROXY) and status in _TINYPROXY_UNSENT
