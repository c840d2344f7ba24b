"""Choose the error for a response to a submit that is no acceptance. Pure.

A submit is refused only where that is known: by an error that is reported before the relay forwards the request, or by
a refusal of the Midjourney proxy behind it. Everything else is unknown, and then the relay's log decides. The texts
come from the source code of new-api, its forks, one-hub, midjourney-proxy and TrueAI's proxy.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from bot.errors import (
    BalanceExhausted,
    NoAccountAvailable,
    ParentBusy,
    ParentGone,
    ParentUnchangeable,
    PromptBanned,
    QueueFull,
    RelayBusy,
    RelayError,
    SubmitOutcomeUnknown,
    SubmitRefused,
)
from bot.json_values import coerce_text, is_json_object
from bot.midjourney.submit_response import ACCEPTED_CODES, SubmitResponse
from bot.relay.responses.relay_response import RelayMessage, RelayResponse, extract_message
from bot.relay.responses.response_errors import find_gateway_error

_NO_ACCOUNT: Final = re.compile(
    r"[无無]可用的?(?:账号|帳號)|(?:账号|帳號)不可用|实例不存在或不可用|未找到账号|"
    r"no available account|account instance"
)
_QUEUE_FULL: Final = re.compile(r"(?:队列|佇列)(?:已满|已滿|数已达上限)|并发数已达上限|queue (?:is )?full")
_PARENT_BUSY: Final = re.compile(r"关联任务状态错误|關聯任務狀態錯誤|task_status_not_success")
_PARENT_GONE: Final = re.compile(
    r"task_not_found|关联任务不存在|已失效|[该該]任[务務]所[属屬](?:渠道|管道)已被禁用|"
    r"channel associated with this task has been disabled"
)
_PARENT_UNCHANGEABLE: Final = re.compile(r"关联任务不允许执行变化")
_BALANCE: Final = re.compile(
    r"quota_not_enough|(?:余额|餘額|[额額]度)不足|insufficient[ _](?:user[ _])?(?:quota|balance)|quota is not enough"
)
_BEFORE_FORWARDING: Final = re.compile(
    # Names of new-api and one-hub, and of a fork with durable billing, which reserves the money before it forwards.
    r"\b(?:pre_?consume_\w*failed|prepare_\w*billing_failed|mark_\w*dispatch_failed|bind_request_body_failed|"
    r"\w+_is_required|content_parse_failed|index_parse_failed|invalid_request|unknown_action|unknown_relay_action|"
    r"task_no_found|get_channel_info_failed|model_not_found)\b|"
    # new-api's middleware and its table of prices.
    r"panic detected.{0,60}index out of range|no available channel|no channel available|get available channel.{0,500}|"
    r"可用(?:渠道|管道)(?:\W{0,2}数据库一致性已被破坏|失[败敗].{0,500})?|(?:价格|倍率)\W?(?:或价格)?未(?:配置|设置)|"
    r"(?:ratio|price)\b.{0,20}\bnot (?:been )?(?:set|configured)"
)
"""Errors that a relay reports before it forwards a request: nothing was accepted."""
_PROXY_REFUSALS: Final = re.compile(
    r"不能为空|不能相同|参数(?:错误|过长|异常)|格式错误|大小超过|缺少必要|必须是|无效的|任务类型错误|未知的?\s?(?:action|操作)|"
    r"敏感词|违规词|不支持|不允许|禁止|未(?:开启|启用|登录)|不存在|已达上限|演示模式|访客|无权|已被(?:封禁|禁用)|"
    r"提交失败\W{0,2}系统异常|too many (?:\w+ ){0,3}(?:tasks|jobs|requests)(?: running| in (?:the )?queue)?"
)
"""Refusals of midjourney-proxy and TrueAI's proxy: they gave nothing to Midjourney."""
_KNOWN_REFUSALS: Final = (
    *(_BEFORE_FORWARDING, _PROXY_REFUSALS, _NO_ACCOUNT, _QUEUE_FULL, _BALANCE),
    *(_PARENT_BUSY, _PARENT_GONE, _PARENT_UNCHANGEABLE),
)
_AFTER_FORWARDING: Final = re.compile(
    r"insert_\w*task_failed|\b(?:copy|close|marshal)_response_body_failed|billing_failed|"
    # The fork with durable billing has reserved the money, and settles or returns it later.
    r"task_outcome_unknown|task_identity_unknown|task_identity_conflict|settlement_pending|refund_pending|"
    # What others may call the same.
    r"[a-z]_(?:pending|unknown|uncertain|conflict)\b|\b(?:persist|insert|save|store|settle|refund)_\w+_failed"
)
"""Errors that a relay reports after it has forwarded a request: it was accepted, or its money is still reserved."""
_UPSTREAM_LOST: Final = re.compile(
    r"do_request_failed|(?:unmarshal|read)_response_body_failed|read_request_body_failed"
)
"""new-api lost its connection to the upstream: it bills nothing and works on the submit no more. Forks may bill it."""
_DOUBTFUL: Final = re.compile(
    r"time[ds]?[\s_-]?out|deadline|超时|超時|逾时|逾時|"
    r"success|succeed|accepted|created|submitted|received|forwarded|dispatched|started|processing|in progress|pending|"
    r"queued|queueing|in (?:the )?queue|already|duplicate|conflict|\bok\b|\bdone\b|"
    r"成功|已提交|已接受|已接收|已收到|已创建|排队|执行中|处理中|进行中|生成中|重复|已存在|"
    r"unknown|uncertain|unclear|unconfirmed|undetermined|outcome|(?:may|might) (?:have|already)|possibly|"
    r"check (?:the |your )?(?:task|list|status|later|result)|未知|不确定|不明|可能已|查询|查看|"
    r"upstream(?!_error)|gateway|respon(?:se|d)|\banswer|上游|网关|响应|回复|"
    r"connection|connect |network|socket|\breset\b|broken pipe|\beof\b|i/o|interrupt|abort|cancel|\blost\b|"
    r"连接|网络|中断|取消|断开|"
    r"settle|refund|billing|billed|charged|结算|退款|补偿|扣费|"
    r"consume|deduct|ledger|(?:read|write) tcp|service (?:temporarily )?unavailable|(?:http|status|code)\W{0,2}5\d\d|"
    r"still|running|database|persist|internal|unexpected|exception|数据库|内部错误|系统错误|任务异常"
)
"""Words with which a relay may report a request that it took, or of which it does not know whether it did."""
_ERROR_NAME: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+\s*(?:[:(\uff1a\uff08].*)?")
"""What the errors of new-api look like: `task_not_found`."""
_FAILED_STEP: Final = re.compile(r"\w_(?:failed|failure|error)\b")
_FAILURE: Final = re.compile(r"fail|error|refus|reject|invalid|unable|denied|forbidden|not allowed|失败|异常|错误|拒绝")

# Where relays say what happened. The type is left out, because new-api calls each of its errors upstream_error.
_TEXTS: Final = ("description", "message", "msg", "detail", "title", "error", "reason", "failReason", "status", "code")
_MAX_WORDS: Final = 2000
_REFUSAL_CODES: Final = frozenset({3, 4, 9, 23, 24, 30})
"""The codes with which midjourney-proxy and new-api refuse a submit, if their words do not say something else."""
_TURNED_AWAY: Final = frozenset({401, 402, 403, 429})
"""Statuses, and codes after them, that refuse the sender of a request, and not the request."""
_REFUSED_STATUSES: Final = frozenset(
    {400, *range(406, 408), *range(410, 418), 421, 422, 425, 426, 428, 431, 451, *range(494, 498)}
)
"""Statuses that refuse a request without words. Others may come from a server that no longer waits for the relay."""


def classify_submit_error(response: RelayResponse, body: object, submit: SubmitResponse) -> RelayError:
    """Choose the error for a response that does not clearly accept a submit: `body` is its JSON, parsed as `submit`."""
    answer = _Answer(response, body, submit)
    return (
        answer.find_acceptance()
        or answer.find_precise_refusal()
        or answer.find_doubt()
        or find_gateway_error(response, answer.message)
        or answer.classify_by_code_and_status()
    )


@dataclass(frozen=True)
class _Answer:
    """A response to a submit, with what its words say."""

    response: RelayResponse
    body: object
    submit: SubmitResponse

    @cached_property
    def message(self) -> RelayMessage:
        return extract_message(self.response, self.body)

    @cached_property
    def fields(self) -> Mapping[Any, Any]:
        """The body, empty if it is no object."""
        return self.body if is_json_object(self.body) else {}

    @cached_property
    def words(self) -> str:
        """All that the relay says, in lower case; a web page says nothing about a submit."""
        if not is_json_object(self.body):
            return "" if self.response.is_html else self.message.lowercase
        sources = filter(is_json_object, (self.body, self.body.get("error"), self.body.get("data")))
        texts = (coerce_text(source.get(name))[:_MAX_WORDS] for source in sources for name in _TEXTS)
        return " ".join(filter(None, texts)).lower()

    @cached_property
    def unexplained_words(self) -> str:
        """The words without the known refusals, which contain some of the doubtful ones."""
        words = self.words
        for pattern in _KNOWN_REFUSALS:
            words = pattern.sub(" ", words)
        return words

    @property
    def is_doubtful(self) -> bool:
        return _DOUBTFUL.search(self.unexplained_words) is not None

    @property
    def is_half_json(self) -> bool:
        """Whether the body begins like a JSON object and is none: half of one may be new-api's code 5."""
        return self.response.starts_with("{") and not is_json_object(self.body)

    @property
    def is_turned_away(self) -> bool:
        return self.response.status in _TURNED_AWAY or self.message.code == 30

    def find_acceptance(self) -> RelayError | None:
        """Return the error for a response that says that the request was accepted, or at least forwarded."""
        reason, code = self.message.reason, self.submit.code
        has_no_task = self.is_turned_away and not self.submit.result
        if _AFTER_FORWARDING.search(self.unexplained_words) or (code in ACCEPTED_CODES and not has_no_task):
            return SubmitOutcomeUnknown(reason, accepted=True)
        is_lost = _UPSTREAM_LOST.search(self.unexplained_words) is not None
        if is_lost or (code == 5 and not has_no_task):
            # If a proxy on the way lost the answer, the relay may still be working; such a proxy responds with another
            # status or with words of its own.
            return SubmitOutcomeUnknown(reason, answered=is_lost and code == 5 and self.response.status == 400)
        return None

    def find_precise_refusal(self) -> RelayError | None:
        """Return the error of its own for a {code, description} of a proxy, or TrueAI's {success, message}."""
        reason, words = self.message.reason, self.words
        if self.submit.code == 24:
            return PromptBanned(reason, word=self.submit.properties.banned_word)
        is_full = self.submit.code == 23 and not self.submit.result
        if not self.fields or (self.is_doubtful and not is_full):
            return None
        if _BALANCE.search(words):
            return BalanceExhausted(reason)
        if _PARENT_BUSY.search(words):
            return ParentBusy(reason)
        if _PARENT_GONE.search(words):
            return ParentGone(reason)
        if _PARENT_UNCHANGEABLE.search(words):
            return ParentUnchangeable(reason)
        return self._find_capacity_error() or (ParentGone(reason) if self.submit.code == 3 else None)

    def _find_capacity_error(self) -> RelayError | None:
        reason, retry_after = self.message.reason, self.response.retry_after
        if _NO_ACCOUNT.search(self.words):
            return NoAccountAvailable(reason, retry_after=retry_after)
        if self.submit.code == 23 or _QUEUE_FULL.search(self.words):
            # A response with an id may have created a task, so its submit is not sent again automatically.
            kind = RelayBusy if self.submit.result else QueueFull
            return kind(reason, retry_after=retry_after)
        return None

    def find_doubt(self) -> RelayError | None:
        """Return the error for a response whose words, task or missing end may mean that the relay took the request."""
        if self.is_turned_away:
            return None
        names_task = bool(self.submit.result) and self.submit.code not in _REFUSAL_CODES and self.submit.code < 400
        is_cut = self.is_half_json and not _BEFORE_FORWARDING.search(self.words)
        return SubmitOutcomeUnknown(self.message.reason) if self.is_doubtful or names_task or is_cut else None

    def classify_by_code_and_status(self) -> RelayError:
        """Return the error for a response without a doubtful word, and without an error of its own."""
        is_refused = self._is_refused_by_code if self.fields else self.response.status in _REFUSED_STATUSES
        if is_refused:
            return SubmitRefused(self.message.reason, code=self.submit.code)
        return SubmitOutcomeUnknown(self.message.reason)

    @property
    def _is_refused_by_code(self) -> bool:
        if _BEFORE_FORWARDING.search(self.words):
            return True
        # A name that is in no list: a fork may report that error after it has forwarded the request.
        has_unknown_name = _ERROR_NAME.fullmatch(self.message.reason.lower()) or _FAILED_STEP.search(self.words)
        if self.response.status >= 500 or self.fields.get("success") is True or has_unknown_name:
            return False
        if _PROXY_REFUSALS.search(self.words):
            return True
        if not self.response.is_success:
            # new-api answers 400 to everything, also after it has forwarded the request.
            return self.response.status in _REFUSED_STATUSES and "upstream_error" not in self.message.lowercase
        is_failure = self.submit.code == 9 and _FAILURE.search(self.words) is not None
        return is_failure or self.submit.code in {4, *_TURNED_AWAY} or self.fields.get("success") is False
