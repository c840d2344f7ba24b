"""The table of what each relay can do: nothing is left out of it, and it is written where README wants it."""

from pathlib import Path

import pytest

from sandbox import compatibility, walker
from sandbox.compatibility import (
    BEGIN,
    COMMANDS,
    END,
    PRESSES,
    TableIncomplete,
    assert_complete,
    collect_walks,
    find_changed_cells,
    read_table,
    write_table,
)

KNOWN = tuple({name.split(",")[0].removeprefix("/") for name in COMMANDS if name.startswith("/")})


def test_every_line_of_the_table_of_buttons_has_a_row() -> None:
    """And every command; rows have names of their own."""
    assert_complete(KNOWN)
    assert len(collect_walks()) == len(COMMANDS) + len(PRESSES)


def test_a_button_without_a_walk_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new command, or a new line, is named."""
    with pytest.raises(TableIncomplete, match="/retexture"):
        assert_complete((*KNOWN, "retexture"))
    monkeypatch.setattr(compatibility, "PRESSES", PRESSES[1:])
    with pytest.raises(TableIncomplete, match="upsample"):
        assert_complete(KNOWN)


def test_the_table_is_written_between_its_markers(tmp_path: Path) -> None:
    """What is around it stays; what differs from it is listed."""
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    write_table(readme, "| a |\n| b |")
    assert readme.read_text() == f"before\n{BEGIN}\n| a |\n| b |\n{END}\nafter\n"
    assert read_table(readme.read_text()) == "| a |\n| b |"
    assert find_changed_cells(readme.read_text(), "| a |\n| b |") == []
    assert find_changed_cells(readme.read_text(), "| a |\n| c |") == ["| c |", "- | b |"]
    readme.write_text("no markers")
    with pytest.raises(TableIncomplete):
        write_table(readme, "| a |")
    assert find_changed_cells("no markers", "| a |") == ["| a |"]


def test_a_message_is_cut_to_its_first_sentence() -> None:
    """Without ids, mentions and marks, as these differ from run to run."""
    assert (
        walker._first_sentence("The relay knows no task `1754300000123417`. Check it.") == "The relay knows no task ``"
    )
    assert walker._first_sentence("**No.** Nothing was paid.") == "No"
    assert walker._first_sentence("word " * 40) == f"{'word ' * 14}..."
