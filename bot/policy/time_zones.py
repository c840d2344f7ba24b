"""Find the time zone that a person means."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from bot.errors import TimeZoneUnknown

_OFFSET: Final = re.compile(r"(?:utc|gmt)?([+-])0?(\d{1,2})(?::?00)?", re.IGNORECASE)
_OFFSET_NAME: Final = re.compile(r"Etc/GMT([+-])([1-9]\d?)")
_MOST_EAST, _MOST_WEST = 14, 12
_CITIES: Final = {"hanoi": "Asia/Ho_Chi_Minh", "beijing": "Asia/Shanghai"}
"""Large cities that have no time zone of their own name."""
_MAX_LENGTH: Final = 60
_MOST_SIMILAR: Final = 3


def find_zone_name(typed: str) -> str:
    """Return the IANA name of a time zone: "Asia/Ho_Chi_Minh" for "ho chi minh", "UTC" for nothing.

    Raises:
        TimeZoneUnknown: No time zone is called so, or several are.
    """
    text = typed.strip()[:_MAX_LENGTH]
    wanted = re.sub(r"\s+", "_", text.replace("\u2212", "-").casefold())
    if not wanted:
        return "UTC"
    if (offset := _OFFSET.fullmatch(wanted)) and (name := _name_offset(offset[1], int(offset[2]))):
        return name
    by_name, by_city = _read_names()
    if found := by_name.get(wanted) or _CITIES.get(wanted):
        return found
    cities = by_city.get(wanted, ())
    if len(cities) == 1:
        return cities[0]
    raise TimeZoneUnknown(typed=text, similar=cities[:_MOST_SIMILAR] or _find_similar(wanted))


def _name_offset(sign: str, hours: int) -> str:
    """Name a whole number of hours from UTC; the names of IANA's database count westward."""
    if hours > (_MOST_EAST if sign == "+" else _MOST_WEST):
        return ""
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}" if hours else "UTC"


def format_zone(name: str) -> str:
    """Return what to call a time zone: "UTC+2" for "Etc/GMT-2", and any other by its IANA name."""
    found = _OFFSET_NAME.fullmatch(name)
    return f"UTC{'+' if found[1] == '-' else '-'}{found[2]}" if found else name


@cache
def _read_names() -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """Return the names of all time zones by their own lower case, and by their city's."""
    names = sorted(available_timezones() - {"localtime", "Factory"})
    cities: dict[str, list[str]] = {}
    for name in names:
        if "/" in name and not name.startswith("Etc/"):
            cities.setdefault(name.rsplit("/", 1)[1].casefold(), []).append(name)
    return {name.casefold(): name for name in names}, cities


def _find_similar(wanted: str) -> Sequence[str]:
    by_name, by_city = _read_names()
    close = get_close_matches(wanted, [*by_name, *by_city], n=_MOST_SIMILAR)
    found = [by_name.get(one) or by_city[one][0] for one in close]
    return list(dict.fromkeys(found))
