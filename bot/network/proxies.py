"""Choose the operator's proxy for a URL: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. Pure.

The rules are those on which curl, Go and Python agree. NO_PROXY names hosts with their subdomains, addresses and
networks, each also with a port; `*` stands for all of them.
"""

import base64
import ipaddress
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import unquote

from yarl import URL

from bot.network.proxy_exceptions import parse_exceptions
from bot.settings import Settings

_SECURE: Final = frozenset({"https", "wss"})


@dataclass(frozen=True)
class Proxy:
    """A proxy at `url`, which holds no credentials; `setting` is the variable that names it."""

    url: URL
    setting: str
    authorization: str = field(default="", repr=False)
    """The value of Proxy-Authorization; empty without credentials."""

    @classmethod
    def parse(cls, address: str, setting: str) -> Self | None:
        """Parse an address that the settings have checked; None for an empty one."""
        if not address:
            return None
        url = URL(address, encoded=True)
        credentials = f"{unquote(url.raw_user or '')}:{unquote(url.raw_password or '')}"
        encoded = base64.b64encode(credentials.encode()).decode()
        return cls(url.with_user(None).with_path("/"), setting, f"Basic {encoded}" if len(credentials) > 1 else "")

    @property
    def name(self) -> str:
        """The host and port, for people."""
        return f"{self.url.host_subcomponent}:{self.url.port}"

    @property
    def is_local(self) -> bool:
        """Whether the proxy runs on this machine."""
        return is_loopback(self.url.raw_host or "")


class Proxies:
    """The proxies of the settings, and what they are not used for.

    `exceptions` are the entries of NO_PROXY, and `unread_exceptions` those that name no host.
    """

    def __init__(self, *, http: Proxy | None = None, https: Proxy | None = None, exceptions: str = "") -> None:
        self.http = http
        self.https = https
        self.exceptions, self.unread_exceptions = parse_exceptions(exceptions)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Read the proxies from the settings; ALL_PROXY stands for the schemes that have none of their own."""
        other = Proxy.parse(settings.all_proxy.get_secret_value(), "ALL_PROXY")
        return cls(
            http=Proxy.parse(settings.http_proxy.get_secret_value(), "HTTP_PROXY") or other,
            https=Proxy.parse(settings.https_proxy.get_secret_value(), "HTTPS_PROXY") or other,
            exceptions=settings.no_proxy,
        )

    def find(self, url: URL) -> Proxy | None:
        """Return the proxy for a URL; None where the bot connects itself.

        A loopback address means this machine, so only a proxy on this machine is asked for it.
        """
        proxy = self.https if url.scheme in _SECURE else self.http
        host = (url.raw_host or "").lower().rstrip(".")
        if proxy is None or (is_loopback(host) and not proxy.is_local):
            return None
        return None if any(each.matches(host, url.port) for each in self.exceptions.values()) else proxy


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
