"""Blocks and pauses, with the audit of each change."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.entities import Block, RuleChange, ServerRules
from bot.errors import StoreUnavailable
from bot.features.moderation import Moderation, compute_block_end
from tests.fakes.clock import START, FakeClock
from tests.fakes.rules import FakeRules

GUILD, MEMBER, MODERATOR = 30, 7, 8


class Room:
    """A Moderation on a database in memory, and what it announced."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.rules = FakeRules(self.answer)
        self.announced: list[RuleChange] = []
        self.moderation = Moderation(self.rules, self.announced.extend, now=self.clock.now)
        self.is_away = False

    def answer(self) -> None:
        if self.is_away:
            raise StoreUnavailable

    def texts(self) -> Sequence[tuple[int, int, str, str, str]]:
        assert self.announced == self.rules.changes
        return [(one.guild_id, one.person_id, one.what, one.before, one.after) for one in self.announced]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize("guild_id", [GUILD, 0])
async def test_a_block_is_written_audited_and_announced(room: Room, guild_id: int) -> None:
    """A second one replaces it, and the audit shows both."""
    block, earlier = await room.moderation.block_person(
        guild_id, MEMBER, MODERATOR, hours=1.5, reason=" spam\nand\u202e "
    )
    assert earlier is None
    assert block == Block(
        guild_id=guild_id,
        person_id=MEMBER,
        until=START + timedelta(hours=1.5),
        reason="spam and",
        blocked_by=MODERATOR,
    )
    second, earlier = await room.moderation.block_person(guild_id, MEMBER, MODERATOR)
    assert (second.until, earlier) == (None, block)
    assert list(room.rules.blocks.values()) == [second]
    until = "blocked until 2026-01-01 13:30 UTC (spam and)"
    assert room.texts() == [
        (guild_id, MODERATOR, f"block of <@{MEMBER}>", "not blocked", until),
        (guild_id, MODERATOR, f"block of <@{MEMBER}>", until, "blocked"),
    ]


async def test_a_reason_is_bounded(room: Room) -> None:
    block, _ = await room.moderation.block_person(GUILD, MEMBER, MODERATOR, reason="é" * 1_000_000)
    assert block.reason == "é" * 200


async def test_an_unblocked_person_may_draw_again(room: Room) -> None:
    """A person who is not blocked, or whose block has ended, leaves no row in the audit."""
    await room.moderation.block_person(GUILD, MEMBER, MODERATOR, hours=1)
    assert [one.person_id for one in await room.moderation.list_blocks(GUILD)] == [MEMBER]
    assert await room.moderation.unblock_person(GUILD, MEMBER, MODERATOR)
    assert not await room.moderation.unblock_person(GUILD, MEMBER, MODERATOR)
    assert await room.moderation.list_blocks(GUILD) == []
    assert [text[3:] for text in room.texts()][1:] == [("blocked until 2026-01-01 13:00 UTC", "not blocked")]


async def test_a_block_ends_by_itself(room: Room) -> None:
    await room.moderation.block_person(GUILD, MEMBER, MODERATOR, hours=1)
    await room.clock.advance(3600)
    assert await room.moderation.list_blocks(GUILD) == []
    assert not await room.moderation.unblock_person(GUILD, MEMBER, MODERATOR)
    _, earlier = await room.moderation.block_person(GUILD, MEMBER, MODERATOR)
    assert earlier is None


async def test_a_block_elsewhere_is_another_one(room: Room) -> None:
    """A server's moderators end only its own."""
    await room.moderation.block_person(0, MEMBER, MODERATOR)
    assert not await room.moderation.unblock_person(GUILD, MEMBER, MODERATOR)
    assert len(room.rules.blocks) == 1


@pytest.mark.parametrize("hours", [0, -1, 1e9, 87_600.1, float("inf"), float("nan"), -0.0])
async def test_impossible_hours_change_nothing(room: Room, hours: float) -> None:
    with pytest.raises(ValueError, match="hours"):
        await room.moderation.block_person(GUILD, MEMBER, MODERATOR, hours=hours)
    assert not room.rules.blocks
    assert not room.texts()


@pytest.mark.parametrize(
    ("hours", "seconds"), [(24, 86_400), (0.5, 1800), (0.0001, 1), (1e-300, 1), (87_600, 315_360_000)]
)
def test_a_block_lasts_at_least_as_long_as_asked(hours: float, seconds: int) -> None:
    """In whole seconds, as Discord shows them."""
    assert compute_block_end(START, hours) == START + timedelta(seconds=seconds)
    assert compute_block_end(START + timedelta(microseconds=1), hours) == START + timedelta(seconds=seconds + 1)


@pytest.mark.parametrize("guild_id", [GUILD, 0])
async def test_a_pause_is_audited_once(room: Room, guild_id: int) -> None:
    """What is so already is no change."""
    await room.rules.change_server_rules(GUILD, lambda _: (ServerRules(language="de"), []))
    assert await room.moderation.set_paused(guild_id, MODERATOR, paused=True)
    assert not await room.moderation.set_paused(guild_id, MODERATOR, paused=True)
    assert await room.moderation.is_paused_by_operator() is (guild_id == 0)
    assert room.rules.servers[GUILD].paused is (guild_id == GUILD)
    assert await room.moderation.set_paused(guild_id, MODERATOR, paused=False)
    assert room.rules.servers[GUILD] == ServerRules(language="de")
    assert not room.rules.operator.paused
    assert room.texts() == [
        (guild_id, MODERATOR, "drawing", "on", "paused"),
        (guild_id, MODERATOR, "drawing", "paused", "on"),
    ]


async def test_nothing_is_announced_that_was_not_written(room: Room) -> None:
    room.is_away = True
    with pytest.raises(StoreUnavailable):
        await room.moderation.set_paused(GUILD, MODERATOR, paused=True)
    with pytest.raises(StoreUnavailable):
        await room.moderation.block_person(GUILD, MEMBER, MODERATOR)
    assert not room.announced
