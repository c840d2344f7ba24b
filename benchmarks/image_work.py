"""Measure image work in mjbot's worker process against a thread: the loop's delays meanwhile, and the time."""

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
_MAX_TIME_RATIO = 1.3
"""How much longer the worker process may take: the picture is sent there and back."""
KINDS = ("PNG", "JPEG", "WEBP")
SIZES = ((2048, 2048), (4096, 4096), (8192, 4096))
"""The size of a grid, of Midjourney's largest one, and of the largest picture that mjbot accepts."""
GRID_SIDE = 2240
"""The side of the grid that is re-encoded: more than LIMIT as a PNG."""

Size = tuple[int, int]
Work = Callable[[], object]


async def measure_loop_delays(pictures: int, sizes: int = len(SIZES)) -> list[Row]:
    """Process each kind and size of picture in the worker process, then in threads, and compare the loop's delays.

    The threads get a quarter of the pictures, because every picture delays the loop alike. Delays that an idle process
    sees at the same time are the machine's, and do not count.
    """
    rows: list[Row] = []
    for size in SIZES[:sizes]:
        for kind in KINDS:
            data = await asyncio.to_thread(_draw_picture, kind, size)
            worker = ImageWorker()
            async with run_idle_loop() as idle:
                worker_delays = await measure_delays(
                    partial(_run_in_worker, islice(_cycle_work(data, size), pictures), worker)
                )
            await worker.close()
            async with run_idle_loop() as idle_then:
                thread_delays = await measure_delays(
                    partial(_run_in_threads, islice(_cycle_work(data, size), max(1, pictures // 4)))
                )
            rows.append(
                _build_delay_row(
                    f"{pictures} {kind} of {size[0]} x {size[1]}", worker_delays, thread_delays, (idle, idle_then)
                )
            )
            print(f"  {rows[-1].cells}", file=sys.stderr, flush=True)
    return rows


async def measure_fit_times(pictures: int) -> Row:
    """Re-encode a PNG larger than LIMIT as for a large grid, alternately in the worker process and in a thread."""
    data = encode(draw_noise(GRID_SIDE, GRID_SIDE), compress_level=1)
    work = partial(fit_to_limit, data, name="fox", limit=LIMIT, url="")
    worker = ImageWorker()
    await worker.run(work)  # starts the worker process
    worker_times, thread_times = [], []
    for _ in range(pictures):
        worker_times.append(await _measure_seconds(worker.run(work)))
        thread_times.append(await _measure_seconds(asyncio.to_thread(work)))
    await worker.close()
    worker_seconds, naive = median(worker_times), median(thread_times)
    return Row(
        what=f"a PNG of {len(data) >> 20} MiB re-encoded to fit, median",
        mjbot=f"{worker_seconds:.2f} s",
        naive=f"{naive:.2f} s",
        ratio=ratio(worker_seconds, naive),
        target=f"<= {_MAX_TIME_RATIO}",
        met=worker_seconds <= _MAX_TIME_RATIO * naive,
    )


async def _measure_seconds(work: Coroutine[Any, Any, object]) -> float:
    started = perf_counter()
    await work
    return perf_counter() - started


def _build_delay_row(
    what: str, worker_delays: list[Delay], thread_delays: list[Delay], idle: tuple[list[Delay], list[Delay]]
) -> Row:
    worker, naive = find_longest(worker_delays, idle[0]), find_longest(thread_delays, idle[1])
    return Row(
        what=f"loop delay, {what}, longest",
        mjbot=f"{worker:.0f} ms (with the machine's own: {find_longest(worker_delays):.0f})",
        naive=f"{naive:.0f} ms ({find_longest(thread_delays):.0f})",
        ratio=ratio(worker, naive),
        target=f"< {TARGET_MS:.0f} ms",
        met=worker < TARGET_MS,
    )


def _cycle_work(data: bytes, size: Size) -> Iterator[Work]:
    """Yield the kinds of image work in an endless cycle: show, upload, read a mask, preview a mask, split a grid."""
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


def _draw_picture(kind: str, size: Size) -> bytes:
    """Return a file that is nearly as hard to encode as a photo, and small enough to be accepted."""
    coarse = size[0] // 4, size[1] // 4
    image = Image.merge("RGB", [Image.effect_noise(coarse, 40) for _ in range(3)])
    image = image.resize(size, Image.Resampling.BILINEAR)
    if kind == "PNG":
        data = encode(Image.eval(image, lambda level: level & 0xF0), compress_level=1)
    else:
        data = encode(image, kind, **({"quality": 92} if kind == "JPEG" else {"quality": 80, "method": 0}))
    assert len(data) <= MAX_UPLOAD_BYTES
    return data


async def _run_in_worker(works: Iterator[Work], worker: ImageWorker) -> None:
    await asyncio.gather(*(_run_to_end(worker.run(work)) for work in works))


async def _run_in_threads(works: Iterator[Work]) -> None:
    for work in works:
        await _run_to_end(asyncio.to_thread(work))


async def _run_to_end(work: Coroutine[Any, Any, object]) -> None:
    with suppress(MaskAmbiguous):  # noise is not a mask, which is known only after all pixels were read
        await work
