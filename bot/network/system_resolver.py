"""Resolve host names as every other program of the machine does, without blocking the event loop or the end.

aiohttp prefers aiodns where it is installed, which asks DNS servers itself: it knows neither mDNS (`nas.local`) nor
the other sources of nsswitch.conf, systemd-resolved or a VPN's own resolver.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

from bot.network.proxies import is_loopback

GetAddrInfo = Callable[..., list[Any]]
"""`socket.getaddrinfo`, or what a test puts in its place."""

_MAX_LOOKUPS: Final = 8
"""How many lookups of one resolver may run at once: a slow DNS server holds a thread for half a minute."""
_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class SystemResolver(AbstractResolver):
    """Calls the system's getaddrinfo in threads of its own, which nothing waits for at the end of the process.

    Each connector has a resolver of its own, so that names which a person chose delay no other lookup. A lookup that
    is canceled leaves its thread running, and keeps its place among the lookups until the system has answered.
    """

    def __init__(self, getaddrinfo: GetAddrInfo = socket.getaddrinfo) -> None:
        self._getaddrinfo = getaddrinfo
        self._slots = asyncio.Semaphore(_MAX_LOOKUPS)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raise OSError if the system does not know it."""
        if not _is_readable(host):
            raise socket.gaierror(socket.EAI_NONAME, "not a host name")
        found = await self._run(host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=_format_address(kind, address),
                port=address[1],
                family=kind,
                proto=protocol,
                flags=_NUMERIC,
            )
            for kind, _, protocol, _, address in found
            # Python without IPv6 has addresses of two numbers there.
            if kind == socket.AF_INET or len(address) > 3
        ]

    async def _run(self, host: str, port: int, family: int) -> list[Any]:
        """Call getaddrinfo in a new daemon thread, once there is a free slot."""
        await self._slots.acquire()
        # Otherwise the system may leave out the addresses of a machine that has no other network.
        flags = 0 if is_loopback(host) else socket.AI_ADDRCONFIG
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any]] = loop.create_future()

        def finish(found: list[Any] | None, error: OSError | None) -> None:
            self._slots.release()
            if answer.done():  # canceled
                return
            if error is None:
                answer.set_result(found or [])
            else:
                answer.set_exception(error)

        def look_up() -> None:
            found, error = None, None
            try:
                found = self._getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, flags)
            except OSError as failed:
                error = failed
            except (UnicodeError, ValueError) as invalid:  # too long a label, or an empty one
                error = socket.gaierror(socket.EAI_NONAME, f"not a host name ({type(invalid).__name__})")
            try:
                loop.call_soon_threadsafe(finish, found, error)
            except RuntimeError:  # the loop has been closed meanwhile
                return

        try:
            threading.Thread(target=look_up, name="getaddrinfo", daemon=True).start()
        except RuntimeError as full:  # no more threads
            self._slots.release()
            raise OSError("no thread for a lookup") from full
        return await answer

    async def close(self) -> None:
        """Hold nothing: threads that still wait for the system end with the process."""


def _is_readable(host: str) -> bool:
    """Whether no part of a host could be decoded or cut off; an interface may follow an address of IPv6, after %."""
    return host.isprintable() and " " not in host and ("%" not in host or ":" in host)


def _format_address(family: int, address: tuple[Any, ...]) -> str:
    """Return an address as text; a link-local one of IPv6, which mDNS may bring, with its interface."""
    scope = address[3] if family == socket.AF_INET6 else 0
    return f"{address[0]}%{scope}" if scope and "%" not in address[0] else str(address[0])
