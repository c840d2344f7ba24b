"""DATABASE_URL as platforms write it."""

import re

import pytest

from bot.errors import SettingsError
from bot.store import parse_database_url


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sqlite:///data/mjbot.db", "sqlite+aiosqlite:///data/mjbot.db"),
        ("sqlite:////data/mjbot.db\n", "sqlite+aiosqlite:////data/mjbot.db"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("postgres://u:p%40@h:5432/d", "postgresql+asyncpg://u:p%40@h:5432/d"),
        ("postgresql+psycopg2://h/d", "postgresql+asyncpg://h/d"),
        ("postgres://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
        ("postgresql://h/d?sslmode=verify-full", "postgresql+asyncpg://h/d?ssl=verify-full"),
        (
            "postgresql://h/d?sslmode=require&channel_binding=require&connect_timeout=9&pgbouncer=true",
            "postgresql+asyncpg://h/d?ssl=require",
        ),
        ("postgresql:///d?host=/run/postgresql", "postgresql+asyncpg:///d?host=%2Frun%2Fpostgresql"),
    ],
)
def test_urls_of_platforms_are_parsed(given: str, expected: str) -> None:
    """Options of libpq that asyncpg lacks are dropped."""
    assert expected == parse_database_url(given).render_as_string(hide_password=False)


def test_asyncpg_gets_other_options_in_a_dsn() -> None:
    """It accepts the path of a root certificate only there."""
    url = parse_database_url("postgresql://u:p@h/d?sslmode=verify-ca&sslrootcert=/etc/ca.pem&application_name=mj")
    assert url.query == {
        "ssl": "verify-ca",
        "dsn": "postgresql:///?sslrootcert=%2Fetc%2Fca.pem&application_name=mj",
    }


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
    ],
)
def test_errors_of_urls_do_not_repeat_the_url(wrong: str) -> None:
    """It may contain a password."""
    with pytest.raises(SettingsError) as caught:
        parse_database_url(wrong)
    assert caught.value.problems[0][0] == "DATABASE_URL"
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("mysql://u:p@h/d", "use sqlite:///data/mjbot.db for a file, or postgresql://"),
        ("data/mjbot.db", "use sqlite:///data/mjbot.db for a file, or postgresql://"),
        ("${{Postgres.DATABASE_URL}}", "is the service called Postgres?"),
        ("${{ My db.DATABASE_URL }}", "is the service called My db?"),
        ("${{DATABASE_URL}}", "is the service called Postgres?"),
    ],
)
def test_errors_of_urls_name_the_next_step(wrong: str, said: str) -> None:
    """A reference that Railway did not fill in is recognized."""
    with pytest.raises(SettingsError, match=re.escape(said)):
        parse_database_url(wrong)
