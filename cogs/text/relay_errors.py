"""Describe what the relay refused or could not do, in the relay's own words where that helps. Pure."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    KeyRefused,
    MjbotError,
    NoAccountAvailable,
    PromptBanned,
    QueueFull,
    RelayBusy,
    RelayMoved,
    RelayUnreachable,
    SeedUnavailable,
    SubmitRedirected,
    SubmitRefused,
    TaskUnknown,
    UpstreamKeyRefused,
)
from bot.midjourney.reasons.refusal_reasons import is_wordless, translate_refusal
from bot.relay.key_advice import find_key_advice, is_reason_open
from cogs.languages import N_, _, join_sentences, localize_text
from cogs.text.input_errors import NOT_CHARGED
from cogs.text.quotes import quote_text

_QUOTE_LENGTH: Final = 80
"""How many characters of the relay's own words a message shows."""
_MAX_WAIT_SECONDS: Final = 7 * 86_400.0
"""The longest wait that a message announces, whatever Retry-After says."""


def describe_relay_error(error: MjbotError, now: datetime) -> str:
    """Describe an error about the relay, its key or a seed; "" for any that has nothing more to say than its class."""
    return _describe_answer(error, now) or _describe_key_error(error) or _describe_seed_error(error)


def _describe_answer(error: MjbotError, now: datetime) -> str:
    match error:
        case RelayMoved(address=address):
            text = _(
                "The service doesn't answer here: it redirects to {address}. The operator of this bot has to change "
                "`MJ_API_URL` to that address."
            ).format(address=quote_text(address, _QUOTE_LENGTH) or _("another address"))
        case RelayUnreachable(retry_after=wait):
            when = format_wait(now, wait)
            text = _("The service didn't respond properly. Try again {when}.").format(when=when)
        case RelayBusy():
            text = _describe_busy_relay(error, now)
        case TaskUnknown() | SubmitRedirected(processed=True):
            return _describe_lost_task(error)
        case PromptBanned(word=word):
            text = _("Midjourney doesn't allow a word in this prompt. Reword the prompt and try again.")
            if shown := quote_text(word):
                text = _("Midjourney doesn't allow the word {word}. Reword the prompt and try again.").format(
                    word=shown
                )
        case ActionUnsupported():
            return describe_unsupported(error)
        case SubmitRefused(code=number, reason=reason):
            refused = _("The service refused this request.")
            if number:
                refused = _("The service refused this request (code {number}).").format(number=number)
            text = join_sentences(refused, _quote_relay(reason), _("Change it, or try again later."))
        case _:
            return ""
    return join_sentences(text, _(NOT_CHARGED))


def _describe_busy_relay(error: RelayBusy, now: datetime) -> str:
    when = format_wait(now, error.retry_after)
    again = _("Try again {when}.").format(when=when)
    match error:
        case NoAccountAvailable(speed=speed):
            what = _("The service has no free account for this.")
            if speed:
                again = _(
                    "Try again {when}, or use another speed than {speed}, which your prompt or `/mjsettings` sets."
                ).format(when=when, speed=f"`{speed}`")
        case QueueFull():
            what = _("The service's queue is full.")
        case _:
            what = _("The service is too busy.")
    return join_sentences(what, _quote_relay(error.reason), again)


def _describe_lost_task(error: TaskUnknown | SubmitRedirected) -> str:
    if isinstance(error, SubmitRedirected):
        return _(
            "The service took your request, but its answer was lost, so it may have been charged. I won't send it "
            "again. If the service has a log, look up the task's id there and run `/mjstatus` with it."
        )
    unknown = _("The service has no task with that id.")
    if shown := quote_text(error.task_id):
        unknown = _("The service has no task {id}.").format(id=shown)
    return join_sentences(unknown, _("Check the id. I can see only tasks made with this bot's own API key."))


def describe_key_problem(error: MjbotError) -> str:
    """Describe what is wrong with the bot's key, and the operator's cure; "" for any other error."""
    if not isinstance(error, KeyRefused | BalanceExhausted) or (advice := find_key_advice(error)) is None:
        return ""
    problem, cure = (_(text).replace("MJ_API_KEY", "`MJ_API_KEY`") for text in (advice.problem, advice.cure))
    return join_sentences(
        # Translators: {problem} is a clause, such as "MJ_API_KEY has expired".
        _("I can't use the service: {problem}.").format(problem=problem),
        _quote_relay(error.reason) if is_reason_open(error) else "",
        # Translators: {cure} is an infinitive, such as "top it up at the relay".
        _("The operator of this bot has to {cure}.").format(cure=cure),
    )


def _describe_key_error(error: MjbotError) -> str:
    if isinstance(error, UpstreamKeyRefused):
        return join_sentences(
            _("The service's own connection to Midjourney is misconfigured."),
            _quote_relay(error.reason),
            _("The operator of this bot can report it to the service."),
            _(NOT_CHARGED),
        )
    problem = describe_key_problem(error)
    return join_sentences(problem, _(NOT_CHARGED)) if problem else ""


_UNSUPPORTED: Final[Mapping[tuple[bool, bool], str]] = {
    (True, True): N_("This service doesn't offer that command."),
    (True, False): N_("This service doesn't support that command."),
    (False, True): N_("This service doesn't offer that button."),
    (False, False): N_("This service doesn't support that button."),
}
"""By whether it was a command, and whether the relay's answer says nothing more."""


def describe_unsupported(error: MjbotError, *, command: bool = False) -> str:
    """Describe a button, or a command, that the relay can't do; "" for any other error."""
    match error:
        case ActionUnsupported(lasting=True, reason=reason):
            wordless = is_wordless(reason)
            what, words = _(_UNSUPPORTED[command, wordless]), "" if wordless else _quote_relay(reason)
            other = _("Try another command.") if command else _("Try another button.")
            return join_sentences(what, words, other, _(NOT_CHARGED))
        case ActionUnsupported(reason=reason):
            return join_sentences(
                _("This service can't do that right now."),
                _quote_relay(reason),
                _("Try again in a minute. If it doesn't help, tell the operator of this bot."),
                _(NOT_CHARGED),
            )
        case _:
            return ""


def _describe_seed_error(error: MjbotError) -> str:
    if not isinstance(error, SeedUnavailable):
        return ""
    if error.lasting:
        what = _("This service doesn't give seeds.")
        then = _("You can add a seed of your own to a prompt, such as `--seed 7`.")
    else:
        what = _("This service can't give a seed for this task yet.")
        then = _("Try again when the picture is done, or add a seed of your own to a prompt, such as `--seed 7`.")
    return join_sentences(what, _quote_relay(error.reason), then, _(NOT_CHARGED))


def format_wait(now: datetime, seconds: float | None) -> str:
    """Format a wait as a timestamp that counts down; a relay's Retry-After may be any number, or missing."""
    if seconds is None or not math.isfinite(seconds):
        # Translators: stands where a countdown such as "in 3 minutes" stands.
        return _("in a minute")
    # Discord shows whole seconds: rounded up, so that a person who waits for it is not refused again.
    return f"<t:{math.ceil(now.timestamp() + min(max(seconds, 0), _MAX_WAIT_SECONDS))}:R>"


def _quote_relay(reason: str) -> str:
    """Quote what the relay says, as a sentence; "" where it says nothing."""
    shown = quote_text(localize_text(translate_refusal(reason)), _QUOTE_LENGTH)
    return _("It says: {reason}.").format(reason=shown) if shown else ""
