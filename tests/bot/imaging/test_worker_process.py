"""The child process for pictures: one piece of work at a time, whatever happens to the process or the caller."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.errors import PictureWorkAborted, UploadTypeUnsupported
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
    """Work that blocks until `release`, because it waits for a signal; it gives its process the name "blocked"."""

    work = partial(
        eval,
        "(lambda signal, libc: (signal.pthread_sigmask(0, {10}), libc.prctl(15, b'blocked', 0, 0, 0), "
        "signal.sigwait({10}))[2])(__import__('signal'), __import__('ctypes').CDLL(None))",
    )
    process = 0

    async def wait_until_started(self, process: int) -> None:
        """Wait until the process has that name, and so waits for the signal."""
        self.process = process
        async with asyncio.timeout(30):
            while Path(f"/proc/{process}/comm").read_text() != "blocked\n":  # noqa: ASYNC110, ASYNC240 - it cannot tell
                await asyncio.sleep(0.005)

    def release(self) -> None:
        """Let the work end."""
        os.kill(self.process, signal.SIGUSR1)


@pytest.fixture
def blocked_work() -> BlockedWork:
    """Create work that blocks."""
    return BlockedWork()


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
    environment = await worker.run(partial(eval, "str(dict(__import__('os').environ))"))
    assert "PYTHONPATH" in environment
    assert "secret" not in environment


async def test_one_piece_of_work_runs_at_a_time(worker: ImageWorker, blocked_work: BlockedWork) -> None:
    process = await worker.run(os.getpid)
    first = asyncio.create_task(worker.run(blocked_work.work))
    await blocked_work.wait_until_started(process)
    second = asyncio.create_task(worker.run(os.getpid))
    await asyncio.sleep(0)
    assert not second.done()
    blocked_work.release()
    assert await first == signal.SIGUSR1
    assert await second


async def test_errors_come_back_with_their_data_and_traceback(worker: ImageWorker) -> None:
    with pytest.raises(UploadTypeUnsupported) as refused:
        await worker.run(partial(prepare_upload, b"%PDF", name="fox.pdf"))
    assert ("fox.pdf", "PDF") == (refused.value.name, refused.value.kind)
    assert "check_upload_file" in refused.value.__notes__[0]


async def test_fault_of_the_work_aborts_it_and_is_logged(worker: ImageWorker, caplog: pytest.LogCaptureFixture) -> None:
    """The person gets an end, the operator the traceback."""
    process = await worker.run(os.getpid)
    for code, name in (("1 / 0", "ZeroDivisionError"), ("object()", "TypeError"), ("nothing", "NameError")):
        with pytest.raises(PictureWorkAborted, match=name):
            await worker.run(partial(eval, code))
    assert "ZeroDivisionError: division by zero" in caplog.text
    assert process == await worker.run(os.getpid)


ANSWERS = (
    b"cos\nsystem\n(S'echo attack'\ntR.",
    b'{"value":["result",{"Picture":{"data":1}}],"sizes":[]}\n',
    b'{"value":["error",5,""],"sizes":[]}\n',
)


@pytest.mark.parametrize("answer", ANSWERS)
async def test_malformed_answer_aborts_the_work_and_ends_the_process(worker: ImageWorker, answer: bytes) -> None:
    """As of a process that runs a stranger's code."""
    process = await worker.run(os.getpid)
    code = f"[os.write(number, {answer!r}) for number in range(3, 9)]"
    with pytest.raises(PictureWorkAborted):
        await worker.run(partial(eval, f"(lambda os: {code})(__import__('os'))"))
    assert process != await worker.run(os.getpid)
    await wait_until_ended(process)


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


async def test_work_that_cannot_be_sent_does_not_break_the_next(worker: ImageWorker) -> None:
    for work in (partial(print, object()), partial(print, {1: 2}), partial(print, b"a", {3})):
        with pytest.raises(TypeError):
            await worker.run(work)
    with pytest.raises(PictureWorkAborted):
        await worker.run(lambda: 1)
    assert await worker.run(os.getpid)


async def test_cancelled_work_is_killed_and_the_next_starts_at_once(
    worker: ImageWorker, blocked_work: BlockedWork
) -> None:
    process = await worker.run(os.getpid)
    first = asyncio.create_task(worker.run(blocked_work.work))
    await blocked_work.wait_until_started(process)
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
    await blocked_work.wait_until_started(process)
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
