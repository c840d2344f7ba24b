"""Like attack_from_worker, as any user: the worker is a fork of its bot, as that user may be unable to start Python.

Arguments: "ordinary" makes both an ordinary user's, as in the Docker image; "old" is a Linux without Landlock.
"""

import ctypes
import json
import os
import resource
import sys
from contextlib import nullcontext
from unittest.mock import patch

from bot.imaging import worker, worker_sandbox
from bot.ops.process_secrets import hide_secrets
from tests.bot.imaging.attack_from_worker import ATTEMPTS

_PR_SET_DUMPABLE = 4


def be_ordinary_user() -> None:
    """Become that user, as a process that was started by it: one that changes its user is not dumpable at first."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(worker_sandbox.NOBODY, worker_sandbox.NOBODY, worker_sandbox.NOBODY)
        os.setresuid(worker_sandbox.NOBODY, worker_sandbox.NOBODY, worker_sandbox.NOBODY)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def run_attempts(*, is_old: bool) -> dict[str, str]:
    """Enter the sandbox, and evaluate each attempt there; an error's name stands for what it gave."""
    with patch.object(worker_sandbox, "_restrict_by_landlock") if is_old else nullcontext():
        worker_sandbox.enter_sandbox()
    given: dict[str, str] = {}
    for name, code in ATTEMPTS.items():
        if name == "another program" and is_old:
            continue  # it starts, and can open nothing: not even the libraries that a shell needs
        try:
            given[name] = repr(eval(code))  # noqa: S307 - our own
        except (OSError, ValueError) as error:
            given[name] = f"{type(error).__name__} in its process"
    return given


def main() -> None:
    """Start the bot's fork, hide the bot's secrets, and let the fork attack."""
    needed_later = worker.IMPORTED_BEFORE, resource  # in the sandbox no module can be opened
    assert all(needed_later)
    if "ordinary" in sys.argv:
        be_ordinary_user()
    hidden, ready = os.pipe()
    if os.fork() == 0:
        os.read(hidden, 1)
        sys.stdout.write(json.dumps(run_attempts(is_old="old" in sys.argv)))
        return
    hide_secrets()
    os.write(ready, b"x")
    os.wait()


if __name__ == "__main__":
    main()
