"""The rules that are set in Discord, in memory; tests/bot/store runs the same tests on it and on SqlRules."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from bot.entities import (
    Block,
    Claim,
    CountScope,
    OperatorRules,
    RuleChange,
    Rules,
    ServerGrant,
    ServerRules,
    SpendingCount,
)
from bot.languages import Language, find_language


class FakeRules:
    """A bot.ports.RulesStore in memory; `answer` raises StoreUnavailable while the database is away."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self.answer = answer
        self.operator = OperatorRules()
        self.grants: dict[int, ServerGrant] = {}
        self.servers: dict[int, ServerRules] = {}
        self.blocks: dict[tuple[int, int], Block] = {}
        self.changes: list[RuleChange] = []

    def get_rules(self, guild_id: int, person_id: int) -> Rules:
        blocks = [self.blocks.get((guild, person_id)) for guild in sorted({0, guild_id})]
        return Rules(
            operator=self.operator,
            grant=self.grants.get(guild_id, ServerGrant()),
            server=self.servers.get(guild_id, ServerRules()),
            blocks=tuple(block for block in blocks if block),
        )

    async def find_rules(self, guild_id: int, person_id: int) -> Rules:
        self.answer()
        return self.get_rules(guild_id, person_id)

    async def list_grants(self) -> Mapping[int, ServerGrant]:
        self.answer()
        return dict(self.grants)

    async def list_server_languages(self) -> Mapping[int, Language]:
        self.answer()
        found = {guild_id: find_language(own.language) for guild_id, own in self.servers.items()}
        return {guild_id: language for guild_id, language in found.items() if language}

    async def list_servers(self) -> Collection[int]:
        self.answer()
        return sorted({*self.servers, *(guild_id for guild_id, _ in self.blocks if guild_id)})

    async def list_server_rules(self, guild_ids: Collection[int]) -> Mapping[int, ServerRules]:
        self.answer()
        return {guild_id: rules for guild_id, rules in self.servers.items() if guild_id in guild_ids}

    async def list_blocks(self, guild_id: int) -> Sequence[Block]:
        self.answer()
        return [block for (guild, _), block in sorted(self.blocks.items()) if guild == guild_id]

    async def save_block(self, block: Block, changes: Sequence[RuleChange]) -> None:
        self.answer()
        self.blocks[block.guild_id, block.person_id] = block
        self.changes += changes

    async def delete_block(self, guild_id: int, person_id: int, changes: Sequence[RuleChange]) -> bool:
        self.answer()
        if self.blocks.pop((guild_id, person_id), None) is None:
            return False
        self.changes += changes
        return True

    async def change_operator_rules(
        self, change: Callable[[OperatorRules], tuple[OperatorRules, Sequence[RuleChange]]]
    ) -> OperatorRules:
        self.answer()
        self.operator, changes = change(self.operator)
        self.changes += changes
        return self.operator

    async def change_grant(
        self, guild_id: int, change: Callable[[ServerGrant], tuple[ServerGrant, Sequence[RuleChange]]]
    ) -> ServerGrant:
        self.answer()
        self.grants[guild_id], changes = change(self.grants.get(guild_id, ServerGrant()))
        self.changes += changes
        return self.grants[guild_id]

    async def change_server_rules(
        self, guild_id: int, change: Callable[[ServerRules], tuple[ServerRules, Sequence[RuleChange]]]
    ) -> ServerRules:
        self.answer()
        self.servers[guild_id], changes = change(self.servers.get(guild_id, ServerRules()))
        self.changes += changes
        return self.servers[guild_id]

    async def list_changes(self, guild_id: int, limit: int) -> Sequence[RuleChange]:
        self.answer()
        return [change for change in reversed(self.changes) if change.guild_id == guild_id][:limit]

    async def delete_rules_of_server(self, guild_id: int) -> None:
        self.answer()
        if guild_id:
            self.servers.pop(guild_id, None)
            self.blocks = {key: block for key, block in self.blocks.items() if key[0] != guild_id}
            self.changes = [change for change in self.changes if change.guild_id != guild_id]

    async def delete_old_changes(self, before: datetime) -> int:
        self.answer()
        old = [change for change in self.changes if change.made_at < before]
        self.changes = [change for change in self.changes if change.made_at >= before]
        return len(old)


def is_counted(claim: Claim, count: SpendingCount, person_id: int, guild_id: int) -> bool:
    """Return whether a limit counts a claim that was not refused."""
    own, here = claim.person_id == person_id, claim.guild_id == guild_id
    in_scope = {
        CountScope.PERSON: own,
        CountScope.MEMBER: own and here,
        CountScope.SERVER: here,
        CountScope.EVERYONE: True,
    }[count.scope]
    return in_scope and claim.made_at >= count.since and (count.kind is None or count.kind in claim.cost.kinds)
