"""Since when a database keeps records, on every kind of store."""

import pytest

from bot.entities import ClaimState
from bot.ports import Store
from tests.fakes.sample_entities import job
from tests.fakes.sample_rows import NOON, a_claim, allow, later


async def test_an_empty_database_keeps_records_from_now_on(store: Store) -> None:
    """It says that it is empty until there is a record, and keeps its first time."""
    assert await store.find_records_start() is None
    assert await store.start_records()
    since = await store.find_records_start()
    assert since is not None
    assert await store.start_records()
    await store.create_claim(a_claim(1, made_at=NOON), allow)
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
