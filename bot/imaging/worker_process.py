"""Work on pictures in a process of its own, one at a time: in a thread, codecs hold the lock that the loop needs."""

import asyncio
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from bot.errors import PictureWorkAborted

IDLE_SECONDS = 60.0
"""How long the process is kept for the next picture: it takes a tenth of a second to start, and 20 MiB to keep."""
WORK_TIMEOUT_SECONDS = 120.0
"""How long one picture may take: the largest take ten seconds, on a small machine several times that."""

_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "LANG", "LC_ALL")
"""What of our environment the process gets."""
_ROOT = Path(__file__).resolve().parents[1]
_Result = TypeVar("_Result")


class ImageWorker:
    """Runs what can be pickled in a process that is started when needed; to be closed before what the work stands on.

    Decoded pixels are the memory, up to 128 MiB for each copy of one picture, so one piece of work at a time.
    """

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS, work_seconds: float = WORK_TIMEOUT_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._work_seconds = work_seconds
        self._turn = asyncio.Lock()
        self._child: _Child | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._threads: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """Whether a piece of work is being done."""
        return self._turn.locked()

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Do the work when it is its turn, and return or raise what it does; who leaves meanwhile ends it.

        Raises:
            PictureUnfinished: Its process was killed, or it took too long, or we were closed.
        """
        async with self._turn:
            if self._closed:
                raise PictureWorkAborted("", "closed")
            if self._idle:
                self._idle.cancel()
            if self._child and self._child.ended:  # killed by somebody else, while it rested
                self._end()
            child = self._child = self._child or _Child()
            doing = self._in_thread(lambda: child.do(work))
            try:
                await asyncio.wait({doing}, timeout=self._work_seconds)
                if not doing.done():
                    raise PictureWorkAborted("", f"not done after {self._work_seconds:g} s")
                return doing.result()
            finally:
                if not doing.done():
                    child.kill()
                self._keep(child)

    async def close(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        self._closed = True
        self._end()
        while self._threads:
            await asyncio.wait(self._threads)

    def _keep(self, child: "_Child") -> None:
        """Keep a process for the next piece of work, unless it has ended or none comes."""
        if child.ended:
            self._end()
        elif not self._closed:
            self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end)

    def _end(self) -> None:
        if self._idle:
            self._idle.cancel()
        if self._child:
            self._child.kill()
            self._in_thread(self._child.bury)
            self._child = None

    def _in_thread(self, work: Callable[[], _Result]) -> asyncio.Task[_Result]:
        thread = asyncio.create_task(asyncio.to_thread(work))
        self._threads.add(thread)
        thread.add_done_callback(self._ended)
        return thread

    def _ended(self, thread: asyncio.Task[Any]) -> None:
        self._threads.discard(thread)
        if not thread.cancelled():
            thread.exception()  # looked at, as nobody else may be left to


class _Child:
    """A process of bot.imaging.worker, for one thread at a time; any other may kill it."""

    def __init__(self) -> None:
        self._killed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._working = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether it is no more use."""
        return self._killed or (self._process is not None and self._process.poll() is not None)

    def do(self, work: Callable[[], _Result]) -> _Result:
        """Let it do a piece of work, blocking the calling thread; raises what that does, or PictureUnfinished."""
        try:
            with self._working:
                result, error = self._ask(work)
        except (OSError, EOFError, pickle.UnpicklingError) as broken:
            self.kill()
            raise PictureWorkAborted("", f"its process ended ({self.bury()})") from broken
        except BaseException:
            self.kill()
            self.bury()
            raise
        if isinstance(error, MemoryError):
            raise PictureWorkAborted("", "out of memory") from error
        if error is not None:
            raise error
        return result

    def kill(self) -> None:
        """Kill it now, or before it begins; it is then no more use."""
        with self._starting:
            self._killed = True
            if self._process:
                self._process.kill()

    def bury(self) -> int | None:
        """Wait until a killed process is gone, and return its code."""
        with self._working:
            if not self._process:
                return None
            with suppress(OSError), self._process:  # which closes its pipes, one perhaps with something unsaid
                self._process.wait()
            return self._process.returncode

    def _ask(self, work: Callable[[], _Result]) -> tuple[_Result, Exception | None]:
        with self._starting:
            if self._killed:
                raise EOFError
            self._process = self._process or _started()
        told, answers = self._process.stdin, self._process.stdout
        if told is None or answers is None:
            raise EOFError
        pickle.dump(work, told)
        told.flush()
        answer: tuple[_Result, Exception | None] = pickle.load(answers)  # noqa: S301 - from our own process
        return answer


def _started() -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    # It reads strangers' files: it needs Python, and none of our secrets.
    known = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return subprocess.Popen(
        (sys.executable, "-m", "bot.imaging.worker"),
        env={**known, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
