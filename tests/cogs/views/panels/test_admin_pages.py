"""The operator's panel stays within Discord's limits, whatever names, numbers and prices there are."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import discord
import pytest
from discord import ui

from bot.entities import (
    Block,
    CostKind,
    LedgerTotal,
    LimitSetting,
    OperatorRules,
    Period,
    ServerAccess,
    ServerGrant,
)
from bot.errors import GuildRefusal
from bot.policy.prices import Price
from cogs.languages import Language
from cogs.languages.catalogs import CATALOGS
from cogs.text import limits
from cogs.views.panels.admin_controls import AdminAction, AdminControl, build_person_modal, build_prices_modal
from cogs.views.panels.admin_pages import (
    SERVERS_PER_PAGE,
    AdminContext,
    ServerLine,
    render_everything,
    render_limits_page,
    render_money,
    render_prices,
    render_server,
    render_servers,
)
from tests.discord_payloads.forms import modal_refusals
from tests.fakes.catalog import PseudoCatalog, find_untranslated_labels, find_untranslated_parts

MANY = tuple(
    LimitSetting(period=period, kind=kind, **unit)
    for period in Period
    for kind in (None, *CostKind)
    for unit in ({"tasks": 1_000_000}, {"amount": Decimal("99999999.999999")})
)
LARGEST = 2**63 - 1
CONTEXT = AdminContext(
    operator=OperatorRules(
        person_limits=MANY,
        total_limits=MANY,
        prices="imagine=0.1, " * 100,
        log_channel_id=LARGEST,
        alarms_by_dm=True,
        paused=True,
    ),
    currency="USD",
    has_allowed_guilds=True,
    daily_submits_per_person=10**9,
    daily_submits=10**9,
)
USED = LedgerTotal(key="1", tasks=10**9, amount=Decimal("99999999.999999"), unconfirmed=Decimal(1), currency="USD")
PRICES = {f"mj_{'x' * 60}_{number}": Price(Decimal("99999999.999999"), "USD", "log") for number in range(300)}
BLOCKS = [Block(guild_id=0, person_id=LARGEST, until=datetime(9999, 1, 1, tzinfo=UTC)) for _ in range(500)]


def line(number: int, name: str, refusal: GuildRefusal | None = "not managed") -> ServerLine:
    grant = ServerGrant(access=ServerAccess.ALLOWED, server_limits=MANY)
    return ServerLine(guild_id=LARGEST - number, name=name, refusal=refusal, grant=grant, used=USED, is_joined=False)


LINES = [line(number, "@everyone [x](https://a.example) **" + "宽" * 200) for number in range(SERVERS_PER_PAGE)]


@pytest.mark.parametrize(
    ("embed", "view"),
    [
        render_servers(CONTEXT, LINES, 3, 99),
        render_servers(CONTEXT, [], 0, 1),
        render_server(CONTEXT, LINES[0]),
        render_limits_page(CONTEXT),
        render_prices(CONTEXT, PRICES, is_fixed=False),
        render_prices(CONTEXT, {}, is_fixed=True),
        render_money(CONTEXT, ("is unknown.", "x" * 300), Decimal(5), in_server=True),
        render_money(CONTEXT, ("isn't read yet.", ""), None, in_server=False),
        render_everything(CONTEXT, BLOCKS),
    ],
)
def test_every_page_fits(embed: discord.Embed, view: ui.View) -> None:
    """Embed, fields, rows and custom_ids, of which Discord takes each once; each leads back to its control."""
    assert len(embed) <= 6000
    assert 0 < limits.length(embed.description or "") <= limits.EMBED_DESCRIPTION
    assert limits.length(embed.title or "") <= limits.EMBED_TITLE
    assert all(0 < limits.length(field.value or "") <= limits.FIELD_VALUE for field in embed.fields)
    rows: list[dict[str, Any]] = view.to_components()
    assert len(rows) <= 5
    parts = [part for row in rows for part in row["components"]]
    assert all(len(row["components"]) <= limits.BUTTONS_PER_ROW for row in rows)
    ids = [part["custom_id"] for part in parts]
    assert len(set(ids)) == len(ids)
    assert all(len(one) <= limits.CUSTOM_ID for one in ids)
    controls = [AdminControl.parse(one) for one in ids if one != "mj:report:o:list:0:0"]
    assert all(one is not None and one.action is not AdminAction.UNKNOWN for one in controls)


@pytest.mark.parametrize(
    ("grant", "refusal", "state"),
    [
        ({}, None, "may draw"),
        ({"access": "allowed"}, None, "may draw, allowed by you"),
        ({"access": "denied"}, None, "denied by you"),
        ({"access": "denied"}, "not listed", "denied by you"),
        ({"access": "allowed"}, "not listed", "may not draw: not in ALLOWED_GUILDS 🔒"),
        ({}, "not managed", "may not draw: you don't manage it, and haven't allowed it here"),
    ],
)
def test_a_server_says_whether_it_may_draw(grant: dict[str, Any], refusal: GuildRefusal | None, state: str) -> None:
    shown = ServerLine(guild_id=1, name="", refusal=refusal, grant=ServerGrant(**grant))
    assert (shown.state, shown.title) == (state, "Server 1")


@pytest.mark.parametrize(
    ("custom_id", "expected"),
    [
        ("mj:admin:list:b12", AdminControl(AdminAction.LIST_SERVERS, "b12")),
        ("mj:admin:later:9", AdminControl(AdminAction.UNKNOWN, "9")),
        ("mj:admin:page:" + "x" * 30, None),
        ("mj:server:p:who", None),
    ],
)
def test_a_custom_id_is_read(custom_id: str, expected: AdminControl | None) -> None:
    found = AdminControl.parse(custom_id)
    assert found == expected
    if found:
        assert found.page_number in {0, 9, 12}


def test_values_of_the_environment_are_marked() -> None:
    """They are upper bounds, and not changed in the panel."""
    context = AdminContext(operator=OperatorRules(), currency="", daily_submits_per_person=30, daily_submits=1500)
    embed, _ = render_limits_page(context)
    assert [field.value for field in embed.fields] == [
        "🔒 30 jobs a day (`DAILY_SUBMITS_PER_PERSON`)\nSet here: no limits",
        "🔒 1,500 jobs a day (`DAILY_SUBMITS`)\nSet here: no limits",
    ]
    money, _ = render_money(context, ("isn't read yet.", ""), Decimal(5), in_server=True)
    assert (
        money.fields[0].value
        == "🔒 at 5.00, set in the environment (`BALANCE_ALARM`). Alarms go to the bot's log only."
    )
    prices, view = render_prices(context, {"mj_imagine": Price(Decimal("0.1"), "USD", "settings")}, is_fixed=True)
    assert prices.description == "All from PRICES 🔒:\n`imagine` about $0.10"
    buttons = [part for row in view.to_components() for part in row["components"]]
    assert [part["disabled"] for part in buttons if part["label"] == "Set prices"] == [True]


@pytest.mark.parametrize(
    ("alarm_at", "changes", "text"),
    [
        (None, {}, "🔒 off. Set in the environment below which balance to warn, for example `BALANCE_ALARM=5`."),
        (Decimal(5), {"log_channel_id": 7}, "Alarms go to <#7>."),
        (Decimal(5), {"alarms_by_dm": True}, "Alarms go by direct message to you."),
        (
            Decimal(5),
            {"log_channel_id": 7, "alarms_by_dm": True},
            "Alarms go to <#7>, or by direct message to you where that fails.",
        ),
    ],
)
def test_the_alarm_says_how_it_is_set_and_where_it_goes(
    alarm_at: Decimal | None, changes: dict[str, Any], text: str
) -> None:
    context = AdminContext(operator=OperatorRules(**changes), currency="USD")
    money, _ = render_money(context, ("isn't read yet.", ""), alarm_at, in_server=True)
    assert str(money.fields[0].value).endswith(text)


def test_prices_have_the_names_of_the_form() -> None:
    """A button that opens a form costs nothing itself; different sources are named at each price."""
    listed = {
        "mj_custom_zoom": Price(Decimal(0), "USD", "relay"),
        "mj_edits": Price(Decimal("0.2"), "USD", "relay"),
        "mj_turbo_high_variation": Price(Decimal("0.3"), "USD", "relay"),
    }
    context = AdminContext(operator=OperatorRules(), currency="USD")
    same, _ = render_prices(context, listed, is_fixed=False)
    assert str(same.description).splitlines() == [
        "All from the relay's price list:",
        "`mj_custom_zoom` free until the form is sent",
        "`edit` about $0.20",
        "`turbo_high_variation` about $0.30",
    ]
    mixed, _ = render_prices(context, {**listed, "mj_video": Price(Decimal(1), "USD", "log")}, is_fixed=False)
    assert "`video` $1.00, from the relay's log" in str(mixed.description)
    assert "`edit` about $0.20, from the relay's price list" in str(mixed.description)


def make_pages() -> list[tuple[discord.Embed, ui.View]]:
    """Render each page in two states that have all of its texts."""
    plain = AdminContext(operator=OperatorRules(alarms_by_dm=True), currency="", daily_submits=1)
    known = {"mj_imagine": Price(Decimal("0.1"), "USD", "log"), "mj_custom_zoom": Price(Decimal(0), "USD", "relay")}
    states = [line(number, "", refusal) for number, refusal in enumerate(get_args(GuildRefusal))]
    states += [ServerLine(guild_id=1, name="", refusal=None, grant=ServerGrant(access=one)) for one in ServerAccess]
    return [
        render_servers(CONTEXT, states, 1, 3),
        render_servers(plain, [], 0, 1),
        *(render_server(CONTEXT, state) for state in states),
        render_limits_page(CONTEXT),
        render_limits_page(plain),
        render_prices(CONTEXT, known, is_fixed=False),
        render_prices(CONTEXT, {"mj_imagine": Price(Decimal(1), "USD", "settings")}, is_fixed=False),
        render_prices(plain, {}, is_fixed=True),
        render_money(CONTEXT, ("",), Decimal(5), in_server=True),
        render_money(plain, ("",), Decimal(5), in_server=False),
        render_money(AdminContext(operator=OperatorRules(), currency=""), ("",), None, in_server=False),
        render_everything(CONTEXT, [*BLOCKS, Block(guild_id=0, person_id=-1)]),
        render_everything(plain, [Block(guild_id=0, person_id=5)]),
    ]


def test_every_text_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """And fits where it is 40% longer than in English; settings and what they hold stay."""
    monkeypatch.setitem(CATALOGS, Language.ENGLISH, PseudoCatalog(0.4))
    for page in make_pages():
        test_every_page_fits(*page)
        assert {*find_untranslated_parts(*page)} <= {"ALLOWED", "GUILDS", "imagine"}
    forms = [build_person_modal(AdminControl(action)) for action in (AdminAction.BLOCK, AdminAction.UNBLOCK)]
    for form in (*forms, build_prices_modal("", "imagine=0.1")):
        assert modal_refusals(form.to_dict()) == []
        assert find_untranslated_labels(form) == []
