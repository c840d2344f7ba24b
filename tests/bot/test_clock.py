"""The time of a process: corrected by the Date headers of responses, and unmoved by a system's time that is set."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import Clock, CorrectedTime, parse_http_date
from tests.fakes.clock import START, FakeClock

ERRORS = [
    timedelta(seconds=30),
    timedelta(minutes=20),
    timedelta(minutes=-20),
    timedelta(days=365),
    -timedelta(days=365),
]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Sat, 28 Nov 2026 21:03:24 GMT", datetime(2026, 11, 28, 21, 3, 24, tzinfo=UTC)),
        ("Saturday, 28-Nov-26 21:03:24 GMT", datetime(2026, 11, 28, 21, 3, 24, tzinfo=UTC)),
        ("Sat Nov 28 21:03:24 2026", datetime(2026, 11, 28, 21, 3, 24, tzinfo=UTC)),
        ("Sat, 28 Nov 2026 22:03:24 +0100", datetime(2026, 11, 28, 21, 3, 24, tzinfo=UTC)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Sat, 99 Nov 2026 21:03:24 GMT", None),
        ("2026-11-28T21:03:24Z", None),
        ("now", None),
        ("", None),
    ],
)
def test_the_forms_of_a_date_header_are_read(text: str, date: datetime | None) -> None:
    assert parse_http_date(text) == date


@pytest.mark.parametrize("error", ERRORS)
async def test_a_date_header_corrects_the_time(error: timedelta) -> None:
    system = FakeClock(START + error)
    time = CorrectedTime(system.clock)
    assert time.now() == START + error
    await system.advance(0.4)
    time.record_date(START, 0.0)
    await system.advance(10.0)
    assert abs(time.now() - (START + timedelta(seconds=10.4))) <= timedelta(seconds=1)
    assert abs((time.measure_system_error() or timedelta()) - error) <= timedelta(seconds=1)


@pytest.mark.parametrize("sent_after", [0.0, 0.3, 0.999, 4.0, 55.0])
@pytest.mark.parametrize("answered_after", [0.0, 0.2, 30.0, 120.0])
async def test_a_clock_that_is_right_is_left_alone(sent_after: float, answered_after: float) -> None:
    """A header has no fractions, and an upload may take minutes."""
    system = FakeClock()
    time = CorrectedTime(system.clock)
    await system.advance(sent_after)
    sent_at, made = system.time, system.now().replace(microsecond=0)
    await system.advance(answered_after)
    for date in (made, system.now().replace(microsecond=0)):
        time.record_date(date, sent_at)
        assert time.now() == system.now()


@pytest.mark.parametrize("seconds", [-86_400.0 * 365, -3600.0, -2.0, 2.0, 45.0, 3600.0, 86_400.0])
async def test_setting_the_systems_time_moves_nothing(seconds: float) -> None:
    system = FakeClock()
    time = CorrectedTime(system.clock)
    time.record_date(START, 0.0)
    system.step(seconds)
    await system.advance(60.0)
    assert time.now() == START + timedelta(seconds=60)
    time.record_date(time.now(), system.time)
    assert time.now() == START + timedelta(seconds=60)
    assert time.measure_system_error() == timedelta(seconds=seconds)


async def test_a_machine_that_slept_learns_the_time_from_the_next_response() -> None:
    """The monotonic clock may stand still meanwhile."""
    system = FakeClock()
    time = CorrectedTime(system.clock)
    time.record_date(START, 0.0)
    system.step(7200.0)
    time.record_date(START + timedelta(hours=2), system.time)
    assert time.now() == START + timedelta(hours=2)
    assert time.measure_system_error() == timedelta()


async def test_the_error_is_unknown_before_a_server_told_the_time() -> None:
    assert CorrectedTime(FakeClock().clock).measure_system_error() is None
    assert Clock().measure_system_error() is None
    assert CorrectedTime(FakeClock().clock).clock.measure_system_error() is None


async def test_the_corrected_time_is_a_clock() -> None:
    system = FakeClock(START + timedelta(minutes=20))
    clock = CorrectedTime(system.clock).clock
    clock.record_date(START, 0.0)
    assert abs(clock.now() - START) <= timedelta(seconds=1)
    assert clock.convert_to_monotonic(clock.now() + timedelta(seconds=5)) == pytest.approx(system.time + 5)
