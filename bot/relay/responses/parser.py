"""Parse the relay's responses: each function returns a value or raises the error from response_errors. Pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from bot.errors import (
    ActionUnsupported,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
)
from bot.json_values import coerce_text, is_json_array, is_json_object
from bot.midjourney.submit_response import ACCEPTED_CODES, SubmitResponse
from bot.midjourney.task import Status, Task, select_most_advanced
from bot.midjourney.task_ids import is_task_id
from bot.relay.responses.missing_paths import find_missing_path_error
from bot.relay.responses.redirects import classify_submit_redirect
from bot.relay.responses.relay_response import (
    RelayMessage,
    RelayResponse,
    decode_json,
    decode_rows,
    extract_message,
    parse_exact_number,
)
from bot.relay.responses.response_errors import (
    classify_read_error,
    find_common_error,
    make_unreachable_error,
    may_reject_key,
)
from bot.relay.responses.row_cache import ParseRow
from bot.relay.responses.submit_errors import classify_submit_error, says_failure
from bot.relay.responses.task_rows import find_rows, has_list

_TASK_UNKNOWN: Final = ("task_no_found", "task_not_found", "task not found", "任务不存在")
_NEVER_UNKNOWN: Final = frozenset({401, 402, 403, 408, 429, *range(501, 600)})
"""Statuses of a server that has not looked for the task, whatever their texts say."""
_NO_PRIVATE_CHANNEL: Final = "请配置私聊频道"
"""TrueAI's proxy reads seeds from a private channel, which its account must be given first."""
# After a modal new-api holds two rows of a task; a relay that sends many more is broken or hostile.
_MAX_ROWS_PER_TASK: Final = 10
_MODAL_ACTION: Final = "MODAL"
"""The action of the second row that new-api writes for a task when its modal is submitted."""


def parse_task(response: RelayResponse, task_id: str) -> Task:
    """Parse the response to a fetch.

    Raises:
        TaskUnknown: HTTP 400 code 4 (new-api), 204 (TrueAI), an empty 200 (midjourney-proxy), 404 (others).
        RelayError: Any other error of a read.
    """
    body = decode_rows(response)
    if response.is_success:
        wanted = frozenset({task_id})
        if rows := list(find_rows(body, wanted)):
            return select_most_advanced(map(parse_row, rows))[task_id]
        if is_json_object(body) and coerce_text(body.get("id")):
            task = parse_row(body)
            return task if is_task_id(task.id) else task.model_copy(update={"id": task_id})
        if response.text.strip() in {"", "null", "{}"}:
            raise TaskUnknown(task_id=task_id)
    message = extract_message(response, body)
    # A 404 in JSON is about the task; a web page, new-api's "Invalid URL" or Spring's error is about the address.
    is_address_wrong = isinstance(find_missing_path_error(response, message), ActionUnsupported)
    is_about_task = response.status == 404 and not is_address_wrong
    if _says_unknown(response, message) or (is_about_task and (body or not response.text.strip())):
        raise TaskUnknown(message.reason, task_id=task_id)
    if refusal := find_common_error(response, message):
        raise refusal
    took_key = response.is_success and is_json_object(body) and not may_reject_key(message)
    spoiled = _may_be_spoiled(response, message)
    no_route = response.status in {404, 405}
    raise RelayUnreachable(
        message.reason, retry_after=response.retry_after, took_key=took_key, spoiled=spoiled, no_route=no_route
    )


def names_unknown_task(response: RelayResponse) -> bool:
    """Whether a response says in words that the relay does not know the task."""
    return _says_unknown(response, extract_message(response, decode_json(response)))


def _says_unknown(response: RelayResponse, message: RelayMessage) -> bool:
    return message.contains_any(_TASK_UNKNOWN) and response.status not in _NEVER_UNKNOWN


def _may_be_spoiled(response: RelayResponse, message: RelayMessage) -> bool:
    """Whether an answer that can't be read may be so because of one task, and not because the relay is down."""
    if response.is_html or response.retry_after is not None:
        return False
    return response.status == 500 or (response.is_success and not may_reject_key(message))


def prove_key(response: RelayResponse, parse: Callable[[RelayResponse], object]) -> bool | None:
    """Tell what the response to a fetch or a list proves about the key headers that were sent.

    True: a relay accepted the key. False: it is a refusal or does not come from a relay, such as a gateway's login
    page. None: it may be either.
    """
    try:
        parse(response)
    except TaskUnknown:
        # Any web server may respond with a blank 404.
        return response.status != 404 or bool(decode_json(response))
    except (ActionUnsupported, RelayBusy):
        return None
    except RelayUnreachable as unreadable:
        return None if unreadable.took_key or response.status >= 500 or response.status == 408 else False
    except RelayError:
        return False
    return True


def parse_row(body: Mapping[Any, Any]) -> Task:
    """Parse a row. The row that new-api wrote for a submitted modal needs no modal, whatever status it starts with."""
    task = Task.model_validate(body)
    if task.action == _MODAL_ACTION and task.status in {Status.FRESH, Status.MODAL}:
        return task.model_copy(update={"status": Status.SUBMITTED})
    return task


def parse_tasks(response: RelayResponse, task_ids: Collection[str], parse_one: ParseRow = parse_row) -> dict[str, Task]:
    """Parse the response to list-by-condition into tasks by id; ids that the relay does not know are missing.

    `parse_one` parses the rows that were asked for; the others are not validated.

    Raises:
        ActionUnsupported: The relay has no list-by-condition; `lasting` is false where a proxy may have said so.
        RelayUnreachable: Among others, `spoiled`: one of the rows may make the others unreadable.
        RelayError: Any other error of a read.
    """
    body = decode_rows(response)
    wanted = frozenset(task_ids) - {""}
    rows = list(islice(find_rows(body, wanted), len(wanted) * _MAX_ROWS_PER_TASK)) if response.is_success else []
    if rows or (response.is_success and _is_list(body)):
        return select_most_advanced(map(parse_one, rows))
    error = classify_read_error(response, body)
    # Reading each task by itself is free, and shows whether the relay answers at all.
    is_page = response.is_success and response.is_html
    if type(error) is RelayUnreachable and (is_page or response.status in {404, 405}):
        raise ActionUnsupported(error.reason, lasting=False)
    if type(error) is RelayUnreachable and _may_be_spoiled(response, extract_message(response, body)):
        raise replace(error, spoiled=True)
    raise error


def _is_list(body: object) -> bool:
    """Whether an answer without a wanted row is a list, or a row, and no message or refusal.

    A refusal may have an empty list: {"success": false, "message": ..., "data": []}.
    """
    if is_json_object(body) and (body.get("success") is False or body.get("error")):
        return False
    return has_list(body) or (is_json_object(body) and bool(coerce_text(body.get("id"))))


def parse_submission(response: RelayResponse, sent_ids: Collection[str] = ()) -> SubmitResponse:
    """Parse the response to a submit, and return it if it accepts the submit or names its task.

    `sent_ids` are the ids in the request: a response that only repeats one of them names no new task.

    What it returns or raises carries the relay's name for the request.

    Raises:
        SubmitOutcomeUnknown: The task may exist and be billed.
        RelayError: Any other error: nothing was accepted, nothing is billed.
    """
    try:
        submit = _parse_submission(response, sent_ids)
    except RelayError as error:
        error.request_id = response.request_id
        raise
    return submit.model_copy(update={"request_id": response.request_id, "speed": ""})


def _parse_submission(response: RelayResponse, sent_ids: Collection[str]) -> SubmitResponse:
    body = decode_json(response, parse_float=parse_exact_number)
    submit = _parse_submit(body)
    names_task = bool(submit.result) and not _repeats_id(submit, sent_ids)
    if response.is_success and submit.is_accepted and names_task:
        return submit
    if response.is_redirect:
        claims_success = bool(submit.result) or submit.code in ACCEPTED_CODES
        raise classify_submit_redirect(response, claims_success=claims_success)
    error = classify_submit_error(response, body, submit)
    if not names_task or not isinstance(error, SubmitOutcomeUnknown):
        raise error
    if _is_followed(response, body, error):
        # The relay named the task, in a shape or with a code that is not known: the task itself shows how it went.
        return submit.model_copy(update={"code": submit.code if submit.is_accepted else 1})
    raise replace(error, named_task=submit.result)


def _repeats_id(submit: SubmitResponse, sent_ids: Collection[str]) -> bool:
    """Whether one of the ids in a response was in the request."""
    sent = {task_id.lower() for task_id in sent_ids}
    return not sent.isdisjoint(task_id.lower() for task_id in (submit.result, *submit.extra_task_ids))


def _is_followed(response: RelayResponse, body: object, error: SubmitOutcomeUnknown) -> bool:
    return error.accepted or (response.is_success and not error.answered and not says_failure(body))


def parse_upload_links(response: RelayResponse) -> tuple[str, ...]:
    """Parse the response to an upload, whose `result` is an array of links. Uploads are billed like submits.

    Raises:
        SubmitOutcomeUnknown: The pictures may have been uploaded and billed.
        RelayError: Any other error: nothing is billed.
    """
    body = decode_json(response)
    if response.is_success and is_json_object(body) and is_json_array(body.get("result")):
        links = tuple(text for link in body["result"] if (text := coerce_text(link)))
        if _parse_submit(body).code == 1 and links:
            return links
    parse_submission(response)  # raises, because an array is no task id
    raise SubmitOutcomeUnknown("an id where links should be")


def parse_seed(response: RelayResponse, task_id: str) -> str:
    """Parse the response to image-seed, which has the shape of a submit's.

    Raises:
        TaskUnknown: The relay does not know the task, or not for this key.
        ActionUnsupported: The relay provides no seeds.
        SubmitRefused: Midjourney provides no seed for this task.
        RelayError: Any other error of a read.
    """
    body = decode_json(response)
    submit = _parse_submit(body)
    seed = coerce_text(body.get("result")).strip() if is_json_object(body) else ""
    if response.is_success and submit.code == 1 and seed:
        return seed
    message = extract_message(response, body)
    if _says_unknown(response, message):
        raise TaskUnknown(message.reason, task_id=task_id)
    if is_json_object(body) and not seed and _has_no_seeds(response, body, submit.code):
        raise ActionUnsupported(message.reason, lasting=True)
    # A submit may be refused for its model. To a read, the same refusal means that the key is limited.
    if message.is_relay_error and (refusal := find_common_error(response, message)):
        raise refusal
    try:
        parse_submission(response)
    except SubmitOutcomeUnknown:  # a seed is not billed, and may still come
        if is_json_object(body) and not seed and _refuses_read(response, body, submit.code):
            raise SubmitRefused(message.reason, code=submit.code) from None
    raise make_unreachable_error(response, message)


def _refuses_read(response: RelayResponse, body: Mapping[Any, Any], code: int) -> bool:
    """Whether a response with a code of its own refuses a read; for a submit, it may be less clear."""
    return "code" in body and code not in {*ACCEPTED_CODES, 5} and response.status < 500 and response.status != 408


def _has_no_seeds(response: RelayResponse, body: Mapping[Any, Any], code: int) -> bool:
    """Whether a response to image-seed means that this relay provides no seeds at all.

    new-api of 2026 asks its upstream without a secret, gets an empty 401 each time, and responds with 200. It turns the
    404 of a midjourney-proxy into a success without a description. Its other errors with code 5 are temporary: the
    upstream did not respond in time (do_request_failed), broke off (read_response_body_failed), or sent a web page,
    perhaps from a web server between them (unmarshal_response_body_failed).
    """
    description = coerce_text(body.get("description"))
    if _NO_PRIVATE_CHANNEL in description:
        return True
    if not response.is_success:
        return False
    has_empty_upstream = code == 5 and "empty_response_body" in description
    # Without a description at all, {"code": 0} comes from something else than a relay.
    return has_empty_upstream or ("code" in body and code == 0 and body.get("description") == "")


def parse_cancel(response: RelayResponse, task_id: str) -> None:
    """Parse the response to a cancel, which has the shape of a submit's.

    Raises:
        TaskUnknown: The relay does not know the task, or not for this key.
        ActionUnsupported: The relay has no cancel: 404, 405, or the web console's page.
        SubmitRefused: The task cannot be canceled any more, or not yet.
        RelayError: Any other error of a read.
    """
    body = decode_json(response)
    submit = _parse_submit(body)
    if response.is_success and submit.code == 1:
        return
    message = extract_message(response, body)
    if submit.code == 3 or _says_unknown(response, message):
        raise TaskUnknown(message.reason, task_id=task_id)
    if refusal := find_common_error(response, message, forwarded=True):
        raise refusal
    if response.status < 500 and submit.code in {4, 9}:
        raise SubmitRefused(message.reason, code=submit.code)
    raise find_missing_path_error(response, message) or make_unreachable_error(response, message)


def _parse_submit(body: object) -> SubmitResponse:
    return SubmitResponse.model_validate(body) if is_json_object(body) else SubmitResponse()
