"""Task ids in what people paste."""

import pytest

from bot.midjourney.task_ids import find_task_ids, find_task_ids_in_texts

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
