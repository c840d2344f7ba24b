"""`python -m bot.imaging.worker`: the child process that works on pictures, with work from its parent's pipe.

Its arguments name functions to call at first, such as one that imports what the work needs. It reads files from
strangers with libraries that may have faults: before the first one it gives up every right.
"""

import gc
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import IO, Any, Final, cast

from PIL import GifImagePlugin, Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from bot.errors import MjbotError
from bot.imaging import grid_split, mask_preview
from bot.imaging.worker_messages import MalformedMessage, read_message, write_message
from bot.imaging.worker_sandbox import enter_sandbox

Request = tuple[str, tuple[Any, ...], tuple[tuple[str, Any], ...]]
"""A function's name, its positional arguments, and its named ones."""
IMPORTED_BEFORE: Final = (
    *(GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin),
    *(grid_split, mask_preview),
)
"""Modules that work needs, among them some that Pillow imports late: in the sandbox no file can be opened."""
MAX_ALLOCATION_BYTES: Final = 1280 * 1024 * 1024
"""The most that this process may allocate; the largest pictures that we accept need up to 1 GiB."""
MIN_ALLOCATION_BYTES: Final = 160 * 1024 * 1024
BOT_RESERVED_BYTES: Final = 160 * 1024 * 1024
"""The part of the machine's memory that is left to the bot, because some platforms kill every process at that limit."""

_NICENESS: Final = 10
_TRACEBACK_LENGTH: Final = 4000
_OOM_SCORE: Final = "1000"
_CGROUP_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""A container's memory limit, in versions 2 and 1 of cgroups."""


def main() -> None:
    """Run one piece of work after the other, and send back what each returns or raises."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # platforms and terminals signal every process; our parent stops us
    _lower_priority()
    Image.preinit()
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not mix with the results
    for name in sys.argv[1:]:
        _find_function(name)()
    enter_sandbox()
    with suppress(BrokenPipeError):
        while _run_next(sys.stdin.buffer, results):
            gc.collect()  # the frames of an error hold its picture, in a reference cycle


def _run_next(requests: IO[bytes], results: IO[bytes]) -> bool:
    """Run the next piece of work; return False if the parent has ended."""
    try:
        name, arguments, options = cast("Request", read_message(requests))
    except (EOFError, MalformedMessage, MemoryError):
        return False
    try:
        write_message(results, ("result", _find_function(name)(*arguments, **dict(options))))
    except MjbotError as error:
        write_message(results, ("error", error, _format_traceback()))
    except Exception as error:  # noqa: BLE001 - the parent reports it
        write_message(results, ("fault", type(error).__name__, _format_traceback()))
    return True


def _format_traceback() -> str:
    return traceback.format_exc()[-_TRACEBACK_LENGTH:]


def _find_function(name: str) -> Callable[..., Any]:
    """Return the function of a name such as "bot.imaging.masks:read_mask", which the parent chose."""
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    function: Callable[..., Any] = reduce(getattr, path.split("."), found)
    return function


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
