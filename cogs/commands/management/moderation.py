"""/mjblock and /mjunblock for moderators, /mjpause and /mjresume for managers of a server."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.entities import Block
from bot.features.moderation import LONGEST_BLOCK_HOURS, Moderation
from cogs.context import Interaction, is_bot_in_guild
from cogs.languages import N_, _, format_number, join_sentences
from cogs.messaging.responses import defer_thinking, replace_response_on_error, with_timeout
from cogs.text import limits
from cogs.text.markdown import mention_person
from cogs.text.quotes import quote_text

_MAX_LISTED: Final = 20
_REASON_LENGTH: Final = 100
_NOT_JOINED: Final = N_(
    "I'm not in this server, so there is nothing to set here. Add me with the invite link, which `/mjcheck` and my log "
    "show."
)
_FOR_MODERATORS: Final = N_(
    "Only moderators, who have the permission **Manage Messages**, can do that. Nothing changed."
)
_ROLES_UNKNOWN: Final = N_(
    "I don't know all roles of this server yet, so I can't tell who is a moderator. Try again in a minute. Nothing "
    "changed."
)
_FOR_MANAGERS: Final = N_("Only managers, who have the permission **Manage Server**, can do that. Nothing changed.")
_BAD_HOURS: Final = N_(
    "`hours` must be more than 0, such as `24` or `0.5`, and at most {hours} (ten years). Leave it out for a block "
    "without an end. Nothing changed."
)


class ModerationCog(commands.Cog):
    """Answers privately; who may do what is decided when the command runs. `owners` own the application."""

    def __init__(self, moderation: Moderation, owners: Collection[int]) -> None:
        self._moderation = moderation
        self._owners = owners

    @app_commands.command(name="mjblock", description=locale_str("Stop a member from drawing here (for moderators)"))
    @app_commands.describe(
        member=locale_str("Who may not draw in this server"),
        hours=locale_str("For how long, such as 24 or 0.5. Without it: until you unblock them"),
        reason=locale_str("Why, for other moderators"),
    )
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_messages=True)
    async def mjblock(
        self, interaction: Interaction, member: discord.User, hours: float | None = None, reason: str = ""
    ) -> None:
        """Block a member, in place of an earlier block."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await _answer(interaction, await self._block(interaction, member, hours, reason))

    async def _block(self, interaction: Interaction, member: discord.User, hours: float | None, reason: str) -> str:
        if refusal := check_moderator(interaction) or judge_block_target(interaction, member, self._owners):
            return refusal
        try:
            block, earlier = await self._moderation.block_person(
                interaction.guild_id or 0, member.id, interaction.user.id, hours=hours, reason=reason
            )
        except ValueError:
            return _(_BAD_HOURS).format(hours=LONGEST_BLOCK_HOURS)
        return _describe_block(block, earlier)

    @app_commands.command(name="mjunblock", description=locale_str("Let a blocked member draw again (for moderators)"))
    @app_commands.describe(member=locale_str("Who may draw again. Without it: the list of blocked members"))
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_messages=True)
    async def mjunblock(self, interaction: Interaction, member: discord.User | None = None) -> None:
        """Unblock a member, or list who is blocked."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await _answer(interaction, await self._unblock(interaction, member))

    async def _unblock(self, interaction: Interaction, member: discord.User | None) -> str:
        guild_id = interaction.guild_id or 0
        if refusal := check_moderator(interaction):
            return refusal
        if member is None:
            return _format_blocks(await self._moderation.list_blocks(guild_id))
        if member.id == interaction.user.id and _check_manager(interaction):
            return _("You can't unblock yourself. Ask another moderator. Nothing changed.")
        if not await self._moderation.unblock_person(guild_id, member.id, interaction.user.id):
            text = _("{member} isn't blocked in this server. Run `/mjunblock` alone for the list of who is.")
        else:
            text = _("{member} can draw in this server again, as far as its other rules allow it.")
        return text.format(member=f"<@{member.id}>")

    @app_commands.command(
        name="mjpause", description=locale_str("Stop all drawing in this server (for server managers)")
    )
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def mjpause(self, interaction: Interaction) -> None:
        """Pause drawing in this server."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await _answer(interaction, await self._pause(interaction))

    async def _pause(self, interaction: Interaction) -> str:
        if refusal := _check_manager(interaction):
            return refusal
        is_new = await self._moderation.set_paused(interaction.guild_id or 0, interaction.user.id, paused=True)
        if is_new:
            return _(
                "Drawing is paused in this server: nothing new is started, and what is already drawing goes on. "
                "`/mjresume` ends the pause."
            )
        return _(
            "Drawing is paused in this server already: nothing new is started, and what is already drawing goes on. "
            "`/mjresume` ends the pause."
        )

    @app_commands.command(name="mjresume", description=locale_str("Let this server draw again (for server managers)"))
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def mjresume(self, interaction: Interaction) -> None:
        """Resume drawing in this server."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await _answer(interaction, await self._resume(interaction))

    async def _resume(self, interaction: Interaction) -> str:
        if refusal := _check_manager(interaction):
            return refusal
        is_new = await self._moderation.set_paused(interaction.guild_id or 0, interaction.user.id, paused=False)
        resumed = _("This server's pause is over.") if is_new else _("Drawing wasn't paused by this server.")
        if await self._moderation.is_paused_by_operator():
            then = _("But the operator of this bot has paused all drawing, until they resume it.")
        else:
            then = _("Members can draw as far as its other rules allow it; `/mjcheck` shows them.")
        return join_sentences(resumed, then)


def judge_block_target(interaction: Interaction, member: discord.User | discord.Member, owners: Collection[int]) -> str:
    """Say why the person of an interaction can't block this one; "" if they can. `owners` own the application."""
    if member.id == interaction.user.id:
        return _("You can't block yourself. Choose another member. Nothing changed.")
    if member.bot:
        return _("Bots can't draw, so there is no need to block one. Nothing changed.")
    if member.id in owners:
        return _("You can't block the operator of this bot. Nothing changed.")
    own, other = _rank_member(interaction.user), _rank_member(member)
    if own is None or other is None:
        return _(_ROLES_UNKNOWN)
    return (
        ""
        if other < own
        else _(
            "You can block only members with fewer rights than you: managers can block moderators, and the server's "
            "owner can block managers. Nothing changed."
        )
    )


def check_moderator(interaction: Interaction) -> str:
    """Say why a person may not block and unblock here; "" if they may."""
    if not is_bot_in_guild(interaction):
        return _(_NOT_JOINED)
    rank = _rank_member(interaction.user)
    return _(_ROLES_UNKNOWN) if rank is None else "" if rank else _(_FOR_MODERATORS)


def _check_manager(interaction: Interaction) -> str:
    """Say why a person may not pause drawing here; "" if they may."""
    if not is_bot_in_guild(interaction):
        return _(_NOT_JOINED)
    rank = _rank_member(interaction.user)
    return _(_ROLES_UNKNOWN) if rank is None else "" if rank > 1 else _(_FOR_MANAGERS)


def _rank_member(member: discord.User | discord.Member) -> int | None:
    """Rank a member: the server's owner, its managers, its moderators, all others. None if that is not known yet.

    What counts is what their roles grant in the whole server: Discord sends the permissions with an interaction as they
    are in its channel, whose overwrites may grant Manage Messages there alone. A person who is no member has no rights.
    """
    if not isinstance(member, discord.Member):
        return 0
    guild = member.guild
    if guild.owner_id == member.id:
        return 3
    if not all(map(guild.get_role, (guild.id, *member._roles))):  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return None  # Member.roles would leave out those that are not cached
    granted = member.guild_permissions
    if granted.administrator or granted.manage_guild:
        return 2
    return 1 if granted.manage_messages else 0


def _describe_block(block: Block, earlier: Block | None) -> str:
    """Describe a new block, and the one that it replaces."""
    person = f"<@{block.person_id}>"
    if block.until is None:
        text = _("{member} can't draw in this server until a moderator unblocks them.").format(member=person)
    else:
        text = _("{member} can't draw in this server until {date}, {when}.").format(
            member=person, **_format_until(block.until)
        )
    if earlier is None:
        replaced = ""
    elif earlier.until is None:
        replaced = _("This replaces the earlier block (until a moderator unblocks them).")
    else:
        replaced = _("This replaces the earlier block (until {date}, {when}).").format(**_format_until(earlier.until))
    rest = _("What is already drawing goes on. `/mjunblock` ends the block.")
    return join_sentences(text, _format_reason(block), replaced, rest)


def _format_until(until: datetime) -> dict[str, str]:
    seconds = int(until.timestamp())
    return {"date": f"<t:{seconds}:f>", "when": f"<t:{seconds}:R>"}


def _format_reason(block: Block) -> str:
    return _("Reason: {reason}.").format(reason=quote_text(block.reason, _REASON_LENGTH)) if block.reason else ""


def _format_blocks(blocks: Sequence[Block]) -> str:
    if not blocks:
        return _("No one is blocked in this server. `/mjblock` blocks a member.")
    title = _("**Blocked in this server** (run `/mjunblock` with a member to end it):")
    more = len(blocks) - _MAX_LISTED
    last = [_("… and {count} more.").format(count=format_number(more))] if more > 0 else []
    return "\n".join([title, *map(_format_listed, blocks[:_MAX_LISTED]), *last])


def _format_listed(block: Block) -> str:
    fields = {"member": mention_person(block.person_id), "moderator": mention_person(block.blocked_by)}
    if block.until is None:
        line = _("- {member} until a moderator unblocks them, by {moderator}.").format(**fields)
    else:
        line = _("- {member} until {date}, {when}, by {moderator}.").format(**fields, **_format_until(block.until))
    return join_sentences(line, _format_reason(block))


async def _answer(interaction: Interaction, text: str) -> None:
    # A response that was edited pings no one; the mentions show names.
    request = interaction.edit_original_response(
        content=limits.cut(text, limits.CONTENT), allowed_mentions=discord.AllowedMentions.none()
    )
    await with_timeout(request)
