"""The time of a process: corrected by the Date headers of responses, and unmoved by a system's time that is set."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import Clock, CorrectedTime, parse_http_date, read_response_date
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
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Mon, 01 Jan 0001 00:00:00 +1200", None),
        ("Fri, 01 Jan 2100 00:00:00 GMT", None),
        ("2026-11-28T21:03:24Z", None),
        ("now", None),
        ("", None),
    ],
)
def test_the_forms_of_a_date_header_are_read(text: str, date: datetime | None) -> None:
    assert parse_http_date(text) == date


DATE = {"Date": "Sat, 28 Nov 2026 21:03:24 GMT"}


@pytest.mark.parametrize(
    ("headers", "is_read"),
    [
        ({}, True),
        ({"Via": "1.1 google"}, True),
        ({"CF-Cache-Status": "DYNAMIC"}, True),
        ({"X-Cache": "MISS from squid"}, True),
        ({"Age": "0"}, False),
        ({"Age": "3456000"}, False),
        ({"X-Cache": "HIT from squid"}, False),
        ({"CF-Cache-Status": "STALE"}, False),
        ({"X-Proxy-Cache": "hit"}, False),
    ],
)
def test_a_response_from_a_cache_tells_no_time(headers: dict[str, str], is_read: bool) -> None:  # noqa: FBT001
    date = read_response_date({**DATE, **headers})
    assert (date is not None) is is_read


def log_in(time: CorrectedTime, system: FakeClock, date: datetime) -> None:
    """Record the Dates of the responses to a login's requests."""
    for _ in range(3):
        time.record_date(date, system.time)


@pytest.mark.parametrize("error", ERRORS)
async def test_the_dates_of_a_login_correct_the_time(error: timedelta) -> None:
    system = FakeClock(START + error)
    time = CorrectedTime(system.clock)
    await system.advance(0.4)
    for _ in range(2):
        time.record_date(START, 0.0)
    assert time.now() == START + error + timedelta(seconds=0.4)
    assert time.measure_system_error() is None
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
    log_in(time, system, START)
    system.step(seconds)
    await system.advance(60.0)
    assert time.now() == START + timedelta(seconds=60)
    log_in(time, system, time.now())
    assert time.now() == START + timedelta(seconds=60)
    assert time.measure_system_error() == timedelta(seconds=seconds)


LIES = [
    timedelta(days=40),
    timedelta(days=-40),
    timedelta(hours=3),
    timedelta(minutes=-20),
    timedelta(days=365 * 60),
    datetime.max.replace(tzinfo=UTC) - START,
    datetime.min.replace(tzinfo=UTC) - START,
]


@pytest.mark.parametrize("count", [1, 2, 500])
@pytest.mark.parametrize("lie", LIES)
async def test_lying_dates_move_no_settled_time(lie: timedelta, count: int) -> None:
    """However many a proxy writes: interactions' ids, which come through the gateway, do not confirm them."""
    system = FakeClock()
    time = CorrectedTime(system.clock)
    log_in(time, system, START)
    for _ in range(count):
        await system.advance(10.0)
        passed = system.time if abs(lie) < timedelta(days=365 * 80) else 0.0
        time.record_date(START + lie + timedelta(seconds=passed), system.time)
        time.record_id_time(system.now())
        assert time.now() == time.find_earliest() == system.now()


@pytest.mark.parametrize("lie", LIES)
async def test_one_lying_date_settles_no_time(lie: timedelta) -> None:
    """Neither among the login's responses, nor before an interaction that denies it."""
    system = FakeClock()
    time = CorrectedTime(system.clock)
    for date in (START, START + lie, START, START):
        time.record_date(date, 0.0)
        time.record_id_time(START)
        assert time.now() == START


@pytest.mark.parametrize("seconds", [60.0, 7200.0, 86_400.0, -7200.0])
@pytest.mark.parametrize("is_id_first", [True, False])
async def test_an_interaction_that_confirms_a_date_moves_the_time(seconds: float, is_id_first: bool) -> None:  # noqa: FBT001
    """The monotonic clock may stand still while a machine sleeps."""
    system = FakeClock()
    time = CorrectedTime(system.clock)
    log_in(time, system, START)
    system.step(seconds)
    later = START + timedelta(seconds=seconds)
    log_in(time, system, later)
    assert time.now() == START
    if is_id_first:
        time.record_id_time(later - timedelta(seconds=1))
        time.record_date(later, system.time)
    else:
        time.record_date(later, system.time)
        time.record_id_time(later - timedelta(seconds=1))
    assert abs(time.now() - later) <= timedelta(seconds=1)
    assert time.find_earliest() == min(START, later), "what is deleted may wait for the next start"


@pytest.mark.parametrize("seconds", [1e-3, 20.0, -3600.0, 1e6])
async def test_an_interactions_id_alone_moves_nothing(seconds: float) -> None:
    """Discord may send old ones again after a RESUME."""
    time = CorrectedTime(FakeClock().clock)
    for _ in range(10):
        time.record_id_time(START + timedelta(seconds=seconds))
    assert time.now() == START


@pytest.mark.parametrize("drift", [-4.0, 3.0, 4.9])
async def test_a_drift_of_seconds_is_corrected_after_a_minute_of_agreement(drift: float) -> None:
    system = FakeClock()
    time = CorrectedTime(system.clock)
    log_in(time, system, START)
    for _ in range(3):
        time.record_date(system.now() + timedelta(seconds=drift), system.time)
        assert time.now() == system.now()
        await system.advance(25.0)
    await system.advance(0.5)
    time.record_date(system.now() + timedelta(seconds=drift), system.time)
    assert abs(time.now() - system.now() - timedelta(seconds=drift)) <= timedelta(seconds=1)


@pytest.mark.parametrize("fast_by", [timedelta(days=40), timedelta(minutes=20), timedelta(days=-365)])
async def test_the_earliest_time_is_that_of_the_slowest_clock(fast_by: timedelta) -> None:
    """What is old by it is old by Discord's time and by the system's."""
    system = FakeClock(START + fast_by)
    time = CorrectedTime(system.clock)
    log_in(time, system, START)
    assert abs(time.clock.find_earliest() - min(START, START + fast_by)) <= timedelta(seconds=1)
    assert Clock(now=lambda: START).find_earliest() == START


async def test_the_error_is_unknown_before_a_server_told_the_time() -> None:
    assert CorrectedTime(FakeClock().clock).measure_system_error() is None
    assert Clock().measure_system_error() is None
    assert CorrectedTime(FakeClock().clock).clock.measure_system_error() is None


async def test_the_corrected_time_is_a_clock() -> None:
    system = FakeClock(START + timedelta(minutes=20))
    time = CorrectedTime(system.clock)
    clock = time.clock
    clock.record_date(START, 0.0)
    clock.record_id_time(START)
    assert abs(clock.now() - START) <= timedelta(seconds=1)
    assert clock.convert_to_monotonic(clock.now() + timedelta(seconds=5)) == pytest.approx(system.time + 5)
