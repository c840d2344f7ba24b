"""What describe and shorten found, as lines: numbered as the buttons are, whole where there is room."""

import pytest

from bot.midjourney.task import Button, Task
from cogs.text import limits
from cogs.views.text_results import format_text_result


def read(text: str, action: str = "DESCRIBE", **more: object) -> tuple[str, ...]:
    return format_text_result(
        Task.model_validate({"id": "1", "action": action, "properties": {"finalPrompt": text}, **more})
    )


def test_each_text_line_follows_its_buttons_number() -> None:
    """Links lose their address; what Discord would take for markdown shows as it is."""
    text = "1️⃣ a *red* fox --ar 3:2\n\n3️⃣ in the style of [Beatrix](https://goo.gl/x) @everyone"
    assert read(text) == (
        "1️⃣ a \\*red\\* fox `--ar 3:2`",
        "3️⃣ in the style of Beatrix \\@everyone",
    )


def test_four_long_readings_each_have_their_share() -> None:
    """A long one does not push the others out, and no escape is cut in half."""
    found = read("\n\n".join(f"{n}\ufe0f\u20e3 {'_word ' * 400}" for n in range(1, 5)))
    assert [line[0] for line in found] == ["1", "2", "3", "4"]
    assert sum(map(limits.length, found)) <= 3000
    assert all(line.endswith("…") and not line.endswith("\\…") for line in found)


def test_a_reading_of_ordinary_length_is_never_cut() -> None:
    """Midjourney's are of some three hundred characters each."""
    lines = [f"a lighthouse, number {n}, {'in the storm, ' * 40}at sea" for n in range(1, 5)]
    found = read("\n\n".join(f"{n}\ufe0f\u20e3 {line}" for n, line in enumerate(lines, 1)))
    assert [line[4:] for line in found] == lines


def test_words_are_ranked_before_the_shorter_prompts() -> None:
    """Bold ones carry the picture, struck ones do nothing."""
    text = "## Important tokens\na **fox** in ~~very~~ snow\n## Shortened prompts\n1️⃣ fox, snow\n2️⃣ fox"
    assert read(text, "SHORTEN") == ("Most important words: **fox** · a · in · snow · ~~very~~", "1️⃣ fox, snow", "2️⃣ fox")


def test_a_form_that_was_answered_is_known_by_its_buttons() -> None:
    """new-api calls it MODAL."""
    text = "**fox** ~~very~~\n1️⃣ fox"
    button = Button(custom_id="MJ::Job::PromptAnalyzer::1")
    assert read(text, "MODAL", buttons=[button]) == ("Most important words: **fox** · ~~very~~", "1️⃣ fox")


@pytest.mark.parametrize("action", ["DESCRIBE", "SHORTEN"])
def test_a_text_without_numbers_is_shown_unchanged(action: str) -> None:
    """A relay that words it otherwise loses nothing."""
    assert read("Nothing to **say** here:", action) == ("Nothing to **say** here:",)


def test_a_picture_task_has_no_text_result() -> None:
    """Only what answers in words is read."""
    assert read("1️⃣ a fox", "IMAGINE") == ()


def test_a_thousand_words_leave_room_for_the_prompts() -> None:
    """The ranking is cut first."""
    words = " ".join(f"**word{n}**" for n in range(1000))
    found = read(f"{words}\n1️⃣ fox", "SHORTEN")
    assert found[-1] == "1️⃣ fox"
    assert limits.length(found[0]) < 1000
