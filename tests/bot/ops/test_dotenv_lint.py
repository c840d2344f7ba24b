"""Slips in `.env`: a line that cannot be read is named with its number, a misspelt name with the one that is meant."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.ops.dotenv_lint import SettingsMistake, explain_settings_error, find_mistakes
from bot.settings import NOT_SET, Settings

GOOD = "DISCORD_TOKEN='abc'\n# a comment\n\nMJ_API_KEY=sk-1 # another\nexport PORT=8080\n"


def found(tmp_path: Path, text: str, **environment: str) -> list[SettingsMistake]:
    """Find what is wrong with a file of these lines."""
    file = tmp_path / ".env"
    file.write_text(text, encoding="utf-8")
    return find_mistakes(file, environment, Settings.model_fields)


def test_a_file_in_order_has_none(tmp_path: Path) -> None:
    """Nor has the one that is copied, nor one with a mark before its first line, nor what others keep there."""
    example = (Path(__file__).parents[3] / ".env.example").read_text(encoding="utf-8")
    for text in ("", GOOD, example, f"\ufeff{GOOD}", "POSTGRES_PASSWORD=x\nPGDATA=/x\nKEY='one\ntwo'\nFLAG\n"):
        assert found(tmp_path, text) == []
    assert find_mistakes(tmp_path / "none", {}, Settings.model_fields) == []


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('DISCORD_TOKEN="secret\n', 1, 'a quote (") opens there'),
        (f"{GOOD}MJ_API_URL='https://secret.test\n", 6, "a quote (') opens there"),
        ('DISCORD_TOKEN="secret\nMJ_API_KEY="secret"\n', 1, 'a quote (") opens there'),
        ('DISCORD_TOKEN="secret\nMJ_API_KEY="\n', 1, 'a quote (") opens there'),
        ("\nDISCORD TOKEN=secret\n", 2, "NAME=value"),
        ('MJ_API_KEY="secret" secret\n', 1, "NAME=value"),
        ("MJ_API_KEY\n", 1, "NAME=value"),
        ("=secret\n", 1, "NAME=value"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, text: str, line: int, why: str) -> None:
    """With the reason, and never with what stands there."""
    [slip] = found(tmp_path, text)
    assert str(slip).startswith(f".env, line {line} cannot be read: ")
    assert why in slip.problem
    assert "secret" not in str(slip)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("MJ_APIKEY", "MJ_API_KEY"),
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
        ("ALLOWED_GUILD", "ALLOWED_GUILDS"),
        ("mj_key", "MJ_API_KEY"),
    ],
)
def test_a_misspelt_name_is_named_with_the_near_one(tmp_path: Path, name: str, meant: str) -> None:
    """What it holds may be a secret, and is not shown."""
    [slip] = found(tmp_path, f"{name}=secret\n")
    assert str(slip) == f"{name.upper()} is none of my settings, and is ignored. Is {meant} meant?"


def test_the_environment_is_judged_more_mildly(tmp_path: Path) -> None:
    """Platforms set names of their own: only what is much like a setting that is not set is spoken of."""
    assert [str(slip)[:9] for slip in found(tmp_path, "", MJ_APIKEY="secret")] == ["MJ_APIKEY"]
    assert found(tmp_path, "", DATABASE_URI="x", DATABASE_URL="sqlite:///x.db") == []
    assert found(tmp_path, "", DATABASE_PUBLIC_URL="x", PORTS="1", TOKEN="x", PATH="/bin", LANG="C") == []


def test_settings_that_are_missing_come_with_the_step() -> None:
    """The copying of a file where there is none."""
    error = SettingsError([("MJ_API_KEY", NOT_SET)])
    slip = SettingsMistake("MJ_APIKEY", "is ignored.", "Is MJ_API_KEY meant?")
    first, second, step = explain_settings_error(error, [slip], has_file=False)
    assert first == "MJ_API_KEY is not set. See .env.example for what it is."
    assert second == "MJ_APIKEY is ignored. Is MJ_API_KEY meant?"
    assert "cp .env.example .env" in step
    assert "cp " not in list(explain_settings_error(error, [], has_file=True))[-1]
    assert len(list(explain_settings_error(SettingsError([("PORT", "is too large")]), [], has_file=False))) == 1
