"""Read NO_PROXY, which every program spells differently: hosts, addresses, networks, ports. Pure."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Self

from yarl import URL

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SEPARATORS: Final = re.compile(r"[\s,;|\u3001]+")
_QUOTES: Final = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*://")
_BRACKETS: Final = re.compile(r"\[([^\[\]]*)\](.*)")
_RANGE: Final = re.compile(r"([0-9a-f.:]+)-([0-9a-f.:]+)")
_PREFIX: Final = re.compile(r"(?:\d{1,3}\.){1,3}|\d{1,3}(?:\.\d{1,3}){1,2}", re.ASCII)
"""The first numbers of IPv4 addresses."""
_NAME: Final = re.compile(r"[a-z0-9_*?.-]*[a-z0-9*?][a-z0-9_*?.-]*", re.ASCII)
_NUMBERS: Final = re.compile(r"[\d.-]+", re.ASCII)
"""A mistaken address or range, for no host's name is only numbers."""
_LOCAL: Final = "<local>"
"""Windows' word for names without a dot."""


@dataclass(frozen=True)
class ProxyException:
    """Hosts that are reached without a proxy: those of a name or pattern, or those in networks; on a port, if given."""

    name: str = ""
    networks: tuple[_Network, ...] = ()
    port: str = ""

    @classmethod
    def parse(cls, entry: str) -> Self | None:
        """Parse one entry; None if it names no host."""
        text = _SCHEME.sub("", entry).rpartition("@")[2]
        if networks := _parse_networks(text):
            return cls(networks=networks)
        authority, _, path = text.partition("/")
        host, port = _split_port(authority)
        if port and not port.isdecimal():
            return None
        if networks := _parse_networks(host):  # a path after an address is a network's mistaken length
            return None if path and text == entry else cls(networks=networks, port=port)
        name = host if host == _LOCAL else _parse_name(host)
        return cls(name=name, port=port) if name else None

    def matches(self, host: str, port: int | None) -> bool:
        """Whether a host is meant, which is in lower case and has no final dot."""
        if self.port and self.port != str(port):
            return False
        if self.networks:
            return _is_in(host, self.networks)
        if self.name == _LOCAL:
            return "." not in host and ":" not in host
        return fnmatchcase(host, self.name) or host.endswith(f".{self.name}")


def parse_exceptions(text: str) -> tuple[dict[str, ProxyException], list[str]]:
    """Read NO_PROXY: return what each entry stands for, and the entries that name no host."""
    text = unicodedata.normalize("NFKC", text).replace("\u3002", ".").lower()
    read: dict[str, ProxyException] = {}
    unread: list[str] = []
    for raw in _SEPARATORS.split(text):
        if entry := raw.strip(_QUOTES).rpartition("@")[2]:
            if found := ProxyException.parse(entry):
                read[entry] = found
            else:
                unread.append(entry)
    return read, unread


def _split_port(text: str) -> tuple[str, str]:
    """Split a text into its host, without brackets, and its port, or ""."""
    if found := _BRACKETS.fullmatch(text):
        return found[1], found[2].removeprefix(":")
    host, colon, port = text.partition(":")
    return (text, "") if ":" in port else (host, port if colon else "")


def _parse_name(host: str) -> str:
    """Return a host's name, as requests spell it, or a pattern of names; "" if it is neither."""
    stripped = host.removeprefix("*.").strip(".")
    try:
        name = stripped if stripped.isascii() else URL.build(scheme="http", host=stripped).raw_host or ""
    except ValueError:
        return ""
    return name if _NAME.fullmatch(name) and not _NUMBERS.fullmatch(name) else ""


def _parse_networks(text: str) -> tuple[_Network, ...]:
    """Return the networks of an address, a network, a range, or the first numbers of addresses; none for a name."""
    if found := _BRACKETS.fullmatch(text):
        if found[2] and not found[2].startswith("/"):
            return ()
        text = found[1] + found[2]
    try:
        if found := _RANGE.fullmatch(text):
            first, last = (ipaddress.ip_address(each) for each in found.groups())
            return tuple(ipaddress.summarize_address_range(first, last))
        if _PREFIX.fullmatch(text):
            numbers = text.strip(".").split(".")
            text = f"{'.'.join(numbers + ['0'] * (4 - len(numbers)))}/{8 * len(numbers)}"
        return (ipaddress.ip_network(text.rstrip("/."), strict=False),)
    except (ValueError, TypeError):
        return ()


def _is_in(host: str, networks: tuple[_Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in networks)
