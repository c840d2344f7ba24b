"""What rows and claims prove: a table of logs that can be believed, of those that cannot, and of whose row is whose."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.entities import Claim, ClaimState
from bot.midjourney.task import Task
from bot.recovery.log_evidence import (
    MAX_CLAIMS,
    find_candidate_rows,
    find_doubtful_rows,
    find_proof,
    find_repeated_task,
    find_unexplained_rows,
)
from bot.relay.billing_log import BillingPage, BillingRow
from tests.fakes.clock import START
from tests.fakes.sample_entities import task

MINUTE = timedelta(minutes=1)


def row(task_id: str, minutes: float, model: str = "mj_upscale") -> BillingRow:
    return BillingRow(billed_at=START + minutes * MINUTE, model=model, quota=1, task_id=task_id)


def claim(number: int, minutes: float, child_id: str, **changes: object) -> Claim:
    made = Claim(
        id=number,
        person_id=1,
        guild_id=6,
        message_id=2,
        task_id="parent",
        button=f"b{number}",
        made_at=START + minutes * MINUTE,
        state=ClaimState.ACCEPTED,
        child_id=child_id,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


LOST = claim(100, 0, "", state=ClaimState.UNKNOWN)
OLD, NEW, LATER = claim(1, -90, "old"), claim(2, -10, "new"), claim(3, 0.5, "later")
OLD_ROW, NEW_ROW, LATER_ROW = row("old", -89), row("new", -9), row("later", 1)
SWAP = claim(4, -5, "swap", task_id="", button="swap_face:0")


@pytest.mark.parametrize(
    ("rows", "before", "after", "proves"),
    [
        pytest.param([OLD_ROW, NEW_ROW], [NEW, OLD], [], True, id="each has its row"),
        pytest.param([OLD_ROW], [OLD], [], True, id="the newest is old"),
        pytest.param([OLD_ROW], [NEW, OLD], [], False, id="the newest has none"),
        pytest.param([NEW_ROW, row("x", -30)], [NEW, OLD], [], True, id="one older than an hour has none"),
        pytest.param(
            [NEW_ROW, row("x", -99)], [NEW, claim(5, -59, "five"), OLD], [], False, id="one of the last hour has none"
        ),
        pytest.param([OLD_ROW, NEW_ROW, LATER_ROW], [NEW, OLD], [LATER], True, id="a later one has its row"),
        pytest.param([OLD_ROW, NEW_ROW], [NEW, OLD], [LATER], False, id="a later one has none"),
        pytest.param([LATER_ROW, row("x", -99)], [], [LATER], False, id="only a later one"),
        pytest.param([], [NEW], [], False, id="an empty log"),
        pytest.param([row("x", -99)], [], [], False, id="no claim"),
        pytest.param([row("new", -12), row("x", -99)], [NEW], [], False, id="a clock behind"),
        pytest.param([row("new", 6), row("x", -99)], [NEW], [], False, id="a clock ahead"),
        pytest.param([OLD_ROW, NEW_ROW], [SWAP, NEW, OLD], [], True, id="a swap's row has no id"),
        pytest.param([row("x", -99)], [SWAP], [], False, id="only a swap"),
        pytest.param(
            [OLD_ROW, NEW_ROW], [claim(6, -9, "new"), NEW, OLD], [], False, id="one row is not that of two claims"
        ),
        pytest.param(
            [OLD_ROW, NEW_ROW, NEW_ROW], [claim(6, -9, "new"), NEW, OLD], [], True, id="two claims with a row each"
        ),
        # How far it reaches back.
        pytest.param([NEW_ROW], [NEW], [], True, id="a new key: the log begins with the first claim"),
        pytest.param([NEW_ROW], [NEW, OLD], [], False, id="a short log that begins later"),
        pytest.param([row("new", 4)], [NEW], [], False, id="the first row is younger than the lost claim"),
        pytest.param(
            [row(f"c{n}", -5) for n in range(MAX_CLAIMS + 1)],
            [claim(n, -5, f"c{n}") for n in range(MAX_CLAIMS)],
            [],
            False,
            id="more claims than are looked at, all of them new",
        ),
    ],
)
def test_a_log_proves_only_with_the_rows_of_known_claims(
    rows: list[BillingRow],
    before: list[Claim],
    after: list[Claim],
    proves: bool,  # noqa: FBT001
) -> None:
    ordered = tuple(sorted(rows, key=lambda one: one.billed_at, reverse=True))
    page = BillingPage(rows=ordered, sent_rows=len(rows), is_newest_first=True)
    assert (find_proof(page, before, after, LOST) is not None) is proves


@pytest.mark.parametrize(
    ("size", "newest_first", "proves"),
    [(1000, True, True), (999, True, True), (999, False, True), (1000, False, False), (10, False, False)],
)
def test_a_log_that_may_lack_its_newest_rows_proves_nothing(
    size: int,
    newest_first: bool,  # noqa: FBT001
    proves: bool,  # noqa: FBT001
) -> None:
    """A log that is sent oldest first may be cut off there."""
    page = BillingPage(rows=(NEW_ROW, OLD_ROW), sent_rows=size, is_newest_first=newest_first)
    assert (find_proof(page, [NEW, OLD], [], LOST) is not None) is proves


def test_a_log_with_rows_without_a_time_proves_nothing() -> None:
    """One of them may be the lost submit's."""
    page = BillingPage(rows=(NEW_ROW, OLD_ROW), sent_rows=1000, is_newest_first=True, undated_rows=1)
    assert find_proof(page, [NEW, OLD], [], LOST) is None


def test_a_cut_log_of_a_new_key_proves_nothing() -> None:
    """It shows the first claim, and may lack the lost submit's row."""
    page = BillingPage(rows=(NEW_ROW,), sent_rows=1000, is_newest_first=True)
    assert find_proof(page, [NEW], [], LOST) is None


def test_candidate_rows_are_searched_beyond_the_clock_difference_of_a_proof() -> None:
    rows = [row("1", minutes) for minutes in (-21, -20, 0, 30, 31)]
    assert [one.billed_at for one in find_candidate_rows(rows, LOST)] == [START + n * MINUTE for n in (-20, 0, 30)]


CHILD = claim(7, -2, "child")


@pytest.mark.parametrize(
    ("rows", "known", "left"),
    [
        pytest.param([row("child", -2)], [CHILD], 0, id="its own row"),
        pytest.param([row("child", -2), row("child", 0)], [CHILD], 2, id="one more than it made"),
        pytest.param([row("child", -2), row("child", 0)], [replace(CHILD, submits=2)], 0, id="a press and its form"),
        pytest.param(
            [row("child", -2), row("child", 0, "mj_modal")],
            [CHILD, claim(8, 0, "child")],
            0,
            id="and a form of its own",
        ),
        pytest.param([row("child", 0)], [replace(CHILD, submits=0)], 1, id="a claim that was free"),
        pytest.param([row("child", 0)], [claim(7, -60, "child")], 1, id="long after its claim"),
        pytest.param(
            [row("child", 3, "mj_imagine"), row("child", 0)], [CHILD], 1, id="another model counts as a row too"
        ),
        pytest.param([row("", 0)], [CHILD], 1, id="without an id"),
        pytest.param([row("x", 0)], [], 1, id="no claim"),
    ],
)
def test_a_claim_explains_as_many_rows_as_were_billed_for_it(
    rows: list[BillingRow], known: list[Claim], left: int
) -> None:
    found = [one for one in find_candidate_rows(rows, LOST) if one.may_have_model("mj_upscale")] if left == 1 else rows
    assert len(find_unexplained_rows(found, rows, known)) == left


@pytest.mark.parametrize(
    ("earlier", "minutes", "task_id"),
    [
        (claim(9, -60, "child", button=LOST.button), 0, "child"),
        (claim(9, -60, "child", button=LOST.button), -5, ""),
        (claim(9, -60, "child", button="another"), 0, ""),
        (claim(9, -60, "child", button=LOST.button, task_id="another"), 0, ""),
        (claim(9, 1, "child", button=LOST.button), 0, ""),
    ],
)
def test_a_repeated_press_leads_to_the_task_of_the_same_button(earlier: Claim, minutes: float, task_id: str) -> None:
    assert find_repeated_task([row("child", minutes)], [earlier], LOST) == task_id


def test_two_commands_are_not_the_same_button() -> None:
    earlier = claim(9, -60, "child", task_id="", button="imagine:0")
    assert find_repeated_task([row("child", 0)], [earlier], replace(LOST, task_id="", button="imagine:0")) == ""


def _at(minutes: float) -> Task:
    return task("x", state="another's", submitTime=int((START + minutes * MINUTE).timestamp() * 1000))


@pytest.mark.parametrize(
    ("rows", "known", "made", "doubted"),
    [
        pytest.param([row("x", 0)], [], _at(0), False, id="made by this row"),
        pytest.param([row("x", 0)], [], _at(0.9), False, id="about then"),
        pytest.param([row("x", 0)], [], _at(-2), True, id="made earlier"),
        pytest.param([row("x", 0)], [], task("x", state="another's"), True, id="at no time"),
        pytest.param(
            [row("x", 0)], [], task("x", state="another's", submitTime=1 << 90), True, id="at a time beyond all"
        ),
        pytest.param([row("x", 0), row("x", 0.5)], [], _at(0), True, id="billed twice"),
        pytest.param([row("x", 0)], [claim(9, -60, "x")], _at(0), True, id="a child of ours"),
        pytest.param([row("x", 0)], [], None, True, id="whose state is not known"),
    ],
)
def test_a_task_with_another_state_explains_the_row_that_created_it(
    rows: list[BillingRow],
    known: Sequence[Claim],
    made: Task | None,
    doubted: bool,  # noqa: FBT001
) -> None:
    assert bool(find_doubtful_rows(rows, rows, known, {"x": made} if made else {})) is doubted
