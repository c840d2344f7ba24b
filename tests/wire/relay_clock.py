"""A relay's clock that a test moves: tasks run until the test says so, however slow the machine is."""

import time

TASK_SECONDS = 1800.0
"""How long a task runs by that clock: no test takes as long."""


class HeldTime:
    """Real time, and the seconds by which a test has moved it forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Return the time of the relay, as time.time() does."""
        return time.time() + self._ahead

    def let_tasks_progress(self) -> None:
        """Bring the tasks of TASK_SECONDS that have begun to about their half."""
        self._ahead += TASK_SECONDS / 2

    def let_tasks_end(self) -> None:
        """Bring all tasks of TASK_SECONDS that have begun to their end."""
        self._ahead += TASK_SECONDS

    def advance(self, seconds: float) -> None:
        """Move the time forward."""
        self._ahead += seconds
