"""What is counted, for /metrics: of the process, not of one connection, so that a reconnect resets nothing.

Every label is one of a small, fixed set of words: never an id, a prompt, an address or a token.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from bot import errors
from bot.errors import BalanceExhausted, KeyRefused, MjbotError, RelayUnreachable

_P = ParamSpec("_P")
_T = TypeVar("_T")

OK = "ok"
"""The outcome of what went as it was asked; every other outcome is the name of an error."""

WATCHED_TASKS = Gauge("mjbot_watched_tasks", "Midjourney tasks being watched now.")

POLL_LAG = Histogram(
    "mjbot_poll_lag_seconds",
    "How late watched tasks were asked for, against when they were due.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)

API_REQUESTS = Counter(
    "mjbot_api_requests",
    "Requests to the relay, by the template of their path and outcome: ok, or the error that was made of the answer. "
    "(Trying the key asks for a task that nobody has: its good answer is TaskUnknown.)",
    ["path", "outcome"],
)

PRESSES = Counter(
    "mjbot_presses",
    "Presses and forms by outcome: accepted, refused or unknown as the relay answered, else the error that kept "
    "them from being sent.",
    ["outcome"],
)
for _outcome in ("accepted", "refused", "unknown"):
    PRESSES.labels(_outcome)  # from 0 on, or the first one would be no increase

DISCORD_REQUESTS = Counter(
    "mjbot_discord_requests",
    "Requests to Discord by kind of route and class of the answer's status: 2xx, 4xx, 5xx, or lost without any.",
    ["route", "status"],
)

DISCORD_REFUSALS = Counter(
    "mjbot_discord_refusals",
    "Answers of Discord from 400 to 499, by kind of route and status.",
    ["route", "status"],
)

DATABASE_WRITABLE = Gauge(
    "mjbot_database_writable", "1 where this process could renew its lease in the database the last time, else 0."
)

LOOP_DELAY = Histogram(
    "mjbot_loop_delay_seconds",
    "By how much a short sleep of the event loop overslept: how long whatever is due waits for its turn.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


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
    """Name what an error is counted as: one of our tree by its class, all others as broken.

    Whatever is wrong with the key counts as KeyRefused, which docs/alarms.yaml looks for.
    """
    if isinstance(error, KeyRefused):
        return KeyRefused.__name__
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return _OUTCOMES.get(type(error), type(error).__name__) if isinstance(error, MjbotError) else "broken"


def create_zero_counters(paths: Iterable[str]) -> None:
    """Let what docs/alarms.yaml looks out for be counted from 0 on these templates: one born at 1 is no increase."""
    for path in paths:
        for error in (KeyRefused, BalanceExhausted, RelayUnreachable):
            API_REQUESTS.labels(path, error.__name__)


@contextmanager
def count_api_request(path: str) -> Generator[None]:
    """Count one request to the relay, with what becomes of its answer in the block; `path` is a template."""
    outcome = OK
    try:
        yield
    except BaseException as error:
        outcome = name_outcome(error)
        raise
    finally:
        API_REQUESTS.labels(path, outcome).inc()


def count_unsent_presses(press: Callable[_P, Awaitable[_T]]) -> Callable[_P, Awaitable[_T]]:
    """Count the calls of `press` that raise, as presses that were never sent."""

    @wraps(press)
    async def counted(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return await press(*args, **kwargs)
        except BaseException as error:
            PRESSES.labels(name_outcome(error)).inc()
            raise

    return counted
