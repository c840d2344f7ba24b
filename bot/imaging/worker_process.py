"""Run work on pictures in one child process, because codecs in a thread hold the GIL, which the event loop needs.

The pool of concurrent.futures cannot abort work that is running: a killed process breaks the whole pool.
"""

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from bot.errors import MjbotError, PictureWorkAborted
from bot.imaging.worker_messages import MalformedMessage, matches_return_type, read_message, write_message

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 60.0
"""How long an idle process is kept: it takes a tenth of a second to start, and 20 MiB to keep."""
WORK_TIMEOUT_SECONDS: Final = 120.0
"""How long one piece of work may take: the largest pictures take ten seconds, on slow machines several times that."""

_PASSED_VARIABLES: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "LANG", "LC_ALL")
"""The environment variables that the process gets."""
_ROOT: Final = Path(__file__).resolve().parents[2]
_Result = TypeVar("_Result")


class ImageWorker:
    """Run functions of modules in a child process, which is started when needed; close it before what they depend on.

    Their arguments, results and errors are those of worker_messages. `prepare` is called in a new process, before it
    gives up its rights; no argument is sent with it.

    Decoded pixels take most memory, up to 128 MiB for each copy of a picture, so only one piece of work runs at a time.
    """

    def __init__(
        self,
        prepare: Callable[[], None] | None = None,
        *,
        idle_seconds: float = IDLE_SECONDS,
        work_seconds: float = WORK_TIMEOUT_SECONDS,
    ) -> None:
        self._prepare = (_name_function(prepare),) if prepare else ()
        self._idle_seconds = idle_seconds
        self._work_seconds = work_seconds
        self._lock = asyncio.Lock()
        self._process: _WorkerProcess | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._threads: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Run `work`, a function or its partial, when no other runs; return or raise what it does.

        Cancellation aborts it.

        Raises:
            PictureWorkAborted: The process was killed, the work took too long or failed, or the worker was closed.
        """
        async with self._lock:
            if self._is_closed:
                raise PictureWorkAborted("", "closed")
            if self._idle_timer:
                self._idle_timer.cancel()
            if self._process and self._process.has_ended:  # killed from outside while it was idle
                self._end_process()
            process = self._process = self._process or _WorkerProcess(self._prepare)
            running = self._run_in_thread(lambda: process.run(work))
            try:
                await asyncio.wait({running}, timeout=self._work_seconds)
                if not running.done():
                    raise PictureWorkAborted("", f"not done after {self._work_seconds:g} s")
                return running.result()
            finally:
                if not running.done():
                    process.kill()
                self._keep_or_end(process)

    async def close(self) -> None:
        """Kill the process, even if it is busy, and wait until it has ended."""
        self._is_closed = True
        self._end_process()
        while self._threads:
            await asyncio.wait(self._threads)

    def _keep_or_end(self, process: "_WorkerProcess") -> None:
        """Keep a process for the next piece of work until the idle timer fires; clean up one that has ended."""
        if process.has_ended:
            self._end_process()
        elif not self._is_closed:
            self._idle_timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_process)

    def _end_process(self) -> None:
        if self._idle_timer:
            self._idle_timer.cancel()
        if self._process:
            self._process.kill()
            self._run_in_thread(self._process.wait)
            self._process = None

    def _run_in_thread(self, call: Callable[[], _Result]) -> asyncio.Task[_Result]:
        thread = asyncio.create_task(asyncio.to_thread(call))
        self._threads.add(thread)
        thread.add_done_callback(self._forget_thread)
        return thread

    def _forget_thread(self, thread: asyncio.Task[Any]) -> None:
        self._threads.discard(thread)
        if not thread.cancelled():
            thread.exception()  # retrieved here, because no coroutine may be left to do it


class _WorkerProcess:
    """A process of bot.imaging.worker; one thread at a time runs work in it, and any thread may kill it."""

    def __init__(self, arguments: tuple[str, ...] = ()) -> None:
        self._arguments = arguments
        self._is_killed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._start_lock = threading.Lock()
        self._work_lock = threading.Lock()

    @property
    def has_ended(self) -> bool:
        """Whether the process can run no more work."""
        return self._is_killed or (self._process is not None and self._process.poll() is not None)

    def run(self, work: Callable[[], _Result]) -> _Result:
        """Run a piece of work; blocks the calling thread. Raises what the work raises, or PictureWorkAborted."""
        function, arguments, options = _split_partial(work)
        request = _name_function(function), arguments, tuple(options.items())
        try:
            with self._work_lock:
                answer = self._exchange(request)
            return _take_result(answer, function)
        except (OSError, EOFError) as broken_pipe:
            self.kill()
            raise PictureWorkAborted("", f"its process ended ({self.wait()})") from broken_pipe
        except MalformedMessage as error:
            log.error("The process that works on pictures sent a malformed answer: %s.", error)  # noqa: TRY400
            self.kill()
            self.wait()
            raise PictureWorkAborted("", "a malformed answer") from error
        except TypeError:
            self.kill()  # part of the request may be in the pipe
            self.wait()
            raise

    def kill(self) -> None:
        """Kill the process, or prevent it from starting."""
        with self._start_lock:
            self._is_killed = True
            if self._process:
                self._process.kill()

    def wait(self) -> int | None:
        """Wait until a killed process has ended, and return its exit code."""
        with self._work_lock:
            if not self._process:
                return None
            with suppress(OSError), self._process:  # closes the pipes, one of which may hold unsent bytes
                self._process.wait()
            return self._process.returncode

    def _exchange(self, request: object) -> object:
        with self._start_lock:
            if self._is_killed:
                raise EOFError
            self._process = self._process or _start_process(self._arguments)
        requests, results = self._process.stdin, self._process.stdout
        if requests is None or results is None:
            raise EOFError
        write_message(requests, request)
        return read_message(results)


def _name_function(function: Callable[..., object]) -> str:
    """Return the name by which the process finds a function."""
    return f"{function.__module__}:{function.__qualname__}"


def _split_partial(work: Callable[[], _Result]) -> tuple[Callable[..., _Result], tuple[object, ...], dict[str, object]]:
    """Return a function, its positional and its named arguments."""
    if isinstance(work, partial):
        return cast("Callable[..., _Result]", work.func), work.args, work.keywords
    return work, (), {}


def _take_result(answer: object, function: Callable[..., _Result]) -> _Result:
    """Return the result that an answer holds, or raise the error that it holds."""
    match cast("tuple[Any, ...]", answer):
        case ("result", result) if matches_return_type(result, function):
            return cast("_Result", result)
        case ("error", MjbotError() as error, str(note)):
            error.add_note(f"In the process that works on pictures:\n{note}")
            raise error
        case ("fault", "MemoryError", str()):
            raise PictureWorkAborted("", "out of memory")
        case ("fault", str(name), str(note)):
            log.error("Work on a picture failed:\n%s", note)
            raise PictureWorkAborted("", f"{name} in its process")
        case _:
            raise MalformedMessage("not an answer")


def _start_process(arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
    python_path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    # The process reads files from strangers: it gets Python, and none of our secrets.
    variables = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - this interpreter, with names of our own functions
        (sys.executable, "-m", "bot.imaging.worker", *arguments),
        env={**variables, "PYTHONPATH": python_path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
