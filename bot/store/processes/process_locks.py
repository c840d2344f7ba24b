"""Lock files beside a SQLite file: the operating system frees a lock when its process ends, however it ends."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class ProcessLocks:
    """Holds this process's lock file, and tells which other processes on the same SQLite file have ended.

    A process without a lock file, such as one of an earlier version, counts as running: its lease decides.
    """

    def __init__(self, database_file: Path, owner: str) -> None:
        self._database_file = database_file
        self._owner = owner

    @contextmanager
    def hold(self) -> Generator[None]:
        """Hold this process's lock inside the block; without room or permission for its file, the lease decides."""
        path = self._get_path(self._owner)
        try:
            file = path.open("wb")
        except OSError:
            yield
            return
        with file:
            try:
                if not _try_lock(file.fileno()):
                    path.unlink(missing_ok=True)
                yield
            finally:
                path.unlink(missing_ok=True)

    def has_ended(self, owner: str) -> bool:
        """Return whether that process has ended without removing its lock file; remove the file if it has."""
        path = self._get_path(owner)
        try:
            with path.open("rb+") as file:
                if not _try_lock(file.fileno()):
                    return False
                path.unlink(missing_ok=True)
                return True
        except OSError:
            return False

    def _get_path(self, owner: str) -> Path:
        return self._database_file.with_name(f"{self._database_file.name}-process-{owner}")


def _try_lock(descriptor: int) -> bool:
    """Lock an open file, and return whether that was possible; Windows has no such locks."""
    if sys.platform == "win32":
        return False
    import fcntl  # noqa: PLC0415 - Windows has no such module

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
