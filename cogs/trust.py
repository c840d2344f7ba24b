"""Which servers the operator's own people own or manage, and who those people are."""

import logging
from datetime import datetime, timedelta

import aiohttp
import discord

from bot.clock import Clock
from cogs.replies import briefly

log = logging.getLogger(__name__)

_LASTS = timedelta(minutes=10)


class Trust:
    """Knows the application's owners, and asks Discord which servers they run; an answer is good for ten minutes."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.now
        self.owners: set[int] = set()
        """The application's owner, or its team's members; empty until `learn`."""
        self._answers: dict[int, tuple[datetime, bool]] = {}

    async def learn(self, bot: discord.Client) -> None:
        """Ask Discord whose application this is."""
        info = await bot.application_info()
        accepted = discord.TeamMembershipState.accepted
        team = [member.id for member in info.team.members if member.membership_state is accepted] if info.team else []
        self.owners.update(team or [info.owner.id])

    async def trusts(self, guild: discord.Guild | None) -> bool:
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
            log.info("Discord did not say who manages server %d: %s.", guild.id, briefly(error))
            return False
        self._answers[guild.id] = (self._now(), answer)
        return answer

    async def _ask(self, guild: discord.Guild) -> bool:
        for owner_id in self.owners:
            try:
                member = guild.get_member(owner_id) or await guild.fetch_member(owner_id)
            except (discord.NotFound, discord.Forbidden):
                continue
            if member.guild_permissions.manage_guild:
                return True
        return False
