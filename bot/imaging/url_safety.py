"""Judge a picture's address: whose machine it names, when it dies, and whether we may connect there."""

import ipaddress
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

IMAGE_ROUTE = "/mj/image/"

# Listed rather than left to ipaddress.is_global, whose opinion differs between Python versions.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata lives in it
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's metadata and agent, public by its number only
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
# Outside 2000::/3 stand loopback, link-local, unique-local, multicast, IPv4-mapped and NAT64 addresses.
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

_LOOPBACK = re.compile(r"localhost|localhost\.localdomain|.+\.localhost|(127|0)(\.\d+){0,3}|::1?|::ffff:(127|0)\..+")
_INTERNAL_NAME = re.compile(r"[^.:]+|.+\.(local|internal|intranet|lan|home|corp|home\.arpa)")
_HEX_SECONDS = re.compile(r"[0-9a-fA-F]{1,8}")


class AddressRefusedError(OSError):
    """The connector was about to connect to an address that is not public."""


def is_public_ip(address: str) -> bool:
    """Say whether an IP address, as text, belongs to the open internet; what is no address does not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _REFUSED_V4)
    return ip in _UNICAST_V6 and not any(ip in network for network in _REFUSED_V6)


def create_public_connector(
    resolver: AbstractResolver | None = None, allowed: Callable[[str], bool] = is_public_ip
) -> aiohttp.TCPConnector:
    """Build a connector that refuses, with AddressRefusedError, every address that is not `allowed`.

    It judges the address a socket is about to be connected to: names that resolve anew (DNS rebinding) and
    literal addresses, which skip aiohttp's resolver, meet the same check.
    """

    def open_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        family, kind, protocol, _, peer = info
        if not allowed(str(peer[0])):
            # One text for all: aiohappyeyeballs keeps the type only where all addresses failed alike.
            raise AddressRefusedError("not a public address")
        return socket.socket(family, kind, protocol)

    return aiohttp.TCPConnector(resolver=resolver, socket_factory=open_socket, use_dns_cache=False)


def get_host_and_port(url: URL) -> tuple[str, int | None]:
    """Take the host, lower-cased, and the port, the scheme's own where none is written."""
    return (url.raw_host or "").lower().rstrip("."), url.port


def rewrite_relay_url(url: str, relay_url: str) -> str:
    """Rewrite a link that only the relay's machine could open onto `relay_url`; leave every other as it is.

    Gateways whose own address was never set, or is a container's, hand out `http://localhost:3000/mj/image/<id>`
    (new-api #85, #144). Path and query are kept to the byte, after the path prefix of `relay_url`.
    """
    try:
        link = URL(url, encoded=True)
        base = URL(relay_url, encoded=True)
        if link.scheme not in {"http", "https"} or get_host_and_port(link) == get_host_and_port(base):
            return url
        host, _ = get_host_and_port(link)
    except ValueError:
        return url
    if not is_internal_url(host, link.raw_path):
        return url
    prefix = base.raw_path.rstrip("/")
    # Cut from the text itself: a parsed link forgets an empty query.
    path = re.sub(r"^[^:]+://[^/?#]*", "", url).partition("#")[0]
    if not path.startswith("/"):
        path = f"/{path}"
    if not path.startswith(f"{prefix}/"):
        path = prefix + path
    return f"{base.scheme}://{base.raw_authority.rpartition('@')[2]}{path}"


def is_internal_url(host: str, path: str) -> bool:
    """Tell whether a link means a machine that nobody outside its network can open."""
    if _LOOPBACK.fullmatch(host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        private = _INTERNAL_NAME.fullmatch(host) is not None
    else:
        private = not is_public_ip(host)
    return private and IMAGE_ROUTE in path


def parse_expiry(url: str) -> datetime | None:
    """Read when a signed Discord CDN link dies: `ex` is hexadecimal Unix seconds (Discord's API reference, CDN)."""
    try:
        seconds = URL(url).query.get("ex", "")
    except ValueError:
        return None
    return datetime.fromtimestamp(int(seconds, 16), UTC) if _HEX_SECONDS.fullmatch(seconds) else None
