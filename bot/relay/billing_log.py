"""The relay's billing log: which request it billed to this key, when, and as which task."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.clock import Clock
from bot.errors import ActionUnsupported, RelayBusy, RelayError, RelayUnreachable
from bot.json_values import coerce_int, coerce_text, is_json_array, is_json_object
from bot.midjourney.task import Task
from bot.midjourney.task_ids import is_task_id
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.responses.relay_response import RelayResponse, decode_json
from bot.relay.responses.response_errors import classify_read_error

log = logging.getLogger(__name__)

MAX_ROWS: Final = 2000
"""How many rows are kept, the newest. new-api of 2026 sends 1,000; its earlier versions send all rows there are."""

_PAGE_MULTIPLE: Final = 10
"""A list that was cut has a multiple of this many rows: 1,000 in new-api of 2026, a page of them in other relays."""
_BILLED_TYPE: Final = 2
# new-api writes "... 操作 IMAGINE, ID 1795857879593001" in every version, with wide commas. The row of a face swap has
# no id, and that of an upload an empty one.
_TASK_ID: Final = re.compile(r"(?<![A-Za-z])ID\s*:?\s*(\d{1,40})")
_MAX_CONTENT: Final = 500
_MAX_REQUEST_ID: Final = 80
_SWAP: Final = "swap_face"
# A larger number of seconds would be a time after the year 5000, so it counts milliseconds.
_MAX_SECONDS: Final = 100_000_000_000
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_RETRY_MISSING_SECONDS: Final = 3600.0
"""How long after the relay lacked an endpoint it is requested again."""

# The model names under which an unmodified new-api bills each action.
_MODELS: Final = frozenset(
    f"mj_{action}"
    for action in (
        "imagine", "blend", "describe", "shorten", "edits", "video", "upload", "upscale", "variation", "reroll",
        "zoom", "custom_zoom", "low_variation", "high_variation", "pan", "inpaint", "modal",
    )
) | {_SWAP}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BillingRow:
    """One request that the relay billed; `task_id` is empty if the row's text names none.

    `quota` is the amount in the relay's own unit. `request_id` is the relay's name for the request, which new-api
    writes since 2026.
    """

    billed_at: datetime
    model: str
    quota: int
    task_id: str
    request_id: str = ""

    @property
    def is_midjourney(self) -> bool:
        """Whether the request was for Midjourney; the key may serve other models too."""
        return bool(self.task_id) or self.model.startswith("mj_") or self.model == _SWAP

    def may_have_model(self, model: str) -> bool:
        """Whether the row may be of `model` ("" is any); a model name that new-api does not use may stand for each."""
        return not model or self.model == model or self.model not in _MODELS


@dataclass(frozen=True, kw_only=True)
class BillingPage:
    """One reading of the log: the billed rows, newest first, and what shows how much the relay left out.

    `sent_rows` is how many rows the relay sent, billed or not; `is_newest_first` whether it sent them in that order.
    `undated_rows` is how many billed ones are left out, as they have no time: with them, it proves nothing is missing.
    """

    rows: tuple[BillingRow, ...]
    sent_rows: int
    is_newest_first: bool
    undated_rows: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether this is certainly the whole log."""
        return self.sent_rows % _PAGE_MULTIPLE != 0

    @property
    def has_newest_rows(self) -> bool:
        """Whether the newest rows are included; a log that is sent oldest first may be cut before them."""
        return self.is_newest_first or self.is_complete


def get_billing_model(action: str) -> str:
    """Return the model name under which new-api bills an action; "" if it is not known."""
    name = action.lower()
    model = name if name == _SWAP else f"mj_{name}"
    return model if model in _MODELS else ""


def parse_billing_log(response: RelayResponse) -> BillingPage:
    """Parse the response to /api/log/token.

    Raises:
        ActionUnsupported: The relay has no such log: 404, or the web console's page.
        RelayError: The log cannot be read, or not now (RelayBusy).
    """
    body = decode_json(response)
    if response.is_success and is_json_object(body) and "data" in body:
        data = body["data"]
        # Go writes an empty list as null.
        if is_json_array(data) or (data is None and body.get("success") is True):
            objects = (row for row in data or () if is_json_object(row))
            billed = [_parse_row(row) for row in objects if coerce_int(row.get("type")) == _BILLED_TYPE]
            return _build_page(billed, len(data or ()))
    raise classify_read_error(response, body)


def parse_task_by_state(response: RelayResponse, state: str) -> Task | None:
    """Parse the response to midjourney-proxy's /mj/task/list and return the task with `state`, or None.

    Raises:
        ActionUnsupported: The relay has no such list: 404, or the web console's page.
        RelayError: The list cannot be read.
    """
    if response.is_success and response.starts_with("[") and state not in response.text:
        return None  # without decoding thousands of other tasks
    body = decode_json(response)
    if response.is_success and is_json_array(body):
        rows = (row for row in body if is_json_object(row) and is_task_id(coerce_text(row.get("id"))))
        return next((Task.model_validate(row) for row in rows if row.get("state") == state), None)
    raise classify_read_error(response, body)


def _build_page(billed: Sequence[BillingRow | None], sent_rows: int) -> BillingPage:
    dated = [row for row in billed if row is not None]
    if billed and not dated:
        raise RelayUnreachable("a log without times")
    rows = sorted(dated, key=lambda row: row.billed_at, reverse=True)
    return BillingPage(
        rows=tuple(rows[:MAX_ROWS]),
        sent_rows=sent_rows,
        is_newest_first=dated == rows,
        undated_rows=len(billed) - len(dated),
    )


def _parse_row(row: Mapping[Any, Any]) -> BillingRow | None:
    """Parse a row; None where it has no time."""
    seconds = coerce_int(row.get("created_at"))
    if seconds > _MAX_SECONDS:
        seconds //= 1000
    if not 0 < seconds < _LATEST:
        return None
    match = _TASK_ID.search(coerce_text(row.get("content"))[:_MAX_CONTENT])
    return BillingRow(
        billed_at=datetime.fromtimestamp(seconds, UTC),
        model=coerce_text(row.get("model_name")).strip(),
        quota=coerce_int(row.get("quota")),
        task_id=match[1] if match else "",
        request_id=coerce_text(row.get("request_id")).strip()[:_MAX_REQUEST_ID],
    )


@dataclass(frozen=True)
class BillingReading:
    """The log as it was read at a time: `read_at` in seconds of the monotonic clock, `time` by the system's time."""

    read_at: float
    time: datetime
    page: BillingPage


class MissingEndpoints:
    """Remember for an hour which endpoints this relay does not have."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._missing_until: dict[str, float] = {}

    def mark_missing(self, endpoint: str) -> None:
        """Remember that the relay does not have this endpoint."""
        self._missing_until[endpoint] = self._monotonic() + _RETRY_MISSING_SECONDS

    def is_missing(self, endpoint: str) -> bool:
        """Whether the relay is known not to have this endpoint."""
        return endpoint in self._missing_until and self._monotonic() < self._missing_until[endpoint]


class BillingLogReader:
    """Read the log within its rate limit; all searches share one reading."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[BillingPage]],
        limiter: AccountRateLimiter,
        missing: MissingEndpoints,
        clock: Clock,
    ) -> None:
        self._fetch = fetch
        self._limiter = limiter
        self._missing = missing
        self._clock = clock
        self._last: BillingReading | None = None
        self._lock = asyncio.Lock()

    @property
    def is_missing(self) -> bool:
        """Whether the relay is known to have no log."""
        return self._missing.is_missing("log")

    async def read(self, since: float, *, spare_calls: int = 0) -> BillingReading | None:
        """Return a reading made at `since`, by the monotonic clock, or later; None if the log cannot be read now.

        The log is not read where at most `spare_calls` are left of the rate limit: they are for more urgent readers.
        """
        async with self._lock:
            if self._last is not None and self._last.read_at >= since:
                return self._last
            if self._missing.is_missing("log") or self._limiter.calls_left <= spare_calls:
                return None
            if not self._limiter.try_acquire():
                return None
            read_at, time = self._clock.monotonic(), self._clock.now()
            try:
                self._last = BillingReading(read_at, time, await self._fetch())
            except RelayBusy as busy:
                self._limiter.pause(busy.retry_after)
            except ActionUnsupported:
                self._missing.mark_missing("log")
            except RelayError as error:
                log.info("Cannot read the relay's billing log: %s (%s).", type(error).__name__, error.reason)
            else:
                return self._last
            return None
