"""What watches the bot asks here, over HTTP: /healthz, /readyz and /metrics; nothing else, and nothing secret."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from prometheus_client import disable_created_metrics
from prometheus_client.aiohttp import make_aiohttp_handler

from bot.ops.connection_limits import ConnectionLimiter
from bot.ops.health import Readiness
from bot.ops.loop_lag import LoopLagMonitor
from bot.ops.shutdown import HTTP_SERVER_SECONDS

log = logging.getLogger(__name__)

_ALIVE_SECONDS = 10.0
"""How long ago the last beat of the loop may be."""


@asynccontextmanager
async def serve_http(
    port: int | None, host: str, readiness: Readiness, *, pulse: LoopLagMonitor | None = None
) -> AsyncGenerator[tuple[str, int] | None]:
    """Serve on `port` of `host` until the block ends, and yield the address; None where no port is wanted, or free.

    An empty `host` means all interfaces; port 0, any port that is free.
    """
    if port is None:
        yield None
        return
    pulse = pulse or LoopLagMonitor()
    async with AsyncExitStack() as stack:
        beating = asyncio.create_task(pulse.run(), name="pulse")
        stack.push_async_callback(asyncio.wait, {beating})
        stack.callback(beating.cancel)
        runner = web.AppRunner(
            _application(pulse, readiness),
            access_log=None,
            logger=_silent(),
            handler_cancellation=True,
            shutdown_timeout=HTTP_SERVER_SECONDS,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        server = await _opened(runner, host, port)
        if server is None:
            yield None
            return
        stack.callback(server.close)
        address, taken = server.sockets[0].getsockname()[:2]
        log.info("Serving /healthz, /readyz and /metrics on port %d of %s.", taken, host or "every address")
        yield address, taken


async def _opened(runner: web.AppRunner, host: str, port: int) -> asyncio.Server | None:
    if runner.server is None:
        raise RuntimeError("the runner is set up before")
    door = ConnectionLimiter(runner.server)
    try:
        return await asyncio.get_running_loop().create_server(door, host or None, port)
    except (OSError, UnicodeError) as error:
        log.error("PORT %d cannot be opened (%s): nothing is served there.", port, error)  # noqa: TRY400
        return None


def _silent() -> logging.Logger:
    """Return a logger for what strangers send to an open port: no HTTP, half of it, or too much."""
    quiet = logging.getLogger(f"{__name__}.strangers")
    quiet.setLevel(logging.CRITICAL)
    return quiet


def _application(pulse: LoopLagMonitor, readiness: Readiness) -> web.Application:
    async def healthz(_: web.Request) -> web.Response:
        alive = pulse.seconds_since_beat < _ALIVE_SECONDS
        return web.json_response({"alive": alive}, status=200 if alive else 503)

    async def readyz(_: web.Request) -> web.Response:
        reasons = await readiness.find_problems()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    # When each series began is as long to tell as all that it counts, and of no use here.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    application = web.Application()
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", make_aiohttp_handler())
    application.on_response_prepare.append(_unnamed)
    return application


async def _unnamed(_: web.Request, response: web.StreamResponse) -> None:
    """Keep versions to ourselves, and answers out of caches."""
    response.headers["Server"] = "mjbot"
    response.headers["Cache-Control"] = "no-store"
