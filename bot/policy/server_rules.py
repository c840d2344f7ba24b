"""The rules that are set in Discord about people, roles and places: whether a person may draw there. Pure."""

from datetime import datetime

from bot.entities import AgePolicy, Rules, ServerAccess
from bot.errors import (
    AgeRestrictedOnly,
    ChannelNotAllowed,
    CommandDenied,
    DrawingPaused,
    PersonBlocked,
    PrivateAnswersOff,
    RoleDenied,
    RoleMissing,
    ServerDenied,
)
from bot.policy.rules import Spender


def check_rules(rules: Rules, spender: Spender, at: datetime) -> None:
    """Raise a subclass of RuleRefused unless the rules let this person draw here; the operator's rules come first.

    A denied role counts more than an allowed one. Discord tells a bot the roles of a person only in servers that the
    bot has joined; elsewhere no server rules hold.
    """
    if rules.operator.paused:
        raise DrawingPaused("operator")
    for block in sorted(rules.blocks, key=lambda one: one.guild_id):
        if block.is_active(at) and block.guild_id in {0, spender.guild_id}:
            raise PersonBlocked("server" if block.guild_id else "operator", until=block.until)
    if not spender.guild_id:
        return
    if rules.grant.access is ServerAccess.DENIED:
        raise ServerDenied("operator")
    _check_server_rules(rules, spender)


def _check_server_rules(rules: Rules, spender: Spender) -> None:
    server, roles = rules.server, set(spender.role_ids)
    if server.paused:
        raise DrawingPaused("server")
    if denied := sorted(server.denied_roles & roles):
        raise RoleDenied("server", role_id=denied[0])
    if server.allowed_roles and not server.allowed_roles & roles:
        raise RoleMissing("server", role_ids=sorted(server.allowed_roles))
    if spender.denied_command:
        raise CommandDenied("server", command=spender.denied_command)
    if server.allowed_channels and not server.allowed_channels.intersection(spender.channel_ids):
        raise ChannelNotAllowed("server", channel_ids=sorted(server.allowed_channels))
    if spender.is_private and not server.private_answers:
        raise PrivateAnswersOff("server")
    if server.age_policy is AgePolicy.REFUSE and spender.is_age_restricted is False:
        raise AgeRestrictedOnly("server")
