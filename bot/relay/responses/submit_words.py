"""What relays say in answer to a submit: refusals that are certain, and words that leave open what happened. Pure.

The texts come from the source code of new-api, its forks, one-hub, midjourney-proxy and TrueAI's proxy. The patterns
fit words that `fold_words` has folded.
"""

import re
import unicodedata
from typing import Final

_TRADITIONAL: Final = str.maketrans(
    "處執進隊務複創連斷錯誤內數據資庫統補償網關應響為覆時無請達轉發繪圖滿號帳該屬動佇聯態變沒獲費過濾換結費確認續單接於狀質價設啟錄權訪問餘額開參佇請",
    "处执进队务复创连断错误内数据资库统补偿网关应响为复时无请达转发绘图满号帐该属动伫联态变没获费过滤换结费确认续单接于状质价设启录权访问余额开参伫请",
)
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\u00ad]")


def fold_words(text: str) -> str:
    """Write a text in lower case, in simplified Chinese, and without wide letters or unusual dashes."""
    normal = unicodedata.normalize("NFKC", text)
    return _DASHES.sub("-", normal).translate(_TRADITIONAL).lower()


NO_ACCOUNT: Final = re.compile(
    r"无可用的?[账帐]号|[账帐]号不可用|实例不存在或不可用|未找到[账帐]号|"
    r"no available account(?: instance)?|account instance"
)
QUEUE_FULL: Final = re.compile(
    r"[队伫]列(?:已满|数已达上限)|并发数已达上限|queue (?:is )?full(?:\W+\d+ (?:tasks|jobs) in (?:the )?queue)?"
)
PARENT_BUSY: Final = re.compile(r"关联任务状态错误|task_status_not_success")
PARENT_GONE: Final = re.compile(
    r"task_not_found|关联任务不存在|已失效|该任务所属(?:渠道|管道)已被禁用|"
    r"channel associated with this task has been disabled"
)
UNKNOWN_TO_KEY: Final = re.compile(r"\btask_not_found\b")
"""new-api looks for the parent among the tasks of the key's account, before it forwards a press."""
PARENT_UNCHANGEABLE: Final = re.compile(r"关联任务不允许执行变化")
BALANCE: Final = re.compile(
    r"quota_not_enough|(?:余额|额度)不足|insufficient[ _](?:user[ _])?(?:quota|balance)|quota is not enough"
)
_STEPS_BEFORE_FORWARDING: Final = (
    # Names of new-api and one-hub, and of a fork with durable billing, which reserves the money before it forwards.
    r"(?:(?:midjourney_|mj_|video_)?pre_?consume_\w*failed|prepare_\w*billing_failed|mark_\w*dispatch_failed|bind_request_body_failed|"
    r"create_request_failed|request_body_not_found)\b"
)
FIRST_BEFORE_FORWARDING: Final = re.compile(rf"\W*{_STEPS_BEFORE_FORWARDING}")
"""A text that begins with the name of a step before forwarding: what follows is why that step failed."""
BEFORE_FORWARDING: Final = re.compile(
    rf"\b{_STEPS_BEFORE_FORWARDING}|"
    r"\b(?:\w+_is_required|content_parse_failed|index_parse_failed|invalid_request|unknown_action|unknown_relay_action|"
    r"task_no_found|get_channel_info_failed|model_not_found)\b|"
    # new-api's middleware and its table of prices.
    r"预扣费(?:额度)?失败|令牌分组.{0,80}已被(?:禁用|弃用)|no available channel|no channel available|"
    r"get available channel.{0,500}|"
    r"可用(?:渠道|管道)(?:\W{0,2}数据库一致性已被破坏|失[败敗].{0,500})?|(?:价格|倍率)\W?(?:或价格)?未(?:配置|设置)|"
    r"(?:ratio|price)\b.{0,20}\bnot (?:been )?(?:set|configured)"
)
"""Errors that a relay reports before it forwards a request: nothing was accepted."""
PARSER_PANIC: Final = re.compile(r"panic detected.{0,60}index out of range")
"""new-api's parser of customIds has panicked, where the path is that of an action."""
_SENDER_REFUSALS: Final = re.compile(
    r"当前分组(?:上游)?负载已饱和|group upstream load is saturated|database query error"
)
PROXY_REFUSALS: Final = re.compile(
    r"不能为空|不能相同|参数(?:错误|过长|异常)|格式错误|大小超过|缺少必要|必须是|无效的|任务类型错误|未知的?\s?(?:action|操作)|"
    r"敏感词|违规词|不支持|不允许|禁止|未(?:开启|启用|登录)|不存在|已达上限|演示模式|访客|无权|已被(?:封禁|禁用)|"
    r"提交失败\W{0,2}系统异常|too many (?:\w+ ){0,3}(?:tasks|jobs|requests)(?: running| in (?:the )?queue)?"
)
"""Refusals of midjourney-proxy and TrueAI's proxy: they gave nothing to Midjourney."""
_KNOWN_REFUSALS: Final = (
    *(BEFORE_FORWARDING, PARSER_PANIC, PROXY_REFUSALS, NO_ACCOUNT, QUEUE_FULL, BALANCE),
    *(PARENT_BUSY, PARENT_GONE, PARENT_UNCHANGEABLE, _SENDER_REFUSALS),
)
AFTER_FORWARDING: Final = re.compile(
    r"insert_\w*task_failed|\b(?:copy|close|marshal)_response_body_failed|billing_failed|"
    # The fork with durable billing has reserved the money, and settles or returns it later.
    r"task_outcome_unknown|task_identity_unknown|task_identity_conflict|settlement_pending|refund_pending|"
    # What others may call the same.
    r"[a-z]_(?:pending|unknown|uncertain|conflict)\b|\b(?:persist|insert|save|store|settle|refund)_\w+_failed"
)
"""Errors that a relay reports after it has forwarded a request: it was accepted, or its money is still reserved."""
UPSTREAM_LOST: Final = re.compile(r"do_request_failed|(?:unmarshal|read)_response_body_failed|read_request_body_failed")
"""new-api lost its connection to the upstream: it bills nothing and works on the submit no more. Forks may bill it."""
TAKEN: Final = re.compile(
    r"time[ds]?[\s_-]?out|deadline|超时|逾时|"
    r"success|succeed|accepted|created|submitted|received|forwarded|dispatched|started|in progress|pending|"
    r"queued|queueing|in (?:the )?queue|waiting|scheduled|reserved|(?:are|is|now) drawing|ignored|already|duplicate|"
    r"conflict|\bprocess(?:ed|ing)?\b|\bok\b|\bdone\b|"
    r"成功|已(?:提交|接受|接收|收到|创建|存在|派发|下发|投递|发起|送[出达]|转发|发送|加入|入队|忽略|过滤|替换)|收单|预留|"
    r"排队|等待|执行中|处理中|进行中|[生绘]成中|绘[制图]中|正在|请稍候|(?:稍后|将)(?:自动|执行)|重复|忽略|"
    r"unknown|uncertain|unclear|unconfirmed|undetermined|outcome|(?:may|might) (?:have|already)|possibly|"
    r"check (?:the |your )?(?:task|list|status|later|result)|未知|不确定|不明|可能已|查询任务|查看|"
    r"settle|refund|billing|billed|charged|ledger|结算|退款|补偿|(?<!预)扣费|扣款|still"
)
"""Words with which a relay may report a request that it took, or of which it does not know whether it did."""
LOST: Final = re.compile(
    r"upstream(?!_error)|gateway|respon(?:se|d)|\banswer|上游|网关|响应|回复|查询|"
    r"connect|network|socket|\breset\b|broken pipe|\beof\b|i/o|interrupt|abort|cancel|\blost\b|\bclosed\b|\bstream\b|"
    r"hang ?up|\becon|连接|连线|网[络路]|中断|取消|断开|"
    r"consume|deduct|(?:read|write) tcp|service (?:temporarily )?unavailable|(?:http|status|code)\W{0,2}5\d\d|"
    r"running|database|persist|internal|unexpected|exception|数据库|资料库|内部错误|系统错误|任务异常|"
    r"解析失败|返回为空|[未没](?:有)?(?:返回|获取)|无(?:返回|回应)|为空\Z|空响应|"
    r"\bempty\b|\bnull\b|\bno (?:task )?(?:id|result)|"
    # Not ASCII and not Chinese: a language that is not in these lists, or a wrong encoding.
    r"[^\x00-\x7f\u00a5\u00b7\u2018-\u201d\u2026\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
)
"""Words with which a relay may report that it lost its connection; a sender who is turned away was not forwarded."""
REFUSING: Final = re.compile(
    r"\b(?:too (?:long|short|large|big|many|small)|unsupported|not (?:supported|allowed|permitted|valid|enabled)|"
    r"invalid (?:\w+ )?(?:prompts?|param\w*|arguments?|value|links?|urls?|images?|base64|token|key|custom_?id|index|"
    r"action|mode|model|version|format|form body)|(?:missing|empty) (?:param\w*|prompt|field|argument)|"
    r"bad (?:request|prompt|param\w*)|must (?:be|not|have)|cannot be|required|forbidden|denied|unauthori[sz]ed|"
    r"rejected|disabled|banned|blocked|sensitive|violat\w+|moderat\w+|unrecogni[sz]ed)\b|"
    r"违规|违反|拒绝|过长|过大|不合法|非法|无法识别|缺少|不能|仅支持|只能|过期|封禁|停用|权限"
)
"""Words that refuse a request, where a code of failure stands beside them."""
ERROR_NAME: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+\s*(?:[:(\uff1a\uff08].*)?")
"""What the errors of new-api look like: `task_not_found`."""
FAILED_STEP: Final = re.compile(r"\w_(?:failed|failure|error)\b")


def remove_known_refusals(words: str) -> str:
    """Return the words without the known refusals, which contain some of the doubtful ones."""
    for pattern in _KNOWN_REFUSALS:
        words = pattern.sub(" ", words)
    return words
