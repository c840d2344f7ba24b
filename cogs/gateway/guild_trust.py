"""Who asks: which servers the operator's own people own or manage, and who those people are."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

import aiohttp
import discord

from bot.clock import Clock
from bot.policy.rules import Spender
from cogs.messaging.context import Interaction, is_bot_in_guild
from cogs.messaging.responses import summarize_error
from cogs.text.markdown import clean_and_cut

log = logging.getLogger(__name__)

_LASTS = timedelta(minutes=10)
_NAME = 100


class GuildTrust:
    """Knows the application's owners, and asks Discord which servers they run; an answer is good for ten minutes.

    Where `guilds` (ALLOWED_GUILDS) names servers, those decide, and trust only tells what may be shown.
    """

    def __init__(self, clock: Clock, *, guilds: Collection[int] = ()) -> None:
        self._now = clock.now
        self._guilds = guilds
        self.owners: set[int] = set()
        """The application's owner, or its team's members; empty until `learn`."""
        self._answers: dict[int, tuple[datetime, bool]] = {}
        self._told: set[int] = set()

    async def load_owners(self, bot: discord.Client) -> None:
        """Ask Discord whose application this is."""
        info = await bot.application_info()
        accepted = discord.TeamMembershipState.accepted
        team = [member.id for member in info.team.members if member.membership_state is accepted] if info.team else []
        self.owners.update(team or [info.owner.id])

    async def identify_spender(self, interaction: Interaction, requester_id: int | None = None) -> Spender:
        """Tell admission who wants to spend, and where: a server that the bot is not in is none.

        `requester_id` is who asked for the message that was pressed, 0 where nothing tells; None for a command.
        """
        member = is_bot_in_guild(interaction)
        return Spender(
            person_id=interaction.user.id,
            guild_id=(interaction.guild_id or 0) if member else 0,
            is_trusted_guild=member and await self.is_trusted(interaction.guild),
            requester_id=requester_id,
        )

    async def is_trusted(self, guild: discord.Guild | None) -> bool:
        """Tell whether one of them owns or manages the server; not so where Discord cannot be asked."""
        if guild is None or not self.owners:
            return False
        if guild.owner_id in self.owners:
            return True
        known = self._answers.get(guild.id)
        if known is not None and self._now() - known[0] < _LASTS:
            return known[1]
        try:
            answer = await self._ask(guild)
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            # Nobody learnt anything, so the next click asks again.
            log.info("Discord did not say who manages server %d: %s.", guild.id, summarize_error(error))
            return False
        if not guild.unavailable:  # as it is until its GUILD_CREATE has come: nobody manages it yet
            self._answers[guild.id] = (self._now(), answer)
        if answer and not self._guilds:
            self._tell(guild)
        return answer

    async def is_operator_guild(self, guild: discord.Guild) -> bool:
        """Tell whether those who run the server are the operator's own: it is named in ALLOWED_GUILDS, or trusted."""
        return guild.id in self._guilds or await self.is_trusted(guild)

    def _tell(self, guild: discord.Guild) -> None:
        """Say once that somebody else's server spends the operator's money: perhaps nobody meant it to."""
        if guild.id not in self._told:
            self._told.add(guild.id)
            log.warning(
                'Server "%s" (%d) may spend: an owner of this application manages it, though somebody else owns it. '
                "Name servers in ALLOWED_GUILDS to decide yourself.",
                clean_and_cut(guild.name, _NAME),
                guild.id,
            )

    async def _ask(self, guild: discord.Guild) -> bool:
        for owner_id in self.owners:
            try:
                member = guild.get_member(owner_id) or await guild.fetch_member(owner_id)
            except (discord.NotFound, discord.Forbidden):
                continue
            if member.guild_permissions.manage_guild:
                return True
        return False
