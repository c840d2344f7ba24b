"""Decide what the relay's billing log proves about a submit whose answer was lost. Pure functions.

The submit counts as not billed only if that is certain: the rows of the bot's other submits prove that the log shows
every submit of that time, and every row that may be the lost submit's is known to belong to another one.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.entities import Claim, ClaimState
from bot.midjourney.task import Task
from bot.relay.billing_log import BillingPage, BillingRow, get_billing_model

MAX_CLAIMS: Final = 20
"""How many claims before the lost one, and how many after it, the log is tested with."""

_MAX_ROW_LEAD, _MAX_ROW_DELAY = timedelta(minutes=1), timedelta(minutes=15)
"""How much earlier or later than its claim a row may be, by the relay's clock: a claim may wait up to ten minutes for a
full queue before its submit. A relay whose clock differs by more proves nothing."""
# If a claim waited for ten minutes and its row is one minute early, the relay's clock is eleven minutes behind. So the
# lost submit's row may lie outside these limits, and it is searched for in a wider range.
_SEARCH_BEFORE, _SEARCH_AFTER = timedelta(minutes=20), timedelta(minutes=30)
_RECENT: Final = timedelta(hours=1)
"""Each billed claim of this time before the lost one must have its row."""
_MAX_TASK_DIFFERENCE: Final = timedelta(minutes=1)
"""How far a task's submit time may be from the time of the row that billed it."""
_SNOWFLAKE: Final = (1 << 62) - 1
"""The bits of a claim's id that are Discord's id of the interaction; the two above number its submits."""
_SNOWFLAKE_TIME_BIT: Final = 22
"""An id of Discord counts milliseconds from this bit on."""
_MAX_CLOCK_DRIFT: Final = timedelta(minutes=2)
"""How much the time from an interaction to its claim varies, by a slow answer of the store."""
_FACE_SWAP_MODEL: Final = get_billing_model("SWAP_FACE")


@dataclass(frozen=True)
class LogProof:
    """An earlier claim that proves that the log shows every submit since its `row`."""

    claim: Claim
    row: BillingRow


def find_candidate_rows(rows: Collection[BillingRow], lost: Claim, proof: LogProof | None = None) -> list[BillingRow]:
    """Return the rows that may be the lost submit's, by time, whatever their model.

    If the system's time was set between the proving claim and the lost one, every row that the relay wrote after the
    proving one is a candidate, whatever its time.
    """
    since, until = lost.made_at - _SEARCH_BEFORE, lost.made_at + _SEARCH_AFTER
    later = proof.row if proof and _was_clock_set_between(proof.claim, lost) else None
    return [
        row
        for row in rows
        if row.is_midjourney
        and (since <= row.billed_at <= until or (later and row is not later and row.billed_at >= later.billed_at))
    ]


def find_unexplained_rows(
    found: Collection[BillingRow], rows: Collection[BillingRow], known: Collection[Claim]
) -> list[BillingRow]:
    """Return those of the found rows that known claims do not explain.

    new-api bills a press of an existing task with one more row of that task. So a task's rows are explained only if its
    claims were billed for all of them, each row at its claim's time; otherwise each may be the lost submit's.
    """
    rows_of, claims_of = _group_by_task(rows), _group_by_child(known)
    explained = {
        task_id
        for task_id in {row.task_id for row in found if row.task_id}
        if len(_pair_claims_with_rows(rows_of[task_id], claims_of[task_id])) == len(rows_of[task_id])
    }
    return [row for row in found if row.task_id not in explained]


def find_repeated_task(left: Collection[BillingRow], known: Collection[Claim], lost: Claim) -> str:
    """Return the task of an earlier press of the same button, if an unexplained row billed it again; else ""."""
    earlier = {
        claim.child_id
        for claim in known
        if claim.state is ClaimState.ACCEPTED
        and lost.task_id
        and (claim.task_id, claim.button) == (lost.task_id, lost.button)
        and claim.made_at < lost.made_at
    }
    return next((row.task_id for row in left if row.task_id in earlier and _is_in_time(row, lost)), "")


def find_doubtful_rows(
    left: Collection[BillingRow], rows: Collection[BillingRow], known: Collection[Claim], foreign: Mapping[str, Task]
) -> list[BillingRow]:
    """Return those of the unexplained rows that are not proven to be another application's.

    `foreign` are the tasks with another state than the lost claim's. Such a task explains only the single row of the
    time when it was made: a second or later row may be a press of this bot for a task that existed already.
    """
    count = Counter(row.task_id for row in rows)
    ours = {claim.child_id for claim in known}
    return [
        row
        for row in left
        if row.task_id in ours
        or count[row.task_id] != 1
        or row.task_id not in foreign
        or not _was_submitted_at(foreign[row.task_id], row.billed_at)
    ]


def find_proof(page: BillingPage, before: Sequence[Claim], after: Collection[Claim], lost: Claim) -> LogProof | None:
    """Return the newest claim that proves that the log shows every billed submit of that time; None without proof.

    `before` are at most MAX_CLAIMS billed claims before the lost one, newest first; `after` are those after it. The
    newest one before, those of the last hour, and those after must each have a row at their time. Otherwise the log
    is no longer written, lags, is another key's, or is cut off. new-api of 2025 answers with an empty list for any
    key in the header. A row without a time may be the lost submit's. The order of claims is that of their ids,
    which are Discord's: the system's time may have been set.
    """
    earlier, later = [list(filter(_has_task_in_log, claims)) for claims in (before, after)]
    if not earlier or not page.has_newest_rows or page.undated_rows:
        return None
    shown = _match_claims(page.rows, [*earlier, *later])
    recent = [claim for claim in earlier[1:] if claim.made_at >= lost.made_at - _RECENT]
    if not all(claim.id in shown for claim in (earlier[0], *recent, *later)):
        return None
    newest = next((claim for claim in earlier if _was_made_before(claim, lost) and claim.id in shown), None)
    if newest is None or not _reaches_back(page, before, shown, lost):
        return None
    return LogProof(newest, shown[newest.id])


def _reaches_back(page: BillingPage, before: Sequence[Claim], shown: Mapping[int, BillingRow], lost: Claim) -> bool:
    """Return whether the page reaches back to the lost submit's time."""
    if any(row.billed_at < lost.made_at - _SEARCH_BEFORE for row in page.rows):
        return True
    # A new key: the log is complete, and begins with the first claim of all.
    first = shown.get(before[-1].id)
    return page.is_complete and len(before) < MAX_CLAIMS and first is not None and first.billed_at <= lost.made_at


def _was_made_before(claim: Claim, lost: Claim) -> bool:
    return claim.id & _SNOWFLAKE < lost.id & _SNOWFLAKE


def _was_clock_set_between(earlier: Claim, later: Claim) -> bool:
    """Return whether the claims' times differ by more, or less, than Discord's times of their interactions."""
    milliseconds = (later.id & _SNOWFLAKE) - (earlier.id & _SNOWFLAKE) >> _SNOWFLAKE_TIME_BIT
    return abs(later.made_at - earlier.made_at - timedelta(milliseconds=milliseconds)) > _MAX_CLOCK_DRIFT


def _match_claims(rows: Collection[BillingRow], claims: Collection[Claim]) -> dict[int, BillingRow]:
    """Return the first row of each claim that has one, by claim id."""
    rows_of, shown = _group_by_task(rows), dict[int, BillingRow]()
    for child_id, claims_of_child in _group_by_child(claims).items():
        for claim, row in _pair_claims_with_rows(rows_of[child_id], claims_of_child):
            shown.setdefault(claim.id, row)
    return shown


def _pair_claims_with_rows(rows: Collection[BillingRow], claims: Collection[Claim]) -> list[tuple[Claim, BillingRow]]:
    """Pair each claim with as many rows as were billed for it, within its time, so that most rows are used.

    As all claims' time ranges have the same length, giving the earliest claim the earliest row is optimal.
    """
    free = sorted(rows, key=lambda row: row.billed_at)
    pairs = list[tuple[Claim, BillingRow]]()
    for claim in sorted(claims, key=lambda claim: claim.made_at):
        for row in [row for row in free if _is_in_time(row, claim)][: 1 if claim.submits is None else claim.submits]:
            free.remove(row)
            pairs.append((claim, row))
    return pairs


def _group_by_task(rows: Collection[BillingRow]) -> defaultdict[str, list[BillingRow]]:
    groups = defaultdict[str, list[BillingRow]](list)
    for row in rows:
        groups[row.task_id].append(row)
    return groups


def _group_by_child(claims: Collection[Claim]) -> defaultdict[str, list[Claim]]:
    groups = defaultdict[str, list[Claim]](list)
    for claim in claims:
        if claim.state is ClaimState.ACCEPTED:
            groups[claim.child_id].append(claim)
    return groups


def _is_in_time(row: BillingRow, claim: Claim) -> bool:
    return claim.made_at - _MAX_ROW_LEAD <= row.billed_at <= claim.made_at + _MAX_ROW_DELAY


def _has_task_in_log(claim: Claim) -> bool:
    """Return whether the row of a claim names its task; the row of a face swap does not."""
    return get_billing_model(claim.button.partition(":")[0]) != _FACE_SWAP_MODEL


def _was_submitted_at(task: Task, at: datetime) -> bool:
    """Return whether a task was submitted about then; its times are in milliseconds."""
    since = datetime(1970, 1, 1, tzinfo=UTC)
    return abs((at - since) - timedelta(milliseconds=min(task.submit_time, 1 << 45))) <= _MAX_TASK_DIFFERENCE
