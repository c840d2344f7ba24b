"""Task ids in what people paste."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.task_ids import TASK_ID_PATTERN, find_task_ids, find_task_ids_in_texts, is_task_id

ID, OTHER = "1730621826053455", "1730621826053456"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ID, [ID]),
        (f"  `{ID}` ", [ID]),
        (f"<{ID}>", [ID]),
        (f"{ID},{OTHER}", [ID, OTHER]),
        (f"{ID} {OTHER};{ID}", [ID, OTHER]),
        (f"task {ID} please", [ID]),
        (f"Imagine · {ID}", [ID]),
        (f"https://relay.example/mj/task/{ID}/fetch", [ID]),
        (f"https://relay.example/mj/image/{ID}?rand=17306218260534551", [ID]),
        ("https://relay.example/mj/task/3f5c8d1e-uuid-like/fetch", ["3f5c8d1e-uuid-like"]),
        (f"mj:u:{ID}:0123456789", [ID]),
        ("3f5c8d1e9b", ["3f5c8d1e9b"]),
        ("https://discord.com/channels/1187000000000000001/1187000000000000002/1187000000000000003", []),
        ("call me on 5551234", []),
        ("hello", []),
        ("".join(chr(ord(digit) + 0xFEE0) for digit in ID), []),  # full-width digits
        ("task " + "".join(chr(ord(digit) + 0x630) for digit in ID), []),  # Arabic ones
        (f"{ID}\u0663", []),
        ("hello world", []),
        ("12345", []),
        ("", []),
        ("😀 ,;", []),
        ("a" * 1000, []),
    ],
)
def test_ids_are_found_in_any_text(text: str, found: list[str]) -> None:
    """An id, a list, a sentence or a link gives the ids in order, each once."""
    assert find_task_ids(text) == found


def test_ids_of_several_texts_keep_their_order() -> None:
    assert find_task_ids_in_texts([f"one {OTHER}, two {ID}", f"mj:v:{OTHER}:0123456789", ""]) == [OTHER, ID]


@pytest.mark.parametrize(
    "text", [ID, "0741798445574458", "17", "0f8fad5b-d9cb-469f-a165-70867728950e", "task_3Xz", "01"]
)
def test_ids_of_relays(text: str) -> None:
    assert is_task_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "0", "0000", "-1", "ok", "success", "1.5", "17 18", "17\n", "17\0", "１７", "https://a.test/17", "1" * 65],  # noqa: RUF001
)
def test_words_and_sentences_are_no_ids(text: str) -> None:
    assert not is_task_id(text)


@given(st.text(max_size=80) | st.from_regex(TASK_ID_PATTERN))
def test_each_id_can_be_stored_and_pasted(text: str) -> None:
    """Databases refuse a NUL, a lone surrogate, and thousands of characters in an index."""
    if is_task_id(text):
        assert len(text) <= 64
        assert text.isascii()
        assert text.isprintable()
        assert len(text) < 6 or find_task_ids(text) == [text]
