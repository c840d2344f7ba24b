"""`python -m bot.imaging.worker`: the process that works on pictures, as its parent asks on stdin."""

import gc
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

MAX_ALLOCATION_BYTES = 1280 * 1024 * 1024
"""What it may allocate at most: the largest pictures that we take need up to 1 GiB."""
MIN_ALLOCATION_BYTES = 160 * 1024 * 1024
BOT_RESERVED_BYTES = 160 * 1024 * 1024
"""What is left to the bot of the memory that there is, as some platforms end everything that takes more."""

_NICE = 10
_FIRST_TO_GO = "1000"
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Of a container, as version 2 and version 1 of cgroups tell it."""


def main() -> None:
    """Do one piece of work after the other, and answer each with what it returns or raises."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # platforms and terminals tell every process; our parent tells us
    _step_back()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a codec prints is no answer
    with suppress(BrokenPipeError):
        while _answered(sys.stdin.buffer, answers):
            gc.collect()  # an error's frames hold its picture, in a circle


def _answered(told: BinaryIO, answers: BinaryIO) -> bool:
    try:
        work: Callable[[], object] = pickle.load(told)  # noqa: S301 - from our parent
    except (EOFError, MemoryError):
        return False
    answer: tuple[object, Exception | None]
    try:
        answer = work(), None
    except Exception as error:  # noqa: BLE001 - it is whoever asked that must know
        error.add_note(f"In the process that works on pictures:\n{traceback.format_exc()}")
        answer = None, error
    pickle.dump(answer, answers)
    answers.flush()
    return True


def _step_back() -> None:
    """Let the bot go first: for the processor, and, where memory runs out, by being the one that goes without."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - there is none on Windows

    os.nice(_NICE)
    most = choose_memory_limit(*map(_number, _LIMITS), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):  # it is bound to less already
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")


def choose_memory_limit(*machine: int) -> int:
    """Return how many bytes may be allocated where the memory is the least of these; 0 says nothing."""
    there_are = min(filter(None, machine), default=MAX_ALLOCATION_BYTES + BOT_RESERVED_BYTES)
    return max(MIN_ALLOCATION_BYTES, min(MAX_ALLOCATION_BYTES, there_are - BOT_RESERVED_BYTES))


def _number(file: str) -> int:
    try:
        return int(Path(file).read_text(encoding="ascii"))
    except (OSError, ValueError):  # none of that version, or the word max
        return 0


if __name__ == "__main__":
    main()
