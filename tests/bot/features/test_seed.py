"""Seeds: read once, saved if possible, and refusals raised as what they are."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.errors import (
    ActionUnsupported,
    KeyRefused,
    ParentBusy,
    ParentGone,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SeedUnavailable,
    StoreUnavailable,
    SubmitRefused,
    TaskUnknown,
)
from bot.features.seed import SeedService
from bot.midjourney.capabilities import SEED_CAPABILITY
from bot.midjourney.task import Status
from tests.fakes.clock import FakeClock
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_entities import MINH, PARENT, job, place, task, viewer
from tests.fakes.sample_rows import NOON
from tests.fakes.store import FakeStore


class FakeSource(FakeRelay):
    """A relay that returns one seed, or fails; with `store`, the store goes down while it is asked."""

    def __init__(self, outcome: str | RelayError = "636646138", store: FakeStore | None = None) -> None:
        super().__init__(FakeClock(), seed=outcome)
        self.store = store

    async def fetch_seed(self, task_id: str) -> str:
        """Return the seed."""
        if self.store:
            self.store.down = True
        return await super().fetch_seed(task_id)


def at_noon() -> datetime:
    return NOON


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(lambda: NOON)


async def test_a_seed_is_read_from_the_relay_once(store: FakeStore) -> None:
    """That of a finished task is saved with its snapshot, as it never changes."""
    store.snapshots[PARENT] = task(status=Status.SUCCESS)
    source = FakeSource()
    for _ in range(2):
        found = await SeedService(source, store, at_noon).fetch_seed(PARENT, viewer())
        assert (found.seed, found.prompt) == ("636646138", "a lighthouse")
    assert [request.ids for request in source.requests] == [(PARENT,)]
    assert store.snapshots[PARENT] == task(status=Status.SUCCESS, seed="636646138")


async def test_the_seed_of_a_task_without_a_final_snapshot_is_not_saved(store: FakeStore) -> None:
    """The rest of it is unknown; and the snapshot of a running task is the poller's to write."""
    assert (await SeedService(FakeSource(), store, at_noon).fetch_seed(PARENT, viewer())).seed == "636646138"
    assert store.snapshots == {}
    store.snapshots[PARENT] = task()
    await SeedService(FakeSource(), store, at_noon).fetch_seed(PARENT, viewer())
    assert store.snapshots[PARENT] == task()


async def test_a_seed_is_given_though_the_store_goes_down(store: FakeStore) -> None:
    """During the read; before it, nothing tells whether the person may see the task."""
    store.snapshots[PARENT] = task(status=Status.SUCCESS)
    assert (await SeedService(FakeSource(store=store), store, at_noon).fetch_seed(PARENT, viewer())).seed == "636646138"
    assert store.down
    with pytest.raises(StoreUnavailable):
        await SeedService(FakeSource(), store, at_noon).fetch_seed(PARENT, viewer())


@pytest.mark.parametrize(
    ("outcome", "lasting"),
    [
        (ActionUnsupported("no", lasting=True), True),
        (ActionUnsupported("no", lasting=False), False),
        (SubmitRefused("no", code=4), False),
        (ParentBusy("no"), False),
        (ParentGone("no"), False),
    ],
)
async def test_a_refusal_is_raised_as_an_unavailable_seed(
    store: FakeStore, outcome: RelayError, *, lasting: bool
) -> None:
    """The advice for a refused submit, such as another button, makes no sense here."""
    with pytest.raises(SeedUnavailable) as refused:
        await SeedService(FakeSource(outcome), store, at_noon).fetch_seed(PARENT, viewer())
    assert (refused.value.reason, refused.value.lasting) == ("no", lasting)


@pytest.mark.parametrize("outcome", [TaskUnknown(task_id=PARENT), KeyRefused("no")])
async def test_other_errors_are_raised_unchanged(store: FakeStore, outcome: RelayError) -> None:
    """They have their own sentences."""
    with pytest.raises(type(outcome)):
        await SeedService(FakeSource(outcome), store, at_noon).fetch_seed(PARENT, viewer())


@pytest.mark.parametrize("reason", ["empty_response_body", "HTTP 200", "Invalid URL (GET /mj/task/1/image-seed)"])
async def test_a_relay_without_seeds_is_asked_once_a_day(store: FakeStore, reason: str) -> None:
    """Later requests are refused at once with the same reason, until that is cleared or a day old."""
    source, now = FakeSource(ActionUnsupported(reason, lasting=True)), [NOON]
    seeds = SeedService(source, store, lambda: now[0])

    async def refused() -> SeedUnavailable:
        with pytest.raises(SeedUnavailable) as refusal:
            await seeds.fetch_seed(PARENT, viewer())
        return refusal.value

    found = [await refused() for _ in range(3)]
    assert {(one.reason, one.lasting) for one in found} == {(reason, True)}
    assert len(source.requests) == 1
    assert await store.find_missing_capabilities(NOON) == {SEED_CAPABILITY: reason}
    assert await store.clear_missing_capabilities() == 1
    await refused()
    assert len(source.requests) == 2
    now[0] += timedelta(days=1)
    await refused()
    assert len(source.requests) == 3


async def test_a_known_seed_is_given_though_the_relay_gives_none(store: FakeStore) -> None:
    await store.save_missing_capability(SEED_CAPABILITY, "empty_response_body", at=NOON, until=NOON + timedelta(days=1))
    store.snapshots[PARENT] = task(status=Status.SUCCESS, seed="7")
    found = await SeedService(FakeSource(), store, at_noon).find_known_seed(PARENT, viewer())
    assert found is not None
    assert found.seed == "7"


@pytest.mark.parametrize(
    "outcome",
    [ActionUnsupported("503", lasting=False), RelayUnreachable("502"), SubmitRefused("no", code=9), ParentBusy()],
)
async def test_a_temporary_refusal_is_not_remembered(store: FakeStore, outcome: RelayError) -> None:
    """A channel that is down, a 5xx and a task without a seed say nothing about the next one."""
    source = FakeSource(outcome)
    seeds = SeedService(source, store, at_noon)
    for _ in range(2):
        with pytest.raises(RelayError):
            await seeds.fetch_seed(PARENT, viewer())
    assert len(source.requests) == 2
    assert await store.find_missing_capabilities(NOON) == {}


class GoneStore(FakeStore):
    """A store that goes down once it was read."""

    async def save_missing_capability(self, capability: str, reason: str, *, at: datetime, until: datetime) -> None:
        self.down = True
        await super().save_missing_capability(capability, reason, at=at, until=until)


async def test_a_refusal_is_raised_though_it_cannot_be_saved() -> None:
    """The relay is asked again the next time."""
    store, source = GoneStore(at_noon), FakeSource(ActionUnsupported("HTTP 404", lasting=True))
    for _ in range(2):
        store.down = False
        with pytest.raises(SeedUnavailable):
            await SeedService(source, store, at_noon).fetch_seed(PARENT, viewer())
    assert len(source.requests) == 2


class SlowSource(FakeSource):
    """A relay that returns no seed before `released` is set."""

    released: asyncio.Event

    async def fetch_seed(self, task_id: str) -> str:
        """Wait, then return the seed."""
        found = await super().fetch_seed(task_id)
        await self.released.wait()
        return found


async def test_eight_seeds_are_read_at_once_at_most(store: FakeStore) -> None:
    """So that connections are left to the poller."""
    source = SlowSource()
    source.released = asyncio.Event()
    seeds = SeedService(source, store, at_noon)
    asking = [asyncio.create_task(seeds.fetch_seed(str(number), viewer())) for number in range(100)]
    refused, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    assert {type(one.exception()) for one in refused} == {RelayBusy}
    assert (len(refused), len(source.requests)) == (92, 8)
    source.released.set()
    assert {(await one).seed for one in asking[:8]} == {"636646138"}
    assert (await seeds.fetch_seed("100", viewer())).seed == "636646138"


@pytest.mark.parametrize(
    "outcome", ["636646138", ActionUnsupported("no", lasting=True), ActionUnsupported("no", lasting=False)]
)
async def test_a_hidden_task_has_the_seed_of_an_unknown_one(outcome: str | RelayError) -> None:
    """None, even though the store knows it; what the relay lacks is learned alike."""
    found: list[object] = []
    for task_id in (PARENT, "404"):
        store = FakeStore(at_noon)
        store.jobs[700] = job(claim_id=9, place=place(ephemeral=True))
        store.snapshots[PARENT] = task(status=Status.SUCCESS, seed="636646138")
        source = UnknownIdSource(outcome)
        seeds = SeedService(source, store, at_noon)
        for ask in (seeds.find_known_seed, seeds.fetch_seed):
            try:
                found.append(await ask(task_id, viewer(MINH)))
            except RelayError as error:
                found.append((type(error), str(error)))
        found.append((len(source.requests), await store.find_missing_capabilities(NOON)))
        assert PARENT not in {one for request in source.requests for one in request.ids}
    assert found[:3] == found[3:]


class UnknownIdSource(FakeSource):
    """A relay that knows only one task, and may give no seeds."""

    async def fetch_seed(self, task_id: str) -> str:
        """Return the seed of the known task."""
        seed = await super().fetch_seed(task_id)
        if task_id != PARENT:
            raise TaskUnknown("task_no_found", task_id=task_id)
        return seed
