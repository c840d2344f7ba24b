"""Say which limit a request meets or has used up, for whom it holds, and when it resets; count jobs in words."""

import math
from datetime import datetime
from decimal import Decimal
from typing import Final

from bot.entities import CountScope, LimitUsedUp, Period
from bot.errors import SpendingLimitReached
from cogs.languages import _, ngettext
from cogs.text.amounts import format_amount

_SEVERAL: Final = "several"


def describe_limit(error: SpendingLimitReached) -> str:
    """Describe a limit that is used up: who set it, for whom, how much it is, what is left and when it resets."""
    if error.most <= 0:
        return _describe_switched_off(error)
    fields = {"whom": _name_counted(error), "limit": _format_limit(error), "when": format_when(error.resets_at)}
    return _choose_limit_text(error, _is_amount(error)).format(**fields, **_format_wish(error))


def _choose_limit_text(error: SpendingLimitReached, is_amount: bool) -> str:  # noqa: FBT001 - private
    is_server = error.level == "server"
    if error.left <= 0:
        return _choose_used_up_text(is_amount=is_amount, is_server=is_server)
    if error.wanted > error.most:  # waiting does not help
        match is_amount, is_server:
            case True, True:
                return _("This server allows {whom} {limit}, and {wish}. Start something cheaper.")
            case True, False:
                return _("The operator of this bot allows {whom} {limit}, and {wish}. Start something cheaper.")
            case False, True:
                return _("This server allows {whom} {limit}, and {wish}. Start them one by one.")
            case _:
                return _("The operator of this bot allows {whom} {limit}, and {wish}. Start them one by one.")
    match is_amount, is_server:
        case True, True:
            return _(
                "This server allows {whom} {limit}; {left}, and {wish}. Start something cheaper, or wait: it resets "
                "{when}."
            )
        case True, False:
            return _(
                "The operator of this bot allows {whom} {limit}; {left}, and {wish}. Start something cheaper, or wait: "
                "it resets {when}."
            )
        case False, True:
            return _(
                "This server allows {whom} {limit}; {left}, and {wish}. Start them one by one, or wait: it resets "
                "{when}."
            )
        case _:
            return _(
                "The operator of this bot allows {whom} {limit}; {left}, and {wish}. Start them one by one, or wait: "
                "it resets {when}."
            )


def _choose_used_up_text(*, is_amount: bool, is_server: bool) -> str:
    match is_amount, is_server:
        case True, True:
            return _("This server allows {whom} {limit}, and nothing is left. It resets {when}.")
        case True, False:
            return _("The operator of this bot allows {whom} {limit}, and nothing is left. It resets {when}.")
        case False, True:
            return _("This server allows {whom} {limit}, and none is left. It resets {when}.")
        case _:
            return _("The operator of this bot allows {whom} {limit}, and none is left. It resets {when}.")


def _format_wish(error: SpendingLimitReached) -> dict[str, str]:
    """Say what is left of a limit, and what the request wants."""
    if not _is_amount(error):
        left = ngettext("{count} is left", "{count} are left", int(error.left))
        return {
            "left": left.format(count=_format_number(error.left)),
            "wish": _("this starts {count} at once").format(count=_format_number(error.wanted)),
        }
    amount = format_amount(error.wanted, error.currency, is_about=True)
    wish = _("this costs {amount}") if error.is_price_known else _("this has no known price and counts as {amount}")
    left = _("{amount} is left").format(amount=format_amount(error.left, error.currency))
    return {"left": left, "wish": wish.format(amount=amount)}


def describe_used_up(limit: LimitUsedUp) -> str:
    """Say that a request, which was accepted, was the last one of a limit, and when the limit resets."""
    fields = {"noun": _name_last(limit), "period": _name_period(limit.period), "when": format_when(limit.resets_at)}
    if limit.is_amount:
        return _choose_used_up_amount(limit).format(**fields)
    match limit.scope:
        case CountScope.SERVER:
            text = _("That was the last {noun} {period} for the members of this server together; it resets {when}.")
        case CountScope.EVERYONE:
            text = _("That was the last {noun} {period} for everyone together; it resets {when}.")
        case CountScope.MEMBER:
            text = _("That was your last {noun} {period} in this server; it resets {when}.")
        case _:
            text = _("That was your last {noun} {period}; it resets {when}.")
    return text.format(**fields)


def _choose_used_up_amount(limit: LimitUsedUp) -> str:
    match limit.scope, limit.kind is None:
        case CountScope.SERVER, True:
            return _("The amount that the members of this server may spend {period} is used up now; it resets {when}.")
        case CountScope.SERVER, False:
            return _(
                "The amount that the members of this server may spend for {noun} {period} is used up now; it resets "
                "{when}."
            )
        case CountScope.EVERYONE, True:
            return _("The amount that everyone may spend {period} is used up now; it resets {when}.")
        case CountScope.EVERYONE, False:
            return _("The amount that everyone may spend for {noun} {period} is used up now; it resets {when}.")
        case CountScope.MEMBER, True:
            return _("Your amount {period} in this server is used up now; it resets {when}.")
        case CountScope.MEMBER, False:
            return _("Your amount for {noun} {period} in this server is used up now; it resets {when}.")
        case _, True:
            return _("Your amount {period} is used up now; it resets {when}.")
        case _:
            return _("Your amount for {noun} {period} is used up now; it resets {when}.")


def _name_period(period: Period) -> str:
    return _("today") if period is Period.DAY else _("this month")


def _name_last(limit: LimitUsedUp) -> str:
    """Name what a limit counts: one of them where it counts jobs, all of them where it is an amount."""
    kind = limit.kind.value if limit.kind else ""
    if limit.is_amount:
        return _name_kinds(kind)
    own = {"video": _("video"), "turbo": _("turbo job"), "hd": _("HD job")}
    is_shared = limit.scope in {CountScope.SERVER, CountScope.EVERYONE}
    # Translators: "That was the last job today for everyone together" and "That was your last one today".
    return own.get(kind) or (_("job") if is_shared else _("one"))


def _name_kinds(kind: str) -> str:
    """Name all requests of an expensive kind, in a sentence such as "$5.00 a day for videos"."""
    names = {"video": _("videos"), "turbo": _("turbo jobs"), "hd": _("HD jobs")}
    return names.get(kind) or _("jobs")


def _describe_switched_off(error: SpendingLimitReached) -> str:
    scope = error.scope if error.scope in {"person", "member", "server"} else ""
    fields = {"what": _name_switched(error.kind)}
    if error.level == "server":
        texts = {
            "person": _(
                "{what} is switched off for you: this server has set the limit to 0. Ask its managers if you need it."
            ),
            "member": _(
                "{what} is switched off for you in this server: this server has set the limit to 0. Ask its managers "
                "if you need it."
            ),
            "server": _(
                "{what} is switched off in this server: this server has set the limit to 0. Ask its managers if you "
                "need it."
            ),
            "": _("{what} is switched off: this server has set the limit to 0. Ask its managers if you need it."),
        }
    else:
        texts = {
            "person": _(
                "{what} is switched off for you: the operator of this bot has set the limit to 0. Ask the operator if "
                "you need it."
            ),
            "member": _(
                "{what} is switched off for you in this server: the operator of this bot has set the limit to 0. Ask "
                "the operator if you need it."
            ),
            "server": _(
                "{what} is switched off in this server: the operator of this bot has set the limit to 0. Ask the "
                "operator if you need it."
            ),
            "": _(
                "{what} is switched off: the operator of this bot has set the limit to 0. Ask the operator if you need "
                "it."
            ),
        }
    return texts[scope].format(**fields)


def _name_switched(kind: str) -> str:
    match kind:
        case "video":
            return _("Video")
        case "turbo":
            return _("Turbo speed")
        case "hd":
            return _("HD")
        case "several":
            return _("Starting several jobs at once")
        case _:
            return _("Drawing")


def _name_counted(error: SpendingLimitReached) -> str:
    """Name whose use a limit counts."""
    if error.scope == "everyone":
        return _("everyone together")
    if error.scope == "server":
        return _("its members together") if error.level == "server" else _("the members of this server together")
    # Translators: "This server allows you 3 jobs a day".
    return _("you")


def _is_amount(error: SpendingLimitReached) -> bool:
    return error.is_amount or bool(error.currency)


def _format_limit(error: SpendingLimitReached) -> str:
    """Format a limit: "3 jobs a day", "$5.00 a month for videos"."""
    is_day = error.period == "day"
    if not _is_amount(error):
        jobs = count_jobs(error.most, error.kind)
        if error.kind == _SEVERAL:
            text = (
                _("{jobs} a day, when several start at once")
                if is_day
                else _("{jobs} a month, when several start at once")
            )
        else:
            text = _("{jobs} a day") if is_day else _("{jobs} a month")
        return text.format(jobs=jobs)
    kinds = _("several jobs at once") if error.kind == _SEVERAL else _name_kinds(error.kind)
    if error.kind:
        text = _("{amount} a day for {kinds}") if is_day else _("{amount} a month for {kinds}")
    else:
        text = _("{amount} a day") if is_day else _("{amount} a month")
    return text.format(amount=format_amount(error.most, error.currency), kinds=kinds)


def count_jobs(number: Decimal | int, kind: str = "") -> str:
    """Format a number of jobs, or of jobs of an expensive kind: "1 job", "30 videos"."""
    count = int(number)
    match kind:
        case "video":
            text = ngettext("{count} video", "{count} videos", count)
        case "turbo":
            text = ngettext("{count} turbo job", "{count} turbo jobs", count)
        case "hd":
            text = ngettext("{count} HD job", "{count} HD jobs", count)
        case _:
            text = ngettext("{count} job", "{count} jobs", count)
    return text.format(count=_format_number(Decimal(number)))


def _format_number(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _round_up(at: datetime) -> int:
    """Round up, as Discord shows whole seconds: a person who waits for them is not refused again."""
    return math.ceil(at.timestamp())


def format_date(at: datetime) -> str:
    """Format a time as Discord's timestamp of date and time."""
    return f"<t:{_round_up(at)}:f>"


def format_when(at: datetime) -> str:
    """Format a time as Discord's relative timestamp."""
    return f"<t:{_round_up(at)}:R>"
