"""Each relay's word for a status and each shape of a progress is read as what it means."""

# ruff: noqa: RUF001 - the relays' own characters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.task_status import RowEvidence, Status, infer_status, parse_percent, parse_status


@pytest.mark.parametrize("status", Status)
def test_is_final(status: Status) -> None:
    """Success, failure and cancel end a task; MODAL and the empty status don't."""
    assert (status in {Status.SUCCESS, Status.FAILURE, Status.CANCEL}) is status.is_final


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("", Status.FRESH),
        (None, Status.FRESH),
        (7, Status.FRESH),
        ("unknown", Status.FRESH),
        ("NOT_FINISHED", Status.FRESH),
        ("submitted", Status.SUBMITTED),
        (" success ", Status.SUCCESS),
        ("in progress", Status.IN_PROGRESS),
        ("inProgress", Status.IN_PROGRESS),
        ("In-Progress", Status.IN_PROGRESS),
        ("PENDING", Status.NOT_START),
        ("not started", Status.NOT_START),
        ("QUEUED", Status.SUBMITTED),
        ("IN_QUEUE", Status.SUBMITTED),
        ("RUNNING", Status.IN_PROGRESS),
        ("生成中", Status.IN_PROGRESS),
        ("FAILED", Status.FAILURE),
        ("TimedOut", Status.FAILURE),
        ("失败", Status.FAILURE),
        ("FAILED_TO_SUBMIT", Status.FAILURE),
        ("Completed", Status.SUCCESS),
        ("finished", Status.SUCCESS),
        ("Done!", Status.SUCCESS),
        ("TASK_STATUS_SUCCESS", Status.SUCCESS),
        ("已完成", Status.SUCCESS),
        ("ＳＵＣＣＥＳＳ", Status.SUCCESS),
        ("CANCELLED", Status.CANCEL),
        ("job aborted", Status.CANCEL),
        *((status.value, status) for status in Status),
    ],
)
def test_status_words(word: object, expected: Status) -> None:
    """The API's words, and other relays' words for the same statuses."""
    assert expected is parse_status(word)


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        ("46%", 46),
        ("0%", 0),
        ("100%", 100),
        ("46.7 %", 46),
        ("46,7 %", 46),
        ("(93%) (fast)", 93),
        ("1000%", 100),
        ("9" * 9 + "%", 100),
        ("9" * 9000 + "%", 100),
        ("-5%", 5),
        (46, 46),
        (-1, 0),
        (400, 100),
        ("46", 46),
        (" 46 ", 46),
        ("46.5", 46),
        ("46％", 46),
        ("４６％", 46),
        ("46﹪", 46),
        ("46٪", 46),
        ("46 percent", 46),
        ("46/100", 46),
        ("3/4", 75),
        (0.46, 46),
        (0.29, 29),
        ("0.46", 46),
        (1.0, 100),
        (46.0, 46),
        (101.5, 100),
        (-0.5, 0),
        ("", None),
        ("Waiting to start", None),
        ("step 3", None),
        ("paused", None),
        ("%", None),
        ("5/0", 5),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ([46], None),
    ],
)
def test_progress(progress: object, expected: int | None) -> None:
    """Progress is a percentage in any shape, or unknown: relays put words there too."""
    assert expected == parse_percent(progress)


def test_progress_of_a_long_text() -> None:
    """Of a megabyte of digits and blanks only the beginning is read."""
    assert parse_percent("1" * 500_000 + " " * 500_000) is None


def _evidence(signs: str) -> RowEvidence:
    """Build evidence from the names of what a row has."""
    has = signs.split()
    percent = next((int(sign) for sign in has if sign.isdecimal()), None)
    return RowEvidence(percent, "reason" in has, "picture" in has, "buttons" in has, "time" in has)


@pytest.mark.parametrize(
    ("word", "signs", "expected"),
    [
        # A final word counts, despite leftovers of an earlier state.
        ("SUCCESS", "100 reason picture buttons time", Status.SUCCESS),
        ("SUCCESS", "62 reason picture", Status.SUCCESS),
        ("SUCCESS", "reason", Status.SUCCESS),
        ("FAILURE", "100 reason picture buttons time", Status.FAILURE),
        ("CANCEL", "100 reason", Status.CANCEL),
        # new-api never updates such a row again.
        ("IN_PROGRESS", "100 reason", Status.FAILURE),
        ("IN_PROGRESS", "100 reason picture", Status.FAILURE),
        ("", "100 reason", Status.FAILURE),
        ("odd", "100 reason picture", Status.FAILURE),
        ("IN_PROGRESS", "62 reason", Status.IN_PROGRESS),
        # A finished result that has kept the word, or the reason, of an earlier state.
        ("IN_PROGRESS", "100 picture buttons", Status.SUCCESS),
        ("SUBMITTED", "100 picture time", Status.SUCCESS),
        ("MODAL", "picture buttons time", Status.SUCCESS),
        ("IN_PROGRESS", "100 reason picture buttons", Status.SUCCESS),
        ("", "100 reason picture buttons time", Status.SUCCESS),
        # A proxy without buttons shows by the finish time that the picture is no preview.
        ("IN_PROGRESS", "100 reason picture time", Status.SUCCESS),
        ("RUNNING", "reason picture time", Status.SUCCESS),
        ("排队中", "100 reason picture time", Status.SUCCESS),
        ("", "reason picture time", Status.SUCCESS),
        ("IN_PROGRESS", "62 reason picture time", Status.IN_PROGRESS),
        ("MODAL", "picture time", Status.MODAL),
        ("IN_PROGRESS", "100 reason time", Status.FAILURE),
        # A running task has its preview.
        ("IN_PROGRESS", "100 picture", Status.IN_PROGRESS),
        ("IN_PROGRESS", "62 picture", Status.IN_PROGRESS),
        ("IN_PROGRESS", "100 buttons time", Status.IN_PROGRESS),
        # A word that the bot doesn't know.
        ("odd", "100 picture", Status.SUCCESS),
        ("odd", "picture buttons", Status.SUCCESS),
        ("odd", "picture time", Status.SUCCESS),
        ("", "100 picture", Status.SUCCESS),
        ("odd", "100 time", Status.SUCCESS),
        ("odd", "62 picture", Status.IN_PROGRESS),
        ("odd", "picture", Status.IN_PROGRESS),
        ("odd", "62", Status.IN_PROGRESS),
        ("odd", "100", Status.IN_PROGRESS),
        ("odd", "", Status.FRESH),
        ("", "0", Status.FRESH),
        ("", "picture", Status.FRESH),
    ],
)
def test_status_by_what_a_row_shows(word: str, signs: str, expected: Status) -> None:
    """The word decides, unless it is unknown or what only a finished task has contradicts it."""
    assert expected is infer_status(word, _evidence(signs))


@given(st.sampled_from(["SUCCESS", "done", "成功"]), st.builds(RowEvidence, *[st.sampled_from([0, 62, 100, None])]))
def test_a_success_stays_one(word: str, evidence: RowEvidence) -> None:
    """Nothing else in its row makes it a failure."""
    assert infer_status(word, evidence) is Status.SUCCESS


@pytest.mark.parametrize(
    ("phrase", "alone", "with_result"),
    [
        ("SUCCESS_AFTER_TIMEOUT", Status.SUCCESS, Status.SUCCESS),
        ("CompletedWithErrors", Status.SUCCESS, Status.SUCCESS),
        ("finished after retry (timeout)", Status.SUCCESS, Status.SUCCESS),
        ("DONE_DESPITE_ERROR", Status.SUCCESS, Status.SUCCESS),
        ("FINISHED_FAILED", Status.FAILURE, Status.SUCCESS),
        ("FAILED_AFTER_SUCCESS", Status.FAILURE, Status.SUCCESS),
        ("TIMEOUT_BUT_SUCCESS", Status.FAILURE, Status.SUCCESS),
        ("SUBMIT_SUCCESS", Status.SUBMITTED, Status.SUCCESS),
        ("READY_QUEUED", Status.SUBMITTED, Status.SUCCESS),
        ("ALMOST_DONE", Status.FRESH, Status.SUCCESS),
        ("SUCCESS_FALSE", Status.FRESH, Status.SUCCESS),
        ("PARTIALLY_COMPLETED", Status.FRESH, Status.SUCCESS),
        ("FAILED_TO_SUBMIT", Status.FAILURE, Status.FAILURE),
        ("UNSUCCESSFUL", Status.FAILURE, Status.FAILURE),
        ("CANCELLED_AFTER_TIMEOUT", Status.CANCEL, Status.CANCEL),
    ],
)
def test_phrases_that_contradict_themselves(phrase: str, alone: Status, with_result: Status) -> None:
    """A finished picture shows what the task came to; without one, the words before the circumstances decide."""
    assert alone is parse_status(phrase)
    assert with_result is infer_status(phrase, _evidence("picture time"))
    assert with_result is infer_status(phrase, _evidence("100 reason picture time"))


@pytest.mark.parametrize("word", ["ARCHIVED", "draw_end", "finishing2"])
def test_an_old_reason_hides_no_picture_under_an_unknown_word(word: str) -> None:
    """A proxy without buttons shows by the finish time that the picture is no preview."""
    assert infer_status(word, _evidence("100 reason picture time")) is Status.SUCCESS


@pytest.mark.parametrize("word", ["失敗", "任務失敗", "逾時"])
def test_a_failure_in_traditional_characters_ends_a_task(word: str) -> None:
    """Even where the row shows nothing else."""
    assert infer_status(word, _evidence("")) is Status.FAILURE
