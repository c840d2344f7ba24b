"""The ledger: entries, sums, confirmations and outcomes, on every kind of store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.entities import (
    FORM_BUTTON,
    Claim,
    ClaimState,
    Cost,
    CostKind,
    CountScope,
    LedgerEntry,
    LedgerFilter,
    LedgerGroup,
    LedgerOutcome,
    SpendingCount,
    SpendingPlan,
)
from bot.midjourney.task import Status, Task
from bot.store.sql_store import SqlStore
from tests.fakes.sample_rows import NOON, a_claim, a_job, allow, later, write_accepted_claim
from tests.fakes.store import FakeStore
from tests.metric_changes import Counted

_DIME = Decimal("0.1")
_CHEAP = Cost(action="IMAGINE", model="mj_imagine", expected=_DIME, currency="USD", channel_id=31)
_VIDEO = replace(_CHEAP, action="VIDEO", model="mj_video", expected=Decimal("0.8"))
_CHANNEL_LOST = "获取渠道信息失败, 请联系管理员, 渠道ID: 3"
_ALL = LedgerFilter()


async def write(store: SqlStore | FakeStore, *claims: Claim, state: ClaimState = ClaimState.ACCEPTED) -> None:
    for claim in claims:
        await store.create_claim(claim, allow)
        await store.settle_claim(claim.id, state, f"c{claim.id}" if state is ClaimState.ACCEPTED else "")


async def find(store: SqlStore | FakeStore, claim_id: int) -> LedgerEntry:
    entries = await store.ledger.list_entries(_ALL, limit=100)
    return next(entry for entry in entries if entry.claim_id == claim_id)


async def test_entry_tells_what_a_claim_cost(store: SqlStore | FakeStore) -> None:
    """With the link to its message, and without anything that was typed."""
    await write(store, a_claim(1, cost=replace(_CHEAP, speed="turbo"), submits=2))
    await store.open_job(a_job(100, "c1", claim_id=1))
    entry = await find(store, 1)
    assert entry == LedgerEntry(
        claim_id=1,
        made_at=later(1),
        person_id=7,
        guild_id=30,
        channel_id=31,
        action="IMAGINE",
        model="mj_imagine",
        speed="turbo",
        currency="USD",
        tasks=2,
        expected=_DIME,
        confirmed=None,
        request_id="",
        outcome=LedgerOutcome.RUNNING,
        task_id="c1",
        link="https://discord.com/channels/30/20/100",
    )


@pytest.mark.parametrize(
    ("is_private", "ephemeral", "is_linked"),
    [(False, False, True), (True, False, False), (False, True, False)],
    ids=["public", "private request", "private message"],
)
async def test_only_public_messages_are_linked(
    store: SqlStore | FakeStore, *, is_private: bool, ephemeral: bool, is_linked: bool
) -> None:
    """The claim of a form is linked to the message whose task it continues."""
    cost = replace(_CHEAP, is_private=is_private)
    await write_accepted_claim(store, a_claim(1, cost=cost), "c1")
    await write_accepted_claim(store, a_claim(2, FORM_BUTTON, task_id="c1", cost=cost), "c1")
    await store.open_job(a_job(100, "c1", claim_id=1, ephemeral=ephemeral))
    await store.open_job(a_job(-5, "c9", claim_id=1))
    assert [bool((await find(store, claim_id)).link) for claim_id in (1, 2)] == [is_linked] * 2


async def test_entries_are_listed_newest_first(store: SqlStore | FakeStore) -> None:
    """By server, person and time, in pages."""
    await write(store, a_claim(1, "a"), a_claim(2, "b", guild_id=0), a_claim(3, "c", person_id=8), a_claim(4, "d"))

    async def ids(wanted: LedgerFilter, limit: int = 9, skip: int = 0) -> list[int]:
        return [one.claim_id for one in await store.ledger.list_entries(wanted, limit=limit, skip=skip)]

    assert await ids(_ALL) == [4, 3, 2, 1]
    assert await ids(_ALL, limit=2, skip=1) == [3, 2]
    assert await ids(LedgerFilter(guild_id=0)) == [2]
    assert await ids(LedgerFilter(guild_id=30, person_id=7)) == [4, 1]
    assert await ids(LedgerFilter(since=later(2), before=later(4))) == [3, 2]


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (ClaimState.ACCEPTED, LedgerOutcome.RUNNING),
        (ClaimState.REFUSED, LedgerOutcome.REFUSED),
        (ClaimState.UNKNOWN, LedgerOutcome.UNKNOWN),
    ],
)
async def test_outcome_before_the_task_ends_is_the_claims(
    store: SqlStore | FakeStore, state: ClaimState, outcome: LedgerOutcome
) -> None:
    await write(store, a_claim(1, cost=_CHEAP), state=state)
    assert (await find(store, 1)).outcome is outcome


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (Status.SUCCESS, "", LedgerOutcome.DONE),
        (Status.FAILURE, "Banned prompt", LedgerOutcome.CREDITED),
        (Status.FAILURE, "", LedgerOutcome.CREDITED),
        (Status.FAILURE, "上游任务超时", LedgerOutcome.CREDITED),
        (Status.FAILURE, _CHANNEL_LOST, LedgerOutcome.FAILED),
        (Status.CANCEL, "", LedgerOutcome.FAILED),
        (Status.CANCEL, "cancelled by the operator", LedgerOutcome.CREDITED),
        (Status.IN_PROGRESS, "", LedgerOutcome.RUNNING),
    ],
)
@pytest.mark.parametrize("is_settled_first", [True, False], ids=["settled before", "settled after"])
async def test_end_of_a_task_is_written_to_its_claims(
    store: SqlStore | FakeStore, status: Status, reason: str, outcome: LedgerOutcome, *, is_settled_first: bool
) -> None:
    """With its snapshot; a claim that is settled later gets it when it is repaired."""
    task = Task(id="c1", status=status, fail_reason=reason)
    await store.create_claim(a_claim(1, cost=_CHEAP), allow)
    if is_settled_first:
        await store.settle_claim(1, ClaimState.ACCEPTED, "c1")
        await store.save_snapshot(task)
    else:
        await store.save_snapshot(task)
        await store.settle_claim(1, ClaimState.ACCEPTED, "c1")
        assert await store.ledger.repair_outcomes(10) == int(status.is_final)
    assert (await find(store, 1)).outcome is outcome
    assert await store.ledger.repair_outcomes(10) == 0


async def test_press_that_led_to_an_existing_task_is_not_credited(store: SqlStore | FakeStore) -> None:
    """new-api bills it once more, as code 21, and credits only the row that it polls; a form's claim is another row."""
    await write_accepted_claim(store, a_claim(1, "U1", cost=_CHEAP), "c1")
    await write_accepted_claim(store, a_claim(2, FORM_BUTTON, cost=_CHEAP), "c1")
    await write_accepted_claim(store, a_claim(9, "U1", cost=_CHEAP), "c1")
    await store.save_snapshot(Task(id="c1", status=Status.FAILURE))
    outcomes = [(await find(store, claim_id)).outcome for claim_id in (1, 2, 9)]
    assert outcomes == [LedgerOutcome.CREDITED, LedgerOutcome.CREDITED, LedgerOutcome.FAILED]
    await store.ledger.save_outcomes(["c1"], LedgerOutcome.DONE)
    assert (await find(store, 1)).outcome is LedgerOutcome.CREDITED


async def test_failed_task_of_several_credits_none_of_the_others(store: SqlStore | FakeStore) -> None:
    """The claim names only the first task; a press of a single one, and of one with its form, is credited."""
    several = replace(_CHEAP, expected=4 * _DIME, kinds=frozenset({CostKind.SEVERAL}))
    for claim_id, cost, submits in ((1, several, 4), (2, several, 1), (3, _CHEAP, 2)):
        await write(store, a_claim(claim_id, str(claim_id), cost=cost, submits=submits))
        await store.save_snapshot(Task(id=f"c{claim_id}", status=Status.FAILURE))
    entries = [await find(store, claim_id) for claim_id in (1, 2, 3)]
    assert [one.outcome.value for one in entries] == ["failed", "credited", "credited"]
    (total,) = await store.ledger.add_up(_ALL, LedgerGroup.PERSON, UTC)
    assert (total.tasks, total.amount) == (7, 4 * _DIME)


async def test_credited_amount_counts_no_more(store: SqlStore | FakeStore) -> None:
    """Its tasks do."""
    count = SpendingCount(CountScope.EVERYONE, NOON)
    await write(store, a_claim(1, "a", cost=_CHEAP), a_claim(2, "b", cost=_VIDEO))
    await store.save_snapshot(Task(id="c2", status=Status.FAILURE))
    usage = await store.find_usage(7, 30, lambda rules, at: SpendingPlan(counts=[count], currency="USD"))
    assert (usage.spending[count].tasks, usage.spending[count].amount) == (2, _DIME)


async def test_confirmed_amount_never_gets_smaller(store: SqlStore | FakeStore) -> None:
    """It replaces what was expected; a price that was expected in another currency is forgotten."""
    await write(store, a_claim(1, "a", cost=_CHEAP), a_claim(2, "b", cost=_CHEAP))
    assert [one.claim_id for one in await store.ledger.list_unconfirmed(NOON, 9)] == [1, 2]
    for amount in ("0.12", "0.24", "0.12"):
        await store.ledger.confirm({1: Decimal(amount), 99: Decimal(1)}, "USD")
    await store.ledger.confirm({2: Decimal("0.7")}, "CNY")
    first, second = await find(store, 1), await find(store, 2)
    assert (first.expected, first.confirmed, first.amount, first.currency) == (
        _DIME,
        Decimal("0.24"),
        Decimal("0.24"),
        "USD",
    )
    assert (second.expected, second.amount, second.currency) == (None, Decimal("0.7"), "CNY")
    assert await store.ledger.list_unconfirmed(NOON, 9) == []
    await store.ledger.confirm({}, "USD")


async def test_confirmed_amount_in_another_currency_is_replaced(store: SqlStore | FakeStore) -> None:
    """Whichever of the two numbers is larger."""
    await write(store, a_claim(1, "a", cost=_CHEAP))
    counted = Counted()
    for amount, currency in (("0.7", "CNY"), ("0.1", "USD"), ("0.05", "USD"), ("0.8", "CNY")):
        await store.ledger.confirm({1: Decimal(amount)}, currency)
        entry = await find(store, 1)
        kept = "0.1" if amount == "0.05" else amount
        assert (entry.confirmed, entry.currency) == (Decimal(kept), currency)
    if not isinstance(store, FakeStore):
        spent = {("yes", "CNY"): pytest.approx(1.5), ("yes", "USD"): pytest.approx(0.1)}
        assert counted.by("mjbot_spent_total") == spent


async def test_confirmed_amounts_are_counted_once(sql: SqlStore) -> None:
    """Only what a further row adds, and nothing of claims that are not there."""
    await write(sql, a_claim(1, "a", cost=_CHEAP), a_claim(2, "b", cost=_CHEAP))
    counted = Counted()
    for amount in ("0.12", "0.24", "0.12"):
        await sql.ledger.confirm({1: Decimal(amount), 2: Decimal("0.01"), 99: Decimal(1)}, "USD")
    assert counted.by("mjbot_spent_total") == {("yes", "USD"): pytest.approx(0.25)}


async def test_unconfirmed_entries_may_have_been_charged(store: SqlStore | FakeStore) -> None:
    """Refused and free ones were not; the oldest come first."""
    await write(store, a_claim(1, "a"), a_claim(3, "c"))
    await write(store, a_claim(2, "b"), state=ClaimState.UNKNOWN)
    await write(store, a_claim(4, "d"), state=ClaimState.REFUSED)
    await write(store, a_claim(5, "e", submits=0))
    await store.create_claim(a_claim(6, "f"), allow)
    assert [one.claim_id for one in await store.ledger.list_unconfirmed(NOON, 9)] == [1, 2, 3, 6]
    assert [one.claim_id for one in await store.ledger.list_unconfirmed(later(2), 2)] == [2, 3]


async def test_entries_of_a_task_are_those_of_all_its_claims(store: SqlStore | FakeStore) -> None:
    """Of a press and its form, and of a press that made several tasks."""
    await write_accepted_claim(store, a_claim(1, "a"), "t5")
    await write_accepted_claim(store, a_claim(2, FORM_BUTTON), "t5")
    await write_accepted_claim(store, a_claim(3, "c", submits=2), "t6")
    await store.open_job(a_job(100, "t7", claim_id=3))
    await write(store, a_claim(4, "d"), state=ClaimState.REFUSED)
    found = await store.ledger.list_entries_of_tasks(["t5", "t6", "t7", "t8", ""])
    assert {task: [one.claim_id for one in entries] for task, entries in found.items()} == {
        "t5": [1, 2],
        "t6": [3],
        "t7": [3],
    }


async def test_amounts_are_added_by_group(store: SqlStore | FakeStore) -> None:
    """Without refused claims and credited amounts; what no log row confirmed is told apart."""
    await write(
        store,
        a_claim(1, "a", cost=_CHEAP),
        a_claim(2, "b", cost=_VIDEO, person_id=8, submits=3),
        a_claim(3, "c", cost=_VIDEO, guild_id=0),
        a_claim(4, "d", cost=Cost(action="DESCRIBE")),
        a_claim(6, "f", cost=_VIDEO),
    )
    await write(store, a_claim(5, "e", cost=_VIDEO), state=ClaimState.REFUSED)
    await store.ledger.confirm({1: Decimal("0.12")}, "USD")
    await store.save_snapshot(Task(id="c6", status=Status.FAILURE))

    async def add_up(group: LedgerGroup, **wanted: int) -> list[tuple[str, int, str, str, str]]:
        totals = await store.ledger.add_up(LedgerFilter(**wanted), group, UTC)  # type: ignore[arg-type]
        return [(one.key, one.tasks, f"{one.amount:.2f}", f"{one.unconfirmed:.2f}", one.currency) for one in totals]

    assert await add_up(LedgerGroup.PERSON) == [
        ("7", 4, "0.92", "0.80", "USD"),
        ("8", 3, "0.80", "0.80", "USD"),
    ]
    assert await add_up(LedgerGroup.SERVER) == [
        ("30", 6, "0.92", "0.80", "USD"),
        ("0", 1, "0.80", "0.80", "USD"),
    ]
    assert await add_up(LedgerGroup.ACTION, guild_id=30) == [
        ("VIDEO", 4, "0.80", "0.80", "USD"),
        ("IMAGINE", 1, "0.12", "0.00", "USD"),
        ("DESCRIBE", 1, "0.00", "0.00", ""),
    ]
    assert await add_up(LedgerGroup.PERSON, person_id=9) == []


async def test_currencies_are_added_apart(store: SqlStore | FakeStore) -> None:
    """What has no price counts beside the largest amount."""
    yuan = replace(_CHEAP, currency="CNY", expected=Decimal("0.7"))
    await write(store, a_claim(1, "a", cost=_CHEAP), a_claim(2, "b", cost=yuan), a_claim(3, "c", cost=Cost()))
    totals = await store.ledger.add_up(_ALL, LedgerGroup.PERSON, UTC)
    assert [(one.currency, one.tasks, one.amount) for one in totals] == [("CNY", 2, Decimal("0.7")), ("USD", 1, _DIME)]


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", ["2026-03-28", "2026-03-29"]),
        ("Asia/Kathmandu", ["2026-03-29"]),
        ("America/New_York", ["2026-03-28"]),
        ("Europe/Berlin", ["2026-03-28", "2026-03-29"]),
    ],
)
async def test_days_begin_in_the_zone(store: SqlStore | FakeStore, zone: str, days: list[str]) -> None:
    """Also in a zone that is three quarters of an hour off, and on the day on which summer time begins."""
    night = datetime(2026, 3, 29, tzinfo=UTC)
    times = [night - timedelta(hours=2), night + timedelta(minutes=30), night + timedelta(hours=3, seconds=0.5)]
    claims = [a_claim(number, str(number), cost=_CHEAP, made_at=at) for number, at in enumerate(times)]
    await write(store, *claims)
    totals = await store.ledger.add_up(_ALL, LedgerGroup.DAY, ZoneInfo(zone))
    assert [one.key for one in totals] == days
    assert sum(one.tasks for one in totals) == 3


async def test_old_entries_are_forgotten_but_their_claims_stay(store: SqlStore | FakeStore) -> None:
    """A button stays pressed, and a submit of unknown end stays claimed; one that is on its way keeps its price."""
    await write_accepted_claim(store, a_claim(1, "a", cost=_CHEAP), "c1")
    await store.create_claim(a_claim(2, "b", cost=_CHEAP), allow)
    await write(store, a_claim(30, "c", cost=_CHEAP))
    assert await store.ledger.delete_older_than(later(10)) == 1
    assert await store.ledger.delete_older_than(later(10)) == 0
    assert [one.claim_id for one in await store.ledger.list_entries(_ALL, limit=9)] == [30, 2]
    assert [one.claim_id for one in await store.ledger.list_unconfirmed(NOON, 9)] == [2, 30]
    claim = await store.find_claim(1)
    assert claim is not None
    assert (claim.state, claim.child_id) == (ClaimState.ACCEPTED, "c1")
    await store.ledger.confirm({1: _DIME}, "USD")
    await store.save_snapshot(Task(id="c1", status=Status.FAILURE))
    assert [one.claim_id for one in await store.ledger.list_entries(_ALL, limit=9)] == [30, 2]


async def test_deleting_the_ledger_clears_its_columns(sql: SqlStore) -> None:
    await write(sql, a_claim(1, cost=_CHEAP))
    await sql.ledger.delete_older_than(later(10))
    columns = "channel_id, action, model, speed, kinds, is_private, currency, expected, confirmed, request_id"
    (row,) = await sql.database.read(text(f"SELECT {columns} FROM claims"))  # noqa: S608 - no input in it
    assert set(row.values()) == {None}


@pytest.mark.parametrize(
    ("button", "task_id", "action"),
    [
        ("imagine:0123456789", "", "IMAGINE"),
        ("swap_face:0123456789", "", "SWAP_FACE"),
        ("video:1", "", "VIDEO"),
        (FORM_BUTTON, "t1", "MODAL"),
        ("imagine:0123456789", "t1", ""),
        ("a1b2c3", "t1", ""),
    ],
)
async def test_claims_of_an_older_version_are_entries(sql: SqlStore, button: str, task_id: str, action: str) -> None:
    """It wrote no price; its button may tell the action."""
    await write(sql, a_claim(1, button, task_id=task_id, submits=2))
    await sql.database.write(text("UPDATE claims SET action = NULL, currency = NULL, is_private = NULL, model = NULL"))
    entry = await find(sql, 1)
    assert (entry.action, entry.tasks, entry.amount, entry.outcome) == (action, 2, None, LedgerOutcome.RUNNING)
    totals = await sql.ledger.add_up(_ALL, LedgerGroup.ACTION, UTC)
    assert [(one.key, one.tasks) for one in totals] == [(action, 2)]
