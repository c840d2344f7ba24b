"""Compare what two texts of one size cost, so that a fast or a busy machine changes nothing."""

from collections.abc import Callable
from time import thread_time

_ROUNDS = 3


def compare_cost(function: Callable[[str], object], hostile: str, ordinary: str) -> float:
    """Return how many times as much processor time a hostile text takes as an ordinary one of the same size."""
    assert abs(len(hostile) - len(ordinary)) <= len(ordinary) // 20, "texts of different sizes"
    return _measure(function, hostile) / _measure(function, ordinary)


def _measure(function: Callable[[str], object], text: str) -> float:
    """Return the processor time of the fastest of several calls."""
    times: list[float] = []
    for _ in range(_ROUNDS):
        begin = thread_time()
        function(text)
        times.append(thread_time() - begin)
    return min(times)
