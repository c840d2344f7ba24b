"""Whether the bot can do its work, as reasons why not: plain words, in which no secret is ever told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from bot.errors import RelayBusy, RelayError, RelayUnreachable
from bot.relay.key_advice import describe_key_error
from bot.tracking.poller import Poller
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey

log = logging.getLogger(__name__)

HealthCheck = Callable[[], str | Awaitable[str]]
"""Says what is wrong, empty where all is well."""

_CHECK_SECONDS = 2.0
_KEY_EVERY = timedelta(minutes=1)
_KEY_PATIENCE = 1.5
"""How long the relay's word on the key is waited for, in seconds, before the word of a minute ago is given."""
_STALE_SECONDS, _STALE_POLLS = 60.0, 6


class Health:
    """Named checks, asked together; each has 2 s, and none can hurt whoever asks."""

    def __init__(self, checks: Mapping[str, HealthCheck], *, seconds: float = _CHECK_SECONDS) -> None:
        self._checks = checks
        self._seconds = seconds

    async def find_problems(self) -> dict[str, str]:
        """Return what is wrong, by the name of the check; empty where all is well."""
        found = await asyncio.gather(*(self._reason(name, check) for name, check in self._checks.items()))
        return {name: reason for name, reason in zip(self._checks, found, strict=True) if reason}

    async def _reason(self, name: str, check: HealthCheck) -> str:
        try:
            async with asyncio.timeout(self._seconds):
                reason = check()
                return reason if isinstance(reason, str) else await reason
        except TimeoutError:
            return f"no answer within {self._seconds:g} s"
        except Exception as error:
            log.exception("The check of %s ended by an error of ours.", name)
            return f"cannot be told ({type(error).__name__})"


class Readiness:
    """The health of whichever connection lives; between two of them, what is being waited for."""

    def __init__(self) -> None:
        self._health: Health | None = None
        self._waits: dict[str, str] = {"gateway": "starting"}

    def set_waiting_reason(self, name: str, reason: str) -> None:
        """Tell what is waited for while nothing lives."""
        self._waits = {name: reason}

    @contextmanager
    def delegate_to(self, health: Health) -> Generator[None]:
        """Speak for `health` while the block lasts."""
        self._health = health
        try:
            yield
        finally:
            self._health = None
            self.set_waiting_reason("gateway", "the connection to Discord has ended")

    async def find_problems(self) -> dict[str, str]:
        """Return why the bot is not ready, by name; empty where it is."""
        return dict(self._waits) if self._health is None else await self._health.find_problems()


class KeyCheck:
    """Whether the relay takes the key: tried only when somebody asks, at most once a minute, by one at a time."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[None]],
        supervisor: TaskSupervisor,
        now: Callable[[], datetime],
        *,
        patience: float = _KEY_PATIENCE,
    ) -> None:
        self._ask = ask
        self._patience = patience
        self._supervisor = supervisor
        self._now = now
        self._asked_at: datetime | None = None
        self._told = asyncio.Event()
        self._reason = "the relay has not said yet whether it accepts the key"

    async def find_problem(self) -> str:
        """Say what is wrong with the key, or with asking."""
        age = abs(self._now() - self._asked_at) if self._asked_at else _KEY_EVERY
        if age >= _KEY_EVERY and (self._told.is_set() or self._asked_at is None):
            self._asked_at = self._now()
            self._told.clear()
            # By the supervisor: whoever asked us may be gone before the relay answers.
            self._supervisor.start(WorkKey("key check"), self._try)
        try:
            async with asyncio.timeout(self._patience):
                await self._told.wait()
        except TimeoutError:
            log.debug("The relay takes its time with the key.")
        return self._reason

    async def _try(self) -> None:
        try:
            await self._ask()
        except RelayError as error:
            self._reason = _said(error)
        else:
            self._reason = ""
        finally:
            self._told.set()


def _said(error: RelayError) -> str:
    if told := describe_key_error(error):
        return told[0]
    match error:
        case RelayUnreachable():
            return "the relay does not answer"
        case RelayBusy():
            return "the relay is too busy to tell whether it accepts the key"
        case _:
            return f"the relay's answer makes no sense ({type(error).__name__})"


def find_polling_problem(watcher: Poller, poll_seconds: float) -> str:
    """Say for how long the relay has left polls without an answer, where that is longer than 60 s and six polls.

    That it refuses the key is said at once.
    """
    silence = watcher.unanswered_seconds
    if silence and watcher.key_refusal is not None and (told := describe_key_error(watcher.key_refusal)):
        return f"polls are refused: {told[0]}"
    if silence <= max(_STALE_SECONDS, _STALE_POLLS * poll_seconds):
        return ""
    return f"the relay has answered no poll for {silence:.0f} s"
