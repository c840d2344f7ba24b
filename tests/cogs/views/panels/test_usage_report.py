"""The usage panel: every page is drawn within Discord's limits, whatever the ledger holds."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import discord
import pytest

from bot.entities import (
    CostKind,
    CountScope,
    LedgerEntry,
    LedgerGroup,
    LedgerOutcome,
    LimitSetting,
    Period,
    Spending,
    SpendingCount,
    Usage,
)
from bot.features.limits_overview import LimitsOverview
from bot.features.usage_report import OwnUsage, Spent, UsageLine, UsageRange, UsageReport, add_lines
from bot.money import PriceSetting
from bot.policy.prices import PriceList
from bot.policy.rules import SpendingPolicy
from bot.policy.spending_limits import SpendingLimit
from cogs.components.custom_ids import TaskCustomId
from cogs.languages import Language, use_language
from cogs.languages.catalogs import CATALOGS
from cogs.text import limits
from cogs.views.panels.usage_report import (
    CHART_NAME,
    MAX_LINES,
    UsageButton,
    UsageChoice,
    UsagePage,
    describe_chart,
    list_bars,
    list_limits,
    render_own_usage,
    render_report,
)
from tests.discord_payloads.message import refusals
from tests.fakes.catalog import PseudoCatalog, find_untranslated, find_untranslated_parts

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LONG = "\u0e01\u0e33`*_[x](https://a.example)@everyone " * 40
POLICY = SpendingPolicy(
    allowed_guilds=(),
    allowed_users=(),
    application_owners=(),
    press_policy="anyone",
    cooldown=timedelta(0),
    daily_submits_per_person=30,
    daily_submits=500,
)
ENTRY = LedgerEntry(
    claim_id=1,
    made_at=AT,
    person_id=1,
    guild_id=2,
    channel_id=3,
    action="IMAGINE",
    model="mj_imagine",
    speed="",
    currency="USD",
    tasks=1,
    expected=Decimal("0.1"),
    confirmed=None,
    request_id="",
    outcome=LedgerOutcome.DONE,
    task_id="9",
    link="https://discord.com/channels/1187000000000000001/1187000000000000002/1187000000000000003",
)
USAGE = Usage(person_submits_today=3, all_submits_today=10, last_claim_at=None, at=AT)


def body(embed: discord.Embed, view: discord.ui.View) -> dict[str, Any]:
    return {"embeds": [embed.to_dict()], "components": view.to_components()}


def check(embed: discord.Embed, view: discord.ui.View) -> str:
    """Return the text of a message that Discord takes, with each button's custom_id once."""
    assert refusals(body(embed, view), files=[CHART_NAME]) == []
    ids = [one.custom_id for one in view.children if isinstance(one, UsageButton)]
    assert len(ids) == len(set(ids)) == len(view.children)
    assert all(TaskCustomId.parse(one) is None for one in ids)
    return "\n".join([embed.description or "", *(str(field.value) for field in embed.fields)])


def limit(**changes: Any) -> SpendingLimit:  # noqa: ANN401
    """Make a limit of five tasks a month, or what `changes` say."""
    scope = changes.pop("scope", CountScope.MEMBER)
    given = {"period": Period.MONTH, **({} if "amount" in changes else {"tasks": 5}), **changes}
    setting = LimitSetting(**given)
    count = SpendingCount(scope, AT - timedelta(days=3), setting.kind)
    return SpendingLimit(setting=setting, level="server", count=count, resets_at=AT + timedelta(days=3))


def own(
    *,
    used: dict[SpendingCount, Spending] | None = None,
    limits_: tuple[SpendingLimit, ...] = (),
    **changes: Any,  # noqa: ANN401
) -> OwnUsage:
    """Make a person's usage."""
    overview = LimitsOverview(refusal=None, usage=replace(USAGE, spending=used or {}), limits=limits_)
    given = {"today": UsageLine(tasks=1), "month": UsageLine(tasks=2), "recent": [ENTRY] * 10}
    return OwnUsage(overview=overview, **{**given, **changes})


def priced(currency: str = "USD") -> SpendingPolicy:
    """Make a policy whose prices are known."""
    prices = PriceList()
    prices.set_configured(PriceSetting(prices={"mj_imagine": Decimal(1)}, currency=currency))
    return replace(POLICY, prices=prices)


def make_reports() -> Iterator[UsageReport]:
    """Make reports of any size."""
    numbers = random.Random(7)  # noqa: S311 - figures, no secrets
    for count, group, which, currency in product(
        (0, 1, 15, 16, 400), LedgerGroup, (UsageRange.WEEK,), ("", "USD", LONG)
    ):
        days = [str((AT - timedelta(days=ago)).date()) for ago in range(min(count, 31))]
        keys = days if group is LedgerGroup.DAY else [str(10**18 + number) for number in range(count)]
        if group is LedgerGroup.ACTION:
            keys = [LONG, "", *keys[2:]][: len(keys)]
        lines = []
        for key in keys:
            amount = Decimal(numbers.choice(["0", "0.000001", "0.1", "12.5", "999999999999999"]))
            spent = {currency: Spent(amount, amount / 2)} if currency else {}
            lines.append(UsageLine(key=key, tasks=numbers.randrange(10**6), spent=spent))
        yield UsageReport(
            guild_id=1, which=which, group=group, zone="America/Argentina/ComodRivadavia", lines=lines,
            total=add_lines(lines), currency=currency,
        )  # fmt: skip


REPORTS = list(make_reports())


@pytest.mark.parametrize("has_chart", [True, False])
def test_every_report_is_a_valid_message(*, has_chart: bool) -> None:
    """For each page, with and without its chart; the picture is described."""
    for report in REPORTS:
        for page in (UsagePage.SERVER, UsagePage.ALL):
            choice = UsageChoice(page, report.which, report.group)
            embed, view = render_report(
                report, choice, list(UsagePage), name_server=lambda _: LONG, has_chart=has_chart
            )
            text = check(embed, view)
            assert ("attachment://" in (embed.image.url or "")) is has_chart
            if not report.currency:
                assert "$" not in text
        alt = describe_chart(report)
        assert 0 < limits.length(alt) <= limits.ALT_TEXT


def test_only_a_chart_with_unconfirmed_amounts_explains_its_stripes() -> None:
    for report in REPORTS:
        choice = UsageChoice(UsagePage.ALL, report.which, report.group)
        embed, _ = render_report(report, choice, list(UsagePage), name_server=lambda _: LONG, has_chart=True)
        is_partly = report.total.get_spent(report.currency).unconfirmed > 0
        assert ("striped" in str(embed.description)) is is_partly
        sure = replace(report, total=replace(report.total, spent={report.currency: Spent(Decimal(1))}))
        embed, _ = render_report(sure, choice, list(UsagePage), name_server=lambda _: LONG, has_chart=True)
        assert "striped" not in str(embed.description)


def test_bars_are_numbered_as_the_lines_are() -> None:
    """By day they have the day of the month; no chart has more numbers than names."""
    for report in REPORTS:
        bars = list_bars(report)
        assert all(re.fullmatch(r"[1-9]\d?", bar.label) for bar in bars)
        if report.group is LedgerGroup.DAY:
            assert [int(bar.label) for bar in bars] == [int(line.key[-2:]) for line in report.lines]
        else:
            assert [bar.label for bar in bars] == [str(n) for n in range(1, min(len(report.lines), MAX_LINES) + 1)]
        assert all(bar.confirmed >= 0 and bar.unconfirmed >= 0 for bar in bars)


def test_a_report_names_the_rest() -> None:
    lines = [UsageLine(key=str(number), tasks=1, spent={"USD": Spent(Decimal(1))}) for number in range(1, 19)]
    report = UsageReport(
        guild_id=1, which=UsageRange.WEEK, group=LedgerGroup.PERSON, zone="UTC", lines=lines, total=add_lines(lines),
        currency="USD",
    )  # fmt: skip
    choice = UsageChoice(UsagePage.SERVER, UsageRange.WEEK)
    embed, view = render_report(report, choice, [UsagePage.SERVER], name_server=str, has_chart=True)
    text = check(embed, view)
    assert "**7 days**, by person. Days begin at midnight, UTC." in text
    assert "**Total**: 18 jobs · $18.00\n" in text
    assert "`15` <@15> · 1 job · $1.00\nand 3 more · 3 jobs · $3.00" in text
    assert describe_chart(report).startswith("Bar chart of amounts in USD by person, 7 days. 1: 1, 2: 1, ")


def test_names_of_servers_are_escaped() -> None:
    """They are foreign."""
    lines = [UsageLine(key="7", tasks=1), UsageLine(key="0", tasks=1), UsageLine(key="8", tasks=1)]
    report = UsageReport(
        guild_id=None, which=UsageRange.MONTH, group=LedgerGroup.SERVER, zone="UTC", lines=lines,
        total=add_lines(lines), currency="",
    )  # fmt: skip
    choice = UsageChoice(UsagePage.ALL, group=LedgerGroup.SERVER)
    names = {7: "[Art](https://evil.example) @everyone"}
    embed, _ = render_report(
        report, choice, [UsagePage.ALL], name_server=lambda one: names.get(one, ""), has_chart=True
    )
    text = embed.description or ""
    assert r"\[Art\](https\://evil.example) \@everyone" in text
    assert "Direct messages" in text
    assert "`8`" in text


LIMITS = (
    limit(),
    limit(scope=CountScope.SERVER, kind=CostKind.VIDEO),
    limit(scope=CountScope.PERSON, kind=CostKind.SEVERAL, period=Period.DAY),
    limit(scope=CountScope.EVERYONE, amount=Decimal(20)),
    limit(amount=Decimal("2.5"), kind=CostKind.HD),
    limit(tasks=0, kind=CostKind.TURBO),
)


def test_what_is_left_is_listed_for_every_limit() -> None:
    used = {LIMITS[0].count: Spending(2), LIMITS[3].count: Spending(9, Decimal("4.25"))}
    embed, view = render_own_usage(own(used=used, limits_=LIMITS), priced(), "", [UsagePage.MINE])
    check(embed, view)
    left = [re.sub(r"<t:\d+:R>", "T", line) for line in str(embed.fields[2].value).splitlines()]
    assert left == [
        "**27** of 30 jobs today (you, everywhere), resets T",
        "**490** of 500 jobs today (everyone together), resets T",
        "**3** of 5 jobs this month (you, in this server), resets T",
        "**5** of 5 videos this month (this server's members together), resets T",
        "**5** of 5 jobs at once today (you, everywhere), resets T",
        "**$15.75** of $20.00 this month (everyone together), resets T",
        "**$2.50** of $2.50 this month for HD jobs (you, in this server), resets T",
        "⛔ **0** of 0 turbo jobs this month (you, in this server), resets T",
    ]


def test_without_a_known_price_no_amount_is_shown() -> None:
    recent = [replace(ENTRY, expected=None, currency="")]
    embed, view = render_own_usage(own(limits_=LIMITS, recent=recent), POLICY, "", [UsagePage.MINE])
    text = check(embed, view)
    assert "$" not in text
    assert str(embed.fields[2].value).count("\n") + 1 == 2 + sum(not one.is_amount for one in LIMITS)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "Imagine · about $0.10 · done · [message](https://discord.com/channels/"),
        ({"confirmed": Decimal("0.08")}, "Imagine · $0.08 · done"),
        ({"is_private": True}, "Imagine · about $0.10 · done · private"),
        ({"is_private": True, "link": ""}, "Imagine · about $0.10 · done · private"),
        ({"outcome": LedgerOutcome.REFUSED, "link": ""}, "Imagine · about $0.10 · refused, not charged"),
        ({"outcome": LedgerOutcome.CREDITED}, "Imagine · about $0.10 · failed, credited"),
        ({"outcome": LedgerOutcome.UNKNOWN}, "Imagine · about $0.10 · answer lost"),
        ({"tasks": 4}, "Imagine x4 · about $0.10"),
        ({"action": ""}, "Other · about $0.10"),
        ({"action": "SWAP_FACE"}, "Swap face · about $0.10"),
        ({"expected": None}, "Imagine · done"),
    ],
)
def test_a_request_is_one_line(changes: dict[str, Any], line: str) -> None:
    embed, view = render_own_usage(own(recent=[replace(ENTRY, **changes)]), POLICY, "", [UsagePage.MINE])
    text = check(embed, view)
    assert line in text
    assert "refunded" not in text
    assert changes.get("is_private") is not True or "discord.com" not in text


def test_own_usage_is_a_valid_message_at_its_longest() -> None:
    """A long refusal, ten foreign entries and many limits."""
    entry = replace(ENTRY, action=LONG, currency=LONG, expected=Decimal("999999999.999999"))
    line = UsageLine(tasks=10**9, spent={LONG + str(n): Spent(Decimal(n), Decimal("0.5")) for n in range(9)})
    usage = own(limits_=LIMITS * 20, recent=[entry] * 10, today=line, month=line)
    for pages in ([UsagePage.MINE], list(UsagePage)):
        check(*render_own_usage(usage, priced(LONG), LONG[:1500], pages))
    embed, view = render_own_usage(own(recent=[]), POLICY, "", [UsagePage.MINE])
    assert "You haven't asked for anything that costs yet." in check(embed, view)


def test_a_refusal_comes_first() -> None:
    embed, _ = render_own_usage(own(), POLICY, "Drawing is paused in this server.", [UsagePage.MINE])
    assert (embed.description or "").startswith("**You can't draw here now.** Drawing is paused in this server.")


@pytest.mark.parametrize("row", ["page", "range", "group", "file"])
def test_a_button_holds_its_page(row: str) -> None:
    for page, which, group in product(UsagePage, UsageRange, LedgerGroup):
        choice = UsageChoice(page, which, group, is_file=row == "file")
        custom_id = choice.get_custom_id(row)
        assert len(custom_id) <= limits.CUSTOM_ID
        match = UsageButton.__discord_ui_compiled_template__.fullmatch(custom_id)
        assert match is not None
        assert UsageChoice.parse(match) == choice


@pytest.mark.parametrize(
    "custom_id",
    ["mj:usage:page:forecast:month:person", "mj:usage:page:mine:year:person", "mj:usage:file:all:month:weekday"],
)
def test_a_button_of_another_version_is_none(custom_id: str) -> None:
    match = UsageButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    assert match is not None
    assert UsageChoice.parse(match) is None


def test_every_text_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """And fits where it is 40% longer; the words of the API, currencies, zones and file types stay."""
    monkeypatch.setitem(CATALOGS, Language.ENGLISH, PseudoCatalog(0.4))
    kept = {"Imagine", "credits"}
    recent = [replace(ENTRY, outcome=outcome, currency="credits") for outcome in LedgerOutcome]
    recent += [replace(ENTRY, is_private=True, tasks=3)]
    spent = {"credits": Spent(Decimal(2), Decimal(1))}
    usage = own(limits_=LIMITS, recent=recent, month=UsageLine(tasks=1, spent=spent))
    for shown in (usage, own(recent=[])):
        page = render_own_usage(shown, priced(), "⟦Blocked.⟧", list(UsagePage))
        check(*page)
        assert not {*find_untranslated_parts(*page)} - kept
    others = list_limits(usage.overview, priced(), is_other=True)
    assert find_untranslated("\n".join(others)) == []
    for report, has_chart in product(REPORTS, (True, False)):
        known = replace(report, zone="UTC", currency=report.currency[:3])
        choice = UsageChoice(UsagePage.ALL, report.which, report.group)
        page = render_report(known, choice, list(UsagePage), name_server=lambda _: "", has_chart=has_chart)
        if LONG not in report.currency and report.group is not LedgerGroup.ACTION:
            assert not {*find_untranslated_parts(*page)} - kept
            assert find_untranslated(describe_chart(known)) == []


def test_limits_are_written_as_a_language_does() -> None:
    """In Vietnamese an amount has its sign behind it, and a comma."""
    with use_language(Language.VIETNAMESE):
        assert "15,75\N{NO-BREAK SPACE}$" in "\n".join(
            list_limits(own(used={LIMITS[3].count: Spending(9, Decimal("4.25"))}, limits_=LIMITS).overview, priced())
        )
