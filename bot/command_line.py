"""The commands of `python -m bot`, and their help."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, TypeVar

if TYPE_CHECKING:  # argparse has no public name for it
    from argparse import _SubParsersAction as _Commands  # pyright: ignore[reportPrivateUsage]

_ParserT = TypeVar("_ParserT", bound=argparse.ArgumentParser)
_PROGRAM = "python -m bot"
_ABOUT = "Without a command, this runs the bot. With one, it does this and ends:"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors don't repeat what was typed, which may contain a password."""

    def error(self, message: str) -> NoReturn:
        """Print the help, which lists what is valid, and exit with 2."""
        del message
        print(f"`{_PROGRAM}` does not take these arguments.\n", file=sys.stderr)  # noqa: T201 - a command's answer
        self.print_help(sys.stderr)
        self.exit(2)


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the command that was typed as `command`, None for the bot itself, and its arguments.

    Raises:
        SystemExit: Help was asked for (code 0) and printed, or there is no such command (code 2).
    """
    parser = _Parser(prog=_PROGRAM, description=_ABOUT, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    check = _add(commands, "check", "test the settings, Discord, the relay and the database, and print what is wrong")
    check.add_argument("--forget", action="store_true", help="first enable the buttons that the relay refused")
    _add(commands, "remove-commands", "remove the bot's commands from Discord, before you uninstall it")
    backup = _add(commands, "backup", "copy the SQLite database to a file, while the bot runs or not")
    backup.add_argument("file", metavar="FILE", help="a new file, such as data/backup.db")
    copy = _add(commands, "copy-database", "copy all rows from one database to another, such as SQLite to PostgreSQL")
    copy.add_argument("source", metavar="FROM", help="its DATABASE_URL, such as sqlite:///data/mjbot.db")
    copy.add_argument("target", metavar="TO", help="the DATABASE_URL of an empty database, or of an unfinished copy")
    _add_data(commands)
    return parser.parse_args(arguments)


def _add_data(commands: "_Commands[_Parser]") -> None:
    data = _add(commands, "data", "show or delete what is stored about a person")
    actions = data.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    show = _add(actions, "show", "print what is stored about a person")
    show.add_argument("--json", action="store_true", help="print all of it as JSON")
    delete = _add(actions, "delete", "delete what is stored about a person")
    delete.add_argument("--yes", action="store_true", help="do not ask before")
    for action in (show, delete):
        action.add_argument("person", metavar="ID", help="the person's id at Discord")


def _add(commands: "_Commands[_ParserT]", name: str, what: str) -> _ParserT:
    """Add a command with its line of the help."""
    return commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False)
