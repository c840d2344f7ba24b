"""Retry calls of the store until the database answers again."""

import logging
from collections.abc import Awaitable, Callable
from itertools import repeat
from typing import TypeVar

from bot.errors import StoreUnavailable
from bot.retry import Sleep, retry

_T = TypeVar("_T")

log = logging.getLogger(__name__)

STORE_RETRY_SECONDS = 5.0


async def retry_until_store_answers(call: Callable[[], Awaitable[_T]], *, sleep: Sleep, subject: str) -> _T:
    """Return the result of `call`, repeated every STORE_RETRY_SECONDS while it raises StoreUnavailable.

    Use it for rows that must be written however long the database is away. `subject` names in the log what waits,
    for example "Job 42".
    """

    def should_retry(error: Exception) -> bool:
        if isinstance(error, StoreUnavailable):
            log.warning("%s waits for the store: %s.", subject, error)
            return True
        return False

    return await retry(call, should_retry=should_retry, delays=repeat(STORE_RETRY_SECONDS), sleep=sleep)
