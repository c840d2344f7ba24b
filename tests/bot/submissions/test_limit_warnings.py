"""A request that used the last one of a limit says so once, privately, and only if it was accepted."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.entities import CostKind, CountScope, LimitSetting, LimitUsedUp, Period, ServerRules
from bot.errors import RelayError, SubmitRefused
from bot.midjourney.submit_response import SubmitResponse
from cogs.text.limit_errors import describe_used_up
from tests.fakes.answerer import FakePressFollowups
from tests.fakes.clock import START
from tests.fakes.relay import ACCEPTED
from tests.fakes.sample_entities import LIEN, MINH, U2, V2
from tests.fakes.submissions import QUEUED, command, imagine, press
from tests.worlds.services import ServiceProcess, ServiceWorld

MIDNIGHT = (START + timedelta(days=1)).replace(hour=0, minute=0)
NEXT_MONTH = START.replace(month=2, day=1, hour=0, minute=0)


def used_up(**changes: Any) -> LimitUsedUp:  # noqa: ANN401
    day = LimitUsedUp(period=Period.DAY, scope=CountScope.PERSON, kind=None, is_amount=False, resets_at=MIDNIGHT)
    return replace(day, **changes)


async def draw(
    world: ServiceWorld, process: ServiceProcess, number: int, answer: SubmitResponse | RelayError = QUEUED
) -> FakePressFollowups:
    world.relay.outcomes = [answer]
    followups = FakePressFollowups(child=800 + number)
    await process.commands.submit_command(command(100 + number), imagine(f"fox {number}"), followups)
    await world.clock.advance(5)
    return followups


async def test_last_one_of_the_settings_limit_is_said_once_accepted(world: ServiceWorld) -> None:
    world.allow(daily_submits_per_person=2)
    async with world.process() as process:
        assert (await draw(world, process, 1)).used_up == []
        refused = await draw(world, process, 2, SubmitRefused("no", code=4))
        assert refused.used_up == []
        assert (await draw(world, process, 3)).used_up == [used_up()]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(
            {"member_limits": [LimitSetting(period=Period.MONTH, tasks=1)]},
            used_up(scope=CountScope.MEMBER, period=Period.MONTH, resets_at=NEXT_MONTH),
            id="member",
        ),
        pytest.param(
            {"server_limits": [LimitSetting(period=Period.DAY, tasks=1)]}, used_up(scope=CountScope.SERVER), id="server"
        ),
        pytest.param({"server_limits": [LimitSetting(period=Period.DAY, tasks=2)]}, None, id="one left"),
        pytest.param(
            {"member_limits": [LimitSetting(period=Period.DAY, tasks=1, kind=CostKind.VIDEO)]}, None, id="kind"
        ),
    ],
)
async def test_press_warns_of_the_limits_set_in_discord(
    world: ServiceWorld, rules: dict[str, Any], expected: LimitUsedUp | None
) -> None:
    world.store.rules.servers[6] = ServerRules.model_validate(rules)
    world.relay.outcomes = [ACCEPTED]
    followups = FakePressFollowups()
    async with world.process() as process:
        await process.presses.submit_press(press(button=U2), followups)
        await world.clock.advance(5)
    assert followups.used_up == [one for one in [expected] if one]


async def test_each_person_is_warned_once_in_a_period(world: ServiceWorld) -> None:
    """The relay may give back the last one, so that it is used again."""
    world.allow(daily_submits_per_person=1)
    free = ACCEPTED.model_copy(update={"code": 21, "description": "任务已存在"})
    async with world.process() as process:
        seen: list[LimitUsedUp] = []
        for number, (person, button) in enumerate([(LIEN, U2), (LIEN, V2), (MINH, U2)]):
            world.relay.outcomes = [free]
            followups = FakePressFollowups(child=800 + number)
            await process.presses.submit_press(press(100 + number, person, button), followups, prompt="x")
            await world.clock.advance(5)
            seen += followups.used_up
    assert seen == [used_up(), used_up()]


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (used_up(), "That was your last one today; it resets <t:1767312000:R>."),
        (used_up(scope=CountScope.MEMBER, kind=CostKind.VIDEO), "That was your last video today in this server; it"),
        (used_up(period=Period.MONTH, resets_at=NEXT_MONTH), "That was your last one this month; it resets <t:1769904"),
        (used_up(scope=CountScope.SERVER), "That was the last job today for the members of this server together; it"),
        (used_up(scope=CountScope.EVERYONE, kind=CostKind.HD), "That was the last HD job today for everyone together;"),
        (used_up(is_amount=True), "Your amount today is used up now; it resets"),
        (
            used_up(is_amount=True, scope=CountScope.SERVER, kind=CostKind.VIDEO),
            "The amount that the members of this server may spend for videos today is used up now; it resets",
        ),
    ],
)
def test_warning_says_whose_limit_and_when_it_resets(limit: LimitUsedUp, sentence: str) -> None:
    assert describe_used_up(limit).startswith(sentence)
