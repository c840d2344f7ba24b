"""Read the numbers and amounts that people type for limits, as they are written in different countries. Pure."""

import re
import unicodedata
from decimal import Decimal
from typing import Final

from bot.entities import Period
from bot.errors import LimitUnreadable
from bot.errors.inputs import LimitProblem
from bot.money import MAX_AMOUNT

MOST_TASKS: Final = 1_000_000
_DECIMAL_PLACES: Final = 6
_MAX_LENGTH: Final = 60
_CURRENCIES: Final = {
    "$": {"USD"},
    "¥": {"CNY", "JPY"},
    "元": {"CNY"},
    "€": {"EUR"},
    "£": {"GBP"},
    "₫": {"VND"},
    "đ": {"VND"},
}
"""What a sign beside an amount may stand for."""
_CODE_LENGTH: Final = 3
_SIGNS: Final = str.maketrans("\u2212\u2013\u2014\u066b\u066c\u2019\uffe5", "---.,'¥")
_GROUP_SPACE: Final = re.compile(r"(?<=\d)[\s'](?=\d{3}(?:\D|$))")
_NUMBER: Final = re.compile(
    r"(?P<minus>-?)(?P<before>[^\W\d_]+|[$¥€£₫])?\s*(?P<minus2>[-+]?)(?P<number>[\d.,]*\d[\d.,]*)"
    r"\s*(?P<after>[^\W\d_]+|[$¥€£₫])?"
)


def parse_count(typed: str, period: Period) -> int | None:
    """Read a limit by number, such as "3" or "1,000"; None for an empty text, which means no limit.

    Raises:
        LimitUnreadable: It is no whole number from 0 to MOST_TASKS.
    """
    text = _normalize(typed)
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    if found is None or found["before"] or found["after"]:
        raise _refuse("text", typed, period)
    problem, value = _read_number(found["number"], is_amount=False)
    if problem is None:
        problem = _judge_sign(found)
    if problem is None and value != value.to_integral_value():
        problem = "fraction"
    if problem is None and value > MOST_TASKS:
        problem = "huge"
    if problem is not None:
        raise _refuse(problem, typed, period)
    return int(value)


def parse_amount(typed: str, period: Period, currency: str) -> Decimal | None:
    """Read a limit by amount, such as "2.50", "2,5" or "$2"; None for an empty text, which means no limit.

    Raises:
        LimitUnreadable: It is no amount in that currency from 0 to MAX_AMOUNT.
    """
    text = _normalize(typed)
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise _refuse("text", typed, period, currency)
    problem, value = _read_number(found["number"], is_amount=True)
    exponent = value.as_tuple().exponent
    if problem is None:
        problem = _judge_sign(found) or _judge_units(found, currency)
    if problem is None and value > MAX_AMOUNT:
        problem = "huge"
    if problem is None and isinstance(exponent, int) and -exponent > _DECIMAL_PLACES:
        problem = "precise"
    if problem is not None:
        raise _refuse(problem, typed, period, currency)
    return value


def _normalize(typed: str) -> str:
    """Write all digits and signs in ASCII, and drop spaces between groups of digits."""
    text = "".join(map(_normalize_character, typed.strip()[:_MAX_LENGTH])).translate(_SIGNS)
    return _GROUP_SPACE.sub("", text)


def _normalize_character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    is_full_width = "\uff01" <= character <= "\uff5e"
    return chr(ord(character) - 0xFEE0) if is_full_width else character


def _judge_sign(found: re.Match[str]) -> LimitProblem | None:
    return "negative" if "-" in found["minus"] + found["minus2"] else None


def _judge_units(found: re.Match[str], currency: str) -> LimitProblem | None:
    for unit in filter(None, (found["before"], found["after"])):
        meant = _CURRENCIES.get(unit.casefold(), {unit.upper()})
        if currency.upper() not in meant:
            is_currency = unit.casefold() in _CURRENCIES or len(unit) == _CODE_LENGTH
            return "currency" if is_currency else "text"
    return None


def _read_number(text: str, *, is_amount: bool) -> tuple[LimitProblem | None, Decimal]:
    """Read digits with separators: of two kinds, the last one separates the decimals."""
    decimal = max(".,", key=text.rfind)
    if len(kinds := {mark for mark in text if mark in ".,"}) == 1:
        [mark] = kinds
        whole, _, rest = text.partition(mark)
        is_group = len(rest) == len("000") and mark not in rest and bool(whole.strip("0"))
        if is_group and mark == ("," if is_amount else "."):
            return "ambiguous", Decimal(0)  # "1,500" is 1500 in one country, and 1.5 in another
        if text.count(mark) > 1 or (is_group and not is_amount):
            decimal = "," if mark == "." else "."
    return _join_groups(text, decimal)


def _join_groups(text: str, decimal: str) -> tuple[LimitProblem | None, Decimal]:
    group = re.escape("," if decimal == "." else ".")
    found = re.fullmatch(rf"(\d{{1,3}}(?:{group}\d{{3}})+|\d*)(?:{re.escape(decimal)}(\d+))?", text)
    if found is None:
        return "text", Decimal(0)
    whole = re.sub(group, "", found[1]) or "0"
    return None, Decimal(f"{whole}.{found[2]}" if found[2] else whole)


def _refuse(problem: LimitProblem, typed: str, period: Period, currency: str | None = None) -> LimitUnreadable:
    return LimitUnreadable(
        typed=typed[:_MAX_LENGTH],
        problem=problem,
        period=period.value,
        is_amount=currency is not None,
        currency=currency or "",
    )
