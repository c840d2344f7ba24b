"""Turn whatever a relay answers into JSON or into an error of our tree: pure, and the only place that knows how.

Relays differ in status, body and language for the same event; what each line stands for is read in new-api,
midjourney-proxy(-plus) and TrueAI's proxy. The content type is never believed: submits come as text/plain.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    KeyRefused,
    ParentBusy,
    ParentGone,
    PromptBanned,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SubmitRefused,
    SubmitUncertain,
    TaskUnknown,
)
from bot.models import Submission, Task, most_advanced

_QUOTA = ("额度", "quota", "余额", "balance")
_NO_ACCOUNT = ("无可用的账号", "账号不可用", "no available account", "account instance")
_PARENT_GONE = ("task_not_found", "该任务所属渠道已被禁用", "关联任务不存在", "已失效")
_PARENT_BUSY = ("关联任务状态错误", "task_status_not_success")
_QUEUE_FULL = ("队列已满", "queue is full", "queue full")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came; `retry_after` in seconds where the relay said it."""

    status: int
    text: str
    retry_after: float | None = None


_Failure = Callable[[Answer, str], RelayError]


def task(answer: Answer, task_id: str) -> Task:
    """Read the answer to a fetch.

    Raises:
        TaskUnknown: HTTP 400 code 4 (new-api), 204 (TrueAI), or an empty 200 (midjourney-proxy).
        RelayError: Any other leaf that a read can end in.
    """
    if answer.status in {200, 204} and not answer.text.strip():
        raise TaskUnknown(task_id)
    if 200 <= answer.status < 300:
        body = _json(answer, _read_failure)
        if isinstance(body, Mapping) and body.get("id"):
            return Task.model_validate(body)
        if body is None or body == {}:
            raise TaskUnknown(task_id)
        raise _read_refusal(answer, body, task_id)
    raise _read_refusal(answer, _json(answer, _read_failure), task_id)


def tasks(answer: Answer) -> dict[str, Task]:
    """Read the answer to list-by-condition: ids that the relay does not know are missing."""
    body = _json(answer, _read_failure)
    if 200 <= answer.status < 300 and isinstance(body, list):
        rows = (row for row in body if isinstance(row, Mapping) and row.get("id"))
        return most_advanced(Task.model_validate(row) for row in rows)
    raise _read_refusal(answer, body, "")


def submission(answer: Answer) -> Submission:
    """Read the answer to a submit, which is believed only where it is certain.

    Raises:
        SubmitUncertain: The job may exist and be paid.
        RelayError: Any other leaf: nothing was accepted, nothing is paid.
    """
    body = _json(answer, _submit_failure)
    if isinstance(body, Mapping) and "error" in body:
        raise _gateway_refusal(answer, body, _submit_failure)
    if not isinstance(body, Mapping) or not ("code" in body or "success" in body):
        raise _submit_failure(answer, shorten(answer.text))
    told = Submission.model_validate(body)
    if 200 <= answer.status < 300 and told.is_accepted:
        return told
    raise _submit_refusal(answer, told, shorten(told.description or str(body.get("message", ""))))


def shorten(text: str) -> str:
    """Cut a relay's own words to what may be shown: no request ids, no part of a key, 300 characters."""
    text = re.sub(r"\(request id:[^)]*\)|\[?sk-[\w*-]+\]?", "", text)
    return " ".join(text.split())[:300]


def _json(answer: Answer, failure: _Failure) -> Any:  # noqa: ANN401 - JSON is what it is
    try:
        return json.loads(answer.text)
    except ValueError:
        pass
    if answer.status in {401, 403}:
        raise KeyRefused(shorten(answer.text))
    if answer.status == 429:
        raise RelayBusy("HTTP 429", retry_after=answer.retry_after)
    # new-api answers a path that it lacks with its web console: HTTP 200, or 301 with a separate frontend.
    if answer.status in {200, 301, 302, 307, 308, 404, 405} and (
        answer.text.lstrip()[:1] == "<" or answer.status != 200
    ):
        raise ActionUnsupported(f"HTTP {answer.status}, not JSON", lasting=True)
    raise failure(answer, f"HTTP {answer.status}, not JSON")


def _read_failure(answer: Answer, reason: str) -> RelayError:
    return RelayUnreachable(reason or f"HTTP {answer.status}", retry_after=answer.retry_after)


def _submit_failure(answer: Answer, reason: str) -> RelayError:
    if 400 <= answer.status < 500 and answer.status != 408:
        return SubmitRefused(0, reason or f"HTTP {answer.status}")
    return SubmitUncertain(reason or f"HTTP {answer.status}")


def _read_refusal(answer: Answer, body: object, task_id: str) -> RelayError:
    if isinstance(body, Mapping) and "error" in body:
        return _gateway_refusal(answer, body, _read_failure)
    told = Submission.model_validate(body) if isinstance(body, Mapping) else Submission()
    reason = shorten(told.description)
    if "task_no_found" in reason or answer.status == 404:
        return TaskUnknown(task_id, reason)
    if answer.status in {401, 403}:
        return KeyRefused(reason)
    if answer.status == 429 or told.code == 30:
        return RelayBusy(reason, retry_after=answer.retry_after)
    return _read_failure(answer, reason)


def _gateway_refusal(answer: Answer, body: Mapping[str, Any], failure: _Failure) -> RelayError:
    """Read new-api's middleware, which answers OpenAI-style: {"error": {"message", "type", "code"?}}."""
    error = body["error"]
    said = error if isinstance(error, str) else str(error.get("message", "")) if isinstance(error, Mapping) else ""
    code = str(error.get("code", "")) if isinstance(error, Mapping) else ""
    reason, low = shorten(said), said.lower()
    if answer.status in {401, 402, 403} and any(word in low for word in _QUOTA):
        return BalanceExhausted(reason)
    if answer.status == 403 and "模型 mj_" in said:
        return ActionUnsupported(reason, lasting=True)
    if answer.status in {401, 403}:
        return KeyRefused(reason)
    if answer.status == 429:
        return RelayBusy(reason, retry_after=answer.retry_after)
    if "unknown_action" in low or answer.status == 404 or "panic detected" in low:
        return ActionUnsupported(reason, lasting=True)
    if answer.status == 503 and (code == "model_not_found" or "无可用渠道" in said):
        return ActionUnsupported(reason, lasting=False)
    return failure(answer, reason)


def _submit_refusal(answer: Answer, told: Submission, reason: str) -> RelayError:
    low = f"{told.description} {reason}".lower()
    if told.code == 24:
        return PromptBanned(told.properties.banned_word, reason)
    if "quota_not_enough" in low:
        return BalanceExhausted(reason)
    if any(word in low for word in _PARENT_BUSY):
        return ParentBusy(reason)
    if any(word in low for word in _PARENT_GONE):
        return ParentGone(reason)
    if told.code in {23, 30} or answer.status == 429 or any(word in low for word in (*_NO_ACCOUNT, *_QUEUE_FULL)):
        return RelayBusy(reason, retry_after=answer.retry_after)
    if told.code == 3:
        return ParentGone(reason)
    # Code 5: the gateway asked upstream and lost the answer. Codes 1, 21, 22 without an id: accepted, and billed,
    # but where it went is not known.
    if told.code in {1, 5, 21, 22} or answer.status >= 500:
        return SubmitUncertain(reason)
    return SubmitRefused(told.code, reason)
