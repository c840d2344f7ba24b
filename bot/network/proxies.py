"""Choose the operator's proxy for a URL: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. Pure.

The rules are those on which curl, Go and Python agree. NO_PROXY names hosts with their subdomains, addresses and
networks, each also with a port; `*` stands for all of them.
"""

import base64
import ipaddress
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Self
from urllib.parse import unquote

from yarl import URL

from bot.settings import Settings

_SECURE: Final = frozenset({"https", "wss"})
_SCHEME: Final = re.compile(r"^[a-z]+://")


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
    """The proxies of the settings, and what they are not used for."""

    def __init__(self, *, http: Proxy | None = None, https: Proxy | None = None, exceptions: str = "") -> None:
        self.http = http
        self.https = https
        self._exceptions = [_SCHEME.sub("", each) for each in re.split(r"[\s,;]+", exceptions.lower()) if each]

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
        return None if any(_matches(each, host, url.port) for each in self._exceptions) else proxy


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _matches(exception: str, host: str, port: int | None) -> bool:
    """Whether an entry of NO_PROXY names a host."""
    wanted, wanted_port = _split_port(exception)
    if wanted_port and wanted_port != str(port):
        return False
    if "/" in wanted:
        return _is_in_network(host, wanted)
    if wanted == "<local>":  # Windows' word for names without a dot
        return "." not in host and ":" not in host
    if _is_same_address(host, wanted):
        return True
    wanted = wanted.removeprefix("*.").strip(".") or wanted
    return fnmatchcase(host, wanted) or host.endswith(f".{wanted}")


def _split_port(exception: str) -> tuple[str, str]:
    """Split an entry into its host, without brackets, and its port, or ""."""
    if exception.startswith("["):
        host, _, rest = exception[1:].partition("]")
        return host, rest.removeprefix(":")
    host, colon, port = exception.partition(":")
    return (exception, "") if ":" in port else (host, port if colon else "")


def _is_in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _is_same_address(host: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(address)
    except ValueError:
        return False
