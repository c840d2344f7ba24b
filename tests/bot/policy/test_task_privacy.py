"""Which tasks a person may see: the rule, and what others get instead."""

from dataclasses import replace
from typing import Any

import pytest

from bot.entities import ClaimState, Job, Person, Place, TaskSummary, parse_claim_tag
from bot.errors import RelayUnreachable, StoreUnavailable, TaskUnknown
from bot.midjourney.task import Task
from bot.midjourney.task_ids import UNUSED_TASK_ID
from bot.policy.task_privacy import TaskPrivacy, Viewer
from tests.fakes.sample_entities import LIEN, MINH, PARENT, job, place, viewer
from tests.fakes.sample_rows import NOON, a_claim
from tests.fakes.store import FakeStore

STAFF = 13
"""A channel that MINH cannot see."""
PRIVATE: dict[str, Any] = {"ephemeral": True}
PUBLIC: dict[str, Any] = {}


def submitted(message_id: int = 700, requester: Person = LIEN, **where: Any) -> Job:  # noqa: ANN401 (fields of a place)
    return job(message_id, requester=requester, claim_id=message_id, place=replace(place(message_id), **where))


def followed(message_id: int = 701, requester: Person = LIEN, **where: Any) -> Job:  # noqa: ANN401 (fields of a place)
    return replace(submitted(message_id, requester, **where), claim_id=0)


def privacy(*jobs: Job) -> TaskPrivacy:
    store = FakeStore(lambda: NOON)
    store.jobs = {one.id: one for one in jobs}
    return TaskPrivacy(store)


@pytest.mark.parametrize(
    ("jobs", "is_hidden"),
    [
        ((), False),
        ((submitted(),), False),
        ((submitted(**PRIVATE),), True),
        ((submitted(channel_id=STAFF),), True),
        ((submitted(channel_id=55),), False),
        ((submitted(guild_id=66),), True),
        ((submitted(guild_id=0),), True),
        ((submitted(guild_id=0, channel_id=55),), True),
        ((submitted(), followed(**PRIVATE)), False),
        ((submitted(), followed(requester=MINH, **PRIVATE)), False),
        ((submitted(), followed(guild_id=66)), False),
        ((submitted(**PRIVATE), followed()), True),
        ((submitted(**PRIVATE), followed(requester=MINH)), True),
        ((submitted(channel_id=STAFF), followed()), True),
        ((followed(**PRIVATE),), False),
        ((followed(guild_id=66),), False),
        ((submitted(**PRIVATE), submitted(701, MINH, **PRIVATE)), False),
        ((submitted(**PRIVATE), submitted(701)), False),
    ],
    ids=[
        "unknown to the bot", "public", "private", "channel hidden", "other channel", "other server", "DM", "other DM",
        "public, later looked at privately", "by the other person", "in another server",
        "private, later looked at publicly", "by the other person too", "hidden channel, looked at here",
        "only looked at privately", "only looked at elsewhere", "both submitted it", "submitted again publicly",
    ],
)  # fmt: skip
async def test_a_task_belongs_to_the_messages_that_submitted_it(jobs: tuple[Job, ...], *, is_hidden: bool) -> None:
    """Others see it only if they see one of those; its requester always does."""
    rule = privacy(*jobs)
    assert await rule.is_hidden(PARENT, viewer(MINH, hidden_channels={STAFF})) is is_hidden
    assert not await rule.is_hidden(PARENT, viewer(LIEN, hidden_channels={STAFF, 5, 55}))


@pytest.mark.parametrize("answer", [None, False])
async def test_permissions_that_cannot_be_read_hide_the_task(answer: bool | None) -> None:  # noqa: FBT001
    """Like those that Discord denies."""
    asks = Viewer(person_id=MINH.id, can_view=lambda _guild, _channel: answer)
    assert await privacy(submitted()).is_hidden(PARENT, asks)
    assert await privacy(submitted()).find_hidden([PARENT, "9001"], asks) == {PARENT}


@pytest.mark.parametrize(
    ("clicked", "is_hidden"),
    [
        (place(701), False),
        (place(702), False),
        (replace(place(702), channel_id=55), True),
        (replace(place(703), channel_id=55, ephemeral=True), False),
    ],
    ids=["the message", "another message there", "a message elsewhere", "a private message about it"],
)
async def test_a_click_proves_that_the_person_sees_the_task(clicked: Place, *, is_hidden: bool) -> None:
    """Its requester has shown it there, so its buttons work for everyone there."""
    shown = followed(703, MINH, ephemeral=True, channel_id=55)
    rule = privacy(submitted(**PRIVATE), followed(701), shown)
    assert await rule.is_hidden(PARENT, viewer(MINH, clicked)) is is_hidden


async def test_buttons_work_below_messages_whose_rows_an_earlier_version_deleted() -> None:
    """Where they were is not known; without a click, only their requester is shown the task."""
    store = FakeStore(lambda: NOON)
    store.claimed[1] = a_claim(1, person_id=LIEN.id, child_id=PARENT, state=ClaimState.ACCEPTED)
    rule = TaskPrivacy(store)
    assert not await rule.is_hidden(PARENT, viewer(MINH, place()))
    assert await rule.is_hidden(PARENT, viewer(MINH))
    assert not await rule.is_hidden(PARENT, viewer(LIEN))


class Reader:
    """Reads tasks, and keeps which."""

    def __init__(self, error: Exception | None = None, **fields: Any) -> None:  # noqa: ANN401
        self.asked: list[str] = []
        self.error = error
        self.fields = fields

    async def read(self, task_id: str) -> Task:
        """Read a task, unless there is none."""
        self.asked.append(task_id)
        if self.error or task_id == UNUSED_TASK_ID:
            raise self.error or TaskUnknown("no such task", task_id=task_id)
        return Task(id=task_id, **self.fields)


async def test_a_hidden_task_is_answered_like_an_unknown_one() -> None:
    """By the same read of a task that does not exist, and the same error."""
    reader = Reader()
    with pytest.raises(TaskUnknown) as raised:
        await privacy(submitted(**PRIVATE)).read(PARENT, viewer(MINH), reader.read)
    assert (reader.asked, raised.value.task_id, raised.value.reason) == ([UNUSED_TASK_ID], PARENT, "no such task")
    assert (await privacy(submitted(**PRIVATE)).read(PARENT, viewer(LIEN), reader.read)).id == PARENT


@pytest.mark.parametrize("error", [RelayUnreachable("down"), TaskUnknown("gone", task_id=PARENT)])
async def test_errors_of_the_relay_are_the_same_for_a_hidden_task(error: Exception) -> None:
    """An outage must not tell it apart."""
    found: list[tuple[type[BaseException], str]] = []
    for jobs in ((submitted(**PRIVATE),), ()):
        with pytest.raises(type(error)) as raised:
            await privacy(*jobs).read(PARENT, viewer(MINH), Reader(error).read)
        found.append((raised.type, str(raised.value)))
    assert found[0] == found[1]


async def test_nothing_is_read_while_the_store_cannot_tell() -> None:
    """The decision comes from the database."""
    store, reader = FakeStore(lambda: NOON), Reader()
    store.down = True
    with pytest.raises(StoreUnavailable):
        await TaskPrivacy(store).read(PARENT, viewer(), reader.read)
    assert reader.asked == []


@pytest.mark.parametrize(("where", "is_hidden"), [(PRIVATE, True), ({"channel_id": STAFF}, True), (PUBLIC, False)])
async def test_a_task_whose_answer_was_lost_is_known_by_its_claim(where: dict[str, Any], *, is_hidden: bool) -> None:
    """The relay gives back the claim's tag, though neither the claim nor the job know the task."""
    store = FakeStore(lambda: NOON)
    store.claimed[700] = claim = a_claim(700, person_id=LIEN.id, state=ClaimState.UNKNOWN)
    store.jobs[700] = replace(submitted(**where), task_id="")
    rule, reader = TaskPrivacy(store), Reader(state=claim.tag)
    assert (await rule.read(PARENT, viewer(LIEN), reader.read)).id == PARENT
    if not is_hidden:
        assert (await rule.read(PARENT, viewer(MINH), reader.read)).id == PARENT
        return
    with pytest.raises(TaskUnknown) as raised:
        await rule.read(PARENT, viewer(MINH, hidden_channels={STAFF}), reader.read)
    assert raised.value.task_id == PARENT


@pytest.mark.parametrize(("where", "is_hidden"), [(PRIVATE, True), ({"channel_id": STAFF}, True), (PUBLIC, False)])
@pytest.mark.parametrize("asked", [PARENT.upper() + "A", f"00{PARENT}", f"{PARENT} ", PARENT.swapcase() + "x"])
async def test_a_task_is_private_under_each_spelling_of_its_id(
    asked: str, where: dict[str, Any], *, is_hidden: bool
) -> None:
    """A relay whose database ignores case or blanks finds it, and answers with its own id."""
    rule = privacy(submitted(**where))

    async def read(_: str) -> Task:
        return Task(id=PARENT)

    assert (await rule.read(asked, viewer(LIEN), read)).id == PARENT
    if not is_hidden:
        assert (await rule.read(asked, viewer(MINH), read)).id == PARENT
        return
    with pytest.raises(TaskUnknown) as raised:
        await rule.read(asked, viewer(MINH, hidden_channels={STAFF}), read)
    assert raised.value.task_id == asked


def test_only_tags_of_claims_are_parsed() -> None:
    """Other programs with the same key write states of their own."""
    for claim_id in (1, 1_187_000_000_000_000_001, -(1 << 63), (1 << 63) - 1):
        assert parse_claim_tag(replace(a_claim(1), id=claim_id).tag) == claim_id
    for state in (
        "",
        "mjbot:",
        "mjbot:x",
        "mjbot:1 ",
        "other:1",
        "mjbot:²",
        "mjbot:" + "9" * 19,
        "mjbot:" + "9" * 5000,
    ):
        assert parse_claim_tag(state) == 0


def summary(task_id: str, link: str = "") -> TaskSummary:
    return TaskSummary(task_id, "a lighthouse", "SUCCESS", 100, link, NOON)


async def test_own_lists_leave_out_what_may_no_longer_be_seen() -> None:
    """Tasks of others that the person once followed, and links into channels that they can no longer see."""
    rule = privacy(
        submitted(channel_id=STAFF), followed(701, MINH),
        *(replace(submitted(number, MINH), task_id=str(number)) for number in (2, 3, 4, 5)),
    )  # fmt: skip
    here, staff = place(2).link, replace(place(3), channel_id=STAFF).link
    elsewhere = replace(place(4), guild_id=66).link
    listed = [summary(PARENT, here), summary("2", here), summary("3", staff), summary("4", elsewhere), summary("5")]
    found = await rule.filter_summaries(listed, viewer(MINH, hidden_channels={STAFF}))
    assert [(one.task_id, one.link) for one in found] == [("2", here), ("3", ""), ("4", elsewhere), ("5", "")]


async def test_a_family_names_no_tasks_that_only_others_messages_elsewhere_are_about() -> None:
    """Though a person who knows their ids may follow them."""
    rule = privacy()
    about = [
        replace(followed(1, **PRIVATE), task_id="secret"),
        replace(followed(2, guild_id=66), task_id="far"),
        replace(followed(3, MINH, **PRIVATE), task_id="own"),
        replace(followed(4), task_id="here"),
    ]
    ids = ["secret", "far", "own", "here", "never seen"]
    assert await rule.find_unlisted(ids, about, viewer(MINH)) == {"secret", "far"}


@pytest.mark.parametrize(
    ("jobs", "person", "is_private"),
    [
        ((), LIEN, False),
        ((submitted(),), LIEN, False),
        ((submitted(**PRIVATE),), LIEN, True),
        ((submitted(**PRIVATE),), MINH, False),
        ((submitted(**PRIVATE), followed()), LIEN, True),
        ((submitted(), followed(**PRIVATE)), LIEN, False),
        ((submitted(**PRIVATE), submitted(701)), LIEN, False),
        ((followed(**PRIVATE),), LIEN, False),
    ],
)
async def test_what_is_made_of_a_private_task_is_private(
    jobs: tuple[Job, ...],
    person: Person,
    is_private: bool,  # noqa: FBT001
) -> None:
    """A task that is hidden from the person is answered like one that does not exist."""
    assert is_private is await privacy(*jobs).is_private(PARENT, viewer(person))
