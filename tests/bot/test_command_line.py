"""What `python -m bot` accepts, and how it refuses everything else."""

import pytest

from bot.__main__ import main
from bot.command_line import parse_arguments

COMMANDS = ("check", "remove-commands", "backup", "copy-database", "data")
ADDRESS = "postgresql://mjbot:hunter2@db.example/mjbot"


@pytest.mark.parametrize(
    ("typed", "command", "values"),
    [
        ("", None, {}),
        ("check", "check", {"forget": False}),
        ("check --forget", "check", {"forget": True}),
        ("remove-commands", "remove-commands", {}),
        ("backup data/backup.db", "backup", {"file": "data/backup.db"}),
        (f"copy-database sqlite:///a.db {ADDRESS}", "copy-database", {"source": "sqlite:///a.db", "target": ADDRESS}),
        ("data show 1", "data", {"action": "show", "person": "1", "json": False}),
        ("data show 1 --json", "data", {"action": "show", "person": "1", "json": True}),
        ("data delete 1 --yes", "data", {"action": "delete", "person": "1", "yes": True}),
    ],
)
def test_commands_are_read(typed: str, command: str | None, values: dict[str, object]) -> None:
    assert vars(parse_arguments(typed.split())) == {"command": command, **values}


@pytest.mark.parametrize("typed", ["--help", "-h"])
def test_help_lists_every_command(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([typed]) == 0
    said = capsys.readouterr().out
    for command in COMMANDS:
        assert f"\n    {command}" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: python -m bot {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "typed",
    ["chekc", "check --forgot", "check --forg", "check --forget now", "remove-command", "remove-commands --all", "run"],
)
def test_other_arguments_are_refused_with_the_valid_ones(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the settings are read."""
    assert main(typed.split()) == 2
    output = capsys.readouterr()
    assert not output.out
    assert output.err.startswith("`python -m bot` does not take these arguments.\n\nusage: python -m bot")
    for command in COMMANDS:
        assert f"\n    {command}" in output.err


@pytest.mark.parametrize(
    "typed",
    [
        f"copy-database {ADDRESS}",
        f"copy-database {ADDRESS} {ADDRESS} {ADDRESS}",
        f"copy-database --from {ADDRESS} --to {ADDRESS}",
        f"backup {ADDRESS} {ADDRESS}",
        ADDRESS,
    ],
)
def test_a_refusal_repeats_no_password(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed.split()) == 2
    output = capsys.readouterr()
    assert "hunter2" not in output.err + output.out
