"""A flat list of buttons becomes rows that a person can read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.task import Button
from cogs.views.button_rows import TASK_BUTTON_ROWS, lay_out_rows

KINDS = {
    "u": "MJ::JOB::upsample::{0}::a",
    "r": "MJ::JOB::reroll::{0}::a",
    "v": "MJ::JOB::variation::{0}::a",
    "s": "MJ::JOB::upsample_v7_2x_subtle::{0}::a",
    "w": "MJ::JOB::low_variation::{0}::a",
    "i": "MJ::Inpaint::{0}::a",
    "z": "MJ::Outpaint::50::{0}::a",
    "c": "MJ::CustomZoom::{0}",
    "p": "MJ::JOB::pan_up::{0}::a",
    "a": "MJ::JOB::animate_high::{0}::a",
    "b": "MJ::BOOKMARK::{0}",
    "x": "other::{0}",
}


def laid(letters: str) -> tuple[list[str], int]:
    """Lay buttons out, written as one letter each."""
    buttons = [
        Button(custom_id=KINDS[letter].format(at % 9 + 1) + f"::{at}", label=letter)
        for at, letter in enumerate(letters)
    ]
    found, rest = lay_out_rows(buttons)
    return ["".join(button.label for button in row) for row in found], len(rest)


@pytest.mark.parametrize(
    ("letters", "expected", "left_over"),
    [
        ("", [], 0),
        ("uuuurvvvv", ["uuuur", "vvvv"], 0),
        ("uuuurvvvvs", ["uuuur", "vvvv", "s"], 0),
        ("uuuu", ["uuuu"], 0),
        ("sswwizzcppppaab", ["sswwi", "zzc", "pppp", "aab"], 0),
        ("wwzzcppppb", ["ww", "zzc", "pppp", "b"], 0),
        ("wwizzzcppppssab", ["wwi", "zzzc", "pppp", "ssab"], 0),
        ("pppppp", ["ppppp", "p"], 0),
        ("uuuuvvvvuuuuvvvvuuuu", ["uuuuv", "vvvuu", "uuvvv", "vuuuu"], 0),
        ("x" * 20, ["xxxxx"] * 4, 0),
        ("x" * 23, ["xxxxx"] * 3, 8),
    ],
)
def test_buttons_are_laid_out_in_rows(letters: str, expected: list[str], left_over: int) -> None:
    """Each family has its row, neighbors share one where four do not suffice, and else a menu takes the fourth."""
    assert (expected, left_over) == laid(letters)


def test_three_hundred_thousand_buttons_are_laid_out_quickly() -> None:
    """What a hostile relay sends costs no more than its length; its square would outlast any test's patience."""
    assert (["pbpbp", "bpbpb", "pbpbp"], 299_985) == laid("pb" * 150_000)


@given(st.text(st.sampled_from(list(KINDS)), max_size=40))
def test_rows_keep_the_order_and_lose_nothing_that_fits(letters: str) -> None:
    """The order is kept, no row is empty or too long, and buttons are left over only if there are more than 20."""
    found, left_over = laid(letters)
    assert letters.startswith("".join(found))
    assert len("".join(found)) + left_over == len(letters)
    assert len(found) <= TASK_BUTTON_ROWS
    assert all(1 <= len(row) <= 5 for row in found)
    assert left_over == (len(letters) - 15 if len(letters) > 20 else 0)


def test_links_keep_their_room() -> None:
    """No menu can hold one; where even they are too many the first stay."""
    links = [Button(label=f"l{at}", style=5, url="https://a.test/") for at in range(17)]
    presses = [Button(custom_id=f"x::{at}", label=str(at)) for at in range(20)]
    found, rest = lay_out_rows([*presses, links[0]])
    assert [button.label for button in found[-1]] == ["10", "11", "12", "13", "l0"]
    assert [button.label for button in rest] == ["14", "15", "16", "17", "18", "19"]
    found, rest = lay_out_rows([*presses, *links])
    assert [button.label for row in found for button in row] == [f"l{at}" for at in range(15)]
    assert len(rest) == 22
