"""Relays' reasons are explained in English where they are known, and are short and clean in any case."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.reasons import fail_reasons, refusal_reasons
from bot.midjourney.reasons.fail_reasons import FailReason, explain_fail_reason
from bot.midjourney.reasons.refusal_reasons import translate_refusal

LOCKED_OUT = "The relay's account can't draw"
SPRING_6 = '[Internal Server Error] 401 Unauthorized on POST request for "https://discord.com/api/v9/x": [no body]'

# Errors that Discord gave the relay's own account, as relays pass them on: title, part of the sentence, original, and
# part of the clause in a refusal.
DISCORD_ERRORS = [
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
    ('403 Forbidden: "<html>"', "The relay's account has no access", "let it use", "", "let the relay's account use"),
    ("Missing Access", "The relay's account has no access", "let it use", "", "let the relay's account use"),
    ("Unknown Channel", "The relay's account has no access", "let it use", "", "let the relay's account use"),
    (
        "You are being rate limited.",
        "Discord is slowing the relay down",
        "too many requests",
        "",
        "slowing the relay's",
    ),
    (
        '429 Too Many Requests: [{"message": "You are being rate limited.", "retry_after": 3.2, "glob',
        "Discord is slowing the relay down",
        "too many requests",
        "",
        "slowing the relay's account down",
    ),
    (
        "429 Too Many Requests: [no body]",
        "Discord is slowing the relay down",
        "too many requests",
        "",
        "slowing the relay's",
    ),
    (
        "TooManyRequests: {}",
        "Discord is slowing the relay down",
        "too many requests",
        "",
        "slowing the relay's account down",
    ),
    ("Invalid Form Body", "Discord refused the request", "rejected", "", "rejected what the relay sent"),
    (
        '{"message": "Invalid Form Body", "code": 50035, "errors": {"data": {}}}',
        "Discord refused the request",
        "rejected",
        "",
        "rejected what the relay sent",
    ),
    ("400 Bad Request: [no body]", "Discord refused the request", "rejected", "", "rejected what the relay"),
    ("Unknown Integration", "Discord refused the request", "out of date", "", "rejected what the relay sent"),
    ("Unknown Message", "The earlier picture is gone", "no longer has", "", "the original message"),
    ("404 Not Found: [no body]", "The earlier picture is gone", "the message", "", "the original message"),
    (
        "Request entity too large. Try sending something smaller",
        "The picture couldn't be sent",
        "rejected",
        "",
        "rejected",
    ),
    (
        "Message was blocked by automatic moderation",
        "A Discord filter blocked this",
        "never reached",
        "",
        "a Discord filter",
    ),
    ("502 Bad Gateway: [<html>", "Discord didn't answer the relay", "had an error", "", "didn't answer the relay"),
    (
        "503 Service Unavailable: upstream connect error",
        "Discord didn't answer the relay",
        "error",
        "upstream connect error",
        "didn't answer the relay",
    ),
    (
        '[Internal Server Error] I/O error on POST request for "https://discord.com/api/v9/x": Read timed out',
        "Discord didn't answer the relay",
        "had an error",
        "",
        "didn't answer the relay",
    ),
    (
        '400 Bad Request: [{"message": "The moon is full", "code": 77}]',
        "Discord refused the request",
        "rejected",
        "The moon is full",
        "rejected what the relay sent",
    ),
    (
        '400 Bad Request: [{"message": "可能包含敏感词"}]',
        "Midjourney refused this prompt",
        "aren't allowed",
        "",
        "word",
    ),
]

BANNED = "Sorry! Our AI moderator thinks this prompt is probably against our community standards."

# failReason, title, part of the sentence, original.
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
        "aren't allowed",
        "The word `nude` is not allowed",
    ),
    ("可能包含敏感词", "Midjourney refused this prompt", "aren't allowed", ""),
    (
        "[Invalid parameter] Invalid value provided for argument `--ar`",
        "A parameter isn't valid",
        "The value of `--ar`",
        "",
    ),
    ("[Invalid parameter] Unrecognized parameter(s): `--foo`", "A parameter isn't valid", "no parameter `--foo`", ""),
    (
        "[Invalid parameter] Unrecognized parameter(s): `--foo`, `--bar`",
        "A parameter isn't valid",
        "no parameter `--foo`",
        "Unrecognized parameter(s): `--foo`, `--bar`",
    ),
    (
        "[Invalid parameter] `--v` is not compatible with `--niji`",
        "A parameter isn't valid",
        "doesn't accept `--v`",
        "`--v` is not compatible with `--niji`",
    ),
    ("[Invalid parameter] Too many of them", "A parameter isn't valid", "one of the parameters", "Too many of them"),
    ("参数错误", "A parameter isn't valid", "one of the parameters", ""),
    (
        "[Invalid link] Could not fetch image (request id: 2025080417332012)",
        "The picture link can't be opened",
        "couldn't open a picture",
        "Could not fetch image",
    ),
    ("[Invalid prompt] Empty", "The prompt can't be read", "doesn't understand", "Empty"),
    ("Request cancelled due to output filters", "Midjourney withdrew the pictures", "Its filters", ""),
    ("[Action needed to continue] Press it", "Midjourney wants a confirmation", "confirmation", "Press it"),
    ("[Job queued]", "Midjourney is too busy", "queued this job", ""),
    ("[Queue full] Ten wait", "Midjourney is too busy", "Too many jobs", "Ten wait"),
    ("队列已满，请稍后尝试", "Midjourney is too busy", "Too many jobs", ""),  # noqa: RUF001 - a relay's own comma
    ("无可用的账号实例", "No Midjourney account is free", "no account", ""),
    ("Account usage exhausted", "The relay has no drawing time left", "used up its hours", ""),
    ("[Subscription paused] Sorry", "The relay's account can't draw", "paused", "Sorry"),
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
    ("获取渠道信息失败", "The relay lost the channel", "can no longer reach the account", ""),
    ("关联任务不存在或已失效", "The earlier picture is gone", "no longer has the task", ""),
    ("关联任务状态错误", "The earlier picture wasn't ready", "still finishing", ""),
    ("[Internal error]", "Something went wrong at the relay", "an internal error", ""),
    ("提交失败，系统异常", "Something went wrong at the relay", "an internal error", ""),  # noqa: RUF001
    ("该令牌额度已用尽", "Midjourney couldn't finish this", "the key's quota is used up", ""),
    ("[Internal Server Error] null", "Something went wrong at the relay", "an internal error", ""),
    ("[Invalid link] null", "The picture link can't be opened", "couldn't open a picture", ""),
    ("null", "Midjourney couldn't finish this", "gave no reason", ""),
    ("Invalid parameter, `--foo` is odd", "A parameter isn't valid", "doesn't accept `--foo`", "`--foo` is odd"),
    ("<html><body>504</body></html>", "Midjourney couldn't finish this", "a web page instead of a reason", ""),
    ('{"message": "the moon is full"}', "Midjourney couldn't finish this", "doesn't know", "the moon is full"),
    ("关联任务不允许执行变化", "That picture can't be changed this way", "can't do this", ""),
    (
        "Failed to process your command :pensive: `8f2cb6f3-4a55-4c1e-9d0b-0a1b2c3d4e5f`",
        "Midjourney rejected the command",
        "failed to process it",
        "",
    ),
    ("Failed to process your command", "Midjourney rejected the command", "failed to process it", ""),
    ("Failed to fetch image", "The picture link can't be opened", "couldn't open a picture", ""),
    ("Failed at dawn", "Midjourney couldn't finish this", "failed at Midjourney", "Failed at dawn"),
    ("上传图片到discord失败", "The picture couldn't be sent", "couldn't upload it to Discord", ""),
    ("发送图片消息到discord失败: 图片不存在", "The picture couldn't be sent", "couldn't upload it", ""),
    ("链接转换失败", "The picture couldn't be sent", "couldn't upload it", ""),
    ("实例不可用", "No Midjourney account is free", "no account", ""),
    ("任务提交超时", "Midjourney took too long", "gave up waiting", ""),
    ("任务超时，自动取消", "Midjourney took too long", "gave up waiting", ""),  # noqa: RUF001
    ("超时，未找到消息", "Midjourney took too long", "gave up waiting", ""),  # noqa: RUF001
    ("强制取消", "Cancelled", "was cancelled", ""),
    ("删除任务", "Cancelled", "was cancelled", ""),
    ("未找到父级任务", "The earlier picture is gone", "no longer has the task", ""),
    ("未找到目标图片的 U 操作", "The earlier picture is gone", "no longer has the task", ""),
    ("未知操作", "The relay can't do this", "doesn't know this kind of task", ""),
    ("不支持的操作", "The relay can't do this", "doesn't know this kind of task", ""),
    ("请求失败，禁用账号", "The relay's account can't draw", "disabled it", ""),  # noqa: RUF001
    ("请求失败", "Something went wrong at the relay", "an internal error", ""),
    ("未知错误", "Something went wrong at the relay", "an internal error", ""),
    ("操作失败，请稍后重试", "Something went wrong at the relay", "an internal error", ""),  # noqa: RUF001
    ("服务异常，请稍后重试", "Something went wrong at the relay", "an internal error", ""),  # noqa: RUF001
    ("任务失败，请重试", "Something went wrong at the relay", "an internal error", ""),  # noqa: RUF001
    ("今日绘图次数已达上限", "The relay's limit is reached", "accepts no more jobs", ""),
    ("empty_response_body", "Midjourney couldn't finish this", "the relay's upstream sent an empty answer", ""),
    ("", "Midjourney couldn't finish this", "gave no reason", ""),
    (" (request id: 20250804) ", "Midjourney couldn't finish this", "gave no reason", ""),
    ("今天天气不好", "Midjourney couldn't finish this", "in Chinese", "今天天气不好"),
    ("[sk-AbC***xYz]  the  moon\nis full", "Midjourney couldn't finish this", "doesn't know", "the moon is full"),
    ("[Odd] Odd things happen", "Midjourney couldn't finish this", "doesn't know", "Odd things happen"),
    ("[Odd] the moon is full", "Midjourney couldn't finish this", "doesn't know", "Odd: the moon is full"),
    ("[Odd]", "Midjourney couldn't finish this", "doesn't know", "Odd"),
]


@pytest.mark.parametrize(("fail_reason", "title", "sentence", "original"), FAILURES)
def test_a_known_fail_reason_is_explained_in_english(
    fail_reason: str, title: str, sentence: str, original: str
) -> None:
    """Each known reason has its title and sentence; `original` holds only what they do not explain."""
    reason = explain_fail_reason(fail_reason)

    assert title == reason.title
    assert sentence in reason.sentence
    assert original == reason.original


REFUSED = "Midjourney refused this prompt"
RULES = "Please review our community standards and appeal to our AI moderators."

# Titles and texts about the account, all of which mention moderation.
ACCOUNT_PROBLEMS = [
    (f"[Pending mod message] {RULES}", LOCKED_OUT),
    (f"[Pending moderation messages] {RULES}", LOCKED_OUT),
    (f"[Blocked] {RULES}", LOCKED_OUT),
    ("[Blocked] Sorry! Our AI moderators think this prompt is probably against our community standards.", LOCKED_OUT),
    (f"[Temporarily banned] {RULES}", LOCKED_OUT),
    (f"[Account suspended] {RULES}", LOCKED_OUT),
    (f"[Subscription required] {RULES}", LOCKED_OUT),
    (f"[Plan expired] {RULES}", LOCKED_OUT),
    (f"[Payment failed] {RULES}", LOCKED_OUT),
    (f"[Access denied] {RULES}", LOCKED_OUT),
    ("[Tos not accepted] Please accept the community standards before you continue", LOCKED_OUT),
    (f"[Please accept the terms] {RULES}", LOCKED_OUT),
    (f"[Credits exhausted] {RULES}", "The relay has no drawing time left"),
    (f"[Queue full] {RULES}", "Midjourney is too busy"),
    ("Pending mod message, acknowledge it to continue. moderation", LOCKED_OUT),
    ("Blocked, see the community standards", LOCKED_OUT),
    ("Your account has been suspended for breaking our community standards.", LOCKED_OUT),
    ("You have been temporarily blocked from using Midjourney. Appeal to our moderation team.", LOCKED_OUT),
    ("You have been muted by moderation", LOCKED_OUT),
    ("You were temporarily timed out, appeal to our moderators", LOCKED_OUT),
    ("[Membership ended] See the community standards", LOCKED_OUT),
    ("You're banned. See our community standards.", LOCKED_OUT),
    ("Your subscription is paused, see the moderation notes", LOCKED_OUT),
    ("You need an active subscription to use AI moderation", LOCKED_OUT),
    ("You must accept our community standards first", LOCKED_OUT),
    ("[Notice] This account was locked by moderation", LOCKED_OUT),
    ("账号因违规已被封禁", LOCKED_OUT),
    ("您的帐户违规已冻结", LOCKED_OUT),
    ("该账户已被限制，违规", LOCKED_OUT),  # noqa: RUF001 - a relay's own comma
    ("Fast hours exhausted (moderation)", "The relay has no drawing time left"),
    ("Turbo minutes used up (moderation)", "The relay has no drawing time left"),
    ("GPU time depleted, see AI moderation", "The relay has no drawing time left"),
    ("hCaptcha required for moderation", LOCKED_OUT),
    ("moderation: reCAPTCHA", LOCKED_OUT),
    ("Human verification needed (moderation)", LOCKED_OUT),
    ("[Action needed to continue] moderation", "Midjourney wants a confirmation"),
    ("Action needed to continue, AI moderation asks you to confirm", "Midjourney wants a confirmation"),
    ("{'title':'Blocked','description':'moderation'}", LOCKED_OUT),
    ('{"description":"moderation","title":"Subscription required"}', LOCKED_OUT),
    ("{'type': 'rich', 'title': 'Pending mod message', 'description': 'moderation'}", LOCKED_OUT),
    ("title: Credits exhausted, description: moderation", "The relay has no drawing time left"),
    ("无可用的账号实例, moderation", "No Midjourney account is free"),
]

# Reasons about the prompt, all of which warn about the account.
PROMPT_PROBLEMS = [
    "[Banned prompt detected] The word `x` is banned. Circumventing it may result in your access being revoked.",
    f"[Banned prompt detected] {BANNED} Further attempts may get your account suspended.",
    f"{BANNED} Your account may be blocked if you continue.",
    "This prompt breaks our community standards; accounts that break them can be banned",
    "[Blocked prompt] It breaks the community standards",
    "[Image blocked] Our AI moderator removed it",
    "{'title':'Banned prompt detected','description':'moderation'}",
    f"{{'description': '{BANNED}', 'title': 'Action needed to continue'}}",
    "[Action needed to continue] Confirm that your prompt respects the community standards",
    "内容违规，多次违规账号可能会被封禁",  # noqa: RUF001 - a relay's own comma
]


@pytest.mark.parametrize(("fail_reason", "title"), ACCOUNT_PROBLEMS)
def test_a_problem_of_the_account_is_not_blamed_on_the_prompt(fail_reason: str, title: str) -> None:
    """The person is told that the relay's account is at fault, and not to reword the prompt."""
    reason = explain_fail_reason(fail_reason)
    assert title == reason.title
    assert "reword" not in reason.advice


@pytest.mark.parametrize("fail_reason", PROMPT_PROBLEMS)
def test_a_warning_about_the_account_is_about_the_prompt(fail_reason: str) -> None:
    """The account still draws; other words are what is needed."""
    reason = explain_fail_reason(fail_reason)
    assert (REFUSED, "reword it and try again.") == (reason.title, reason.advice)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_patterns_means_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every known reason, and pairs of them, are explained alike when the tables are shuffled."""
    texts = [text for text, *_ in (*FAILURES, *DISCORD_ERRORS, *ACCOUNT_PROBLEMS)] + PROMPT_PROBLEMS
    texts += [f"{one} {other}" for one, other in zip(texts, texts[seed + 1 :], strict=False)]
    expected = [(explain_fail_reason(text), translate_refusal(text)) for text in texts]
    mix = random.Random(seed)  # noqa: S311 - a shuffle, no secret
    failures = {weight: mix.sample(rows, len(rows)) for weight, rows in fail_reasons.FAILURES.items()}
    monkeypatch.setattr(fail_reasons, "FAILURES", dict(mix.sample(list(failures.items()), len(failures))))
    for table in ("_REFUSALS", "_OTHER_REFUSALS"):
        rows = getattr(refusal_reasons, table)
        monkeypatch.setattr(refusal_reasons, table, mix.sample(rows, len(rows)))

    assert expected == [(explain_fail_reason(text), translate_refusal(text)) for text in texts]


def test_a_refused_prompt_has_the_designed_words() -> None:
    """The most frequent failure says who refused the prompt, and what to do next."""
    expected = FailReason(
        "Midjourney refused this prompt",
        "Its moderator thinks it breaks the community standards.",
        "reword it and try again.",
        "",
    )

    assert expected == explain_fail_reason(f"[Banned prompt detected] {BANNED}")


@pytest.mark.parametrize(("text", "title", "sentence", "original", "clause"), DISCORD_ERRORS)
def test_an_error_of_discord_that_the_relay_passed_on_is_explained(
    text: str, title: str, sentence: str, original: str, clause: str
) -> None:
    """As a fail reason and as a refusal; web pages and the relay's own requests are never shown."""
    reason = explain_fail_reason(text)

    assert title == reason.title
    assert sentence in reason.sentence
    assert original == reason.original
    assert clause in translate_refusal(text)


PIECES = st.sampled_from([reason for reason, *_ in (*FAILURES, *DISCORD_ERRORS)])
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=20), max_size=6).map(" ".join) | PIECES.map(lambda s: s * 50)


@given(TEXTS)
def test_the_explanation_of_any_fail_reason_is_safe_and_short(fail_reason: str) -> None:
    """The bot's own words contain only names and numbers of the relay's; the original is one line of 300 characters."""
    reason = explain_fail_reason(fail_reason)

    assert re.fullmatch(r"[A-Z][\w ']{1,60}", reason.title, re.ASCII)
    assert re.fullmatch(r"[A-Z][\w ';,:.()]*(?:`--[a-z\u017f\u212a]+`[\w ';,:.()]*)?\.", reason.sentence, re.IGNORECASE)
    assert re.fullmatch(r"[a-z][\w ,;]+\.", reason.advice, re.ASCII)
    assert len(reason.sentence) + len(reason.advice) <= 250
    assert len(reason.original) <= 300
    assert " ".join(reason.original.split()) == reason.original
    assert "refund" not in f"{reason.title} {reason.sentence} {reason.advice}".lower()
