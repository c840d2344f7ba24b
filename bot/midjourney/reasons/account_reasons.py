"""Fail reasons that concern the relay's Midjourney account, even if they mention moderation.

The titles are those of Midjourney's own error embeds, which the proxies pass on as "[title] description".
"""

from typing import Final

from bot.languages import N_
from bot.midjourney.reasons.upstream_errors import ACCOUNT_BLOCKED_TITLE, TELL_OPERATOR_ADVICE, WAIT_ADVICE

Explanation = tuple[str, str, str, str]
"""A pattern, and the title, sentence and advice for what it matches."""

_NO_HOURS: Final = (
    N_("The relay has no drawing time left"),
    N_("Its Midjourney account has used up its hours."),
    TELL_OPERATOR_ADVICE,
)
_BARRED: Final = (
    ACCOUNT_BLOCKED_TITLE,
    N_("Its Midjourney account is blocked, paused or not paid for."),
    TELL_OPERATOR_ADVICE,
)
_UNCONFIRMED: Final = (
    ACCOUNT_BLOCKED_TITLE,
    N_("Its owner must first confirm a message or the rules of Midjourney."),
    TELL_OPERATOR_ADVICE,
)

_UNVERIFIED: Final = (ACCOUNT_BLOCKED_TITLE, N_("Discord wants its owner to verify it first."), TELL_OPERATOR_ADVICE)
CONFIRMATION: Final = (
    N_("Midjourney wants a confirmation"),
    N_("It asks for a confirmation that only the relay's own account can give."),
    N_("reword it and try again; if it happens again, tell the operator of this bot."),
)

_PROMPT_PARTS: Final = "prompts?|words?|phrases?|images?|pictures?|content|links?|parameters?|text"
_BARRED_WORDS: Final = (
    "blocked|banned|suspended|restricted|locked|disabled|deactivated|paused|terminated|expired|cancell?ed|revoked|"
    "frozen|inactive|ended|overdue|past due|not active|muted|timed out|limited|kicked|removed"
)
_BARRED_CHINESE: Final = "封禁|封锁|封号|禁用|冻结|限制|停用|暂停|锁定|拉黑|过期|到期|注销"
_RULES: Final = "terms|tos|standards|guidelines|rules|conditions|policy"
_CONSENT: Final = r"(?:accept(?:ed|ance)?|agreed?(?: to)?|acknowledged?)"
# A fact: "your account may be blocked" is only a warning about the prompt.
_BE: Final = r"(?:has|have|'ve|had|is|are|'re|was|were|got)(?: been)?(?: \w+){0,2}?"

ACCOUNT_TITLES: Final[tuple[Explanation, ...]] = (
    (r"^\[?credits exhausted\]?", *_NO_HOURS),
    (
        (
            rf"^\[(?![^\]]*\b(?:{_PROMPT_PARTS})\b)[^\]]*\b(?:account|subscription|subscribe|plan|billing|payment|trials?|"
            r"membership|suspended|suspension|blocked|banned|ban|abuse|access|verification)\b[^\]]*\]"
        ),
        *_BARRED,
    ),
    (r"^(?:subscription|plan) (?:required|paused|cancell?ed|expired)\b|^blocked(?=,|\W*$)", *_BARRED),
    (r"^\[[^\]]*\bmod(?:erator|eration)? (?:message|notice|warning)s?\b[^\]]*\]|^pending mod message\b", *_UNCONFIRMED),
    (
        (
            rf"^\[[^\]]*(?:\b(?:{_RULES})\b[^\]]*\b{_CONSENT}\b|\b{_CONSENT}\b[^\]]*\b(?:{_RULES})\b)[^\]]*\]|"
            r"^tos not accepted\b"
        ),
        *_UNCONFIRMED,
    ),
)
"""What a title at the beginning says of the account, whatever the text below it mentions."""

ACCOUNT_REASONS: Final[tuple[Explanation, ...]] = (
    (
        (
            r"(?:^|[\].:!?] ?|\b(?:your|the|this|its|discord|midjourney)(?:'s)? )(?:\w+ ){0,2}?"
            r"(?:account|subscription|membership|plan|access|trial)s?\b[^.!?]{0,40}?"
            rf"(?:\b| ){_BE} (?:{_BARRED_WORDS})\b"
        ),
        *_BARRED,
    ),
    (rf"\b(?:account|subscription|membership|plan|trial) (?:{_BARRED_WORDS})\b", *_BARRED),
    (rf"\byou ?{_BE} (?:{_BARRED_WORDS})\b", *_BARRED),
    (
        r"\b(?:needs?|requires?|without|no|must have)(?: an?)?(?: active| paid)* (?:subscription|membership|plan)\b",
        *_BARRED,
    ),
    (r"\byou (?:must|need to|have to) (?:subscribe|upgrade|renew|pay)\b", *_BARRED),
    (
        (
            r"(?:账[号户]|帳[號戶]|帐[号户]|用户|会员|订阅)(?:(?!可能|或|将|会)\w){0,6}?[已被](?:经|被)?"
            rf"(?:{_BARRED_CHINESE})"
        ),
        *_BARRED,
    ),
    (
        (
            rf"\b(?:must|needs? to|have to|please)\b[^.!?]{{0,20}}?\b{_CONSENT}\b[^.!?]{{0,40}}?"
            rf"\b(?:{_RULES}|message|warning)\b"
        ),
        *_UNCONFIRMED,
    ),
    (r"\b(?:pending|unread|unacknowledged) mod\w* (?:message|notice|warning)s?\b", *_UNCONFIRMED),
    (
        rf"^\[?action needed to continue\b(?!.*(?:\b(?:{_PROMPT_PARTS}|standards)\b|moderator))",
        *CONFIRMATION[:2],
        TELL_OPERATOR_ADVICE,
    ),
    (r"\w*captcha\b|\b(?:human|identity|phone|e-?mail) verification\b", *_UNVERIFIED),
    (r"credits exhausted|account usage exhausted", *_NO_HOURS),
    (
        (
            r"\b(?:fast|relax(?:ed)?|turbo|gpu)(?: \w+)? (?:hours?|minutes?|time)\b[^.!?]{0,20}?"
            r"\b(?:exhausted|used up|depleted|gone|spent|(?:ran|run) out|expired|empty)\b"
        ),
        *_NO_HOURS,
    ),
    (
        (
            r"\b(?:out of|no(?: more)?|used up(?: all)?)(?: your)?"
            r"(?: fast| relax(?:ed)?| turbo| gpu)+ (?:hours|time|minutes)\b"
        ),
        *_NO_HOURS,
    ),
    (
        r"无可用的账号(?:实例)?|账号不可用|实例(?:不存在或)?不可用|no available account(?: instance)?",
        N_("No Midjourney account is free"),
        N_("The relay has no account that could draw this now."),
        WAIT_ADVICE,
    ),
    (
        r"请求失败\W\s?禁用账号",
        ACCOUNT_BLOCKED_TITLE,
        N_("Discord refused it, and the relay disabled it."),
        TELL_OPERATOR_ADVICE,
    ),
    (
        r"(?:总|今日)?绘图次数已达上限",
        N_("The relay's limit is reached"),
        N_("It accepts no more jobs from this account for now."),
        TELL_OPERATOR_ADVICE,
    ),
)
"""What a text says of the account."""
