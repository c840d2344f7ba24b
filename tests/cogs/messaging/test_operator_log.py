"""The operator's log channel: written in the background, and failures are logged once."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import discord
import pytest

from bot.entities import OperatorRules, RuleChange
from bot.tracking.task_supervisor import TaskSupervisor
from cogs.messaging.operator_log import OperatorLog
from cogs.messaging.rate_limits import RateLimiter
from tests.fakes.clock import FakeClock
from tests.fakes.rules import FakeRules

OWNER, CHANNEL = 5, 60
CHANGE = RuleChange(
    guild_id=0, person_id=OWNER, made_at=datetime(2026, 1, 1, tzinfo=UTC), what="prices", before="none", after="x"
)


@dataclass
class FakeTarget:
    """A channel or a person, as discord.py sends to them."""

    sent: list[str] = field(default_factory=list[str])
    is_closed: bool = False

    async def send(self, text: str, **_: object) -> None:
        if self.is_closed:
            raise OSError("closed")
        self.sent.append(text)


@dataclass
class FakeBot:
    channel: FakeTarget = field(default_factory=FakeTarget)
    owner: FakeTarget = field(default_factory=FakeTarget)

    def get_partial_messageable(self, channel_id: int) -> FakeTarget:
        assert channel_id == CHANNEL
        return self.channel

    def get_user(self, user_id: int) -> FakeTarget:
        assert user_id == OWNER
        return self.owner


@asynccontextmanager
async def running(**operator: Any) -> AsyncGenerator[tuple[FakeBot, OperatorLog, FakeRules, FakeClock]]:  # noqa: ANN401
    clock, bot, rules = FakeClock(), FakeBot(), FakeRules(lambda: None)
    rules.operator = OperatorRules(**operator)
    supervisor = TaskSupervisor()
    limiter = RateLimiter(clock.clock.monotonic, clock.clock.sleep)
    async with supervisor.serve():
        log = OperatorLog(cast(discord.Client, bot), rules, limiter, supervisor, {OWNER})
        yield bot, log, rules, clock


@pytest.mark.parametrize(
    ("operator", "in_channel", "by_dm"),
    [
        ({}, 0, 0),
        ({"alarms_by_dm": True}, 0, 1),
        ({"log_channel_id": CHANNEL}, 2, 0),
        ({"log_channel_id": CHANNEL, "alarms_by_dm": True}, 2, 0),
    ],
)
async def test_only_alarms_are_sent_by_dm_and_only_if_asked_for(
    operator: dict[str, Any], in_channel: int, by_dm: int
) -> None:
    """And only where no channel takes them."""
    async with running(**operator) as (bot, log, _, clock):
        log.announce_changes([CHANGE])
        await log.send_alarm("The balance is low.")
        await clock.advance(1.0)
        assert (len(bot.channel.sent), len(bot.owner.sent)) == (in_channel, by_dm)
        if by_dm:
            assert bot.owner.sent == ["⚠️ The balance is low."]


async def test_a_closed_channel_is_logged_once_and_blocks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Once more when it worked meanwhile."""
    caplog.set_level(logging.WARNING)
    async with running(log_channel_id=CHANNEL, alarms_by_dm=True) as (bot, log, _, clock):
        bot.channel.is_closed = True
        for _ in range(3):
            await log.send_alarm("The balance is low.")
            await clock.advance(20.0)
        assert len(bot.owner.sent) == 3
        assert len(caplog.records) == 1
        assert "choose another one in /mjadmin" in caplog.text
        bot.channel.is_closed = False
        log.announce_changes([CHANGE])
        await clock.advance(20.0)
        bot.channel.is_closed = bot.owner.is_closed = True
        await log.send_alarm("The balance is low.")
        await clock.advance(20.0)
        assert len(bot.channel.sent) == 1
        assert len(caplog.records) == 2


async def test_a_servers_refused_channel_is_shown_and_is_no_alarm() -> None:
    async with running(log_channel_id=CHANNEL, alarms_by_dm=True) as (bot, log, _, clock):
        log.report_channel_problem(6, "I can't write in <#50>.")
        await clock.advance(30)
    assert bot.channel.sent == ["⚠️ Server `6`: I can't write in <#50>."]
    assert bot.owner.sent == []
