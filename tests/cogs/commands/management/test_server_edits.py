"""Clicks and forms of the server's settings become edits of the rules, or nothing where they mean nothing here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.entities import AgePolicy, CostKind, LimitSetting, Period, Rules, ServerRules
from bot.errors import LimitUnreadable, RuleInputRefused, TimeZoneUnknown
from cogs.commands.management.server_edits import build_edit, build_edit_from_form, find_next_state, find_part
from cogs.views.panels.server_controls import BLOCKED_MEMBERS, Action, Page, PanelState, ServerControl
from cogs.views.panels.server_snapshot import ServerSnapshot

WHO = PanelState(Page.WHO)
ROLE = PanelState(Page.WHO, "42")
DAY, MONTH = Period.DAY, Period.MONTH


def snapshot(rules: ServerRules | None = None) -> ServerSnapshot:
    """Return a server in which only the ids below 10 exist."""
    known = Rules(server=rules or ServerRules())
    now = datetime(2026, 11, 28, tzinfo=UTC)
    return ServerSnapshot(guild_id=1, rules=known, at=now, roles=range(10), channels=range(10))


@pytest.mark.parametrize(
    ("control", "values", "changes"),
    [
        (ServerControl(WHO, Action.ALLOW_ROLES), ["2", "3"], {"allowed_roles": {2, 3}}),
        (ServerControl(WHO, Action.ALLOW_ROLES), [], {"allowed_roles": set[int]()}),
        (ServerControl(WHO, Action.DENY_ROLES), ["2", "owl", "-1", ""], {"denied_roles": {2}}),
        (ServerControl(WHO, Action.DENY_ROLES), [str(one) for one in range(1000)], {"denied_roles": set(range(25))}),
        (ServerControl(WHO, Action.ALLOW_CHANNELS), ["4"], {"allowed_channels": {4}}),
        (ServerControl(WHO, Action.SET_LOG_CHANNEL), ["4"], {"log_channel_id": 4}),
        (ServerControl(WHO, Action.SET_LOG_CHANNEL), [], {"log_channel_id": 0}),
        (ServerControl(WHO, Action.SET_GALLERY), ["4"], {"gallery_channel_id": 4}),
        (ServerControl(WHO, Action.SET_PRIVATE_ANSWERS, "off"), [], {"private_answers": False}),
        (ServerControl(WHO, Action.SET_LOG_PROMPTS, "on"), [], {"log_prompts": True}),
        (ServerControl(WHO, Action.SET_AGE_POLICY, "refuse"), [], {"age_policy": AgePolicy.REFUSE}),
        (ServerControl(WHO, Action.SET_LANGUAGE), ["zh-cn"], {"language": "zh-CN"}),
        (ServerControl(WHO, Action.END_GUIDE), [], {"guided": True}),
        (ServerControl(ROLE, Action.SET_NO_LIMITS), [], {"role_limits": {42: ()}}),
    ],
)
def test_a_click_changes_its_rule(control: ServerControl, values: list[str], changes: Mapping[str, Any]) -> None:
    """And no other one."""
    edit = build_edit(control, values, snapshot())
    assert edit is not None
    assert edit(ServerRules()) == ServerRules(**changes)


@pytest.mark.parametrize(
    ("control", "values"),
    [
        (ServerControl(WHO, Action.SET_AGE_POLICY, "owl"), []),
        (ServerControl(WHO, Action.SET_PRIVATE_ANSWERS, "maybe"), []),
        (ServerControl(WHO, Action.SET_LANGUAGE), ["tlh"]),
        (ServerControl(WHO, Action.SET_LANGUAGE), []),
        (ServerControl(WHO, Action.REMOVE_LIMITS), []),
        (ServerControl(PanelState(Page.WHO, BLOCKED_MEMBERS), Action.SET_NO_LIMITS), []),
        (ServerControl(WHO, Action.OPEN_PAGE), ["weather"]),
        (ServerControl(WHO, Action.UNKNOWN), []),
    ],
)
def test_what_means_nothing_here_changes_nothing(control: ServerControl, values: list[str]) -> None:
    """A newer version may have sent it."""
    assert find_next_state(control, values) is None
    assert build_edit(control, values, snapshot()) is None
    assert build_edit_from_form(control, lambda _: "3", "USD") is None


@pytest.mark.parametrize(
    ("control", "values", "state"),
    [
        (ServerControl(WHO, Action.OPEN_PAGE), ["money"], PanelState(Page.MONEY)),
        (ServerControl(ROLE, Action.OPEN_PAGE, "who"), [], WHO),
        (
            ServerControl(PanelState(Page.WHO, "", is_guide=True), Action.OPEN_ROLE),
            ["42"],
            PanelState(Page.WHO, "42", is_guide=True),
        ),
        (ServerControl(PanelState(Page.MONEY), Action.OPEN_LIMITS, "server"), [], PanelState(Page.MONEY, "server")),
        (ServerControl(WHO, Action.OPEN_BLOCKS), [], PanelState(Page.WHO, BLOCKED_MEMBERS)),
        (ServerControl(WHO, Action.OPEN_ROLE), [], None),
    ],
)
def test_other_clicks_lead_to_another_page(control: ServerControl, values: list[str], state: PanelState | None) -> None:
    """The guide goes on wherever they lead."""
    assert find_next_state(control, values) == state


@pytest.mark.parametrize(
    ("page", "left"),
    [
        (Page.WHO, {"allowed_roles": {1}, "denied_roles": set[int](), "role_limits": {2: ()}}),
        (Page.WHERE, {"allowed_channels": {3}}),
        (Page.LOG, {"log_channel_id": 0, "gallery_channel_id": 4}),
        (Page.MONEY, {}),
    ],
)
def test_deleted_roles_and_channels_are_removed_from_their_page(page: Page, left: Mapping[str, Any]) -> None:
    """What exists stays."""
    rules = ServerRules(
        allowed_roles=frozenset({1, 11}),
        denied_roles=frozenset({12}),
        role_limits={2: (), 13: ()},
        allowed_channels=frozenset({3, 14}),
        log_channel_id=15,
        gallery_channel_id=4,
    )
    edit = build_edit(ServerControl(PanelState(page), Action.REMOVE_DELETED), [], snapshot(rules))
    assert edit is not None
    assert edit(rules) == ServerRules(**{**rules.model_dump(), **left})


def test_a_form_of_limits_replaces_those_of_its_kind() -> None:
    """Without a currency, amounts stay as they are; the last one that is emptied gives the role every member's."""
    video = LimitSetting(period=DAY, kind=CostKind.VIDEO, tasks=2)
    amount = LimitSetting(period=MONTH, amount=Decimal(5))
    rules = ServerRules(role_limits={42: (LimitSetting(period=DAY, tasks=9), amount, video)})
    control = ServerControl(ROLE, Action.EDIT_LIMITS, "all")
    edit = build_edit_from_form(control, {"number_day": "3", "number_month": ""}.__getitem__, "")
    assert edit is not None
    assert edit(rules).role_limits == {42: (amount, LimitSetting(period=DAY, tasks=3), video)}
    edit = build_edit_from_form(control, lambda _: "", "USD")
    assert edit is not None
    assert edit(rules).role_limits == {42: (video,)}
    assert edit(ServerRules(role_limits={42: (amount,)})).role_limits == {}
    assert edit(ServerRules(role_limits={42: ()})).role_limits == {42: ()}
    assert find_part(control) == "42"


@pytest.mark.parametrize(
    ("control", "typed", "error"),
    [
        (ServerControl(ROLE, Action.EDIT_LIMITS, "hd"), "owl", LimitUnreadable),
        (ServerControl(WHO, Action.EDIT_TIME_ZONE), "owl", TimeZoneUnknown),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_at_once(
    control: ServerControl, typed: str, error: type[RuleInputRefused]
) -> None:
    """Before the database is asked."""
    with pytest.raises(error):
        build_edit_from_form(control, lambda _: typed, "USD")
