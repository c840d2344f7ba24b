"""Work on pixels happens off the loop, in turns, and its end is waited for."""

import asyncio
import threading

import pytest

from bot.errors import MaskEmpty, UploadForeign
from bot.masks import Region
from bot.offloop import OffLoop
from bot.studio import Studio
from tests.pictures import encoded, noise


class Gate:
    """Work that tells when it begins, and ends when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.began = threading.Semaphore(0)
        self.begun = 0
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def work(self) -> int:
        """Block the calling thread until the gate opens."""
        with self._lock:
            self.begun += 1
            self._now += 1
            self.most = max(self.most, self._now)
        self.began.release()
        assert self.open.wait(30)
        with self._lock:
            self._now -= 1
        return threading.get_ident()


async def until(gate: Gate, begun: int) -> None:
    """Wait until so much work has begun."""
    for _ in range(begun):
        assert await asyncio.to_thread(gate.began.acquire, timeout=30)


@pytest.mark.parametrize("at_once", [1, 2])
async def test_only_so_many_work_at_once(at_once: int) -> None:
    """The others wait for their turn, and none works on the loop's thread."""
    gate, off_loop = Gate(), OffLoop(at_once)
    tasks = [asyncio.create_task(off_loop.run(gate.work)) for _ in range(6)]
    await until(gate, at_once)
    gate.open.set()
    threads = await asyncio.gather(*tasks)
    assert (at_once, 6) == (gate.most, gate.begun)
    assert threading.get_ident() not in threads


async def test_who_leaves_leaves_the_thread_its_turn() -> None:
    """A cancelled caller is free at once; the next one begins when the thread has ended, and close waits for it."""
    gate, off_loop = Gate(), OffLoop()
    first = asyncio.create_task(off_loop.run(gate.work))
    await until(gate, 1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.create_task(off_loop.run(gate.work))
    closing = asyncio.create_task(off_loop.close())
    await asyncio.sleep(0)
    assert (1, False) == (gate.begun, closing.done())
    gate.open.set()
    await second
    await closing
    assert (1, 2) == (gate.most, gate.begun)
    await off_loop.close()


async def test_who_leaves_while_waiting_takes_no_turn() -> None:
    """Nothing is begun for a caller that has gone before its turn came."""
    gate, off_loop = Gate(), OffLoop()
    first = asyncio.create_task(off_loop.run(gate.work))
    await until(gate, 1)
    second = asyncio.create_task(off_loop.run(gate.work))
    await asyncio.sleep(0)
    second.cancel()
    gate.open.set()
    await first
    await off_loop.run(gate.work)
    assert 2 == gate.begun


async def test_the_studio_does_all_of_it_and_raises_what_is_wrong() -> None:
    """Each piece comes back whole, and its errors come through."""
    studio = Studio()
    picture = encoded(noise(120, 90))
    upload = await studio.upload(picture, name="fox.png")
    mask = await studio.draw_mask(Region.LEFT, (upload.width, upload.height))
    again = await studio.read_mask(mask.data, (120, 90), name="mask.png")
    shown = await studio.preview(picture, mask, name="fox")
    parts = await studio.quarters(picture, name="fox")
    assert (picture, mask.share, "fox.jpg", 4) == (upload.data, again.share, shown.name, len(parts))
    with pytest.raises(UploadForeign):
        await studio.upload(b"%PDF", name="fox.pdf")
    with pytest.raises(MaskEmpty):
        await studio.draw_mask(Region.LEFT, (1, 1))
    await studio.close()
