"""The child process for pictures: one piece of work at a time, whatever happens to the process or the caller."""

import asyncio
import os
import pickle
import signal
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
from bot.imaging.worker_process import ImageWorker

MIB = 1024 * 1024


@pytest.fixture
async def worker() -> AsyncIterator[ImageWorker]:
    """Create a worker, and close it after the test."""
    worker = ImageWorker()
    yield worker
    await worker.close()


class BlockedWork:
    """Work that blocks until `release`, because it reads a named pipe."""

    def __init__(self, folder: Path) -> None:
        self.pipe = folder / "pipe"
        os.mkfifo(self.pipe)
        self.work = partial(Path.read_bytes, self.pipe)

    async def wait_until_started(self) -> None:
        """Wait until the work reads the pipe."""
        self._end = await asyncio.to_thread(os.open, self.pipe, os.O_WRONLY)

    def release(self) -> None:
        """Let the work end."""
        os.close(self._end)


@pytest.fixture
def blocked_work(tmp_path: Path) -> BlockedWork:
    """Create work that blocks."""
    return BlockedWork(tmp_path)


async def wait_until_ended(process: int) -> None:
    """Wait until a process has ended and was reaped."""
    async with asyncio.timeout(30):
        while True:
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                return
            await asyncio.sleep(0.01)


async def test_work_runs_in_one_child_process_that_is_reused(worker: ImageWorker) -> None:
    process = await worker.run(os.getpid)
    assert process != os.getpid()
    assert process == await worker.run(os.getpid)


async def test_child_process_gets_no_secret(worker: ImageWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISCORD_TOKEN", "MJ_API_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "secret")
    environment = await worker.run(partial(Path.read_bytes, Path("/proc/self/environ")))
    assert b"PYTHONPATH=" in environment
    assert b"secret" not in environment


async def test_one_piece_of_work_runs_at_a_time(worker: ImageWorker, blocked_work: BlockedWork) -> None:
    first = asyncio.create_task(worker.run(blocked_work.work))
    await blocked_work.wait_until_started()
    second = asyncio.create_task(worker.run(os.getpid))
    await asyncio.sleep(0)
    assert not second.done()
    blocked_work.release()
    assert await first == b""
    assert await second


async def test_errors_come_back_with_their_data_and_traceback(worker: ImageWorker) -> None:
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
def test_errors_can_be_pickled(error: MjbotError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(error), vars(error)) == (type(again), vars(again))


async def test_killed_process_aborts_the_work_and_is_replaced(worker: ImageWorker) -> None:
    process = await worker.run(os.getpid)
    with pytest.raises(PictureWorkAborted, match="its process ended"):
        await worker.run(partial(os._exit, 9))
    assert process != await worker.run(os.getpid)
    await wait_until_ended(process)


async def test_process_killed_while_idle_is_replaced(worker: ImageWorker) -> None:
    process = await worker.run(os.getpid)
    os.kill(process, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, process, os.WEXITED | os.WNOWAIT)
    assert process != await worker.run(os.getpid)
    await wait_until_ended(process)


async def test_out_of_memory_aborts_the_work_and_keeps_the_process(worker: ImageWorker) -> None:
    process = await worker.run(os.getpid)
    with pytest.raises(PictureWorkAborted, match="memory"):
        await worker.run(partial(bytearray, 2**62))
    assert process == await worker.run(os.getpid)


async def test_unpicklable_work_does_not_break_the_next(worker: ImageWorker) -> None:
    with pytest.raises((AttributeError, pickle.PicklingError)):
        await worker.run(lambda: 1)
    assert await worker.run(os.getpid)


async def test_cancelled_work_is_killed_and_the_next_starts_at_once(
    worker: ImageWorker, blocked_work: BlockedWork
) -> None:
    process = await worker.run(os.getpid)
    first = asyncio.create_task(worker.run(blocked_work.work))
    await blocked_work.wait_until_started()
    second = asyncio.create_task(worker.run(os.getpid))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert process != await second
    await wait_until_ended(process)


async def test_work_over_the_timeout_is_aborted() -> None:
    worker = ImageWorker(work_seconds=0.2)
    with pytest.raises(PictureWorkAborted, match="not done after"):
        await worker.run(partial(time.sleep, 600))
    await worker.close()


async def test_idle_process_is_ended() -> None:
    worker = ImageWorker(idle_seconds=0)
    process = await worker.run(os.getpid)
    await wait_until_ended(process)
    assert process != await worker.run(os.getpid)
    await worker.close()


async def test_close_aborts_running_and_waiting_work(worker: ImageWorker, blocked_work: BlockedWork) -> None:
    """A deploy allows ten seconds; the largest pictures take longer."""
    process = await worker.run(os.getpid)
    working = asyncio.create_task(worker.run(blocked_work.work))
    await blocked_work.wait_until_started()
    waiting = asyncio.create_task(worker.run(os.getpid))
    await worker.close()
    for asked in (working, waiting, asyncio.create_task(worker.run(os.getpid))):
        with pytest.raises(PictureWorkAborted):
            await asked
    await wait_until_ended(process)
    await worker.close()


async def test_child_process_ignores_sigterm_and_sigint(worker: ImageWorker) -> None:
    """Platforms and terminals signal every process, and running work is still needed."""
    process = await worker.run(os.getpid)
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(process, number)
    assert process == await worker.run(os.getpid)
