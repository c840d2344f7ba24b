"""Read the relay's own log of what it billed to this key: which request, when, and as which task. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.errors import RelayUnreachable
from bot.json_values import coerce_int, coerce_text, is_json_array, is_json_object
from bot.midjourney.task import Task
from bot.relay.response_errors import (
    decode_json,
    extract_message,
    find_common_error,
    find_missing_path_error,
    make_unreachable_error,
)
from bot.relay.responses import RelayResponse

MAX_ROWS: Final = 2000
"""How many rows are kept, the newest: new-api of 2026 sends 1,000, its earlier versions all that there ever were."""

_ROUND: Final = 10
"""Whatever cuts a list cuts it at a multiple of this: new-api of 2026 at 1,000 rows, others at a page of theirs."""
_CONSUMED: Final = 2
# new-api writes "... 操作 IMAGINE, ID 1795857879593001" in every version, with wide commas. The row of a face swap has
# no id, and that of an upload an empty one.
_ID: Final = re.compile(r"(?<![A-Za-z])ID\s*:?\s*(\d{1,40})")
_TEXT: Final = 500
_SWAP: Final = "swap_face"
# Beyond it the seconds are milliseconds: a time after the year 5000.
_MILLISECONDS: Final = 100_000_000_000
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

# What a stock new-api calls each action when it bills it.
_MODELS: Final = frozenset(
    f"mj_{action}"
    for action in (
        "imagine", "blend", "describe", "shorten", "edits", "video", "upload", "upscale", "variation", "reroll",
        "zoom", "custom_zoom", "low_variation", "high_variation", "pan", "inpaint", "modal",
    )
) | {_SWAP}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BillingRow:
    """One request that the relay billed; `task_id` is empty where its text names none."""

    billed_at: datetime
    model: str
    quota: int
    task_id: str

    @property
    def is_midjourney(self) -> bool:
        """Whether Midjourney was asked: the key may serve other models too."""
        return bool(self.task_id) or self.model.startswith("mj_") or self.model == _SWAP

    def may_have_model(self, model: str) -> bool:
        """Whether it may be of that model; "" is any, and what is none of new-api's own names may be each of them."""
        return not model or self.model == model or self.model not in _MODELS


@dataclass(frozen=True, kw_only=True)
class BillingPage:
    """What one reading of the log shows: the billed rows, newest first, and what tells how much the relay left out.

    `size` is how many rows it sent, billed or not; `newest_first` whether it sent them in that order.
    """

    rows: tuple[BillingRow, ...]
    sent_rows: int
    is_newest_first: bool

    @property
    def is_complete(self) -> bool:
        """Whether it is sure to be the whole log."""
        return self.sent_rows % _ROUND != 0

    @property
    def has_newest_rows(self) -> bool:
        """Whether the newest rows are in it: a log that is sent oldest first may be cut before them."""
        return self.is_newest_first or self.is_complete


def get_billing_model(action: str) -> str:
    """Return the model under which new-api bills an action; "" where that is not known."""
    low = action.lower()
    model = low if low == _SWAP else f"mj_{low}"
    return model if model in _MODELS else ""


def parse_billing_log(answer: RelayResponse) -> BillingPage:
    """Read the answer to /api/log/token: what was billed.

    Raises:
        ActionUnsupported: There is no such log here: 404, a redirect, or the web console's page.
        RelayError: It cannot be read, or not now (RelayBusy).
    """
    body = decode_json(answer)
    if answer.is_success and is_json_object(body) and "data" in body:
        data = body["data"]
        # Go writes an empty list as null.
        if is_json_array(data) or (data is None and body.get("success") is True):
            billed = (row for row in data or () if is_json_object(row) and coerce_int(row.get("type")) == _CONSUMED)
            sent = [_row(row) for row in billed]
            rows = sorted(sent, key=lambda row: row.billed_at, reverse=True)
            return BillingPage(rows=tuple(rows[:MAX_ROWS]), sent_rows=len(data or ()), is_newest_first=sent == rows)
    words = extract_message(answer, body)
    raise (
        find_common_error(answer, words)
        or find_missing_path_error(answer, words)
        or make_unreachable_error(answer, words)
    )


def parse_task_by_state(answer: RelayResponse, state: str) -> Task | None:
    """Read the answer to /mj/task/list, midjourney-proxy's: the task with that state, None where there is none.

    Raises:
        ActionUnsupported: There is no such list here: 404, a redirect, or the web console's page.
        RelayError: It cannot be read.
    """
    if answer.is_success and answer.text.lstrip("\ufeff \t\r\n").startswith("[") and state not in answer.text:
        return None  # without reading thousands of others
    body = decode_json(answer)
    if answer.is_success and is_json_array(body):
        found = (
            row for row in body if is_json_object(row) and coerce_text(row.get("id")) and row.get("state") == state
        )
        return next(map(Task.model_validate, found), None)
    words = extract_message(answer, body)
    raise (
        find_common_error(answer, words)
        or find_missing_path_error(answer, words)
        or make_unreachable_error(answer, words)
    )


def _row(row: Mapping[Any, Any]) -> BillingRow:
    seconds = coerce_int(row.get("created_at"))
    if seconds > _MILLISECONDS:
        seconds //= 1000
    if not 0 < seconds < _LATEST:
        # When it was billed would be anybody's guess, and so whether a request is missing.
        raise RelayUnreachable("a log without times")
    named = _ID.search(coerce_text(row.get("content"))[:_TEXT])
    return BillingRow(
        billed_at=datetime.fromtimestamp(seconds, UTC),
        model=coerce_text(row.get("model_name")).strip(),
        quota=coerce_int(row.get("quota")),
        task_id=named[1] if named else "",
    )
