"""Which servers the application's owners own or manage, and who the owners are."""

import logging
from collections.abc import Collection

import discord

from bot.clock import Clock
from bot.policy.rules import Spender
from bot.policy.server_rules import COMMANDS_OF_ACTIONS
from cogs.context import Interaction, get_channel_ids, get_role_ids, is_age_restricted, is_bot_in_guild
from cogs.gateway.command_permissions import CommandPermissions, CommandUser
from cogs.messaging.responses import REQUEST_ERRORS, summarize_error
from cogs.text.markdown import clean_and_cut

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 600.0
_MAX_NAME_LENGTH = 100


class GuildTrust:
    """Knows the application's owners, and asks Discord which servers they run; answers are cached for ten minutes.

    If `guilds` (ALLOWED_GUILDS) is set, it decides where to spend, and trust only decides what may be shown.
    `permissions` knows the servers' Integrations pages.
    """

    def __init__(
        self, clock: Clock, *, guilds: Collection[int] = (), permissions: CommandPermissions | None = None
    ) -> None:
        self._monotonic = clock.monotonic
        self._guilds = guilds
        self._permissions = permissions
        self.owners: set[int] = set()
        """Ids of the application's owner, or of its team's members; empty until `load_owners` ran."""
        self._answers: dict[int, tuple[float, bool]] = {}
        self._warned: set[int] = set()

    async def load_owners(self, bot: discord.Client) -> None:
        """Ask Discord who owns the application."""
        info = await bot.application_info()
        accepted = discord.TeamMembershipState.accepted
        team = [member.id for member in info.team.members if member.membership_state is accepted] if info.team else []
        self.owners.update(team or [info.owner.id])

    async def identify_spender(
        self,
        interaction: Interaction,
        requester_id: int | None = None,
        *,
        is_private: bool = False,
        needed_commands: Collection[str] = (),
    ) -> Spender:
        """Return who wants to spend, and where; a server that the bot is not in counts as no server.

        `requester_id` is who asked for the message that was pressed: 0 if that is unknown, None for a command.
        `is_private`: the result will be shown to this person only. `needed_commands` are those that they must be
        allowed to use; of a slash command, Discord has checked that already, and what a button needs is told by
        `Spender.require` once it is known what it asks for.
        """
        guild_id, channel_ids = interaction.guild_id or 0, get_channel_ids(interaction)
        if not is_bot_in_guild(interaction):
            return Spender(
                interaction.user.id,
                0,
                requester_id=requester_id,
                unjoined_guild_id=guild_id,
                channel_ids=channel_ids,
                is_private=is_private,
            )
        return Spender(
            person_id=interaction.user.id,
            guild_id=guild_id,
            is_trusted_guild=await self.find_trust(interaction.guild),
            requester_id=requester_id,
            role_ids=get_role_ids(interaction),
            channel_ids=channel_ids,
            is_age_restricted=is_age_restricted(interaction),
            is_private=is_private,
            denied_commands=self._list_denied_commands(interaction, needed_commands),
            needed_commands=tuple(needed_commands),
        )

    def _list_denied_commands(self, interaction: Interaction, needed: Collection[str]) -> frozenset[str]:
        """Return which paid slash commands, and which of the commands that are needed, the page denies."""
        if self._permissions is None:
            return frozenset()
        user = CommandUser.from_interaction(interaction)
        names = {*COMMANDS_OF_ACTIONS.values(), *needed}
        return frozenset(name for name in names if self._permissions.find_denial(user, name) is not None)

    async def is_trusted(self, guild: discord.Guild | None) -> bool:
        """Whether an owner of the application owns or manages the server; False if Discord cannot be reached."""
        return await self.find_trust(guild) is True

    async def find_trust(self, guild: discord.Guild | None) -> bool | None:
        """Return whether an owner of the application owns or manages the server; None if Discord cannot be reached."""
        if guild is None or not self.owners:
            return False
        if guild.owner_id in self.owners:
            return True
        known = self._answers.get(guild.id)
        if known is not None and self._monotonic() - known[0] < _ANSWER_SECONDS:
            return known[1]
        answer = await self._ask(guild)
        if answer is None:  # not cached, so the next click asks again
            return None
        if not guild.unavailable:  # until GUILD_CREATE has arrived, its members and roles are unknown
            self._answers[guild.id] = (self._monotonic(), answer)
        if answer and not self._guilds:
            self._warn_once(guild)
        return answer

    async def ask_for_trust(self, guild: discord.Guild) -> bool | None:
        """Ask anew who runs the server, as the checks do, after which a press asks anew too; see `find_trust`."""
        if not self.owners or guild.owner_id in self.owners:
            return bool(self.owners)
        self._answers.pop(guild.id, None)
        return await self._ask(guild)

    async def is_operator_guild(self, guild: discord.Guild) -> bool:
        """Whether the operator runs the server: it is in ALLOWED_GUILDS, or an owner of the application manages it."""
        return guild.id in self._guilds or await self.is_trusted(guild)

    def _warn_once(self, guild: discord.Guild) -> None:
        """Log once that another person's server may spend the operator's money, which may be unintended."""
        if guild.id not in self._warned:
            self._warned.add(guild.id)
            log.warning(
                'Server "%s" (%d) may use paid commands: an owner of this application manages it, although another '
                "person owns it. Set ALLOWED_GUILDS to choose the servers yourself.",
                clean_and_cut(guild.name, _MAX_NAME_LENGTH),
                guild.id,
            )

    async def _ask(self, guild: discord.Guild) -> bool | None:
        try:
            return await self._is_managed_by_owner(guild)
        except REQUEST_ERRORS as error:
            log.info("Discord did not tell who manages server %d: %s.", guild.id, summarize_error(error))
            return None

    async def _is_managed_by_owner(self, guild: discord.Guild) -> bool:
        for owner_id in self.owners:
            try:
                member = guild.get_member(owner_id) or await guild.fetch_member(owner_id)
            except (discord.NotFound, discord.Forbidden):
                continue
            if member.guild_permissions.manage_guild:
                return True
        return False
