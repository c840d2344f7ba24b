"""Turn an MjbotError into one short text for the person: what happened, what to do next, and what it cost. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from discord.utils import format_dt

from bot.errors import (
    AlreadyClaimed,
    AlreadyPressed,
    AnswerLost,
    ButtonUnknown,
    ClaimLost,
    CommandUnknown,
    CooldownActive,
    DailyLimitReached,
    DisplayError,
    DisplayFailed,
    DisplayRefused,
    MjbotError,
    ModalExpired,
    ModalNotSent,
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
    PromptChangeUnsupported,
    PromptIgnored,
    RelayError,
    RepeatUnconfirmed,
    RequesterUnknown,
    ServerNotAllowed,
    SettingsError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    SubmitRedirected,
)
from cogs.languages import N_, _, join_list, join_sentences, ngettext
from cogs.text.input_errors import NOT_CHARGED, describe_input_error
from cogs.text.picture_errors import describe_picture_error
from cogs.text.quotes import quote_text
from cogs.text.relay_errors import describe_relay_error, describe_unsupported, format_wait
from cogs.text.rule_errors import describe_rule_refusal
from cogs.text.spending_rules import describe_person_refusal, describe_server_refusal

_MESSAGE_LINK: Final = re.compile(r"https://discord\.com/channels/(?:@me|\d{1,20})/\d{1,20}/\d{1,20}")

_FOREIGN_PARENT: Final = N_(
    "The service has no such picture for this bot's key. If the operator of this bot has replaced the key by one of "
    "another account, only newer pictures have working buttons. Start again from one of those. You weren't charged."
)
# Errors that carry no details worth showing. A class without an entry is described as its base class.
_FIXED_TEXTS: Final[Mapping[type[MjbotError], str]] = {
    MjbotError: N_("That didn't work. Try again in a minute. If it fails again, tell the operator of this bot."),
    RelayError: N_("The service sent an answer that I don't understand. Try again in a minute."),
    ParentGone: N_(
        "The service no longer has the picture behind this button. Start again from a newer one. You weren't charged."
    ),
    ParentBusy: N_("The service hasn't finished that picture yet. Press again in a few minutes. You weren't charged."),
    ParentUnchangeable: N_(
        "This service can work only from a grid of four pictures, not from a single one. Press **V** or 🔄 below the "
        "grid that this picture came from. You weren't charged."
    ),
    SubmitOutcomeUnknown: N_(
        "The service's answer was lost, so your request may have been accepted and charged. I won't send it again. If "
        "the service has a log, look up the task's id there and run `/mjstatus` with it."
    ),
    SubmitRedirected: N_(
        "The service may be under maintenance: it led me to another page, so I can't tell whether your request was "
        "sent on and charged. I won't send it again. If the service has a log, look for the task there."
    ),
    PromptChangeUnsupported: N_(
        "This service can't change the prompt for this button, so I didn't send it. Press it again and keep the "
        "prompt, or run `/imagine` with the new one. You weren't charged."
    ),
    PromptIgnored: N_(
        "The service didn't ask for the new prompt, so it uses the old one: remix is off on its account. The operator "
        "of this bot can have it turned on. Until then, turn remix off in `/mjsettings`."
    ),
    PolicyRefused: N_("This bot's rules don't let you do that right now. Its operator can tell you more."),
    NotOwnerOrModerator: N_(
        "Only the person who asked for this message, or a moderator, can do that. Ask one of them."
    ),
    NotTheRequester: N_(
        "These buttons belong to the person who asked for this message. Run `/mjstatus` with its id: that gives you "
        "your own copy with working buttons."
    ),
    RequesterUnknown: N_(
        "Only the person who asked for this message can press its buttons, and I can't tell anymore who that was. Run "
        "`/mjstatus` with its id for your own copy."
    ),
    PressRefused: N_("I can't send that click. Run `/mjstatus` with the task's id for fresh buttons."),
    ClaimLost: N_("I took too long, so I didn't send it. Press the button again. You weren't charged."),
    AlreadyClaimed: N_("I already have this click and send it only once. Wait a moment for its message."),
    PressUnrecorded: N_("This message is older than my records, so this may have been done already. Draw again?"),
    RepeatUnconfirmed: N_("The earlier press may have been charged. Draw again?"),
    ButtonUnknown: N_(
        "Midjourney no longer offers this button. Run `/mjstatus` with the task's id for the buttons that it has now."
    ),
    CommandUnknown: N_(
        "I can't read that question's pictures or prompt anymore. Run the command again. You weren't charged."
    ),
    ModalExpired: N_(
        "This form was already answered or dropped. For a new one, press the button on the earlier picture."
    ),
    StoreUnavailable: N_(
        "I can't reach my database, so I didn't send anything. Try again in a minute. If it doesn't help, tell the "
        "operator of this bot. You weren't charged."
    ),
    DisplayError: N_("I can't update that message. Run `/mjstatus` with the task's id for a new one."),
    DisplayFailed: N_(
        "Discord didn't accept my message, so I sent nothing. Try again in a minute. You weren't charged."
    ),
    DisplayRefused: N_(
        "Discord doesn't let me change that message now: its thread is archived or locked, or I lack a permission "
        "there. Try again once that is over."
    ),
    PlaceGone: N_(
        "That message or its channel is gone, or I can't access it. Run `/mjstatus` with the task's id in a channel "
        "where I can write."
    ),
    PlaceUnreachable: N_(
        "Discord lets me update that message for 15 minutes only. Press Refresh on it, or run `/mjstatus` with the "
        "task's id."
    ),
}

# What replaces those texts for a command, where there is no button to press.
_COMMAND_TEXTS: Final[Mapping[type[MjbotError], str]] = {
    ClaimLost: N_("I took too long, so I didn't send it. Run the command again. You weren't charged."),
    AlreadyClaimed: N_("I already have this command and send it only once. Wait a moment for its message."),
    ParentBusy: N_("The service hasn't finished that picture yet. Try again in a few minutes. You weren't charged."),
}


def describe_error(error: MjbotError, now: datetime, *, command: bool = False) -> str:
    """Describe an error in two or three short sentences of safe Markdown without mentions.

    `now` turns a wait into a Discord timestamp, which counts down by itself. `command` avoids the word "button".
    """
    if command and (text := _(_COMMAND_TEXTS.get(type(error), "")) or describe_unsupported(error, command=True)):
        return text
    if (
        text := describe_relay_error(error, now)
        or (_(_FOREIGN_PARENT) if isinstance(error, ParentGone) and error.unknown_to_key else "")
        or _describe_own_error(error, now)
        or describe_input_error(error)
        or describe_picture_error(error)
    ):
        return text
    return _(next(_FIXED_TEXTS[kind] for kind in type(error).__mro__ if kind in _FIXED_TEXTS))


def describe_internal_error(number: int | str) -> str:
    """Describe a fault of the bot itself; `number` finds its log line."""
    return _(
        "Something went wrong on my side. Try again. If it happens again, give the operator of this bot this number: "
        "{number}."
    ).format(number=quote_text(str(number)) or "`0`")


def _describe_own_error(error: MjbotError, now: datetime) -> str:
    match error:
        case ServerNotAllowed():
            return describe_server_refusal(error)
        case PersonNotAllowed():
            return describe_person_refusal(error)
        case SettingsError(problems=problems):
            return _describe_settings([variable for variable, _problem in problems[:5]])
        case CooldownActive(retry_after=wait):
            fast = _("You're going a little fast. Try again {when}.").format(when=format_wait(now, wait))
            return join_sentences(fast, _(NOT_CHARGED))
        case DailyLimitReached():
            return join_sentences(_describe_daily_limit(error), _(NOT_CHARGED))
        case PolicyRefused() if rule := describe_rule_refusal(error):
            return join_sentences(rule, _(NOT_CHARGED))
        case ModalNotSent(refused=refused):
            return _describe_unsent_modal(refused)
        case AnswerLost(link=link, again_at=again_at, own=own):
            return _describe_lost_answer(now, link, again_at, own=own)
        case _:
            return _describe_earlier_press(error)


def _describe_settings(variables: Sequence[str]) -> str:
    names = join_list(filter(None, map(quote_text, variables)))
    problem = _("A setting of this bot is missing or invalid.")
    if names:
        problem = _("A setting of this bot is missing or invalid: {names}.").format(names=names)
    return join_sentences(problem, _("Its operator can run `python -m bot check` to see what to do."))


_EARLIER_PRESSES: Final[Mapping[tuple[bool, bool], str]] = {
    (True, True): N_("Already done: [see the result]({link}). No extra charge."),
    (True, False): N_("Already done: look below the message you pressed, as I can't link to it. No extra charge."),
    (False, True): N_("Already on its way: [see the message]({link}). No extra charge."),
    (False, False): N_(
        "Already on its way: look below the message you pressed, as I can't link to it. No extra charge."
    ),
}
"""By whether the task is finished, and whether its message has a link."""


def _describe_earlier_press(error: MjbotError) -> str:
    match error:
        case PressUnrecorded(is_marked=True):
            return _("This was already done, and I have no record of it. Draw again?")
        case AlreadyPressed(link=link, finished=finished):
            is_linked = _MESSAGE_LINK.fullmatch(link) is not None
            return _(_EARLIER_PRESSES[finished, is_linked]).format(link=link)
        case _:
            return ""


def _describe_daily_limit(error: DailyLimitReached) -> str:
    if error.limit <= 0:
        return _("Drawing is switched off on this bot.")
    if error.left > 0:
        return _describe_too_many_tasks(error)
    if error.whose == "person":
        text = ngettext(
            "You've used your {count} job for today. It resets {when}.",
            "You've used your {count} jobs for today. It resets {when}.",
            error.limit,
        )
    else:
        text = ngettext(
            "This bot has used its {count} job for today. It resets {when}.",
            "This bot has used its {count} jobs for today. It resets {when}.",
            error.limit,
        )
    return text.format(count=error.limit, when=format_dt(error.resets_at, "R"))


def _describe_too_many_tasks(error: DailyLimitReached) -> str:
    """Describe a limit that allows some tasks, but not all that one request would make."""
    if error.tasks > error.limit:
        text = _("This starts {tasks} jobs at once, and this bot has {limit} a day. Start them one by one.")
        if error.whose == "person":
            text = _("This starts {tasks} jobs at once, and you have {limit} a day. Start them one by one.")
    else:
        text = _("This starts {tasks} jobs at once, and this bot has {left} left for today. It resets {when}.")
        if error.whose == "person":
            text = _("This starts {tasks} jobs at once, and you have {left} left for today. It resets {when}.")
    when = format_dt(error.resets_at, "R")
    return text.format(tasks=error.tasks, limit=error.limit, left=error.left, when=when)


def _describe_unsent_modal(refused: MjbotError | None) -> str:
    why = _("I can't reach my database.") if isinstance(refused, StoreUnavailable) else ""
    if isinstance(refused, DailyLimitReached):
        why = _describe_daily_limit(refused)
    elif isinstance(refused, PolicyRefused):
        why = describe_rule_refusal(refused)
    then = _(
        "The service opened a form for your prompt, which may have been charged, but I didn't send the prompt. "
        "Send it later from the new message, or press **Drop it** there."
    )
    return join_sentences(why, then)


def _describe_lost_answer(now: datetime, link: str, again_at: datetime | None, *, own: bool) -> str:
    lost = _("The service's answer to another person's last try was lost, so it may have been charged.")
    if own:
        lost = _("The service's answer to your last try was lost, so it may have been charged.")
    where = _("Its message will show what I find.")
    if _MESSAGE_LINK.fullmatch(link):
        where = _("[Its message]({link}) will show what I find.").format(link=link)
    again = ""
    if again_at is not None:
        wait = format_wait(now, (again_at - now).total_seconds())
        again = _("You can try again {when}.").format(when=wait)
    return join_sentences(lost, where, _("I sent nothing this time, so there is no extra charge."), again)
