"""The settings of a server: every page in every state is a message that Discord takes, and says what holds."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import discord
import pytest
from discord.ui import Label

from bot.entities import (
    AgePolicy,
    Block,
    CostKind,
    CountScope,
    LimitSetting,
    OperatorRules,
    Period,
    RuleChange,
    Rules,
    ServerGrant,
    ServerRules,
    Spending,
)
from bot.features.server_rules import ALL_TOGETHER, EVERY_MEMBER, ChangedRules
from bot.languages import OWN_NAMES, Language
from bot.policy.spending_limits import list_limits
from cogs.components.custom_ids import TaskCustomId
from cogs.components.event_item import EventItem
from cogs.languages.catalogs import CATALOGS
from cogs.views.panels.server_controls import BLOCKED_MEMBERS, GUIDE, Action, Page, PanelState, ServerControl
from cogs.views.panels.server_forms import build_words_modal, build_zone_modal
from cogs.views.panels.server_limits import build_limits_modal, warn_of_used_up
from cogs.views.panels.server_panel import describe_change, render_server_panel
from cogs.views.panels.server_snapshot import ServerSnapshot
from tests.discord_payloads.forms import modal_refusals
from tests.discord_payloads.message import refusals
from tests.fakes.catalog import PseudoCatalog, find_untranslated

GUILD, FIRST_ID = 1_187_000_000_000_000_001, 1_187_000_000_000_001_000
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
IDS = range(FIRST_ID, FIRST_ID + 25)
EVERY_LIMIT = tuple(
    LimitSetting(period=period, kind=kind, tasks=None if amount else 1_000_000, amount=amount)
    for kind, period, amount in product((None, *CostKind), Period, (None, Decimal("99999999.123456")))
)
FULL = ServerRules(
    allowed_roles=frozenset(IDS),
    denied_roles=frozenset({*IDS[:24], GUILD}),
    role_limits={**dict.fromkeys(IDS, EVERY_LIMIT), FIRST_ID + 99: ()},
    member_limits=EVERY_LIMIT,
    server_limits=EVERY_LIMIT,
    allowed_channels=frozenset(IDS),
    private_answers=False,
    blocked_words=tuple(f"*wo`rd*<@1>{'x' * 40}{number}" for number in range(1000)),
    age_policy=AgePolicy.REFUSE,
    log_channel_id=FIRST_ID,
    gallery_channel_id=FIRST_ID + 1,
    log_prompts=True,
    time_zone="America/Argentina/ComodRivadavia",
    language="zh-TW",
    paused=True,
    guided=True,
)
RULES = {
    "none": Rules(),
    "all": Rules(server=FULL, grant=ServerGrant(server_limits=EVERY_LIMIT)),
    "from a newer version": Rules(
        operator=OperatorRules(paused=True),
        server=ServerRules(language="tlh", time_zone="Mars/Olympus", age_policy=AgePolicy.SPOILER),
    ),
}


def snapshot(rules: Rules, *, exists: bool = True, **changes: Any) -> ServerSnapshot:  # noqa: ANN401
    """Return what the panel knows; without `exists` all roles and channels were deleted."""
    known = {*IDS, FIRST_ID + 99, GUILD} if exists else {GUILD}
    limits = list_limits(rules, (), GUILD, NOW)
    given: dict[str, Any] = {
        "roles": known,
        "channels": known,
        "currency": "USD",
        "limits": limits,
        "spending": {limit.count: Spending(3, Decimal("1.25")) for limit in limits},
        "daily_limits": (50, 500),
        "blocks": [
            Block(guild_id=GUILD, person_id=one, until=NOW, reason="@everyone `x`" * 20, blocked_by=one) for one in IDS
        ],
    }
    return ServerSnapshot(guild_id=GUILD, rules=rules, at=NOW, **(given | changes))


def rendered(shown: ServerSnapshot, state: PanelState) -> tuple[discord.Embed, discord.ui.View, str]:
    """Render a state, and return its embed, its view, and all its texts."""
    embed, view = render_server_panel(shown, state)
    texts = [embed.title, embed.description, *(f"{field.name}\n{field.value}" for field in embed.fields)]
    return embed, view, "\n".join(map(str, texts))


STATES = [
    *(PanelState(page) for page in Page),
    *(PanelState(page, is_guide=True) for page in GUIDE),
    *(
        PanelState(page, subject, is_guide)
        for page in (Page.WHO, Page.MONEY)
        for subject in (BLOCKED_MEMBERS, EVERY_MEMBER, ALL_TOGETHER, str(FIRST_ID), str(FIRST_ID + 99), str(GUILD))
        for is_guide in (False, True)
    ),
]


@pytest.mark.parametrize("state", STATES, ids=str)
@pytest.mark.parametrize(
    "changes",
    [{}, {"exists": False}, {"currency": ""}, {"roles": None, "channels": None}, {"missing": {5: ["Send Messages"]}}],
    ids=str,
)
def test_discord_takes_every_page(state: PanelState, changes: dict[str, Any]) -> None:
    """Each custom_id is read back as what it was written from, and belongs to no other component of the bot."""
    for rules in RULES.values():
        embed, view, text = rendered(snapshot(rules, **changes), state)
        assert refusals({"embeds": [embed.to_dict()], "components": view.to_components()}) == []
        assert view.timeout is None
        for item in view.children:
            assert isinstance(item, EventItem)
            control = ServerControl.parse(item.custom_id)
            if control is None:
                assert item.custom_id == "mj:report:s:list:0:0"
                continue
            assert control.action is not Action.UNKNOWN
            assert control.custom_id == item.custom_id
            assert control.state == state
            assert TaskCustomId.parse(item.custom_id) is None
        assert "refund" not in text


@pytest.mark.parametrize("rules", RULES.values(), ids=list(RULES))
@pytest.mark.parametrize("currency", ["", "USD", "credits"])
def test_discord_takes_every_form(rules: Rules, currency: str) -> None:
    """Every kind of limit, for every subject; the longest list of words; any time zone."""
    control = ServerControl(PanelState(Page.WHO, str(FIRST_ID), is_guide=True), Action.EDIT_LIMITS, shown="0a1b2c")
    for kind in ("all", *CostKind):
        modal = build_limits_modal(rules.server, replace(control, value=kind), currency)
        assert modal_refusals(modal.to_dict()) == []
        assert len(modal.children) == (4 if currency else 2)
    for build in (build_words_modal, build_zone_modal):
        assert modal_refusals(build(rules.server, replace(control, action=Action.EDIT_WORDS)).to_dict()) == []


@pytest.mark.parametrize(
    ("rules", "page", "words"),
    [
        (ServerRules(), Page.WHO, ["Everyone", "No role", "Every member: no limits of this server"]),
        (ServerRules(), Page.WHERE, ["All channels", "Allowed: members may ask"]),
        (ServerRules(), Page.CONTENT, ["Blocked words: 0", "**Allowed.**"]),
        (ServerRules(), Page.LOG, ["Log channel\nNone", "Gallery channel\nNone", "Not shown"]),
        (ServerRules(), Page.LANGUAGE, ["Discord's: that of this server", "everyone here sees"]),
        (
            ServerRules(),
            Page.MONEY,
            ["no budget for this server alone", "50 jobs a day for each person", "`UTC`, now 12:00"],
        ),
        (ServerRules(time_zone="Asia/Ho_Chi_Minh"), Page.MONEY, ["`Asia/Ho_Chi_Minh`, now 19:00"]),
        (ServerRules(allowed_roles=frozenset({FIRST_ID})), Page.WHO, [f"May draw\n<@&{FIRST_ID}>"]),
        (
            ServerRules(allowed_roles=frozenset({5})),
            Page.WHO,
            ["deleted role `5`", "No one can draw here", "Remove deleted"],
        ),
        (ServerRules(denied_roles=frozenset({GUILD})), Page.WHO, ["May not draw\n@everyone", "@everyone may not"]),
        (ServerRules(allowed_channels=frozenset({5})), Page.WHERE, ["deleted channel `5`", "No one can draw here"]),
        (ServerRules(log_channel_id=5), Page.LOG, ["deleted channel `5`", "The log channel was deleted."]),
        (ServerRules(private_answers=False), Page.WHERE, ["Not allowed: everyone in the channel sees"]),
        (ServerRules(age_policy=AgePolicy.SPOILER), Page.CONTENT, ["**Spoilers.**"]),
        (ServerRules(blocked_words=("cat*", "`@everyone`")), Page.CONTENT, ["Blocked words: 2", "`cat*`"]),
        (ServerRules(paused=True), Page.LOG, ["⚠️ Drawing is paused in this server."]),
        (
            ServerRules(member_limits=(LimitSetting(period=Period.DAY, tasks=0),)),
            Page.WHO,
            ["Every member: 0 jobs a day (switched off)"],
        ),
        (ServerRules(time_zone="Mars/Olympus"), Page.MONEY, ["`Mars/Olympus`, now 12:00"]),
        (ServerRules(role_limits={FIRST_ID: ()}), Page.WHO, [f"<@&{FIRST_ID}>: no limits"]),
    ],
)
def test_a_page_says_what_holds(rules: ServerRules, page: Page, words: list[str]) -> None:
    """In words, with deleted roles and channels, and a warning where no one can draw."""
    _, view, text = rendered(snapshot(Rules(server=rules)), PanelState(page))
    labels = " ".join(str(getattr(getattr(item, "item", None), "label", "")) for item in view.children)
    for each in words:
        assert each in f"{text}\n{labels}"


@pytest.mark.parametrize("state", STATES, ids=str)
def test_every_text_of_a_page_is_translated(state: PanelState, monkeypatch: pytest.MonkeyPatch) -> None:
    """And Discord takes it where it is 40% longer than in English."""
    monkeypatch.setitem(CATALOGS, Language.ENGLISH, PseudoCatalog(0.4))
    kept = {"everyone", *(word for name in OWN_NAMES.values() for word in find_untranslated(name))}
    for rules, exists in product(RULES.values(), (True, False)):
        embed, view, _ = rendered(snapshot(rules, exists=exists, currency="" if exists else "USD"), state)
        assert refusals({"embeds": [embed.to_dict()], "components": view.to_components()}) == []
        texts = [embed.title, embed.description, *(one for field in embed.fields for one in (field.name, field.value))]
        for text in (*map(str, texts), *labels_of(view)):
            closed = text + "⟧" * (text.count("⟦") - text.count("⟧"))  # where it was cut
            assert not {*find_untranslated(closed)} - kept


def labels_of(view: discord.ui.View) -> list[str]:
    """Return the texts on the components of a panel, and in its menus."""
    parts: list[Any] = [part for row in view.to_components() for part in row["components"]]
    parts += [option for part in parts for option in part.get("options", [])]
    names = ("label", "placeholder", "description")
    return [part[name] for part in parts for name in names if part.get(name)]


@pytest.mark.parametrize("currency", ["", "USD"])
def test_every_text_of_a_form_is_translated(currency: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels that are too long are cut."""
    monkeypatch.setitem(CATALOGS, Language.ENGLISH, PseudoCatalog(0.2))
    control = ServerControl(PanelState(Page.WHO, EVERY_MEMBER), Action.EDIT_LIMITS)
    forms = [build_limits_modal(ServerRules(), replace(control, value=kind), currency) for kind in ("all", *CostKind)]
    forms += [build(ServerRules(), control) for build in (build_words_modal, build_zone_modal)]
    for form in forms:
        assert modal_refusals(form.to_dict()) == []
        texts = [form.title, *(f"{one.text} {one.description}" for one in form.children if isinstance(one, Label))]
        assert find_untranslated(" ".join(texts)) == []


def test_deleted_roles_are_not_preselected() -> None:
    """Discord would not know them; the others are."""
    rules = Rules(server=ServerRules(allowed_roles=frozenset({5, FIRST_ID})))
    _, view, _ = rendered(snapshot(rules), PanelState(Page.WHO))
    [menu] = [row["components"][0] for row in view.to_components() if ":allow:" in row["components"][0]["custom_id"]]
    assert [one["id"] for one in menu["default_values"]] == [FIRST_ID]
    assert (menu["min_values"], menu["max_values"]) == (0, 25)


def test_money_shows_the_budget_with_its_use() -> None:
    """The operator's limits of the server, then its own; without a price, no amount is shown anywhere."""
    limit = LimitSetting(period=Period.MONTH, amount=Decimal(50))
    own = LimitSetting(period=Period.DAY, tasks=30)
    operator = OperatorRules(person_limits=(LimitSetting(period=Period.DAY, tasks=9),))
    rules = Rules(
        operator=operator, grant=ServerGrant(server_limits=(limit,)), server=ServerRules(server_limits=(own,))
    )
    _, _, text = rendered(snapshot(rules), PanelState(Page.MONEY))
    assert "$50.00 a month. Used: $1.25, starts again <t:" in text
    assert "All members together: 30 jobs a day. Used: 3, starts again <t:" in text
    assert "Each person, everywhere: 9 jobs a day (UTC)." in text
    assert "PRICES" not in text
    _, _, text = rendered(snapshot(rules, currency=""), PanelState(Page.MONEY))
    assert "$" not in text
    assert "1.25" not in text
    assert "`PRICES`" in text


@pytest.mark.parametrize(
    ("settings", "text", "labels"),
    [
        (None, "As every member: 9 jobs a day", ["No limits for this role", "Back"]),
        ((), "No limits", ["Same as every member", "Back"]),
        (
            (LimitSetting(period=Period.DAY, tasks=1), LimitSetting(period=Period.DAY, kind=CostKind.VIDEO, tasks=2)),
            "1 job a day, 2 videos a day",
            ["No limits for this role", "Same as every member", "Back"],
        ),
    ],
)
def test_a_role_has_its_own_limits_or_none_or_those_of_all(
    settings: tuple[LimitSetting, ...] | None, text: str, labels: list[str]
) -> None:
    """Each of the three can be chosen from the other two."""
    members = (LimitSetting(period=Period.DAY, tasks=9),)
    own = {} if settings is None else {FIRST_ID: settings}
    rules = Rules(server=ServerRules(member_limits=members, role_limits=own))
    _, view, shown = rendered(snapshot(rules), PanelState(Page.WHO, str(FIRST_ID)))
    assert f"Limits\n{text}" in shown
    shown_labels = [part.get("label") for row in view.to_components() for part in row["components"]]
    assert [label for label in shown_labels if label][5:] == labels


def test_a_limit_of_0_says_that_it_switches_drawing_off() -> None:
    """As a warning on the page where it was set."""
    rules = Rules(server=ServerRules(server_limits=(LimitSetting(period=Period.DAY, kind=CostKind.VIDEO, tasks=0),)))
    _, _, text = rendered(snapshot(rules), PanelState(Page.MONEY, ALL_TOGETHER))
    assert "⚠️ Videos are switched off for **all members together**, because the limit is 0." in text


def test_limits_that_a_role_no_longer_has_are_named() -> None:
    members = (
        LimitSetting(period=Period.MONTH, amount=Decimal(20)),
        LimitSetting(period=Period.MONTH, kind=CostKind.VIDEO, tasks=4),
        LimitSetting(period=Period.DAY, tasks=3),
    )
    warning = "⚠️ For this role, these limits of every member no longer hold: $20.00 a month, 4 videos a month."
    own: dict[tuple[LimitSetting, ...], bool] = {
        (LimitSetting(period=Period.DAY, tasks=10),): True,
        (): False,
        members: False,
    }
    for limits, warns in own.items():
        rules = Rules(server=ServerRules(member_limits=members, role_limits={FIRST_ID: limits}))
        text = rendered(snapshot(rules), PanelState(Page.WHO, str(FIRST_ID)))[2]
        assert (warning in text) is warns
        assert "no longer hold" not in rendered(snapshot(rules), PanelState(Page.WHO, EVERY_MEMBER))[2]


@pytest.mark.parametrize(
    ("setting", "used", "text"),
    [
        (
            LimitSetting(period=Period.MONTH, amount=Decimal(2)),
            Spending(3, Decimal(2)),
            "⚠️ Already used up: nothing more this month.",
        ),
        (LimitSetting(period=Period.MONTH, amount=Decimal(2)), Spending(3, Decimal("1.99")), ""),
        (LimitSetting(period=Period.DAY, tasks=3), Spending(4, Decimal(0)), "⚠️ Already used up: nothing more today."),
        (
            LimitSetting(period=Period.DAY, kind=CostKind.VIDEO, tasks=3),
            Spending(3, Decimal(0)),
            "⚠️ **Videos**: already used up, nothing more today.",
        ),
        (LimitSetting(period=Period.DAY, tasks=0), Spending(4, Decimal(0)), ""),
    ],
)
def test_a_limit_that_leaves_nothing_is_named(setting: LimitSetting, used: Spending, text: str) -> None:
    """Of those that were saved; a limit of 0 has a warning of its own."""
    held = list_limits(Rules(server=ServerRules(server_limits=(setting,))), (), GUILD, NOW)
    spending = {one.count: used for one in held}
    assert warn_of_used_up(held, spending, level="server") == text
    assert not warn_of_used_up(held, spending, level="operator")


def test_a_replaced_change_is_named_with_its_author() -> None:
    """The last change wins, and says so."""
    mine = RuleChange(guild_id=1, person_id=2, made_at=NOW, what="time zone", before="UTC", after="Asia/Tokyo")
    other = replace(mine, person_id=3)
    assert describe_change(ChangedRules(rules=ServerRules())) == ""
    assert describe_change(ChangedRules(rules=ServerRules(), changes=[mine])) == "✅ Saved: time zone."
    stale = ChangedRules(rules=ServerRules(), changes=[mine], is_stale=True, replaced=other)
    assert "<@3> had changed this <t:" in describe_change(stale)
    assert "Your change replaced that." in describe_change(replace(stale, replaced=None))


@pytest.mark.usefixtures("pseudo_language")
def test_every_text_about_a_change_is_translated() -> None:
    """What was saved is named in the language of the manager."""
    mine = RuleChange(guild_id=1, person_id=2, made_at=NOW, what="limits of <@&4>", before="no limits", after="")
    changed = ChangedRules(rules=ServerRules(), changes=[mine], is_stale=True, replaced=replace(mine, person_id=3))
    for each in (changed, replace(changed, replaced=None)):
        assert find_untranslated(describe_change(each)) == []


@pytest.mark.parametrize(
    "custom_id", ["mj:server:p:owl:-:allow:-:-", "mj:server:p:who:-:owl:-:-", "mj:server:g:who:12:owl:xy:0a1b2c"]
)
def test_what_only_a_newer_version_knows_is_unknown(custom_id: str) -> None:
    """Its panels may outlive it."""
    control = ServerControl.parse(custom_id)
    assert control is not None
    assert control.action is Action.UNKNOWN


@pytest.mark.parametrize(
    "custom_id", ["", "mj:server", "mj:server:x:who:-:allow:-:-", "mj:e:remix:on", "mj:u:17:0123456789"]
)
def test_other_custom_ids_are_not_the_panels(custom_id: str) -> None:
    """They are left to their own components."""
    assert ServerControl.parse(custom_id) is None


def test_the_operators_limit_is_no_limit_of_the_server() -> None:
    """Only limits of all members together are on the page about money."""
    rules = Rules(operator=OperatorRules(total_limits=(LimitSetting(period=Period.DAY, tasks=7),)))
    assert [limit.count.scope for limit in snapshot(rules).limits] == [CountScope.EVERYONE]
    _, _, text = rendered(snapshot(rules), PanelState(Page.MONEY))
    assert "7 jobs" not in text
