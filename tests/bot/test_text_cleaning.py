"""Text of people and relays is cleaned."""

import pytest

from bot.text_cleaning import clean_text, sanitize_reason

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a\n\tb\u00a0c\u2028d ", "a b c d"),
        ("a\u200bb\u202ec", "abc"),
        ("a\u3164b\x00c\ud800d", "a b c d"),
        (f"{FAMILY} \u200d x\u200c", f"{FAMILY} x"),
        (f"{ENGLAND} \U000e0067", ENGLAND),
    ],
)
def test_clean_text(text: str, expected: str) -> None:
    assert clean_text(text) == expected


def test_a_sanitized_reason_is_short_and_has_no_secret() -> None:
    assert sanitize_reason("  a\n\n b [sk-AbC***xYz] (request id: 2025) ") == "a b"
    assert len(sanitize_reason("word " * 100_000)) == 300
    assert sanitize_reason("a SECRET and asecretb", "secret") == "a and ab"
    assert sanitize_reason("a word", "word") == "a word"
    assert sanitize_reason("\0a\0word\0") == "a word"
