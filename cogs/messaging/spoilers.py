"""Decide whether a picture is hidden as a spoiler where it is shown, by the server's rules and the channel.

Nothing about it is stored with a job: the rule is read again for each finished picture, and Discord's cache tells
whether the channel is age-restricted. So every process decides alike, whenever it finishes the message.
"""

import discord

from bot.entities import AgePolicy
from cogs.context import Interaction, is_age_restricted
from cogs.messaging.channels.server_rules_cache import ServerRulesCache
from cogs.messaging.place_permissions import find_age_restriction


class Spoilers:
    """Applies the rule for pictures outside age-restricted channels; a thread counts as its parent."""

    def __init__(self, bot: discord.Client, rules: ServerRulesCache) -> None:
        self._bot = bot
        self._rules = rules

    async def are_needed(self, guild_id: int, channel_id: int, *, is_final: bool = True) -> bool:
        """Return whether pictures are spoilers there, private answers included; a preview may go by older rules.

        A channel of which nothing is known, such as one of another process's shard, counts as not age-restricted.
        """
        if not guild_id or find_age_restriction(self._bot, guild_id, channel_id):
            return False
        if is_final:
            self._rules.forget(guild_id)
        rules = await self._rules.read(guild_id)
        return rules is not None and rules.age_policy is AgePolicy.SPOILER


async def needs_spoilers(interaction: Interaction) -> bool:
    """Return whether pictures in an answer to this interaction are spoilers."""
    spoilers: Spoilers | None = getattr(interaction.client, "spoilers", None)
    if spoilers is None or is_age_restricted(interaction):
        return False
    return await spoilers.are_needed(interaction.guild_id or 0, interaction.channel_id or 0)
