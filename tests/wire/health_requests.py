"""Ask the health server of a bot process, over HTTP on 127.0.0.1."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping

import aiohttp


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def ask(port: int, path: str) -> tuple[int, str]:
    """Get a page."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


async def reasons(port: int) -> dict[str, str]:
    """Ask /readyz; its status says the same as its body."""
    status, text = await ask(port, "/readyz")
    said = json.loads(text)
    assert (status, said["ready"]) == ((503, False) if said["reasons"] else (200, True))
    found: dict[str, str] = said["reasons"]
    return found


async def becomes(port: int, wanted: Callable[[Mapping[str, str]], bool], seconds: float = 60.0) -> Mapping[str, str]:
    """Ask /readyz ten times a second until its reasons are wanted; /healthz must be good all the while."""
    end, seen = time.monotonic() + seconds, await reasons(port)
    while not wanted(seen):
        assert time.monotonic() < end, f"never came, only {seen}"
        assert (await ask(port, "/healthz"))[0] == 200
        await asyncio.sleep(0.1)
        seen = await reasons(port)
    return seen
