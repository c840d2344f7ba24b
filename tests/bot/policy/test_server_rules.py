"""The rules about people, roles and places that are set in Discord."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.entities import AgePolicy, Block, OperatorRules, Rules, ServerAccess, ServerGrant, ServerRules
from bot.errors import (
    AgeRestrictedOnly,
    ChannelNotAllowed,
    CommandDenied,
    DrawingPaused,
    PersonBlocked,
    PrivateAnswersOff,
    RoleDenied,
    RoleMissing,
    RuleRefused,
    ServerDenied,
)
from bot.midjourney.task import Task
from bot.policy.rules import Spender
from bot.policy.server_rules import check_rules, find_needed_command, find_needed_command_of_button

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
MEMBER, HERE, PARENT = 7, 6, 31


def spender(**changes: Any) -> Spender:  # noqa: ANN401 - any of the fields
    return Spender(
        **{"person_id": MEMBER, "guild_id": HERE, "role_ids": (1, 2), "channel_ids": (30, PARENT), **changes}
    )


def refusal(rules: Rules, who: Spender) -> tuple[type[RuleRefused], str] | None:
    try:
        check_rules(rules, who, NOW)
    except RuleRefused as refused:
        return type(refused), refused.level
    return None


@pytest.mark.parametrize(
    ("server", "changes", "expected"),
    [
        ({}, {}, None),
        ({"paused": True}, {}, DrawingPaused),
        ({"paused": True}, {"guild_id": 0}, None),
        ({"allowed_roles": {2, 9}}, {}, None),
        ({"allowed_roles": {9}}, {}, RoleMissing),
        ({"allowed_roles": {9}}, {"guild_id": 0}, None),
        ({"denied_roles": {9}}, {}, None),
        ({"denied_roles": {2}}, {}, RoleDenied),
        ({"denied_roles": {2}, "allowed_roles": {1}}, {}, RoleDenied),
        ({"allowed_channels": {30}}, {}, None),
        ({"allowed_channels": {PARENT}}, {}, None),
        ({"allowed_channels": {32}}, {}, ChannelNotAllowed),
        ({"private_answers": False}, {}, None),
        ({"private_answers": False}, {"is_private": True}, PrivateAnswersOff),
        ({"age_policy": AgePolicy.REFUSE}, {"is_age_restricted": True}, None),
        ({"age_policy": AgePolicy.REFUSE}, {"is_age_restricted": None}, None),
        ({"age_policy": AgePolicy.REFUSE}, {"is_age_restricted": False}, AgeRestrictedOnly),
        ({"age_policy": AgePolicy.SPOILER}, {"is_age_restricted": False}, None),
        ({}, {"denied_commands": {"imagine"}, "needed_commands": ("imagine",)}, CommandDenied),
        ({}, {"denied_commands": {"imagine"}, "needed_commands": ("animate",)}, None),
        ({}, {"denied_commands": {"blend"}, "needed_commands": ("imagine", "blend")}, CommandDenied),
    ],
)
def test_server_rules(server: dict[str, Any], changes: dict[str, Any], expected: type[RuleRefused] | None) -> None:
    """A denied role counts more than an allowed one, and threads follow their parent."""
    rules = Rules(server=ServerRules.model_validate(server))
    assert refusal(rules, spender(**changes)) == (expected and (expected, "server"))


@pytest.mark.parametrize(
    ("rules", "changes", "expected"),
    [
        ({"operator": OperatorRules(paused=True)}, {}, DrawingPaused),
        ({"operator": OperatorRules(paused=True)}, {"guild_id": 0}, DrawingPaused),
        ({"grant": ServerGrant(access=ServerAccess.DENIED)}, {}, ServerDenied),
        ({"grant": ServerGrant(access=ServerAccess.DENIED)}, {"guild_id": 0}, None),
        ({"grant": ServerGrant(access=ServerAccess.ALLOWED)}, {}, None),
    ],
)
def test_operator_rules(rules: dict[str, Any], changes: dict[str, Any], expected: type[RuleRefused] | None) -> None:
    """The refusal names the operator's level."""
    assert refusal(Rules(**rules), spender(**changes)) == (expected and (expected, "operator"))


@pytest.mark.parametrize(
    ("guild_id", "minutes", "where", "expected"),
    [
        (HERE, 1, HERE, "server"),
        (HERE, None, HERE, "server"),
        (HERE, 0, HERE, None),
        (HERE, -1, HERE, None),
        (HERE, 1, 5, None),
        (HERE, 1, 0, None),
        (0, None, HERE, "operator"),
        (0, 1, 0, "operator"),
    ],
)
def test_blocks(guild_id: int, minutes: int | None, where: int, expected: str | None) -> None:
    """They end on time, and hold in their server; the operator's hold everywhere."""
    until = None if minutes is None else NOW + timedelta(minutes=minutes)
    rules = Rules(blocks=(Block(guild_id=guild_id, person_id=MEMBER, until=until),))
    assert refusal(rules, spender(guild_id=where)) == (expected and (PersonBlocked, expected))


@pytest.mark.parametrize(
    ("custom_id", "action", "command"),
    [
        ("MJ::JOB::variation::1::x", "IMAGINE", "imagine"),
        ("MJ::JOB::upsample::1::x", "IMAGINE", "imagine"),
        ("MJ::JOB::pan_left::1::x::SOLO", "UPSCALE", "imagine"),
        ("MJ::Inpaint::1::x::SOLO", "UPSCALE", "imagine"),
        ("MJ::JOB::something_new::x", "IMAGINE", "imagine"),
        ("MJ::Job::PicReader::all", "DESCRIBE", "imagine"),
        ("MJ::Job::PicReader::2", "DESCRIBE", "imagine"),
        ("MJ::Picread::Retry", "DESCRIBE", "describe"),
        ("MJ::Job::PromptAnalyzer::3", "SHORTEN", "imagine"),
        ("MJ::Job::PromptAnalyzerExtended", "SHORTEN", "shorten"),
        ("MJ::JOB::animate_high::1::x::SOLO", "UPSCALE", "animate"),
        ("MJ::JOB::animate_low_manual::1::x", "UPSCALE", "animate"),
        ("MJ::JOB::animate_low_extend::1::x::SOLO", "VIDEO", "animate"),
        ("MJ::JOB::reroll::0::x::SOLO", "VIDEO", "animate"),
        ("MJ::JOB::reroll::0::x::SOLO", "IMAGINE", "imagine"),
    ],
)
def test_a_button_needs_the_command_of_what_it_asks_for(custom_id: str, action: str, command: str) -> None:
    assert find_needed_command_of_button(custom_id, Task(id="1", action=action)) == command


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("IMAGINE", "imagine"),
        ("BLEND", "blend"),
        ("DESCRIBE", "describe"),
        ("SHORTEN", "shorten"),
        ("EDITS", "edit"),
        ("SWAP_FACE", "faceswap"),
        ("VIDEO", "animate"),
        ("VARIATION", "imagine"),
        ("", "imagine"),
    ],
)
def test_an_action_needs_its_command(action: str, command: str) -> None:
    assert find_needed_command(action) == command
