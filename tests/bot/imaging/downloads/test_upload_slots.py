"""Room for people's pictures: one slot each, and less time while others wait."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.errors import UploadTooSlow
from bot.imaging.downloads.upload_slots import UploadSlots

NEVER, AT_ONCE = 3600.0, 0.0


@dataclass
class TricklingPicture:
    """A picture of a host that never finishes it, until `come` is set."""

    name: str = "https://slow.example/a.png"
    come: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    async def read(self) -> bytes:
        self.asked += 1
        await self.come.wait()
        return b"fox"


async def load(slots: UploadSlots, person_id: int, *pictures: TricklingPicture) -> list[bytes]:
    """Load pictures in a person's slot."""
    async with slots.reserve(person_id) as slot:
        return [await slot.read(picture) for picture in pictures]


async def start(slots: UploadSlots, person_id: int, *pictures: TricklingPicture) -> "asyncio.Task[list[bytes]]":
    """Start to load pictures, as far as they come without waiting."""
    loading = asyncio.create_task(load(slots, person_id, *pictures))
    for _ in range(5):
        await asyncio.sleep(0)
    return loading


def arrived(name: str = "fox.png") -> TricklingPicture:
    """Make a picture that is there at once."""
    picture = TricklingPicture(name)
    picture.come.set()
    return picture


@pytest.mark.parametrize("attackers", [1, 2, 3, 8])
async def test_slow_links_of_others_end_when_a_person_waits(attackers: int) -> None:
    """However many people have some."""
    slots = UploadSlots(2, total_seconds=NEVER, share_seconds=AT_ONCE)
    slow = [await start(slots, person_id, TricklingPicture()) for person_id in range(100, 100 + attackers)]
    assert await asyncio.wait_for(load(slots, 1, arrived(), arrived()), 60) == [b"fox", b"fox"]
    for loading in slow[:-2] if attackers > 2 else slow[: max(0, attackers - 1)]:
        with pytest.raises(UploadTooSlow) as refused:
            await loading
        assert refused.value.name == "https://slow.example/a.png"
    for loading in slow:
        loading.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_slow_link_goes_on_while_no_one_waits() -> None:
    """Also after a person who waited has left."""
    slots = UploadSlots(1, total_seconds=NEVER, share_seconds=NEVER / 2)
    picture = TricklingPicture()
    slow = await start(slots, 100, picture)
    waiting = await start(slots, 1, arrived())
    assert slots.seconds_per_person == NEVER / 2
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert slots.seconds_per_person == NEVER
    picture.come.set()
    assert await slow == [b"fox"]


async def test_all_pictures_of_a_person_share_the_time() -> None:
    slots = UploadSlots(1, total_seconds=AT_ONCE, share_seconds=AT_ONCE)
    pictures = TricklingPicture("one.png"), TricklingPicture("two.png")
    with pytest.raises(UploadTooSlow) as refused:
        await load(slots, 1, *pictures)
    assert (refused.value.name, [picture.asked for picture in pictures]) == ("one.png", [1, 0])


async def test_a_person_with_two_commands_holds_one_slot() -> None:
    """The second command does not count as one who waits."""
    slots = UploadSlots(2, total_seconds=NEVER, share_seconds=AT_ONCE)
    first, second = TricklingPicture(), TricklingPicture()
    loading = [await start(slots, 100, first), await start(slots, 100, second)]
    assert (first.asked, second.asked, slots.seconds_per_person) == (1, 0, NEVER)
    first.come.set()
    second.come.set()
    assert await asyncio.gather(*loading) == [[b"fox"], [b"fox"]]


async def test_a_slot_is_free_again_after_a_failure() -> None:
    slots = UploadSlots(1)
    for person_id in (1, 2, 2):
        with pytest.raises(ValueError, match="broken"):
            async with slots.reserve(person_id):
                raise ValueError("broken")
    assert await load(slots, 3, arrived()) == [b"fox"]
