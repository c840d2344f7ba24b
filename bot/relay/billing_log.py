"""Read the relay's own log of what it billed to this key: which request, when, and as which task. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.errors import RelayUnreachable
from bot.midjourney.task import Task, is_array, is_mapping, number_of, text_of
from bot.relay.response_errors import decoded, no_such_path, refused_to_all, unreachable, words_of
from bot.relay.responses import Answer

MOST_ROWS: Final = 2000
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
class LogRow:
    """One request that the relay billed; `task_id` is empty where its text names none."""

    at: datetime
    model: str
    quota: int
    task_id: str

    @property
    def is_midjourney(self) -> bool:
        """Whether Midjourney was asked: the key may serve other models too."""
        return bool(self.task_id) or self.model.startswith("mj_") or self.model == _SWAP

    def may_be(self, model: str) -> bool:
        """Whether it may be of that model; "" is any, and what is none of new-api's own names may be each of them."""
        return not model or self.model == model or self.model not in _MODELS


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """What one reading of the log shows: the billed rows, newest first, and what tells how much the relay left out.

    `size` is how many rows it sent, billed or not; `newest_first` whether it sent them in that order.
    """

    rows: tuple[LogRow, ...]
    size: int
    newest_first: bool

    @property
    def is_whole(self) -> bool:
        """Whether it is sure to be the whole log."""
        return self.size % _ROUND != 0

    @property
    def reaches_now(self) -> bool:
        """Whether the newest rows are in it: a log that is sent oldest first may be cut before them."""
        return self.newest_first or self.is_whole


def model_of(action: str) -> str:
    """Return the model under which new-api bills an action; "" where that is not known."""
    low = action.lower()
    model = low if low == _SWAP else f"mj_{low}"
    return model if model in _MODELS else ""


def log_rows(answer: Answer) -> LogPage:
    """Read the answer to /api/log/token: what was billed.

    Raises:
        ActionUnsupported: There is no such log here: 404, a redirect, or the web console's page.
        RelayError: It cannot be read, or not now (RelayBusy).
    """
    body = decoded(answer)
    if answer.is_success and is_mapping(body) and "data" in body:
        data = body["data"]
        # Go writes an empty list as null.
        if is_array(data) or (data is None and body.get("success") is True):
            billed = (row for row in data or () if is_mapping(row) and number_of(row.get("type")) == _CONSUMED)
            sent = [_row(row) for row in billed]
            rows = sorted(sent, key=lambda row: row.at, reverse=True)
            return LogPage(rows=tuple(rows[:MOST_ROWS]), size=len(data or ()), newest_first=sent == rows)
    words = words_of(answer, body)
    raise refused_to_all(answer, words) or no_such_path(answer, words) or unreachable(answer, words)


def task_of_state(answer: Answer, state: str) -> Task | None:
    """Read the answer to /mj/task/list, midjourney-proxy's: the task with that state, None where there is none.

    Raises:
        ActionUnsupported: There is no such list here: 404, a redirect, or the web console's page.
        RelayError: It cannot be read.
    """
    if answer.is_success and answer.text.lstrip("\ufeff \t\r\n").startswith("[") and state not in answer.text:
        return None  # without reading thousands of others
    body = decoded(answer)
    if answer.is_success and is_array(body):
        found = (row for row in body if is_mapping(row) and text_of(row.get("id")) and row.get("state") == state)
        return next(map(Task.model_validate, found), None)
    words = words_of(answer, body)
    raise refused_to_all(answer, words) or no_such_path(answer, words) or unreachable(answer, words)


def _row(row: Mapping[Any, Any]) -> LogRow:
    seconds = number_of(row.get("created_at"))
    if seconds > _MILLISECONDS:
        seconds //= 1000
    if not 0 < seconds < _LATEST:
        # When it was billed would be anybody's guess, and so whether a request is missing.
        raise RelayUnreachable("a log without times")
    named = _ID.search(text_of(row.get("content"))[:_TEXT])
    return LogRow(
        at=datetime.fromtimestamp(seconds, UTC),
        model=text_of(row.get("model_name")).strip(),
        quota=number_of(row.get("quota")),
        task_id=named[1] if named else "",
    )
