"""The files around the code say what is true of it."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parents[1]


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_env_example_lists_every_setting() -> None:
    """`.env.example` and Settings name the same variables, with the same defaults."""
    listed = dict(re.findall(r"^([A-Z_]+)=(.*)$", _read(".env.example"), re.MULTILINE))

    assert {name.upper() for name in Settings.model_fields} == set(listed)
    given = Settings.read(_env_file=None, discord_token="a.b.c", mj_api_key="sk-1")
    same = Settings.read(
        _env_file=None,
        **{name.lower(): value for name, value in listed.items() if value},
        discord_token="a.b.c",
        mj_api_key="sk-1",
    )
    assert given == same


def test_every_setting_has_its_comment() -> None:
    """Each variable of `.env.example` stands below a comment, of its own or shared with the line before."""
    lines = _read(".env.example").splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match(r"[A-Z_]+=", line) and not re.match(r"#|[A-Z_]+=", before)
    ]

    assert [] == bare


def test_readme_names_every_setting_and_command() -> None:
    """The README names every setting, and the commands to begin with."""
    readme = _read("README.md")
    missing = [name.upper() for name in Settings.model_fields if name.upper() not in readme]

    assert [] == missing
    assert [] == [verb for verb in ("make demo", "make test", "/mjstatus", "/mjhelp", "/mjcheck") if verb not in readme]


@pytest.mark.parametrize(
    "words",
    [
        *("Invite link: ", "For your own account, in any server: "),
        *(
            "Split",
            "Original",
            "Family",
            "More",
            "Open form",
            "Drop it",
            "Look again",
            "Refresh",
            "Stop watching",
            "Cancel",
        ),
        *("Midjourney status", "Describe this image", "Blend with ...", "Upscale picture"),
    ],
)
def test_readme_quotes_words_of_the_bot(words: str) -> None:
    """A reader looks for them in the log and in Discord."""
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]
    assert words in _read("README.md")
    assert any(f'"{words}' in source.read_text(encoding="utf-8") for source in sources)


def test_readme_links_lead_somewhere() -> None:
    """Every file that README points at exists."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", _read("README.md"))

    assert [] == [target for target in targets if not (ROOT / target).exists()]


def test_python_version_is_one_we_support() -> None:
    """`.python-version` is a full X.Y.Z, as some platforms insist, and new enough."""
    version = tuple(map(int, _read(".python-version").strip().split(".")))
    wanted = tomllib.loads(_read("pyproject.toml"))["project"]["requires-python"]

    assert 3 == len(version)
    assert version >= tuple(map(int, wanted.removeprefix(">=").split(".")))


def test_pins_carry_hashes_and_no_address() -> None:
    """Both requirement files pin every package with hashes, and name no index."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = _read(name)
        pins = re.findall(r"^([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==", text, re.MULTILINE)
        assert len(pins) > 20
        assert len(pins) == len(re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n\s+--hash=sha256:", text, re.MULTILINE))
        assert "://" not in text
