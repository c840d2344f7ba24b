"""Work on pixels: how late the event loop is while twenty pictures are worked on, against working on the loop."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from PIL import Image

from benchmarks.table import Row, percentile, ratio
from bot.masks import Region, draw_mask, read_mask
from bot.previews import preview
from bot.quarters import quarters
from bot.studio import Studio
from bot.uploads import prepare
from tests.pictures import encoded

TARGET_MS = 50.0
LIMIT = 10 * 1024 * 1024
SIZE = (2048, 2048)
"""A finished grid of Midjourney's, or one of its upscaled pictures."""

_TICK = 0.002

Work = Callable[[bytes], object]
WORKS: dict[str, Work] = {
    "uploads": partial(prepare, name="fox"),
    "masks read": lambda data: read_mask(data, SIZE, name="mask"),
    "previews": lambda data: preview(data, draw_mask(Region.CENTRE, SIZE), name="fox", limit=LIMIT),
    "cut grids": lambda data: quarters(data, name="fox", limit=LIMIT),
}


async def loop_delays(pictures: int) -> list[Row]:
    """Let each kind of work run over so many pictures, off the loop, and over a tenth of them on it: it is the same."""
    rows = []
    for what, work in WORKS.items():
        data = await asyncio.to_thread(_picture, what)
        ours = await _delays(partial(_off_the_loop, what, data, pictures))
        theirs = await _delays(partial(_on_the_loop, work, data, max(1, pictures // 10)))
        worst, naive = max(ours), max(theirs)
        rows.append(
            Row(
                what=f"loop delay, {pictures} {what}, longest",
                mjbot=f"{worst:.0f} ms (p99 {percentile(ours, 0.99):.0f})",
                naive=f"{naive:.0f} ms",
                ratio=ratio(worst, naive),
                target=f"< {TARGET_MS:.0f} ms",
                met=worst < TARGET_MS,
            )
        )
    return rows


def _picture(what: str) -> bytes:
    """Give a file of the kind that costs its work the most; a photograph has about so much noise."""
    if what == "masks read":
        mask = Image.new("L", (SIZE[0] * 3 // 2, SIZE[1] * 3 // 2), 0)
        mask.paste(255, (500, 500, 1500, 1500))
        return encoded(mask.convert("RGB"), "JPEG")
    image = Image.merge("RGB", [Image.effect_noise(SIZE, 40) for _ in range(3)])
    return encoded(image, "WEBP", quality=95, method=0) if what == "uploads" else encoded(image, compress_level=1)


async def _off_the_loop(what: str, data: bytes, pictures: int) -> None:
    studio = Studio()

    async def one() -> None:
        if what == "uploads":
            await studio.upload(data, name="fox")
        elif what == "masks read":
            await studio.read_mask(data, SIZE, name="mask")
        elif what == "previews":
            await studio.preview(data, await studio.draw_mask(Region.CENTRE, SIZE), name="fox", limit=LIMIT)
        else:
            await studio.quarters(data, name="fox", limit=LIMIT)

    await asyncio.gather(*(one() for _ in range(pictures)))
    await studio.close()


async def _on_the_loop(work: Work, data: bytes, pictures: int) -> None:
    for _ in range(pictures):
        work(data)
        await asyncio.sleep(0)


async def _delays(work: Callable[[], Awaitable[None]]) -> list[float]:
    """Return how late the loop came back to a clock that asks every 2 ms while the work runs, in milliseconds."""
    delays: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            begun = time.perf_counter()
            await asyncio.sleep(_TICK)
            delays.append((time.perf_counter() - begun - _TICK) * 1000)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(_TICK)
    await work()
    done.set()
    await watching
    return delays
