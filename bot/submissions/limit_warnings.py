"""Tell a person that a request used the last one of a limit: privately, once, and after the request was accepted."""

from collections.abc import Hashable
from functools import partial
from typing import TypeVar

from bot.entities import Claim, LimitUsedUp
from bot.ports import InteractionFollowups
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey

_K = TypeVar("_K")
_V = TypeVar("_V")

_MAX_REMEMBERED = 10_000


class LimitWarnings:
    """Remembers which claims used up a limit, and warns once for each person, limit and period of this process."""

    def __init__(self, supervisor: TaskSupervisor) -> None:
        self._supervisor = supervisor
        self._used_up: dict[int, LimitUsedUp] = {}
        self._warned: dict[Hashable, None] = {}

    def note(self, claim: Claim, used_up: LimitUsedUp) -> None:
        """Remember that a claim used up a limit; nothing is said before its request is accepted."""
        _forget_oldest(self._used_up)
        self._used_up[claim.id] = used_up

    def warn(self, claim: Claim, followups: InteractionFollowups) -> None:
        """Warn the person of an accepted claim in the background, if it used up a limit."""
        used_up = self._used_up.pop(claim.id, None)
        key = (claim.person_id, claim.guild_id, used_up)
        if used_up is None or key in self._warned:
            return
        _forget_oldest(self._warned)
        self._warned[key] = None
        self._supervisor.start(WorkKey("limit warning", claim.id), partial(followups.warn_used_up, used_up))


def _forget_oldest(remembered: dict[_K, _V]) -> None:
    if len(remembered) >= _MAX_REMEMBERED:
        del remembered[next(iter(remembered))]
