"""Work on pixels happens in a process of its own, one at a time, whatever becomes of that process or of who asked."""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.errors import (
    MaskAspectRatioWrong,
    MjbotError,
    PictureTooLarge,
    PictureWorkAborted,
    UploadTooLarge,
    UploadTypeUnsupported,
)
from bot.imaging.upload_validation import prepare_upload
from bot.imaging.worker import BOT_RESERVED_BYTES, MAX_ALLOCATION_BYTES, MIN_ALLOCATION_BYTES, choose_memory_limit
from bot.imaging.worker_process import ImageWorker

MIB = 1024 * 1024


@pytest.fixture
async def worker() -> AsyncIterator[ImageWorker]:
    """One that ends with its test."""
    worker = ImageWorker()
    yield worker
    await worker.close()


class Held:
    """Work that has begun once `begun` returns, and lasts until `let`: it reads a pipe that has a name."""

    def __init__(self, folder: Path) -> None:
        self.pipe = folder / "pipe"
        os.mkfifo(self.pipe)
        self.work = partial(Path.read_bytes, self.pipe)

    async def begun(self) -> None:
        """Wait until it reads."""
        self._end = await asyncio.to_thread(os.open, self.pipe, os.O_WRONLY)

    def let(self) -> None:
        """Let it end."""
        os.close(self._end)


@pytest.fixture
def held(tmp_path: Path) -> Held:
    """Work that lasts until it is let."""
    return Held(tmp_path)


async def gone(process: int) -> None:
    """Wait until a process is no more, and nothing is left of it."""
    async with asyncio.timeout(30):
        while True:
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                return
            await asyncio.sleep(0.01)


async def test_it_is_another_process_and_stays(worker: ImageWorker) -> None:
    """Nothing that a codec does can hold our loop, and the next picture needs no start."""
    process = await worker.run(os.getpid)
    assert process != os.getpid()
    assert process == await worker.run(os.getpid)


async def test_it_knows_no_secret(worker: ImageWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that breaks a decoder finds neither the token nor the key nor the database."""
    for name in ("DISCORD_TOKEN", "MJ_API_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "secret")
    told = await worker.run(partial(Path.read_bytes, Path("/proc/self/environ")))
    assert b"PYTHONPATH=" in told
    assert b"secret" not in told


async def test_one_at_a_time(worker: ImageWorker, held: Held) -> None:
    """The second waits until the first has ended: decoded pixels are the memory."""
    first = asyncio.create_task(worker.run(held.work))
    await held.begun()
    second = asyncio.create_task(worker.run(os.getpid))
    await asyncio.sleep(0)
    assert not second.done()
    held.let()
    assert await first == b""
    assert await second


async def test_what_is_wrong_comes_through_whole(worker: ImageWorker) -> None:
    """With its data, and with where it was raised, as no traceback comes through a pipe."""
    with pytest.raises(UploadTypeUnsupported) as refused:
        await worker.run(partial(prepare_upload, b"%PDF", name="fox.pdf"))
    assert ("fox.pdf", "PDF") == (refused.value.name, refused.value.kind)
    assert "check_upload_file" in refused.value.__notes__[0]


@pytest.mark.parametrize(
    "error",
    [
        UploadTooLarge("fox", 5, 4, pixels=True),
        MaskAspectRatioWrong((1, 2), (3, 4)),
        PictureTooLarge("https://a.example", "5 pixels"),
        PictureTooLarge("https://a.example"),
    ],
)
def test_errors_keep_their_data_in_a_pipe(error: MjbotError) -> None:
    """Though what they are built from is not what they say."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(error), vars(error)) == (type(again), vars(again))


async def test_a_killed_process_is_told_and_replaced(worker: ImageWorker) -> None:
    """As by the kernel, where memory runs out."""
    process = await worker.run(os.getpid)
    with pytest.raises(PictureWorkAborted, match="its process ended"):
        await worker.run(partial(os._exit, 9))
    assert process != await worker.run(os.getpid)
    await gone(process)


async def test_one_killed_while_it_rests_hurts_nobody(worker: ImageWorker) -> None:
    """The next piece of work has a new one."""
    process = await worker.run(os.getpid)
    os.kill(process, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, process, os.WEXITED | os.WNOWAIT)
    assert process != await worker.run(os.getpid)
    await gone(process)


async def test_a_want_of_memory_is_told(worker: ImageWorker) -> None:
    """The process lives on."""
    process = await worker.run(os.getpid)
    with pytest.raises(PictureWorkAborted, match="memory"):
        await worker.run(partial(bytearray, 2**62))
    assert process == await worker.run(os.getpid)


async def test_what_cannot_be_sent_is_an_error_of_ours(worker: ImageWorker) -> None:
    """And nobody else's: the next one works."""
    with pytest.raises((AttributeError, pickle.PicklingError)):
        await worker.run(lambda: 1)
    assert await worker.run(os.getpid)


async def test_who_leaves_ends_the_work(worker: ImageWorker, held: Held) -> None:
    """Whoever waits begins at once, in a new process."""
    process = await worker.run(os.getpid)
    first = asyncio.create_task(worker.run(held.work))
    await held.begun()
    second = asyncio.create_task(worker.run(os.getpid))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert process != await second
    await gone(process)


async def test_what_takes_too_long_is_ended() -> None:
    """A picture made to keep a decoder busy keeps nobody else waiting for ever."""
    worker = ImageWorker(work_seconds=0.2)
    with pytest.raises(PictureWorkAborted, match="not done after"):
        await worker.run(partial(time.sleep, 600))
    await worker.close()


async def test_an_idle_process_is_ended() -> None:
    """Its memory is the machine's again; the next picture starts another."""
    worker = ImageWorker(idle_seconds=0)
    process = await worker.run(os.getpid)
    await gone(process)
    assert process != await worker.run(os.getpid)
    await worker.close()


async def test_close_waits_for_no_picture(worker: ImageWorker, held: Held) -> None:
    """A deploy has ten seconds, and the largest pictures take more."""
    process = await worker.run(os.getpid)
    working = asyncio.create_task(worker.run(held.work))
    await held.begun()
    waiting = asyncio.create_task(worker.run(os.getpid))
    await worker.close()
    for asked in (working, waiting, asyncio.create_task(worker.run(os.getpid))):
        with pytest.raises(PictureWorkAborted):
            await asked
    await gone(process)
    await worker.close()


async def test_a_signal_to_all_processes_is_not_for_this_one(worker: ImageWorker) -> None:
    """Platforms and terminals tell every process; answers under way need this one a moment longer."""
    process = await worker.run(os.getpid)
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(process, number)
    assert process == await worker.run(os.getpid)


def test_it_ends_with_whoever_told_it() -> None:
    """Also where the bot was killed, and could end nobody."""
    root = Path(__file__).parents[3]
    ended = subprocess.run([sys.executable, "-m", "bot.imaging.worker"], cwd=root, input=b"", timeout=60, check=False)
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("machine", "bytes_"),
    [
        ((512 * MIB, 0, 64_000 * MIB), 512 * MIB - BOT_RESERVED_BYTES),
        ((0, 256 * MIB, 64_000 * MIB), MIN_ALLOCATION_BYTES),
        ((0, 2**63 - 4096, 64_000 * MIB), MAX_ALLOCATION_BYTES),
        ((), MAX_ALLOCATION_BYTES),
    ],
)
def test_the_bot_keeps_its_share_of_the_memory(machine: tuple[int, ...], bytes_: int) -> None:
    """Of the container's memory where it has a limit, else of the machine's."""
    assert bytes_ == choose_memory_limit(*machine)
