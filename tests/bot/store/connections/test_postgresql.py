"""Connections to a real PostgreSQL whose defaults differ, and encryption as a DATABASE_URL asks for it."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from bot.entities import Claim, Usage
from bot.errors import StoreUnavailable
from bot.store import open_store, parse_database_url
from bot.store.connections.postgresql import Connector
from tests.fakes.sample_rows import NOON, a_claim, allow
from tests.postgres import Postgres
from tests.wire.proxy import Proxy


@pytest.fixture
async def url(postgres: Postgres) -> str:
    return await postgres.database()


async def alter_database(postgres: Postgres, url: str, setting: str) -> str:
    """Change a default of a database, and return its URL."""
    name = url.partition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(user="postgres", host=str(postgres.folder), database="postgres")
    try:
        await connection.execute(f"ALTER DATABASE {name} SET {setting}")
    finally:
        await connection.close()
    return url


@pytest.fixture
async def proxy(postgres: Postgres) -> AsyncGenerator[Proxy]:
    """The server on a TCP port; it has no certificate."""
    async with Proxy(postgres.folder / ".s.PGSQL.5432").serve() as serving:
        yield serving


def tls_contexts(options: str) -> list[ssl.SSLContext | bool]:
    """Return the encryption of each attempt to connect."""
    url = parse_database_url(f"postgres://u:p@db.example/d?{options}")
    return Connector(url, timeout=1, command_timeout=1).tls_attempts


class TestDefaults:
    @pytest.mark.parametrize("level", ["serializable", "repeatable read", "read committed"])
    async def test_presses_do_not_depend_on_the_databases_isolation_level(
        self, postgres: Postgres, url: str, level: str
    ) -> None:
        """Serializable transactions of concurrent presses would refuse each other."""
        await alter_database(postgres, url, f"default_transaction_isolation = '{level}'")
        async with open_store(url, now=lambda: NOON, owner="a") as store:
            await asyncio.gather(*(store.create_claim(claim(number), allow) for number in range(1, 25)))
            [row] = await store.database.read(text("SHOW transaction_isolation"))
            assert row["transaction_isolation"] == "read committed"

    async def test_limits_hold_for_concurrent_presses(self, postgres: Postgres, url: str) -> None:
        """Each press sees those before it, which would not be so in a snapshot from the transaction's begin."""
        await alter_database(postgres, url, "default_transaction_isolation = 'repeatable read'")

        def refuse_third(usage: Usage) -> None:
            if usage.all_submits_today >= 2:
                raise PermissionError

        async with open_store(url, now=lambda: NOON, owner="a") as store:
            results = await asyncio.gather(
                *(store.create_claim(claim(number), refuse_third) for number in range(1, 13)), return_exceptions=True
            )
        assert results.count(None) == 2

    @pytest.mark.parametrize("setting", ["lock_timeout = 0", "idle_in_transaction_session_timeout = 0"])
    async def test_time_limits_are_set_in_each_transaction(self, postgres: Postgres, url: str, setting: str) -> None:
        await alter_database(postgres, url, setting)
        async with open_store(url, now=lambda: NOON, owner="a") as store:
            name = setting.partition(" ")[0]
            [row] = await store.database.read(text(f"SHOW {name}"))
            assert row[name] in {"3s", "10s"}

    async def test_a_read_only_database_is_explained(self, postgres: Postgres, url: str) -> None:
        await alter_database(postgres, url, "default_transaction_read_only = on")
        problem, advice = await fail_to_open(url)
        assert problem == "is read-only."
        assert "default_transaction_read_only = off" in advice


class TestEncryption:
    @pytest.mark.parametrize(
        ("options", "attempts"),
        [
            ("", ["any", "none"]),
            ("sslmode=prefer", ["any", "none"]),
            ("sslmode=allow", ["none", "any"]),
            ("ssl=false", ["none"]),
            ("ssl=true", ["any"]),
            ("sslmode=no-verify&sslrootcert=system", ["any"]),
            ("sslmode=require&sslrootcert=system", ["verified, with its name"]),
            ("sslmode=verify-ca", ["verified"]),
            ("sslmode=verify-full", ["verified, with its name"]),
        ],
    )
    def test_each_mode_verifies_what_it_says(self, options: str, attempts: list[str]) -> None:
        assert [describe(tls) for tls in tls_contexts(options)] == attempts

    async def test_a_server_without_encryption_is_reached_by_default(self, proxy: Proxy, url: str) -> None:
        async with open_store(over_tcp(proxy, url), now=lambda: NOON, owner="a") as store:
            assert await store.count_open_jobs() == 0

    @pytest.mark.parametrize("option", ["ssl=true", "sslmode=no-verify", "sslmode=verify-full&sslrootcert=system"])
    async def test_a_server_without_encryption_is_explained(self, proxy: Proxy, url: str, option: str) -> None:
        """It is never reached without the encryption that the URL asks for."""
        assert await fail_to_open(f"{over_tcp(proxy, url)}?{option}") == (
            "does not support encryption.",
            "On a private network, add ?sslmode=disable to the end of DATABASE_URL, or replace the sslmode there.",
        )

    @pytest.mark.parametrize("option", ["sslrootcert", "sslcert"])
    async def test_a_missing_certificate_file_is_explained(self, tmp_path: Path, option: str) -> None:
        problem, advice = await fail_to_open(f"postgres://u:p@db.example/d?sslmode=require&{option}={tmp_path}/no.pem")
        assert (problem, "sslrootcert=system" in advice) == ("needs a certificate file that cannot be read.", True)

    @pytest.mark.parametrize("home", ["a file", "nowhere", "another user's"])
    def test_a_home_folder_that_cannot_be_read_is_no_reason_to_fail(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
    ) -> None:
        """Services often run with the home folder of root."""
        folder = tmp_path / "home"
        if home == "a file":
            folder.touch()
        monkeypatch.setenv("HOME", str(folder))
        if home == "another user's":
            monkeypatch.setattr(Path, "open", deny)
        assert [describe(tls) for tls in tls_contexts("sslmode=require")] == ["any"]
        assert [describe(tls) for tls in tls_contexts("")] == ["any", "none"]

    async def test_a_broken_root_certificate_in_the_home_folder_is_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As with libpq, sslmode=require verifies the server if the file is there: it must not be passed over."""
        (tmp_path / ".postgresql").mkdir()
        (tmp_path / ".postgresql" / "root.crt").write_text("no certificate")
        monkeypatch.setenv("HOME", str(tmp_path))
        problem, _ = await fail_to_open("postgres://u:p@db.example/d?sslmode=require")
        assert problem == "needs a certificate file that cannot be read."


class TestAddresses:
    async def test_the_second_of_several_hosts_is_reached(self, proxy: Proxy, url: str, unused_tcp_port: int) -> None:
        port, name = proxy.port, url.partition("?")[0].rpartition("/")[2]
        hosts = f"127.0.0.1:{unused_tcp_port},127.0.0.1:{port}"
        several = f"postgres://postgres@{hosts}/{name}?target_session_attrs=read-write"
        async with open_store(several, now=lambda: NOON, owner="a") as store:
            assert await store.count_open_jobs() == 0

    @pytest.mark.parametrize("host", ["db..example", "no-such-host.invalid", "a" * 70 + ".example"])
    async def test_a_host_that_cannot_exist_is_explained(self, host: str) -> None:
        problem, _ = await fail_to_open(f"postgres://u:p@{host}/d")
        assert problem in {"has an unknown host name.", "cannot be found, because this machine's DNS does not answer."}

    async def test_a_user_without_a_name_is_explained(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Platforms run containers as users that no file lists."""
        monkeypatch.delenv("PGUSER", raising=False)
        monkeypatch.setattr("getpass.getuser", raise_key_error)
        assert (await fail_to_open("postgres://db.example/d"))[0] == "needs a user."


def describe(tls: object) -> str:
    """Return what a connection verifies."""
    if not isinstance(tls, ssl.SSLContext):
        return "none"
    if tls.verify_mode is not ssl.CERT_REQUIRED:
        return "any"
    return "verified, with its name" if tls.check_hostname else "verified"


def deny(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def raise_key_error() -> str:
    raise KeyError("getpwuid(): uid not found: 12345")


def claim(number: int) -> Claim:
    """Return the claim of another person for each number."""
    return a_claim(number, person_id=number, task_id=f"t{number}")


def over_tcp(proxy: Proxy, url: str) -> str:
    name = url.partition("?")[0].rpartition("/")[2]
    return f"postgres://postgres@127.0.0.1:{proxy.port}/{name}"


async def fail_to_open(url: str) -> tuple[str, str]:
    """Open a database that cannot be used, and return why."""
    with pytest.raises(StoreUnavailable) as raised:
        async with open_store(url, now=lambda: NOON, owner="a") as store:
            await store.process_leases.end_lease()
    return raised.value.problem, raised.value.advice
