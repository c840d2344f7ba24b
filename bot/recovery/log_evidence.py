"""Judge what the relay's log proves of a submit whose answer was lost: pure.

That it was not billed is said only where it is certain: where the log is proven, by the rows of our other submits, to
show each submit at that time, and where every row that may be the lost one's is known to be another's.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.entities import Claim, ClaimState
from bot.midjourney.task import Task
from bot.relay.billing_log import BillingPage, BillingRow, get_billing_model

MAX_CLAIMS: Final = 20
"""How many claims before the lost one, and after it, the log is tried by."""

_EARLY, _LATE = timedelta(minutes=1), timedelta(minutes=15)
"""From a claim to its own row, by the relay's clock: up to ten minutes before a full queue, and the submit; a clock
that leaves these proves nothing."""
# A claim that waited ten minutes, and whose row is one minute early, was written by a clock that is eleven behind: so
# the lost row may be outside a claim's own time. Where to look is wider by that on both sides.
_BEFORE, _AFTER = timedelta(minutes=20), timedelta(minutes=30)
_RECENT: Final = timedelta(hours=1)
"""For how long before the lost claim each billed claim must have its row."""
_SAME: Final = timedelta(minutes=1)
"""How far a task's own time may be from that of the row that billed it."""
_SWAP: Final = get_billing_model("SWAP_FACE")


def find_candidate_rows(rows: Collection[BillingRow], lost: Claim, model: str) -> list[BillingRow]:
    """Return the rows that may be the lost submit's by their time and model; "" is any model."""
    since, until = lost.made_at - _BEFORE, lost.made_at + _AFTER
    return [row for row in rows if row.is_midjourney and since <= row.billed_at <= until and row.may_have_model(model)]


def find_unexplained_rows(
    found: Collection[BillingRow], rows: Collection[BillingRow], known: Collection[Claim]
) -> list[BillingRow]:
    """Return those of the found rows that may be none of the known claims'.

    new-api bills a press that "exists" as one more row of the same task: a task's rows are explained only where they
    are no more than was billed for its claims, each in its own claim's time. Else each of them may be the lost one's.
    """
    rows_of, claims_of = _by_task(rows), _by_child(known)
    explained = {
        task_id
        for task_id in {row.task_id for row in found if row.task_id}
        if len(_pairs(rows_of[task_id], claims_of[task_id])) == len(rows_of[task_id])
    }
    return [row for row in found if row.task_id not in explained]


def find_repeated_task(left: Collection[BillingRow], known: Collection[Claim], lost: Claim) -> str:
    """Return the task of an earlier press of the same button where one of the rows left billed it again; "" if none."""
    again = {
        claim.child_id
        for claim in known
        if claim.state is ClaimState.ACCEPTED
        and lost.task_id
        and (claim.task_id, claim.button) == (lost.task_id, lost.button)
        and claim.made_at < lost.made_at
    }
    return next((row.task_id for row in left if row.task_id in again and _is_in_time(row, lost)), "")


def find_doubtful_rows(
    left: Collection[BillingRow], rows: Collection[BillingRow], known: Collection[Claim], foreign: Mapping[str, Task]
) -> list[BillingRow]:
    """Return those of the rows left that are not shown to be another application's either.

    `foreign` are the tasks with another state than the lost claim's. Such a task explains the one row that was written
    when it was made: a second row, or a later one, may be a press of ours which it existed for already.
    """
    count = Counter(row.task_id for row in rows)
    ours = {claim.child_id for claim in known}
    return [
        row
        for row in left
        if row.task_id in ours
        or count[row.task_id] != 1
        or row.task_id not in foreign
        or not _is_made_at(foreign[row.task_id], row.billed_at)
    ]


def find_proving_claim(
    page: BillingPage, before: Sequence[Claim], after: Collection[Claim], lost: Claim
) -> Claim | None:
    """Return the newest claim whose row proves that the log shows each billed submit of that time; None without proof.

    `before` are the newest billed claims before the lost one, newest first, up to MOST_CLAIMS; `after` those after it.
    The newest of them, and each of the last hour and afterwards, must have a row at its own time: else the log is not
    kept any more, lags, is another key's, or is cut before them. new-api of 2025 answers a key in the header with an
    empty list, whosever it is.
    """
    earlier, later = [list(filter(_is_named, claims)) for claims in (before, after)]
    if not earlier or not page.has_newest_rows:
        return None
    shown = _shown(page.rows, [*earlier, *later])
    recent = [claim for claim in earlier[1:] if claim.made_at >= lost.made_at - _RECENT]
    if not all(claim.id in shown for claim in (earlier[0], *recent, *later)):
        return None
    return earlier[0] if _reaches_back(page, before, shown, lost) else None


def _reaches_back(page: BillingPage, before: Sequence[Claim], shown: Mapping[int, BillingRow], lost: Claim) -> bool:
    """Tell whether a row of the lost submit's time would still be on the page."""
    if any(row.billed_at < lost.made_at - _BEFORE for row in page.rows):
        return True
    # The first minutes of a new key: the log is whole, and begins with the first claim that there was.
    first = shown.get(before[-1].id)
    return page.is_complete and len(before) < MAX_CLAIMS and first is not None and first.billed_at <= lost.made_at


def _shown(rows: Collection[BillingRow], claims: Collection[Claim]) -> dict[int, BillingRow]:
    """Return the first row of each claim that has one."""
    rows_of, shown = _by_task(rows), dict[int, BillingRow]()
    for child_id, claims_of_child in _by_child(claims).items():
        for claim, row in _pairs(rows_of[child_id], claims_of_child):
            shown.setdefault(claim.id, row)
    return shown


def _pairs(rows: Collection[BillingRow], claims: Collection[Claim]) -> list[tuple[Claim, BillingRow]]:
    """Give each claim as many rows as were billed for it, in its own time, so that as many rows as can be are given.

    Of times of equal length the earliest claim takes the earliest row.
    """
    free = sorted(rows, key=lambda row: row.billed_at)
    given = list[tuple[Claim, BillingRow]]()
    for claim in sorted(claims, key=lambda claim: claim.made_at):
        for row in [row for row in free if _is_in_time(row, claim)][: 1 if claim.submits is None else claim.submits]:
            free.remove(row)
            given.append((claim, row))
    return given


def _by_task(rows: Collection[BillingRow]) -> defaultdict[str, list[BillingRow]]:
    found = defaultdict[str, list[BillingRow]](list)
    for row in rows:
        found[row.task_id].append(row)
    return found


def _by_child(claims: Collection[Claim]) -> defaultdict[str, list[Claim]]:
    found = defaultdict[str, list[Claim]](list)
    for claim in claims:
        if claim.state is ClaimState.ACCEPTED:
            found[claim.child_id].append(claim)
    return found


def _is_in_time(row: BillingRow, claim: Claim) -> bool:
    return claim.made_at - _EARLY <= row.billed_at <= claim.made_at + _LATE


def _is_named(claim: Claim) -> bool:
    """Whether the row of a claim names its task: that of a face swap does not."""
    return get_billing_model(claim.button.partition(":")[0]) != _SWAP


def _is_made_at(task: Task, at: datetime) -> bool:
    """Tell whether a task says that it was submitted about then; its times are milliseconds."""
    since = datetime(1970, 1, 1, tzinfo=UTC)
    return abs((at - since) - timedelta(milliseconds=min(task.submit_time, 1 << 45))) <= _SAME
