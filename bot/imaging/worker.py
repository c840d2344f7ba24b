"""`python -m bot.imaging.worker`: the child process that works on pictures, with work from its parent's pipe."""

import gc
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

MAX_ALLOCATION_BYTES: Final = 1280 * 1024 * 1024
"""The most that this process may allocate; the largest pictures that we accept need up to 1 GiB."""
MIN_ALLOCATION_BYTES: Final = 160 * 1024 * 1024
BOT_RESERVED_BYTES: Final = 160 * 1024 * 1024
"""The part of the machine's memory that is left to the bot, because some platforms kill every process at that limit."""

_NICENESS: Final = 10
_OOM_SCORE: Final = "1000"
_CGROUP_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""A container's memory limit, in versions 2 and 1 of cgroups."""


def main() -> None:
    """Run one piece of work after the other, and send back what each returns or raises."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # platforms and terminals signal every process; our parent stops us
    _lower_priority()
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not mix with the results
    with suppress(BrokenPipeError):
        while _run_next(sys.stdin.buffer, results):
            gc.collect()  # the frames of an error hold its picture, in a reference cycle


def _run_next(requests: BinaryIO, results: BinaryIO) -> bool:
    """Run the next piece of work; return False if the parent has ended."""
    try:
        work: Callable[[], object] = pickle.load(requests)  # noqa: S301 - from our parent
    except (EOFError, MemoryError):
        return False
    result: tuple[object, Exception | None]
    try:
        result = work(), None
    except Exception as error:  # noqa: BLE001 - the parent raises it again
        error.add_note(f"In the process that works on pictures:\n{traceback.format_exc()}")
        result = None, error
    pickle.dump(result, results)
    results.flush()
    return True


def _lower_priority() -> None:
    """Give the bot precedence: for the processor, and, if memory runs out, by being the process that is killed."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has no such module

    os.nice(_NICENESS)
    limit = choose_memory_limit(
        *map(_read_number, _CGROUP_LIMITS), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    )
    with suppress(OSError, ValueError):  # a lower limit is set already
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def choose_memory_limit(*machine: int) -> int:
    """Return how many bytes this process may allocate, from the machine's memory limits; 0 means an unknown one."""
    available = min(filter(None, machine), default=MAX_ALLOCATION_BYTES + BOT_RESERVED_BYTES)
    return max(MIN_ALLOCATION_BYTES, min(MAX_ALLOCATION_BYTES, available - BOT_RESERVED_BYTES))


def _read_number(file: str) -> int:
    try:
        return int(Path(file).read_text(encoding="ascii"))
    except (OSError, ValueError):  # not this cgroup version, or the word max
        return 0


if __name__ == "__main__":
    main()
