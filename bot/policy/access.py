"""Who may spend in which server, as data; cogs/text/spending_rules.py words it. Pure."""

from dataclasses import dataclass

from bot.errors import GuildRefusal


@dataclass(frozen=True)
class GuildAccess:
    """Whether the members of a server may spend there: `refusal` says why not, and is None where they may.

    `name` is one line without invisible characters.
    """

    guild_id: int
    name: str
    refusal: GuildRefusal | None
