"""Turn whatever a relay answers into a value, or into the error that response_errors finds for it: pure."""

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any

from bot.errors import (
    ActionUnsupported,
    PictureGone,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
)
from bot.json_values import coerce_text, is_json_array, is_json_object
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Status, Task, select_most_advanced
from bot.relay.response_errors import (
    RelayResponse,
    classify_by_status,
    classify_submit_error,
    decode_json,
    extract_message,
    find_common_error,
    find_gateway_error,
    find_missing_path_error,
    make_unreachable_error,
    may_reject_key,
)

__all__ = [
    "RelayResponse",
    "parse_cancel",
    "parse_image",
    "parse_seed",
    "parse_submission",
    "parse_task",
    "parse_tasks",
    "parse_upload_links",
    "prove_key",
]

_UNKNOWN = ("task_no_found", "task_not_found", "task not found", "任务不存在")
_NO_PRIVATE_CHANNEL = "请配置私聊频道"
"""TrueAI's proxy reads a seed from a private channel, which its account has to be given first."""
# After a form new-api holds two of a task; the rest is somebody who means to keep us busy.
_ROWS_PER_TASK = 10
_FORM_SENT = "MODAL"
"""The action of the second row that new-api writes for a task when its form is sent."""


def parse_task(answer: RelayResponse, task_id: str) -> Task:
    """Read the answer to a fetch.

    Raises:
        TaskUnknown: HTTP 400 code 4 (new-api), 204 (TrueAI), an empty 200 (midjourney-proxy), 404 (others).
        RelayError: Any other leaf that a read can end in.
    """
    body = decode_json(answer)
    if answer.is_success:
        if is_json_object(body) and coerce_text(body.get("id")):
            return _row(body)
        if answer.text.strip() in {"", "null", "{}"}:
            raise TaskUnknown(task_id)
    words = extract_message(answer, body)
    # A 404 in JSON is about the task; a page, or new-api's "Invalid URL", is about the address that we ask.
    about_task = answer.status == 404 and "invalid url" not in words.lowercase and (body or not answer.text.strip())
    if words.contains_any(_UNKNOWN) or about_task:
        raise TaskUnknown(task_id, words.reason)
    if refusal := find_common_error(answer, words):
        raise refusal
    took_key = answer.is_success and is_json_object(body) and not may_reject_key(words)
    raise RelayUnreachable(words.reason, retry_after=answer.retry_after, took_key=took_key)


def prove_key(answer: RelayResponse, understand: Callable[[RelayResponse], object]) -> bool | None:
    """Tell what the answer to a fetch, or a list, proves of the headers that were sent.

    True: it is a relay's, which has accepted the key. False: it is a refusal, or none of a relay's, as a gateway's
    login page. None: it may be either.
    """
    try:
        understand(answer)
    except TaskUnknown:
        # A blank 404 any web server may give.
        return answer.status != 404 or bool(decode_json(answer))
    except (ActionUnsupported, RelayBusy):
        return None
    except RelayUnreachable as unread:
        return None if unread.took_key or answer.status >= 500 or answer.status == 408 else False
    except RelayError:
        return False
    return True


def parse_tasks(answer: RelayResponse, task_ids: Collection[str]) -> dict[str, Task]:
    """Read the answer to list-by-condition, of which only what was asked for is looked at.

    Ids that the relay does not know are missing.

    Raises:
        ActionUnsupported: There is no list-by-condition here: 404, 405, a redirect, or the web console's page.
        RelayError: Any other leaf that a read can end in.
    """
    body = decode_json(answer)
    if answer.is_success and is_json_array(body):
        wanted = frozenset(task_ids) - {""}
        rows = (row for row in body if is_json_object(row) and coerce_text(row.get("id")) in wanted)
        return select_most_advanced(map(_row, islice(rows, len(wanted) * _ROWS_PER_TASK)))
    words = extract_message(answer, body)
    raise (
        find_common_error(answer, words)
        or find_missing_path_error(answer, words)
        or make_unreachable_error(answer, words)
    )


def _row(body: Mapping[Any, Any]) -> Task:
    """Read a row; one that new-api made of a form that was sent waits for no form, whatever it says at first."""
    task = Task.model_validate(body)
    if task.action == _FORM_SENT and task.status in {Status.FRESH, Status.MODAL}:
        return task.model_copy(update={"status": Status.SUBMITTED})
    return task


def parse_submission(answer: RelayResponse) -> SubmitResponse:
    """Read the answer to a submit, which is believed only where it is certain.

    Raises:
        SubmitUncertain: The job may exist and be paid.
        RelayError: Any other leaf: nothing was accepted, nothing is paid.
    """
    body = decode_json(answer)
    told = SubmitResponse.model_validate(body) if is_json_object(body) else SubmitResponse()
    if answer.is_success and told.is_accepted:
        return told
    words = extract_message(answer, body)
    if is_json_object(body) and ("code" in body or "success" in body):
        raise classify_submit_error(answer, words, told, claims_success=body.get("success") is True)
    raise find_gateway_error(answer, words) or classify_by_status(answer, words)


def parse_upload_links(answer: RelayResponse) -> tuple[str, ...]:
    """Read the answer to an upload, whose `result` is an array; it is billed, and believed like a submit's.

    Raises:
        SubmitUncertain: The pictures may have been taken, and paid.
        RelayError: Any other leaf: nothing is paid.
    """
    body = decode_json(answer)
    if answer.is_success and is_json_object(body) and is_json_array(body.get("result")):
        found = tuple(text for link in body["result"] if (text := coerce_text(link)))
        if SubmitResponse.model_validate(body).code == 1 and found:
            return found
    parse_submission(answer)  # raises, as no id is an array
    raise SubmitOutcomeUnknown("an id where links should be")


def parse_seed(answer: RelayResponse, task_id: str) -> str:
    """Read the answer to image-seed, which comes in a submit's clothes.

    Raises:
        TaskUnknown: The relay knows no such task, or not for this key.
        ActionUnsupported: This relay tells no seeds.
        SubmitRefused: Midjourney gives none.
        RelayError: Any other leaf that a read can end in.
    """
    body = decode_json(answer)
    told = SubmitResponse.model_validate(body) if is_json_object(body) else SubmitResponse()
    if answer.is_success and told.code == 1 and told.result:
        return told.result
    words = extract_message(answer, body)
    if words.contains_any(_UNKNOWN):
        raise TaskUnknown(task_id, words.reason)
    if is_json_object(body) and _tells_no_seeds(answer, body, told):
        raise ActionUnsupported(words.reason, lasting=True)
    # A submit may be refused for its model; to a read this means that the key is limited.
    if words.is_relay_error and (refusal := find_common_error(answer, words)):
        raise refusal
    try:
        parse_submission(answer)
    except SubmitOutcomeUnknown:  # nothing is paid here, and the answer may yet come
        raise make_unreachable_error(answer, words) from None
    raise make_unreachable_error(answer, words)


def _tells_no_seeds(answer: RelayResponse, body: Mapping[Any, Any], told: SubmitResponse) -> bool:
    """Tell whether an answer to image-seed means that this relay can tell no seed at all.

    new-api of 2026 asks its upstream without a secret, gets an empty 401 each time, and answers 200. It turns the 404
    of a midjourney-proxy into a success without words. Its other codes 5 are about the moment: upstream did not answer
    in time (do_request_failed), broke off (read_response_body_failed), or sent a page, which may be that of a web
    server between them (unmarshal_response_body_failed).
    """
    said = coerce_text(body.get("description"))
    if _NO_PRIVATE_CHANNEL in said:
        return True
    if not answer.is_success or told.result:
        return False
    return (told.code == 5 and "empty_response_body" in said) or ("code" in body and told.code == 0 and not said)


def parse_cancel(answer: RelayResponse, task_id: str) -> None:
    """Read the answer to a cancel, which comes in a submit's clothes.

    Raises:
        TaskUnknown: The relay knows no such task, or not for this key.
        ActionUnsupported: There is no cancel here: 404, 405, a redirect, or the web console's page.
        SubmitRefused: The task cannot be cancelled any more, or not yet.
        RelayError: Any other leaf that a read can end in.
    """
    body = decode_json(answer)
    told = SubmitResponse.model_validate(body) if is_json_object(body) else SubmitResponse()
    if answer.is_success and told.code == 1:
        return
    words = extract_message(answer, body)
    if told.code == 3 or words.contains_any(_UNKNOWN):
        raise TaskUnknown(task_id, words.reason)
    if refusal := find_common_error(answer, words, forwarded=True):
        raise refusal
    if answer.status < 500 and told.code in {4, 9}:
        raise SubmitRefused(told.code, words.reason)
    raise find_missing_path_error(answer, words) or make_unreachable_error(answer, words)


def parse_image(answer: RelayResponse, task_id: str) -> bytes:
    """Read the answer to /mj/image: its bytes, whatever they are called.

    Raises:
        TaskUnknown: HTTP 400 midjourney_task_not_found.
        PictureGone: 403, 404 or 410: what is behind it said so.
        RelayError: Any other leaf that a read can end in.
    """
    if answer.is_success and answer.data and not answer.is_html:
        return answer.data
    body = decode_json(answer)
    words = extract_message(answer, body)
    if words.contains_any(_UNKNOWN):
        raise TaskUnknown(task_id, words.reason)
    if answer.status in {403, 404, 410} and body:
        raise PictureGone(f"/mj/image/{task_id}", words.reason)
    raise (
        find_common_error(answer, words, forwarded=True)
        or find_missing_path_error(answer, words)
        or make_unreachable_error(answer, words)
    )
