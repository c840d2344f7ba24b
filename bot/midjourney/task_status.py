"""The status and progress of a task: the relays' words for them, and what a row shows where its words don't say it.

midjourney-proxy and new-api use seven words and the empty one. Other relays have words of their own, and some rows keep
the words of an earlier state: a finished result is recognized by what only a finished task has.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Final

from bot.json_values import coerce_text, is_json_integer


class Status(StrEnum):
    """The status of a task, in the API's words; FRESH is the empty one that new-api sends in the first seconds."""

    FRESH = ""
    NOT_START = "NOT_START"
    SUBMITTED = "SUBMITTED"
    MODAL = "MODAL"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    CANCEL = "CANCEL"

    @property
    def is_final(self) -> bool:
        """Whether the status never changes again."""
        return self in {Status.SUCCESS, Status.FAILURE, Status.CANCEL}


# Other relays' words for the same statuses, in capitals and without what separates words.
_WORDS: Final = {
    Status.NOT_START: "NOTSTART NOTSTARTED PENDING WAITING CREATED NEW INIT 未启动 未开始 待处理 等待中",
    Status.SUBMITTED: "SUBMITTED SUBMIT QUEUED QUEUE QUEUEING QUEUING INQUEUE ACCEPTED SCHEDULED 已提交 排队中 队列中",
    Status.MODAL: "MODAL",
    Status.IN_PROGRESS: (
        "INPROGRESS PROGRESS ONGOING RUNNING PROCESSING STARTED STARTING WORKING EXECUTING GENERATING DRAWING "
        "RENDERING UPSCALING 进行中 执行中 处理中 生成中 绘图中 绘制中 运行中"
    ),
    Status.SUCCESS: (
        "SUCCESS SUCCEED SUCCEEDED SUCCEEDS SUCCESSFUL SUCCESSFULLY COMPLETE COMPLETED FINISH FINISHED DONE OK READY "
        "成功 完成 已完成 已成功 任务成功 任务完成"
    ),
    Status.FAILURE: (
        "FAILURE FAIL FAILED ERROR ERRORED EXCEPTION TIMEOUT TIMEDOUT EXPIRED REJECTED REFUSED BANNED BLOCKED "
        "MODERATED UNSUCCESSFUL 失败 已失败 任务失败 异常 超时 任务超时 已过期 失敗 已失敗 任務失敗 異常 超時 逾時"
    ),
    Status.CANCEL: "CANCEL CANCELED CANCELLED ABORT ABORTED STOPPED TERMINATED REVOKED 取消 已取消 任务取消",
}
_STATUSES: Final = {word: status for status, words in _WORDS.items() for word in words.split()}
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATOR: Final = re.compile(r"[\W_]+")
# Words that turn the words beside them around: "NOT_FINISHED", "ALMOST_DONE", "SUCCESS_FALSE".
_NEGATIONS: Final = frozenset(
    ["NOT", "NO", "NON", "UN", "NEVER", "WITHOUT", "FALSE", "ALMOST", "NEARLY", "PARTIAL", "PARTIALLY"]
)
# Words before what had happened earlier: "SUCCESS_AFTER_TIMEOUT".
_CIRCUMSTANCES: Final = frozenset({"AFTER", "WITH", "DESPITE", "FOLLOWING"})
_MAX_WORD: Final = 60

_PERCENT: Final = re.compile(
    "(\\d{1,9})(?:[.,]\\d{1,9})?\\s?(?:[%\u066a]|per ?cent\\b|pct\\b)"  # Arabic has a percent sign of its own
)
_NUMBER: Final = re.compile(r"(\d{1,9}(?:\.\d{1,18})?)(?:\s?/\s?(\d{1,9}))?")
_MAX_TEXT: Final = 10_000


def parse_status(value: object) -> Status:
    """Return the status that a relay's word means; FRESH for one that the bot doesn't know.

    In a phrase, such as "TASK_FAILED", the words that are known decide: a failure before anything else, and what the
    task came to before what had happened to it, as in "SUCCESS_AFTER_TIMEOUT".
    """
    status, _ = _read_status(value)
    return status


def _read_status(value: object) -> tuple[Status, bool]:
    """Return the status that a relay's word means, and whether another word of the phrase contradicts it."""
    if isinstance(value, str) and value in Status.__members__:
        return Status[value], False
    words = unicodedata.normalize("NFKC", coerce_text(value)[:_MAX_WORD])
    parts = [part.upper() for part in _SEPARATOR.split(_CAPITAL.sub("_", words)) if part]
    if whole := _STATUSES.get("".join(parts)):
        return whole, False
    found = [] if _NEGATIONS & set(parts) else [_STATUSES[part] for part in parts if part in _STATUSES]
    # A success beside a running word is that of a step: "SUBMIT_SUCCESS".
    is_contradicted = Status.SUCCESS in found and len(set(found)) > 1
    before = list(takewhile(lambda part: part not in _CIRCUMSTANCES, parts))
    decisive = [_STATUSES[part] for part in before if part in _STATUSES] if found else []
    return _select_status(decisive or found), is_contradicted


def _select_status(found: list[Status]) -> Status:
    if Status.FAILURE in found:
        return Status.FAILURE
    return next((status for status in found if status is not Status.SUCCESS), next(iter(found), Status.FRESH))


def parse_percent(value: object) -> int | None:
    """Return the progress in percent from 46, 0.46, "46", "46%", "(46%) (fast)" or "23/50"; None for other words."""
    if is_json_integer(value):  # the store keeps the parsed number
        return min(max(value, 0), 100)
    if isinstance(value, float):
        return _scale(value, is_fraction=0 <= value <= 1) if math.isfinite(value) else None
    if not isinstance(value, str):
        return None
    text = value[:_MAX_TEXT].strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if found := _PERCENT.search(text):
        return min(int(found[1]), 100)
    if number := _NUMBER.fullmatch(text):
        part, whole = float(number[1]), int(number[2] or 0)
        return _scale(part / whole, is_fraction=True) if whole else _scale(part, is_fraction="." in text and part <= 1)
    return None


def _scale(number: float, *, is_fraction: bool) -> int:
    # 0.29 * 100 is a little less than 29.
    return min(max(int((number * 100 if is_fraction else number) + 1e-6), 0), 100)


@dataclass(frozen=True)
class RowEvidence:
    """What a row shows of its task's state besides the word of its status."""

    percent: int | None
    has_reason: bool
    """Whether it has a fail reason, which proxies never clear."""
    has_result: bool
    """Whether it has a picture, a clip or a text; the picture may be a preview."""
    has_buttons: bool
    """Whether it has buttons that only a finished task has."""
    has_finish_time: bool

    @property
    def _signs_of_the_end(self) -> int:
        return (self.percent == 100) + self.has_buttons + self.has_finish_time

    @property
    def has_sign_of_the_end(self) -> bool:
        """Whether anything besides a result says that the task has ended."""
        return self._signs_of_the_end > 0

    @property
    def is_at_end(self) -> bool:
        """Whether its progress or its buttons say that the task has ended."""
        return self.percent == 100 or self.has_buttons

    @property
    def shows_its_end(self) -> bool:
        """Whether a result and a time say that the task has finished, and no progress below 100% says otherwise."""
        return self.has_result and self.has_finish_time and self.percent in {None, 100}

    def is_finished(self, *, is_word_known: bool) -> bool:
        """Whether the task has its result, though the word of its status doesn't say so.

        A known word for a running task, or a fail reason, may be left over from before only where two more signs say
        so: a running task has a picture as well, which is its preview.
        """
        is_contradicted = is_word_known or self.has_reason
        return self.has_result and self._signs_of_the_end >= (2 if is_contradicted else 1)


def infer_status(value: object, evidence: RowEvidence) -> Status:
    """Return the status of a row by its word, or by its other fields where the word is unknown or contradicted.

    A word for a final status counts, whatever else the row has: an old fail reason hides no finished picture. new-api
    sets a row to 100% as soon as it has a fail reason, and never updates it again.
    """
    status, is_contradicted = _read_status(value)
    if is_contradicted and evidence.is_finished(is_word_known=False):
        return Status.SUCCESS
    if status.is_final:
        return status
    is_at_end = evidence.percent == 100
    is_waiting = status is Status.MODAL  # it may have the time and the picture of what its modal is about
    has_ended = evidence.has_buttons or (evidence.shows_its_end and not is_waiting)
    if evidence.has_reason and is_at_end and not (evidence.has_result and has_ended):
        return Status.FAILURE
    if evidence.is_finished(is_word_known=status is not Status.FRESH) or (evidence.shows_its_end and not is_waiting):
        return Status.SUCCESS
    if status is not Status.FRESH:
        return status
    if is_at_end and evidence.has_finish_time and coerce_text(value).strip():
        return Status.SUCCESS
    is_drawing = bool(evidence.percent) or (evidence.has_result and bool(coerce_text(value).strip()))
    return Status.IN_PROGRESS if is_drawing else Status.FRESH
