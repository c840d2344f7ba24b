"""Whether a prompt is mostly English."""

import unicodedata

import pytest

from bot.midjourney.prompts.prompt_language import is_mostly_english


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a lighthouse at dawn",
        "a café in Paris --ar 3:2",
        "https://example.com/ảnh-một.png a cat",
        "a cat --no chữ,người",
        "🐈 🐈 123",
        "ukiyo-e, 浮世絵 style",
        "con meo den",
    ],
)
def test_an_english_prompt_needs_no_hint(prompt: str) -> None:
    """A few foreign words are none, and neither are links, parameters and emoji."""
    assert is_mostly_english(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "một con mèo đen ngồi trên mái nhà",
        unicodedata.normalize("NFD", "một con mèo đen ngồi trên mái nhà"),
        "con mèo đen --ar 3:2 --stylize 250",
        "一只黑猫",
        "屋頂上的黑貓、電影感 --v 7",
        "https://example.com/a-very-long-english-name.png 猫",
        "кот на крыше",
    ],
)
def test_another_language_is_recognized(prompt: str) -> None:
    """Also where the accents are characters of their own, and beside English parameters."""
    assert not is_mostly_english(prompt)
