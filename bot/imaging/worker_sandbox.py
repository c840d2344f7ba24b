"""Take every right from a process that work on pictures does not need, for good.

A fault in an image library may let a stranger's file run code. After `enter_sandbox` that code has no file, no socket
and no other process: only the memory of this process, and the pipes to the bot. Each step works alone, because
platforms allow different ones.
"""

import ctypes
import os
import struct
import sys
from contextlib import suppress
from typing import Final

NOBODY: Final = 65534
"""The user and group without rights (Linux, Documentation/admin-guide/sysctl/fs.rst: overflowuid)."""

# Linux, include/uapi/linux/prctl.h and capability.h.
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3: Final = 0x20080522
# Linux, include/uapi/linux/landlock.h; the numbers of the system calls are the same on x86-64, ARM and RISC-V.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_VERSION_FLAG: Final = 1
_LANDLOCK_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights to files each version of Landlock knows; later ones know as many as the last."""


def enter_sandbox() -> None:
    """Restrict this process: no new files or sockets, no child processes, no other process, no other user's rights.

    Everything that this process needs must be open and imported before. What a platform does not offer is left out.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has no such module, and later no file can be opened

    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _restrict_by_landlock(libc)
        _drop_user()
        _drop_capabilities(libc)
    # Nothing may be opened or started, nor a memory dump be left; what is open stays open.
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE):
        with suppress(OSError, ValueError):
            resource.setrlimit(limit, (0, 0))


def _restrict_by_landlock(libc: ctypes.CDLL) -> None:
    """Forbid files, TCP, and to read, trace or signal any process outside; it holds for root too (Linux 5.13 and up).

    All of it needs no rule: a ruleset forbids what it handles.
    """
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION_FLAG)
    if version < 1:
        return
    files = (1 << _LANDLOCK_FILE_RIGHTS.get(version, 16)) - 1
    network = 0b11 if version >= 4 else 0
    scopes = 0b11 if version >= 6 else 0
    attributes = struct.pack("=QQQ", files, network, scopes)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset >= 0:
        libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


def _drop_user() -> None:
    """Become a user without rights, if this process is root's."""
    if os.geteuid() == 0:
        with suppress(OSError):
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24))
