"""Whatever a relay gives as a reason comes out short and clean, and in English where the sentence is known."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reasons import Reason, explain, translate

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
    ("Something [sk-AbC***xYz] else\n entirely", "Something else entirely"),
    ("今天天气不好", "今天天气不好"),
    ("", ""),
]


@pytest.mark.parametrize(("fail_reason", "title", "says", "kept"), FAILURES)
def test_a_known_failure_is_told_in_english(fail_reason: str, title: str, says: str, kept: str) -> None:
    """Each known reason has its title and sentence, and only what they leave unsaid is kept."""
    reason = explain(fail_reason)

    assert title == reason.title
    assert says in reason.sentence
    assert kept == reason.original


def test_a_refused_prompt_reads_as_designed() -> None:
    """The commonest failure says whose judgement it is, and what to do next."""
    expected = Reason(
        "Midjourney refused this prompt",
        "Its moderator thinks it breaks the community standards.",
        "reword it and ask again.",
        "",
    )

    assert expected == explain(f"[Banned prompt detected] {BANNED}")


@pytest.mark.parametrize(("said", "expected"), REFUSALS)
def test_a_known_refusal_becomes_an_english_clause(said: str, expected: str) -> None:
    """What relays answer to a submit is translated where it is known, else cleaned."""
    assert expected == translate(said)


PIECES = st.sampled_from([reason for reason, *_ in (*FAILURES, *REFUSALS)])
ANYTHING = st.text() | st.lists(PIECES | st.text(max_size=20), max_size=6).map(" ".join) | PIECES.map(lambda s: s * 50)


@given(ANYTHING)
def test_any_reason_gives_safe_and_short_words(fail_reason: str) -> None:
    """Our own words hold nothing of the relay's but names and numbers; its words stay within 300 characters, a line."""
    reason = explain(fail_reason)

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
    told = translate(said)

    assert len(told) <= 300
    assert "sk-AbC" not in told
