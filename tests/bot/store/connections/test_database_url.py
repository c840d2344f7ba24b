"""DATABASE_URL as platforms, other programs and people write it."""

import re
import sys

import pytest

from bot.errors import SettingsError
from bot.store import parse_database_url

_PG = "postgresql+asyncpg://"


def parse(text: str) -> str:
    """Return the parsed URL, written the one way."""
    return parse_database_url(text).render_as_string(hide_password=False)


def refuse(text: str) -> str:
    """Return what is wrong with a URL."""
    with pytest.raises(SettingsError) as caught:
        parse_database_url(text)
    [(variable, problem)] = caught.value.problems
    assert variable == "DATABASE_URL"
    return problem


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sqlite:///data/mjbot.db", "sqlite+aiosqlite:///data/mjbot.db"),
        ("sqlite:////data/mjbot.db\n", "sqlite+aiosqlite:////data/mjbot.db"),
        ("sqlite://///data/mjbot.db", "sqlite+aiosqlite:////data/mjbot.db"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("SQLite:///a.db?timeout=9", "sqlite+aiosqlite:///a.db?timeout=9"),
        ("postgres://u:p%40@h:5432/d", f"{_PG}u:p%40@h:5432/d"),
        ("postgresql+psycopg2://h/d", f"{_PG}h/d"),
        ("POSTGRESQL+psycopg://h/d", f"{_PG}h/d"),
        ("postgresql:///d?host=/run/postgresql", f"{_PG}/d?host=%2Frun%2Fpostgresql"),
        ("postgresql://%2Frun%2Fpostgresql/d", f"{_PG}/d?host=%2Frun%2Fpostgresql"),
        ("postgres://u:p@[2001:db8::1]:5432/d", f"{_PG}u:p@[2001:db8::1]:5432/d"),
        ("postgres://u:p@h", f"{_PG}u:p@h"),
        ("postgres://u:p@h/", f"{_PG}u:p@h"),
        ("postgres://u:p@h/?dbname=d", f"{_PG}u:p@h/d"),
        ("postgres://h/d?application_name=a@b", f"{_PG}h/d?application_name=a%40b"),
        ("postgres://h1,h2:5433/d", f"{_PG}/d?host=h1%3A5432&host=h2%3A5433"),
        ("postgres://h/d?host=a,b&port=1,2", f"{_PG}h:1/d"),
        ("postgres:///d?host=a,b&port=1,2", f"{_PG}/d?host=a%3A1&host=b%3A2"),
        ("postgres://[::1],h/d", f"{_PG}/d?host=%5B%3A%3A1%5D%3A5432&host=h%3A5432"),
    ],
)
def test_urls_of_platforms_are_parsed(given: str, expected: str) -> None:
    assert parse(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "'postgres://u:p@h/d'",
        '"postgres://u:p@h/d"',
        "\u201cpostgres://u:p@h/d\u201d",
        "DATABASE_URL=postgres://u:p@h/d",
        "export DATABASE_URL='postgres://u:p@h/d'",
        "psql 'postgresql://u:p@h/d'",
        "jdbc:postgresql://h/d?user=u&password=p",
        "  postgres://u:p@h/d\r\n",
    ],
)
def test_what_is_copied_together_with_a_url_is_left_out(given: str) -> None:
    assert parse(given) == f"{_PG}u:p@h/d"


@pytest.mark.parametrize(
    "password", ["p@ss", "p@s@s", "p#ss", "p/ss", "12/ss", "12?ss", "12#ss", "a:b", "100%", "p&ss=", "p%40ss%", "a b"]
)
def test_signs_in_a_password_need_no_encoding_where_they_are_clear(password: str) -> None:
    """The last @ ends it."""
    url = parse_database_url(f"postgres://mj:{password}@h:5433/d?sslmode=require")
    assert url.password == password.replace("%40", "@")
    assert (url.username, url.host, url.port, url.database) == ("mj", "h", 5433, "d")
    assert dict(url.query) == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("option", "mode"),
    [
        ("sslmode=require", "require"),
        ("sslmode=verify-full", "verify-full"),
        ("sslmode=VERIFY_CA", "verify-ca"),
        ("sslmode=no-verify", "no-verify"),
        ("ssl=true", "require"),
        ("ssl=1", "require"),
        ("ssl=false", "disable"),
        ("ssl=no-verify", "no-verify"),
        ("ssl={%22rejectUnauthorized%22:false}", "no-verify"),
        ('ssl={"rejectUnauthorized":true}', "verify-full"),
        ("useSSL=true", "require"),
        ("ssl=true&sslmode=verify-full", "verify-full"),
        ("sslmode=strict", "verify-full"),
    ],
)
def test_each_spelling_of_an_encryption_mode_is_understood(option: str, mode: str) -> None:
    assert parse(f"postgres://h/d?{option}") == f"{_PG}h/d?sslmode={mode}"


@pytest.mark.parametrize(
    "options",
    [
        "pgbouncer=true&connection_limit=1&pool_timeout=0&schema=public",
        "channel_binding=require&connect_timeout=9",
        "prepared_statement_cache_size=0",
        "supa=base-pooler.x",
        "keepalives=1&keepalives_idle=30&gssencmode=disable",
    ],
)
def test_options_of_other_programs_are_dropped(options: str) -> None:
    """A server would refuse them as settings."""
    assert parse(f"postgres://h/d?{options}") == f"{_PG}h/d"


def test_options_that_the_bot_uses_are_kept() -> None:
    kept = {
        "application_name": "mj",
        "options": "endpoint=ep-1",
        "sslrootcert": "system",
        "target_session_attrs": "read-write",
    }
    text = "&".join(f"{name}={value.replace('=', '%3D')}" for name, value in kept.items())
    assert dict(parse_database_url(f"postgres://h/d?{text}").query) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "s3cret",
        "mysql://u:s3cret@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "postgres://u:s3cret@h:port/d",
        "postgres://u:s3cret@h/d?sslmode=s3cret",
        "postgres://u:s3cret@h/d?target_session_attrs=s3cret",
        "host=h password=s3cret",
        "postgres:u:s3cret@h/d",
        "sqlite://u:s3cret@h/d.db",
        "https://u:s3cret@h",
    ],
)
def test_errors_of_urls_do_not_repeat_the_url(wrong: str) -> None:
    """It may contain a password."""
    assert "s3cret" not in refuse(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("mysql://u:p@h/d", "use sqlite:///data/mjbot.db for a file, or postgresql://"),
        ("prisma+postgres://h/?api_key=x", "names neither SQLite nor PostgreSQL"),
        ("${{Postgres.DATABASE_URL}}", "is the service called Postgres?"),
        ("${{ My db.DATABASE_URL }}", "is the service called My db?"),
        ("${{DATABASE_URL}}", "is the service called Postgres?"),
        ("$DATABASE_URL", "is the name of a variable"),
        ("${PG_URL}", "is the name of a variable"),
        ("data/mjbot.db", "is a path: use sqlite:///data/mjbot.db"),
        ("/data/mj.sqlite", "is a path: use sqlite:////data/mj.sqlite"),
        (r"C:\mj\bot.db", "is a path: use sqlite:///C:/mj/bot.db"),
        ("sqlite:data.db", "has no slashes: use sqlite:///data.db"),
        ("sqlite:/data/x.db", "has one slash: use sqlite:////data/x.db"),
        ("sqlite://data/mjbot.db", "has two slashes: use sqlite:///data/mjbot.db"),
        ("sqlite:///data/", "names a folder: add a file, like sqlite:///data/mjbot.db"),
        ("sqlite:////srv/", "names a folder: add a file, like sqlite:////srv/mjbot.db"),
        ("sqlite:///~/mjbot.db", "begins with ~"),
        ("https://x.supabase.co", "is a web address"),
        ("host=localhost dbname=mj", "is a list of settings"),
        ("Server=db;User Id=mj", "is a list of settings"),
        ("postgres:/u@h/d", "lacks two slashes"),
        ("postgres://u:[YOUR-PASSWORD]@h/d", "placeholder"),
        ("postgres://u:<password>@h/d", "placeholder"),
        ("postgres://u:p@h:port/d", "write %25 for %, %40 for @"),
        ("postgres://u:p@h:99999/d", "port that is not a number from 1 to 65535"),
        ("postgres://u:p@2001:db8::1/d", "IPv6 address without brackets"),
        ("postgres://mj:secret/db", "has no user or host"),
        ("postgres://h/d?target_session_attrs=standby", "asks for a replica"),
        ("postgres://h/d?target_session_attrs=master", "is not one of any, primary, read-write"),
    ],
)
def test_errors_of_urls_name_the_next_step(wrong: str, said: str) -> None:
    assert said in refuse(wrong)


@pytest.mark.parametrize("password", ["password", "mypassword1", "your-pass", "(secret)"])
def test_a_simple_password_is_no_placeholder(password: str) -> None:
    assert parse_database_url(f"postgres://u:{password}@h/d").password == password


@pytest.mark.parametrize("path", [r"C:\mj\bot.db", "C:/mj/bot.db", r"mj\bot.db"])
def test_a_path_of_windows_works_there_only(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert re.search("is a path of Windows", refuse(f"sqlite:///{path}"))
    monkeypatch.setattr(sys, "platform", "win32")
    assert parse_database_url(f"sqlite:///{path}").database == path
