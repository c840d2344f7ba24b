"""The rules that are set in Discord about people, roles and places: whether a person may draw there. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

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
from bot.midjourney.buttons import ButtonKind, get_submitted_action, resolve_action
from bot.midjourney.task import Task
from bot.policy.rules import Spender

COMMANDS_OF_ACTIONS: Final[Mapping[str, str]] = {
    "IMAGINE": "imagine",
    "BLEND": "blend",
    "DESCRIBE": "describe",
    "SHORTEN": "shorten",
    "EDITS": "edit",
    "SWAP_FACE": "faceswap",
    "VIDEO": "animate",
}
"""The slash command that asks for each action of the API; buttons have further actions, which draw pictures."""


def find_needed_command(action: str, *, is_video: bool = False) -> str:
    """Return the command that a person must be allowed to use for an action of the API; `is_video`: it makes clips."""
    return "animate" if is_video else COMMANDS_OF_ACTIONS.get(action, "imagine")


def find_needed_command_of_button(custom_id: str, parent: Task) -> str:
    """Return the command that a person must be allowed to use for a button of a task.

    What the relay is asked for decides: most buttons of a description draw pictures, and a reroll of clips makes clips.
    """
    kind, action = resolve_action(custom_id).kind, get_submitted_action(custom_id)
    if kind is ButtonKind.SHORTEN and not action:
        return "shorten"  # it shows more of what the command told
    is_video = parent.is_video or any(word in custom_id.lower() for word in ("animate", "video"))
    return find_needed_command(action, is_video=is_video)


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
