"""The metrics of the process. They belong to no connection, so that a reconnection does not reset them.

Every label has a small, fixed set of values: never an id, a prompt, an address or a token.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import wraps
from typing import ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from bot import errors
from bot.errors import (
    BalanceExhausted,
    DailyLimitReached,
    KeyRefused,
    MjbotError,
    PolicyRefused,
    RelayUnreachable,
    SpendingLimitReached,
)
from bot.money import CURRENCIES

_P = ParamSpec("_P")
_T = TypeVar("_T")

OK = "ok"
"""The outcome of a successful request; every other outcome is the name of an error."""

WATCHED_TASKS = Gauge("mjbot_watched_tasks", "Midjourney tasks that are watched now.")

POLL_LAG = Histogram(
    "mjbot_poll_lag_seconds",
    "How long after their due time watched tasks were polled.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)

API_REQUESTS = Counter(
    "mjbot_api_requests",
    "Requests to the relay by path template and outcome: ok, or the name of the error. (The check of the key asks for "
    "a task that does not exist, so its expected outcome is TaskUnknown.)",
    ["path", "outcome"],
)

PRESSES = Counter(
    "mjbot_presses",
    "Presses and forms by outcome: accepted, refused or unknown as the relay answered, or the error that prevented "
    "the submit.",
    ["outcome"],
)
for _outcome in ("accepted", "refused", "unknown"):
    PRESSES.labels(_outcome)  # start at 0, as the first one would not count as an increase otherwise

DISCORD_REQUESTS = Counter(
    "mjbot_discord_requests",
    "Requests to Discord by kind of route and status class: 2xx, 4xx, 5xx, or lost without a response.",
    ["route", "status"],
)

DISCORD_REFUSALS = Counter(
    "mjbot_discord_refusals",
    "Responses of Discord with a status from 400 to 499, by kind of route and status.",
    ["route", "status"],
)

BALANCE = Gauge(
    "mjbot_balance",
    "What is left at the relay, of the key's limit or the account's balance; absent while it is not known.",
    ["currency"],
)

DATABASE_WRITABLE = Gauge(
    "mjbot_database_writable", "1 if this process could renew its lease in the database the last time, otherwise 0."
)

LOOP_DELAY = Histogram(
    "mjbot_loop_delay_seconds",
    "How much longer a short sleep took than asked for: how long due work waits for the event loop.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)

SPENT = Counter(
    "mjbot_spent",
    "What requests cost: what was expected of those that the relay accepted, or may have (confirmed is no), and what "
    "its log says of them later (yes). Credited tasks are included.",
    ["currency", "confirmed"],
)

LEDGER_UNCONFIRMED = Gauge(
    "mjbot_ledger_unconfirmed", "Requests that may have been charged and that the relay's log has not confirmed yet."
)

LIMIT_REFUSALS = Counter(
    "mjbot_limit_refusals",
    "Requests that a limit refused, by who set it (operator or server) and whose use it counts.",
    ["level", "scope"],
)
for _level, _scopes in (("operator", ("person", "server", "everyone")), ("server", ("member", "server"))):
    for _scope in _scopes:
        LIMIT_REFUSALS.labels(_level, _scope)  # start at 0, see above

_OTHER_CURRENCY = "other"


_OUTCOMES: Mapping[type[BaseException], str] = {
    errors.NoAccountAvailable: "NoAccount",
    errors.UpstreamKeyRefused: "UpstreamRefused",
    errors.SeedUnavailable: "NoSeed",
    errors.PromptChangeUnsupported: "PromptUnheard",
    errors.SubmitOutcomeUnknown: "SubmitUncertain",
    errors.PolicyRefused: "AdmissionRefused",
    errors.NotOwnerOrModerator: "NotYours",
    errors.CooldownActive: "CoolingDown",
    errors.ModalNotSent: "FormUnsent",
    errors.ModalExpired: "FormGone",
    errors.UploadNotFound: "UploadAbsent",
    errors.UploadTypeUnsupported: "UploadForeign",
    errors.UploadAnimated: "UploadMoves",
    errors.UploadCountInvalid: "UploadsMiscounted",
    errors.MaskAmbiguous: "MaskUnclear",
    errors.MaskAspectRatioWrong: "MaskMisshapen",
    errors.PictureWorkAborted: "PictureUnfinished",
}
"""Labels that differ from the class names: dashboards know them."""


def name_outcome(error: BaseException) -> str:
    """Return the outcome of an error: the class of one of the bot's own errors, "broken" for all others.

    Every problem with the key counts as KeyRefused, which docs/alarms.yaml refers to.
    """
    if isinstance(error, KeyRefused):
        return KeyRefused.__name__
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return _OUTCOMES.get(type(error), type(error).__name__) if isinstance(error, MjbotError) else "broken"


def create_zero_counters(paths: Iterable[str]) -> None:
    """Create the counters that docs/alarms.yaml refers to at 0, as a counter that starts at 1 shows no increase."""
    for path in paths:
        for error in (KeyRefused, BalanceExhausted, RelayUnreachable):
            API_REQUESTS.labels(path, error.__name__)


@contextmanager
def count_api_request(path: str) -> Generator[None]:
    """Count one request to the relay with the outcome of the block; `path` is a template."""
    outcome = OK
    try:
        yield
    except BaseException as error:
        outcome = name_outcome(error)
        raise
    finally:
        API_REQUESTS.labels(path, outcome).inc()


def count_unsent_presses(press: Callable[_P, Awaitable[_T]]) -> Callable[_P, Awaitable[_T]]:
    """Count the calls of `press` that raise an error as presses that were not sent."""

    @wraps(press)
    async def counted(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return await press(*args, **kwargs)
        except BaseException as error:
            PRESSES.labels(name_outcome(error)).inc()
            raise

    return counted


def count_spent(amount: Decimal | None, currency: str, *, confirmed: bool) -> None:
    """Count what a request cost, or is expected to cost; None where that is not known."""
    if amount is not None and amount > 0:
        known = currency if currency in CURRENCIES else _OTHER_CURRENCY  # a relay chooses the name of its unit
        SPENT.labels(known, "yes" if confirmed else "no").inc(float(amount))


@contextmanager
def count_limit_refusals() -> Generator[None]:
    """Count the limit that refuses a request in the block."""
    try:
        yield
    except PolicyRefused as refused:
        match refused:
            case SpendingLimitReached(level=level, scope=scope):
                LIMIT_REFUSALS.labels(level, scope).inc()
            case DailyLimitReached(whose=whose):
                LIMIT_REFUSALS.labels("operator", whose).inc()
            case _:
                pass
        raise
