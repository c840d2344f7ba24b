"""A submit is refused only where that is known, followed where its task is named, and unknown everywhere else."""

# ruff: noqa: RUF001 - the relays' own punctuation

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    NoAccountAvailable,
    ParentBusy,
    ParentGone,
    PromptBanned,
    QueueFull,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRefused,
)
from bot.relay.requests import PressButton, SubmitModal, find_sent_ids
from bot.relay.responses.parser import parse_submission
from bot.relay.responses.relay_response import RelayResponse
from cogs.text.error_messages import describe_error
from cogs.text.input_errors import NOT_CHARGED
from tests.fakes.clock import START
from tests.recordings import recorded

TASK = "1754300000999002"


def _mj(code: object, description: object, **more: object) -> str:
    return json.dumps({"code": code, "description": description, **more}, ensure_ascii=False)


def _new_api(code: int, name: str) -> str:
    """An error of new-api's own, with HTTP status 400; the blank is its own."""
    return _mj(code, f"{name} ", type="upstream_error")


def _middleware(message: str) -> str:
    """An error of new-api's middleware."""
    return json.dumps({"error": {"message": message, "type": "new_api_error"}}, ensure_ascii=False)


def _submit(status: int, text: str) -> str | RelayError:
    """Return the id that is followed, or the error."""
    try:
        return parse_submission(RelayResponse(status, text)).result
    except RelayError as error:
        return error


AFTER_FORWARDING = [
    (400, _new_api(4, "midjourney_billing_settlement_pending")),
    (400, _new_api(4, "midjourney_billing_refund_pending")),
    (400, _new_api(4, "midjourney_task_outcome_unknown")),
    (400, _new_api(4, "midjourney_task_identity_unknown")),
    (400, _new_api(4, "midjourney_task_identity_conflict")),
    (400, _new_api(4, "insert_midjourney_task_failed")),
    (400, _new_api(4, "marshal_response_body_failed")),
    (400, _new_api(4, "persist_midjourney_billing_failed")),
    (400, _new_api(4, "persist_midjourney_task_failed")),
    (400, _new_api(4, "video_task_outcome_unknown")),
    (409, _new_api(4, "task_identity_conflict")),
    (200, _mj(4, "midjourney_billing_settlement_pending")),
    (403, _new_api(4, "midjourney_task_outcome_unknown")),
    (429, _new_api(30, "midjourney_billing_refund_pending")),
    (503, '{"error":{"message":"midjourney_task_outcome_unknown","type":"new_api_error"}}'),
    (400, '{"error":{"message":"see the log","code":"midjourney_billing_settlement_pending"}}'),
    (400, '{"code":"midjourney_billing_settlement_pending","message":"see the log","data":null}'),
]


@pytest.mark.parametrize(("status", "text"), AFTER_FORWARDING)
def test_error_after_forwarding_keeps_counting(status: int, text: str) -> None:
    """The relay's log may show its bill only later, and must not give the request back."""
    error = _submit(status, text)
    assert isinstance(error, SubmitOutcomeUnknown)
    assert error.accepted


def test_error_after_forwarding_that_names_the_task_is_followed() -> None:
    text = _mj(4, "midjourney_billing_settlement_pending ", type="upstream_error", result=TASK)
    assert _submit(400, text) == TASK


BEFORE_FORWARDING: list[tuple[int, str, type[RelayError]]] = [
    (400, _new_api(4, "pre_consume_midjourney_billing_failed"), SubmitRefused),
    (400, _new_api(4, "prepare_midjourney_billing_failed"), SubmitRefused),
    (400, _new_api(4, "mark_midjourney_dispatch_failed"), SubmitRefused),
    (500, _new_api(4, "pre_consume_midjourney_billing_failed"), SubmitRefused),
    (400, _new_api(4, "pre_consume_video_billing_failed"), SubmitRefused),
    (403, '{"error":{"message":"x","code":"pre_consume_token_quota_failed","type":"new_api_error"}}', RelayError),
    *(
        (400, _new_api(4, name), SubmitRefused)
        for name in (
            "prompt_is_required",
            "action_is_required",
            "index_is_required",
            "custom_id_is_required",
            "task_id_is_required",
            "sour_base64_and_target_base64_is_required",
            "bind_request_body_failed",
            "content_parse_failed",
            "task_no_found",
            "get_channel_info_failed",
            "模型 mj_imagine 价格未配置",
        )
    ),
    (400, _new_api(4, "task_not_found"), ParentGone),
    (400, _new_api(4, "该任务所属渠道已被禁用"), ParentGone),
    (400, _new_api(4, "task_status_not_success"), ParentBusy),
    (400, _new_api(4, "quota_not_enough"), BalanceExhausted),
    (400, _new_api(4, "unknown_action:MJ::JOB::animate_high::1::u"), ActionUnsupported),
]


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        (_new_api(4, "task_not_found"), True),
        (_new_api(4, "task_not_found "), True),
        (_new_api(4, "TASK_NOT_FOUND (request id: 1)"), True),
        (_new_api(4, "该任务所属渠道已被禁用"), False),
        (_new_api(3, "关联任务不存在或已失效"), False),
    ],
)
def test_a_parent_of_another_account_is_not_called_lost(text: str, *, unknown: bool) -> None:
    """new-api looks for the parent among the tasks of the key's account; a key of another one finds none."""
    error = _submit(400, text)
    assert isinstance(error, ParentGone)
    assert error.unknown_to_key == unknown


@pytest.mark.parametrize(("status", "text", "kind"), BEFORE_FORWARDING)
def test_error_before_forwarding_is_a_refusal(status: int, text: str, kind: type[RelayError]) -> None:
    error = _submit(status, text)
    assert isinstance(error, kind)
    assert not isinstance(error, SubmitOutcomeUnknown)


# In neither list, and neither the status nor the shape shows when it was reported.
UNKNOWN = [
    (400, _new_api(4, "forward_midjourney_video_failed")),
    (400, _new_api(4, "some_new_error")),
    (400, _new_api(4, "context deadline exceeded")),
    (400, _new_api(4, "bad gateway")),
    (400, _new_api(4, "用户信息读取失败")),
    (200, _mj(4, "some_new_error")),
    (400, '{"error":{"message":"oops","type":"upstream_error"}}'),
    (400, '{"message":"upstream request timeout"}'),
    (400, "upstream request timeout"),
    (404, '{"message":"the task was created, but cannot be found"}'),
    (500, '{"error":{"message":"post consume quota failed","type":"new_api_error"}}'),
    (400, '{"error":{"message":"oops","type":"new_api_error","code":"post_consume_quota_failed"}}'),
    (500, '{"error":{"message":"oops","type":"new_api_error"}}'),
    (502, '{"error":{"message":"bad response status code 504","code":"bad_response_status_code"}}'),
    (200, _mj(4, "post consume quota failed")),
    (200, _mj(4, "HTTP 502")),
    (500, '{"error":{"message":"write: broken pipe","type":"new_api_error"}}'),
    (500, '{"error":{"message":"context canceled","type":"new_api_error","code":"do_request_failed"}}'),
    # Success in other words, without an id.
    *((200, text) for text in (
        '{"code":0,"msg":"ok"}',
        '{"code":null,"description":"Submit success"}',
        '{"description":"Submit success"}',
        '{"code":2,"description":"Accepted"}',
        '{"code":200,"message":"success","data":null}',
        '{"code":"success","message":"","data":{}}',
        '{"code":0,"msg":"","data":[]}',
        '{"status":"ok"}',
        '{"success":true}',
        '{"success":true,"code":4,"message":"?"}',
        '{"code":202,"msg":"请求已接收"}',
    )),
    (202, ""),
    # A failure that may have come too late.
    *((200, _mj(code, text)) for code, text in (
        (-1, "timeout"),
        (4, "timeout waiting for Discord"),
        (9, "timeout, please check the task list"),
        (3, "Read timed out"),
        (9, "请求超时"),
        (9, "未知错误，请稍后重试"),
        (9, "connection reset by peer"),
        (9, "No response from Discord"),
        (4, "任务已提交，请勿重复提交"),
        (4, "作业执行中，请稍后重试"),
        (4, "提交Imagine任务异常"),
        (9, "x"),
        (-1, "failed"),
        (500, "Internal error"),
        (7, "参数可能有误"),
    )),
    (200, '{"success":false,"message":"The request was canceled due to the configured HttpClient.Timeout"}'),
    (200, '{"success":false,"message":"Unexpected exception"}'),
    # An id that no relay means, with the code of an acceptance.
    (200, _mj(1, "Submit success", result="17543\x000001")),
    (200, _mj(1, "Submit success", result="9" * 9000)),
    (200, _mj(1, "Submit success", result="pending")),
    (200, _mj(22, "排队中，前面还有1个任务", result="<b>17</b>")),
    (200, _mj(0, "ok", data={"taskId": "17\ud800"})),
    (200, '{"code":1,"result":1.7543e15}'),
    (200, '{"code":1,"result":1.7543000009990021e16}'),
    (200, f'{{"code":1,"result":"{TASK}"}}{{"code":4}}'),
    (400, f'{{"code":1,"result":"{TASK}'),
    # Statuses of servers that may have passed the request on.
    (409, '{"message":"x"}'),
    (424, ""),
    (460, "<html></html>"),
    (444, ""),
]  # fmt: skip


@pytest.mark.parametrize(("status", "text"), UNKNOWN)
def test_what_may_mean_success_is_unknown(status: int, text: str) -> None:
    assert isinstance(_submit(status, text), SubmitOutcomeUnknown)


FOLLOWED = [
    (200, '{"code":1,"result":1.754300000999002e15}'),
    (200, '{"code":1,"result":1754300000999002.0}'),
    (200, '{"code":1,"result":1754300000999002}'),
    (200, _mj(1, "ok", result=[TASK])),
    (200, json.dumps({"code": 0, "msg": "ok", "data": {"taskId": TASK}})),
    (200, json.dumps({"code": 200, "data": {"taskId": TASK}})),
    (200, json.dumps({"code": "success", "message": "", "data": {"task_id": TASK}})),
    (200, json.dumps({"code": "success", "message": "", "data": TASK})),
    (200, json.dumps({"code": 200, "msg": "操作成功", "data": {"result": {"id": int(TASK)}}})),
    (200, json.dumps({"success": True, "data": [{"id": TASK}]})),
    (200, json.dumps({"task_id": TASK})),
    (200, json.dumps({"Code": 0, "Message": "ok", "Data": {"TaskID": TASK}})),
    (200, json.dumps({"ret": 0, "msg": "ok", "data": {"job_id": TASK}})),
    (200, '{"code":1,"result":1.754300000999002E+15}'),
    (202, json.dumps({"id": TASK, "status": "SUBMITTED", "action": "IMAGINE"})),
    (200, json.dumps({"code": True, "result": TASK})),
    (200, json.dumps({"code": None, "description": "Submit success", "result": TASK})),
    (200, _mj(2, "Accepted", result=TASK)),
    (200, _mj(9, "timeout, please check the task list", result=TASK)),
    (201, _mj("1", "成功", result=f" {TASK} ")),
    (500, _mj(1, "Submit success", result=TASK)),
]


@pytest.mark.parametrize(("status", "text"), FOLLOWED)
def test_answer_with_a_usable_id_is_followed(status: int, text: str) -> None:
    """The id keeps its last digit, and the request counts."""
    submit = parse_submission(RelayResponse(status, text))
    assert (submit.result, submit.is_billed) == (TASK, True)


REFUSED: list[tuple[int, str, type[RelayError]]] = [
    (200, _mj(4, "参数错误"), SubmitRefused),
    (200, _mj(4, "The prompt is too long"), SubmitRefused),
    (200, _mj(9, "提交失败，系统异常"), SubmitRefused),
    (200, _mj(9, "Too many tasks in queue"), SubmitRefused),
    (200, _mj(9, "未开启 REMIX，无法使用视频扩展功能"), SubmitRefused),
    (200, _mj(9, "提交失败，队列已满，请稍后重试"), QueueFull),
    (200, _mj(23, "Queue is full, 10 tasks in queue"), QueueFull),
    (200, _mj(24, "可能包含敏感词", properties={"bannedWord": "x"}), PromptBanned),
    (200, _mj(3, "无可用的账号实例"), NoAccountAvailable),
    (200, _mj(-1, "不支持的操作"), SubmitRefused),
    (200, _mj(401, "Unauthorized"), SubmitRefused),
    (200, '{"error":{"message":"用户额度不足"}}', BalanceExhausted),
    (200, '{"success":false,"message":"State参数过长，最大255字符"}', SubmitRefused),
    (422, '{"detail":[{"loc":["body","prompt"],"msg":"field required"}]}', SubmitRefused),
    (400, '{"timestamp":"2026-11-28","status":400,"error":"Bad Request","path":"/mj/submit/change"}', SubmitRefused),
    (400, '{"error":{"message":"bad prompt","type":"new_api_error"}}', SubmitRefused),
    (503, _middleware("当前分组 g 下对于模型 mj_pan 无可用渠道（数据库一致性已被破坏）"), ActionUnsupported),
    (500, _middleware("获取分组 g 下模型 mj_pan 的可用渠道失败（distributor）: database"), ActionUnsupported),
    (200, _mj(9, "Too many jobs running"), SubmitRefused),
    (200, _mj(4, "未知操作"), SubmitRefused),
    (503, '{"error":{"message":"system overloaded","type":"new_api_error"}}', RelayUnreachable),
    (429, _mj(30, "当前分组上游负载已饱和"), RelayBusy),
]


@pytest.mark.parametrize(("status", "text", "kind"), REFUSED)
def test_known_refusal_stays_a_refusal(status: int, text: str, kind: type[RelayError]) -> None:
    error = _submit(status, text)
    assert type(error) is kind


# Known refusals beside a sign that the relay took the request: a code, a status, an id, or a word.
CONTRADICTED = [
    (200, _mj(0, "关联任务状态错误，稍后自动执行")),
    (200, _mj(200, "队列已满，已为您预留")),
    (200, '{"success":true,"message":"队列已满，您的任务将稍后执行"}'),
    (200, _mj(23, "队列已满，您的任务将稍后执行")),
    (200, _mj(23, "Task submitted, the queue is full, please wait", taskNo=TASK)),
    (200, _mj(23, "队列已满，请稍后尝试", result=TASK)),
    (200, _mj(4, "关联任务状态错误，正在等待")),
    (504, '{"message":"queue is full"}'),
    (503, _mj(23, "队列已满")),
    (500, '{"error":{"message":"关联任务状态错误"}}'),
    (500, _mj(4, "quota_not_enough")),
    (404, _mj(404, "no callback route", result=TASK)),
    (200, '{"code":0,"msg":"收单。--fast 不支持，已忽略"}'),
    (200, '{"Code":"0","msg":"参数 --fast 不支持"}'),
    (200, '{"code":200,"message":"余额不足10元，请充值"}'),
    (200, '{"success":true,"message":"无可用账号，使用共享账号绘图"}'),
    (200, '{"status":"ok","code":4,"description":"敏感词"}'),
    (200, _mj(4, "敏感词已替换")),
    (200, _mj(24, "prompt accepted: success", result=TASK)),
    (200, _mj(24, "可能包含敏感词", result=TASK)),
    (200, _mj(4, "参数错误", result=TASK)),
    (201, _mj(4, "参数错误")),
    (202, '{"success":false,"message":"参数错误"}'),
    # The sender is turned away, and yet the words, a code or an id tell of a task.
    (402, '{"code":402,"message":"settlement failed: insufficient balance, task 1754300000999002 already created"}'),
    (402, '{"message":"Insufficient balance to settle task"}'),
    (429, '{"message":"your previous request is still being processed"}'),
    (429, '{"message":"Task already submitted"}'),
    (429, _mj(22, "排队中，前面还有2个任务")),
    (403, _mj(1, "Submit success")),
    (401, '{"success":true,"message":"Unauthorized"}'),
    (200, _mj(30, "Task submitted")),
    (429, '{"data":{"taskId":"1754300000999002"}}'),
    (403, '{"message":"forbidden","data":{"taskId":"1754300000999002"}}'),
    (403, '{"message":"Task created, but not enough quota"}'),
]


@pytest.mark.parametrize(("status", "text"), CONTRADICTED)
def test_a_refusal_beside_a_sign_of_success_is_not_certain(status: int, text: str) -> None:
    """The bot neither sends the request again nor says that it was not paid; an id may be followed."""
    error = _submit(status, text)
    assert error == TASK or isinstance(error, SubmitOutcomeUnknown)


# A failure in words that no list knows: the relay's log decides.
UNLISTED = [
    *("處理中", "執行中", "排隊中，前面還有3個任務", "重複提交", "任務已創建", "連接中斷", "內部錯誤", "資料庫錯誤"),
    *("补偿中", "已派发", "已下发", "已投递", "正在提交", "绘制中", "已加入队列", "没有返回任务ID", "返回为空"),
    *("補償中", "系统繁忙，请稍后再试"),
    *("no task id", "empty result", "result is null", "ECONNRESET", "client closed request", "stream error"),
    *("We are drawing your picture", "tiempo de espera agotado", "délai dépassé", "Zeitüberschreitung"),
    *("hết thời gian chờ", "превышено время ожидания", "タイムアウト", "ｔｉｍｅｏｕｔ", "time\u2011out"),
    *("提交超时".encode("gbk").decode("utf-8", "replace"), "nonce not found", "watchdog", "操作成功，参数不支持"),
    *("參數不支持，任務已創建", "invalid character '<' looking for beginning of value", "不支持: 超時"),
]  # fmt: skip


@pytest.mark.parametrize("words", UNLISTED)
@pytest.mark.parametrize(
    "shape", ['{"code":4,"description":%s}', '{"code":9,"msg":%s}', '{"success":false,"message":%s}']
)
def test_a_failure_in_unlisted_words_is_unknown(shape: str, words: str) -> None:
    """In any script and any width of letters."""
    assert isinstance(_submit(200, shape % json.dumps(words)), SubmitOutcomeUnknown)


PLAIN: list[tuple[int, str, type[RelayError]]] = [
    (200, _mj(4, "參數錯誤"), SubmitRefused),
    (200, _mj(9, "不支援 is not supported"), SubmitRefused),
    (200, _mj(9, "Invalid prompt"), SubmitRefused),
    (200, _mj(9, "Invalid Form Body"), SubmitRefused),
    (200, _mj(9, "401 Unauthorized: [no body]"), SubmitRefused),
    (200, '{"success":false,"message":"帳號不可用"}', NoAccountAvailable),
    (200, _mj(9, "佇列已滿"), QueueFull),
    (400, _mj(0, "参数错误"), SubmitRefused),
    (429, '{"error":{"message":"Too Many Requests from the upstream gateway"}}', RelayBusy),
    (429, '{"message":"Rate limit reached"}', RelayBusy),
    (403, _middleware("预扣费额度失败, 用户剩余额度: 0, 需要预扣费额度: 1"), BalanceExhausted),
    (401, _middleware("Invalid token, database query error"), RelayError),
    # Why a step before forwarding failed.
    (400, _new_api(4, "pre_consume_midjourney_billing_failed: context deadline exceeded"), SubmitRefused),
    (400, _new_api(4, "pre_consume_midjourney_billing_failed: database is locked"), SubmitRefused),
    (500, _new_api(4, "prepare_midjourney_billing_failed: dial tcp: i/o timeout"), SubmitRefused),
    (400, _new_api(4, "mark_midjourney_dispatch_failed (conflict)"), SubmitRefused),
    (400, _new_api(4, "midjourney_pre_consume_failed"), SubmitRefused),
    (400, _new_api(4, "create_request_failed"), SubmitRefused),
    (400, _new_api(4, "request_body_not_found"), SubmitRefused),
    (503, _middleware("该令牌分组 vip 已被禁用"), SubmitRefused),
]


@pytest.mark.parametrize(("status", "text", "kind"), PLAIN)
def test_a_plain_refusal_is_certain(status: int, text: str, kind: type[RelayError]) -> None:
    error = _submit(status, text)
    assert isinstance(error, kind)
    assert not isinstance(error, SubmitOutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, _new_api(4, "pre_consume_midjourney_billing_failed: midjourney_billing_settlement_pending")),
        (400, _new_api(4, "prepare_midjourney_billing_failed, do_request_failed")),
        (400, _new_api(4, "post_consume_failed: quota_not_enough")),
        (200, _mj(1, "pre_consume_midjourney_billing_failed: timeout")),
        (200, _mj(4, "pre_consume_midjourney_billing_failed: timeout", result=TASK)),
    ],
)
def test_a_step_before_forwarding_beside_a_later_one_is_unknown(status: int, text: str) -> None:
    error = _submit(status, text)
    assert error == TASK or isinstance(error, SubmitOutcomeUnknown)


@pytest.mark.parametrize("text", [_mj(4, "参数错误"), _mj(23, "队列已满"), _mj(24, "可能包含敏感词")])
def test_a_refusal_that_is_followed_by_other_text_is_unknown(text: str) -> None:
    """A server may have written what came of the request after the relay's answer."""
    with pytest.raises(SubmitOutcomeUnknown):
        parse_submission(RelayResponse(200, text, has_tail=True))
    assert parse_submission(RelayResponse(200, _mj(1, "ok", result=TASK), has_tail=True)).result == TASK


PANIC = recorded("42_err_500_panic").text


@pytest.mark.parametrize("path", ["/mj/submit/action", "/mj-fast/mj/submit/action"])
def test_a_panic_of_the_parser_of_custom_ids_is_a_lasting_refusal(path: str) -> None:
    with pytest.raises(ActionUnsupported) as caught:
        parse_submission(RelayResponse(500, PANIC, path=path))
    assert caught.value.lasting


@pytest.mark.parametrize("path", ["/mj/submit/imagine", "/mj/submit/modal", "/mj/submit/blend", ""])
def test_a_panic_elsewhere_may_come_after_forwarding(path: str) -> None:
    with pytest.raises(SubmitOutcomeUnknown):
        parse_submission(RelayResponse(500, PANIC, path=path))


# A fuzzer of status, shape and framing. `TAKEN` bodies come from relays that took the request, or may have.

IDS: st.SearchStrategy[object] = st.sampled_from([TASK, int(TASK), f"{TASK},1754300000999003", [TASK]])
NO_IDS: st.SearchStrategy[object] = st.sampled_from(
    [None, "", "0", 0, "ok", -1, 1.5, "17\0", "9" * 9000, "https://a.test/17.png", {}, []]
)
SUCCESS_WORDS = st.sampled_from(
    ["ok", "Submit success", "提交成功", "Accepted", "created", "任务已提交", "queued", "done"]
)
LATE_WORDS = st.sampled_from(
    ["timeout", "Read timed out", "请求超时", "upstream error", "connection reset", "unknown error", "no response",
     "midjourney_task_outcome_unknown", "task_identity_conflict", "save_midjourney_task_failed", "do_request_failed",
     "midjourney_billing_settlement_pending", "context canceled", "任务处理中", "still processing", "未知错误"]
)  # fmt: skip
DESCRIPTION = st.sampled_from(["description", "message", "msg"])


@st.composite
def _accepted_bodies(draw: st.DrawFn) -> dict[str, object]:
    """{code, description, result} of an acceptance, with or without a valid id."""
    code = draw(st.sampled_from([1, 21, 22, "1", 22.0]))
    return {"code": code, draw(DESCRIPTION): draw(SUCCESS_WORDS), "result": draw(IDS | NO_IDS)}


@st.composite
def _wrapped_bodies(draw: st.DrawFn) -> dict[str, object]:
    """The same in other words and wrappers, with an id."""
    name = draw(st.sampled_from(["taskId", "task_id", "result", "id", "jobId"]))
    wrapper = draw(st.sampled_from(["data", "result", "output", "task"]))
    code = draw(st.sampled_from([0, 1, 2, 200, "success", None, True]))
    data: object = {name: draw(IDS)}
    return {"code": code, draw(DESCRIPTION): draw(st.just("") | SUCCESS_WORDS), wrapper: data}


@st.composite
def _wordy_bodies(draw: st.DrawFn) -> dict[str, object]:
    """Bodies without an id, whose words say that the request was taken, or leave it open."""
    code = draw(st.sampled_from([-1, 0, 2, 3, 4, 5, 9, 200, 500, None, "success", "error"]))
    words = draw(SUCCESS_WORDS | LATE_WORDS)
    body: dict[str, object] = {"code": code, draw(DESCRIPTION): words, "result": draw(NO_IDS)}
    if draw(st.booleans()):
        body["type"] = "upstream_error"
    return body


TAKEN = _accepted_bodies() | _wrapped_bodies() | _wordy_bodies()
# No 401, 402, 403 or 429: those refuse the sender, not the request.
TAKEN_STATUSES = st.sampled_from([200, 201, 202, 400, 404, 409, 422, 424, 500, 502, 503, 504, 520, 524])
FRAMES = st.sampled_from(["{}", "\ufeff{}", " \n{}\n", "{}{{}}", "{}<html></html>", "{}\0"])


def _sentence(error: RelayError) -> str:
    return describe_error(error, START)


@settings(max_examples=400)
@given(TAKEN_STATUSES, TAKEN, FRAMES, st.integers(1, 400))
def test_request_that_may_be_taken_is_never_called_unpaid(
    status: int, body: dict[str, object], frame: str, kept: int
) -> None:
    """Neither if it arrives whole, nor in an odd frame, nor cut off after `kept` characters."""
    text = json.dumps(body, ensure_ascii=False)
    whole, framed, cut = _submit(status, text), _submit(status, frame.format(text)), _submit(status, text[:kept])
    for result in (whole, framed, cut):
        assert result == TASK or isinstance(result, SubmitOutcomeUnknown)
        assert isinstance(result, str) or NOT_CHARGED not in _sentence(result)


@settings(max_examples=400)
@given(st.sampled_from(REFUSED), FRAMES.filter(lambda frame: frame.strip("\ufeff \n") == "{}"))
def test_known_refusal_says_that_nothing_is_paid(row: tuple[int, str, type[RelayError]], frame: str) -> None:
    status, text, kind = row
    result = _submit(status, frame.format(text))
    assert isinstance(result, kind)
    assert NOT_CHARGED in _sentence(result)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([TASK, "failed", "参数错误"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "description", "data", "result", "taskId", "error", "success"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=400)
@given(st.integers(200, 299) | st.integers(500, 519), JSON)
def test_unknown_answer_is_refused_only_by_words_or_codes_that_refuse(
    status: int,
    body: Any,  # noqa: ANN401 - JSON may be anything
) -> None:
    """Every answer is followed, refused or unknown."""
    result = _submit(status, json.dumps(body))
    if isinstance(result, RelayError) and not isinstance(result, SubmitOutcomeUnknown):
        known = body.get("success") is False or "参数错误" in json.dumps(body, ensure_ascii=False)
        assert known or str(body.get("code")).split(".")[0] in {
            "3",
            "4",
            "9",
            "23",
            "24",
            "30",
            "401",
            "402",
            "403",
            "429",
        }


@pytest.mark.parametrize(
    "text",
    [
        '{"success":false,"message":"oops","data":{"taskId":"1754300000999002"}}',
        '{"success":false,"message":"timeout","data":{"taskId":"1754300000999002"}}',
        '{"success":"false","code":200,"data":{"task_id":"1754300000999002"}}',
        '{"ok":false,"result":"1754300000999002"}',
        '{"status":"failed","msg":"see the task","taskId":"1754300000999002"}',
        '{"code":"error","data":{"taskId":"1754300000999002"}}',
        '{"code":200,"data":{"success":false,"taskId":"1754300000999002"}}',
    ],
)
def test_an_id_beside_a_failure_is_only_named(text: str) -> None:
    """The submit is unknown, never refused; its task is followed only if it can be read."""
    with pytest.raises(SubmitOutcomeUnknown) as unknown:
        parse_submission(RelayResponse(200, text))
    assert unknown.value.named_task == "1754300000999002"


@pytest.mark.parametrize(
    "text",
    [
        '{"success":true,"data":{"taskId":"1754300000999002"}}',
        '{"code":200,"data":{"taskId":"1754300000999002"}}',
        '{"status":"ok","error":null,"taskId":"1754300000999002"}',
        '{"code":1,"success":false,"result":"1754300000999002"}',
    ],
)
def test_an_id_without_a_failure_is_followed(text: str) -> None:
    """Code 1 is the API's own word of an acceptance, whatever a fork adds."""
    assert parse_submission(RelayResponse(200, text)).result == "1754300000999002"


@pytest.mark.parametrize(
    "fields",
    [
        '"state":"failed"',
        '"status":"失败"',
        '"status":"rejected"',
        '"status":"error"',
        '"status":"submit_failed"',
        '"status":false',
        '"status":500',
        '"succeed":false',
        '"is_success":"no"',
        '"ok":false',
        '"errors":["no account"]',
        '"errors":{"prompt":"too long"}',
        '"error_code":1003',
        '"failed":true',
        '"code":-1',
        '"code":-1,"description":"timeout"',
        '"code":"-2"',
        '"code":503',
        '"msg":"任务提交失败","taskStatus":"失败"',
        '"message":"Failed."',
        '"response":{"data":{"state":"refused"}}',
        '"data":[{"status":"failure"}]',
    ],
)
def test_a_failure_in_any_words_beside_an_id_is_only_named(fields: str) -> None:
    """It is not counted as accepted, only because the answer has an id."""
    with pytest.raises(SubmitOutcomeUnknown) as unknown:
        parse_submission(RelayResponse(200, f'{{"taskId":"1754300000999002",{fields}}}'))
    assert unknown.value.named_task == "1754300000999002"


@pytest.mark.parametrize(
    "fields",
    [
        '"state":"mjbot:77"',
        '"status":"queued","code":200',
        '"status":"no_error"',
        '"succeed":true,"ok":1',
        '"errors":[],"error":{},"failed":false',
        '"errcode":0,"errmsg":"ok"',
        '"err":"null","failReason":""',
        '"message":"Submitted. Failed tasks are refunded."',
    ],
)
def test_an_id_beside_no_failure_is_followed(fields: str) -> None:
    """Empty fields of failure, and words about other tasks, say nothing about this one."""
    body = f'{{"taskId":"1754300000999002",{fields}}}'
    assert parse_submission(RelayResponse(200, body)).result == "1754300000999002"


PRESSED = "1730621826053455"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (500, '{"status":"failed","taskId":"1730621826053455"}'),
        (200, '{"success":false,"data":{"taskId":"1730621826053455"}}'),
        (200, '{"code":1,"description":"ok","result":"1730621826053455"}'),
        (200, '{"code":22,"result":1730621826053455}'),
        (200, '{"id":"1730621826053455","status":"queued"}'),
        (202, '{"code":200,"data":{"taskIds":["1754300000999002","1730621826053455"]}}'),
        (502, '{"error":"upstream","result":"1730621826053455"}'),
        (200, '{"code":1,"result":"3DBBD469-36AF-4A0F-8F02-DF6C579E7011"}'),
    ],
)
def test_an_id_of_the_request_is_not_that_of_its_new_task(status: int, text: str) -> None:
    """Neither in a failure, nor in what looks like a success of a broken relay."""
    request = PressButton(task_id=PRESSED, custom_id="MJ::JOB::upsample::2::3dbbd469-36af-4a0f-8f02-df6c579e7011")
    with pytest.raises(SubmitOutcomeUnknown) as unknown:
        parse_submission(RelayResponse(status, text), find_sent_ids(request))
    assert unknown.value.named_task == ""


@pytest.mark.parametrize(
    "request_",
    [
        SubmitModal(task_id=PRESSED, prompt="a cat"),
        PressButton(task_id=PRESSED, custom_id="MJ::BOOKMARK::3dbbd469-36af-4a0f-8f02-df6c579e7011"),
    ],
)
def test_a_modal_and_a_favorite_go_on_under_their_own_id(request_: SubmitModal | PressButton) -> None:
    """Their answers repeat the id, which is no new task's."""
    sent = find_sent_ids(request_)
    answer = RelayResponse(200, f'{{"code":1,"description":"ok","result":"{PRESSED}"}}')
    assert parse_submission(answer, sent).result == PRESSED
