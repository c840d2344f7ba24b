"""Turn an MjbotError into one short text for the person: what happened, what to do next, and what it cost. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from discord.utils import format_dt

from bot.errors import (
    ActionUnsupported,
    AlreadyClaimed,
    AlreadyPressed,
    AnswerLost,
    BalanceExhausted,
    ButtonUnknown,
    ClaimLost,
    CommandUnknown,
    CooldownActive,
    DailyLimitReached,
    DisplayError,
    DisplayFailed,
    DisplayRefused,
    KeyRefused,
    MjbotError,
    ModalExpired,
    ModalNotSent,
    NoAccountAvailable,
    NotOwnerOrModerator,
    NotTheRequester,
    ParentBusy,
    ParentGone,
    ParentUnchangeable,
    PersonNotAllowed,
    PlaceGone,
    PlaceUnreachable,
    PolicyRefused,
    PressRefused,
    PressUnrecorded,
    PromptBanned,
    PromptChangeUnsupported,
    PromptIgnored,
    QueueFull,
    RelayBusy,
    RelayError,
    RelayMoved,
    RelayUnreachable,
    RepeatUnconfirmed,
    RequesterUnknown,
    SeedUnavailable,
    ServerNotAllowed,
    SettingsError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    SubmitRedirected,
    SubmitRefused,
    TaskUnknown,
    UpstreamKeyRefused,
)
from bot.midjourney.reasons.refusal_reasons import is_wordless, translate_refusal
from bot.relay.key_advice import find_key_advice, is_reason_open
from cogs.text.input_errors import NOT_CHARGED, describe_input_error
from cogs.text.picture_errors import describe_picture_error
from cogs.text.quotes import quote_text
from cogs.text.rule_errors import describe_rule_refusal
from cogs.text.spending_rules import describe_person_refusal, describe_server_refusal

_QUOTE_LENGTH: Final = 80
"""How many characters of the relay's own words a message shows."""
_MAX_WAIT_SECONDS: Final = 7 * 86_400.0
"""The longest wait that a message announces, whatever Retry-After says."""
_MESSAGE_LINK: Final = re.compile(r"https://discord\.com/channels/(?:@me|\d{1,20})/\d{1,20}/\d{1,20}")

_FOREIGN_PARENT: Final = (
    "The service has no such picture for this bot's key. If the operator of this bot has replaced the key by one of "
    f"another account, only newer pictures have working buttons. Start again from one of those. {NOT_CHARGED}"
)
# Errors that carry no details worth showing. A class without an entry is described as its base class.
_FIXED_TEXTS: Final[Mapping[type[MjbotError], str]] = {
    MjbotError: "That didn't work. Try again in a minute. If it fails again, tell the operator of this bot.",
    RelayError: "The service sent an answer that I don't understand. Try again in a minute.",
    ParentGone: (
        "The service no longer has the picture behind this button. Start again from a newer one. You weren't charged."
    ),
    ParentBusy: "The service hasn't finished that picture yet. Press again in a few minutes. You weren't charged.",
    ParentUnchangeable: (
        "This service can work only from a grid of four pictures, not from a single one. Press **V** or 🔄 below the "
        "grid that this picture came from. You weren't charged."
    ),
    SubmitOutcomeUnknown: (
        "The service's answer was lost, so your request may have been accepted and charged. I won't send it again. If "
        "the service has a log, look up the task's id there and run `/mjstatus` with it."
    ),
    SubmitRedirected: (
        "The service may be under maintenance: it led me to another page, so I can't tell whether your request was "
        "sent on and charged. I won't send it again. If the service has a log, look for the task there."
    ),
    PromptChangeUnsupported: (
        "This service can't change the prompt for this button, so I didn't send it. Press it again and keep the "
        "prompt, or run `/imagine` with the new one. You weren't charged."
    ),
    PromptIgnored: (
        "The service didn't ask for the new prompt, so it uses the old one: remix is off on its account. The operator "
        "of this bot can have it turned on. Until then, turn remix off in `/mjsettings`."
    ),
    PolicyRefused: "This bot's rules don't let you do that right now. Its operator can tell you more.",
    NotOwnerOrModerator: "Only the person who asked for this message, or a moderator, can do that. Ask one of them.",
    NotTheRequester: (
        "These buttons belong to the person who asked for this message. Run `/mjstatus` with its id: that gives you "
        "your own copy with working buttons."
    ),
    RequesterUnknown: (
        "Only the person who asked for this message can press its buttons, and I can't tell anymore who that was. Run "
        "`/mjstatus` with its id for your own copy."
    ),
    PressRefused: "I can't send that click. Run `/mjstatus` with the task's id for fresh buttons.",
    ClaimLost: "I took too long, so I didn't send it. Press the button again. You weren't charged.",
    AlreadyClaimed: "I already have this click and send it only once. Wait a moment for its message.",
    PressUnrecorded: "This message is older than my records, so this may have been done already. Draw again?",
    RepeatUnconfirmed: "The earlier press may have been charged. Draw again?",
    ButtonUnknown: (
        "Midjourney no longer offers this button. Run `/mjstatus` with the task's id for the buttons that it has now."
    ),
    CommandUnknown: (
        "I can't read that question's pictures or prompt anymore. Run the command again. You weren't charged."
    ),
    ModalExpired: "This form was already answered or dropped. For a new one, press the button on the earlier picture.",
    StoreUnavailable: (
        "I can't reach my database, so I didn't send anything. Try again in a minute. If it doesn't help, tell the "
        "operator of this bot. You weren't charged."
    ),
    DisplayError: "I can't update that message. Run `/mjstatus` with the task's id for a new one.",
    DisplayFailed: "Discord didn't accept my message, so I sent nothing. Try again in a minute. You weren't charged.",
    DisplayRefused: (
        "Discord doesn't let me change that message now: its thread is archived or locked, or I lack a permission "
        "there. Try again once that is over."
    ),
    PlaceGone: (
        "That message or its channel is gone, or I can't access it. Run `/mjstatus` with the task's id in a channel "
        "where I can write."
    ),
    PlaceUnreachable: (
        "Discord lets me update that message for 15 minutes only. Press Refresh on it, or run `/mjstatus` with the "
        "task's id."
    ),
}

# What replaces those texts for a command, where there is no button to press.
_COMMAND_TEXTS: Final[Mapping[type[MjbotError], str]] = {
    ClaimLost: "I took too long, so I didn't send it. Run the command again. You weren't charged.",
    AlreadyClaimed: "I already have this command and send it only once. Wait a moment for its message.",
    ParentBusy: "The service hasn't finished that picture yet. Try again in a few minutes. You weren't charged.",
}


def describe_error(error: MjbotError, now: datetime, *, command: bool = False) -> str:
    """Describe an error in two or three short sentences of safe Markdown without mentions.

    `now` turns a wait into a Discord timestamp, which counts down by itself. `command` avoids the word "button".
    """
    if command and (text := _COMMAND_TEXTS.get(type(error)) or _describe_unsupported(error, "command")):
        return text
    if (
        text := _describe_relay_error(error, now)
        or _describe_key_error(error)
        or _describe_seed_error(error)
        or (_FOREIGN_PARENT if isinstance(error, ParentGone) and error.unknown_to_key else "")
        or _describe_own_error(error, now)
        or describe_input_error(error)
        or describe_picture_error(error)
    ):
        return text
    return next(_FIXED_TEXTS[kind] for kind in type(error).__mro__ if kind in _FIXED_TEXTS)


def describe_internal_error(number: int | str) -> str:
    """Describe a fault of the bot itself; `number` finds its log line."""
    return (
        f"Something went wrong on my side. Try again. If it happens again, give the operator of this bot this number: "
        f"{quote_text(str(number)) or '`0`'}."
    )


def _describe_relay_error(error: MjbotError, now: datetime) -> str:
    match error:
        case RelayMoved(address=address):
            where = quote_text(address, _QUOTE_LENGTH) or "another address"
            return (
                f"The service doesn't answer here: it redirects to {where}. The operator of this bot has to change "
                f"`MJ_API_URL` to that address. {NOT_CHARGED}"
            )
        case RelayUnreachable(retry_after=wait):
            return f"The service didn't respond properly. Try again {_format_wait(now, wait)}. {NOT_CHARGED}"
        case NoAccountAvailable(reason=reason, retry_after=wait, speed=speed):
            other = f", or use another speed than `{speed}`, which your prompt or `/mjsettings` sets" if speed else ""
            return (
                f"The service has no free account for this.{_quote_relay(reason)} Try again "
                f"{_format_wait(now, wait)}{other}. {NOT_CHARGED}"
            )
        case RelayBusy(reason=reason, retry_after=wait):
            what = "The service's queue is full" if isinstance(error, QueueFull) else "The service is too busy"
            return f"{what}.{_quote_relay(reason)} Try again {_format_wait(now, wait)}. {NOT_CHARGED}"
        case TaskUnknown(task_id=task_id):
            return (
                f"The service has no task {quote_text(task_id) or 'with that id'}. Check the id. I can see only tasks "
                "made with this bot's own API key."
            )
        case PromptBanned(word=word):
            shown = quote_text(word)
            which = f"the word {shown}" if shown else "a word in this prompt"
            return f"Midjourney doesn't allow {which}. Reword the prompt and try again. {NOT_CHARGED}"
        case SubmitRedirected(processed=True):
            return (
                "The service took your request, but its answer was lost, so it may have been charged. I won't send it "
                "again. If the service has a log, look up the task's id there and run `/mjstatus` with it."
            )
        case ActionUnsupported():
            return _describe_unsupported(error, "button")
        case SubmitRefused(code=number, reason=reason):
            which = f" (code {number})" if number else ""
            return (
                f"The service refused this request{which}.{_quote_relay(reason)} Change it, or try again later. "
                f"{NOT_CHARGED}"
            )
        case _:
            return ""


def describe_key_problem(error: MjbotError) -> str:
    """Describe what is wrong with the bot's key, and the operator's cure; "" for any other error."""
    if not isinstance(error, KeyRefused | BalanceExhausted) or (advice := find_key_advice(error)) is None:
        return ""
    problem, cure = (text.replace("MJ_API_KEY", "`MJ_API_KEY`") for text in (advice.problem, advice.cure))
    words = _quote_relay(error.reason) if is_reason_open(error) else ""
    return f"I can't use the service: {problem}.{words} The operator of this bot has to {cure}."


def _describe_key_error(error: MjbotError) -> str:
    if isinstance(error, UpstreamKeyRefused):
        return (
            f"The service's own connection to Midjourney is misconfigured.{_quote_relay(error.reason)} The operator of "
            f"this bot can report it to the service. {NOT_CHARGED}"
        )
    problem = describe_key_problem(error)
    return f"{problem} {NOT_CHARGED}" if problem else ""


def _describe_unsupported(error: MjbotError, what: str) -> str:
    match error:
        case ActionUnsupported(lasting=True, reason=reason):
            verb, words = ("offer", "") if is_wordless(reason) else ("support", _quote_relay(reason))
            return f"This service doesn't {verb} that {what}.{words} Try another {what}. {NOT_CHARGED}"
        case ActionUnsupported(reason=reason):
            return (
                f"This service can't do that right now.{_quote_relay(reason)} Try again in a minute. If it doesn't "
                f"help, tell the operator of this bot. {NOT_CHARGED}"
            )
        case _:
            return ""


def _describe_seed_error(error: MjbotError) -> str:
    if not isinstance(error, SeedUnavailable):
        return ""
    own = "add a seed of your own to a prompt, such as `--seed 7`"
    if error.lasting:
        return f"This service doesn't give seeds.{_quote_relay(error.reason)} You can {own}. {NOT_CHARGED}"
    return (
        f"This service can't give a seed for this task yet.{_quote_relay(error.reason)} Try again when the picture is "
        f"done, or {own}. {NOT_CHARGED}"
    )


def _describe_own_error(error: MjbotError, now: datetime) -> str:
    match error:
        case ServerNotAllowed():
            return describe_server_refusal(error)
        case PersonNotAllowed():
            return describe_person_refusal(error)
        case SettingsError(problems=problems):
            names = ", ".join(filter(None, (quote_text(variable) for variable, _ in problems[:5])))
            return (
                f"A setting of this bot is missing or invalid{names and f': {names}'}. Its operator can run "
                "`python -m bot check` to see what to do."
            )
        case CooldownActive(retry_after=wait):
            return f"You're going a little fast. Try again {_format_wait(now, wait)}. {NOT_CHARGED}"
        case DailyLimitReached():
            return f"{_describe_daily_limit(error)} {NOT_CHARGED}"
        case PolicyRefused() if rule := describe_rule_refusal(error):
            return f"{rule} {NOT_CHARGED}"
        case ModalNotSent(refused=refused):
            return _describe_unsent_modal(refused)
        case AnswerLost(link=link, again_at=again_at, own=own):
            return _describe_lost_answer(now, link, again_at, own=own)
        case _:
            return _describe_earlier_press(error)


def _describe_earlier_press(error: MjbotError) -> str:
    match error:
        case PressUnrecorded(is_marked=True):
            return "This was already done, and I have no record of it. Draw again?"
        case AlreadyPressed(link=link, finished=finished):
            what = f"{'Already done' if finished else 'Already on its way'}:"
            if _MESSAGE_LINK.fullmatch(link):
                return f"{what} [see the {'result' if finished else 'message'}]({link}). No extra charge."
            return f"{what} look below the message you pressed, as I can't link to it. No extra charge."
        case _:
            return ""


def _describe_daily_limit(error: DailyLimitReached) -> str:
    if error.limit <= 0:
        return "Drawing is switched off on this bot."
    if error.left > 0:
        return _describe_too_many_tasks(error)
    jobs = "1 job" if error.limit == 1 else f"{error.limit} jobs"
    who = f"You've used your {jobs}" if error.whose == "person" else f"This bot has used its {jobs}"
    return f"{who} for today. It resets {format_dt(error.resets_at, 'R')}."


def _describe_too_many_tasks(error: DailyLimitReached) -> str:
    """Describe a limit that allows some tasks, but not all that one request would make."""
    whose = "you have" if error.whose == "person" else "this bot has"
    if error.tasks > error.limit:
        return f"This starts {error.tasks} jobs at once, and {whose} {error.limit} a day. Start them one by one."
    resets = format_dt(error.resets_at, "R")
    return f"This starts {error.tasks} jobs at once, and {whose} {error.left} left for today. It resets {resets}."


def _describe_unsent_modal(refused: MjbotError | None) -> str:
    why = "I can't reach my database. " if isinstance(refused, StoreUnavailable) else ""
    if isinstance(refused, DailyLimitReached):
        why = f"{_describe_daily_limit(refused)} "
    elif isinstance(refused, PolicyRefused) and (rule := describe_rule_refusal(refused)):
        why = f"{rule} "
    return (
        f"{why}The service opened a form for your prompt, which may have been charged, but I didn't send the prompt. "
        "Send it later from the new message, or press **Drop it** there."
    )


def _describe_lost_answer(now: datetime, link: str, again_at: datetime | None, *, own: bool) -> str:
    whose = "your last try" if own else "another person's last try"
    where = f"[Its message]({link})" if _MESSAGE_LINK.fullmatch(link) else "Its message"
    again = ""
    if again_at is not None:
        again = f" You can try again {_format_wait(now, (again_at - now).total_seconds())}."
    return (
        f"The service's answer to {whose} was lost, so it may have been charged. {where} will show what I find. I sent "
        f"nothing this time, so there is no extra charge.{again}"
    )


def _format_wait(now: datetime, seconds: float | None) -> str:
    """Format a wait as a timestamp that counts down; a relay's Retry-After may be any number, or missing."""
    if seconds is None or not math.isfinite(seconds):
        return "in a minute"
    # Discord shows whole seconds: rounded up, so that a person who waits for it is not refused again.
    return f"<t:{math.ceil(now.timestamp() + min(max(seconds, 0), _MAX_WAIT_SECONDS))}:R>"


def _quote_relay(reason: str) -> str:
    shown = quote_text(translate_refusal(reason), _QUOTE_LENGTH)
    return f" It says: {shown}." if shown else ""
