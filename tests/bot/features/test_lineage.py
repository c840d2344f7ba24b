"""The lineage of a task: bounded, linked where the reader may see it, and as complete as the store."""

from dataclasses import replace
from itertools import pairwise

import pytest

from bot.entities import ClaimState
from bot.features.lineage import MAX_MEMBERS, Lineage, LineageFinder
from bot.midjourney.task import Status, Task
from tests.fakes.sample_entities import LIEN, MINH, job, place, task, viewer
from tests.fakes.sample_rows import NOON, a_claim
from tests.fakes.store import FakeStore


def store(*pairs: tuple[str, str]) -> FakeStore:
    """A store in which each child was made of its parent, in this order."""
    made = FakeStore(lambda: NOON)
    for number, (parent, child) in enumerate(pairs, 1):
        made.claimed[number] = a_claim(
            number, "U1", person_id=LIEN.id, task_id=parent, child_id=child, state=ClaimState.ACCEPTED
        )
    return made


def shape(family: Lineage) -> list[str]:
    """The members with their depth."""
    return [f"{'.' * len(member.path)}{member.task.id}" for member in family.members]


FOUR = (("grid", "one"), ("one", "zoomed"), ("grid", "two"), ("other", "stranger"))


async def test_every_member_finds_the_whole_lineage() -> None:
    """Up to the oldest and down again; parents before children, older children first."""
    families = LineageFinder(store(*FOUR))
    for asked in ("grid", "one", "zoomed", "two"):
        assert shape(await families.find_lineage(asked, viewer())) == ["grid", ".one", "..zoomed", ".two"]
    assert [one.path for one in (await families.find_lineage("one", viewer())).members] == [
        (),
        (False,),
        (False, True),
        (True,),
    ]


async def test_an_unknown_task_is_a_lineage_of_one() -> None:
    """With nothing but its id."""
    family = await LineageFinder(store()).find_lineage("1", viewer())
    assert shape(family) == ["1"]
    assert (family.members[0].link, family.members[0].pressed, family.has_more) == ("", "", False)


async def test_members_show_what_was_pressed_and_a_visible_message() -> None:
    """The press's own job says what was pressed; private messages, and those of other servers, are not linked."""
    made = store(*FOUR)
    made.snapshots["one"] = task("one", Status.SUCCESS)
    shown = (
        job(701, "one", pressed="U1", done="Picture 1"),
        job(702, "one"),
        job(703, "two", pressed="V2", place=place(703, ephemeral=True)),
        job(704, "zoomed", place=replace(place(704), guild_id=99)),
    )
    made.jobs = {one.id: one for one in shown}
    found = {one.task.id: one for one in (await LineageFinder(made).find_lineage("grid", viewer())).members}
    assert (found["one"].pressed, found["one"].done, found["one"].link) == ("U1", "Picture 1", place(702).link)
    assert found["one"].task.status is Status.SUCCESS
    assert (found["two"].pressed, found["two"].link, found["zoomed"].link) == ("V2", "", "")


async def test_other_peoples_private_tasks_are_hidden() -> None:
    """A private leaf is left out; a private task between two that are shown is an empty member."""
    made = store(("secret", "shared"), ("shared", "one"), ("shared", "hidden"), ("hidden", "zoomed"), ("one", "far"))
    made.snapshots = {name: task(name, prompt=name) for name in ("secret", "shared", "one", "hidden", "zoomed", "far")}
    elsewhere = replace(place(706), guild_id=99)
    shown = (
        job(701, "secret", place=place(701, ephemeral=True)),
        job(702, "shared", pressed="V1", claim_id=1),
        job(703, "shared", requester=MINH, place=place(703, ephemeral=True)),
        job(704, "one", pressed="U1", claim_id=2, place=place(704, ephemeral=True)),
        job(705, "zoomed", pressed="Zoom Out 2x", claim_id=4, requester=MINH),
        job(706, "far", pressed="V4", claim_id=5, place=elsewhere),
        job(707, "hidden", pressed="U2", claim_id=3, place=replace(elsewhere, message_id=707)),
    )
    made.jobs = {one.id: one for one in shown}
    theirs = await LineageFinder(made).find_lineage("shared", viewer(MINH))
    assert [(one.task.prompt, one.pressed, len(one.path)) for one in theirs.members] == [
        ("", "", 0),
        ("shared", "V1", 1),
        ("", "", 2),
        ("zoomed", "Zoom Out 2x", 3),
    ]
    assert not theirs.has_more
    own = await LineageFinder(made).find_lineage("shared", viewer())
    assert [one.task.prompt for one in own.members] == ["secret", "shared", "one", "far", "hidden", "zoomed"]
    assert not own.has_more


async def test_tasks_without_a_read_job_are_hidden_when_the_query_reaches_its_limit() -> None:
    """Otherwise a few hundred messages of one member would reveal the private ones of another."""
    made = store(("grid", "one"))
    made.snapshots = {name: task(name, prompt=name) for name in ("grid", "one")}
    private = job(1, "one", place=place(1, ephemeral=True))
    made.jobs = {1: private} | {number: job(number, "grid", requester=MINH) for number in range(2, 600)}
    family = await LineageFinder(made).find_lineage("grid", viewer(MINH))
    assert shape(family) == ["grid"]


async def test_a_large_lineage_is_cut_but_keeps_the_requested_task() -> None:
    """The line that leads to it comes first."""
    many = [("grid", f"v{number}") for number in range(100)]
    family = await LineageFinder(store(*many)).find_lineage("v99", viewer())
    assert len(family.members) == MAX_MEMBERS
    assert family.has_more
    assert "v99" in {one.task.id for one in family.members}


async def test_a_long_line_is_cut_at_its_oldest_end() -> None:
    """And at its youngest end, seen from far above."""
    line = [(str(number), str(number + 1)) for number in range(40)]
    from_below = await LineageFinder(store(*line)).find_lineage("40", viewer())
    assert [one.task.id for one in from_below.members] == [str(number) for number in range(32, 41)]
    assert from_below.has_more
    from_above = await LineageFinder(store(*line)).find_lineage("0", viewer())
    assert from_above.members[-1].task.id == "9"
    assert from_above.has_more


async def test_a_cycle_ends() -> None:
    """No relay should report one; each task is shown once."""
    family = await LineageFinder(store(("a", "b"), ("b", "c"), ("c", "a"))).find_lineage("a", viewer())
    assert sorted(one.task.id for one in family.members) == ["a", "b", "c"]


async def test_channels_that_the_person_cannot_see_are_neither_named_nor_linked() -> None:
    """Nor is a DM that was deleted; the person's own task stays, without a link that they cannot open."""
    made = store(("staff", "shared"), ("shared", "dm"), ("shared", "own"), ("shared", "seen"))
    made.snapshots = {name: task(name, prompt=name) for name in ("staff", "shared", "dm", "own", "seen")}
    made.claimed[3] = replace(made.claimed[3], person_id=MINH.id)
    staff = {number: replace(place(number), channel_id=13) for number in (1, 4, 6)}
    shown = (
        job(1, "staff", claim_id=8, place=staff[1]),
        job(2, "shared", claim_id=1),
        job(3, "dm", claim_id=2, place=replace(place(3), guild_id=0, channel_id=99)),
        job(4, "own", claim_id=3, requester=MINH, place=staff[4]),
        job(5, "seen", claim_id=4),
        job(6, "seen", place=staff[6]),
    )
    made.jobs = {one.id: one for one in shown}
    await made.delete_job(3)
    finder, asks = LineageFinder(made), viewer(MINH, hidden_channels={13})
    family = await finder.find_lineage("shared", asks)
    assert [(one.task.prompt, one.link) for one in family.members] == [
        ("", ""), ("shared", place(2).link), ("own", ""), ("seen", place(5).link),
    ]  # fmt: skip
    for hidden in ("staff", "dm"):
        assert [(one.task, one.link) for one in (await finder.find_lineage(hidden, asks)).members] == [
            (Task(id=hidden), "")
        ]


def hide(made: FakeStore, *names: str) -> None:
    """Make tasks those of LIEN's private messages, and the others MINH's."""
    for claim in list(made.claimed.values()):
        made.claimed[claim.id] = claim if claim.child_id in names else replace(claim, person_id=MINH.id)
    claims = {claim.child_id: claim.id for claim in made.claimed.values()}
    for number, name in enumerate(names, 900):
        made.jobs[number] = job(number, name, claim_id=claims[name], place=place(number, ephemeral=True))


@pytest.mark.parametrize("hidden", [1, 10, 30, 100])
async def test_hidden_relatives_are_not_told_by_their_number(hidden: int) -> None:
    """The family looks as it would without them."""
    names = [f"h{number}" for number in range(hidden)]
    made = store(*(("grid", name) for name in names), ("grid", "one"))
    hide(made, *names)
    family = await LineageFinder(made).find_lineage("one", viewer(MINH))
    assert shape(family) == ["grid", ".one"]
    assert not family.has_more


async def test_hidden_generations_are_not_told_by_their_number() -> None:
    """Neither those above the oldest shown task nor those below the youngest."""
    line = [str(number) for number in range(20)]
    made = store(*pairwise(line))
    hide(made, *line[10:])
    below = await LineageFinder(made).find_lineage("5", viewer(MINH))
    assert (shape(below)[-1], below.has_more) == (f"{'.' * 9}9", False)
    above = store(*pairwise(line[:16]))
    hide(above, *line[1:9])
    family = await LineageFinder(above).find_lineage("15", viewer(MINH))
    assert "15" in {member.task.id for member in family.members}
    assert not family.has_more


async def test_hidden_relatives_take_no_place_of_others() -> None:
    """As many are shown as without them, and the rest that the person may see is told of."""
    names = [f"h{number}" for number in range(20)]
    made = store(*(("grid", name) for name in names), *(("grid", f"v{number}") for number in range(30)))
    hide(made, *names)
    family = await LineageFinder(made).find_lineage("grid", viewer(MINH))
    assert len(family.members) == MAX_MEMBERS
    assert family.has_more
