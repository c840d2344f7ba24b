"""Who asked for a task, and where, on every kind of store; a deleted message leaves that behind."""

from collections.abc import Awaitable, Callable

import pytest

from bot.entities import ClaimState, TaskOrigin
from bot.ports import Store
from tests.fakes.sample_rows import LIEN, a_claim, a_job, allow, later, write_accepted_claim

PUBLIC = TaskOrigin("t9", LIEN.id, 30, 20, ephemeral=False)
PRIVATE = TaskOrigin("t9", LIEN.id, 30, 20, ephemeral=True)
UNKNOWN = TaskOrigin("t9", LIEN.id)


async def find(store: Store, *task_ids: str, claim_id: int = 0) -> set[TaskOrigin]:
    return set(await store.list_task_origins(task_ids, claim_id=claim_id))


async def test_a_task_without_a_submit_has_no_origin(store: Store) -> None:
    """Messages that only follow it are none; nor are submits without a task."""
    await store.open_job(a_job(1, "t9", ephemeral=True))
    await store.open_job(a_job(2, "", claim_id=5))
    await store.create_claim(a_claim(5), allow)
    assert await find(store, "t9", "t8", "") == set()
    assert await find(store) == set()


@pytest.mark.parametrize(("ephemeral", "origin"), [(True, PRIVATE), (False, PUBLIC)])
async def test_a_submit_is_an_origin_before_and_after_its_claim_is_settled(
    store: Store, origin: TaskOrigin, *, ephemeral: bool
) -> None:
    """And later messages about its task, private or public, are none."""
    await store.create_claim(a_claim(5), allow)
    await store.open_job(a_job(1, "t9", claim_id=5, ephemeral=ephemeral))
    assert await find(store, "t9") == {origin}
    await store.settle_claim(5, ClaimState.ACCEPTED, "t9")
    await store.open_job(a_job(2, "t9", ephemeral=not ephemeral))
    assert await find(store, "t9", "t1") == {origin}


async def test_a_submit_whose_job_does_not_know_the_task_is_an_origin(store: Store) -> None:
    """Its claim was settled by a search, or the task names the claim."""
    await store.open_job(a_job(1, "", claim_id=5, ephemeral=True))
    await store.create_claim(a_claim(5), allow)
    assert await find(store, "t9") == set()
    assert {one.ephemeral for one in await find(store, "t9", claim_id=5)} == {True}
    await store.settle_claim(5, ClaimState.ACCEPTED, "t9")
    assert await find(store, "t9") == {PRIVATE}


async def delete_message(store: Store) -> None:
    await store.delete_job(1)


async def delete_old_rows(store: Store) -> None:
    for message_id in (1, 2):
        await store.close_job(message_id)
    await store.delete_expired(later(1e6))


@pytest.mark.parametrize("ephemeral", [True, False])
@pytest.mark.parametrize("delete", [delete_message, delete_old_rows])
async def test_a_deleted_message_leaves_behind_where_it_was(
    store: Store, delete: Callable[[Store], Awaitable[None]], *, ephemeral: bool
) -> None:
    """Otherwise a private task would be anybody's once its message is deleted."""
    await write_accepted_claim(store, a_claim(5), "t9")
    await write_accepted_claim(store, a_claim(9, "V1"), "t8")
    await store.open_job(a_job(1, "t9", claim_id=5, ephemeral=ephemeral))
    await store.open_job(a_job(2, "t9", ephemeral=not ephemeral))
    for _ in range(2):
        await delete(store)
        assert await store.find_job(1) is None
        known = {one for one in await find(store, "t9") if one.is_place_known}
        assert known == {PRIVATE if ephemeral else PUBLIC}
    assert await find(store, "t8") == {TaskOrigin("t8", LIEN.id)}


async def test_each_task_of_one_submit_has_its_origin(store: Store) -> None:
    """Of four that "Imagine all" made, their claim knows only the first; also after their messages are deleted."""
    await write_accepted_claim(store, a_claim(5), "t9")
    for number in (7, 8, 9):
        await store.open_job(a_job(number, f"t{number}", claim_id=5, ephemeral=True))
    for _ in range(2):
        for number in (7, 8, 9):
            assert {one.ephemeral for one in await find(store, f"t{number}")} == {True}
            await store.delete_job(number)


async def test_a_claim_without_any_message_is_its_requesters_alone(store: Store) -> None:
    """An earlier version deleted its row."""
    await write_accepted_claim(store, a_claim(5), "t9")
    assert await find(store, "t9") == {UNKNOWN}
    assert not UNKNOWN.is_place_known
