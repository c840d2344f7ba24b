"""The lines of the log channel and the gallery are short, and whatever is foreign in them is escaped."""

import pytest

from bot.entities import Person, RuleChange
from cogs.text import limits
from cogs.text.log_lines import format_change_line, format_gallery_line, join_lines
from tests.fakes.clock import START
from tests.fakes.sample_entities import job, place


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("lien", "lien"),
        ("**x** ](http://evil.test) [y", r"\*\*x\*\* \](http\://evil.test) \[y"),
        ("@everyone", r"\@everyone"),
        ("\u200b\n", "1"),
        ("n" * 99, "n" * 39 + "…"),
    ],
)
def test_names_are_escaped_and_cut(name: str, shown: str) -> None:
    line = format_gallery_line(job(requester=Person(1, name)), "")
    assert line.startswith(f"[{shown}](<https://discord.com/users/1>) · ")
    assert "\n" not in line


def test_prompt_stays_one_line_and_ping_free() -> None:
    line = format_gallery_line(job(place=place(700)), "a fox\n@here https://x.test/y.png --ar 3:2")
    assert line.count("\n") == 0
    assert r"\@here" in line
    assert "x.test" not in line


@pytest.mark.parametrize("last", ["", "… and 12 more"])
def test_joined_lines_fit_a_message(last: str) -> None:
    lines = [f"{number} {'x' * 300}" for number in range(20)]
    text, used = join_lines(lines, last)
    assert limits.length(text) <= limits.CONTENT
    assert text.split("\n") == [*lines[:used], *filter(None, [last])]
    assert used == 6


def test_line_that_is_too_long_alone_is_cut() -> None:
    text, used = join_lines(["x" * 3000], "and more")
    assert used == 1
    assert limits.length(text) <= limits.CONTENT


def test_a_person_who_deleted_their_data_is_not_shown_as_a_number() -> None:
    change = RuleChange(guild_id=6, person_id=-5, made_at=START, what="block of <@-7>", before="x", after="<@8>")
    deleted = "a person who deleted their data"
    assert format_change_line(change) == f"⚙️ {deleted} changed **block of {deleted}**: x → <@8>"
