"""Settings: what each takes, and one sentence that names the variable where it does not."""

import re
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings

SECRET = "MTA.very-secret.token"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment with the two required variables only, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DISCORD_TOKEN", SECRET)
    monkeypatch.setenv("MJ_API_KEY", "sk-very-secret")
    return tmp_path


def test_two_variables_are_enough() -> None:
    """Everything else has the default that the design settles."""
    settings = Settings.read()
    assert settings.discord_token.get_secret_value() == SECRET
    assert settings.mj_api_key.get_secret_value() == "sk-very-secret"
    assert settings.mj_api_url == "https://api.yescale.io"
    assert settings.database_url.get_secret_value() == "sqlite:///data/mjbot.db"
    assert (settings.poll_seconds, settings.watch_minutes, settings.notify_after_seconds) == (5.0, 70.0, 30.0)
    assert (settings.allowed_guilds, settings.allowed_users) == (frozenset(), frozenset())
    assert settings.press_policy == "anyone"
    limits = (settings.press_cooldown_seconds, settings.daily_submits_per_person, settings.daily_submits)
    assert limits == (3.0, 30, 500)
    assert (settings.log_level, settings.log_format, settings.discord_api_url) == ("INFO", "console", "")


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "MJ_API_KEY"])
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Also where a hosting platform sets it empty."""
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError) as missing:
        Settings.read()
    assert missing.value.problems == ((name, "is not set"),)
    monkeypatch.setenv(name, "")
    with pytest.raises(SettingsError) as empty:
        Settings.read()
    assert empty.value.problems == ((name, "is not set"),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_TOKEN", "  "),
        ("DISCORD_TOKEN", "''"),
        ("DISCORD_TOKEN", "Bot WRONG"),
        ("DISCORD_TOKEN", "WRONG\nWRONG"),
        ("MJ_API_KEY", "WRONG\u2011KEY"),
        ("MJ_API_URL", "WRONG"),
        ("MJ_API_URL", "ftp://WRONG"),
        ("MJ_API_URL", "https://"),
        ("MJ_API_URL", "https://WRONG:secret@relay.test"),
        ("MJ_API_URL", "https://:WRONG@relay.test"),
        ("MJ_API_URL", "https://relay.test/?WRONG=1"),
        ("MJ_API_URL", "https://relay.test/#WRONG"),
        ("MJ_API_URL", "https://relay.test:WRONG"),
        ("MJ_API_URL", "https://[WRONG"),
        ("MJ_API_URL", "https://WRONG\u2100.test"),
        ("DISCORD_API_URL", "127.0.0.1:WRONG"),
        ("RETENTION_DAYS", "0"),
        ("LEASE_SECONDS", "1"),
        ("LEASE_SECONDS", "nan"),
        ("SHARD_COUNT", "0"),
        ("SHARD_IDS", "0,1"),
        ("PORT", "0"),
        ("PORT", "WRONG"),
        ("POLL_SECONDS", "WRONG"),
        ("POLL_SECONDS", "0.5"),
        ("POLL_SECONDS", "301"),
        ("POLL_SECONDS", "nan"),
        ("WATCH_MINUTES", "0"),
        ("WATCH_MINUTES", "inf"),
        ("NOTIFY_AFTER_SECONDS", "-1"),
        ("NOTIFY_AFTER_SECONDS", "inf"),
        ("NOTIFY_AFTER_SECONDS", "nan"),
        ("PRESS_COOLDOWN_SECONDS", "-1"),
        ("PRESS_COOLDOWN_SECONDS", "1e300"),
        ("DAILY_SUBMITS_PER_PERSON", "-1"),
        ("DAILY_SUBMITS_PER_PERSON", "1.5"),
        ("DAILY_SUBMITS", "WRONG"),
        ("ALLOWED_GUILDS", "WRONG"),
        ("ALLOWED_GUILDS", "1, WRONG, 3"),
        ("ALLOWED_GUILDS", "-1"),
        ("ALLOWED_USERS", "[1]"),
        ("PRESS_POLICY", "WRONG"),
        ("LOG_LEVEL", "WRONG"),
        ("LOG_FORMAT", "WRONG"),
    ],
)
def test_what_is_malformed_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """One sentence: the variable, and what is wrong with it."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    assert [variable for variable, _ in refused.value.problems] == [name]
    sentence = str(refused.value)
    assert sentence.startswith(f"{name}: ")
    assert "WRONG" not in sentence
    assert "\n" not in sentence
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("PORT", "70000", "is 70000, which is too large; it takes a whole number from 1 to 65535"),
        ("PORT", "http", "is not a number; it takes a whole number from 1 to 65535"),
        ("RETENTION_DAYS", "0", "is 0, which is too small; it takes a number from 1 to 3650"),
        ("LEASE_SECONDS", "nan", "is not a number that one can count to; it takes a number from 2 to 600"),
        ("WATCH_MINUTES", "0", "is 0, which is too small; it takes a number above 0 and up to 1440"),
        ("DAILY_SUBMITS", "1.5", "is 1.5, which is not a whole number; it takes a whole number from 0 on"),
        ("SHARD_COUNT", "0", "is 0, which is too small; it takes a whole number from 1 on"),
        ("SHARD_IDS", "first", "is not a list of shards like 0, 1, 2, separated by commas"),
        ("PRESS_POLICY", "nobody", "is not one of its words; it takes anyone or requester"),
        ("LOG_LEVEL", "loud", "is not one of its words; it takes DEBUG, INFO, WARNING or ERROR"),
    ],
)
def test_what_is_taken_is_said(monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str) -> None:
    """What is wrong, and what would be right; a number may be shown, as it is no secret."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    assert refused.value.problems == ((name, problem),)


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - {"discord_token", "mj_api_key"}))
def test_no_problem_is_told_in_words_of_a_library(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whatever a setting holds that it does not take; most take no such text."""
    monkeypatch.setenv(name.upper(), "ftp://user:secret@nowhere")
    try:
        Settings.read()
    except SettingsError as refused:
        [(_, problem)] = refused.problems
        assert not re.search("should|valid|unable|secret|error", problem)


def test_shards_are_those_of_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process has any of the shards that there are, from 0; others are refused with the bounds."""
    monkeypatch.setenv("SHARD_COUNT", "4")
    monkeypatch.setenv("SHARD_IDS", "0, 3")
    assert Settings.read().shard_ids == {0, 3}
    monkeypatch.setenv("SHARD_IDS", "4")
    with pytest.raises(SettingsError, match="SHARD_IDS: goes from 0 to 3, as SHARD_COUNT is 4"):
        Settings.read()


def test_every_problem_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody corrects settings one start at a time."""
    monkeypatch.delenv("DISCORD_TOKEN")
    monkeypatch.setenv("POLL_SECONDS", "often")
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    assert {variable for variable, _ in refused.value.problems} == {"DISCORD_TOKEN", "POLL_SECONDS"}


@pytest.mark.parametrize("value", [f" {SECRET}\n", f'"{SECRET}"', f"'{SECRET}' "])
def test_a_token_may_be_pasted_untidily(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """With the quotes and the line's end that a portal's copy brings along."""
    monkeypatch.setenv("DISCORD_TOKEN", value)
    assert Settings.read().discord_token.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://relay.test", "https://relay.test"),
        ("https://relay.test/", "https://relay.test"),
        (" https://relay.test/mj ", "https://relay.test"),
        ("https://relay.test/mj/", "https://relay.test"),
        ("https://relay.test//mj//", "https://relay.test"),
        ("http://127.0.0.1:8080/sub/mj", "http://127.0.0.1:8080/sub"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
@pytest.mark.parametrize("name", ["MJ_API_URL", "DISCORD_API_URL"])
def test_an_address_may_be_pasted_as_documents_show_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, url: str
) -> None:
    """With its path, and with a slash at its end."""
    monkeypatch.setenv(name, value)
    assert getattr(Settings.read(), name.lower()) == url


@pytest.mark.parametrize(
    "value", ["http://localhost:3000/v1/", "http://localhost:3000/v1", "http://localhost:3000/v1/mj"]
)
def test_a_relays_address_may_end_as_that_of_its_chat_models(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Its paths for Midjourney begin at its root."""
    monkeypatch.setenv("MJ_API_URL", value)
    assert Settings.read().mj_api_url == "http://localhost:3000"


@pytest.mark.parametrize("value", ["1,2,3", "1 2 3", " 1, 2,\n3, ", "3;2;1"])
def test_lists_of_ids_are_written_as_people_write_them(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Commas, semicolons, blanks, or several."""
    monkeypatch.setenv("ALLOWED_GUILDS", value)
    monkeypatch.setenv("ALLOWED_USERS", "123456789012345678")
    settings = Settings.read()
    assert settings.allowed_guilds == {1, 2, 3}
    assert settings.allowed_users == {123456789012345678}


def test_a_list_of_nothing_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank, or a comma left behind."""
    monkeypatch.setenv("ALLOWED_GUILDS", " , ")
    assert Settings.read().allowed_guilds == frozenset()


def test_ids_may_be_given_as_they_are() -> None:
    """A test, or the sandbox, has them already."""
    assert Settings.read(allowed_guilds=frozenset({6})).allowed_guilds == {6}


def test_what_is_set_empty_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a hosting platform's form leaves it."""
    expected = Settings.read()
    for name in set(Settings.model_fields) - {"discord_token", "mj_api_key"}:
        monkeypatch.setenv(name.upper(), "")
    assert Settings.read() == expected


def test_words_may_be_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operators shout, or do not."""
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    monkeypatch.setenv("PRESS_POLICY", "Requester")
    settings = Settings.read()
    assert (settings.log_level, settings.log_format, settings.press_policy) == ("DEBUG", "json", "requester")


def test_words_must_be_words() -> None:
    """What a test sets is checked, too."""
    with pytest.raises(SettingsError) as refused:
        Settings.read(log_level=3, press_policy=None)
    assert {variable for variable, _ in refused.value.problems} == {"LOG_LEVEL", "PRESS_POLICY"}


def test_the_environment_wins_over_the_file(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is given wins over both; the file may hold more than we know."""
    lines = ["MJ_API_URL=https://file.test/mj", "POLL_SECONDS=9", "WATCH_MINUTES=", "SOMEBODY_ELSES=1"]
    (bare / ".env").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.delenv("DISCORD_TOKEN")
    with (bare / ".env").open("a", encoding="utf-8") as file:
        file.write(f'\nDISCORD_TOKEN="{SECRET}"\n')
    monkeypatch.setenv("POLL_SECONDS", "7")
    settings = Settings.read(daily_submits=1)
    assert settings.mj_api_url == "https://file.test"
    assert (settings.poll_seconds, settings.watch_minutes, settings.daily_submits) == (7.0, 70.0, 1)
    assert settings.discord_token.get_secret_value() == SECRET


def test_a_file_in_another_encoding_is_named(bare: Path) -> None:
    """Notepad's UTF-16 is told as what it is."""
    (bare / ".env").write_text("POLL_SECONDS=5", encoding="utf-16")
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    assert [variable for variable, _ in refused.value.problems] == [".env"]


def test_a_file_that_cannot_be_read_is_named(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's, as where a service has a user of its own."""
    (bare / ".env").touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    monkeypatch.undo()
    assert str(refused.value).startswith(".env: cannot be read (Permission denied): run this as the user who owns")


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by repr, nor by str, nor by an error that hits another variable."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:pass-secret@db.test/mj")
    settings = Settings.read()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "secret" not in shown


def test_settings_do_not_change() -> None:
    """Whatever runs reads the same."""
    with pytest.raises(ValueError, match="frozen"):
        Settings.read().poll_seconds = 1.0
