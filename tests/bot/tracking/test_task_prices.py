"""What a message says that its task costs: "about" until the log confirmed it, and nothing where it is not known."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.entities import Claim, ClaimState, Cost, Job, LedgerEntry, LedgerOutcome
from bot.midjourney.task import Status
from bot.scene import TaskPrice
from bot.tracking.task_prices import TaskPrices, add_up_price
from tests.fakes.clock import START, FakeClock
from tests.fakes.sample_entities import CHILD, LIEN, job, task
from tests.fakes.store import FakeStore

ENTRY = LedgerEntry(
    claim_id=100,
    made_at=START,
    person_id=LIEN.id,
    guild_id=6,
    channel_id=5,
    action="VARIATION",
    model="mj_variation",
    speed="",
    currency="USD",
    tasks=1,
    expected=Decimal("0.1"),
    confirmed=None,
    request_id="",
    outcome=LedgerOutcome.RUNNING,
    task_id=CHILD,
)


def entry(**changes: Any) -> LedgerEntry:  # noqa: ANN401
    return replace(ENTRY, **changes)


def price(amount: str, **more: Any) -> TaskPrice:  # noqa: ANN401
    return TaskPrice(amount=Decimal(amount), currency="USD", **{"is_confirmed": False, **more})


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([], None),
        ([entry()], price("0.1")),
        ([entry(expected=None)], None),
        ([entry(confirmed=Decimal("0.12"))], price("0.12", is_confirmed=True)),
        ([entry(), entry(confirmed=Decimal("0.12"))], price("0.22")),
        ([entry(), entry(currency="CNY")], None),
        ([entry(tasks=0)], None),
        ([entry(tasks=0), entry(action="MODAL")], price("0.1")),
        ([entry(tasks=2)], price("0.1")),
        ([entry(action="IMAGINE", tasks=4, expected=Decimal("0.4"))], price("0.1")),
        ([entry(outcome=LedgerOutcome.CREDITED)], price("0.1", is_credited=True)),
        ([entry(outcome=LedgerOutcome.CREDITED), entry(outcome=LedgerOutcome.FAILED)], price("0.2")),
    ],
)
def test_price_of_a_task_is_that_of_all_claims_for_it(entries: list[LedgerEntry], found: TaskPrice | None) -> None:
    assert add_up_price(entries) == found


async def write_claim(store: FakeStore) -> Job:
    claim = Claim(
        id=100,
        person_id=LIEN.id,
        guild_id=6,
        message_id=700,
        task_id="1",
        button="V1",
        made_at=START,
        cost=Cost(action="VARIATION", expected=Decimal("0.1"), currency="USD"),
    )
    await store.create_claim(claim, lambda _: None)
    await store.settle_claim(claim.id, ClaimState.ACCEPTED, CHILD)
    return job(800, CHILD, claim_id=100)


async def test_price_is_read_once_while_the_task_runs_and_again_at_its_end() -> None:
    store = FakeStore(FakeClock().now)
    prices, paid = TaskPrices(store), await write_claim(store)
    assert await prices.find(paid, is_final=False) == price("0.1")
    await store.ledger.confirm({100: Decimal("0.12")}, "USD")
    assert await prices.find(paid, is_final=False) == price("0.1")
    assert await prices.find(paid, is_final=True) == price("0.12", is_confirmed=True)
    await store.save_snapshot(task(CHILD, Status.FAILURE))
    assert await prices.find(paid, is_final=True) == price("0.12", is_confirmed=True, is_credited=True)


async def test_unpaid_message_and_another_persons_show_no_price() -> None:
    store = FakeStore(FakeClock().now)
    prices, paid = TaskPrices(store), await write_claim(store)
    assert await prices.find(replace(paid, claim_id=0), is_final=True) is None
    assert await prices.find(replace(paid, requester=replace(LIEN, id=2)), is_final=True) is None
    assert await prices.find(replace(paid, task_id=""), is_final=False) is None
