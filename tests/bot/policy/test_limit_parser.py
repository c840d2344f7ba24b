"""Numbers and amounts as people type them: read where they can mean one thing only, else refused with the reason."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.entities import LimitSetting, Period
from bot.errors import LimitUnreadable
from bot.money import MAX_AMOUNT
from bot.policy.limit_parser import MOST_TASKS, parse_amount, parse_count


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", None),
        (" \u00a0 ", None),
        ("0", 0),
        ("3", 3),
        (" 3 ", 3),
        ("+3", 3),
        ("3.0", 3),
        ("3,0", 3),
        ("007", 7),
        ("\u0663", 3),
        ("\uff13", 3),
        ("\u0967\u0968", 12),
        ("1,000", 1000),
        ("1 000", 1000),
        ("1\u202f000", 1000),
        ("1\u2019000", 1000),
        ("1,000,000", 1_000_000),
        ("1.000.000", 1_000_000),
        (str(MOST_TASKS), MOST_TASKS),
    ],
)
def test_a_count_is_read_as_it_is_meant(typed: str, expected: int | None) -> None:
    """With digits of any script, and with separators of thousands."""
    assert parse_count(typed, Period.DAY) == expected


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("-3", "negative"),
        ("\u22123", "negative"),
        ("1.5", "fraction"),
        ("1,5", "fraction"),
        (".5", "fraction"),
        ("1.000", "ambiguous"),
        (str(MOST_TASKS + 1), "huge"),
        ("9" * 60, "huge"),
        *(
            (typed, "text")
            for typed in ("three", "3 a day", "$3", "1e3", "0x10", "1_000", "NaN", "∞", "½", "2²", "3 4")
        ),
        *((typed, "text") for typed in ("1,00,000", "1.2.3", "5.", ",", "-", "--", "\x00", "<@1>", "`3`", "3" + "\n3")),
    ],
)
def test_a_count_that_cannot_be_used_has_its_reason(typed: str, problem: str) -> None:
    """The error has the text, and which period it was typed for."""
    with pytest.raises(LimitUnreadable) as refused:
        parse_count(typed, Period.MONTH)
    error = refused.value
    assert (error.problem, error.typed, error.period, error.is_amount) == (problem, typed, "month", False)


@pytest.mark.parametrize(
    ("typed", "currency", "expected"),
    [
        ("", "USD", None),
        ("0", "USD", "0"),
        ("2", "USD", "2"),
        ("2.50", "USD", "2.50"),
        ("2,5", "USD", "2.5"),
        ("1.5", "USD", "1.5"),
        ("$2", "USD", "2"),
        ("2$", "USD", "2"),
        ("$ 2,50", "USD", "2.50"),
        ("usd 2", "USD", "2"),
        ("2 USD", "USD", "2"),
        ("2 credits", "credits", "2"),
        ("\uffe52", "CNY", "2"),
        ("¥2", "JPY", "2"),
        ("50 000 ₫", "VND", "50000"),
        ("50.000,5 đ", "VND", "50000.5"),
        ("1,234.56", "USD", "1234.56"),
        ("1.234,56", "EUR", "1234.56"),
        ("0,125", "USD", "0.125"),
        ("1.500", "USD", "1.500"),
        ("\u0662\u066b\u0665", "USD", "2.5"),
        ("0.123456", "USD", "0.123456"),
        (str(MAX_AMOUNT), "USD", str(MAX_AMOUNT)),
    ],
)
def test_an_amount_is_read_as_it_is_meant(typed: str, currency: str, expected: str | None) -> None:
    """With the sign or the code of the prices' currency, or without; never as a float."""
    assert parse_amount(typed, Period.DAY, currency) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("-2", "negative"),
        ("-$2", "negative"),
        ("$-2", "negative"),
        ("1,500", "ambiguous"),
        ("€2", "currency"),
        ("2 EUR", "currency"),
        ("¥2", "currency"),
        ("2 owls", "text"),
        ("two", "text"),
        ("$", "text"),
        ("2%", "text"),
        ("0.1234567", "precise"),
        ("100000000.01", "huge"),
        ("9" * 60, "huge"),
    ],
)
def test_an_amount_that_cannot_be_used_has_its_reason(typed: str, problem: str) -> None:
    """Another currency is never taken for that of the prices."""
    with pytest.raises(LimitUnreadable) as refused:
        parse_amount(typed, Period.DAY, "USD")
    assert (refused.value.problem, refused.value.currency, refused.value.is_amount) == (problem, "USD", True)


@given(st.text(max_size=80) | st.text("0123456789.,-+$€ ", max_size=20))
def test_any_text_is_read_or_refused(typed: str) -> None:
    """What is read is a limit that can be stored."""
    for parse in (parse_count, lambda text, period: parse_amount(text, period, "USD")):
        try:
            value = parse(typed, Period.DAY)
        except LimitUnreadable:
            continue
        if isinstance(value, int):
            LimitSetting(period=Period.DAY, tasks=value)
        elif value is not None:
            LimitSetting(period=Period.DAY, amount=value)
