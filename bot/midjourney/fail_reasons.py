"""What relays and Midjourney give as reasons, put into plain English; pure.

The texts are those of new-api, midjourney-proxy(-plus), TrueAI's proxy and Midjourney's own error embeds, which the
proxies pass on as "[title] description". Chinese punctuation comes in two widths, so no pattern names it.
"""

import re
from dataclasses import dataclass
from typing import Final

from bot.midjourney import upstream_errors
from bot.midjourney.failure_texts import (
    ACCOUNT_BLOCKED_TITLE,
    PARENT_GONE_TITLE,
    RETRY_LATER_ADVICE,
    REWORD_ADVICE,
    START_AGAIN_ADVICE,
    TELL_OPERATOR_ADVICE,
    UPLOAD_FAILED_TITLE,
    WAIT_ADVICE,
)
from bot.text_cleaning import sanitize_reason


@dataclass(frozen=True)
class FailReason:
    """Why a task failed: a title's words, a sentence, and the advice that follows "**Next:** ".

    These three are ours, and safe as Markdown. `original` is what was said, as plain text of at most 300 characters
    that nobody has escaped; it is empty where the sentence says it all.
    """

    title: str
    sentence: str
    advice: str
    original: str


_REFUSED: Final = "Midjourney refused this prompt"
_PARAMETER: Final = "A parameter is not valid"
_LATE: Final = "Midjourney took too long"
_BUSY: Final = "Midjourney is too busy"
_LOST: Final = "The relay lost the channel"
_UNFINISHED: Final = "Midjourney could not finish this"
_BROKEN: Final = "Something broke on the way"

_REPEAT: Final = "ask again; if it fails once more, reword it."
_CORRECT: Final = "correct it and ask again."

_FLAG: Final = r"`?(--[a-z]{1,20})\b`?"
"""A parameter's name: letters only, so that it may stand in a sentence of ours."""
_MODERATOR: Final = (
    r"(?:^\[[^\]]*\]\s*)?(?:sorry\W+)?our ai moderators? (?:thinks?|feels?) (?:this|your) prompt "
    r"(?:is probably|might be) against our community standards"
)
_MODEL: Final = r"(mj_[a-z]+(?:_[a-z]+){0,3})\b"

# Read from the top. A match that covers the whole text says that we know it by heart: nothing of it need be kept.
_FAILURES: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        rf"(?:\[invalid parameter\]\s*)?invalid value provided for argument {_FLAG}",
        _PARAMETER,
        r"The value given for `\1` is not one that it takes.",
        _CORRECT,
    ),
    (
        rf"(?:\[invalid parameter\]\s*)?unrecogni[sz]ed parameter(?:\(s\)|s)?\W*{_FLAG}",
        _PARAMETER,
        r"Midjourney knows no `\1`.",
        "remove or correct it and ask again.",
    ),
    (
        rf"^\[invalid parameter\](?=.*?{_FLAG})",
        _PARAMETER,
        r"Midjourney does not take `\1` as it is written here.",
        _CORRECT,
    ),
    (r"^\[invalid parameter\]|参数错误", _PARAMETER, "Midjourney does not take one of the parameters.", _CORRECT),
    (
        r"^\[invalid link\]|无效的?(?:图片)?链接",
        "The picture link cannot be read",
        "Midjourney could not open a picture that the prompt links to.",
        "use a link that opens the picture itself, without a login, and ask again.",
    ),
    (
        r"^\[invalid prompt\]",
        "The prompt cannot be read",
        "Midjourney does not understand the way it is written.",
        REWORD_ADVICE,
    ),
    (
        r"\[?request cancell?ed due to (?:output|image) filters\]?",
        "Midjourney withdrew the pictures",
        "Its filters stopped what it was drawing.",
        REWORD_ADVICE,
    ),
    (
        _MODERATOR,
        _REFUSED,
        "Its moderator thinks it breaks the community standards.",
        REWORD_ADVICE,
    ),
    (
        r"\[?banned prompt(?: detected)?\]?|(?:可能)?包含敏感词|敏感词",
        _REFUSED,
        "It holds words that are not allowed.",
        REWORD_ADVICE,
    ),
    (
        r"ai moderat|community standards|\bappeal\b|moderation|违规",
        _REFUSED,
        "Its moderator thinks it may break the community standards.",
        REWORD_ADVICE,
    ),
    (
        r"^\[?action needed to continue\]?",
        "Midjourney wants action first",
        "It asks for a confirmation that only the relay's own account can give.",
        "reword it and ask again; if it comes back, tell the operator of this bot.",
    ),
    (r"^\[?job queued\]?", _BUSY, "It queued this job, and the relay did not wait for it.", WAIT_ADVICE),
    (
        r"^\[?queue (?:is )?full\]?|队列已满(?:\W请稍后[再重尝]试)?",
        _BUSY,
        "Too many jobs wait already on the relay's account.",
        WAIT_ADVICE,
    ),
    (
        r"无可用的账号(?:实例)?|账号不可用|实例(?:不存在或)?不可用|no available account(?: instance)?",
        "No Midjourney account is free",
        "The relay has none at hand that could draw this.",
        WAIT_ADVICE,
    ),
    (
        r"\[?credits exhausted\]?|account usage exhausted",
        "The relay has no drawing time left",
        "Its Midjourney account has used up its hours.",
        TELL_OPERATOR_ADVICE,
    ),
    (
        r"^\[?(?:pending mod message|blocked|plan cancelled|subscription (?:required|paused)|tos not accepted)\b\]?",
        ACCOUNT_BLOCKED_TITLE,
        "Its Midjourney account is blocked, paused or not paid for.",
        TELL_OPERATOR_ADVICE,
    ),
    (
        r"上游任务超时\W?超过(\d{1,3})\s?小时\W?",
        _LATE,
        r"The relay gave up after \1 h; Midjourney may have finished it unseen.",
        RETRY_LATER_ADVICE,
    ),
    (
        r"(?:执行超时|(?:execution )?\btime(?:d )?out(?: after)?)\s?(\d{1,5})\s?(?:分钟|minutes?\b)",
        _LATE,
        r"The relay gave up after \1 min.",
        RETRY_LATER_ADVICE,
    ),
    (
        r"(?:上游)?(?:任务|执行)?(?:提交)?超时(?:\W\s?(?:自动取消|未找到消息))?|(?:task )?\btime(?:d )?out\b",
        _LATE,
        "The relay gave up waiting for it.",
        RETRY_LATER_ADVICE,
    ),
    (
        r"(?:用户)?(?:已)?取消任务|任务已?取消|强制取消|删除任务|^\[?(?:(?:task|job) )?cancell?ed\b\]?",
        "Cancelled",
        "It was cancelled at the relay.",
        "ask again if you still want it.",
    ),
    (
        r"获取渠道信息失败(?:\W请联系管理员)?\W渠道ID\W\s?(\d{1,10})",
        _LOST,
        r"It no longer reaches the account that was drawing this (channel \1).",
        TELL_OPERATOR_ADVICE,
    ),
    (
        r"获取渠道信息失败(?:\W请联系管理员)?|该任务所属渠道已被禁用|get_channel_info_failed",
        _LOST,
        "It no longer reaches the account that was drawing this.",
        TELL_OPERATOR_ADVICE,
    ),
    (
        r"关联任务不存在(?:或已失效)?|未找到父级任务|未找到目标图片的\s?U\s?操作|task_not_found",
        PARENT_GONE_TITLE,
        "The relay no longer holds the task that this one builds on.",
        START_AGAIN_ADVICE,
    ),
    (
        r"关联任务状态错误|task_status_not_success",
        "The picture before this one was not ready",
        "Midjourney had not settled the task that this one builds on.",
        "wait a few seconds and ask again.",
    ),
    (
        r"关联任务不允许执行变化",
        "That picture cannot be changed so",
        "Midjourney makes nothing of this kind from it.",
        "use another of its buttons, or start again from the prompt.",
    ),
    (
        r"未知(?:的\s?action\s?类型|操作)|不支持的操作|任务类型错误",
        "The relay cannot do this",
        "It does not know what was asked for.",
        "use another button, or start again from the prompt.",
    ),
    (
        r"(?:上传图片|发送图片消息)到\s?discord\s?失败(?:\W\s?图片不存在)?|(?:悠船)?链接转换失败|解析链接失败",
        UPLOAD_FAILED_TITLE,
        "The relay could not bring it to Discord.",
        "ask again; if it fails once more, use a smaller picture.",
    ),
    (
        r"^failed to (?:fetch|load|download|open|get) (?:the |your )?(?:image|picture|attachment|link|url)s?\b",
        "The picture link cannot be read",
        "Midjourney could not open a picture that the prompt links to.",
        "use a link that opens the picture itself, without a login, and ask again.",
    ),
    (
        r"^failed to process your (?:command|request)\b(?::\w+:|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\W)*",
        "Midjourney did not take the command",
        "It failed to process it, and says no more.",
        _REPEAT,
    ),
    (r"^failed\b", _UNFINISHED, "It failed at Midjourney.", _REPEAT),
    (
        r"请求失败\W\s?禁用账号",
        ACCOUNT_BLOCKED_TITLE,
        "Discord refused it, and the relay switched it off.",
        TELL_OPERATOR_ADVICE,
    ),
    (
        r"(?:总|今日)?绘图次数已达上限",
        "The relay's limit is reached",
        "It draws no more for this account for now.",
        TELL_OPERATOR_ADVICE,
    ),
    (
        r"(?:任务失败|请求失败|操作失败|创建失败|服务异常|未知错误|提交\w*任务异常)(?:\W\s?请(?:稍后)?[再重尝]试)?",
        _BROKEN,
        "The relay or Midjourney had an error of its own.",
        RETRY_LATER_ADVICE,
    ),
    (
        r"\[?internal (?:server )?error\]?|(?:提交失败\W)?系统(?:异常|错误)|(?:服务器)?内部错误|something went wrong",
        _BROKEN,
        "The relay or Midjourney had an error of its own.",
        TELL_OPERATOR_ADVICE,
    ),
)

# Short reasons for a refusal, as a clause without its full stop.
_REFUSALS: Final[tuple[tuple[str, str], ...]] = (
    (r"未提供令牌|token not provided|authorization header missing", "no key was sent"),
    (r"数据库|資料庫|database (?:query )?error", "the relay's database has a fault"),
    (r"(?:无效的?|無效的?)(?:令牌|密钥|密鑰)|invalid token|(?:invalid|incorrect) api[ _]?key", "the key is not valid"),
    (r"[该該]?令牌已[过過]期|(?:this )?(?:token|key)\b.{0,20}\bexpired", "the key has expired"),
    (
        r"[该該]?令牌[状狀][态態]不可用|(?:this )?token status (?:is )?unavailable|(?:token|key)\b.{0,20}\bdisabled",
        "the key is switched off",
    ),
    (
        (
            r"[该該]?令牌(?:额度|額度)已用[尽盡]|TokenStatusExhausted|"
            r"(?:token|key)\b.{0,20}quota.{0,20}(?:exhausted|used up|not enough)"
        ),
        "the key's quota is used up",
    ),
    (
        (
            r"quota_not_enough|余额不足|餘額不足|[额額]度不足|"
            r"insufficient[ _](?:user[ _])?(?:quota|balance)|quota is not enough"
        ),
        "the account's balance is used up",
    ),
    (r"(?:用户|使用者)已被(?:封禁|禁用)|user (?:has been|is) (?:banned|disabled)", "the account is banned"),
    (
        rf"[该該]?令牌(?:无权访问|無權存取)模型\s?{_MODEL}|(?:this )?token has no access to model\s?{_MODEL}",
        r"the key may not use \1\2",
    ),
    (
        r"[该該]?令牌(?:无权访问|無權存取)(?:任何)?模型|(?:this )?token has no access to (?:any )?models?",
        "the key's list of models keeps it out",
    ),
    (
        r"您的\s?IP\s?不在令牌允许访问的列表中|\bip\b.{0,40}(?:not (?:in|allowed|permitted)|denied)",
        "the key does not admit this machine's address",
    ),
    (
        r"令牌分组.{0,80}已被禁用|分组.{0,80}已被弃用|group\b.{0,80}(?:disabled|deprecated)",
        "the key's group is switched off",
    ),
    (
        r"(?:无权访问|無權存取).{0,80}(?:分组|分組)|no permission to access this group",
        "the account may not use the key's group",
    ),
    (r"普通用户不支持指定渠道", "the key may not name a channel"),
    (r"未登[录錄]|not logged in", "it is not logged in"),
    (rf"模型\s?{_MODEL}\s?(?:无可用渠道|無可用管道)", r"the key's group has no channel for \1"),
    (rf"available channels? for model {_MODEL}", r"the key's group has no channel for \1"),
    (
        r"无可用渠道|無可用管道|可用渠道失败|可用管道失敗|available channels? for model",
        "the key's group has no channel for it",
    ),
    (r"无可用的账号(?:实例)?|账号不可用", "no Midjourney account is free"),
    (r"队列(?:已满|数已达上限)(?:\W请稍后[再重尝]试)?", "the queue is full"),
    (r"并发数已达上限", "too many jobs run at once"),
    (
        r"(?:too many requests )?当前分组(?:上游)?负载已饱和|當前分組上游負載已飽和|group upstream load is saturated",
        "the key's group is overloaded",
    ),
    (r"排队中\W前面还有\s?(\d{1,9})\s?个任务", r"queued, \1 ahead"),
    (r"(?:可能)?包含敏感词|敏感词", "it may hold a word that is not allowed"),
    (r"关联任务不存在(?:或已失效)?|task_not_found", "the earlier task is gone"),
    (r"关联任务状态错误|task_status_not_success", "the earlier task has not settled yet"),
    (r"关联任务不允许执行变化", "the earlier task cannot be changed in this way"),
    (r"该任务所属渠道已被禁用", "the account behind the earlier task is switched off"),
    (r"该任务不支持重新生成", "this task cannot be drawn anew"),
    (r"任务已存在", "this task exists already"),
    (r"task_no_found|任务不存在", "no such task"),
    (r"窗口等待", "it waits for a form"),
    (r"prompt\s?不能为空|prompt_is_required", "the prompt is empty"),
    (r"参数错误", "a parameter is not valid"),
    (r"base64\s?格式错误", "the picture's data cannot be read"),
    (r"State参数过长", "the state is too long"),
    (r"视频功能未启用", "video is not enabled"),
    (r"未开启\s?REMIX", "remix is not switched on"),
    (r"unknown_action", "it does not know this action"),
    (r"panic detected", "the relay broke on this action"),
    (r"do_request_failed", "nothing behind the relay answered"),
    (r"get_channel_info_failed|获取渠道信息失败", "the relay lost the channel"),
    (r"(?:提交失败\W)?系统异常", "the relay had an error of its own"),
)

# What else midjourney-proxy 2.6, TrueAI's proxy, new-api and one-hub can say of a request, looked for after the above.
_OTHER_REFUSALS: Final[tuple[tuple[str, str], ...]] = (
    (r"([A-Za-z0-9]{2,20})\s?不能为空", r"the request lacks its \1"),
    (r"(?:人脸|目标)(?:图片|视频)不能为空", "a picture is missing"),
    (r"人脸图片和目标图片不能相同", "the two pictures are the same"),
    (r"[a-z0-9_]+_is_required", "a part of the request is missing"),
    (r"index_parse_failed", "it cannot tell which picture is meant"),
    (r"unknown_relay_action|未知的\s?Action\s?类型|未知操作|不支持的操作|任务类型错误", "it does not know this action"),
    (r"参数过长", "a parameter is too long"),
    (r"参数异常|校验错误", "the request did not pass its checks"),
    (r"链接格式错误", "the link cannot be read"),
    (r"禁止上传", "it takes no pictures"),
    (
        r"(?:上传图片|发送图片消息)到\s?discord\s?失败|链接转换失败|解析链接失败|BaseImageUrl is empty",
        "the relay could not bring the picture to Discord",
    ),
    (r"实例(?:不存在或)?不可用", "no Midjourney account is free"),
    (r"请求失败\W\s?禁用账号", "Discord refused the relay's account, which is switched off"),
    (r"绘图次数已达上限", "its limit of drawings is reached"),
    (r"临时封锁", "it has locked this bot out for a while, as words were not allowed"),
    (r"暂不对访客开放", "it is not open to guests"),
    (r"服务不支持", "it does not offer this"),
    (r"演示模式", "it is in its demo mode"),
    (r"服务(?:暂不可用|异常)", "it does not work just now"),
    (r"请配置私聊频道", "its account has no private channel, which seeds need"),
    (r"未找到\s?seed", "it found no seed"),
    (r"数据未找到", "it found nothing of that"),
    (r"超时", "it gave up waiting"),
    (
        r"(?:倍率|价格)\W?(?:或价格)?未(?:配置|设置)|(?:ratio|price)\b.{0,20}\bnot (?:been )?(?:set|configured)",
        "it has no price for this",
    ),
    (r"empty_response_body", "what is behind the relay answered nothing"),
    (r"unmarshal_response_body_failed", "the relay could not read what is behind it"),
    (r"(?:read|close|copy)_response_body_failed", "the relay lost the answer from behind it"),
    (r"create_request_failed|proxy_url_invalid", "an address in the relay's settings is wrong"),
    (r"(?:insert|update)_midjourney_task_failed", "the relay could not write the task down"),
    (r"billing_failed", "the relay could not bill it"),
    (r"http_get_image_failed", "the relay could not fetch the picture"),
    (r"request blocked", "the relay may not open that address"),
    (
        r"(?:bind|read|close|marshal)_request_body_failed|request_body_not_found|content_parse_failed|invalid_request\b",
        "the relay could not read the request",
    ),
    (r"^(?:bad request|unsupported media type)$", "the relay could not read the request"),
    (
        r"未知错误|(?:操作|创建|请求|任务)失败|任务异常|系统错误|内部错误|^internal server error$",
        "the relay had an error of its own",
    ),
    (r"^(?:bad gateway|service unavailable|gateway time-?out)$", "the relay did not answer"),
    (r"^too many requests$", "it was asked too much at once"),
)

_HEADED: Final = re.compile(r"\[([^\]]{1,80})\]\s*")
_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
_WORDLESS: Final = re.compile(
    r"HTTP \d{3}|(?:404 )?(?:page )?not found|(?:405 )?method not allowed|invalid url\b.*", re.IGNORECASE
)
"""What response_errors calls an answer without words, and the texts that only say that there is no such path."""
_UNBRACKETED: Final = re.compile(
    r"^((?:invalid \w+|banned prompt detected|action needed to continue|queue full|job queued)), ", re.IGNORECASE
)
"""How TrueAI's proxy passes a title on; all others put it in brackets."""
_NULL: Final = re.compile(r"(?:^|(?<=\]) )null$", re.IGNORECASE)
"""What Java writes for a description or a message that is not there."""


def explain_fail_reason(fail_reason: str) -> FailReason:
    """Explain the failReason of a failed task, which may be empty; never promises a refund, as none is known of."""
    said = _NULL.sub("", _UNBRACKETED.sub(r"[\1] ", sanitize_reason(fail_reason).strip()))
    if not said:
        return FailReason(_UNFINISHED, "The relay gave no reason.", _REPEAT, "")
    if passed_on := upstream_errors.parse_upstream_error(said):
        return _upstream(passed_on)
    return _failure(said) or FailReason(_UNFINISHED, *_unexplained(said))


def translate_refusal(reason: str) -> str:
    """Put a relay's short reason for a refusal into an English clause; what is not known stays as it was said.

    So the answer is plain text of at most 300 characters that is not escaped yet. It is empty for a web page, and for
    an answer without words.
    """
    said = sanitize_reason(reason).strip()
    if is_wordless(said):
        return ""
    passed_on = upstream_errors.parse_upstream_error(said)
    if passed_on is not None:
        said = passed_on.unexplained_text
    match, words = _refusal(said)
    if match is None and passed_on is not None and passed_on.meaning is not None:
        return passed_on.meaning.clause
    return words if match else said


def translate_known_refusal(reason: str) -> str:
    """Return our own words for a relay's short reason, "" where it is not a known one."""
    return _refusal(sanitize_reason(reason).strip())[1]


def is_wordless(reason: str) -> bool:
    """Tell whether a reason is a status, a web page, or a text that only says "no such path": nothing to quote."""
    said = sanitize_reason(reason).strip()
    return _WORDLESS.fullmatch(said) is not None or upstream_errors.is_web_page(said)


def _upstream(passed_on: upstream_errors.UpstreamError) -> FailReason:
    """Explain an answer of Discord that was passed on: by its words where they are known, else by its status."""
    left, meaning = passed_on.unexplained_text, passed_on.meaning
    if left and (reason := _failure(left)):
        return reason
    if meaning is not None:
        return FailReason(meaning.title, meaning.sentence, meaning.advice, left)
    if not left:
        return FailReason(_UNFINISHED, "The relay gives a web page instead of a reason.", TELL_OPERATOR_ADVICE, "")
    return FailReason(_UNFINISHED, *_unexplained(left))


def _failure(said: str) -> FailReason | None:
    for pattern, title, sentence, advice in _FAILURES:
        if match := re.search(pattern, said, re.IGNORECASE):
            return FailReason(title, match.expand(sentence), advice, _kept(said, match))
    return None


def _unexplained(said: str) -> tuple[str, str, str]:
    match, words = _refusal(said)
    if match:
        sentence = f"The relay says: {words}."
    elif _CHINESE.search(said):
        sentence = "The relay tells why only in Chinese, in words that this bot cannot translate."
    else:
        sentence = "The relay gives a reason that this bot does not know."
    return sentence, TELL_OPERATOR_ADVICE, _kept(said, match)


def _refusal(said: str) -> tuple[re.Match[str] | None, str]:
    for pattern, words in (*_REFUSALS, *_OTHER_REFUSALS):
        if match := re.search(pattern, said, re.IGNORECASE):
            return match, match.expand(words)
    return None, ""


def _kept(said: str, match: re.Match[str] | None) -> str:
    """Return what a match leaves unsaid: nothing where it covers every word, all but a title that it covers."""
    if match and not re.search(r"\w", said[: match.start()] + said[match.end() :]):
        return ""
    head = _HEADED.match(said)
    if head is None:
        return said
    title, rest = head[1].strip(), said[head.end() :]
    if (match and match.start() < head.end()) or rest.lower().startswith(title.lower()):
        return rest
    return f"{title}: {rest}" if rest else title
