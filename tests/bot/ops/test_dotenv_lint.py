"""Mistakes in `.env`: lines that cannot be parsed, and misspelled names."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.ops.dotenv_lint import SettingsMistake, explain_settings_error, find_mistakes
from bot.settings import NOT_SET, Settings

GOOD = "DISCORD_TOKEN='abc'\n# a comment\n\nMJ_API_KEY=sk-1 # another\nexport PORT=8080\n"


def found(tmp_path: Path, text: str, **environment: str) -> list[SettingsMistake]:
    """Return the mistakes in a file with this text."""
    file = tmp_path / ".env"
    file.write_text(text, encoding="utf-8")
    return find_mistakes(file, environment, Settings.model_fields)


def test_a_correct_file_has_no_mistakes(tmp_path: Path) -> None:
    """That includes .env.example, a byte order mark, and other programs' variables."""
    example = (Path(__file__).parents[3] / ".env.example").read_text(encoding="utf-8")
    for text in ("", GOOD, example, f"\ufeff{GOOD}", "POSTGRES_PASSWORD=x\nPGDATA=/x\nKEY='one\ntwo'\nFLAG\n"):
        assert found(tmp_path, text) == []
    assert find_mistakes(tmp_path / "none", {}, Settings.model_fields) == []


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ('DISCORD_TOKEN="secret\n', 1, 'a quote (") is opened'),
        (f"{GOOD}MJ_API_URL='https://secret.test\n", 6, "a quote (') is opened"),
        ('DISCORD_TOKEN="secret\nMJ_API_KEY="secret"\n', 1, 'a quote (") is opened'),
        ('DISCORD_TOKEN="secret\nMJ_API_KEY="\n', 1, 'a quote (") is opened'),
        ("\nDISCORD TOKEN=secret\n", 2, "NAME=value"),
        ('MJ_API_KEY="secret" secret\n', 1, "NAME=value"),
        ("MJ_API_KEY\n", 1, "NAME=value"),
        ("=secret\n", 1, "NAME=value"),
    ],
)
def test_a_malformed_line_is_reported_by_its_number(tmp_path: Path, text: str, line: int, why: str) -> None:
    """With the reason, and without its content."""
    [mistake] = found(tmp_path, text)
    assert str(mistake).startswith(f".env, line {line} cannot be read")
    assert why in str(mistake)
    assert "secret" not in str(mistake)


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
def test_a_misspelled_name_is_reported_with_the_similar_setting(tmp_path: Path, name: str, meant: str) -> None:
    """Its value may be a secret, and is not shown."""
    [mistake] = found(tmp_path, f"{name}=secret\n")
    assert str(mistake) == f"{name.upper()} is not a known setting, and is ignored. Did you mean {meant}?"


def test_names_in_the_environment_must_be_more_similar(tmp_path: Path) -> None:
    """Platforms set names of their own; only names similar to a setting that is not set are reported."""
    assert [str(mistake)[:9] for mistake in found(tmp_path, "", MJ_APIKEY="secret")] == ["MJ_APIKEY"]
    assert found(tmp_path, "", DATABASE_URI="x", DATABASE_URL="sqlite:///x.db") == []
    assert found(tmp_path, "", DATABASE_PUBLIC_URL="x", PORTS="1", TOKEN="x", PATH="/bin", LANG="C") == []


@pytest.mark.parametrize(
    ("value", "ending"),
    [
        ("https://relay.test/v1", "/v1"),
        ("https://relay.test/mj/submit/", "/mj/submit"),
        ("https://relay.test/sub/v1/mj/submit/imagine", "/v1/mj"),
        (" https://relay.test/mj/task/sk-secret/fetch ", "/mj/task"),
    ],
)
def test_a_removed_path_of_the_relays_url_is_reported(tmp_path: Path, value: str, ending: str) -> None:
    """From the file and from the environment, whose value counts if both have one."""
    said = f"MJ_API_URL ends in {ending}, which is left out: the bot adds such paths itself. Set it to"
    [in_file] = found(tmp_path, f"{GOOD}mj_api_url={value}\n")
    assert str(in_file).startswith(said)
    [in_environment] = find_mistakes(tmp_path / "elsewhere" / "none", {"MJ_API_URL": value}, Settings.model_fields)
    assert str(in_environment) == str(in_file)
    assert "relay.test" not in str(in_file)
    assert "secret" not in str(in_file)
    file = tmp_path / "other" / ".env"
    file.parent.mkdir()
    file.write_text(f"{GOOD}MJ_API_URL={value}\n", encoding="utf-8")
    [overridden] = find_mistakes(file, {"MJ_API_URL": "https://relay.test"}, Settings.model_fields)
    assert str(overridden).startswith("MJ_API_URL has one value in .env and another one in the environment")


def test_a_missing_setting_comes_with_the_next_step() -> None:
    """Without a file, that is to copy the example."""
    error = SettingsError([("MJ_API_KEY", NOT_SET)])
    mistake = SettingsMistake("MJ_APIKEY", "is ignored.", "Did you mean MJ_API_KEY?")
    first, second, step = explain_settings_error(error, [mistake], has_file=False)
    assert first == "MJ_API_KEY is not set. .env.example explains it."
    assert second == "MJ_APIKEY is ignored. Did you mean MJ_API_KEY?"
    assert "cp .env.example .env" in step
    assert "cp " not in list(explain_settings_error(error, [], has_file=True))[-1]
    assert len(list(explain_settings_error(SettingsError([("PORT", "is too large")]), [], has_file=False))) == 1


FILLED_IN = "DISCORD_TOKEN=abc\nMJ_API_KEY=sk-secret\n"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        (".env.txt", "utf-8"),
        ("env", "utf-8"),
        ("env.txt", "utf-16"),
        (".env.env", "utf-8-sig"),
        (".ENV", "utf-8"),
        ("dotenv", "utf-16-le"),
        ("_env", "utf-8"),
        (".env ", "utf-8"),
        (".env.local", "utf-8"),
        ("my.env", "latin-1"),
    ],
)
@pytest.mark.parametrize("text", ["", "PORT=8080\n", None])
def test_settings_in_a_file_with_another_name_are_reported(
    tmp_path: Path, name: str, encoding: str, text: str | None
) -> None:
    """Where .env is missing, empty, or lacks the token and the key."""
    (tmp_path / name).write_text(FILLED_IN, encoding=encoding)
    [mistake] = find_mistakes(tmp_path / ".env", {}, Settings.model_fields) if text is None else found(tmp_path, text)
    assert str(mistake).startswith(
        f"{name} holds settings, and is not read: the name must be .env, and nothing else. Rename it: mv '{name}' "
        ".env ("
    )
    assert "secret" not in str(mistake)
    error = SettingsError([("MJ_API_KEY", NOT_SET)])
    assert list(explain_settings_error(error, [mistake], has_file=False))[1:] == [str(mistake)]


def test_an_example_that_was_filled_in_is_to_be_copied(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text(FILLED_IN, encoding="utf-8")
    [mistake] = find_mistakes(tmp_path / ".env", {}, Settings.model_fields)
    assert "Copy it: cp '.env.example' .env" in str(mistake)


@pytest.mark.parametrize("place", ["..", "sub", "config"])
def test_a_file_in_another_folder_is_reported(tmp_path: Path, place: str) -> None:
    """In the folder above, or in one below that in which the bot was started."""
    here = tmp_path / "here"
    elsewhere = (here / place).resolve()
    here.mkdir()
    elsewhere.mkdir(exist_ok=True)
    (elsewhere / ".env").write_text(FILLED_IN, encoding="utf-8")
    [mistake] = find_mistakes(here / ".env", {}, Settings.model_fields)
    said = f"{elsewhere / '.env'} is not read, because the bot was started in {here}. Start it in {elsewhere}, or move"
    assert str(mistake).startswith(said)


def test_a_folder_named_as_the_file_is_reported(tmp_path: Path) -> None:
    """Some virtual environments are named so."""
    (tmp_path / ".env").mkdir()
    [mistake] = find_mistakes(tmp_path / ".env", {}, Settings.model_fields)
    assert str(mistake) == ".env is a folder, and must be a file. Rename the folder."


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env.example", "DISCORD_TOKEN=\nMJ_API_KEY=\n"),
        (".env.txt", "PORT=1\n"),
        ("environment.md", "Set DISCORD_TOKEN and MJ_API_KEY.\n"),
        ("notes.txt", FILLED_IN),
        (".env.old", "DISCORD_TOKEN=   # the token\n"),
    ],
)
def test_other_files_are_not_reported(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert find_mistakes(tmp_path / ".env", {}, Settings.model_fields) == []


def test_unread_files_are_no_mistake_beside_complete_settings(tmp_path: Path) -> None:
    """They may be copies for later; a platform's environment is complete without any file."""
    (tmp_path / ".env.old").write_text(FILLED_IN, encoding="utf-8")
    assert found(tmp_path, GOOD) == []
    (tmp_path / ".env").unlink()
    environment = {"DISCORD_TOKEN": "abc", "MJ_API_KEY": "sk"}
    assert find_mistakes(tmp_path / ".env", environment, Settings.model_fields) == []


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        (
            "MJ_API_KEY=one",
            {"MJ_API_KEY": "two"},
            "MJ_API_KEY has one value in .env and another one in the environment",
        ),
        ("port=1", {"PORT": "2"}, "PORT has one value in .env and another one in the environment"),
        ("DATABASE_URL='one'", {"DATABASE_URL": "two"}, "DATABASE_URL has one value in .env and another one"),
        ("PORT=1\n\nMJ_API_KEY=one\nPORT=2", {}, "PORT is in .env more than once (lines 1, 4), and the last line"),
        ("\nMJ_API_KEY=one\nmj_api_key=two", {}, "MJ_API_KEY is in .env more than once (lines 2, 3)"),
        ("YESCALE_API_KEY=one", {}, "YESCALE_API_KEY is not a known setting, and is ignored. Did you mean MJ_API_KEY?"),
        ("MIDJOURNEY_SERVER=one", {}, "MIDJOURNEY_SERVER is not a known setting, and is ignored. See .env.example"),
        ("APIKEY=one", {}, "APIKEY is not a known setting, and is ignored. Did you mean MJ_API_KEY?"),
    ],
)
def test_a_value_that_does_not_count_is_reported(
    tmp_path: Path, text: str, environment: dict[str, str], said: str
) -> None:
    given = {"DISCORD_TOKEN": "x", "MJ_API_KEY": "one"} | environment
    sentences = [str(each) for each in found(tmp_path, text, **given)]
    assert any(each.startswith(said) for each in sentences), sentences
    assert not any("two" in each or "=one" in each for each in sentences)


@pytest.mark.parametrize("value", ["one", "'one'", '"one"', " one "])
def test_the_same_value_in_both_places_is_fine(tmp_path: Path, value: str) -> None:
    assert found(tmp_path, f"DISCORD_TOKEN=x\nMJ_API_KEY={value}", MJ_API_KEY="one") == []


@pytest.mark.parametrize(
    ("problem", "text", "last"),
    [
        (("DISCORD_TOKEN", NOT_SET), "", "Fill in DISCORD_TOKEN in .env; on a hosting platform, add DISCORD_TOKEN to"),
        (("DISCORD_TOKEN", NOT_SET), "DISCORD_TOKEN: x\n", ".env, line 1 cannot be read. Use NAME=value"),
        (("DISCORD_TOKEN", NOT_SET), "DISCORD_BOT_TOKEN=x\n", "DISCORD_BOT_TOKEN is not a known setting, and is"),
        ((".env", "is not saved as UTF-8. Save it again"), "", ".env is not saved as UTF-8. Save it again."),
        (("DATABASE_URL", "is wrong: is it Postgres?"), "", "DATABASE_URL is wrong: is it Postgres? .env.example"),
    ],
)
def test_the_last_line_is_the_next_step(tmp_path: Path, problem: tuple[str, str], text: str, last: str) -> None:
    mistakes = found(tmp_path, text, MJ_API_KEY="y")
    lines = list(explain_settings_error(SettingsError([problem]), mistakes, has_file=True))
    assert lines[-1].startswith(last)
