"""The HTTP server for monitoring: /healthz, /readyz and /metrics, without secrets."""

import asyncio
import errno
import logging
import re
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import yarl
from aiohttp import web
from prometheus_client import disable_created_metrics
from prometheus_client.aiohttp import make_aiohttp_handler

from bot.ops.connection_limits import ConnectionLimiter
from bot.ops.health import Readiness
from bot.ops.loop_lag import LoopLagMonitor
from bot.ops.shutdown import HTTP_SERVER_SECONDS

log = logging.getLogger(__name__)

_ALIVE_SECONDS = 10.0
"""The process counts as alive if the event loop has run within this time."""
_SERVER_NAME = "mjbot"
_PROBE_TIMEOUT = aiohttp.ClientTimeout(total=2)


@asynccontextmanager
async def serve_http(
    port: int | None, host: str, readiness: Readiness, *, monitor: LoopLagMonitor | None = None
) -> AsyncGenerator[tuple[str, int] | None]:
    """Serve on `port` of `host` until the block ends, and yield the address; None without a port, or if it is taken.

    An empty `host` means all interfaces; port 0 means any free port.
    """
    if port is None:
        yield None
        return
    monitor = monitor or LoopLagMonitor()
    async with AsyncExitStack() as stack:
        monitoring = asyncio.create_task(monitor.run(), name="loop lag")
        stack.push_async_callback(asyncio.wait, {monitoring})
        stack.callback(monitoring.cancel)
        runner = web.AppRunner(
            _build_application(monitor, readiness),
            access_log=None,
            logger=_create_silent_logger(),
            handler_cancellation=True,
            shutdown_timeout=HTTP_SERVER_SECONDS,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        server = await _open_port(runner, host, port)
        if server is None:
            yield None
            return
        stack.callback(server.close)
        address, bound_port = server.sockets[0].getsockname()[:2]
        log.info("Serving /healthz, /readyz and /metrics on port %d of %s.", bound_port, host or "every address")
        yield address, bound_port


async def find_port_problem(port: int | None, host: str) -> str:
    """Return why `serve_http` cannot serve on this port; "" if it can, or if a running bot does so already."""
    if port is None:
        return ""
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host or None, port)
    except (OSError, UnicodeError) as error:
        return "" if await _is_served_by_bot(port, host) else _describe_bind_error(error)
    server.close()
    return ""


async def _is_served_by_bot(port: int, host: str) -> bool:
    """Return whether /healthz answers there as a bot's does."""
    address = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what a setting says
    url = yarl.URL.build(scheme="http", host=address, port=port, path="/healthz")
    try:
        async with aiohttp.ClientSession(timeout=_PROBE_TIMEOUT) as session, session.get(url) as response:
            return response.headers.get("Server") == _SERVER_NAME
    except (aiohttp.ClientError, OSError, ValueError):
        return False


_ERRNO_IN_TEXT = re.compile(r"\[Errno (\d+)\]")


def _find_errno(error: Exception) -> int | None:
    """Return an error's number, which asyncio of Python 3.13 only writes into the text."""
    number: int | None = getattr(error, "errno", None)
    if number is None and (found := _ERRNO_IN_TEXT.search(str(error))):
        return int(found[1])
    if number is None and "could not bind on any address" in str(error):
        return errno.EADDRNOTAVAIL
    return number


def _describe_bind_error(error: Exception) -> str:
    match _find_errno(error):
        case errno.EADDRINUSE:
            return "is taken by another program"
        case errno.EACCES | errno.EPERM:
            return "may not be opened by this user (numbers below 1024 often belong to root)"
        case errno.EADDRNOTAVAIL:
            return "cannot be opened, because LISTEN_HOST is not an address of this machine"
        case _ if isinstance(error, socket.gaierror | UnicodeError):
            return "cannot be opened, because LISTEN_HOST is not an address"
        case _:
            return f"cannot be opened ({error})"


async def _open_port(runner: web.AppRunner, host: str, port: int) -> asyncio.Server | None:
    if runner.server is None:
        raise RuntimeError("setup() of the runner must come first")
    limiter = ConnectionLimiter(runner.server)
    try:
        return await asyncio.get_running_loop().create_server(limiter, host or None, port)
    except (OSError, UnicodeError) as error:
        reason = _describe_bind_error(error).removeprefix("cannot be opened, because ")
        log.error("PORT %d cannot be opened (%s): the health server is off.", port, reason)  # noqa: TRY400
        return None


def _create_silent_logger() -> logging.Logger:
    """Return a logger that drops everything: strangers may fill the log with invalid requests to an open port."""
    logger = logging.getLogger(f"{__name__}.requests")
    logger.setLevel(logging.CRITICAL)
    return logger


def _build_application(monitor: LoopLagMonitor, readiness: Readiness) -> web.Application:
    async def healthz(_: web.Request) -> web.Response:
        alive = monitor.seconds_since_last_run < _ALIVE_SECONDS
        return web.json_response({"alive": alive}, status=200 if alive else 503)

    async def readyz(_: web.Request) -> web.Response:
        reasons = await readiness.find_problems()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    # The creation times of series would double the size of the response, and are of no use here.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    application = web.Application()
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", make_aiohttp_handler())
    application.on_response_prepare.append(_set_headers)
    return application


async def _set_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Hide the versions of libraries, and forbid caching."""
    response.headers["Server"] = _SERVER_NAME
    response.headers["Cache-Control"] = "no-store"
