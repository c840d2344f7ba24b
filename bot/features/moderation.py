"""Block and unblock people, and pause and resume drawing: in one server, or everywhere by the operator (`guild_id` 0).

Each change is written with its row of the audit, and then announced.
"""

import logging
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.entities import Block, OperatorRules, RuleChange, ServerRules
from bot.ports import RulesStore
from bot.text_cleaning import clean_text

log = logging.getLogger(__name__)

LONGEST_BLOCK_HOURS: Final = 87_600
"""Ten years: a longer block can have no end instead."""
_MAX_REASON_LENGTH: Final = 200
_MAX_READ: Final = 2_000
"""How many characters of a reason are processed at all."""


def compute_block_end(now: datetime, hours: float | None) -> datetime | None:
    """Return when a block of so many hours ends, None for one without an end.

    Raises:
        ValueError: The number is not above 0, or too large.
    """
    if hours is None:
        return None
    if not (math.isfinite(hours) and 0 < hours <= LONGEST_BLOCK_HOURS):
        raise ValueError("a block lasts more than 0 hours, and at most ten years")
    # Rounded up to whole seconds, which is how Discord shows them.
    return now.replace(microsecond=0) + timedelta(seconds=math.ceil(hours * 3600) + bool(now.microsecond))


class Moderation:
    """Changes blocks and pauses; the caller checks who may do so. `announce` shows changes in the log channel."""

    def __init__(
        self,
        rules: RulesStore,
        announce: Callable[[Sequence[RuleChange]], None],
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._rules = rules
        self._announce = announce
        self._now = now

    async def list_blocks(self, guild_id: int) -> Sequence[Block]:
        """List the blocks that hold now."""
        now = self._now()
        return [block for block in await self._rules.list_blocks(guild_id) if block.is_active(now)]

    async def block_person(
        self, guild_id: int, person_id: int, blocked_by: int, *, hours: float | None = None, reason: str = ""
    ) -> tuple[Block, Block | None]:
        """Block a person; return the block, and the earlier one of this person that it replaces.

        Raises:
            ValueError: See compute_block_end.
            StoreUnavailable: The database does not answer.
        """
        now = self._now()
        until = compute_block_end(now, hours)
        earlier = await self._find_block(guild_id, person_id)
        block = Block(
            guild_id=guild_id,
            person_id=person_id,
            until=until,
            reason=clean_text(reason[:_MAX_READ])[:_MAX_REASON_LENGTH],
            blocked_by=blocked_by,
        )
        change = self._build_change(block, blocked_by, before=_describe_block(earlier), after=_describe_block(block))
        await self._rules.save_block(block, [change])
        log.info("Person %d is blocked %s.", person_id, f"in server {guild_id}" if guild_id else "everywhere")
        self._announce([change])
        return block, earlier

    async def unblock_person(self, guild_id: int, person_id: int, unblocked_by: int) -> bool:
        """Unblock a person, and return whether they were blocked.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        earlier = await self._find_block(guild_id, person_id)
        if earlier is None:
            return False
        change = self._build_change(earlier, unblocked_by, before=_describe_block(earlier), after=_describe_block(None))
        if not await self._rules.delete_block(guild_id, person_id, [change]):
            return False
        log.info("Person %d is unblocked %s.", person_id, f"in server {guild_id}" if guild_id else "everywhere")
        self._announce([change])
        return True

    async def set_paused(self, guild_id: int, person_id: int, *, paused: bool) -> bool:
        """Pause or resume drawing, and return whether that is a change.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        made: list[RuleChange] = []
        before, after = ("on", "paused") if paused else ("paused", "on")
        change = RuleChange(
            guild_id=guild_id, person_id=person_id, made_at=self._now(), what="drawing", before=before, after=after
        )

        def change_server(rules: ServerRules) -> tuple[ServerRules, Sequence[RuleChange]]:
            made[:] = [change] if rules.paused != paused else []
            return rules.model_copy(update={"paused": paused}), made

        def change_operator(rules: OperatorRules) -> tuple[OperatorRules, Sequence[RuleChange]]:
            made[:] = [change] if rules.paused != paused else []
            return rules.model_copy(update={"paused": paused}), made

        if guild_id:
            await self._rules.change_server_rules(guild_id, change_server)
        else:
            await self._rules.change_operator_rules(change_operator)
        if made:
            where = f"in server {guild_id}" if guild_id else "everywhere"
            log.info("Drawing is %s %s, by person %d.", "paused" if paused else "resumed", where, person_id)
            self._announce(made)
        return bool(made)

    async def is_paused_by_operator(self) -> bool:
        """Return whether the operator has paused all drawing, which no server can resume."""
        return (await self._rules.find_rules(0, 0)).operator.paused

    async def _find_block(self, guild_id: int, person_id: int) -> Block | None:
        rules, now = await self._rules.find_rules(guild_id, person_id), self._now()
        return next((one for one in rules.blocks if one.guild_id == guild_id and one.is_active(now)), None)

    def _build_change(self, block: Block, person_id: int, *, before: str, after: str) -> RuleChange:
        return RuleChange(
            guild_id=block.guild_id,
            person_id=person_id,
            made_at=self._now(),
            what=f"block of <@{block.person_id}>",
            before=before,
            after=after,
        )


def _describe_block(block: Block | None) -> str:
    """Describe a block in the audit: "blocked until 2026-11-29 12:00 UTC (spam)"."""
    if block is None:
        return "not blocked"
    end = f" until {block.until:%Y-%m-%d %H:%M} UTC" if block.until else ""
    return f"blocked{end} ({block.reason})" if block.reason else f"blocked{end}"
