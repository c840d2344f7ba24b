"""Retry calls of the store until the database answers again.

stamina does not fit here: it always sleeps with asyncio.sleep, and these retries wait on the injected clock.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import StoreUnavailable

_T = TypeVar("_T")

log = logging.getLogger(__name__)

STORE_RETRY_SECONDS = 5.0


async def retry_until_store_answers(
    call: Callable[[], Awaitable[_T]], *, sleep: Callable[[float], Awaitable[None]], subject: str
) -> _T:
    """Return the result of `call`, repeated every STORE_RETRY_SECONDS while it raises StoreUnavailable.

    Use it for rows that must be written however long the database is away. `subject` names in the log what waits,
    for example "Job 42".
    """
    while True:
        try:
            return await call()
        except StoreUnavailable as error:
            log.warning("%s waits for the store: %s.", subject, error)
            await sleep(STORE_RETRY_SECONDS)
