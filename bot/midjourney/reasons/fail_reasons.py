"""Explain a failed task's fail reason in plain English.

The texts are those of new-api, midjourney-proxy(-plus), TrueAI's proxy and Midjourney's own error embeds, which the
proxies pass on as "[title] description". Chinese punctuation comes in two widths, so that no pattern contains any.
"""

import re
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Final

from bot.languages import N_, FilledText
from bot.midjourney.reasons.account_reasons import ACCOUNT_REASONS, ACCOUNT_TITLES, CONFIRMATION, Explanation
from bot.midjourney.reasons.refusal_reasons import match_refusal
from bot.midjourney.reasons.upstream_errors import (
    PARENT_GONE_TITLE,
    RETRY_LATER_ADVICE,
    REWORD_ADVICE,
    START_AGAIN_ADVICE,
    TELL_OPERATOR_ADVICE,
    UPLOAD_FAILED_TITLE,
    WAIT_ADVICE,
    UpstreamError,
    parse_upstream_error,
)
from bot.text_cleaning import sanitize_reason


@dataclass(frozen=True)
class FailReason:
    """Why a task failed: a title, a sentence, and the advice that follows "**Next:** ".

    These three are the bot's own words, marked for translation, and safe as Markdown; the sentence is a FilledText.
    `original` is the relay's text, of at most 300 characters and not escaped, and empty where the sentence says all.
    """

    title: str
    sentence: str
    advice: str
    original: str


_REFUSED: Final = N_("Midjourney refused this prompt")
_PARAMETER: Final = N_("A parameter isn't valid")
_LATE: Final = N_("Midjourney took too long")
_BUSY: Final = N_("Midjourney is too busy")
_LOST: Final = N_("The relay lost the channel")
_UNFINISHED: Final = N_("Midjourney couldn't finish this")
_BROKEN: Final = N_("Something went wrong at the relay")

_REPEAT: Final = N_("try again; if it fails once more, reword it.")
_CORRECT: Final = N_("correct it and try again.")

# A parameter's name: letters only, so that it is safe in the bot's own sentence.
_FLAG: Final = r"`?(?P<parameter>--[a-z]{1,20})\b`?"
_MODERATOR: Final = (
    r"(?:sorry\W+)?our ai moderators? (?:thinks?|feels?) (?:this|your) prompt "
    r"(?:is probably|might be) against our community standards"
)


class _Weight(IntEnum):
    """How much a kind of pattern decides where several match; of one kind the longest match does."""

    GENERAL = auto()
    """Words that only say that something failed."""
    EVENT = auto()
    """What happened to the task."""
    PROMPT = auto()
    """Why the prompt was refused; texts about accounts contain the same words."""
    ACCOUNT = auto()
    """What the text says of the relay's account."""
    TITLE = auto()
    """The title at the beginning, which names the cause."""
    ACCOUNT_TITLE = auto()
    """A title about the account, whatever the text below it mentions."""


# The order of this table means nothing. Where a match covers the whole text, the original is not shown.
FAILURES: Final[dict[_Weight, tuple[Explanation, ...]]] = {
    _Weight.ACCOUNT_TITLE: ACCOUNT_TITLES,
    _Weight.TITLE: (
        (
            rf"(?:\[invalid parameter\]\s*)?invalid value provided for argument {_FLAG}",
            _PARAMETER,
            N_("The value of `{parameter}` isn't valid."),
            _CORRECT,
        ),
        (
            rf"(?:\[invalid parameter\]\s*)?unrecogni[sz]ed parameter(?:\(s\)|s)?\W*{_FLAG}",
            _PARAMETER,
            N_("Midjourney has no parameter `{parameter}`."),
            N_("remove or correct it and try again."),
        ),
        (
            rf"^\[invalid parameter\](?=.*?{_FLAG})",
            _PARAMETER,
            N_("Midjourney doesn't accept `{parameter}` as written here."),
            _CORRECT,
        ),
        (
            rf"^\[invalid parameter\](?!.*?{_FLAG})|参数错误",
            _PARAMETER,
            N_("Midjourney doesn't accept one of the parameters."),
            _CORRECT,
        ),
        (
            r"^\[invalid link\]|无效的?(?:图片)?链接",
            N_("The picture link can't be opened"),
            N_("Midjourney couldn't open a picture that the prompt links to."),
            N_("use a direct link to the picture that needs no login, and try again."),
        ),
        (
            r"^\[invalid prompt\]",
            N_("The prompt can't be read"),
            N_("Midjourney doesn't understand how it is written."),
            REWORD_ADVICE,
        ),
        (
            rf"^\[(?:banned prompt|action needed)[^\]]*\]\s*{_MODERATOR}",
            _REFUSED,
            N_("Its moderator thinks it breaks the community standards."),
            REWORD_ADVICE,
        ),
        (r"^\[?banned prompt(?: detected)?\]?", _REFUSED, N_("It contains words that aren't allowed."), REWORD_ADVICE),
        (r"^\[?job queued\]?", _BUSY, N_("It queued this job, and the relay didn't wait for it."), WAIT_ADVICE),
        (
            r"^\[?queue (?:is )?full\]?|队列已满(?:\W请稍后[再重尝]试)?",
            _BUSY,
            N_("Too many jobs are already waiting on the relay's account."),
            WAIT_ADVICE,
        ),
    ),
    _Weight.ACCOUNT: ACCOUNT_REASONS,
    _Weight.PROMPT: (
        (
            r"\[?request cancell?ed due to (?:output|image) filters\]?",
            N_("Midjourney withdrew the pictures"),
            N_("Its filters stopped what it was drawing."),
            REWORD_ADVICE,
        ),
        (
            rf"(?:^\[[^\]]*\]\s*)?{_MODERATOR}",
            _REFUSED,
            N_("Its moderator thinks it breaks the community standards."),
            REWORD_ADVICE,
        ),
        (
            r"banned prompt|(?:可能)?包含敏感词|敏感词",
            _REFUSED,
            N_("It contains words that aren't allowed."),
            REWORD_ADVICE,
        ),
        (
            r"ai moderat|community standards|\bappeal\b|moderation|违规",
            _REFUSED,
            N_("Its moderator thinks it may break the community standards."),
            REWORD_ADVICE,
        ),
    ),
    _Weight.EVENT: (
        (
            r"^\[?action needed to continue\]?",
            *CONFIRMATION,
        ),
        (
            r"上游任务超时\W?超过(?P<hours>\d{1,3})\s?小时\W?",
            _LATE,
            N_("The relay gave up after {hours} h; Midjourney may still have finished it."),
            RETRY_LATER_ADVICE,
        ),
        (
            r"(?:执行超时|(?:execution )?\btime(?:d )?out(?: after)?)\s?(?P<minutes>\d{1,5})\s?(?:分钟|minutes?\b)",
            _LATE,
            N_("The relay gave up after {minutes} min."),
            RETRY_LATER_ADVICE,
        ),
        (
            r"(?:上游)?(?:任务|执行)?(?:提交)?超时(?:\W\s?(?:自动取消|未找到消息))?|(?:task )?\btime(?:d )?out\b",
            _LATE,
            N_("The relay gave up waiting for it."),
            RETRY_LATER_ADVICE,
        ),
        (
            r"(?:用户)?(?:已)?取消任务|任务已?取消|强制取消|删除任务|^\[?(?:(?:task|job) )?cancell?ed\b\]?",
            N_("Cancelled"),
            N_("It was cancelled at the relay."),
            N_("try again if you still want it."),
        ),
        (
            r"获取渠道信息失败(?:\W请联系管理员)?\W渠道ID\W\s?(?P<channel>\d{1,10})",
            _LOST,
            N_("It can no longer reach the account that was drawing this (channel {channel})."),
            TELL_OPERATOR_ADVICE,
        ),
        (
            r"获取渠道信息失败(?:\W请联系管理员)?|该任务所属渠道已被禁用|get_channel_info_failed",
            _LOST,
            N_("It can no longer reach the account that was drawing this."),
            TELL_OPERATOR_ADVICE,
        ),
        (
            r"关联任务不存在(?:或已失效)?|未找到父级任务|未找到目标图片的\s?U\s?操作|task_not_found",
            PARENT_GONE_TITLE,
            N_("The relay no longer has the task that this one builds on."),
            START_AGAIN_ADVICE,
        ),
        (
            r"关联任务状态错误|task_status_not_success",
            N_("The earlier picture wasn't ready"),
            N_("Midjourney was still finishing the task that this one builds on."),
            N_("wait a few seconds and try again."),
        ),
        (
            r"关联任务不允许执行变化",
            N_("That picture can't be changed this way"),
            N_("Midjourney can't do this with that picture."),
            N_("use another of its buttons, or start again from the prompt."),
        ),
        (
            r"未知(?:的\s?action\s?类型|操作)|不支持的操作|任务类型错误",
            N_("The relay can't do this"),
            N_("It doesn't know this kind of task."),
            N_("use another button, or start again from the prompt."),
        ),
        (
            r"(?:上传图片|发送图片消息)到\s?discord\s?失败(?:\W\s?图片不存在)?|(?:悠船)?链接转换失败|解析链接失败",
            UPLOAD_FAILED_TITLE,
            N_("The relay couldn't upload it to Discord."),
            N_("try again; if it fails once more, use a smaller picture."),
        ),
        (
            r"^failed to (?:fetch|load|download|open|get) (?:the |your )?(?:image|picture|attachment|link|url)s?\b",
            N_("The picture link can't be opened"),
            N_("Midjourney couldn't open a picture that the prompt links to."),
            N_("use a direct link to the picture that needs no login, and try again."),
        ),
        (
            r"^failed to process your (?:command|request)\b(?::\w+:|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\W)*",
            N_("Midjourney rejected the command"),
            N_("It failed to process it, and gave no reason."),
            _REPEAT,
        ),
    ),
    _Weight.GENERAL: (
        (r"^failed\b", _UNFINISHED, N_("It failed at Midjourney."), _REPEAT),
        (
            r"(?:任务失败|请求失败|操作失败|创建失败|服务异常|未知错误|提交\w*任务异常)(?:\W\s?请(?:稍后)?[再重尝]试)?",
            _BROKEN,
            N_("The relay or Midjourney had an internal error."),
            RETRY_LATER_ADVICE,
        ),
        (
            (
                r"\[?internal (?:server )?error\]?|(?:提交失败\W)?系统(?:异常|错误)|(?:服务器)?内部错误|"
                r"something went wrong"
            ),
            _BROKEN,
            N_("The relay or Midjourney had an internal error."),
            TELL_OPERATOR_ADVICE,
        ),
    ),
}

_BRACKETED_TITLE: Final = re.compile(r"\[([^\]]{1,80})\]\s*")
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
# TrueAI's proxy passes a title on without brackets; all others put it in brackets.
_BARE_TITLE: Final = re.compile(
    r"^((?:invalid \w+|banned prompt detected|action needed to continue|queue full|job queued)), ", re.IGNORECASE
)
# Java's text for a missing description or message.
_JAVA_NULL: Final = re.compile(r"(?:^|(?<=\]) )null$", re.IGNORECASE)


_EMBED: Final = re.compile(r"\W*title\b|\{", re.IGNORECASE)
_EMBED_FIELDS: Final = tuple(
    re.compile(
        rf"(?:^|[\s{{,])[\"']?{name}[\"']?\s?[:=]\s?"
        r"(?:\"(?P<double>(?:[^\"\\]|\\.)*)|'(?P<single>[^']*)|(?P<bare>[^,;{}\"']+))",
        re.IGNORECASE,
    )
    for name in ("title", "description")
)


def explain_fail_reason(fail_reason: str) -> FailReason:
    """Explain the failReason of a failed task, which may be empty; never promise a refund, which is unknown."""
    text = _JAVA_NULL.sub("", _BARE_TITLE.sub(r"[\1] ", _unfold_embed(sanitize_reason(fail_reason).strip())))
    if not text:
        return FailReason(_UNFINISHED, FilledText(N_("The relay gave no reason.")), _REPEAT, "")
    if upstream := parse_upstream_error(text):
        return _explain_upstream_error(upstream)
    return _find_known_failure(text) or FailReason(_UNFINISHED, *_explain_unknown(text))


def _unfold_embed(text: str) -> str:
    """Return an embed of Midjourney's that was passed on as an object, in any syntax, as "[title] description"."""
    found = [field.search(text) for field in _EMBED_FIELDS] if _EMBED.match(text) else []
    title, description = ((one[one.lastgroup or 0].strip() if one else "") for one in found or (None, None))
    return f"[{title}] {description}" if title and description else text


def _explain_upstream_error(upstream: UpstreamError) -> FailReason:
    """Explain an error of Discord that the relay passed on: by its text where that is known, else by its status."""
    text, meaning = upstream.unexplained_text, upstream.meaning
    if text and (reason := _find_known_failure(text)):
        return reason
    if meaning is not None:
        return FailReason(meaning.title, FilledText(meaning.sentence), meaning.advice, text)
    if not text:
        sentence = FilledText(N_("The relay gave a web page instead of a reason."))
        return FailReason(_UNFINISHED, sentence, TELL_OPERATOR_ADVICE, "")
    return FailReason(_UNFINISHED, *_explain_unknown(text))


def _find_known_failure(text: str) -> FailReason | None:
    """Explain a text by the pattern that decides: by its weight, then by the length of what it matches."""
    found = (
        (weight, match.end() - match.start(), explanation, match)
        for weight, explanations in FAILURES.items()
        for explanation in explanations
        if (match := re.search(explanation[0], text, re.IGNORECASE))
    )
    best = max(found, key=lambda one: one[:3], default=None)
    if best is None:
        return None
    (_, title, sentence, advice), match = best[2:]
    return FailReason(title, FilledText(sentence, **match.groupdict()), advice, _remove_explained(text, match))


def _explain_unknown(text: str) -> tuple[FilledText, str, str]:
    """Return sentence, advice and original of a text that is not among the known failures."""
    match, clause = match_refusal(text)
    if match:
        sentence = FilledText(N_("The relay says: {clause}."), clause=clause)
    elif _CHINESE.search(text):
        sentence = FilledText(N_("The relay gave a reason in Chinese that this bot can't translate."))
    else:
        sentence = FilledText(N_("The relay gave a reason that this bot doesn't know."))
    return sentence, TELL_OPERATOR_ADVICE, _remove_explained(text, match)


def _remove_explained(text: str, match: re.Match[str] | None) -> str:
    """Return what a match leaves unexplained: nothing if it covers every word, else the text without a known title."""
    if match and not re.search(r"\w", text[: match.start()] + text[match.end() :]):
        return ""
    head = _BRACKETED_TITLE.match(text)
    if head is None:
        return text
    title, rest = head[1].strip(), text[head.end() :]
    if (match and match.start() < head.end()) or rest.lower().startswith(title.lower()):
        return rest
    return f"{title}: {rest}" if rest else title
