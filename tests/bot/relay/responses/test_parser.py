"""Each recorded or documented response is parsed into its value or its error."""

# ruff: noqa: RUF001 - the relays' own punctuation

import json
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
    NoAccountAvailable,
    ParentBusy,
    ParentGone,
    ParentUnchangeable,
    PromptBanned,
    QueueFull,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRedirected,
    SubmitRefused,
    TaskUnknown,
    UpstreamKeyRefused,
)
from bot.midjourney.task import Status
from bot.relay.responses import parser
from bot.relay.responses.relay_response import RelayResponse
from tests.recordings import names, recorded

ASKED = "1754300000123417"

FETCHED: dict[str, Status | type[RelayError]] = {
    "10_fetch_fresh_empty_status": Status.FRESH,
    "11_fetch_submitted": Status.SUBMITTED,
    "12_fetch_in_progress_preview": Status.IN_PROGRESS,
    "14_fetch_imagine_success_grid": Status.SUCCESS,
    "15_fetch_upscale_success_v7_discord": Status.SUCCESS,
    "18_fetch_describe_success": Status.SUCCESS,
    "19_fetch_shorten_success": Status.SUCCESS,
    "23_fetch_modal_waiting": Status.MODAL,
    "26_fetch_failure_banned": Status.FAILURE,
    "27_fetch_failure_invalid_parameter": Status.FAILURE,
    "28_fetch_failure_gateway_timeout": Status.FAILURE,
    "30_fetch_success_without_image": Status.SUCCESS,
    "31_fetch_cancel": Status.CANCEL,
    "32_fetch_unknown_id_newapi_400": TaskUnknown,
    "46_image_seed_ok": RelayUnreachable,  # no task: the seed's answer, in the wrong place
    "49_fetch_video_success": Status.SUCCESS,
    "51_notify_hook_payload_plus_style": Status.SUCCESS,  # what a relay without new-api would answer a fetch with
    "52_image_proxy_expired_404": TaskUnknown,
}

# (the child's id, whether it waits for its modal, the tasks ahead), or the error.
SUBMITTED: dict[str, tuple[str, bool, int] | type[RelayError]] = {
    "01_submit_imagine_ok": ("1754300000123417", False, 0),
    "02_submit_imagine_queued_direct22": ("1754300090555208", False, 3),
    "03_submit_imagine_queued_rewritten_to_1": ("1754300090555208", False, 3),
    "04_submit_queue_full_23": QueueFull,
    "05_submit_banned_24": PromptBanned,
    "06_submit_no_account_3": NoAccountAvailable,
    "09_submit_existing_21_with_image": ("1754300090555208", False, 0),
    "20_action_inpaint_needs_modal_21": ("1754300201002664", True, 0),
    "21_action_custom_zoom_needs_modal_21_zh": ("1754300201002664", True, 0),
    "22_action_remix_rewritten_code1_but_modal": ("1754300201002664", True, 0),
    "24_modal_submit_ok_same_id": ("1754300201002664", False, 0),
    "34_err_401_invalid_key": KeyUnknown,
    "35_err_401_key_quota_exhausted": BalanceExhausted,
    "37_err_503_no_channel": ActionUnsupported,
    "38_err_400_unknown_action": ActionUnsupported,
    "39_err_400_quota_not_enough": BalanceExhausted,
    "40_err_400_do_request_failed_5": SubmitOutcomeUnknown,
    "41_err_429_group_saturated": RelayBusy,
    "42_err_500_panic": ActionUnsupported,
    "47_upload_discord_images_ok": SubmitOutcomeUnknown,  # accepted, and no id of a task
    "48_video_submit_ok": ("1754301000222733", False, 0),
}


def test_every_recorded_response_is_tested() -> None:
    assert names() == sorted([*FETCHED, *SUBMITTED])


@pytest.mark.parametrize("name", FETCHED)
def test_recorded_fetch(name: str) -> None:
    expected = FETCHED[name]
    if isinstance(expected, Status):
        task = parser.parse_task(recorded(name).answer, ASKED)
        assert (expected, recorded(name).body["id"]) == (task.status, task.id)
    else:
        assert expected is _fetch_error(recorded(name).answer)


@pytest.mark.parametrize("name", SUBMITTED)
def test_recorded_submit(name: str) -> None:
    expected = SUBMITTED[name]
    if isinstance(expected, tuple):
        submit = parser.parse_submission(recorded(name).answer)
        assert expected == (submit.result, submit.needs_modal, submit.tasks_ahead)
    else:
        assert expected is _submit_error(recorded(name).answer)


def _error(read: Callable[[], object]) -> RelayError | None:
    try:
        read()
    except RelayError as error:
        return error
    return None


def _fetch_error(answer: RelayResponse) -> type[RelayError]:
    with pytest.raises(RelayError) as caught:
        parser.parse_task(answer, ASKED)
    return caught.type


def _list_error(answer: RelayResponse) -> type[RelayError]:
    with pytest.raises(RelayError) as caught:
        parser.parse_tasks(answer, [ASKED])
    return caught.type


def _submit_error(answer: RelayResponse) -> type[RelayError]:
    with pytest.raises(RelayError) as caught:
        parser.parse_submission(answer)
    return caught.type


def _mj(code: int, description: str, **more: object) -> str:
    return json.dumps({"code": code, "description": description, **more}, ensure_ascii=False)


def _openai(message: str, **more: object) -> str:
    error = {"message": f"{message} (request id: 20250411abc)", "type": "new_api_error", **more}
    return json.dumps({"error": error}, ensure_ascii=False)


PAGE = "<!doctype html><html><head><title>New API</title></head></html>"
BOM = "\ufeff"

# (status, body, what a fetch raises, what list-by-condition raises, what a submit raises)
BARE: list[tuple[int, str, type[RelayError], type[RelayError], type[RelayError]]] = [
    # Empty bodies.
    (200, "", TaskUnknown, RelayUnreachable, SubmitOutcomeUnknown),
    (200, " \n", TaskUnknown, RelayUnreachable, SubmitOutcomeUnknown),
    (204, "", TaskUnknown, RelayUnreachable, SubmitOutcomeUnknown),
    (301, "", RelayUnreachable, RelayUnreachable, SubmitRedirected),
    (303, "", RelayUnreachable, RelayUnreachable, SubmitRedirected),
    (304, "", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (400, "", RelayUnreachable, RelayUnreachable, SubmitRefused),
    (401, "", KeyRefused, KeyRefused, UpstreamKeyRefused),
    (402, "", BalanceExhausted, BalanceExhausted, BalanceExhausted),
    (403, "", KeyRefused, KeyRefused, UpstreamKeyRefused),
    (404, "", TaskUnknown, ActionUnsupported, RelayUnreachable),
    (405, "", RelayUnreachable, ActionUnsupported, RelayUnreachable),
    (408, "", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (413, "", RelayUnreachable, RelayUnreachable, SubmitRefused),
    (429, "", RelayBusy, RelayBusy, RelayBusy),
    (499, "", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (500, "", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (503, "", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    # Web pages: new-api's web console, a web server, Cloudflare.
    (200, PAGE, RelayUnreachable, ActionUnsupported, ActionUnsupported),
    (200, BOM + PAGE, RelayUnreachable, ActionUnsupported, ActionUnsupported),
    (301, PAGE, RelayUnreachable, RelayUnreachable, SubmitRedirected),
    (307, PAGE, RelayUnreachable, RelayUnreachable, SubmitRedirected),
    (400, PAGE, RelayUnreachable, RelayUnreachable, SubmitRefused),
    (401, PAGE, KeyRefused, KeyRefused, UpstreamKeyRefused),
    (403, PAGE, RelayUnreachable, RelayUnreachable, RelayUnreachable),
    (404, PAGE, RelayUnreachable, ActionUnsupported, RelayUnreachable),
    (405, PAGE, RelayUnreachable, ActionUnsupported, RelayUnreachable),
    (413, PAGE, RelayUnreachable, RelayUnreachable, SubmitRefused),
    (429, PAGE, RelayBusy, RelayBusy, RelayBusy),
    *((status, PAGE, RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown) for status in (500, 502, 503, 504)),
    *((status, PAGE, RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown) for status in (520, 522, 524)),
    *((status, PAGE, RelayUnreachable, RelayUnreachable, RelayUnreachable) for status in (521, 523, 525, 526, 530)),
    # Plain text: TrueAI's authorization.
    (401, "Authorization header missing.", KeyRefused, KeyRefused, UpstreamKeyRefused),
    (401, "账号已禁用", KeyRefused, KeyRefused, UpstreamKeyRefused),
    (403, "未登录", KeyRefused, KeyRefused, UpstreamKeyRefused),
    (403, "账号不可用", KeyRefused, KeyRefused, UpstreamKeyRefused),
    (200, "ok", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (404, "404 page not found", RelayUnreachable, ActionUnsupported, RelayUnreachable),
    (502, "error code: 502", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    # Half a JSON: HTTP 400 may have been code 5.
    (200, '{"code":1,"descr', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, '[{"id":"17543', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (400, '{"code":5,"descr', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (401, '{"error":{"mess', KeyRefused, KeyRefused, UpstreamKeyRefused),
    (500, '{"error":{"mess', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    # JSON that is no object.
    (200, "null", TaskUnknown, RelayUnreachable, SubmitOutcomeUnknown),
    (200, "7", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, "1e400", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, "true", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, '"1754300000123417"', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, "{}", TaskUnknown, RelayUnreachable, SubmitOutcomeUnknown),
    (400, "[]", RelayUnreachable, RelayUnreachable, SubmitRefused),
    (500, "null", RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    # Deeply nested, or huge.
    (200, "[" * 200_000, RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, '{"a":' * 200_000, RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, "9" * 5_000, RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, '{"id":1.7543e15}', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, '{"id":{}}', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (200, '{"id":""}', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    # Objects in other shapes.
    (302, '{"message":"Moved"}', RelayUnreachable, RelayUnreachable, SubmitRedirected),
    (302, '{"code":4,"description":"moved"}', RelayUnreachable, RelayUnreachable, SubmitRedirected),
    (303, '{"code":1,"result":"17543"}', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (401, '{"detail":"Unauthorized"}', KeyRefused, KeyRefused, UpstreamKeyRefused),
    (404, '{"error":"Not Found","path":"/mj/x"}', RelayUnreachable, ActionUnsupported, ActionUnsupported),
    (404, _openai("Invalid URL (GET /v1/mj)"), RelayUnreachable, ActionUnsupported, ActionUnsupported),
    (422, '{"title":"Unprocessable"}', RelayUnreachable, RelayUnreachable, SubmitRefused),
    (500, '{"message":"boom"}', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    # new-api's middleware, in both of its languages.
    (401, _openai("未提供令牌"), KeyRefused, KeyRefused, KeyRefused),
    (401, _openai("该令牌已过期"), KeyExpired, KeyExpired, KeyExpired),
    (401, _openai("This token has expired"), KeyExpired, KeyExpired, KeyExpired),
    (401, _openai("該令牌已過期"), KeyExpired, KeyExpired, KeyExpired),
    (401, _openai("无效的令牌"), KeyUnknown, KeyUnknown, KeyUnknown),
    (401, _openai("無效的令牌"), KeyUnknown, KeyUnknown, KeyUnknown),
    (401, _openai("Incorrect API key provided: sk-abc"), KeyUnknown, KeyUnknown, KeyUnknown),
    (401, _openai("Invalid token, database query error, please contact administrator"), KeyRefused, KeyRefused,
     KeyRefused),
    (401, _openai("This token status is unavailable"), KeyRefused, KeyRefused, KeyRefused),
    (403, _openai("User has been banned"), KeyRefused, KeyRefused, KeyRefused),
    (403, _openai("No permission to access this group"), KeyRefused, KeyRefused, KeyRefused),
    (401, _openai("Invalid token"), KeyRefused, KeyRefused, KeyRefused),
    (401, _openai("该令牌额度已用尽 TokenStatusExhausted[sk-a]"), BalanceExhausted, BalanceExhausted, BalanceExhausted),
    (401, _openai("This token's quota is exhausted"), BalanceExhausted, BalanceExhausted, BalanceExhausted),
    (401, _openai("This token quota is exhausted TokenStatusExhausted[sk-a***b]"),
     BalanceExhausted, BalanceExhausted, BalanceExhausted),
    (403, _openai("denied by the load balancer"), KeyRefused, KeyRefused, KeyRefused),
    (403, _openai("用户额度不足, 剩余额度: 0"), BalanceExhausted, BalanceExhausted, BalanceExhausted),
    (403, _openai("denied", code="insufficient_user_quota"), BalanceExhausted, BalanceExhausted, BalanceExhausted),
    (403, _openai("用户已被封禁"), KeyRefused, KeyRefused, KeyRefused),
    (403, _openai("您的 IP 不在令牌允许访问的列表中"), KeyRefused, KeyRefused, KeyRefused),
    (403, _openai("令牌分组 X 已被禁用"), KeyRefused, KeyRefused, KeyRefused),
    # Without a model's name the key is limited; with one, a submit is refused for its model.
    (403, _openai("该令牌无权访问模型 "), KeyLimited, KeyLimited, KeyLimited),
    (403, _openai("This token has no access to model "), KeyLimited, KeyLimited, KeyLimited),
    (403, '{"error":{"message":"This token has no access to model ","type":"new_api_error","code":""}}',
     KeyLimited, KeyLimited, KeyLimited),
    (403, _openai("THIS TOKEN HAS NO ACCESS TO ANY MODELS"), KeyLimited, KeyLimited, KeyLimited),
    (403, _openai("該令牌無權存取任何模型"), KeyLimited, KeyLimited, KeyLimited),
    (403, _openai("该令牌无权访问模型 mj_pan"), KeyLimited, KeyLimited, ActionUnsupported),
    (403, _openai("该令牌无权访问模型 swap_face"), KeyLimited, KeyLimited, ActionUnsupported),
    (403, _openai("該令牌無權存取模型 mj_pan"), KeyLimited, KeyLimited, ActionUnsupported),
    (403, _openai("This token has no access to model mj_pan"), KeyLimited, KeyLimited, ActionUnsupported),
    (403, _openai("Your key is not allowed to use this model"), KeyLimited, KeyLimited, ActionUnsupported),
    (400, _openai("Invalid request: unknown_action:MJ::X::u"), RelayUnreachable, RelayUnreachable, ActionUnsupported),
    (400, _openai("Invalid request, unknown_action:MJ::X::u"), RelayUnreachable, RelayUnreachable, ActionUnsupported),
    (503, _openai("当前分组 g 下对于模型 mj_pan 无可用渠道"), RelayUnreachable, RelayUnreachable, ActionUnsupported),
    (503, _openai("No available channel for model mj_pan under group g (distributor)"),
     RelayUnreachable, RelayUnreachable, ActionUnsupported),
    (503, _openai("no available channel for model MJ_PAN under group G (distributor)"),
     RelayUnreachable, RelayUnreachable, ActionUnsupported),
    (503, _openai("分組 g 下模型 mj_pan 無可用管道（distributor）"),
     RelayUnreachable, RelayUnreachable, ActionUnsupported),
    (500, _openai("Failed to get available channel for model mj_pan under group g (distributor): x"),
     RelayUnreachable, RelayUnreachable, ActionUnsupported),
    (503, _openai("?", code="model_not_found"), RelayUnreachable, RelayUnreachable, ActionUnsupported),
    (503, _openai("system overloaded"), RelayUnreachable, RelayUnreachable, RelayUnreachable),
    (500, _openai("Panic detected, error: runtime error: index out of range [1]", type="new_api_panic"),
     RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (500, _openai("Panic detected, error: nil pointer dereference", type="new_api_panic"),
     RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (429, _openai("too fast"), RelayBusy, RelayBusy, RelayBusy),
    (400, _openai("odd"), RelayUnreachable, RelayUnreachable, SubmitRefused),
    (500, '{"error":{"message":"odd"}}', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (500, '{"error":[]}', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    # {code, description}.
    (400, _mj(4, "task_no_found "), TaskUnknown, RelayUnreachable, SubmitRefused),
    (429, _mj(30, "当前分组负载已饱和"), RelayBusy, RelayBusy, RelayBusy),
    (200, _mj(30, "saturated"), RelayBusy, RelayBusy, RelayBusy),
    (200, _mj(4, "参数错误", result=None, properties={}), RelayUnreachable, RelayUnreachable, SubmitRefused),
    (500, _mj(4, "failed to generate relay info"), RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
    (401, '{"success":false,"message":"未登录"}', KeyRefused, KeyRefused, UpstreamKeyRefused),
    (500, '{"success":false,"message":"Internal error"}', RelayUnreachable, RelayUnreachable, SubmitOutcomeUnknown),
]  # fmt: skip


@pytest.mark.parametrize("row", BARE, ids=lambda row: f"{row[0]} {row[1][:40]!r}")
def test_documented_responses(row: tuple[int, str, type[RelayError], type[RelayError], type[RelayError]]) -> None:
    """To a fetch, a list and a submit."""
    status, text, fetch, listed, submit = row
    answer = RelayResponse(status, text)
    assert (fetch, listed, submit) == (_fetch_error(answer), _list_error(answer), _submit_error(answer))


# Responses of a proxy to a submit: (status, body, error).
REFUSALS: list[tuple[int, str, type[RelayError]]] = [
    # The task may exist and be billed.
    (200, _mj(1, "Submit success", result=None), SubmitOutcomeUnknown),
    (200, _mj(1, "Submit success", result=""), SubmitOutcomeUnknown),
    (200, _mj(1, "Submit success"), SubmitOutcomeUnknown),
    (200, _mj(21, "任务已存在", result=None), SubmitOutcomeUnknown),
    (200, _mj(22, "排队中", result=None), SubmitOutcomeUnknown),
    (200, '{"code":1,"result":1.7543e15}', SubmitOutcomeUnknown),
    (500, _mj(1, "Submit success"), SubmitOutcomeUnknown),
    (400, _mj(5, "do_request_failed "), SubmitOutcomeUnknown),
    (400, _mj(5, "unmarshal_response_body_failed 队列已满"), SubmitOutcomeUnknown),
    (200, _mj(5, "unknown"), SubmitOutcomeUnknown),
    (400, _mj(4, "insert_midjourney_task_failed "), SubmitOutcomeUnknown),
    (400, _mj(4, "copy_response_body_failed "), SubmitOutcomeUnknown),
    (400, _mj(4, "persist_midjourney_billing_failed "), SubmitOutcomeUnknown),
    (200, '{"success":true,"message":"ok"}', SubmitOutcomeUnknown),
    (502, _mj(9, "提交失败，系统异常"), SubmitOutcomeUnknown),
    (408, _mj(9, "timeout"), SubmitOutcomeUnknown),
    # Nothing was accepted.
    (200, _mj(9, "提交失败，系统异常", result=None), SubmitRefused),
    (200, _mj(9, "failed"), SubmitOutcomeUnknown),
    (200, _mj(9, "队列已满，请稍后重试", result=None), QueueFull),
    (200, _mj(23, "queue", result="1754300000123417"), SubmitOutcomeUnknown),
    (200, _mj(3, "账号不可用: 1187"), NoAccountAvailable),
    (200, _mj(3, "No available account instance"), NoAccountAvailable),
    (200, '{"success":false,"message":"并发数已达上限"}', QueueFull),
    (200, '{"success":false,"message":"State参数过长"}', SubmitRefused),
    (200, '{"code":null,"description":null,"result":null}', SubmitOutcomeUnknown),
    (200, _mj(0, ""), SubmitOutcomeUnknown),
    (200, _mj(24, "可能包含敏感词"), PromptBanned),
    (200, _mj(3, "关联任务不存在或已失效"), ParentGone),
    (404, _mj(3, "关联任务不存在或已失效"), ParentGone),
    (200, _mj(3, "not found"), ParentGone),
    (400, _mj(4, "task_not_found "), ParentGone),
    (400, _mj(4, "该任务所属渠道已被禁用 "), ParentGone),
    (400, _mj(4, "The channel associated with this task has been disabled "), ParentGone),
    (200, _mj(4, "关联任务状态错误"), ParentBusy),
    (400, _mj(4, "task_status_not_success "), ParentBusy),
    (200, _mj(4, "关联任务不允许执行变化"), ParentUnchangeable),
    (400, _mj(4, "quota_not_enough "), BalanceExhausted),
    (400, _mj(4, "index_is_required "), SubmitRefused),
    (400, _mj(4, "Invalid request, unknown_action:x"), ActionUnsupported),
    (403, _mj(403, "该令牌无权访问模型 mj_pan"), ActionUnsupported),
    (403, _mj(1, "forbidden"), SubmitOutcomeUnknown),
    (403, _mj(4, "未登录"), UpstreamKeyRefused),
    (401, _mj(4, "Unauthorized"), UpstreamKeyRefused),
    (401, _mj(22, "queued"), SubmitOutcomeUnknown),
    (429, _mj(1, "slow down"), SubmitOutcomeUnknown),
    (404, _mj(404, "no such route"), ActionUnsupported),
    (404, _mj(4, "参数错误"), SubmitRefused),
    (503, '{"code":"model_not_found","success":false}', ActionUnsupported),
]


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row[0]} {row[1][:60]}")
def test_refused_submits(row: tuple[int, str, type[RelayError]]) -> None:
    """The outcome is unknown if the task may exist and be billed, and only then."""
    status, text, expected = row
    assert expected is _submit_error(RelayResponse(status, text))


@pytest.mark.parametrize("status", range(100, 600))
def test_submit_response_without_a_body_is_classified_by_status(status: int) -> None:
    """Only a status that refuses for certain is a refusal: 424 and 409 may follow a request that was processed."""
    refused = {*range(400, 408), *range(410, 418), 421, 422, 425, 426, 428, 429, 431, 451, *range(494, 498)}
    refused |= {521, 523, 525, 526, 530}
    is_unknown = issubclass(_submit_error(RelayResponse(status, "")), SubmitOutcomeUnknown)
    assert (status not in refused) is is_unknown


def test_accepted_submit_ignores_other_fields() -> None:
    """An integer id becomes its digits, an empty `error` is no error, and two ids are two children."""
    submit = parser.parse_submission(
        RelayResponse(200, '{"code":1,"result":1320098173412546,"error":null,"properties":null}')
    )
    assert (submit.result, submit.tasks_ahead, submit.needs_modal) == ("1320098173412546", 0, False)
    submit = parser.parse_submission(RelayResponse(201, '{"code":"1","result":"17, 18,19","error":{}}'))
    assert (submit.result, submit.extra_task_ids) == ("17", ("18", "19"))
    assert parser.parse_submission(RelayResponse(200, BOM + _mj(1, "成功", result="0123"))).result == "0123"


@pytest.mark.parametrize("sent", ["17\0", "x" * 9000, "another task", "-1"])
def test_task_without_a_usable_id_has_the_requested_one(sent: str) -> None:
    """The task is stored and watched under the id that was asked for."""
    task = parser.parse_task(RelayResponse(200, json.dumps({"id": sent, "status": "SUCCESS"})), ASKED)
    assert (task.id, task.status) == (ASKED, Status.SUCCESS)


def test_integer_id_keeps_all_digits() -> None:
    """As a float, an id of 17 digits would lose its last ones."""
    assert parser.parse_task(RelayResponse(200, '{"id":17543000001234179}'), ASKED).id == "17543000001234179"


def test_list_keeps_the_most_advanced_row_of_each_id() -> None:
    """Rows without an id are dropped."""
    rows = [
        {"id": "1", "status": "MODAL"},
        {"id": 1, "status": "IN_PROGRESS", "progress": "31%"},
        {"id": "2", "status": "SUCCESS"},
        {"id": None},
        {"id": 1.5},
        None,
        "3",
        [],
    ]
    found = parser.parse_tasks(RelayResponse(200, json.dumps(rows)), ["1", "2", "3"])
    assert {key: task.status for key, task in found.items()} == {"1": Status.IN_PROGRESS, "2": Status.SUCCESS}
    assert parser.parse_tasks(RelayResponse(200, "[]"), ["1"]) == {}


def test_list_validates_only_requested_rows() -> None:
    """Neither other tasks nor thousands of rows of one task."""
    others = [{"id": str(number), "buttons": [{}] * 9} for number in range(2, 6000)]
    again = [{"id": "1", "progress": "46%", "buttons": [{"customId": "x::1"}] * 9}] * 6000
    late = {"id": "1", "progress": "99%"}
    found = parser.parse_tasks(RelayResponse(200, json.dumps([*others, *again, late])), ["1", "0", ""])
    assert {"1": 46} == {task_id: task.progress for task_id, task in found.items()}
    for odd in ('["1754300000123417"]', "[[[]]]"):
        assert _submit_error(RelayResponse(200, odd)) is SubmitOutcomeUnknown
        assert _fetch_error(RelayResponse(200, odd)) is RelayUnreachable


ROW_1, ROW_2 = '{"id":"1","status":"SUCCESS"}', '{"id":"2","progress":"46%"}'


@pytest.mark.parametrize(
    "text",
    [
        f"[{ROW_1},{ROW_2}]",
        f'[{ROW_1},{{"id":"3","prompt":"a "quoted" word"}},{ROW_2}]',
        f'[{ROW_1},{{"id":"3","x":{"[" * 5000}{"]" * 5000}}},{ROW_2}]',
        f'[{ROW_1},{{"id":"3","x":{"9" * 5000}}},{ROW_2}]',
        f'[{ROW_1},{{"id":"3","x":undefined}},{ROW_2},]',
        f"[{ROW_1},nonsense,{ROW_2}]",
        f'{{"code":1,"data":[{ROW_1},{ROW_2}]}}',
        f'{{"code":200,"data":{{"list":[{ROW_1},{ROW_2}]}}}}',
        f'{{"success":true,"result":{json.dumps(f"[{ROW_1},{ROW_2}]")}}}',
        json.dumps(f"[{ROW_1},{ROW_2}]"),
        json.dumps([ROW_1, ROW_2]),
        f'{{"content":[{ROW_1},{ROW_2}],"totalElements":2}}',
        f'{{"records":[{ROW_1},{ROW_2}]}}',
        f'{{"page":{{"content":[{ROW_1},{ROW_2}]}},"data":[]}}',
        f'{{"data":{{"pageData":{{"docs":[{ROW_1},{ROW_2}]}}}}}}',
        f'{{"1":{ROW_1},"2":{ROW_2}}}',
        '{"data":{"1":{"status":"SUCCESS"},"2":{"id":77,"progress":"46%"}}}',
        f'{{"tasks":{{"1":{json.dumps(ROW_1)},"2":[{ROW_2}]}}}}',
        f'[{{"task":{ROW_1}}},{{"task":{ROW_2}}}]',
        f'{{"data":[{ROW_1}],"failed":[{ROW_2}]}}',
        f'{{"success":false,"message":"1 of 3 not found","data":[{ROW_1},{ROW_2}]}}',
    ],
)
def test_a_broken_or_wrapped_list_brings_its_other_rows(text: str) -> None:
    """One bad row is left out, and read by itself."""
    found = parser.parse_tasks(RelayResponse(200, text), ["1", "2", "3"])
    assert {"1": Status.SUCCESS, "2": Status.IN_PROGRESS}.items() <= {k: t.status for k, t in found.items()}.items()


@pytest.mark.parametrize(
    "text",
    [
        f'{{"code":1,"description":"ok","result":{ROW_1}}}',
        f'{{"data":{ROW_1}}}',
        f"[{ROW_1}]",
        f'{{"id":"1","x":{"[" * 5000}{"]" * 5000},"status":"SUCCESS"}}',
        '{"id":"1","prompt":"a "quoted" word","status":"SUCCESS"}',
        f'{{"content":[{ROW_1}]}}',
        '{"result":{"1":{"status":"SUCCESS"}}}',
        f'{{"id":"1","code":200,"data":{{"rows":[{ROW_1}]}}}}',
    ],
)
def test_a_broken_or_wrapped_row_is_read(text: str) -> None:
    """Of a fetch too."""
    assert parser.parse_task(RelayResponse(200, text), "1").status is Status.SUCCESS


def test_a_row_within_another_tasks_row_is_not_its_own() -> None:
    """A row may name its parent, as that was when the row was made."""
    text = '[{"id":"2","status":"SUCCESS","parentTask":{"id":"1","status":"FAILURE"}}]'
    assert parser.parse_tasks(RelayResponse(200, text), ["1"]) == {}


@pytest.mark.parametrize("text", ["[]", '{"data":[]}', '{"content":[],"totalElements":0}', '{"data":{"records":[]}}'])
def test_an_empty_list_of_any_shape_knows_no_task(text: str) -> None:
    """It is an answer, after which each task is read by itself."""
    assert parser.parse_tasks(RelayResponse(200, text), ["1"]) == {}


@pytest.mark.parametrize(
    ("status", "text", "spoiled"),
    [
        (200, f"[{ROW_1},{ROW_2[:9]}", True),
        (200, f'[{ROW_1},{{"id":"2","prompt":"a', True),
        (200, "nonsense", True),
        (200, '{"code":5,"description":"unmarshal failed"}', True),
        (500, '{"code":9,"description":"系统异常"}', True),
        (500, "", True),
        (500, "<html>", False),
        (502, "", False),
        (503, '{"code":9}', False),
        (200, '{"success":false,"message":"未登录","data":[]}', False),
    ],
)
def test_an_answer_that_one_row_may_have_spoiled(status: int, text: str, *, spoiled: bool) -> None:
    """The relay itself answers; a web page and a gateway's error do not come from it."""
    for read in (parser.parse_tasks, lambda answer, ids: parser.parse_task(answer, ids[0])):
        error = _error(partial(read, RelayResponse(status, text), ["7"]))
        assert isinstance(error, RelayUnreachable)
        assert error.spoiled is spoiled


def test_errors_carry_their_data() -> None:
    with pytest.raises(PromptBanned) as banned:
        parser.parse_submission(recorded("05_submit_banned_24").answer)
    assert (banned.value.word, banned.value.reason) == ("nude", "可能包含敏感词")
    with pytest.raises(SubmitRefused) as refused:
        parser.parse_submission(RelayResponse(400, _mj(4, "prompt_is_required ")))
    assert (refused.value.code, refused.value.reason) == (4, "prompt_is_required")
    with pytest.raises(ActionUnsupported) as down:
        parser.parse_submission(recorded("37_err_503_no_channel").answer)
    assert not down.value.lasting
    with pytest.raises(ActionUnsupported) as unknown:
        parser.parse_submission(recorded("38_err_400_unknown_action").answer)
    assert unknown.value.lasting
    with pytest.raises(TaskUnknown) as missing:
        parser.parse_task(recorded("32_fetch_unknown_id_newapi_400").answer, "1754399999999999")
    assert (missing.value.task_id, missing.value.reason) == ("1754399999999999", "task_no_found")


@pytest.mark.parametrize("text", ["", PAGE, _mj(30, "saturated"), _openai("slow")])
def test_retry_after_reaches_the_error(text: str) -> None:
    answer = RelayResponse(429, text, 17.0)
    with pytest.raises(RelayBusy) as read:
        parser.parse_task(answer, ASKED)
    with pytest.raises(RelayBusy) as submit:
        parser.parse_submission(answer)
    assert (read.value.retry_after, submit.value.retry_after) == (17.0, 17.0)
    with pytest.raises(RelayUnreachable) as down:
        parser.parse_task(RelayResponse(503, text, 17.0), ASKED) if "30" not in text else parser.parse_tasks(
            RelayResponse(503, "", 17.0), [ASKED]
        )
    assert down.value.retry_after == 17.0


def test_retry_after_of_a_full_queue_reaches_the_error() -> None:
    """Code 23 has HTTP status 200."""
    with pytest.raises(RelayBusy) as busy:
        parser.parse_submission(RelayResponse(200, _mj(23, "queue"), 5.0))
    assert busy.value.retry_after == 5.0


@pytest.mark.parametrize("name", names())
def test_reasons_contain_neither_keys_nor_request_ids(name: str) -> None:
    answer = recorded(name).answer
    for read in (partial(parser.parse_submission, answer), partial(parser.parse_tasks, answer, [ASKED])):
        if error := _error(read):
            assert "sk-" not in error.reason
            assert "request id" not in error.reason
            assert error.reason


def test_the_key_is_not_in_the_representation_of_a_response() -> None:
    assert "secret" not in repr(RelayResponse(401, "", secret="secret"))


KEYS = [
    *("id", "code", "description", "result", "properties", "error", "message", "type", "success", "status"),
    *("progress", "failReason", "fail_reason", "buttons", "imageUrl", "imageUrls", "videoUrls", "url", "customId"),
    *("submitTime", "numberOfQueues", "bannedWord", "further", "emoji", "label", "style"),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(["SUCCESS", "MODAL", "46%", "task_no_found", "1754300000123417", "无可用渠道", "quota"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=8),
    max_leaves=20,
)
STATUSES = st.integers(100, 599) | st.sampled_from([200, 204, 301, 400, 401, 403, 404, 429, 500, 503])


def _check(answer: RelayResponse) -> None:
    for read in (partial(parser.parse_task, answer, ASKED), partial(parser.parse_tasks, answer, [ASKED])):
        error = _error(read)
        assert not isinstance(error, SubmitOutcomeUnknown | SubmitRefused)
        assert type(error) is not RelayError
    error = _error(partial(parser.parse_submission, answer))
    assert not isinstance(error, TaskUnknown)
    assert type(error) is not RelayError
    assert error or parser.parse_submission(answer).is_accepted


@given(STATUSES, JSON)
@example(200, {"id": "1", "buttons": [{"customId": None}], "properties": 5, "imageUrls": [{"url": "\ud800"}, 7, None]})
@example(200, {"code": float("inf"), "result": float("nan")})
def test_any_json_gives_a_value_or_our_error(status: int, body: object) -> None:
    answer = RelayResponse(status, json.dumps(body))
    _check(answer)


@given(STATUSES, st.binary() | st.text().map(str.encode))
@example(200, b"[" * 100_000)
def test_any_text_gives_a_value_or_our_error(status: int, body: bytes) -> None:
    answer = RelayResponse(status, body.decode("utf-8", "replace"))
    _check(answer)


_ROW = {"status": "SUCCESS", "progress": "100%", "imageUrl": "https://a.example/1.png"}
_NUMBER = "1754300000999002"


@pytest.mark.parametrize("asked", [_NUMBER, "0f8fad5b-d9cb-469f-a165-70867728950e"])
@pytest.mark.parametrize(
    "named",
    [
        lambda asked: {"id": asked},
        lambda asked: {"id": f" {asked}\n"},
        lambda asked: {"taskId": asked},
        lambda asked: {"task_id": asked},
        lambda asked: {"mjId": asked, "id": 77},
        lambda asked: {"id": None, "mj_id": asked},
        lambda asked: {"ID": asked},
        lambda asked: {"jobId": asked, "id": "req-1"},
        lambda asked: {"id": float(asked) if asked.isdecimal() else asked},
        lambda asked: {"taskId": int(asked) if asked.isdecimal() else asked},
    ],
)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda row, _: [row],
        lambda row, _: [[row]],
        lambda row, _: row,
        lambda row, _: {"code": 1, "data": row},
        lambda row, _: {"code": 1, "id": "req-5", "data": [row]},
        lambda row, asked: {asked: row},
        lambda row, asked: {"success": True, "data": {asked: row, "other-7": {}}},
        lambda row, _: [json.dumps(row)],
    ],
)
def test_a_task_is_found_under_each_name_of_its_id(
    asked: str, named: Callable[[str], dict[str, object]], wrap: Callable[[dict[str, object], str], object]
) -> None:
    """An id that a submit's answer names in the same way is followed, so a fetch and a list have to find it."""
    row: dict[str, object] = {**_ROW, **named(asked)}
    answer = RelayResponse(200, json.dumps(wrap(row, asked)))
    for task in (parser.parse_task(answer, asked), parser.parse_tasks(answer, [asked, "17"])[asked]):
        assert (task.id, task.status, task.picture_url) == (asked, Status.SUCCESS, _ROW["imageUrl"])


@pytest.mark.parametrize("value", ["1.7543e15", "1754300000999001.5", "1e400", "NaN", "[]", '{"id":1}', '"17543"'])
def test_another_id_is_not_taken_for_the_one_asked(value: str) -> None:
    """Such as a float that lost its last digits."""
    assert parser.parse_tasks(RelayResponse(200, f'[{{"id":{value},"status":"SUCCESS"}}]'), [_NUMBER]) == {}
