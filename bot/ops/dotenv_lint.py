"""Find mistakes in `.env` and in the environment: unreadable lines, misspelled names, and files that are not read."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.errors import SettingsError
from bot.settings import ENV_FILE, NOT_SET, split_relay_url

_CREATE_FILE = (
    "Copy .env.example to .env (cp .env.example .env) and fill in its first two settings; on a hosting platform, add "
    "both to its environment variables."
)
_FILL_IN = "Fill in {} in .env; on a hosting platform, add {} to its environment variables."
_FILE_SIMILARITY, _ENVIRONMENT_SIMILARITY = 0.75, 0.85
"""From which similarity on a name counts as a misspelled setting: the environment also has a platform's own names."""
_MIN_LENGTH = 6
"""The length from which on names are compared: shorter ones resemble too many others."""
_MAX_SHOWN = 80
_QUOTES = frozenset("'\"")
_RELAY_URL = "MJ_API_URL"
_SECRETS = frozenset({"DISCORD_TOKEN", "MJ_API_KEY"})
_GIVEN_SECRET = re.compile(rb"\b(?:DISCORD_TOKEN|MJ_API_KEY)[ \t]*[=:][ \t]*[^\s#]", re.IGNORECASE)
_OUR_NAMES = re.compile(r"^(?:MJ|MJBOT|DISCORD|YESCALE|MIDJOURNEY)_|API_?KEY$|BOT_?TOKEN$")
"""Names that no other program has a reason to read from this file."""
_EXAMPLE = ".env.example"
_PROJECT = Path(__file__).resolve().parents[2]
_MAX_ENTRIES, _MAX_BYTES = 500, 65_536
"""How much of a folder and of a file is looked at."""


@dataclass(frozen=True)
class SettingsMistake:
    """One mistake: `problem` completes a sentence that starts with `location`, and `advice` is the next step.

    It never contains a value, which may be a secret.
    """

    location: str
    problem: str
    advice: str
    is_unread_file: bool = False
    """Whether this is a whole file with settings, which explains what is missing."""

    def __str__(self) -> str:
        return f"{self.location} {self.problem} {self.advice}"


def find_mistakes(file: Path, environment: Mapping[str, str], names: Collection[str]) -> list[SettingsMistake]:
    """Return the mistakes in a file and an environment; `names` are the names of the settings.

    A file that does not exist or cannot be read has none.
    """
    try:
        with file.open(encoding="utf-8-sig") as stream:
            lines = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError):
        lines = []
    known = {name.upper() for name in names}
    in_file = {line.key.upper(): _FILE_SIMILARITY for line in lines if line.key}
    # A platform may set a DATABASE_URI of its own, next to the DATABASE_URL that is a setting.
    unset = known - {name.upper() for name, value in environment.items() if value}
    elsewhere = {name.upper(): _ENVIRONMENT_SIMILARITY for name in environment if name.upper() not in in_file}
    return [
        *(mistake for line in lines if (mistake := _check_line(line, known))),
        *_find_misspelled(in_file, known),
        *_find_misspelled(elsewhere, unset, ignored=known),
        *_find_foreign_names(in_file, known),
        *_find_repeated(lines, known),
        *_find_overridden(lines, environment, known),
        *_find_removed_path(lines, environment),
        *(_find_unread_files(file) if _lacks_secrets(lines, environment) else ()),
    ]


def explain_settings_error(
    error: SettingsError, mistakes: Iterable[SettingsMistake], *, has_file: bool
) -> Iterator[str]:
    """Yield lines for the operator: each problem, the mistakes that may have caused it, and the next step."""
    for variable, problem in error.problems:
        end = "" if problem.endswith(("?", ".")) else "."
        yield f"{variable} {problem}{end}{'' if variable == ENV_FILE else ' .env.example explains it.'}"
    found = list(mistakes)
    yield from map(str, found)
    unset = [variable for variable, problem in error.problems if problem == NOT_SET]
    missing = [variable for variable in unset if not (has_file and _explains(found, variable))]
    if missing and not any(one.is_unread_file for one in found):
        yield _FILL_IN.format(*2 * ["both" if len(missing) == 2 else missing[0]]) if has_file else _CREATE_FILE


def _explains(found: Iterable[SettingsMistake], variable: str) -> bool:
    """Whether a mistake may be the reason why a setting is missing: an unreadable line, or a misspelled name."""
    return any(each.location.startswith(f"{ENV_FILE}, line") or variable in each.advice for each in found)


def _check_line(line: Binding, known: Collection[str]) -> SettingsMistake | None:
    """Return why a line cannot be parsed, or is parsed differently from what was meant; None for a good line."""
    is_setting = line.key is not None and line.key.upper() in known
    runs_on = is_setting and "\n" in (line.value or "").strip()
    if not (line.error or runs_on or (is_setting and line.value is None)):
        return None
    text = line.original.string.lstrip()
    blank_lines = line.original.string.removesuffix(text).count("\n")
    location, value = (
        f"{ENV_FILE}, line {line.original.line + blank_lines}",
        text.partition("\n")[0].partition("=")[2].strip(),
    )
    quote = value[:1]
    if quote in _QUOTES and quote not in value[1:]:
        problem = f"cannot be read: a quote ({quote}) is opened and not closed."
        return SettingsMistake(location, problem, "Close it at the end of the line, or remove it.")
    problem = "cannot be read."
    return SettingsMistake(location, problem, "Use NAME=value, with nothing else on the line.")


def _lacks_secrets(lines: Iterable[Binding], environment: Mapping[str, str]) -> bool:
    """Whether the token or the key is set neither in the file nor in the environment."""
    given = {line.key.upper() for line in lines if line.key and line.value}
    given |= {name.upper() for name, value in environment.items() if value}
    return not given.issuperset(_SECRETS)


def _find_unread_files(file: Path) -> Iterator[SettingsMistake]:
    """Find files that hold the token or the key, and have another name than `file`, or are in another folder."""
    folder = file.parent.resolve()
    if file.is_dir():
        yield SettingsMistake(file.name, "is a folder, and must be a file.", "Rename the folder.")
    for other in _list_files(folder):
        if "env" in other.name.lower() and other.name != file.name and _has_secret(other):
            verb, command = ("Copy", "cp") if other.name == _EXAMPLE else ("Rename", "mv")
            advice = f"{verb} it: {command} '{other.name}' {file.name} (in Windows, first show file name extensions)."
            problem = f"holds settings, and is not read: the name must be {file.name}, and nothing else."
            yield SettingsMistake(other.name, problem, advice, is_unread_file=True)
    for elsewhere in dict.fromkeys((_PROJECT, folder.parent, *_list_folders(folder))):
        other = elsewhere / file.name
        if elsewhere != folder and other.is_file() and _has_secret(other):
            problem = f"is not read, because the bot was started in {folder}."
            advice = f"Start it in {elsewhere}, or move the file."
            yield SettingsMistake(str(other), problem, advice, is_unread_file=True)


def _list_files(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in islice(folder.iterdir(), _MAX_ENTRIES) if path.is_file())
    return []


def _list_folders(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in islice(folder.iterdir(), _MAX_ENTRIES) if path.is_dir())
    return []


def _has_secret(file: Path) -> bool:
    """Whether a file gives the token or the key a value, in whatever encoding an editor has saved it."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES).replace(b"\0", b"")  # UTF-16 has them between ASCII letters
    except OSError:
        return False
    return _GIVEN_SECRET.search(content) is not None


def _find_misspelled(
    found: Mapping[str, float], names: Collection[str], ignored: Collection[str] = ()
) -> Iterator[SettingsMistake]:
    long_names = [name for name in names if len(name) >= _MIN_LENGTH]
    for name, similarity in found.items():
        if name not in names and name not in ignored and (near := get_close_matches(name, long_names, 1, similarity)):
            yield SettingsMistake(
                name[:_MAX_SHOWN], "is not a known setting, and is ignored.", f"Did you mean {near[0]}?"
            )


def _find_foreign_names(in_file: Iterable[str], known: Collection[str]) -> Iterator[SettingsMistake]:
    """Report names that look like settings of this bot, and resemble none of them."""
    long_names = [name for name in known if len(name) >= _MIN_LENGTH]
    for name in in_file:
        if name in known or not _OUR_NAMES.search(name) or get_close_matches(name, long_names, 1, _FILE_SIMILARITY):
            continue
        meant = "MJ_API_KEY" if name.endswith("KEY") else "DISCORD_TOKEN" if name.endswith("TOKEN") else ""
        advice = f"Did you mean {meant}?" if meant else "See .env.example for the names."
        yield SettingsMistake(name[:_MAX_SHOWN], "is not a known setting, and is ignored.", advice)


def _find_repeated(lines: Iterable[Binding], known: Collection[str]) -> Iterator[SettingsMistake]:
    """Report settings that stand in the file more than once."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.key and line.key.upper() in known:
            text = line.original.string
            number = line.original.line + text.removesuffix(text.lstrip()).count("\n")
            found.setdefault(line.key.upper(), []).append(str(number))
    for name, numbers in found.items():
        if len(numbers) > 1:
            problem = f"is in {ENV_FILE} more than once (lines {', '.join(numbers)}), and the last line counts."
            yield SettingsMistake(name, problem, "Remove the others.")


def _find_overridden(
    lines: Iterable[Binding], environment: Mapping[str, str], known: Collection[str]
) -> Iterator[SettingsMistake]:
    """Report settings to which the environment gives another value than the file."""
    given = {name.upper(): value.strip().strip("'\"") for name, value in environment.items() if value}
    in_file = {line.key.upper(): line.value.strip().strip("'\"") for line in lines if line.key and line.value}
    for name in sorted(set(known) & in_file.keys() & given.keys()):
        if in_file[name] != given[name]:
            problem = f"has one value in {ENV_FILE} and another one in the environment, which counts."
            yield SettingsMistake(name, problem, f"Remove it there (unset {name}), or from {ENV_FILE}.")


def _find_removed_path(lines: Iterable[Binding], environment: Mapping[str, str]) -> Iterator[SettingsMistake]:
    """Report a path at the end of the relay's URL, which the settings remove; the environment takes precedence."""
    in_file = [line.value for line in lines if line.key and line.key.upper() == _RELAY_URL and line.value]
    in_environment = [value for name, value in environment.items() if name.upper() == _RELAY_URL and value]
    *_, value = "", *in_file, *in_environment
    if path := split_relay_url(value)[1]:
        shown = "/".join(filter(None, path.split("/")[:3]))
        problem = f"ends in /{shown}, which is left out: the bot adds such paths itself."
        yield SettingsMistake(_RELAY_URL, problem, "Set it to the relay's address alone.")
