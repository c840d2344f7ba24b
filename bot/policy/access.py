"""Who may spend in which server, as data; cogs/text/spending_rules.py words it. Pure."""

from dataclasses import dataclass

from bot.entities import NO_RULES, RuleLevel, Rules, ServerAccess
from bot.errors import GuildRefusal


@dataclass(frozen=True)
class GuildAccess:
    """Whether the members of a server may spend there: `refusal` says why not, and is None where they may.

    `name` is one line without invisible characters. `rules` are those that were set in Discord.
    """

    guild_id: int
    name: str
    refusal: GuildRefusal | None
    rules: Rules = NO_RULES

    @property
    def is_denied(self) -> bool:
        """Whether the operator denied the server in Discord."""
        return self.rules.grant.access is ServerAccess.DENIED

    @property
    def paused_by(self) -> RuleLevel | None:
        """Who paused drawing there."""
        if self.rules.operator.paused:
            return "operator"
        return "server" if self.rules.server.paused else None

    @property
    def may_draw(self) -> bool:
        """Whether its members may draw, as far as no rule about single members or channels refuses it."""
        return self.refusal is None and not self.is_denied and self.paused_by is None
