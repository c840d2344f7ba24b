"""Say which rule that was set in Discord refuses a paid request, who set it, and when it ends. Pure.

The level is this server or the operator, never a person. Mentions name roles and channels; messages ping no one.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from bot.entities import CountScope, LimitUsedUp, Period
from bot.errors import (
    AgeRestrictedOnly,
    ChannelNotAllowed,
    CommandDenied,
    ConfirmationNeeded,
    DrawingPaused,
    PersonBlocked,
    PolicyRefused,
    PrivateAnswersOff,
    RoleDenied,
    RoleMissing,
    RuleRefused,
    ServerDenied,
    SpendingLimitReached,
    WordBlocked,
)
from cogs.text.amounts import format_amount
from cogs.text.quotes import quote_text

_MAX_NAMED: Final = 3
"""How many roles, channels or words a sentence names."""
_RULES: Final[Mapping[str, str]] = {"server": "This server's rules", "operator": "The operator's rules"}
_LEVELS: Final[Mapping[str, str]] = {"server": "this server", "operator": "the operator of this bot"}
_NOUNS: Final[Mapping[str, str]] = {"video": "video", "turbo": "turbo job", "hd": "HD job"}
"""What a limit on an expensive kind counts, by CostKind; a job elsewhere."""
_SWITCHED: Final[Mapping[str, str]] = {
    "video": "Video",
    "turbo": "Turbo speed",
    "hd": "HD",
    "several": "Starting several jobs at once",
}
_SEVERAL: Final = "several"


def describe_rule_refusal(error: PolicyRefused) -> str:
    """Describe a refusal by a rule of Discord, without saying that it cost nothing; "" for any other refusal."""
    match error:
        case ConfirmationNeeded():
            return _describe_confirmation(error)
        case SpendingLimitReached():
            return describe_limit(error)
        case DrawingPaused(level="operator"):
            return "The operator of this bot has paused all drawing, until they resume it. Try again later."
        case DrawingPaused():
            return (
                "Drawing is paused in this server, until its managers resume it with `/mjresume`. Try again later, or "
                "ask them."
            )
        case PersonBlocked(level=level, until=until):
            return _describe_block(level, until)
        case ServerDenied():
            return (
                "The operator of this bot has switched drawing off in this server, until they allow it again. Ask the "
                "operator."
            )
        case RuleRefused():
            return _describe_place_or_person(error)
        case _:
            return ""


def _describe_block(level: str, until: datetime | None) -> str:
    where, who = (
        ("In this server you're", "a moderator") if level == "server" else ("You're", "the operator of this bot")
    )
    end = f"until <t:{_round_up(until)}:f>, <t:{_round_up(until)}:R>" if until else f"until {who} unblocks you"
    ask = "the moderators of this server" if level == "server" else "the operator"
    by = "" if level == "server" else " everywhere, by the operator of this bot,"
    return f"{where} blocked from drawing{by} {end}. Ask {ask} if you think that's wrong."


def _round_up(at: datetime) -> int:
    """Round up, as Discord shows whole seconds: a person who waits for them is not refused again."""
    return math.ceil(at.timestamp())


def _describe_place_or_person(error: RuleRefused) -> str:
    rules = _RULES[error.level]
    ask = "its managers" if error.level == "server" else "the operator"
    match error:
        case RoleMissing(role_ids=role_ids):
            roles = _list_mentions(role_ids, "<@&{}>", "role", "or") or "certain roles"
            return f"{rules} let only members with {roles} draw. Ask {ask} for such a role."
        case RoleDenied(role_id=role_id):
            role = f"<@&{role_id}>" if role_id else "one of your roles"
            return f"{rules} don't let members with {role} draw. Ask {ask} if you should be able to."
        case ChannelNotAllowed(channel_ids=channel_ids):
            channels = _list_mentions(channel_ids, "<#{}>", "channel", "and") or "certain channels"
            return f"{rules} allow drawing only in {channels}, and in their threads. Try again there."
        case PrivateAnswersOff():
            return (
                f"{rules} don't allow results that only you can see. Start from a message that everyone sees: "
                "`/mjstatus` with the task's id posts one."
            )
        case AgeRestrictedOnly():
            return f"{rules} allow drawing only in age-restricted channels. Try again in one of those."
        case WordBlocked(words=words):
            shown = _join([word for each in list(words)[:_MAX_NAMED] if (word := quote_text(each))], "and")
            what = f"{shown} in a prompt" if shown else "a word of this prompt"
            return f"{rules} don't allow {what}. Reword it and try again."
        case CommandDenied(command=command):
            return (
                f"This server doesn't let you use {_name_denied(command)}. Its managers can change that under "
                "**Server Settings**, **Integrations**."
            )
        case _:
            return f"{rules} don't let you draw here. Ask {ask}."


def _name_denied(command: str) -> str:
    """Name a command that is denied, and the buttons for which it is needed; a menu's name has spaces, and no slash."""
    if not command:
        return "paid commands here, nor the buttons that draw"
    name = quote_text(command if " " in command else f"/{command.removeprefix('/')}")
    buttons = {"imagine": ", nor the buttons that draw", "animate": ", nor the buttons that animate"}
    return f"{name} here{buttons.get(command, '')}"


def describe_limit(error: SpendingLimitReached) -> str:
    """Describe a limit that is used up: who set it, for whom, how much it is, what is left and when it resets."""
    if error.most <= 0:
        return _describe_switched_off(error)
    level = _LEVELS[error.level]
    allowed = f"{level[0].upper()}{level[1:]} allows {_name_counted(error)} {_format_limit(error)}"
    resets = f"<t:{_round_up(error.resets_at)}:R>"
    is_amount = _is_amount(error)
    if error.left <= 0:
        return f"{allowed}, and {'nothing' if is_amount else 'none'} is left. It resets {resets}."
    if is_amount:
        amount = format_amount(error.wanted, error.currency, is_about=True)
        wanted = f"this costs {amount}" if error.is_price_known else f"this has no known price and counts as {amount}"
        left, instead = f"{format_amount(error.left, error.currency)} is left", "Start something cheaper"
    else:
        wanted = f"this starts {_format_number(error.wanted)} at once"
        left = f"{_format_number(error.left)} {'is' if error.left == 1 else 'are'} left"
        instead = "Start them one by one"
    if error.wanted > error.most:  # waiting does not help
        return f"{allowed}, and {wanted}. {instead}."
    return f"{allowed}; {left}, and {wanted}. {instead}, or wait: it resets {resets}."


def describe_used_up(limit: LimitUsedUp) -> str:
    """Say that a request, which was accepted, was the last one of a limit, and when the limit resets."""
    when = "today" if limit.period is Period.DAY else "this month"
    resets = f"it resets <t:{_round_up(limit.resets_at)}:R>"
    everyone = {CountScope.SERVER: "the members of this server", CountScope.EVERYONE: "everyone"}.get(limit.scope, "")
    here = " in this server" if limit.scope is CountScope.MEMBER else ""
    kind = limit.kind.value if limit.kind else ""
    if limit.is_amount:
        whose = f"The amount that {everyone} may spend" if everyone else "Your amount"
        on = f" for {_NOUNS.get(kind, 'job')}s" if kind else ""
        return f"{whose}{on} {when}{here} is used up now; {resets}."
    noun = _NOUNS.get(kind, "one")
    if everyone:
        return f"That was the last {'job' if noun == 'one' else noun} {when} for {everyone} together; {resets}."
    return f"That was your last {noun} {when}{here}; {resets}."


def _describe_switched_off(error: SpendingLimitReached) -> str:
    what = _SWITCHED.get(error.kind, "Drawing")
    where = {"person": " for you", "member": " for you in this server", "server": " in this server"}
    ask = "its managers" if error.level == "server" else "the operator"
    return (
        f"{what} is switched off{where.get(error.scope, '')}: {_LEVELS[error.level]} has set the limit to 0. Ask {ask} "
        "if you need it."
    )


def _name_counted(error: SpendingLimitReached) -> str:
    """Name whose use a limit counts."""
    if error.scope == "everyone":
        return "everyone together"
    if error.scope == "server":
        return "its members together" if error.level == "server" else "the members of this server together"
    return "you"


def _is_amount(error: SpendingLimitReached) -> bool:
    return error.is_amount or bool(error.currency)


def _format_limit(error: SpendingLimitReached) -> str:
    """Format a limit: "3 jobs a day", "$5.00 a month for videos"."""
    noun = _NOUNS.get(error.kind, "job")
    if _is_amount(error):
        what = "several jobs at once" if error.kind == _SEVERAL else f"{noun}s"
        kind = f" for {what}" if error.kind else ""
        return f"{format_amount(error.most, error.currency)} a {error.period}{kind}"
    together = ", when several start at once" if error.kind == _SEVERAL else ""
    return f"{_format_number(error.most)} {noun}{'' if error.most == 1 else 's'} a {error.period}{together}"


def _format_number(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _describe_confirmation(error: ConfirmationNeeded) -> str:
    price = "" if error.price is None else format_amount(error.price, error.currency, is_about=True)
    if error.tasks > 1:
        costs = f" and costs {price}" if price else ""
        return f"This starts {error.tasks} jobs at once{costs}. I draw them only after you confirm it."
    return (
        f"This costs {price}. I draw it only after you confirm it."
        if price
        else "I draw this only after you confirm it."
    )


def _list_mentions(ids: Collection[int], template: str, noun: str, conjunction: str) -> str:
    """List mentions: "<@&1>, <@&2> or 4 other roles"; "" for none."""
    known = list(ids)
    named = [template.format(each) for each in known[:_MAX_NAMED]]
    if more := len(known) - len(named):
        named.append(f"{more} other {noun}{'' if more == 1 else 's'}")
    return _join(named, conjunction)


def _join(parts: Sequence[str], conjunction: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"
