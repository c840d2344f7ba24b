"""Keep the bot's secrets from other processes of the same user: from its image worker, and from a dump of its memory.

The token and the key come in environment variables, which Linux shows to every process of the same user in
/proc/<pid>/environ, for as long as the process lives, whatever the process does to its variables.
"""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

# Linux, include/uapi/linux/prctl.h.
_PR_SET_DUMPABLE = 4
# The 50th and 51st field of /proc/<pid>/stat (proc_pid_stat(5)), counted from the third, which follows the name.
_ENV_START, _ENV_END = 50 - 3, 51 - 3


def hide_secrets() -> None:
    """Forbid other processes to read this one's memory, and clear the environment that /proc shows; Linux only.

    The variables keep their values for this process and its children. Root, and a process with CAP_SYS_PTRACE, can
    still read the memory, and the parents of this process may show the same environment.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    with suppress(OSError, ValueError, IndexError):  # no /proc, or none like Linux's
        _clear_initial_environment()


def _clear_initial_environment() -> None:
    """Move the variables to the heap, and overwrite the block on the stack with which the process was started."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    start, end = int(fields[_ENV_START]), int(fields[_ENV_END])
    for name, value in os.environ.items():
        os.putenv(name, value)  # the C library copies it, and no longer refers to the block
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)
