"""Pairs of parent and child, on every kind of store."""

from bot.entities import ClaimState, LineagePair
from bot.ports import Store
from tests.fakes.sample_rows import a_claim, a_job, allow, write_accepted_claim


async def test_parents_and_children_are_listed_oldest_first(store: Store) -> None:
    """Each pair once, and none of other tasks."""
    await write_accepted_claim(store, a_claim(1, "U1", task_id="grid"), "single")
    await write_accepted_claim(store, a_claim(8, "V1", task_id="grid"), "varied")
    await write_accepted_claim(store, a_claim(2, "Z", task_id="single"), "zoomed")
    await write_accepted_claim(store, a_claim(3, "U2", task_id="other"), "stranger")
    await store.open_job(a_job(4, "single", parent_id="grid"))
    pairs = [LineagePair("grid", "single"), LineagePair("single", "zoomed"), LineagePair("grid", "varied")]
    assert pairs[:2] == list(await store.list_lineage_pairs(["single"], 9))
    assert pairs == list(await store.list_lineage_pairs(["grid", "single"], 9))
    assert pairs[:2] == list(await store.list_lineage_pairs(["grid", "single"], 2))


async def test_a_parent_is_found_through_a_job_without_a_claim(store: Store) -> None:
    """Only upward, as only the task of a job has an index."""
    await store.open_job(a_job(1, "child", parent_id="parent"))
    assert [LineagePair("parent", "child")] == list(await store.list_lineage_pairs(["child"], 9))
    assert [] == list(await store.list_lineage_pairs(["parent", ""], 9))


async def test_commands_forms_and_unaccepted_claims_are_no_pairs(store: Store) -> None:
    """A form is answered on the child itself."""
    await store.create_claim(a_claim(1, "U1"), allow)
    await store.settle_claim(1, ClaimState.UNKNOWN)
    await store.create_claim(a_claim(2, "U2"), allow)
    await store.settle_claim(2, ClaimState.REFUSED)
    await write_accepted_claim(store, a_claim(3, "form", task_id="t1"), "t1")
    await write_accepted_claim(store, a_claim(4, "imagine", task_id=""), "t1")
    await store.open_job(a_job(5, "t1"))
    assert [] == list(await store.list_lineage_pairs(["t1", ""], 9))
    assert [] == list(await store.list_lineage_pairs([], 9))
