"""A picture's family: bounded, linked where it may be, and whole as far as the store knows it."""

from dataclasses import replace

from bot.family import MOST, Families, Family
from bot.models import Status
from bot.records import ClaimState
from tests.fakes.rows import job, place, task
from tests.fakes.store import FakeStore
from tests.fakes.stored import NOON, a_claim


def store(*pairs: tuple[str, str]) -> FakeStore:
    """A store in which each child was made of its parent, in this order."""
    made = FakeStore(lambda: NOON)
    for number, (parent, child) in enumerate(pairs, 1):
        made.claimed[number] = a_claim(number, "U1", task_id=parent, child_id=child, state=ClaimState.ACCEPTED)
    return made


def shape(family: Family) -> list[str]:
    """The members with their depth."""
    return [f"{'.' * len(member.path)}{member.task.id}" for member in family.members]


FOUR = (("grid", "one"), ("one", "zoomed"), ("grid", "two"), ("other", "stranger"))


async def test_every_member_finds_the_whole_family() -> None:
    """Up to the oldest and down again; parents before children, older children first."""
    families = Families(store(*FOUR))
    for asked in ("grid", "one", "zoomed", "two"):
        assert shape(await families.of(asked, place())) == ["grid", ".one", "..zoomed", ".two"]
    assert [one.path for one in (await families.of("one", place())).members] == [
        (),
        (False,),
        (False, True),
        (True,),
    ]


async def test_nobody_is_a_family_of_one() -> None:
    """What the store does not know stands alone, with nothing but its id."""
    family = await Families(store()).of("1", place())
    assert shape(family) == ["1"]
    assert (family.members[0].link, family.members[0].made_by, family.more) == ("", "", False)


async def test_members_tell_what_made_them_and_where_they_are() -> None:
    """The press's own message says what was pressed; private messages, and other servers', are not linked."""
    made = store(*FOUR)
    made.snapshots["one"] = task("one", Status.SUCCESS)
    shown = (
        job(701, "one", pressed="U1", done="Picture 1"),
        job(702, "one"),
        job(703, "two", pressed="V2", place=place(703, ephemeral=True)),
        job(704, "zoomed", place=replace(place(704), guild_id=99)),
    )
    made.jobs = {one.id: one for one in shown}
    found = {one.task.id: one for one in (await Families(made).of("grid", place())).members}
    assert (found["one"].made_by, found["one"].done, found["one"].link) == ("U1", "Picture 1", place(702).link)
    assert found["one"].task.status is Status.SUCCESS
    assert (found["two"].made_by, found["two"].link, found["zoomed"].link) == ("V2", "", "")


async def test_a_large_family_is_cut_but_never_of_the_one_asked_for() -> None:
    """The line that leads to it comes first."""
    many = [("grid", f"v{number}") for number in range(100)]
    family = await Families(store(*many)).of("v99", place())
    assert len(family.members) == MOST
    assert family.more
    assert "v99" in {one.task.id for one in family.members}


async def test_a_long_line_is_cut_at_its_old_end() -> None:
    """And at its young end, seen from far above."""
    line = [(str(number), str(number + 1)) for number in range(40)]
    from_below = await Families(store(*line)).of("40", place())
    assert [one.task.id for one in from_below.members] == [str(number) for number in range(32, 41)]
    assert from_below.more
    from_above = await Families(store(*line)).of("0", place())
    assert from_above.members[-1].task.id == "9"
    assert from_above.more


async def test_a_circle_ends() -> None:
    """No relay should tell of one; each is shown once."""
    family = await Families(store(("a", "b"), ("b", "c"), ("c", "a"))).of("a", place())
    assert sorted(one.task.id for one in family.members) == ["a", "b", "c"]
