"""Whether the bot can work, as a list of problems; their texts contain no secrets."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping
from contextlib import contextmanager

from bot.polling.poller import Poller
from bot.relay.key_advice import describe_key_error

log = logging.getLogger(__name__)

HealthCheck = Callable[[], str | Awaitable[str]]
"""Returns what is wrong, or an empty text."""

_CHECK_SECONDS = 2.0
_STALE_SECONDS, _STALE_POLLS = 60.0, 6


class Health:
    """Named checks, run together; each has a timeout, and its errors are reported as problems."""

    def __init__(self, checks: Mapping[str, HealthCheck], *, seconds: float = _CHECK_SECONDS) -> None:
        self._checks = checks
        self._seconds = seconds

    async def find_problems(self, *, ignoring: Collection[str] = ()) -> dict[str, str]:
        """Return the problems by the name of their check, except those in `ignoring`."""
        checks = {name: check for name, check in self._checks.items() if name not in ignoring}
        found = await asyncio.gather(*(self._run_check(name, check) for name, check in checks.items()))
        return {name: problem for name, problem in zip(checks, found, strict=True) if problem}

    async def _run_check(self, name: str, check: HealthCheck) -> str:
        try:
            async with asyncio.timeout(self._seconds):
                problem = check()
                return problem if isinstance(problem, str) else await problem
        except TimeoutError:
            return f"no answer within {self._seconds:g} s"
        except Exception as error:
            log.exception("The health check %s failed with an internal error.", name)
            return f"cannot be checked ({type(error).__name__})"


class Readiness:
    """The health of the current connection to Discord; without one, what the process waits for."""

    def __init__(self) -> None:
        self._health: Health | None = None
        self._waiting_for: dict[str, str] = {"gateway": "starting"}

    def set_waiting_reason(self, name: str, reason: str) -> None:
        """Set the problem that is reported while there is no connection."""
        self._waiting_for = {name: reason}

    @contextmanager
    def delegate_to(self, health: Health) -> Generator[None]:
        """Report the problems of `health` until the block ends."""
        self._health = health
        try:
            yield
        finally:
            self._health = None
            self.set_waiting_reason("gateway", "the connection to Discord has ended")

    async def find_problems(self) -> dict[str, str]:
        """Return why the bot is not ready, by the name of the check."""
        return dict(self._waiting_for) if self._health is None else await self._health.find_problems()


def find_polling_problem(poller: Poller, poll_seconds: float) -> str:
    """Return for how long the relay has answered no poll, if that is longer than 60 s and six polls.

    A refused key is reported at once.
    """
    silence = poller.unanswered_seconds
    if silence and poller.outage.key_refusal is not None and (problem := describe_key_error(poller.outage.key_refusal)):
        return f"polls are refused: {problem[0]}"
    if silence <= max(_STALE_SECONDS, _STALE_POLLS * poll_seconds):
        return ""
    return f"the relay has answered no poll for {silence:.0f} s"
