"""What stands in `.env`, or in the environment, and is no setting by a slip: lines nobody can read, misspelt names."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.errors import SettingsError
from bot.settings import ENV_FILE, NOT_SET

_FIRST_STEP = (
    "Copy .env.example to .env (cp .env.example .env) and fill in its first two settings; on a platform, set both on "
    "its page of variables."
)
_NEXT_STEP = "Fill it in in .env; on a platform, set it on its page of variables."
_LIKE, _MUCH_LIKE = 0.75, 0.85
"""How like a name must be to one of ours: in a file that is ours, and where platforms set names of their own."""
_SHORT = 6
"""Names shorter than that are like too many."""
_SHOWN = 80
_QUOTES = frozenset("'\"")


@dataclass(frozen=True)
class SettingsMistake:
    """One of them: where it is, what is wrong with it, as the end of a sentence, and the next step; never a value."""

    location: str
    problem: str
    advice: str

    def __str__(self) -> str:
        """Say it in a line of the log."""
        return f"{self.location} {self.problem} {self.advice}"


def find_mistakes(file: Path, environment: Mapping[str, str], names: Collection[str]) -> list[SettingsMistake]:
    """Find all of them; `names` are those of the settings. A file that is not there, or cannot be read, has none."""
    try:
        with file.open(encoding="utf-8-sig") as stream:
            lines = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError):
        lines = []
    known = {name.upper() for name in names}
    written = {line.key.upper(): _LIKE for line in lines if line.key}
    # A platform may have a DATABASE_URI of its own beside the DATABASE_URL that was meant.
    unset = known - {name.upper() for name, value in environment.items() if value}
    around = {name.upper(): _MUCH_LIKE for name in environment if name.upper() not in written}
    return [
        *(slip for line in lines if (slip := _unread(line, known))),
        *_misspelt(written, known),
        *_misspelt(around, unset, but=known),
    ]


def explain_settings_error(error: SettingsError, found: Iterable[SettingsMistake], *, has_file: bool) -> Iterator[str]:
    """Say what is wrong with the settings, which slips may have led to it, and the next step; a line each."""
    for variable, problem in error.problems:
        yield f"{variable} {problem}{'' if problem.endswith('?') else '.'} See .env.example for what it is."
    yield from map(str, found)
    if any(problem == NOT_SET for _, problem in error.problems):
        yield _NEXT_STEP if has_file else _FIRST_STEP


def _unread(line: Binding, known: Collection[str]) -> SettingsMistake | None:
    """Say why a line cannot be read, or is read otherwise than it was meant; None where there is nothing to say."""
    ours = line.key is not None and line.key.upper() in known
    runs_on = ours and "\n" in (line.value or "").strip()
    if not (line.error or runs_on or (ours and line.value is None)):
        return None
    text = line.original.string.lstrip()
    above = line.original.string.removesuffix(text).count("\n")
    where, value = f"{ENV_FILE}, line {line.original.line + above}", text.partition("\n")[0].partition("=")[2].strip()
    quote = value[:1]
    if quote in _QUOTES and quote not in value[1:]:
        said = f"cannot be read: a quote ({quote}) opens there and is not closed."
        return SettingsMistake(where, said, "Put another at the end of that line, or take it away.")
    said = "cannot be read: it is not of the form NAME=value, with nothing behind it."
    return SettingsMistake(where, said, "Write it so.")


def _misspelt(
    found: Mapping[str, float], meant: Collection[str], but: Collection[str] = ()
) -> Iterator[SettingsMistake]:
    long = [name for name in meant if len(name) >= _SHORT]
    for name, like in found.items():
        if name not in meant and name not in but and (near := get_close_matches(name, long, 1, like)):
            yield SettingsMistake(name[:_SHOWN], "is none of my settings, and is ignored.", f"Is {near[0]} meant?")
