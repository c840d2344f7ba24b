"""Settings: the values that each accepts, and the errors for others."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.money import NO_PRICES
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


def test_only_the_token_and_the_key_are_required() -> None:
    """Everything else has a default."""
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
def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An empty variable counts as missing: some hosting platforms set one."""
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
        ("MJ_API_URL", "https://WRONG%00.relay.test"),
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
def test_a_malformed_value_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The error is one sentence about the variable: its value may be a secret."""
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
        ("PORT", "70000", "is 70000, which is too large; use a whole number from 1 to 65535"),
        ("PORT", "http", "is not a number; use a whole number from 1 to 65535"),
        ("RETENTION_DAYS", "0", "is 0, which is too small; use a number from 1 to 3650"),
        ("LEASE_SECONDS", "nan", "is not a valid number; use a number from 2 to 600"),
        ("WATCH_MINUTES", "0", "is 0, which is too small; use a number above 0, up to 1440"),
        (
            "DAILY_SUBMITS",
            "1.5",
            "is 1.5, which is not a whole number; use a whole number from 0 up; 0 switches drawing off",
        ),
        ("DAILY_SUBMITS", "-1", "is -1, which is too small; use a whole number from 0 up; 0 switches drawing off"),
        (
            "DAILY_SUBMITS_PER_PERSON",
            "-5",
            "is -5, which is too small; use a whole number from 0 up; 0 switches drawing off",
        ),
        ("SHARD_COUNT", "0", "is 0, which is too small; use a whole number from 1 up"),
        ("SHARD_IDS", "first", "must be a list of shards separated by commas, such as 0, 1, 2"),
        ("PRESS_POLICY", "admins", "must be one of: anyone, requester"),
        ("LOG_LEVEL", "loud", "must be one of: DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_an_error_describes_the_accepted_values(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    """Numbers are shown, because they are no secrets."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    assert refused.value.problems == ((name, problem),)


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - {"discord_token", "mj_api_key"}))
def test_no_error_quotes_pydantic(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Pydantic's texts would show values."""
    monkeypatch.setenv(name.upper(), "ftp://user:secret@nowhere")
    try:
        Settings.read()
    except SettingsError as refused:
        [(_, problem)] = refused.problems
        assert not re.search("should|unable|secret|error", problem)


def test_shard_ids_are_below_the_shard_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other ids are refused, with the bounds."""
    monkeypatch.setenv("SHARD_COUNT", "4")
    monkeypatch.setenv("SHARD_IDS", "0, 3")
    assert Settings.read().shard_ids == {0, 3}
    monkeypatch.setenv("SHARD_IDS", "4")
    with pytest.raises(SettingsError, match="SHARD_IDS: must be from 0 to 3, because SHARD_COUNT is 4"):
        Settings.read()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("api.yescale.io", "has no scheme: write https:// before it"),
        ("relay.test:8080/mj", "has no scheme: write https:// before it"),
        ("localhost:3000", "has no scheme: write https:// before it"),
        ("https://me:word@relay.test", "contains a user name or password before the host: leave out"),
        ("https://key@relay.test", "contains a user name or password before the host: leave out"),
        ("https://relay.test?key=word", "contains ? and text after it: leave that out"),
        ("https://relay.test/mj?a=1&b=2", "contains ? and text after it: leave that out"),
        ("https://relay.test/#/console", "contains # and text after it: leave that out"),
        ("https://relay.test:port", "is not a URL such as https://"),
        ("ftp://relay.test", "is not a URL such as https://"),
    ],
)
@pytest.mark.parametrize("name", ["MJ_API_URL", "DISCORD_API_URL"])
def test_what_is_wrong_with_a_url_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    [(variable, said)] = refused.value.problems
    assert variable == name
    assert said.startswith(problem)
    assert "word" not in said.replace("password", "")


def test_all_problems_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator corrects all of them before the next start."""
    monkeypatch.delenv("DISCORD_TOKEN")
    monkeypatch.setenv("POLL_SECONDS", "often")
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    assert {variable for variable, _ in refused.value.problems} == {"DISCORD_TOKEN", "POLL_SECONDS"}


@pytest.mark.parametrize("value", [f" {SECRET}\n", f'"{SECRET}"', f"'{SECRET}' "])
def test_quotes_and_whitespace_around_a_token_are_removed(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A copy from the developer portal may contain them."""
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
def test_a_url_loses_its_mj_path_and_slashes(monkeypatch: pytest.MonkeyPatch, name: str, value: str, url: str) -> None:
    """Documentation shows URLs with them."""
    monkeypatch.setenv(name, value)
    assert getattr(Settings.read(), name.lower()) == url


@pytest.mark.parametrize(
    "ending",
    [
        "/v1/",
        "/v1",
        "/V1",
        "/v1/mj",
        "/mj/v1",
        "/mj/submit",
        "/mj/submit/",
        "//mj//submit//imagine//",
        "/mj/submit/upload-discord-images",
        "/v1/mj/submit/action",
        "/mj/task/1754300000123417/fetch",
        "/mj/task/list-by-condition",
        "/mj/insight-face/swap",
        "/mj-fast",
        "/mj-fast/mj",
        "/mj-relax/mj/submit/imagine",
        "/fast/mj/submit/imagine",
        "/v1/chat/completions",
        "/v1/models",
        "/mj/doc.html",
        "/mj/swagger-ui/index.html",
    ],
)
@pytest.mark.parametrize("address", ["http://localhost:3000", "https://relay.test/sub", "http://[::1]:8080"])
def test_a_relay_url_loses_the_paths_of_its_api(monkeypatch: pytest.MonkeyPatch, address: str, ending: str) -> None:
    """The bot adds those of Midjourney itself."""
    monkeypatch.setenv("MJ_API_URL", address + ending)
    assert Settings.read().mj_api_url == address


@pytest.mark.parametrize(
    "address",
    [
        "https://relay.test/v2",
        "https://relay.test/mjproxy",
        "https://relay.test/api",
        "https://relay.test/mj/relay",
        "https://relay.test/fast",
        "https://mj",
        "http://v1",
        "https://mj.relay.test",
    ],
)
def test_a_relay_url_keeps_other_paths(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A proxy may serve the relay below a path of its own."""
    monkeypatch.setenv("MJ_API_URL", address)
    assert Settings.read().mj_api_url == address


A, B, C = 53905483156684800, 187000000000000002, 1187000000000000003


@pytest.mark.parametrize(
    "value",
    [
        *(f"{A},{B},{C}", f"{A} {B} {C}", f" {A}, {B},\n{C}, ", f"{C};{B};{A}", f"{A}|{B} | {C}"),
        *(f"{A}\uff0c{B}\uff0c{C}", f"{A}\u3001{B}\uff1b{C}", f"{A}\r\n{B}\n\n{C}\n", f"{A}\u060c {B}\u061b{C}"),
        *(
            f"{A}\u3000{B}\u2028{C}",
            f"\ufeff{A},\u200b{B}\u202c,{C}",
            f"{A}\\n{B}\\n{C}",
            f"\u2022 {A} \u2022 {B}\uff64{C}",
        ),
    ],
)
def test_ids_are_separated_by_commas_semicolons_or_spaces(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Several separators in a row count as one."""
    monkeypatch.setenv("ALLOWED_GUILDS", value)
    monkeypatch.setenv("ALLOWED_USERS", "123456789012345678")
    settings = Settings.read()
    assert settings.allowed_guilds == {A, B, C}
    assert settings.allowed_users == {123456789012345678}


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("<@1187000000000000001>", "a mention such as <@1187000000000000001>, of which only the digits are the id"),
        (f"{A}, <@!1187000000000000001>", "a mention such as <@1187000000000000001>, of which only the digits"),
        ("<@&1187000000000000001>", "the mention of a role"),
        ("<#1187000000000000001>", "the mention of a channel"),
        ("https://discord.com/channels/1187000000000000001/1187000000000000002", "a link, of which only the id"),
        ("discord.gg/abc", "a link, of which only the id"),
        ("4711", "4711, which is too short for an id of Discord, which has 17 to 20 digits"),
        ("11870000000000", "11870000000000, which is too short for an id"),
        (f"{A}{B}", "a number that is too long for an id of Discord, which has 17 to 20 digits"),
        (
            f"{2**64}",
            "18446744073709551616, which is too large for an id of Discord, which is at most 1844674407370955",
        ),
        ("99999999999999999999", "99999999999999999999, which is too large for an id of Discord"),
        (f"{A}\uff0c20000000000000000000", "20000000000000000000, which is too large for an id of Discord"),
        ("Atelier", "a text that is no id, perhaps a name"),
        ("lien#1234", "a text that is no id, perhaps a name"),
        ("@lien", "a text that is no id, perhaps a name"),
        ("\u0661\u0662\u0663", "a text that is no id, perhaps a name"),
        (f"[{A}]", "brackets or quotation marks around an id"),
        (f"'{A}'", "brackets or quotation marks around an id"),
        (f"-{A}", "a negative number"),
    ],
)
@pytest.mark.parametrize("name", ["ALLOWED_GUILDS", "ALLOWED_USERS"])
def test_what_is_no_id_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, what: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    [(variable, problem)] = refused.value.problems
    assert variable == name
    assert problem.startswith(f"contains {what}")
    assert problem.endswith(". It must be a list of ids separated by commas, such as 1187000000000000001")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("Bearer sk-SECRET", 'it starts with the word "Bearer". Leave that out'),
        ("bearer  sk-SECRET", 'it starts with the word "bearer". Leave that out'),
        ("Bearer: sk-SECRET", 'it starts with the word "Bearer". Leave that out'),
        ("Bot MTA.SECRET", 'it starts with the word "Bot". Leave that out'),
        ("Bot:MTA.SECRET", 'it starts with "Bot:". Leave that out'),
        ("Authorization: Bearer sk-SECRET", 'it starts with "Authorization:". Leave out everything before'),
        ("mj-api-secret: SECRET", 'it starts with "mj-api-secret:". Leave out everything before'),
        ("MJ_API_KEY=sk-SECRET", "it starts with the setting's name and =. Leave both out"),
        ("export DISCORD_TOKEN = SECRET", "it starts with the setting's name and =. Leave both out"),
        ("\u201csk-SECRET\u201d", "it has quotation marks around it. Leave those out"),
        ("\u2018sk-SECRET\u2019", "it has quotation marks around it. Leave those out"),
        ("\u00absk-SECRET\u00bb", "it has quotation marks around it. Leave those out"),
        ("\u300csk-SECRET\u300d", "it has quotation marks around it. Leave those out"),
        ("`sk-SECRET`", "it has quotation marks around it. Leave those out"),
        ("<sk-SECRET>", "it is in brackets. Leave those out"),
        ("{sk-SECRET}", "it is in brackets. Leave those out"),
        ("sk-SECRET\u2026", "it is cut short (...). Copy the whole of it"),
        ("sk-SEC...RET", "it is cut short (...). Copy the whole of it"),
        ("\u200bsk-SECRET", "it contains an invisible character (U+200B). Delete that"),
        ("sk-\u00adSECRET", "it contains an invisible character (U+00AD). Delete that"),
        ("\ufeffsk-SECRET", "it contains an invisible character (U+FEFF). Delete that"),
        ("sk-SECRET\u2060", "it contains an invisible character (U+2060). Delete that"),
        ("sk-SEC\u00a0RET", "it contains a space. Leave that out"),
        ("sk-SECRET # my key", "it contains a space. Leave that out"),
        ("sk-SEC\nRET", "it contains a line break. Leave that out"),
        ("sk\u2011SECRET", "it contains the character U+2011, which none has. Copy it again"),
        ("sk-SECR\u0415T", "it contains the character U+0415, which none has. Copy it again"),
        ("''", "it is empty"),
    ],
)
@pytest.mark.parametrize("name", ["MJ_API_KEY", "DISCORD_TOKEN"])
def test_what_must_be_left_out_of_a_secret_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(name, value.replace("sk-", "MTA.") if name == "DISCORD_TOKEN" else value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    [(variable, said)] = refused.value.problems
    assert variable == name
    assert said.startswith(f"is not a token or key: {problem}")
    assert not re.search("SECR|RET", said)


TOKEN = "MTI4OTk5OTk5OTk5OTk5OTk5OQ.GabCdE.abcdefghijklmnopqrstuvwxyz0123456789AB"
KEY = "sk-mabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJK"


@pytest.mark.parametrize(
    ("token", "key", "name", "problem"),
    [
        (KEY, TOKEN, "DISCORD_TOKEN", "and MJ_API_KEY are swapped"),
        ("a-proxys-secret", f'"{TOKEN}" ', "DISCORD_TOKEN", "and MJ_API_KEY are swapped"),
        (KEY, "a-proxys-secret", "DISCORD_TOKEN", "and MJ_API_KEY are swapped"),
        ("https://relay.test", TOKEN, "DISCORD_TOKEN", "and MJ_API_KEY are swapped"),
        (TOKEN, TOKEN, "MJ_API_KEY", "contains a bot's token of Discord"),
        ("", TOKEN, "MJ_API_KEY", "contains a bot's token of Discord"),
        (KEY, KEY, "DISCORD_TOKEN", "contains a relay's key. Copy the token from the developer portal"),
        (KEY, "", "DISCORD_TOKEN", "contains a relay's key"),
    ],
)
def test_a_secret_in_the_other_ones_place_is_refused(
    monkeypatch: pytest.MonkeyPatch, token: str, key: str, name: str, problem: str
) -> None:
    """Each would be sent to the other party."""
    monkeypatch.setenv("DISCORD_TOKEN", token)
    monkeypatch.setenv("MJ_API_KEY", key)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    [(variable, said)] = refused.value.problems
    assert variable == name
    assert said.startswith(problem)
    assert "abcdef" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("sk-mabc****HIJK", "is masked: press "),
        ("MTI4OTk5********************", "is masked: press "),
        ("sk-mabc\u2022\u2022\u2022\u2022\u2022\u2022HIJK", "is masked: press "),
        ("********", "is masked: press "),
        ("https://api.yescale.io", "is a web address, not a "),
        ("https://discord.com/developers/applications/1/bot", "is a web address, not a "),
        ("discord.com/developers", "is a web address, not a "),
        ("postgresql://user:word@host/db", "is a web address, not a "),
        ("api.yescale.io", "is a web address, not a "),
        ("<key>", "is a placeholder. Copy the "),
        ("<your token>", "is a placeholder. Copy the "),
        ("[API key]", "is a placeholder. Copy the "),
        ("your-token-here", "is a placeholder. Copy the "),
        ("YOUR_DISCORD_BOT_TOKEN", "is a placeholder. Copy the "),
        ("yourkey", "is a placeholder. Copy the "),
        ("paste-the-key-here", "is a placeholder. Copy the "),
        ("sk-xxxxxxxxxxxx", "is a placeholder. Copy the "),
        ("sk-your-key", "is a placeholder. Copy the "),
        ("xxxxxxxx.xxxxxx.xxxxxxxxxxxx", "is a placeholder. Copy the "),
        ("${RELAY_SECRET}", "is a placeholder. Copy the "),
        ("{{ secrets.RELAY }}", "is a placeholder. Copy the "),
    ],
)
@pytest.mark.parametrize("name", ["MJ_API_KEY", "DISCORD_TOKEN"])
def test_what_is_certainly_no_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    """Before it is sent to anyone, and without showing it."""
    if name == "DISCORD_TOKEN" and value.startswith("sk-"):
        problem = "contains a relay's key"
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    [(variable, said)] = refused.value.problems
    assert (variable, said[: len(problem)]) == (name, problem)
    assert value not in said


@pytest.mark.parametrize(
    "value",
    [
        "sk-abc", "secret", "botanic", "token123", "a:b", "MTA.x.y", "pass<word>1", "key-1", "changeme", "a*b", "token",
        "my-relay-secret", "relay.example.com", "yourself", "placed-here", "x",
        "eyJhbGciOiJIUzI1NiJ9aaaaa.eyJz.c2lnbmF0dXJlc2ln",
    ],
)  # fmt: skip
def test_other_secrets_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A midjourney-proxy's secret may be any word."""
    monkeypatch.setenv("MJ_API_KEY", value)
    assert Settings.read().mj_api_key.get_secret_value() == value


def test_a_list_without_ids_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a lone comma is."""
    monkeypatch.setenv("ALLOWED_GUILDS", " , ")
    assert Settings.read().allowed_guilds == frozenset()


def test_ids_can_be_passed_as_a_set() -> None:
    """Tests and the sandbox do so."""
    assert Settings.read(allowed_guilds=frozenset({6})).allowed_guilds == {6}


def test_an_empty_variable_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms of hosting platforms leave variables empty."""
    expected = Settings.read()
    for name in set(Settings.model_fields) - {"discord_token", "mj_api_key"}:
        monkeypatch.setenv(name.upper(), "")
    assert Settings.read() == expected


def test_choices_are_case_insensitive(monkeypatch: pytest.MonkeyPatch) -> None:
    """DEBUG and debug are the same."""
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    monkeypatch.setenv("PRESS_POLICY", "Requester")
    settings = Settings.read()
    assert (settings.log_level, settings.log_format, settings.press_policy) == ("DEBUG", "json", "requester")


def test_choices_of_a_wrong_type_are_refused() -> None:
    """Arguments are validated too."""
    with pytest.raises(SettingsError) as refused:
        Settings.read(log_level=3, press_policy=None)
    assert {variable for variable, _ in refused.value.problems} == {"LOG_LEVEL", "PRESS_POLICY"}


def test_the_environment_takes_precedence_over_the_file(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments take precedence over both, and unknown names are ignored."""
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


def test_a_file_in_utf_16_is_refused(bare: Path) -> None:
    """Older versions of Notepad write it."""
    (bare / ".env").write_text("POLL_SECONDS=5", encoding="utf-16")
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    assert [variable for variable, _ in refused.value.problems] == [".env"]


def test_an_unreadable_file_is_named(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may belong to another user, where a service has its own."""
    (bare / ".env").touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(SettingsError) as refused:
        Settings.read()
    monkeypatch.undo()
    assert str(refused.value).startswith(".env: cannot be read (Permission denied). Run this as the user who owns")


def test_repr_and_dumps_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password in DATABASE_URL included."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:pass-secret@db.test/mj")
    settings = Settings.read()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "secret" not in shown


def test_settings_are_frozen() -> None:
    """Every part of the process reads the same values."""
    with pytest.raises(ValueError, match="frozen"):
        Settings.read().poll_seconds = 1.0


def test_prices_and_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are decimal numbers; without the settings there are none."""
    bare = Settings.read()
    assert (bare.prices, bare.balance_alarm, bare.confirm_above) == (NO_PRICES, None, None)
    monkeypatch.setenv("PRICES", "imagine=0.10, currency=USD")
    monkeypatch.setenv("BALANCE_ALARM", "0.30")
    monkeypatch.setenv("CONFIRM_ABOVE", "0")
    given = Settings.read()
    assert given.prices.prices == {"mj_imagine": Decimal("0.10")}
    assert (given.balance_alarm, given.confirm_above) == (Decimal("0.30"), Decimal(0))


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("PRICES", "imagine=-1, currency=USD", 'contains "imagine=-1", which is negative. A good example: '),
        (
            "BALANCE_ALARM",
            "5 USD",
            "has more than a number: leave out the currency there. It must be an amount from 0 ",
        ),
        ("CONFIRM_ABOVE", "-1", "is negative. It must be an amount from 0 to 100,000,000, such as 0.50, without a "),
    ],
)
def test_malformed_money_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as malformed:
        Settings.read()
    ((named, said),) = malformed.value.problems
    assert named == name
    assert said.startswith(problem)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://example.com/privacy", "https://example.com/privacy"),
        (" 'https://example.com:8443/p?x=1#y' ", "https://example.com:8443/p?x=1#y"),
        ("HTTPS://m\u00fcller.example/p", "HTTPS://m\u00fcller.example/p"),
        ("", ""),
    ],
)
def test_the_link_to_the_privacy_policy_is_taken(given: str, used: str) -> None:
    assert Settings.read(privacy_url=given).privacy_url == used


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("http://example.com/privacy", "must be a link that begins with https://"),
        ("example.com/privacy", "must be a link that begins with https://"),
        ("javascript:alert(1)", "must be a link that begins with https://"),
        ("https://example.com/my policy", "contains a space or an invisible character"),
        ("https://exa\u200bmple.com/", "contains a space or an invisible character"),
        ("https:///privacy", "has no name of a host"),
        ("https://localhost/privacy", "has no name of a host"),
        ("https://127.0.0.1/privacy", "has no name of a host"),
        ("https://[::1/privacy", "is not a link that a browser can open"),
        ("https://me:hunter2@example.com/", "contains a user name or a password"),
        (f"https://example.com/{'a' * 500}", "is longer than the 512 characters"),
    ],
)
def test_another_link_to_the_privacy_policy_is_refused(given: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read(privacy_url=given)
    [(name, said)] = refused.value.problems
    assert name == "PRIVACY_URL"
    assert said.startswith(problem)
