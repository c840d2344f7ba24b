"""Render the pages Who and Where of a server's settings. Pure."""

from math import ceil
from typing import Final

import discord

from bot.entities import Block
from bot.features.server_rules import EVERY_MEMBER
from cogs.languages import _
from cogs.languages.formats import get_separator
from cogs.text.markdown import mention_person
from cogs.text.quotes import quote_text
from cogs.views.panels.server_controls import Action, ControlBuilder, ServerItem
from cogs.views.panels.server_snapshot import PageContent, ServerSnapshot, join_lines

_PLACES: Final = (
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
    discord.ChannelType.media,
)
"""Where people can write, but for threads, which follow their channel."""


def render_who(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the roles that may draw, those that may not, and the limits of members and roles."""
    server = snapshot.rules.server
    allowed = [snapshot.format_role(role) for role in sorted(server.allowed_roles)]
    denied = [snapshot.format_role(role) for role in sorted(server.denied_roles)]
    members = snapshot.format_limits(server.member_limits) or _("no limits of this server")
    own = [
        _("{role}: {limits}").format(
            role=snapshot.format_role(role), limits=snapshot.format_limits(settings) or _("no limits")
        )
        for role, settings in sorted(server.role_limits.items())
    ]
    items = [
        builder.role_menu(
            Action.ALLOW_ROLES,
            _("Roles that may draw (none: everyone)"),
            row=1,
            chosen=server.allowed_roles - set(snapshot.deleted_roles),
            part="allowed_roles",
        ),
        builder.role_menu(
            Action.DENY_ROLES,
            _("Roles that may not draw"),
            row=2,
            chosen=server.denied_roles - set(snapshot.deleted_roles),
            part="denied_roles",
        ),
        builder.role_menu(Action.OPEN_ROLE, _("Limits of a role …"), row=3),
        builder.button(Action.OPEN_LIMITS, _("Limits of every member"), row=4, value=EVERY_MEMBER),
        builder.button(Action.OPEN_BLOCKS, _("Blocked members"), row=4),
    ]
    if snapshot.deleted_roles:
        items.append(builder.button(Action.REMOVE_DELETED, _("Remove deleted roles"), row=4))
    return PageContent(
        text=_("A role that may not draw counts more than one that may."),
        fields=[
            (_("May draw"), join_lines(allowed, get_separator()) or _("Everyone")),
            (_("May not draw"), join_lines(denied, get_separator()) or _("No role")),
            (_("Limits"), join_lines([_("Every member: {limits}").format(limits=members), *own])),
        ],
        items=items,
        warnings=_warn_of_roles(snapshot),
    )


def _warn_of_roles(snapshot: ServerSnapshot) -> list[str]:
    server = snapshot.rules.server
    if snapshot.guild_id in server.denied_roles:
        return [_("No one can draw here, because @everyone may not. Remove it from the roles that may not draw.")]
    if server.allowed_roles and all(map(snapshot.is_role_deleted, server.allowed_roles)):
        return [_("No one can draw here, because all roles that may were deleted. Choose others, or remove them.")]
    return []


def render_blocks(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render who is blocked, with menus to block and unblock people."""
    return PageContent(
        text=_("`/mjblock` blocks a member for some hours, with a reason. Moderators can use it, too."),
        fields=[(_("Blocked members"), join_lines(map(_describe_block, snapshot.blocks)) or _("No one"))],
        items=[
            builder.people_menu(Action.BLOCK_MEMBERS, _("Block members, with no end …"), row=1),
            builder.people_menu(Action.UNBLOCK_MEMBERS, _("Unblock members …"), row=2),
            builder.button(Action.OPEN_PAGE, _("Back"), row=3, value=builder.state.page),
        ],
    )


def _describe_block(block: Block) -> str:
    match bool(block.until), bool(block.reason):
        case True, True:
            text = _("{person} until {date}, by {moderator}: {reason}")
        case True, False:
            text = _("{person} until {date}, by {moderator}")
        case False, True:
            text = _("{person}, by {moderator}: {reason}")
        case _:
            text = _("{person}, by {moderator}")
    return text.format(
        person=mention_person(block.person_id),
        date=f"<t:{ceil(block.until.timestamp())}:f>" if block.until else "",
        moderator=mention_person(block.blocked_by),
        reason=quote_text(block.reason),
    )


def render_where(snapshot: ServerSnapshot, builder: ControlBuilder) -> PageContent:
    """Render the channels where members may draw, and whether answers may be private."""
    server = snapshot.rules.server
    allowed = [snapshot.format_channel(channel) for channel in sorted(server.allowed_channels)]
    deleted = {channel for channel in server.allowed_channels if snapshot.is_channel_deleted(channel)}
    items = [
        builder.channel_menu(
            Action.ALLOW_CHANNELS,
            _("Allowed channels (none: all)"),
            row=1,
            types=_PLACES,
            chosen=server.allowed_channels - deleted,
            part="allowed_channels",
        ),
        *_build_private_choice(builder, is_allowed=server.private_answers),
    ]
    if deleted:
        items.append(builder.button(Action.REMOVE_DELETED, _("Remove deleted channels"), row=3))
    nowhere = bool(deleted) and deleted == set(server.allowed_channels)
    return PageContent(
        text=_("Threads and forum posts follow their channel."),
        fields=[
            (_("Channels"), join_lines(allowed, get_separator()) or _("All channels")),
            (
                _("Private answers"),
                _("Allowed: members may ask for pictures that only they see.")
                if server.private_answers
                else _("Not allowed: everyone in the channel sees what is drawn."),
            ),
        ],
        items=items,
        warnings=[_("No one can draw here, because all allowed channels were deleted. Choose others.")]
        if nowhere
        else [],
    )


def _build_private_choice(builder: ControlBuilder, *, is_allowed: bool) -> list[ServerItem]:
    action, part = Action.SET_PRIVATE_ANSWERS, "private_answers"
    return [
        builder.choice(action, _("Allow private answers"), row=2, value="on", part=part, is_chosen=is_allowed),
        builder.choice(action, _("No private answers"), row=2, value="off", part=part, is_chosen=not is_allowed),
    ]
