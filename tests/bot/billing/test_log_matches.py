"""Which row of the relay's log is whose: every row of a task has an owner, and no row has two."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.billing.log_matches import LogMatcher, drop_repeats
from bot.entities import LedgerEntry, LedgerOutcome
from bot.relay.billing_log import BillingRow
from tests.fakes.sample_rows import NOON, an_entry, later


def a_row(quota: int, model: str = "mj_imagine", *, at: float = 0.0, task: str = "t1", request: str = "") -> BillingRow:
    return BillingRow(billed_at=later(at), model=model, quota=quota, task_id=task, request_id=request)


def convert(quota: int) -> Decimal:
    return Decimal(quota) / 100


def sums(matcher: LogMatcher) -> dict[int, int]:
    """Return the units of each claim that has rows."""
    return {match.entry.claim_id: sum(row.quota for row in match.rows) for match in matcher.matches}


def test_window_and_form_of_one_task_get_their_own_rows() -> None:
    """In whichever order the log has them."""
    rows = [a_row(7, "mj_modal", at=40), a_row(5, "mj_variation", at=1)]
    for order in (rows, rows[::-1]):
        matcher = LogMatcher(order, NOON)
        matcher.match_tasks({"t1": [an_entry(1, "mj_variation"), an_entry(2, "mj_modal", at=39)]})
        assert sums(matcher) == {1: 5, 2: 7}


def test_typed_form_belongs_to_the_claim_of_its_press() -> None:
    matcher = LogMatcher([a_row(5, "mj_variation", at=1), a_row(7, "mj_modal", at=2)], NOON)
    matcher.match_tasks({"t1": [an_entry(1, "mj_variation", tasks=2)]})
    assert sums(matcher) == {1: 12}


def test_free_window_with_its_form_is_one_row() -> None:
    """The claim of a Custom Zoom is billed only for its form."""
    matcher = LogMatcher([a_row(7, "mj_modal", at=20)], NOON)
    matcher.match_tasks({"t1": [an_entry(1, "mj_custom_zoom", tasks=0), an_entry(2, "mj_modal", at=19)]})
    assert sums(matcher) == {2: 7}


def test_task_that_was_billed_twice_has_a_row_for_each_press() -> None:
    """new-api bills code 21 "exists" once more, under the same id."""
    matcher = LogMatcher([a_row(5, "mj_upscale", at=600), a_row(4, "mj_upscale", at=1)], NOON)
    matcher.match_tasks({"t1": [an_entry(1, "mj_upscale"), an_entry(2, "mj_upscale", at=599)]})
    assert sums(matcher) == {1: 4, 2: 5}


def test_more_rows_than_expected_have_an_owner_too() -> None:
    """The sum must be the relay's bill, whatever was expected; but first a claim may be found that they belong to."""
    rows = [a_row(5, at=1), a_row(6, at=2), a_row(7, at=3)]
    for at, expected in ((later(600), {1: 5}), (later(4000), {1: 18})):
        matcher = LogMatcher(rows, at)
        matcher.match_tasks({"t1": [an_entry(1)]})
        assert sums(matcher) == expected


def test_request_id_decides_before_everything_else() -> None:
    """A claim of a press and its form has two."""
    matcher = LogMatcher(
        [a_row(5, task="", request="a"), a_row(6, task="t9", request="b"), a_row(7, request="c")], NOON
    )
    matcher.match_request_ids([an_entry(1, request_id="a b"), an_entry(2)])
    matcher.match_tasks({"t1": [an_entry(2)]})
    assert sums(matcher) == {1: 11, 2: 7}


def test_repeated_rows_of_a_request_count_once() -> None:
    """Of equal rows without a request's name each may be a press of its own."""
    rows = [a_row(5, request="a"), a_row(6, request="a"), a_row(6, request="a", task="t2"), a_row(7), a_row(7)]
    assert drop_repeats([*rows, rows[0]]) == rows[1:]


@pytest.mark.parametrize(
    ("entries", "rows", "expected"),
    [
        ([an_entry(1, "swap_face")], [a_row(5, "swap_face", task="", at=3)], {1: 5}),
        ([an_entry(1, "swap_face")], [a_row(5, "swap_face", task="", at=1000)], {}),
        ([an_entry(1, "swap_face")], [a_row(5, "swap_face", task="", at=-61)], {}),
        ([an_entry(1, "swap_face")], [a_row(5, "mj_upload", task="", at=3)], {}),
        ([an_entry(1, "swap_face", request_id="a")], [a_row(5, "swap_face", task="", request="b")], {}),
        (
            [an_entry(1, "swap_face"), an_entry(2, "swap_face", at=60)],
            [a_row(5, "swap_face", task="", at=2), a_row(6, "swap_face", task="", at=63)],
            {1: 5, 2: 6},
        ),
        (
            [an_entry(1, "swap_face", at=9, outcome=LedgerOutcome.UNKNOWN), an_entry(2, "swap_face")],
            [a_row(5, "swap_face", task="", at=10)],
            {2: 5},
        ),
    ],
    ids=["one", "too late", "too early", "another model", "another request", "two", "accepted before unknown"],
)
def test_rows_without_a_task_go_by_model_and_time(
    entries: list[LedgerEntry], rows: list[BillingRow], expected: dict[int, int]
) -> None:
    """Those of face swaps name no task."""
    matcher = LogMatcher(rows, NOON)
    matcher.match_nameless(entries, convert)
    assert sums(matcher) == expected


def test_row_never_has_two_owners() -> None:
    """Not even where all ways to match lead to it."""
    entries = [an_entry(1, request_id="a"), an_entry(2, request_id="a")]
    matcher = LogMatcher([a_row(5, request="a"), a_row(-3, request="a")], NOON)
    for _ in range(2):
        matcher.match_request_ids(entries)
        matcher.match_tasks({"t1": entries, "": entries})
        matcher.match_nameless(entries, convert)
    assert sum(sums(matcher).values()) == 5


def test_row_stays_with_the_entry_that_it_confirmed() -> None:
    """It names no task: a later request of the same model must not be confirmed by it once more."""
    first, second = an_entry(1, "swap_face", outcome=LedgerOutcome.UNKNOWN), an_entry(2, "swap_face", at=5)
    matcher = LogMatcher([a_row(5, "swap_face", task="", at=9)], NOON)
    matcher.match_nameless([replace(first, confirmed=Decimal("0.05")), second], convert)
    assert sums(matcher) == {1: 5}


def test_as_many_rows_as_possible_have_an_owner() -> None:
    """An entry changes its row for another one that it may have too, where a third entry may have only that row."""
    early, late = an_entry(1, "swap_face", at=0), an_entry(2, "swap_face", at=800, outcome=LedgerOutcome.UNKNOWN)
    middle = an_entry(3, "swap_face", at=500)
    rows = [a_row(quota, "swap_face", task="", at=at) for quota, at in ((5, 450), (6, 890), (7, 1390))]
    for order in (rows, rows[::-1]):
        matcher = LogMatcher(order, NOON)
        matcher.match_nameless([early, middle, late], convert)
        assert sum(sums(matcher).values()) == 18
        assert set(sums(matcher)) == {1, 2, 3}


def test_unbilled_unknown_requests_take_no_row_from_others() -> None:
    unknown = [an_entry(number, "swap_face", at=number, outcome=LedgerOutcome.UNKNOWN) for number in range(1, 9)]
    accepted = [an_entry(10 + number, "swap_face", at=100 + number) for number in range(3)]
    matcher = LogMatcher([a_row(5, "swap_face", task="", at=90 + at) for at in range(4)], NOON)
    matcher.match_nameless([*unknown, *accepted], convert)
    assert set(sums(matcher)) == {10, 11, 12, 8}


def test_confirmed_entry_keeps_a_row_of_its_amount() -> None:
    """With another's it would be confirmed for less than it is, and the other for the same once more."""
    confirmed = replace(an_entry(1, "swap_face"), confirmed=Decimal("0.06"))
    matcher = LogMatcher([a_row(5, "swap_face", task="", at=1), a_row(6, "swap_face", task="", at=60)], NOON)
    matcher.match_nameless([confirmed, an_entry(2, "swap_face", at=61)], convert)
    assert sums(matcher) == {1: 6, 2: 5}


@pytest.mark.parametrize(
    ("tasks", "age", "is_settled"),
    [(1, timedelta(0), True), (2, timedelta(minutes=14), False), (2, timedelta(minutes=16), True)],
)
def test_entry_with_a_row_missing_is_settled_later(tasks: int, age: timedelta, *, is_settled: bool) -> None:
    """A row may still come; and where none does, the relay bills fewer than the bot expected."""
    matcher = LogMatcher([a_row(5)], NOON)
    matcher.match_tasks({"t1": [an_entry(1, tasks=tasks)]})
    at: datetime = NOON + age
    assert matcher.matches[0].is_settled(at) is is_settled


LOST = replace(an_entry(1, outcome=LedgerOutcome.UNKNOWN), task_id="")
LONG_AFTER = NOON + timedelta(hours=2)


@pytest.mark.parametrize(
    ("entries", "rows", "at", "expected"),
    [
        pytest.param([LOST], [a_row(5, at=3)], LONG_AFTER, {1: 5}, id="the only row"),
        pytest.param([LOST], [a_row(5, at=3)], NOON + timedelta(hours=1), {}, id="it is searched for still"),
        pytest.param([an_entry(1)], [a_row(5, at=3)], LONG_AFTER, {}, id="its answer was not lost"),
        pytest.param([LOST], [a_row(5, at=3), a_row(5, at=9, task="t2")], LONG_AFTER, {}, id="two rows"),
        pytest.param([LOST], [a_row(5, at=3), a_row(5, at=9, task="known")], LONG_AFTER, {1: 5}, id="a known task"),
        pytest.param([LOST], [a_row(5, at=3), a_row(5, "mj_blend", at=9)], LONG_AFTER, {1: 5}, id="another model too"),
        pytest.param([LOST], [a_row(5, "mj_blend", at=3)], LONG_AFTER, {}, id="another model"),
        pytest.param([LOST], [a_row(5, at=3, task="")], LONG_AFTER, {}, id="no task"),
        pytest.param([LOST], [a_row(5, at=3, task="known")], LONG_AFTER, {}, id="another claim's task"),
        pytest.param([LOST], [a_row(5, at=-60)], LONG_AFTER, {1: 5}, id="as early as can be"),
        pytest.param([LOST], [a_row(5, at=-61)], LONG_AFTER, {}, id="too early"),
        pytest.param([LOST], [a_row(5, at=900)], LONG_AFTER, {1: 5}, id="as late as can be"),
        pytest.param([LOST], [a_row(5, at=901)], LONG_AFTER, {}, id="too late"),
        pytest.param([LOST, replace(LOST, claim_id=2)], [a_row(5, at=3)], LONG_AFTER, {1: 5}, id="two entries"),
        pytest.param(
            [LOST, replace(LOST, claim_id=2)],
            [a_row(5, at=3), a_row(6, at=9, task="t2")],
            LONG_AFTER,
            {1: 5, 2: 6},
            id="two of two",
        ),
        pytest.param([replace(LOST, task_id="t9")], [a_row(5, at=3)], LONG_AFTER, {}, id="its task is known"),
        pytest.param(
            [replace(LOST, request_id="a")], [a_row(5, at=3, request="b")], LONG_AFTER, {}, id="another request"
        ),
        pytest.param([LOST], [a_row(-5, at=3)], LONG_AFTER, {}, id="a negative amount"),
    ],
)
def test_lost_request_gets_the_only_row_that_may_be_its(
    entries: list[LedgerEntry], rows: list[BillingRow], at: datetime, expected: dict[int, int]
) -> None:
    """The key may serve other applications, whose rows are of tasks that no claim led to either."""
    matcher = LogMatcher(rows, at)
    matcher.match_lost(entries, {"known": []})
    assert sums(matcher) == expected


def test_lost_request_gets_no_row_that_has_an_owner() -> None:
    matcher = LogMatcher([a_row(5, at=3, request="a")], LONG_AFTER)
    matcher.match_request_ids([an_entry(2, request_id="a")])
    matcher.match_lost([LOST], {})
    assert sums(matcher) == {2: 5}


@pytest.mark.parametrize(
    ("entries_of", "expected"),
    [
        pytest.param({}, {}, id="a task that no claim led to"),
        pytest.param({"t1": [an_entry(3, at=2)]}, {}, id="its claim was found since then"),
        pytest.param({"t2": [an_entry(3, at=2)]}, {3: 5}, id="another task has a row of its own"),
    ],
)
def test_row_that_confirmed_a_lost_request_confirms_no_other(
    entries_of: dict[str, list[LedgerEntry]], expected: dict[int, int]
) -> None:
    """Neither another lost request, nor the claim that it was of."""
    first = replace(LOST, confirmed=Decimal("0.1"))
    matcher = LogMatcher(
        [a_row(5, at=3), *(a_row(5, at=4, task=task) for task in entries_of if task != "t1")], LONG_AFTER
    )
    matcher.reserve_lost([first, replace(LOST, claim_id=2)], entries_of)
    matcher.match_tasks(entries_of)
    matcher.match_lost([replace(LOST, claim_id=2)], entries_of)
    assert sums(matcher) == expected
