"""A typed text comes back below the sentence that refuses it: whole, or as much as one message holds."""

from hypothesis import given
from hypothesis import strategies as st

from cogs.text.limits import CONTENT, length
from cogs.text.quotes import append_typed_text

SENTENCE = "You weren't charged."


def inside(text: str) -> str:
    """Return what stands in the code block, which ends where Discord ends it: at the first fence."""
    assert text.startswith(f"{SENTENCE}\nYou wrote:\n```\n")
    shown, fence, behind = text.partition("\n```\n")[2].partition("```")
    assert (fence, behind) == ("```", "")
    return shown.removesuffix("\n")


def test_what_was_typed_comes_back_as_it_stands() -> None:
    """Lines, markdown and backticks of one's own can be copied."""
    for typed in ("a fox --zoom 5", "a fox\nin `snow` **now** --ar 3:2", "`"):
        assert inside(append_typed_text(SENTENCE, typed)) == typed


def test_a_fence_does_not_end_the_block() -> None:
    """Backticks in a row are parted by what is unseen, and so what stands behind them stays code."""
    shown = inside(append_typed_text(SENTENCE, "a ```` fox ``` @everyone"))
    assert shown.replace("\u200b", "") == "a ```` fox ``` @everyone"


def test_the_longest_prompt_is_cut_to_one_message() -> None:
    """The beginning is worth more than nothing."""
    text = append_typed_text(SENTENCE, "x" * 6000)
    assert length(text) == CONTENT
    assert inside(text).endswith("x…")


def test_nothing_typed_is_nothing_given_back() -> None:
    """Nor is text without a visible character."""
    assert [append_typed_text(SENTENCE, typed) for typed in ("", " \n", "\u202e")] == [SENTENCE] * 3


@given(st.text() | st.text("`\n\U0001f98a", max_size=3000))
def test_no_text_breaks_out_of_the_block_or_the_message(typed: str) -> None:
    """Backticks of its own included."""
    text = append_typed_text(SENTENCE, typed)
    assert length(text) <= CONTENT
    if text != SENTENCE:
        inside(text)
