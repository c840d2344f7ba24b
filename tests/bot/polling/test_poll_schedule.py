"""How often a task is read."""

from functools import partial

import pytest

from bot.polling.poll_schedule import PollSchedule
from bot.polling.watch_list import WatchedTask

STEADY = PollSchedule(5.0, random_fraction=lambda: 0.5)


def due_at(seconds: float) -> WatchedTask:
    """Return a task that is due at a time."""
    return WatchedTask(f"due at {seconds}", born_at=0.0, joined_at=0.0, due_at=seconds, changed_at=0.0)


@pytest.mark.parametrize(
    ("age", "pause"),
    [(-5.0, 5.0), (0.0, 5.0), (299.9, 5.0), (300.0, 10.0), (1199.9, 10.0), (1200.0, 20.0), (1e9, 20.0)],
)
def test_older_tasks_are_read_less_often(age: float, pause: float) -> None:
    """At the base interval while young, twice that from 5 minutes on, four times from 20."""
    assert pause == pytest.approx(STEADY.poll_interval(age))


@pytest.mark.parametrize(("base", "pause"), [(1.0, 4.0), (10.0, 30.0), (30.0, 30.0), (300.0, 300.0)])
def test_the_interval_is_at_most_30_s_or_the_base(base: float, pause: float) -> None:
    """Unless the operator sets a longer one."""
    assert pause == pytest.approx(PollSchedule(base, random_fraction=lambda: 0.5).poll_interval(5000.0))


@pytest.mark.parametrize(("unchanged", "pause"), [(599.9, 10.0), (600.0, 60.0), (1e9, 60.0)])
def test_a_stalled_task_is_read_once_a_minute(unchanged: float, pause: float) -> None:
    """From ten minutes without a change on; never more often than before."""
    assert pause == pytest.approx(STEADY.poll_interval(700.0, unchanged))
    assert pytest.approx(300.0) == PollSchedule(300.0, random_fraction=lambda: 0.5).poll_interval(700.0, unchanged)


def test_jitter_is_five_percent_either_way() -> None:
    """So tasks that began together do not stay together."""
    pauses = [PollSchedule(100.0, random_fraction=partial(float, chance)).poll_interval(0.0) for chance in (0.0, 1.0)]
    assert pytest.approx([95.0, 105.0]) == pauses


@pytest.mark.parametrize(
    ("together", "watched", "shares"),
    [
        (1, 30, [1.0]),
        (4, 200, [0.25, 0.5, 0.75, 1.0]),
        (2, 51, [0.5, 1.0]),
        (2, 10_000, [0.995, 1.0]),
    ],
)
def test_batches_that_fell_due_together_are_spread(together: int, watched: int, shares: list[float]) -> None:
    """All of them over the whole interval; a few of many only as far apart as the others are."""
    found = [STEADY.spread(later, watched, 50) for later in reversed(range(together))]
    assert found == pytest.approx(shares)


@pytest.mark.parametrize(("silence", "pause"), [(0.0, 5.0), (4.0, 5.0), (12.0, 12.0), (60.0, 60.0), (4000.0, 60.0)])
def test_the_interval_in_an_outage_grows(silence: float, pause: float) -> None:
    """To as long as the relay has been silent, a minute at most."""
    assert pause == pytest.approx(STEADY.outage_interval(silence))


def test_the_interval_in_an_outage_is_spread() -> None:
    """So that a relay that comes back does not get all requests at once."""
    pauses = [PollSchedule(5.0, random_fraction=partial(float, chance)).outage_interval(40.0) for chance in (0.0, 1.0)]
    assert pytest.approx([30.0, 50.0]) == pauses


def test_the_last_batch_is_filled_with_the_tasks_due_next() -> None:
    """A half-empty request costs as much: those due within half an interval are added, soonest first."""
    schedule = PollSchedule(5.0, batch_size=3)
    due, soon, sooner, later, flying = due_at(10.0), due_at(12.0), due_at(11.0), due_at(12.6), due_at(float("inf"))
    tasks = [later, soon, due, flying, sooner]
    assert [due, sooner, soon] == schedule.fill_batch([due], tasks, 10.0)
    assert [due, sooner] == PollSchedule(5.0, batch_size=2).fill_batch([due], tasks, 10.0)


def test_a_full_batch_is_not_extended() -> None:
    """No task is read early if that costs another request."""
    due = [due_at(1.0), due_at(2.0)]
    assert due == PollSchedule(5.0, batch_size=2).fill_batch(due, [*due, due_at(2.5)], 2.0)
