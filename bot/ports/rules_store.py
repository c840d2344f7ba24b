"""The rules that are set in Discord, as the use cases read and change them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.entities import Block, OperatorRules, RuleChange, Rules, ServerGrant, ServerRules
from bot.languages import Language


class RulesStore(Protocol):
    """The rules and their audit. Every method raises StoreUnavailable where the database does not answer.

    A `change` gets the stored rules, and returns the new ones with the rows for the audit; or it raises, and nothing is
    written. The last writer wins.
    """

    async def find_rules(self, guild_id: int, person_id: int) -> Rules:
        """Return the rules that hold for a person in a server, 0 outside servers."""
        ...

    async def list_grants(self) -> Mapping[int, ServerGrant]:
        """Return what the operator set for single servers, by server."""
        ...

    async def list_servers(self) -> Collection[int]:
        """Return the servers that have rules of their own, or blocks."""
        ...

    async def list_server_rules(self, guild_ids: Collection[int]) -> Mapping[int, ServerRules]:
        """Return the rules that the managers of these servers set, by server."""
        ...

    async def list_server_languages(self) -> Mapping[int, Language]:
        """Return the languages of the servers whose managers have chosen one, by server."""
        ...

    async def list_blocks(self, guild_id: int) -> Sequence[Block]:
        """Return the blocks of a server, or of the operator (0), by person; ended ones too."""
        ...

    async def save_block(self, block: Block, changes: Sequence[RuleChange]) -> None:
        """Write a block in place of an earlier one of the same person there."""
        ...

    async def delete_block(self, guild_id: int, person_id: int, changes: Sequence[RuleChange]) -> bool:
        """Delete a block, and return whether there was one; without one, nothing is written."""
        ...

    async def change_operator_rules(
        self, change: Callable[[OperatorRules], tuple[OperatorRules, Sequence[RuleChange]]]
    ) -> OperatorRules:
        """Change the operator's rules, and return the new ones."""
        ...

    async def change_grant(
        self, guild_id: int, change: Callable[[ServerGrant], tuple[ServerGrant, Sequence[RuleChange]]]
    ) -> ServerGrant:
        """Change what the operator set for a server, and return it."""
        ...

    async def change_server_rules(
        self, guild_id: int, change: Callable[[ServerRules], tuple[ServerRules, Sequence[RuleChange]]]
    ) -> ServerRules:
        """Change a server's own rules, and return the new ones."""
        ...

    async def list_changes(self, guild_id: int, limit: int) -> Sequence[RuleChange]:
        """Return the newest changes in a server, or of the operator (0), newest first."""
        ...

    async def delete_old_changes(self, before: datetime) -> int:
        """Delete the rows of the audit from before then, and return how many there were."""
        ...
