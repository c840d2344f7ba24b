"""When the relay's log is read for the ledger, and what is written from it, on virtual time."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.billing.ledger_keeper import LedgerKeeper, remove_excess
from bot.entities import ClaimState, Cost, LedgerFilter, LedgerOutcome, SentCost
from bot.errors import ActionUnsupported, RelayBusy, RelayError, RelayUnreachable
from bot.metrics import LEDGER_UNCONFIRMED
from bot.midjourney.task import Status, Task
from bot.policy.prices import PriceList
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.billing_log import BillingLogReader, BillingRow, MissingEndpoints
from bot.relay.responses.account_responses import RelayMoney
from tests.fakes.clock import START, FakeClock
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_rows import a_claim, allow, an_entry
from tests.fakes.store import FakeStore

_DOLLAR = RelayMoney(quota_per_unit=Decimal(500_000), currency="USD", rates={"USD": Decimal(1)})
_DIME = Cost(action="IMAGINE", model="mj_imagine", expected=Decimal("0.1"), currency="USD")


@dataclass
class KeeperWorld:
    clock: FakeClock
    store: FakeStore
    relay: FakeRelay
    prices: PriceList
    calls: AccountRateLimiter
    keeper: LedgerKeeper

    async def accept(self, claim_id: int, child_id: str, *, at: float = 0.0, cost: Cost = _DIME) -> None:
        await self.store.create_claim(a_claim(claim_id, str(claim_id), cost=cost, made_at=_at(at)), allow)
        await self.store.settle_claim(claim_id, ClaimState.ACCEPTED, child_id)

    async def find_amounts(self) -> dict[int, tuple[Decimal | None, str]]:
        entries = await self.store.ledger.list_entries(LedgerFilter(), limit=99)
        return {entry.claim_id: (entry.confirmed, entry.currency) for entry in entries}


@pytest.fixture
def world() -> KeeperWorld:
    clock = FakeClock()
    relay, store, prices = FakeRelay(clock), FakeStore(clock.now), PriceList()
    prices.set_relay_money(_DOLLAR)
    relay.billed = []
    calls = AccountRateLimiter(clock.now)
    log = BillingLogReader(relay.fetch_billing_log, calls, MissingEndpoints(clock.clock.monotonic), clock.clock)
    keeper = LedgerKeeper(store.ledger, log, prices, clock=clock.clock, random_fraction=lambda: 0.0)
    return KeeperWorld(clock, store, relay, prices, calls, keeper)


@pytest.fixture
async def running(world: KeeperWorld) -> AsyncGenerator[None]:
    work = asyncio.ensure_future(world.keeper.run())
    yield
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def a_row(task_id: str, quota: int = 60_000, *, at: float = 1.0, model: str = "mj_imagine") -> BillingRow:
    return BillingRow(billed_at=_at(at), model=model, quota=quota, task_id=task_id)


async def test_amounts_are_confirmed_and_prices_learned(world: KeeperWorld) -> None:
    """The price that the relay really bills is the one that is expected from then on."""
    await world.accept(1, "t1", cost=replace(_DIME, speed="turbo"))
    await world.accept(2, "t2")
    world.relay.billed = [a_row("t1"), a_row("t9"), a_row("", model="gpt-4")]
    await world.keeper.complete()
    assert await world.find_amounts() == {1: (Decimal("0.12"), "USD"), 2: (None, "USD")}
    assert LEDGER_UNCONFIRMED._value.get() == 1
    price = world.prices.find_price("mj_imagine", "turbo")
    assert price is not None
    assert (price.amount, price.currency, price.source) == (Decimal("0.12"), "USD", "log")


async def test_row_that_the_log_repeats_is_billed_once(world: KeeperWorld) -> None:
    await world.accept(1, "t1")
    world.relay.billed = [replace(a_row("t1"), request_id="r1")] * 3
    await world.clock.advance(7200)
    await world.keeper.complete()
    assert await world.find_amounts() == {1: (Decimal("0.12"), "USD")}


async def test_currency_that_the_relay_shows_no_more_is_replaced(world: KeeperWorld) -> None:
    """Only where the log still shows all rows of a request."""
    await world.accept(1, "t1")
    await world.accept(2, "t2")
    await world.store.settle_claim(2, ClaimState.ACCEPTED, "t2", submits=2)
    await world.accept(3, "t3")
    await world.store.ledger.confirm({1: Decimal("0.7"), 2: Decimal("1.4")}, "CNY")
    world.relay.billed = [a_row("t1"), a_row("t2"), a_row("t3")]
    await world.clock.advance(7200)
    for _ in range(2):
        await world.keeper.complete()
    dime = (Decimal("0.12"), "USD")
    assert await world.find_amounts() == {1: dime, 2: (Decimal("1.4"), "CNY"), 3: dime}


@pytest.mark.usefixtures("running")
async def test_log_is_read_only_while_something_is_unconfirmed(world: KeeperWorld) -> None:
    """Every five to ten minutes, for three days; once after the start for its prices."""
    world.relay.billed = [a_row("t0")]
    await world.clock.advance(3600.0)
    assert world.relay.asked("log") == [30.0]
    await world.accept(1, "t1", at=3600.0)
    await world.clock.advance(1300.0)
    assert world.relay.asked("log")[1:] == [3630.0, 3930.0, 4230.0, 4530.0, 4830.0]
    world.relay.billed = [a_row("t1", at=3601.0)]
    await world.clock.advance(3600.0)
    assert len(world.relay.asked("log")) == 7
    await world.accept(2, "t2", at=8600.0)
    await world.clock.advance(4 * 86_400.0)
    count = len(world.relay.asked("log"))
    await world.clock.advance(86_400.0)
    assert len(world.relay.asked("log")) == count
    assert (await world.find_amounts())[2] == (None, "USD")


async def test_some_calls_are_left_to_searches_for_lost_answers(world: KeeperWorld) -> None:
    """They share one budget with the ledger, and a person waits for them."""
    await world.accept(1, "t1")
    while world.calls.calls_left > 8:
        world.calls.try_acquire()
    await world.keeper.complete()
    assert world.relay.asked("log") == []


@pytest.mark.parametrize(
    "answer",
    [
        ActionUnsupported("HTTP 404", lasting=True),
        RelayBusy("429", retry_after=1179.0),
        RelayUnreachable("too long"),
        [],
        [a_row("t1", -1)],
        [a_row("t1", 10**30)],
    ],
    ids=["none", "busy", "huge", "disabled", "negative", "absurd"],
)
async def test_log_that_cannot_be_used_leaves_prices_about(
    world: KeeperWorld, answer: list[BillingRow] | RelayError
) -> None:
    """Nothing fails, and nothing is confirmed."""
    await world.accept(1, "t1")
    world.relay.billed = answer
    for _ in range(3):
        await world.keeper.complete()
        await world.clock.advance(400.0)
    assert await world.find_amounts() == {1: (None, "USD")}


@pytest.mark.parametrize(
    ("money", "expected"),
    [
        (RelayMoney(), (None, "USD")),
        (replace(_DOLLAR, currency=""), (None, "USD")),
        (
            RelayMoney(
                quota_per_unit=Decimal(500_000), currency="CNY", rates={"USD": Decimal(1), "CNY": Decimal("7.3")}
            ),
            (Decimal("0.876"), "CNY"),
        ),
    ],
    ids=["unit unknown", "currency unknown", "another currency"],
)
async def test_amount_is_in_the_currency_of_the_prices(
    world: KeeperWorld, money: RelayMoney, expected: tuple[Decimal | None, str]
) -> None:
    """The log counts units of the relay; without knowing those, nothing is confirmed."""
    world.prices.set_relay_money(money)
    await world.accept(1, "t1")
    world.relay.billed = [a_row("t1")]
    await world.keeper.complete()
    assert await world.find_amounts() == {1: expected}


async def test_log_that_is_cut_never_makes_an_amount_smaller(world: KeeperWorld) -> None:
    """Its oldest rows vanish, and the next press of the same task has another row."""
    await world.accept(1, "t1")
    await world.accept(2, "t1", at=1000.0)
    world.relay.billed = [a_row("t1", 60_000, at=1.0), a_row("t1", 25_000, at=1001.0)]
    world.clock.time = 1100.0
    await world.keeper.complete()
    world.relay.billed = [a_row("t1", 25_000, at=1001.0)]
    world.clock.time = 3000.0
    await world.accept(3, "t3", at=2999.0)
    await world.keeper.complete()
    amounts = await world.find_amounts()
    assert [amounts[claim_id][0] for claim_id in (1, 2, 3)] == [Decimal("0.12"), Decimal("0.05"), None]


@pytest.mark.parametrize(
    ("confirmed", "amounts", "kept"),
    [
        (("0.2", None), {2: "0.1"}, {}),
        (("0.1", None), {2: "0.1"}, {2: "0.1"}),
        ((None, None), {1: "0.1", 2: "0.1"}, {1: "0.1", 2: "0.1"}),
        (("0.1", None), {1: "0.2", 2: "0.1"}, {1: "0.2"}),
    ],
    ids=["given to another", "its own", "both", "one too many"],
)
def test_entries_of_a_task_are_not_confirmed_for_more_than_its_rows(
    confirmed: tuple[str | None, str | None], amounts: dict[int, str], kept: dict[int, str]
) -> None:
    """A row may have been given to another claim, before its own was found."""
    entries = [
        replace(an_entry(number), confirmed=None if amount is None else Decimal(amount))
        for number, amount in enumerate(confirmed, 1)
    ]
    found = {claim_id: Decimal(amount) for claim_id, amount in amounts.items()}
    remove_excess(found, entries, Decimal("0.2"))
    assert found == {claim_id: Decimal(amount) for claim_id, amount in kept.items()}


async def test_row_of_a_confirmed_face_swap_is_no_others(world: KeeperWorld) -> None:
    """Not even in a later reading, of a face swap whose answer was lost."""
    swap = replace(_DIME, action="SWAP_FACE", model="swap_face")
    await world.accept(1, "t1", cost=swap)
    await world.store.settle_claim(1, ClaimState.ACCEPTED, "t1", sent=SentCost(cost=swap, request_id="r1"))
    await world.store.create_claim(a_claim(2, "2", cost=swap, made_at=START), allow)
    await world.store.settle_claim(2, ClaimState.UNKNOWN)
    world.relay.billed = [replace(a_row("", 25_000, model="swap_face"), request_id="r1")]
    for _ in range(2):
        await world.keeper.complete()
        await world.clock.advance(400.0)
    assert await world.find_amounts() == {1: (Decimal("0.05"), "USD"), 2: (None, "USD")}


async def test_row_that_confirmed_a_lost_request_is_no_others(world: KeeperWorld) -> None:
    """Of two lost requests of one model, of which the relay billed one, one is confirmed, in any later reading."""
    for claim_id in (1, 2):
        await world.store.create_claim(a_claim(claim_id, str(claim_id), cost=_DIME, made_at=_at(claim_id)), allow)
        await world.store.settle_claim(claim_id, ClaimState.UNKNOWN)
    world.relay.billed = [a_row("t1", 50_000)]
    await world.clock.advance(4000.0)
    for _ in range(2):
        await world.keeper.complete()
        await world.clock.advance(400.0)
    assert await world.find_amounts() == {1: (Decimal("0.1"), "USD"), 2: (None, "USD")}


async def test_outcomes_are_repaired_while_nothing_is_unconfirmed(world: KeeperWorld) -> None:
    """A claim that was settled after its task had ended."""
    await world.store.save_snapshot(Task(id="t1", status=Status.FAILURE))
    await world.accept(1, "t1")
    await world.keeper.complete()
    (entry,) = await world.store.ledger.list_entries(LedgerFilter(), limit=9)
    assert entry.outcome is LedgerOutcome.CREDITED


async def test_database_that_is_away_is_left_for_the_next_time(
    world: KeeperWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.store.down = True
    await world.keeper.complete()
    assert "The ledger is not completed." in caplog.text


@pytest.mark.parametrize("rows", [1, 12], ids=["one row", "the rows of one task"])
async def test_rows_that_are_too_large_to_be_true_confirm_nothing(world: KeeperWorld, rows: int) -> None:
    """Nor do they keep others from being confirmed."""
    await world.accept(1, "t1")
    await world.accept(2, "t2")
    huge = 5 * 10**17 if rows == 1 else 500_000 * 90_000_000
    world.relay.billed = [*(a_row("t1", huge, at=2.0) for _ in range(rows)), a_row("t2")]
    await world.clock.advance(3700.0)
    await world.keeper.complete()
    assert await world.find_amounts() == {1: (None, "USD"), 2: (Decimal("0.12"), "USD")}


@pytest.mark.usefixtures("running")
async def test_round_that_fails_does_not_end_the_keeper(
    world: KeeperWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the cause; the next round confirms."""
    await world.accept(1, "t1")
    world.relay.billed = [a_row("t1")]
    with monkeypatch.context() as broken:
        broken.setattr(world.store.ledger, "repair_outcomes", None)
        await world.clock.advance(40.0)
    assert "programming error" in caplog.text
    await world.clock.advance(700.0)
    assert await world.find_amounts() == {1: (Decimal("0.12"), "USD")}
