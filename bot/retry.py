"""Call something again after a temporary failure.

stamina is not used here, because it always sleeps in real time: the bot's clock is injected, so that the sandbox runs
fast and tests run in virtual time.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

log = logging.getLogger(__name__)

_T = TypeVar("_T")

Sleep = Callable[[float], Awaitable[object]]


async def retry(
    call: Callable[[], Awaitable[_T]],
    *,
    should_retry: Callable[[Exception], bool],
    delays: Iterable[float],
    sleep: Sleep,
) -> _T:
    """Await `call()`; after a failure that `should_retry`, do so again after each of `delays`, in seconds.

    The last failure, and every other one, is raised.
    """
    for delay in delays:
        try:
            return await call()
        except Exception as error:
            if not should_retry(error):
                raise
            log.debug("Retrying in %g s after %s.", delay, type(error).__name__)
        await sleep(delay)
    return await call()
