"""Work on pixels against doing it in a thread: how late the event loop is meanwhile, and how long it takes."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from itertools import cycle, islice
from statistics import median
from time import perf_counter
from typing import Any

from PIL import Image

from benchmarks.idle_loop import Delay, find_longest, measure_delays, run_idle_loop
from benchmarks.table import Row, ratio
from bot.errors import MaskAmbiguous
from bot.imaging.grid_split import split_grid
from bot.imaging.mask_preview import draw_mask_preview
from bot.imaging.masks import Region, draw_mask, read_mask
from bot.imaging.reencode import fit_to_limit
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES, prepare_upload
from bot.imaging.worker_process import ImageWorker
from tests.pictures import draw_noise, encode

TARGET_MS = 50.0
LIMIT = 10 * 1024 * 1024
_DEARER = 1.3
"""What a process of its own may cost in time: pixels are sent there and back."""
KINDS = ("PNG", "JPEG", "WEBP")
SIZES = ((2048, 2048), (4096, 4096), (8192, 4096))
"""A finished grid of Midjourney's, its largest, and the largest that is taken."""

Size = tuple[int, int]
Work = Callable[[], object]


async def measure_loop_delays(pictures: int, sizes: int = len(SIZES)) -> list[Row]:
    """Let each kind and size of picture be worked on in all our ways in turn, in our process and then in threads.

    The naive way gets a quarter of the pictures, as it is the same for each of them. Beside each an idle process
    watches: while that is late too, it is the machine that is.
    """
    rows: list[Row] = []
    for size in SIZES[:sizes]:
        for kind in KINDS:
            data = await asyncio.to_thread(_picture, kind, size)
            worker = ImageWorker()
            async with run_idle_loop() as idle:
                ours = await measure_delays(partial(_at_once, islice(_works(data, size), pictures), worker))
            await worker.close()
            async with run_idle_loop() as idle_then:
                theirs = await measure_delays(partial(_in_threads, islice(_works(data, size), max(1, pictures // 4))))
            rows.append(_row(f"{pictures} {kind} of {size[0]} x {size[1]}", ours, theirs, (idle, idle_then)))
            print(f"  {rows[-1].cells}", file=sys.stderr, flush=True)
    return rows


async def measure_fit_times(pictures: int) -> Row:
    """Make a PNG of 14 MiB fit, as a large grid is before it is shown: in our process, and in a thread, in turns."""
    data = encode(draw_noise(2240, 2240), compress_level=1)
    work = partial(fit_to_limit, data, name="fox", limit=LIMIT, url="")
    worker = ImageWorker()
    await worker.run(work)  # which starts its process
    ours, theirs = [], []
    for _ in range(pictures):
        ours.append(await _took(worker.run(work)))
        theirs.append(await _took(asyncio.to_thread(work)))
    await worker.close()
    own, naive = median(ours), median(theirs)
    return Row(
        what=f"a PNG of {len(data) >> 20} MiB made to fit, median",
        mjbot=f"{own:.2f} s",
        naive=f"{naive:.2f} s",
        ratio=ratio(own, naive),
        target=f"<= {_DEARER}",
        met=own <= _DEARER * naive,
    )


async def _took(work: Coroutine[Any, Any, object]) -> float:
    begun = perf_counter()
    await work
    return perf_counter() - begun


def _row(what: str, ours: list[Delay], theirs: list[Delay], idle: tuple[list[Delay], list[Delay]]) -> Row:
    worst, naive = find_longest(ours, idle[0]), find_longest(theirs, idle[1])
    return Row(
        what=f"loop delay, {what}, longest",
        mjbot=f"{worst:.0f} ms (the machine's own in it: {find_longest(ours):.0f})",
        naive=f"{naive:.0f} ms ({find_longest(theirs):.0f})",
        ratio=ratio(worst, naive),
        target=f"< {TARGET_MS:.0f} ms",
        met=worst < TARGET_MS,
    )


def _works(data: bytes, size: Size) -> Iterator[Work]:
    """Yield for ever what we do with pictures: show, take as upload, take as mask, preview, cut."""
    mask = draw_mask(Region.CENTER, size)
    return cycle(
        (
            partial(fit_to_limit, data, name="fox", limit=LIMIT, url=""),
            partial(prepare_upload, data, name="fox"),
            partial(read_mask, data, size, name="mask"),
            partial(draw_mask_preview, data, mask, name="fox", limit=LIMIT),
            partial(split_grid, data, name="fox", limit=LIMIT),
        )
    )


def _picture(kind: str, size: Size) -> bytes:
    """Give a file that is nearly as hard as a photograph, and small enough to be taken."""
    coarse = size[0] // 4, size[1] // 4
    image = Image.merge("RGB", [Image.effect_noise(coarse, 40) for _ in range(3)])
    image = image.resize(size, Image.Resampling.BILINEAR)
    if kind == "PNG":
        data = encode(Image.eval(image, lambda level: level & 0xF0), compress_level=1)
    else:
        data = encode(image, kind, **({"quality": 92} if kind == "JPEG" else {"quality": 80, "method": 0}))
    assert len(data) <= MAX_UPLOAD_BYTES
    return data


async def _at_once(works: Iterator[Work], worker: ImageWorker) -> None:
    await asyncio.gather(*(_done(worker.run(work)) for work in works))


async def _in_threads(works: Iterator[Work]) -> None:
    for work in works:
        await _done(asyncio.to_thread(work))


async def _done(work: Coroutine[Any, Any, object]) -> None:
    with suppress(MaskAmbiguous):  # noise is no mask, which is told when all of it has been looked at
        await work
