"""Check a picture's URL: may we connect to its host, when does it expire, and can only the relay open it."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.network.connectors import SystemConnector

IMAGE_ROUTE = "/mj/image/"

# Listed here, because ipaddress.is_global differs between Python versions.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata lives in it
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's metadata and agent, though the number is public
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF assignments; Oracle's metadata
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
# Outside 2000::/3 are loopback, link-local, unique-local, multicast, IPv4-mapped and NAT64 addresses.
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address
        "3fff::/20",
    )
)

# The ranges from which TUN software gives every name an address of its own, to see later where a connection leads:
# Clash (mihomo), sing-box, Xray, V2Ray and Surge, by default or as their examples have it.
_FAKE_IP = tuple(ipaddress.ip_network(network) for network in ("198.18.0.0/15", "fc00::/18", "fdfe:dcba:9876::/64"))
_KNOWN_DOMAINS = ("discord.com", "discordapp.com", "discordapp.net", "midjourney.com")
_HOST_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?", re.IGNORECASE | re.ASCII)
_IPV6 = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE | re.ASCII)
_LOOKUP_SECONDS = 5.0
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)

_LOOPBACK = re.compile(r"localhost|localhost\.localdomain|.+\.localhost|(127|0)(\.\d+){0,3}|::1?|::ffff:(127|0)\..+")
_INTERNAL_NAME = re.compile(r"[^.:]+|.+\.(local|internal|intranet|lan|home|corp|home\.arpa)")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")
_BARE_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(?P<port>\d{1,5}))?(?P<tail>[/?].*)?", re.DOTALL)
_DOMAIN = re.compile(r".+\.(?:[a-z]{2,63}|xn--[a-z0-9-]+)|\d{1,3}(?:\.\d{1,3}){3}")
_RELATIVE_PATH = re.compile(r"[^\s/]+/\S+|[^\s/?#]+\.(?:png|jpe?g|webp|gif|mp4|webm|mov)(?:[?#]\S*)?", re.IGNORECASE)
_HEX_SECONDS = re.compile(r"[0-9a-fA-F]{1,8}")


class AddressRefusedError(OSError):
    """The connector, or a proxy, was about to connect to an address that is not public."""


class HostUnknownError(AddressRefusedError):
    """A proxy would connect to a host that this machine does not know, and so cannot judge."""


def is_public_ip(address: str) -> bool:
    """Whether `address` is an IP address of the public internet; False for text that is no IP address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _REFUSED_V4)
    return ip in _UNICAST_V6 and not any(ip in network for network in _REFUSED_V6)


def is_fake_ip(address: str) -> bool:
    """Whether DNS gives such addresses in place of a host's own: see _FAKE_IP.

    The first two of a range belong to the software's network interface on this machine, and so to no host.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network and int(ip) - int(network.network_address) > 1 for network in _FAKE_IP)


def is_host(host: str) -> bool:
    """Whether a host, in IDNA's ASCII form, is a name or an address, so that all software reads it alike.

    A percent sign, a control character or an empty label may be decoded, cut off or left out on the way, and the rest
    then is another host.
    """
    return (_IPV6 if ":" in host else _HOST_NAME).fullmatch(host) is not None


def is_numeric_host(host: str) -> bool:
    """Whether a host is an address, in any of the spellings that some software reads as one: 127.1, 0x7f000001."""
    return ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None


async def check_proxied_host(host: str, resolver: AbstractResolver, is_allowed: Callable[[str], bool]) -> None:
    """Raise AddressRefusedError if a host to which a proxy would connect is not public, or not known to be.

    The proxy looks a name up again, and uses any of its addresses: so all of them must be public here. A name that this
    machine does not know may be one of the proxy's own network, or lead to the proxy's own machine or its metadata, so
    it is refused, but for the domains of Discord and Midjourney, where nobody else makes names.
    """
    if not is_host(host):
        raise AddressRefusedError("not a host name")
    if is_numeric_host(host):
        if not is_allowed(host):
            raise AddressRefusedError("not a public address")
        return
    try:
        async with asyncio.timeout(_LOOKUP_SECONDS):
            found = await resolver.resolve(host, 0, socket.AF_UNSPEC)
    except OSError:  # TimeoutError is one: of a network whose DNS servers don't answer, only the proxy knows more
        if not has_known_domain(host):
            raise HostUnknownError("unknown to this machine") from None
        return
    if not found or not all(is_allowed(each["host"]) for each in found):
        raise AddressRefusedError("not a public address")


def is_internal_name(host: str) -> bool:
    """Whether a name is made for a private network, such as `nas.local` and `router`."""
    return _LOOPBACK.fullmatch(host) is not None or _INTERNAL_NAME.fullmatch(host) is not None


def has_known_domain(host: str) -> bool:
    """Whether a host is one of Discord's or Midjourney's."""
    name = host.lower().removesuffix(".")
    return is_host(host) and any(name.endswith(f".{domain}") for domain in _KNOWN_DOMAINS)


def create_public_connector(
    resolver: AbstractResolver | None = None, is_allowed: Callable[[str], bool] = is_public_ip
) -> aiohttp.TCPConnector:
    """Create a connector that raises AddressRefusedError for every address that `is_allowed` rejects.

    It checks the address to which a socket is about to be connected. So the check includes names that resolve
    differently the second time (DNS rebinding), and literal addresses, for which aiohttp calls no resolver.
    """

    def open_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        family, kind, protocol, _, peer = info
        if not is_allowed(str(peer[0])):
            # The text is always the same: aiohappyeyeballs keeps the type only if all addresses failed alike.
            raise AddressRefusedError("not a public address")
        return socket.socket(family, kind, protocol)

    return SystemConnector(resolver=resolver, socket_factory=open_socket, use_dns_cache=False)


def get_host_and_port(url: URL) -> tuple[str, int | None]:
    """Return the lower-case host, and the port, which defaults to the scheme's own."""
    return (url.raw_host or "").lower().rstrip("."), url.port


def rewrite_relay_url(url: str, relay_url: str) -> str:
    """Rewrite a URL that only the relay's own machine can open so that it uses `relay_url`; return others unchanged.

    Gateways whose own address is not set, or is a container's, send `http://localhost:3000/mj/image/<id>`
    (new-api #85, #144), or only `/mj/image/<id>`. Path and query stay byte for byte, after the path prefix of
    `relay_url`. Text that is no address at all becomes "".
    """
    try:
        base = URL(relay_url, encoded=True)
        url = _complete_url(url.strip(), base)
        link = URL(url, encoded=True)
        if link.scheme not in {"http", "https"} or get_host_and_port(link) == get_host_and_port(base):
            return url
        host, _ = get_host_and_port(link)
    except ValueError:
        return url
    if not is_internal_url(host, link.raw_path):
        return url
    # Cut from the text, because a parsed URL loses an empty query.
    return _join_path(re.sub(r"^[^:]+://[^/?#]*", "", url).partition("#")[0], base)


def _join_path(path: str, base: URL) -> str:
    """Join a path and query to the relay's address, after its path prefix."""
    prefix = base.raw_path.rstrip("/")
    path = f"/{path.lstrip('/')}"
    if not path.startswith(f"{prefix}/"):
        path = prefix + path
    return f"{base.scheme}://{base.raw_authority.rpartition('@')[2]}{path}"


def _complete_url(url: str, base: URL) -> str:
    """Add what an address lacks: the scheme, or the relay's host too; return "" for text that is no address."""
    if _ABSOLUTE.match(url):
        return url
    if re.match(r"//[^/]", url):
        return _add_scheme(url[2:], base, base.scheme)
    if url.startswith("/"):
        return _join_path(url, base) if url.strip("/") else ""
    if _starts_with_host(url, base):
        return _add_scheme(url, base, "https")
    path = re.sub(r"^(?:\.{1,2}/)+", "", url)
    return _join_path(path, base) if _RELATIVE_PATH.fullmatch(path) else ""


def _add_scheme(url: str, base: URL, scheme: str) -> str:
    """Add the scheme to an address that starts with its host; the relay's own host gets its scheme and port too."""
    found = _BARE_HOST.fullmatch(url)
    if found and found["host"].lower() == _get_bare_host(base):
        return f"{base.scheme}://{url}" if found["port"] else _join_path(found["tail"] or "/", base)
    return f"{scheme}://{url}"


def _starts_with_host(url: str, base: URL) -> bool:
    """Whether the part before the first slash can only be a host: the relay's, one with a port, or a name with dots."""
    found = _BARE_HOST.fullmatch(url)
    if found is None:
        return False
    host = found["host"].lower()
    if found["port"] or host.startswith("[") or host in {_get_bare_host(base), "localhost"}:
        return True
    return (found["tail"] or "").startswith("/") and _DOMAIN.fullmatch(host) is not None


def _get_bare_host(url: URL) -> str:
    """Return a URL's host as it is written in an address: an IPv6 address is in brackets."""
    host, _ = get_host_and_port(url)
    return f"[{host}]" if ":" in host else host


def is_internal_url(host: str, path: str) -> bool:
    """Whether a URL with this host and path names a machine that cannot be reached from outside its network."""
    if _LOOPBACK.fullmatch(host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_private = _INTERNAL_NAME.fullmatch(host) is not None
    else:
        is_private = not is_public_ip(host)
    return is_private and IMAGE_ROUTE in path


def parse_expiry(url: str) -> datetime | None:
    """Parse when a signed Discord CDN link expires: `ex` is Unix seconds in hex (Discord's API reference, CDN)."""
    try:
        seconds = URL(url).query.get("ex", "")
    except ValueError:
        return None
    return datetime.fromtimestamp(int(seconds, 16), UTC) if _HEX_SECONDS.fullmatch(seconds) else None
