"""Since when a database keeps records, on every kind of store."""

from datetime import timedelta

import pytest

from bot.entities import ClaimState
from bot.ports import Store
from bot.store import open_store
from tests.fakes.sample_entities import job
from tests.fakes.sample_rows import NOON, a_claim, allow, later


async def test_an_empty_database_keeps_records_from_now_on(store: Store) -> None:
    """It says that it is empty until there is a record, and keeps its first time."""
    assert await store.find_records_start() is None
    assert await store.start_records()
    since = await store.find_records_start()
    assert since is not None
    assert await store.start_records()
    await store.create_claim(a_claim(1, made_at=since), allow)
    assert not await store.start_records()
    assert await store.find_records_start() == since


@pytest.mark.parametrize("oldest", ["claim", "job"])
async def test_a_database_of_an_earlier_version_has_its_oldest_record(store: Store, oldest: str) -> None:
    """Which may be a press, or a message that is only followed."""
    if oldest == "claim":
        await store.create_claim(a_claim(1, made_at=NOON), allow)
        await store.open_job(job(700))
    else:
        await store.open_job(job(700))
    times = [claim.made_at for claim in await store.list_claims(ClaimState.SUBMITTING)] + [job(700).born_at]
    assert not await store.start_records()
    assert await store.find_records_start() == min(times)


@pytest.mark.parametrize("wrong_by", [timedelta(days=3), timedelta(days=365 * 5), timedelta(days=-20_000)])
async def test_a_time_of_a_wrong_clock_is_replaced(url: str, wrong_by: timedelta) -> None:
    """Once the clock is right: at the next press, by the time of that."""
    times = [NOON + wrong_by]
    async with open_store(url, now=lambda: times[0]) as store:
        await store.start_records()
        assert await store.find_records_start() in {NOON + wrong_by, None}
        times[0] = NOON
        assert await store.find_records_start() == NOON
        times[0] = later(60)
        assert await store.find_records_start() == NOON


@pytest.mark.parametrize("seconds", [60.0, 86_400.0, 10.0**8])
async def test_a_time_after_the_oldest_record_is_replaced_at_a_start(url: str, seconds: float) -> None:
    """Nothing was recorded before the records began."""
    times = [later(seconds)]
    async with open_store(url, now=lambda: times[0]) as store:
        await store.start_records()
        times[0] = NOON
        await store.create_claim(a_claim(1, made_at=NOON), allow)
        times[0] = later(2 * seconds)
        assert not await store.start_records()
        assert await store.find_records_start() == NOON


async def test_the_time_is_no_refused_capability_and_is_kept(store: Store) -> None:
    """It lies beside them."""
    await store.start_records()
    since = await store.find_records_start()
    assert await store.find_missing_capabilities(NOON) == {}
    assert await store.clear_missing_capabilities() == 0
    assert await store.clear_capabilities_of_other_relay("https://a.example", NOON) == 0
    await store.delete_expired(later(10**6))
    assert await store.find_records_start() == since


@pytest.mark.parametrize(
    ("state", "task_id", "button", "found"),
    [
        (ClaimState.SUBMITTING, "t", "U1", True),
        (ClaimState.UNKNOWN, "t", "U1", True),
        (ClaimState.ACCEPTED, "t", "U1", True),
        (ClaimState.REFUSED, "t", "U1", False),
        (ClaimState.ACCEPTED, "other", "U1", False),
        (ClaimState.ACCEPTED, "t", "U2", False),
    ],
)
async def test_a_claim_of_a_button(
    store: Store,
    state: ClaimState,
    task_id: str,
    button: str,
    found: bool,  # noqa: FBT001
) -> None:
    """One that was refused is none."""
    await store.create_claim(a_claim(1, button, task_id=task_id), allow)
    await store.settle_claim(1, state)
    assert await store.has_claim("t", {"U1", "hash"}) is found
