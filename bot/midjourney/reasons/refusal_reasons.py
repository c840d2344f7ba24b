"""Translate relays' short reasons for a refusal into English clauses without a period, which `cogs/` localizes.

The reasons are those of new-api, one-hub, midjourney-proxy(-plus) and TrueAI's proxy. Chinese punctuation comes in two
widths, so that no pattern contains any.
"""

import re
from typing import Final

from bot.languages import N_, FilledText
from bot.midjourney.reasons.upstream_errors import is_web_page, parse_upstream_error
from bot.text_cleaning import sanitize_reason

_MODEL: Final = r"(?P<model>mj_[a-z]+(?:_[a-z]+){0,3})\b"

# The order within a table means nothing: of the patterns that match, the one that matches most of the text counts.
_REFUSALS: Final[tuple[tuple[str, str], ...]] = (
    (r"未提供令牌|token not provided|authorization header missing", N_("no key was sent")),
    (r"数据库|資料庫|database (?:query )?error", N_("the relay's database has a problem")),
    (
        r"(?:无效的?|無效的?)(?:令牌|密钥|密鑰)|invalid token|(?:invalid|incorrect) api[ _]?key",
        N_("the key is not valid"),
    ),
    (r"[该該]?令牌已[过過]期|(?:this )?(?:token|key)\b.{0,20}\bexpired", N_("the key has expired")),
    (
        r"[该該]?令牌[状狀][态態]不可用|(?:this )?token status (?:is )?unavailable|(?:token|key)\b.{0,20}\bdisabled",
        N_("the key is disabled"),
    ),
    (
        (
            r"[该該]?令牌(?:额度|額度)已用[尽盡]|TokenStatusExhausted|"
            r"(?:token|key)\b.{0,20}quota.{0,20}(?:exhausted|used up|not enough)"
        ),
        N_("the key's quota is used up"),
    ),
    (
        (
            r"quota_not_enough|余额不足|餘額不足|[额額]度不足|"
            r"insufficient[ _](?:user[ _])?(?:quota|balance)|quota is not enough"
        ),
        N_("the account's balance is used up"),
    ),
    (r"(?:用户|使用者)已被(?:封禁|禁用)|user (?:has been|is) (?:banned|disabled)", N_("the account is banned")),
    (
        rf"(?:[该該]?令牌(?:无权访问|無權存取)模型|(?:this )?token has no access to model)\s?{_MODEL}",
        N_("the key may not use {model}"),
    ),
    (
        r"[该該]?令牌(?:无权访问|無權存取)(?:任何)?模型|(?:this )?token has no access to (?:any )?models?",
        N_("the key may not use this model"),
    ),
    (
        r"您的\s?IP\s?不在令牌允许访问的列表中|\bip\b.{0,40}(?:not (?:in|allowed|permitted)|denied)",
        N_("the key may not be used from this machine's IP address"),
    ),
    (
        r"令牌分组.{0,80}已被禁用|分组.{0,80}已被弃用|group\b.{0,80}(?:disabled|deprecated)",
        N_("the key's group is disabled"),
    ),
    (
        r"(?:无权访问|無權存取).{0,80}(?:分组|分組)|no permission to access this group",
        N_("the account may not use the key's group"),
    ),
    (r"普通用户不支持指定渠道", N_("the key may not name a channel")),
    (r"未登[录錄]|not logged in", N_("it is not logged in")),
    (rf"模型\s?{_MODEL}\s?(?:无可用渠道|無可用管道)", N_("the key's group has no channel for {model}")),
    (rf"available channels? for model {_MODEL}", N_("the key's group has no channel for {model}")),
    (
        r"无可用渠道|無可用管道|可用渠道失败|可用管道失敗|available channels? for model",
        N_("the key's group has no channel for it"),
    ),
    (r"无可用的账号(?:实例)?|账号不可用", N_("no Midjourney account is free")),
    (r"队列(?:已满|数已达上限)(?:\W请稍后[再重尝]试)?", N_("the queue is full")),
    (r"并发数已达上限", N_("too many jobs are running")),
    (
        r"(?:too many requests )?当前分组(?:上游)?负载已饱和|當前分組上游負載已飽和|group upstream load is saturated",
        N_("the key's group is overloaded"),
    ),
    (r"排队中\W前面还有\s?(?P<ahead>\d{1,9})\s?个任务", N_("queued, {ahead} ahead")),
    (r"(?:可能)?包含敏感词|敏感词", N_("it may contain a word that isn't allowed")),
    (r"关联任务不存在(?:或已失效)?", N_("the earlier task is gone")),
    (r"task_not_found", N_("the relay has no such task for this key")),
    (r"关联任务状态错误|task_status_not_success", N_("the earlier task isn't finished yet")),
    (r"关联任务不允许执行变化", N_("the earlier task can't be changed this way")),
    (r"该任务所属渠道已被禁用", N_("the earlier task's account is disabled")),
    (r"该任务不支持重新生成", N_("this task can't be rerolled")),
    (r"任务已存在", N_("this task already exists")),
    (r"task_no_found|任务不存在", N_("no such task")),
    (r"窗口等待", N_("it is waiting for a form")),
    (r"prompt\s?不能为空|prompt_is_required", N_("the prompt is empty")),
    (r"参数错误", N_("a parameter is not valid")),
    (r"base64\s?格式错误", N_("the picture's data can't be read")),
    (r"State参数过长", N_("the state is too long")),
    (r"视频功能未启用", N_("video is not enabled")),
    (r"未开启\s?REMIX", N_("remix is not switched on")),
    (r"unknown_action", N_("it doesn't know this action")),
    (r"panic detected", N_("the relay crashed on this action")),
    (r"do_request_failed", N_("the relay's upstream didn't answer")),
    (r"get_channel_info_failed|获取渠道信息失败", N_("the relay lost the channel")),
    (r"(?:提交失败\W)?系统异常", N_("the relay had an internal error")),
)

# Rarer reasons of midjourney-proxy 2.6, TrueAI's proxy, new-api and one-hub, tried after the ones above.
_OTHER_REFUSALS: Final[tuple[tuple[str, str], ...]] = (
    (r"(?P<part>[A-Za-z0-9]{2,20})\s?不能为空", N_("the request has no {part}")),
    (r"(?:人脸|目标)(?:图片|视频)不能为空", N_("a picture is missing")),
    (r"人脸图片和目标图片不能相同", N_("the two pictures are the same")),
    (r"[a-z0-9_]+_is_required", N_("a part of the request is missing")),
    (r"index_parse_failed", N_("it can't tell which picture is meant")),
    (
        r"unknown_relay_action|未知的\s?Action\s?类型|未知操作|不支持的操作|任务类型错误",
        N_("it doesn't know this action"),
    ),
    (r"参数过长", N_("a parameter is too long")),
    (r"参数异常|校验错误", N_("the request didn't pass its checks")),
    (r"链接格式错误", N_("the link can't be read")),
    (r"禁止上传", N_("it doesn't accept pictures")),
    (
        r"(?:上传图片|发送图片消息)到\s?discord\s?失败|链接转换失败|解析链接失败|BaseImageUrl is empty",
        N_("the relay couldn't upload the picture to Discord"),
    ),
    (r"实例(?:不存在或)?不可用", N_("no Midjourney account is free")),
    (r"请求失败\W\s?禁用账号", N_("Discord refused the relay's account, which is now disabled")),
    (r"绘图次数已达上限", N_("its limit of jobs is reached")),
    (r"临时封锁", N_("it has blocked this bot for a while because of forbidden words")),
    (r"暂不对访客开放", N_("it is not open to guests")),
    (r"服务不支持", N_("it doesn't offer this")),
    (r"演示模式", N_("it is in demo mode")),
    (r"服务(?:暂不可用|异常)", N_("it isn't working right now")),
    (r"请配置私聊频道", N_("its account has no private channel, which seeds need")),
    (r"未找到\s?seed", N_("it found no seed")),
    (r"数据未找到", N_("it found nothing")),
    (r"超时", N_("it gave up waiting")),
    (
        r"(?:倍率|价格)\W?(?:或价格)?未(?:配置|设置)|(?:ratio|price)\b.{0,20}\bnot (?:been )?(?:set|configured)",
        N_("it has no price for this"),
    ),
    (r"empty_response_body", N_("the relay's upstream sent an empty answer")),
    (r"unmarshal_response_body_failed", N_("the relay couldn't read its upstream's answer")),
    (r"(?:read|close|copy)_response_body_failed", N_("the relay lost its upstream's answer")),
    (r"create_request_failed|proxy_url_invalid", N_("an address in the relay's settings is wrong")),
    (r"(?:insert|update)_midjourney_task_failed", N_("the relay couldn't save the task")),
    (r"pre_?consume_\w*failed", N_("the relay couldn't reserve the money for it")),
    (r"(?:prepare|mark)_\w*failed", N_("the relay couldn't prepare it")),
    (r"billing_failed|(?:settlement|refund)_pending", N_("the relay couldn't bill it")),
    (r"http_get_image_failed", N_("the relay couldn't fetch the picture")),
    (r"request blocked", N_("the relay may not open that address")),
    (
        r"(?:bind|read|close|marshal)_request_body_failed|request_body_not_found|content_parse_failed|invalid_request\b",
        N_("the relay couldn't read the request"),
    ),
    (r"^(?:bad request|unsupported media type)$", N_("the relay couldn't read the request")),
    (
        r"未知错误|(?:操作|创建|请求|任务)失败|任务异常|系统错误|内部错误|^internal server error$",
        N_("the relay had an internal error"),
    ),
    (r"^(?:bad gateway|service unavailable|gateway time-?out)$", N_("the relay didn't answer")),
    (r"^too many requests$", N_("it got too many requests")),
)

_WITHOUT_WORDS: Final = re.compile(
    r"HTTP \d{3}|(?:404 )?(?:page )?not found|(?:405 )?method not allowed|invalid url\b.*", re.IGNORECASE
)
"""The reason that response_errors gives an answer without words, and texts for an unknown path."""


def translate_refusal(reason: str) -> str:
    """Translate a relay's reason for a refusal into a FilledText; an unknown one stays as it is, sanitized.

    The result is plain text of at most 300 characters, not escaped yet; it is empty for a web page or an answer without
    words.
    """
    text = sanitize_reason(reason).strip()
    if is_wordless(text):
        return ""
    upstream = parse_upstream_error(text)
    if upstream is not None:
        text = upstream.unexplained_text
    match, clause = match_refusal(text)
    if match is None and upstream is not None and upstream.meaning is not None:
        return FilledText(upstream.meaning.clause)
    return clause if match else text


def translate_known_refusal(reason: str) -> str:
    """Translate a relay's reason for a refusal where it is known, else return ""."""
    return match_refusal(sanitize_reason(reason).strip())[1]


def is_wordless(reason: str) -> bool:
    """Whether a reason has nothing to quote: a status, a web page, or a text that only says that a path is unknown."""
    text = sanitize_reason(reason).strip()
    return _WITHOUT_WORDS.fullmatch(text) is not None or is_web_page(text)


def match_refusal(text: str) -> tuple[re.Match[str] | None, str]:
    """Return where a known reason stands in a sanitized text, and its English clause; (None, "") without one."""
    for table in (_REFUSALS, _OTHER_REFUSALS):
        found = ((match, row) for row in table if (match := re.search(row[0], text, re.IGNORECASE)))
        best = max(found, key=lambda one: (one[0].end() - one[0].start(), one[1]), default=None)
        if best is not None:
            match, (_, clause) = best
            return match, FilledText(clause, **match.groupdict())
    return None, ""
