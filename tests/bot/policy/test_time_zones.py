"""Time zones as people name them."""

import pytest

from bot.errors import TimeZoneUnknown
from bot.policy.time_zones import find_zone_name, format_zone


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("", "UTC"),
        ("utc", "UTC"),
        ("UTC+0", "UTC"),
        ("Asia/Ho_Chi_Minh", "Asia/Ho_Chi_Minh"),
        (" asia/ho_chi_minh ", "Asia/Ho_Chi_Minh"),
        ("Ho Chi Minh", "Asia/Ho_Chi_Minh"),
        ("Hanoi", "Asia/Ho_Chi_Minh"),
        ("new york", "America/New_York"),
        ("+7", "Etc/GMT-7"),
        ("UTC+07:00", "Etc/GMT-7"),
        ("gmt-3", "Etc/GMT+3"),
        ("UTC\u22123", "Etc/GMT+3"),
    ],
)
def test_a_time_zone_is_found_by_its_name_its_city_or_its_hours(typed: str, name: str) -> None:
    """In any case, with spaces or underscores."""
    assert find_zone_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "similar"),
    [
        ("Pariss", ["Europe/Paris"]),
        ("Louisville", ["America/Kentucky/Louisville", "America/Louisville"]),
        ("+5:30", []),
        ("+25", []),
        ("owl", []),
        ("../../etc/passwd", []),
        ("\x00", []),
        ("x" * 5000, []),
    ],
)
def test_an_unknown_time_zone_is_refused_with_similar_names(typed: str, similar: list[str]) -> None:
    """No path is ever opened for it."""
    with pytest.raises(TimeZoneUnknown) as refused:
        find_zone_name(typed)
    assert [*refused.value.similar] == similar


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Etc/GMT-2", "UTC+2"),
        ("Etc/GMT+11", "UTC-11"),
        ("UTC", "UTC"),
        ("Etc/GMT", "Etc/GMT"),
        ("Europe/Paris", "Europe/Paris"),
        ("Mars/Olympus", "Mars/Olympus"),
    ],
)
def test_a_number_of_hours_is_shown_as_people_write_it(name: str, shown: str) -> None:
    assert format_zone(name) == shown
