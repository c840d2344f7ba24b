"""Relays' reasons for a refusal are translated where they are known, and are short and clean in any case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.reasons.refusal_reasons import translate_refusal

REFUSALS = [
    ("无可用的账号实例", "no Midjourney account is free"),
    ("队列已满，请稍后尝试", "the queue is full"),  # noqa: RUF001
    ("排队中，前面还有3个任务", "queued, 3 ahead"),  # noqa: RUF001
    ("可能包含敏感词", "it may contain a word that isn't allowed"),
    ("task_no_found ", "no such task"),
    ("quota_not_enough ", "the account's balance is used up"),
    ("do_request_failed ", "the relay's upstream didn't answer"),
    ("无效的令牌 (request id: 20250804173320123456789abcdEFGH)", "the key is not valid"),
    ("[sk-AbC***xYz] 该令牌额度已用尽 !token.UnlimitedQuota && token.RemainQuota = -120", "the key's quota is used up"),
    ("当前分组 drawing 下对于模型 mj_pan 无可用渠道", "the key's group has no channel for mj_pan"),
    ("该令牌无权访问模型 mj_high_variation", "the key may not use mj_high_variation"),
    ("该令牌无权访问模型 ", "the key may not use this model"),
    ("This token has no access to model ", "the key may not use this model"),
    ("This token has no access to any models", "the key may not use this model"),
    ("This token has no access to model mj_pan", "the key may not use mj_pan"),
    ("該令牌無權存取模型 mj_pan", "the key may not use mj_pan"),
    ("Invalid token (request id: 2026112800000000000000001)", "the key is not valid"),
    ("This token has expired", "the key has expired"),
    ("該令牌已過期", "the key has expired"),
    ("This token status is unavailable", "the key is disabled"),
    ("This token quota is exhausted TokenStatusExhausted[sk-a***b]", "the key's quota is used up"),
    ("token quota is not enough, token remain quota: 0", "the key's quota is used up"),
    ("Insufficient quota", "the account's balance is used up"),
    ("User has been banned", "the account is banned"),
    ("No permission to access this group", "the account may not use the key's group"),
    ("无权访问 vip 分组", "the account may not use the key's group"),
    ("No available channel for model mj_pan under group g (distributor)", "the key's group has no channel for mj_pan"),
    ("No available channel for model x under group g (distributor)", "the key's group has no channel for it"),
    ("分組 g 下模型 mj_pan 無可用管道", "the key's group has no channel for mj_pan"),
    ("Current group upstream load is saturated, please try again later", "the key's group is overloaded"),
    ("Invalid request: unknown_action:MJ::BOOKMARK::1a5a36ff", "it doesn't know this action"),
    ("未登录", "it is not logged in"),
    ("Invalid request, unknown_action:MJ::Job::PicReader::1", "it doesn't know this action"),
    ("Too many requests 当前分组负载已饱和", "the key's group is overloaded"),
    ("关联任务不允许执行变化", "the earlier task can't be changed this way"),
    ("HTTP 200", ""),
    ("HTTP 301", ""),
    ("HTTP 404", ""),
    ("Not Found", ""),
    ("404 page not found", ""),
    ("Method Not Allowed", ""),
    ("Invalid URL (POST /mj/submit/video) (request id: 2026112800000000000000001)", ""),
    ("<!doctype html><title>New API</title>", ""),
    ("Bad Request", "the relay couldn't read the request"),
    ("Internal Server Error", "the relay had an internal error"),
    ("Service Unavailable", "the relay didn't answer"),
    ("Too Many Requests", "it got too many requests"),
    ("taskId不能为空", "the request has no taskId"),
    ("base64不能为空", "the request has no base64"),
    ("base64或link不能为空", "the request has no link"),
    ("人脸图片不能为空", "a picture is missing"),
    ("人脸图片和目标图片不能相同", "the two pictures are the same"),
    ("content参数错误", "a parameter is not valid"),
    ("dimensions参数错误", "a parameter is not valid"),
    ("图片参数错误，2~5张图片", "a parameter is not valid"),  # noqa: RUF001
    ("NotifyHook参数过长，最大2000字符", "a parameter is too long"),  # noqa: RUF001
    ("校验错误", "the request didn't pass its checks"),
    ("数据未找到", "it found nothing"),
    ("链接格式错误", "the link can't be read"),
    ("禁止上传", "it doesn't accept pictures"),
    ("上传图片到discord失败", "the relay couldn't upload the picture to Discord"),
    ("BaseImageUrl is empty, please check the uploaded image.", "the relay couldn't upload the picture to Discord"),
    ("实例不存在或不可用", "no Midjourney account is free"),
    ("账号已被临时封锁，请勿使用违规词作图", "it has blocked this bot for a while because of forbidden words"),  # noqa: RUF001
    ("用户今日绘图次数已达上限", "its limit of jobs is reached"),
    ("由于国家法律和安全问题，视频换脸暂不对访客开放", "it is not open to guests"),  # noqa: RUF001
    ("服务不支持", "it doesn't offer this"),
    ("演示模式，禁止操作", "it is in demo mode"),  # noqa: RUF001
    ("服务暂不可用，请联系管理员", "it isn't working right now"),  # noqa: RUF001
    ("提交Imagine任务异常", "the relay had an internal error"),
    ("操作失败", "the relay had an internal error"),
    ("未知的 Action 类型", "it doesn't know this action"),
    ("任务类型错误", "it doesn't know this action"),
    ("请配置私聊频道", "its account has no private channel, which seeds need"),
    ("超时，未找到 seed", "it found no seed"),  # noqa: RUF001
    ("模型 mj_imagine 倍率或价格未配置，请联系管理员设置", "it has no price for this"),  # noqa: RUF001
    ("model mj_imagine ratio or price not set", "it has no price for this"),
    ("sour_base64_and_target_base64_is_required ", "a part of the request is missing"),
    ("prompt_is_required", "the prompt is empty"),
    ("index_parse_failed ", "it can't tell which picture is meant"),
    ("unknown_relay_action ", "it doesn't know this action"),
    ("bind_request_body_failed ", "the relay couldn't read the request"),
    ("content_parse_failed", "the relay couldn't read the request"),
    ("invalid_request ", "the relay couldn't read the request"),
    ("create_request_failed ", "an address in the relay's settings is wrong"),
    ("empty_response_body ", "the relay's upstream sent an empty answer"),
    ("unmarshal_response_body_failed ", "the relay couldn't read its upstream's answer"),
    ("read_response_body_failed ", "the relay lost its upstream's answer"),
    ("insert_midjourney_task_failed ", "the relay couldn't save the task"),
    ("pre_consume_midjourney_billing_failed ", "the relay couldn't reserve the money for it"),
    ("prepare_midjourney_billing_failed ", "the relay couldn't prepare it"),
    ("mark_midjourney_dispatch_failed ", "the relay couldn't prepare it"),
    ("persist_midjourney_billing_failed ", "the relay couldn't bill it"),
    ("midjourney_billing_settlement_pending ", "the relay couldn't bill it"),
    ("http_get_image_failed", "the relay couldn't fetch the picture"),
    ('{"message": "余额不足"}', "the account's balance is used up"),
    ("Something [sk-AbC***xYz] else\n entirely", "Something else entirely"),
    ("今天天气不好", "今天天气不好"),
    ("", ""),
]


PIECES = st.sampled_from([reason for reason, _ in REFUSALS])
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=20), max_size=6).map(" ".join) | PIECES.map(lambda s: s * 50)


@pytest.mark.parametrize(("text", "expected"), REFUSALS)
def test_a_known_refusal_is_translated_into_a_clause(text: str, expected: str) -> None:
    """Known reasons are translated, unknown ones are only cleaned."""
    assert expected == translate_refusal(text)


@given(TEXTS)
def test_the_translation_of_any_refusal_is_short(text: str) -> None:
    """A translation has at most 300 characters and no part of a key."""
    told = translate_refusal(text)

    assert len(told) <= 300
    assert "sk-AbC" not in told
