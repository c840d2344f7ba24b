"""Call something again after a temporary failure.

stamina is not used here, because it always sleeps in real time: the bot's clock is injected, so that the sandbox runs
fast and tests run in virtual time.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from bot.errors import StoreUnavailable

log = logging.getLogger(__name__)

_T = TypeVar("_T")

Sleep = Callable[[float], Awaitable[object]]

STORE_RETRY_SECONDS = 5.0


class StoreOutageLog:
    """Logs what fails while the database is away, once for each cause: every message of the bot may need it."""

    def __init__(self) -> None:
        self._causes: set[str] = set()

    def report(
        self, logger: logging.Logger, event: str, error: StoreUnavailable, *, even_if_known: bool = False
    ) -> None:
        """Log an event, which is a sentence, and what is wrong with the database; as DEBUG where that is known."""
        level = logging.DEBUG if str(error) in self._causes and not even_if_known else logging.WARNING
        self._causes.add(str(error))
        logger.log(level, "%s %s", event, error)

    def end(self) -> bool:
        """Log the next errors again, as the database works; return whether there were any."""
        had_errors = bool(self._causes)
        self._causes.clear()
        return had_errors


STORE_OUTAGE = StoreOutageLog()
"""The outage of this process's database."""


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


async def retry_until_store_answers(call: Callable[[], Awaitable[_T]], *, sleep: Sleep, subject: str) -> _T:
    """Return the result of `call`, repeated every STORE_RETRY_SECONDS while it raises StoreUnavailable.

    Use it for rows that must be written however long the database is away. `subject` names in the log what waits,
    for example "Job 42".
    """
    while True:
        try:
            return await call()
        except StoreUnavailable as error:
            STORE_OUTAGE.report(log, f"{subject} waits for the database.", error)
        await sleep(STORE_RETRY_SECONDS)
