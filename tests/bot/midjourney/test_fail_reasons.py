"""Whatever a relay gives as a reason comes out short and clean, and in English where the sentence is known."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.fail_reasons import FailReason, explain_fail_reason, translate_refusal

LOCKED_OUT = "The relay's account cannot draw"
SPRING_6 = '[Internal Server Error] 401 Unauthorized on POST request for "https://discord.com/api/v9/x": [no body]'

# What Discord answers to the relay's own account, as relays pass it on: title, what the sentence says, what is kept,
# and the clause that stands for it in a refusal.
PASSED_ON = [
    ("401 Unauthorized: [no body]", LOCKED_OUT, "no longer accepts the login", "", "no longer accepts the login"),
    ("401: Unauthorized", LOCKED_OUT, "no longer accepts the login", "", "no longer accepts the login"),
    ('{"message": "401: Unauthorized", "code": 0}', LOCKED_OUT, "the login", "", "accepts the login"),
    (SPRING_6, LOCKED_OUT, "no longer accepts the login", "", "no longer accepts the login"),
    ('Unauthorized: {"type":2,"session_id":"f1a3"}', LOCKED_OUT, "accepts the login", "", "accepts the login"),
    (
        "Response status code does not indicate success: 401 (Unauthorized).",
        LOCKED_OUT,
        "accepts the login",
        "",
        "accepts the login",
    ),
    ("You need to verify your account in order to perform this action.", LOCKED_OUT, "verify", "", "verified"),
    ('400 Bad Request: [{"captcha_key":["captcha-required"],"captcha_site', LOCKED_OUT, "verify", "", "verified"),
    ("[Action required] /captcha/embedded/1a2b", LOCKED_OUT, "verify", "", "verified"),
    ("The user is banned from this guild", LOCKED_OUT, "banned", "", "banned"),
    ("403 Forbidden: [<html><head><title>Attention", "The relay's account has no access", "let it use", "", "let the"),
    ('403 Forbidden: "<html>"', "The relay's account has no access", "let it use", "", "let the relay's account in"),
    ("Missing Access", "The relay's account has no access", "let it use", "", "let the relay's account in"),
    ("Unknown Channel", "The relay's account has no access", "let it use", "", "let the relay's account in"),
    ("You are being rate limited.", "Discord slows the relay down", "too much at once", "", "slows the relay's"),
    (
        '429 Too Many Requests: [{"message": "You are being rate limited.", "retry_after": 3.2, "glob',
        "Discord slows the relay down",
        "too much at once",
        "",
        "slows the relay's account down",
    ),
    ("429 Too Many Requests: [no body]", "Discord slows the relay down", "too much", "", "slows the relay's"),
    ("TooManyRequests: {}", "Discord slows the relay down", "too much", "", "slows the relay's account down"),
    ("Invalid Form Body", "Discord refused the request", "did not take", "", "did not take what the relay sent"),
    (
        '{"message": "Invalid Form Body", "code": 50035, "errors": {"data": {}}}',
        "Discord refused the request",
        "did not take",
        "",
        "did not take what the relay sent",
    ),
    ("400 Bad Request: [no body]", "Discord refused the request", "did not take", "", "did not take what the relay"),
    ("Unknown Integration", "Discord refused the request", "out of date", "", "did not take what the relay sent"),
    ("Unknown Message", "The picture before this one is gone", "no longer has", "", "the message behind it"),
    ("404 Not Found: [no body]", "The picture before this one is gone", "the message", "", "the message behind it"),
    ("Request entity too large. Try sending something smaller", "The picture did not get through", "take", "", "take"),
    ("Message was blocked by automatic moderation", "A filter of Discord stopped this", "through", "", "a filter of"),
    ("502 Bad Gateway: [<html>", "Discord did not answer the relay", "had an error", "", "did not answer the relay"),
    ("503 Service Unavailable: upstream connect error", "Discord did not answer the relay", "error",
     "upstream connect error", "did not answer the relay"),
    ('[Internal Server Error] I/O error on POST request for "https://discord.com/api/v9/interactions": Read timed out',
     "Discord did not answer the relay", "had an error", "", "did not answer the relay"),
    ('400 Bad Request: [{"message": "The moon is full", "code": 77}]', "Discord refused the request", "did not take",
     "The moon is full", "did not take what the relay sent"),
    ('400 Bad Request: [{"message": "可能包含敏感词"}]', "Midjourney refused this prompt", "not allowed", "", "word"),
]  # fmt: skip

BANNED = "Sorry! Our AI moderator thinks this prompt is probably against our community standards."

# failReason, title, what the sentence says, what is kept of it.
FAILURES = [
    (f"[Banned prompt detected] {BANNED}", "Midjourney refused this prompt", "breaks the community standards", ""),
    (
        "[Action needed to continue] Our AI moderators feel your prompt might be against our community standards.",
        "Midjourney refused this prompt",
        "breaks the community standards",
        "",
    ),
    ("Appeal", "Midjourney refused this prompt", "may break the community standards", ""),
    (
        "[Banned prompt detected] The word `nude` is not allowed",
        "Midjourney refused this prompt",
        "not allowed",
        "The word `nude` is not allowed",
    ),
    ("可能包含敏感词", "Midjourney refused this prompt", "not allowed", ""),
    (
        "[Invalid parameter] Invalid value provided for argument `--ar`",
        "A parameter is not valid",
        "The value given for `--ar`",
        "",
    ),
    ("[Invalid parameter] Unrecognized parameter(s): `--foo`", "A parameter is not valid", "knows no `--foo`", ""),
    (
        "[Invalid parameter] Unrecognized parameter(s): `--foo`, `--bar`",
        "A parameter is not valid",
        "knows no `--foo`",
        "Unrecognized parameter(s): `--foo`, `--bar`",
    ),
    (
        "[Invalid parameter] `--v` is not compatible with `--niji`",
        "A parameter is not valid",
        "does not take `--v`",
        "`--v` is not compatible with `--niji`",
    ),
    ("[Invalid parameter] Too many of them", "A parameter is not valid", "one of the parameters", "Too many of them"),
    ("参数错误", "A parameter is not valid", "one of the parameters", ""),
    (
        "[Invalid link] Could not fetch image (request id: 2025080417332012)",
        "The picture link cannot be read",
        "could not open a picture",
        "Could not fetch image",
    ),
    ("[Invalid prompt] Empty", "The prompt cannot be read", "does not understand", "Empty"),
    ("Request cancelled due to output filters", "Midjourney withdrew the pictures", "Its filters", ""),
    ("[Action needed to continue] Press it", "Midjourney wants action first", "confirmation", "Press it"),
    ("[Job queued]", "Midjourney is too busy", "queued this job", ""),
    ("[Queue full] Ten wait", "Midjourney is too busy", "Too many jobs", "Ten wait"),
    ("队列已满，请稍后尝试", "Midjourney is too busy", "Too many jobs", ""),  # noqa: RUF001 - a relay's own comma
    ("无可用的账号实例", "No Midjourney account is free", "none at hand", ""),
    ("Account usage exhausted", "The relay has no drawing time left", "used up its hours", ""),
    ("[Subscription paused] Sorry", "The relay's account cannot draw", "paused", "Sorry"),
    ("上游任务超时（超过1小时）", "Midjourney took too long", "gave up after 1 h;", ""),  # noqa: RUF001
    ("上游任务超时", "Midjourney took too long", "gave up waiting", ""),
    ("任务超时", "Midjourney took too long", "gave up waiting", ""),
    ("执行超时 5 分钟", "Midjourney took too long", "gave up after 5 min.", ""),
    ("Timeout after 5 minutes", "Midjourney took too long", "gave up after 5 min.", ""),
    ("任务超时 at node 3", "Midjourney took too long", "gave up waiting", "任务超时 at node 3"),
    ("取消任务", "Cancelled", "was cancelled", ""),
    ("cancelled", "Cancelled", "was cancelled", ""),
    (
        "获取渠道信息失败，请联系管理员，渠道ID：12",  # noqa: RUF001
        "The relay lost the channel",
        "(channel 12)",
        "",
    ),
    ("获取渠道信息失败", "The relay lost the channel", "no longer reaches the account", ""),
    ("关联任务不存在或已失效", "The picture before this one is gone", "no longer holds", ""),
    ("关联任务状态错误", "The picture before this one was not ready", "had not settled", ""),
    ("[Internal error]", "Something broke on the way", "error of its own", ""),
    ("提交失败，系统异常", "Something broke on the way", "error of its own", ""),  # noqa: RUF001
    ("该令牌额度已用尽", "Midjourney could not finish this", "the key's quota is used up", ""),
    ("[Internal Server Error] null", "Something broke on the way", "error of its own", ""),
    ("[Invalid link] null", "The picture link cannot be read", "could not open a picture", ""),
    ("null", "Midjourney could not finish this", "gave no reason", ""),
    ("Invalid parameter, `--foo` is odd", "A parameter is not valid", "does not take `--foo`", "`--foo` is odd"),
    ("<html><body>504</body></html>", "Midjourney could not finish this", "a web page instead of a reason", ""),
    ('{"message": "the moon is full"}', "Midjourney could not finish this", "does not know", "the moon is full"),
    ("关联任务不允许执行变化", "That picture cannot be changed so", "nothing of this kind", ""),
    (
        "Failed to process your command :pensive: `8f2cb6f3-4a55-4c1e-9d0b-0a1b2c3d4e5f`",
        "Midjourney did not take the command",
        "failed to process it",
        "",
    ),
    ("Failed to process your command", "Midjourney did not take the command", "failed to process it", ""),
    ("Failed to fetch image", "The picture link cannot be read", "could not open a picture", ""),
    ("Failed at dawn", "Midjourney could not finish this", "failed at Midjourney", "Failed at dawn"),
    ("上传图片到discord失败", "The picture did not get through", "could not bring it to Discord", ""),
    ("发送图片消息到discord失败: 图片不存在", "The picture did not get through", "could not bring it", ""),
    ("链接转换失败", "The picture did not get through", "could not bring it", ""),
    ("实例不可用", "No Midjourney account is free", "none at hand", ""),
    ("任务提交超时", "Midjourney took too long", "gave up waiting", ""),
    ("任务超时，自动取消", "Midjourney took too long", "gave up waiting", ""),  # noqa: RUF001
    ("超时，未找到消息", "Midjourney took too long", "gave up waiting", ""),  # noqa: RUF001
    ("强制取消", "Cancelled", "was cancelled", ""),
    ("删除任务", "Cancelled", "was cancelled", ""),
    ("未找到父级任务", "The picture before this one is gone", "no longer holds", ""),
    ("未找到目标图片的 U 操作", "The picture before this one is gone", "no longer holds", ""),
    ("未知操作", "The relay cannot do this", "does not know what was asked", ""),
    ("不支持的操作", "The relay cannot do this", "does not know what was asked", ""),
    ("请求失败，禁用账号", "The relay's account cannot draw", "switched it off", ""),  # noqa: RUF001
    ("请求失败", "Something broke on the way", "error of its own", ""),
    ("未知错误", "Something broke on the way", "error of its own", ""),
    ("操作失败，请稍后重试", "Something broke on the way", "error of its own", ""),  # noqa: RUF001
    ("服务异常，请稍后重试", "Something broke on the way", "error of its own", ""),  # noqa: RUF001
    ("任务失败，请重试", "Something broke on the way", "error of its own", ""),  # noqa: RUF001
    ("今日绘图次数已达上限", "The relay's limit is reached", "draws no more", ""),
    ("empty_response_body", "Midjourney could not finish this", "what is behind the relay answered nothing", ""),
    ("", "Midjourney could not finish this", "gave no reason", ""),
    (" (request id: 20250804) ", "Midjourney could not finish this", "gave no reason", ""),
    ("今天天气不好", "Midjourney could not finish this", "only in Chinese", "今天天气不好"),
    ("[sk-AbC***xYz]  the  moon\nis full", "Midjourney could not finish this", "does not know", "the moon is full"),
    ("[Odd] Odd things happen", "Midjourney could not finish this", "does not know", "Odd things happen"),
    ("[Odd] the moon is full", "Midjourney could not finish this", "does not know", "Odd: the moon is full"),
    ("[Odd]", "Midjourney could not finish this", "does not know", "Odd"),
]

REFUSALS = [
    ("无可用的账号实例", "no Midjourney account is free"),
    ("队列已满，请稍后尝试", "the queue is full"),  # noqa: RUF001
    ("排队中，前面还有3个任务", "queued, 3 ahead"),  # noqa: RUF001
    ("可能包含敏感词", "it may hold a word that is not allowed"),
    ("task_no_found ", "no such task"),
    ("quota_not_enough ", "the account's balance is used up"),
    ("do_request_failed ", "nothing behind the relay answered"),
    ("无效的令牌 (request id: 20250804173320123456789abcdEFGH)", "the key is not valid"),
    ("[sk-AbC***xYz] 该令牌额度已用尽 !token.UnlimitedQuota && token.RemainQuota = -120", "the key's quota is used up"),
    ("当前分组 drawing 下对于模型 mj_pan 无可用渠道", "the key's group has no channel for mj_pan"),
    ("该令牌无权访问模型 mj_high_variation", "the key may not use mj_high_variation"),
    ("该令牌无权访问模型 ", "the key's list of models keeps it out"),
    ("This token has no access to model ", "the key's list of models keeps it out"),
    ("This token has no access to any models", "the key's list of models keeps it out"),
    ("This token has no access to model mj_pan", "the key may not use mj_pan"),
    ("該令牌無權存取模型 mj_pan", "the key may not use mj_pan"),
    ("Invalid token (request id: 2026112800000000000000001)", "the key is not valid"),
    ("This token has expired", "the key has expired"),
    ("該令牌已過期", "the key has expired"),
    ("This token status is unavailable", "the key is switched off"),
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
    ("Invalid request: unknown_action:MJ::BOOKMARK::1a5a36ff", "it does not know this action"),
    ("未登录", "it is not logged in"),
    ("Invalid request, unknown_action:MJ::Job::PicReader::1", "it does not know this action"),
    ("Too many requests 当前分组负载已饱和", "the key's group is overloaded"),
    ("关联任务不允许执行变化", "the earlier task cannot be changed in this way"),
    ("HTTP 200", ""),
    ("HTTP 301", ""),
    ("HTTP 404", ""),
    ("Not Found", ""),
    ("404 page not found", ""),
    ("Method Not Allowed", ""),
    ("Invalid URL (POST /mj/submit/video) (request id: 2026112800000000000000001)", ""),
    ("<!doctype html><title>New API</title>", ""),
    ("Bad Request", "the relay could not read the request"),
    ("Internal Server Error", "the relay had an error of its own"),
    ("Service Unavailable", "the relay did not answer"),
    ("Too Many Requests", "it was asked too much at once"),
    ("taskId不能为空", "the request lacks its taskId"),
    ("base64不能为空", "the request lacks its base64"),
    ("base64或link不能为空", "the request lacks its link"),
    ("人脸图片不能为空", "a picture is missing"),
    ("人脸图片和目标图片不能相同", "the two pictures are the same"),
    ("content参数错误", "a parameter is not valid"),
    ("dimensions参数错误", "a parameter is not valid"),
    ("图片参数错误，2~5张图片", "a parameter is not valid"),  # noqa: RUF001
    ("NotifyHook参数过长，最大2000字符", "a parameter is too long"),  # noqa: RUF001
    ("校验错误", "the request did not pass its checks"),
    ("数据未找到", "it found nothing of that"),
    ("链接格式错误", "the link cannot be read"),
    ("禁止上传", "it takes no pictures"),
    ("上传图片到discord失败", "the relay could not bring the picture to Discord"),
    ("BaseImageUrl is empty, please check the uploaded image.", "the relay could not bring the picture to Discord"),
    ("实例不存在或不可用", "no Midjourney account is free"),
    ("账号已被临时封锁，请勿使用违规词作图", "it has locked this bot out for a while, as words were not allowed"),  # noqa: RUF001
    ("用户今日绘图次数已达上限", "its limit of drawings is reached"),
    ("由于国家法律和安全问题，视频换脸暂不对访客开放", "it is not open to guests"),  # noqa: RUF001
    ("服务不支持", "it does not offer this"),
    ("演示模式，禁止操作", "it is in its demo mode"),  # noqa: RUF001
    ("服务暂不可用，请联系管理员", "it does not work just now"),  # noqa: RUF001
    ("提交Imagine任务异常", "the relay had an error of its own"),
    ("操作失败", "the relay had an error of its own"),
    ("未知的 Action 类型", "it does not know this action"),
    ("任务类型错误", "it does not know this action"),
    ("请配置私聊频道", "its account has no private channel, which seeds need"),
    ("超时，未找到 seed", "it found no seed"),  # noqa: RUF001
    ("模型 mj_imagine 倍率或价格未配置，请联系管理员设置", "it has no price for this"),  # noqa: RUF001
    ("model mj_imagine ratio or price not set", "it has no price for this"),
    ("sour_base64_and_target_base64_is_required ", "a part of the request is missing"),
    ("prompt_is_required", "the prompt is empty"),
    ("index_parse_failed ", "it cannot tell which picture is meant"),
    ("unknown_relay_action ", "it does not know this action"),
    ("bind_request_body_failed ", "the relay could not read the request"),
    ("content_parse_failed", "the relay could not read the request"),
    ("invalid_request ", "the relay could not read the request"),
    ("create_request_failed ", "an address in the relay's settings is wrong"),
    ("empty_response_body ", "what is behind the relay answered nothing"),
    ("unmarshal_response_body_failed ", "the relay could not read what is behind it"),
    ("read_response_body_failed ", "the relay lost the answer from behind it"),
    ("insert_midjourney_task_failed ", "the relay could not write the task down"),
    ("http_get_image_failed", "the relay could not fetch the picture"),
    ('{"message": "余额不足"}', "the account's balance is used up"),
    ("Something [sk-AbC***xYz] else\n entirely", "Something else entirely"),
    ("今天天气不好", "今天天气不好"),
    ("", ""),
]


@pytest.mark.parametrize(("fail_reason", "title", "says", "kept"), FAILURES)
def test_a_known_failure_is_told_in_english(fail_reason: str, title: str, says: str, kept: str) -> None:
    """Each known reason has its title and sentence, and only what they leave unsaid is kept."""
    reason = explain_fail_reason(fail_reason)

    assert title == reason.title
    assert says in reason.sentence
    assert kept == reason.original


def test_a_refused_prompt_reads_as_designed() -> None:
    """The commonest failure says whose judgement it is, and what to do next."""
    expected = FailReason(
        "Midjourney refused this prompt",
        "Its moderator thinks it breaks the community standards.",
        "reword it and ask again.",
        "",
    )

    assert expected == explain_fail_reason(f"[Banned prompt detected] {BANNED}")


@pytest.mark.parametrize(("said", "title", "sentence", "kept", "clause"), PASSED_ON)
def test_what_discord_said_to_the_relay_is_told(said: str, title: str, sentence: str, kept: str, clause: str) -> None:
    """As a task's reason and as a refusal's; a body that is a page, or the relay's own request, is never shown."""
    reason = explain_fail_reason(said)

    assert title == reason.title
    assert sentence in reason.sentence
    assert kept == reason.original
    assert clause in translate_refusal(said)


@pytest.mark.parametrize(("said", "expected"), REFUSALS)
def test_a_known_refusal_becomes_an_english_clause(said: str, expected: str) -> None:
    """What relays answer to a submit is translated where it is known, else cleaned."""
    assert expected == translate_refusal(said)


PIECES = st.sampled_from([reason for reason, *_ in (*FAILURES, *PASSED_ON, *REFUSALS)])
ANYTHING = st.text() | st.lists(PIECES | st.text(max_size=20), max_size=6).map(" ".join) | PIECES.map(lambda s: s * 50)


@given(ANYTHING)
def test_any_reason_gives_safe_and_short_words(fail_reason: str) -> None:
    """Our own words hold nothing of the relay's but names and numbers; its words stay within 300 characters, a line."""
    reason = explain_fail_reason(fail_reason)

    assert re.fullmatch(r"[A-Z][\w ']{1,60}", reason.title, re.ASCII)
    assert re.fullmatch(r"[A-Z][\w ';,:.()]*(?:`--[a-z\u017f\u212a]+`[\w ';,:.()]*)?\.", reason.sentence, re.IGNORECASE)
    assert re.fullmatch(r"[a-z][\w ,;]+\.", reason.advice, re.ASCII)
    assert len(reason.sentence) + len(reason.advice) <= 250
    assert len(reason.original) <= 300
    assert " ".join(reason.original.split()) == reason.original
    assert "refund" not in f"{reason.title} {reason.sentence} {reason.advice}".lower()


@given(ANYTHING)
def test_any_refusal_gives_short_words(said: str) -> None:
    """A translation is one line of at most 300 characters, without a key's fragments."""
    told = translate_refusal(said)

    assert len(told) <= 300
    assert "sk-AbC" not in told
