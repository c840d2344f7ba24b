"""Say which rule that was set in Discord refuses a paid request, who set it, and when it ends. Pure.

The level is this server or the operator, never a person. Mentions name roles and channels; messages ping no one.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

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
from cogs.languages import _, format_number, join_sentences, ngettext
from cogs.languages.formats import join_all, join_alternatives
from cogs.text.amounts import format_amount
from cogs.text.limit_errors import describe_limit, format_date, format_when
from cogs.text.quotes import quote_text

_MAX_NAMED: Final = 3
"""How many roles, channels or words a sentence names."""


def describe_rule_refusal(error: PolicyRefused) -> str:
    """Describe a refusal by a rule of Discord, without saying that it cost nothing; "" for any other refusal."""
    match error:
        case ConfirmationNeeded():
            return _describe_confirmation(error)
        case SpendingLimitReached():
            return describe_limit(error)
        case DrawingPaused(level="operator"):
            return _("The operator of this bot has paused all drawing, until they resume it. Try again later.")
        case DrawingPaused():
            return _(
                "Drawing is paused in this server, until its managers resume it with `/mjresume`. Try again later, or "
                "ask them."
            )
        case PersonBlocked(level=level, until=until):
            return _describe_block(level, until)
        case ServerDenied():
            return _(
                "The operator of this bot has switched drawing off in this server, until they allow it again. Ask the "
                "operator."
            )
        case RuleRefused():
            return _describe_place_or_person(error)
        case _:
            return ""


def _describe_block(level: str, until: datetime | None) -> str:
    if level == "server":
        if until is None:
            return _(
                "In this server you're blocked from drawing until a moderator unblocks you. Ask the moderators of this "
                "server if you think that's wrong."
            )
        return _(
            "In this server you're blocked from drawing until {date}, {when}. Ask the moderators of this server if you "
            "think that's wrong."
        ).format(date=format_date(until), when=format_when(until))
    if until is None:
        return _(
            "You're blocked from drawing everywhere, by the operator of this bot, until the operator of this bot "
            "unblocks you. Ask the operator if you think that's wrong."
        )
    return _(
        "You're blocked from drawing everywhere, by the operator of this bot, until {date}, {when}. Ask the operator "
        "if you think that's wrong."
    ).format(date=format_date(until), when=format_when(until))


def _describe_place_or_person(error: RuleRefused) -> str:
    is_server = error.level == "server"
    match error:
        case RoleMissing(role_ids=role_ids):
            roles = _list_roles(role_ids) or _("certain roles")
            text = (
                _("This server's rules let only members with {roles} draw. Ask its managers for such a role.")
                if is_server
                else _("The operator's rules let only members with {roles} draw. Ask the operator for such a role.")
            )
            return text.format(roles=roles)
        case RoleDenied(role_id=role_id):
            role = f"<@&{role_id}>" if role_id else _("one of your roles")
            text = (
                _("This server's rules don't let members with {role} draw. Ask its managers if you should be able to.")
                if is_server
                else _(
                    "The operator's rules don't let members with {role} draw. Ask the operator if you should be able "
                    "to."
                )
            )
            return text.format(role=role)
        case WordBlocked(words=words):
            return _describe_blocked_word(words, is_server=is_server)
        case CommandDenied(command=command):
            return _describe_denied_command(command)
        case _:
            return _describe_place(error, is_server=is_server)


def _describe_place(error: RuleRefused, *, is_server: bool) -> str:
    match error:
        case ChannelNotAllowed(channel_ids=channel_ids):
            channels = _list_channels(channel_ids) or _("certain channels")
            text = (
                _("This server's rules allow drawing only in {channels}, and in their threads. Try again there.")
                if is_server
                else _("The operator's rules allow drawing only in {channels}, and in their threads. Try again there.")
            )
            return text.format(channels=channels)
        case PrivateAnswersOff() if is_server:
            return _(
                "This server's rules don't allow results that only you can see. Start from a message that everyone "
                "sees: `/mjstatus` with the task's id posts one."
            )
        case PrivateAnswersOff():
            return _(
                "The operator's rules don't allow results that only you can see. Start from a message that everyone "
                "sees: `/mjstatus` with the task's id posts one."
            )
        case AgeRestrictedOnly() if is_server:
            return _("This server's rules allow drawing only in age-restricted channels. Try again in one of those.")
        case AgeRestrictedOnly():
            return _("The operator's rules allow drawing only in age-restricted channels. Try again in one of those.")
        case _ if is_server:
            return _("This server's rules don't let you draw here. Ask its managers.")
        case _:
            return _("The operator's rules don't let you draw here. Ask the operator.")


def _describe_blocked_word(words: Collection[str], *, is_server: bool) -> str:
    quoted = [word for each in list(words)[:_MAX_NAMED] if (word := quote_text(each))]
    if not quoted:
        return (
            _("This server's rules don't allow a word of this prompt. Reword it and try again.")
            if is_server
            else _("The operator's rules don't allow a word of this prompt. Reword it and try again.")
        )
    text = (
        _("This server's rules don't allow {words} in a prompt. Reword it and try again.")
        if is_server
        else _("The operator's rules don't allow {words} in a prompt. Reword it and try again.")
    )
    return text.format(words=join_all(quoted))


def _describe_denied_command(command: str) -> str:
    """Name a command that is denied, and the buttons for which it is needed; a menu's name has spaces, and no slash."""
    name = quote_text(command if " " in command else f"/{command.removeprefix('/')}") if command else ""
    match command:
        case "":
            denied = _("This server doesn't let you use paid commands here, nor the buttons that draw.")
        case "imagine":
            denied = _("This server doesn't let you use {command} here, nor the buttons that draw.")
        case "animate":
            denied = _("This server doesn't let you use {command} here, nor the buttons that animate.")
        case _:
            denied = _("This server doesn't let you use {command} here.")
    advice = _("Its managers can change that under **Server Settings**, **Integrations**.")
    return join_sentences(denied.format(command=name), advice)


def _describe_confirmation(error: ConfirmationNeeded) -> str:
    price = "" if error.price is None else format_amount(error.price, error.currency, is_about=True)
    if error.tasks > 1 and price:
        text = _("This starts {count} jobs at once and costs {price}. I draw them only after you confirm it.")
    elif error.tasks > 1:
        text = _("This starts {count} jobs at once. I draw them only after you confirm it.")
    elif price:
        text = _("This costs {price}. I draw it only after you confirm it.")
    else:
        text = _("I draw this only after you confirm it.")
    return text.format(count=format_number(error.tasks), price=price)


def _list_roles(ids: Collection[int]) -> str:
    """List roles of which a member needs one: "<@&1>, <@&2> or 4 other roles"; "" for none."""
    known = list(ids)
    named = [f"<@&{each}>" for each in known[:_MAX_NAMED]]
    if more := len(known) - len(named):
        named.append(ngettext("{count} other role", "{count} other roles", more).format(count=format_number(more)))
    return join_alternatives(named)


def _list_channels(ids: Collection[int]) -> str:
    """List channels: "<#1>, <#2> and 4 other channels"; "" for none."""
    known = list(ids)
    named = [f"<#{each}>" for each in known[:_MAX_NAMED]]
    if more := len(known) - len(named):
        text = ngettext("{count} other channel", "{count} other channels", more)
        named.append(text.format(count=format_number(more)))
    return join_all(named)
