"""Choose in which language a person or a message is answered."""

from typing import Any

import discord

from bot.features.known_languages import KnownLanguages
from bot.languages import Language, find_language

_COMMUNITY = "COMMUNITY"
"""Only servers with this feature can choose a locale; all others have "en-US", which says nothing."""


class LanguageChoice:
    """Chooses among what people and servers have set (`known`), what Discord tells, and the operator's default."""

    def __init__(self, default: Language = Language.ENGLISH, known: KnownLanguages | None = None) -> None:
        self.default = default
        self._known = known

    def choose_for_person(self, interaction: discord.Interaction[Any]) -> Language:
        """Return the language of answers that only the person of an interaction sees."""
        own = self._known.get_person_language(interaction.user.id) if self._known else None
        return own or find_language(interaction.locale.value) or self.default

    def choose_for_message(self, interaction: discord.Interaction[Any]) -> Language:
        """Return the language of a message that everyone in the channel sees; outside servers, the person's own."""
        guild_id, guild = interaction.guild_id, interaction.guild
        chosen = self._choose_for_guild(guild_id, guild) if guild_id else None
        return chosen or self.choose_for_person(interaction)

    def choose_for_server(self, guild_id: int, guild: discord.Guild | None) -> Language:
        """Return the language of what the bot posts in a server for no particular person, such as its log."""
        return self._choose_for_guild(guild_id, guild) or self.default

    def _choose_for_guild(self, guild_id: int, guild: discord.Guild | None) -> Language | None:
        own = self._known.get_server_language(guild_id) if self._known else None
        if own is not None or guild is None or _COMMUNITY not in guild.features:
            return own
        return find_language(guild.preferred_locale.value)


def get_language_choice(client: discord.Client) -> LanguageChoice:
    """Return what chooses the languages of a bot; for a plain client of discord.py, the defaults."""
    found = getattr(client, "languages", None)
    return found if isinstance(found, LanguageChoice) else LanguageChoice()
