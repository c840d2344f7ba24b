"""Say what went wrong: an error of our tree in, one short text for the person out, with the next step."""

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
    CooldownActive,
    DailyLimitReached,
    DisplayError,
    DisplayFailed,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
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
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureUnreadable,
    PictureWorkAborted,
    PlaceGone,
    PlaceUnreachable,
    PolicyRefused,
    PressRefused,
    PromptBanned,
    PromptChangeUnsupported,
    PromptIgnored,
    QueueFull,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    RequesterUnknown,
    SeedUnavailable,
    ServerNotAllowed,
    SettingsError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
    UpstreamKeyRefused,
)
from bot.midjourney.refusal_reasons import is_wordless, translate_refusal
from cogs.text.input_errors import describe_input_error
from cogs.text.quotes import quote_text as _quoted

_SAID: Final = 80
"""How much is shown of the relay's own words."""
_FURTHEST: Final = 7 * 86_400.0
"""The longest wait, in seconds, that a relay's word is taken for."""
_LINK: Final = re.compile(r"https://discord\.com/channels/(?:@me|\d{1,20})/\d{1,20}/\d{1,20}")

# Errors that carry nothing the person could use. A base class answers for leaves that nobody has given a sentence.
_PLAIN: Final[Mapping[type[MjbotError], str]] = {
    MjbotError: "That did not work. Try again in a minute; if it fails again, tell the operator of this bot.",
    RelayError: "The relay answered with something I do not understand. Try again in a minute.",
    ParentGone: (
        "The relay no longer holds the picture behind this button, so nothing can be made of it. Nothing was paid: "
        "start again from a newer picture."
    ),
    ParentBusy: "The relay has not finished that picture yet. You weren't charged: press again in some minutes.",
    ParentUnchangeable: (
        "This service can draw only from four pictures, not from this one. Press **V** or 🔄 below the four that it "
        "came from. You weren't charged."
    ),
    SubmitOutcomeUnknown: (
        "The relay's answer was lost, so it may have been accepted, and charged. I do not send it again. Check the "
        "relay's log, if it has one: `/mjstatus` with the id that stands there shows it."
    ),
    PromptChangeUnsupported: (
        "This relay draws that from the old prompt only, so I sent nothing, and nothing is paid. Press it again and "
        "leave the prompt as it is, or ask for the new one with `/imagine`."
    ),
    PromptIgnored: (
        "The relay asked for no new prompt, so this is drawn from the old one: its account has remix off. Whoever runs "
        "this bot can have it switched on; until then `/mjsettings` switches it off for you."
    ),
    KeyUnknown: (
        "The relay refuses this bot's API key: it knows no such key. The operator of this bot has to copy the key "
        "again from the relay's console into `MJ_API_KEY`. You weren't charged."
    ),
    KeyExpired: (
        "This bot's API key has expired. The operator of this bot has to renew it in the relay's console. You weren't "
        "charged."
    ),
    KeyLimited: (
        "This bot's API key is limited to some models, so the relay won't let it read tasks. The operator of this "
        "bot has to remove the key's model limits in the relay's console. You weren't charged."
    ),
    PolicyRefused: "You may not draw here now, by this bot's rules. Its operator can tell you more.",
    ServerNotAllowed: (
        "I may not draw in this server yet. The operator of this bot can add the server's id to `ALLOWED_GUILDS`. "
        "`/mjstatus` is free for everybody."
    ),
    PersonNotAllowed: (
        "Outside its servers I draw only for people whom my operator named. The operator can add your user id to "
        "`ALLOWED_USERS`. `/mjstatus` is free for everybody."
    ),
    NotOwnerOrModerator: (
        "Only the person who asked for this message may do that, or who manages messages here. Ask one of them."
    ),
    NotTheRequester: (
        "These buttons are for the person who asked for this message. Run `/mjstatus` with its id: the buttons of "
        "your own message are yours."
    ),
    RequesterUnknown: (
        "Only the person who asked for this message may press here, and I cannot tell any more who that was. Run "
        "`/mjstatus` with its id yourself: the new buttons are yours."
    ),
    PressRefused: "That click cannot be sent. Run `/mjstatus` with the task's id for fresh buttons.",
    ClaimLost: "That took too long on my side, so I sent nothing, and nothing is paid. Please press it again.",
    AlreadyClaimed: "I have this click already and send it only once. Wait a moment: its message is on the way.",
    ButtonUnknown: (
        "Midjourney no longer offers this button. Run `/mjstatus` with the task's id for the buttons that it has now."
    ),
    ModalExpired: (
        "This form has been answered or dropped. For a new one, press the button on the earlier picture again."
    ),
    StoreUnavailable: (
        "I cannot reach my database, so nothing was sent and nothing is paid. Try again in a minute; if it stays so, "
        "tell the operator of this bot."
    ),
    PictureError: "I could not get the picture. Run `/mjstatus` with its id to try again.",
    PictureGone: (
        "The picture's link is dead, as such links are after a day. Run `/mjstatus` with its id: the relay may have a "
        "fresh one."
    ),
    PictureForbidden: (
        "The picture lies at an address that I may not open. The operator of this bot can check the picture addresses "
        "of the relay."
    ),
    PictureTooLarge: "The picture is larger than I can carry. Open it by its link, while that lives.",
    PictureWorkAborted: (
        "That picture was more work than the machine I run on could do just now. Nothing was paid: try again in a "
        "minute, or with a smaller picture."
    ),
    PictureUnreadable: (
        "What arrived is no picture, or half of one. Run `/mjstatus` with its id in a minute to try again."
    ),
    DisplayError: "I cannot draw that message. Run `/mjstatus` with the task's id for a new one.",
    DisplayFailed: "Discord did not take my message, so nothing was sent and nothing is paid. Try again in a minute.",
    PlaceGone: (
        "That message or its channel is gone, or closed to me. Run `/mjstatus` with the task's id where I may write."
    ),
    PlaceUnreachable: (
        "Discord lets me change that message for 15 minutes only. Press Refresh on it, or run `/mjstatus` with the "
        "task's id."
    ),
}


# What is said otherwise to somebody who ran a command: there is no button to press.
_OF_COMMANDS: Final[Mapping[type[MjbotError], str]] = {
    ClaimLost: "That took too long on my side, so I sent nothing, and nothing is paid. Please run it again.",
    AlreadyClaimed: "I have this command already and send it only once. Wait a moment: its message is on the way.",
    ParentBusy: "The relay has not finished that picture yet. You weren't charged: ask again in some minutes.",
}


def describe_error(error: MjbotError, now: datetime, *, command: bool = False) -> str:
    """Say in two or three short sentences what happened and what to do next; safe Markdown, without a mention.

    `now` turns "in 3 s" into one of Discord's times, which count down by themselves. `command`: nothing was pressed.
    """
    if command and (text := _OF_COMMANDS.get(type(error)) or _unsupported(error, "command")):
        return text
    if (
        text := _relayed(error, now)
        or _key_refused(error)
        or _seedless(error)
        or _ours(error, now)
        or describe_input_error(error)
    ):
        return text
    return next(_PLAIN[kind] for kind in type(error).__mro__ if kind in _PLAIN)


def describe_internal_error(number: int | str) -> str:
    """Say that the fault is ours; `number` finds the log line."""
    return (
        f"Something broke on my side. Try again; if it breaks again, give the operator of this bot this number: "
        f"{_quoted(str(number)) or '`0`'}."
    )


def _relayed(error: MjbotError, now: datetime) -> str:
    match error:
        case RelayUnreachable(retry_after=wait):
            return f"The relay gave no usable answer. Nothing was paid: try again {_soon(now, wait)}."
        case NoAccountAvailable(reason=reason, retry_after=wait, speed=speed):
            other = (
                f", or at another speed than `{speed}`, which `/mjsettings` or your prompt asks for" if speed else ""
            )
            return (
                f"The relay has no account for this now.{_said(reason)} Nothing was paid: try again "
                f"{_soon(now, wait)}{other}."
            )
        case RelayBusy(reason=reason, retry_after=wait):
            what = "The relay's queue is full" if isinstance(error, QueueFull) else "The relay is too busy"
            return f"{what}.{_said(reason)} Nothing was paid: try again {_soon(now, wait)}."
        case TaskUnknown(task_id=task_id):
            shown = _quoted(task_id)
            return (
                f"The relay knows no task {shown or 'with that id'}. Check the id; only tasks made with this bot's own "
                "API key can be seen."
            )
        case PromptBanned(word=word):
            shown = _quoted(word)
            which = f"the word {shown}" if shown else "a word of this prompt"
            return f"Midjourney does not allow {which}. Nothing was paid: reword the prompt and ask again."
        case ActionUnsupported():
            return _unsupported(error, "button")
        case SubmitRefused(code=number, reason=reason):
            which = f" (code {number})" if number else ""
            return (
                f"The relay did not take this{which}.{_said(reason)} Nothing was paid: change the request, "
                "or try again later."
            )
        case _:
            return ""


def _key_refused(error: MjbotError) -> str:
    match error:
        case KeyUnknown() | KeyExpired() | KeyLimited():
            return ""
        case KeyRefused(reason=reason):
            return (
                f"The relay refuses this bot's API key.{_said(reason)} Only the operator of this bot can help: check "
                "`MJ_API_KEY`, then run `python -m bot check`. You weren't charged."
            )
        case UpstreamKeyRefused(reason=reason):
            return (
                f"The relay's own connection to Midjourney is misconfigured.{_said(reason)} The operator of this bot "
                "can tell the operator of the relay. You weren't charged."
            )
        case BalanceExhausted(reason=reason):
            return (
                f"This bot has no credit left at the relay.{_said(reason)} Nothing was paid. The operator of this bot "
                "has to top up the account, or raise the key's quota."
            )
        case _:
            return ""


def _unsupported(error: MjbotError, what: str) -> str:
    match error:
        case ActionUnsupported(lasting=True, reason=reason):
            lacking = ": it does not offer it" if is_wordless(reason) else ""
            return f"This relay cannot do that at all{lacking}.{_said(reason)} Nothing was paid: try another {what}."
        case ActionUnsupported(reason=reason):
            return (
                f"This relay cannot do that just now.{_said(reason)} Nothing was paid: try again in a minute, and tell "
                "the operator of this bot if it stays so."
            )
        case _:
            return ""


def _seedless(error: MjbotError) -> str:
    if not isinstance(error, SeedUnavailable):
        return ""
    own = "give a prompt a seed of your own, like `--seed 7`."
    if error.lasting:
        return f"This relay does not tell seeds.{_said(error.reason)} Nothing was paid: {own}"
    return (
        f"This relay tells no seed of this task now.{_said(error.reason)} Nothing was paid: try again when its picture "
        f"is done, or {own}"
    )


def _ours(error: MjbotError, now: datetime) -> str:
    match error:
        case SettingsError(problems=problems):
            names = ", ".join(filter(None, (_quoted(variable) for variable, _ in problems[:5])))
            return (
                f"A setting of this bot is missing or malformed{names and f': {names}'}. Its operator can run "
                "`python -m bot check`, which says what to do."
            )
        case CooldownActive(retry_after=wait):
            return f"One at a time, please. Try again {_soon(now, wait)}."
        case DailyLimitReached(limit=limit, whose=whose, resets_at=resets_at):
            who = "Your" if whose == "person" else "This bot's"
            return f"{who} limit of {limit} jobs a day is used up. It starts anew {format_dt(resets_at, 'R')}."
        case ModalNotSent(refused=refused):
            return _form_unsent(refused, now)
        case AnswerLost(link=link, again_at=again_at, own=own):
            return _answer_lost(now, link, again_at, own=own)
        case AlreadyPressed(link=link, finished=finished):
            told = f"That is {'done' if finished else 'on its way'} already"
            if _LINK.fullmatch(link):
                return f"{told}: [look here]({link}). Nothing was paid this time."
            return f"{told}, where I cannot link to it: look below the message you pressed. Nothing was paid this time."
        case _:
            return ""


def _form_unsent(refused: MjbotError | None, now: datetime) -> str:
    why = "I cannot reach my database. " if isinstance(refused, StoreUnavailable) else ""
    if isinstance(refused, DailyLimitReached):
        why = f"{_ours(refused, now)} "
    return (
        f"{why}The relay opened the form for your prompt, which may have been charged, and I did not send the prompt. "
        "The new message waits for it: send it there later, or press **Drop it**."
    )


def _answer_lost(now: datetime, link: str, again_at: datetime | None, *, own: bool) -> str:
    whose = "your last try" if own else "another person's last try"
    where = f"[Its message]({link})" if _LINK.fullmatch(link) else "Its message"
    again = ""
    if again_at is not None:
        again = f" You can try again {_soon(now, (again_at - now).total_seconds())}."
    return (
        f"The relay's answer to {whose} was lost, so it may have been charged. {where} will say what I find. I sent "
        f"nothing this time: you weren't charged again.{again}"
    )


def _soon(now: datetime, seconds: float | None) -> str:
    """Say when, as a time that counts down; a relay's Retry-After may be any number, or none."""
    if seconds is None or not math.isfinite(seconds):
        return "in a minute"
    # Discord shows whole seconds: rounded up, so that who waits for it is not refused again.
    return f"<t:{math.ceil(now.timestamp() + min(max(seconds, 0), _FURTHEST))}:R>"


def _said(reason: str) -> str:
    shown = _quoted(translate_refusal(reason), _SAID)
    return f" It says: {shown}." if shown else ""
