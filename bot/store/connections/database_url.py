"""Parse a DATABASE_URL as people, hosting platforms and other programs write it."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from sqlalchemy import URL, make_url

from bot.errors import SettingsError

_EXAMPLE_URLS = "sqlite:///data/mjbot.db for a file, or postgresql://user:password@host/name for PostgreSQL"
SIGNS_IN_PASSWORDS = "in a password, write %25 for %, %40 for @, %2F for /, %3A for :, %23 for #, %3F for ?"
_RAILWAY_REFERENCE = re.compile(r"\$\{\{\s*(?:(?P<service>\w[\w -]{0,31})\.)?")
_VARIABLE = re.compile(r"^\$\{?\w+\}?$|^%\w+%$")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_COMMAND = re.compile(r"^(?:(?:export\s+)?DATABASE_URL\s*=|psql\s|jdbc:)\s*", re.IGNORECASE)
"""What is copied together with a URL: a line of a .env file, the command of a database's page, Java's prefix."""
_SQLITE = re.compile(r"^sqlite(?:\+\w+)?:(?P<slashes>/*)(?P<path>[^?]*)(?P<query>\?.*)?$", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_PATH = re.compile(r"^(?:\.{0,2}/|~/|[A-Za-z]:[\\/])?[\w.\\/ -]{1,200}\.(?:db|sqlite3?)$", re.ASCII)
_KEYWORDS = re.compile(r"^\s*(?:host|server|user|username|user id|dbname|database|data source)\s*=", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"^[\[<{(][\w -]*pass[\w -]*[\]>})]$", re.IGNORECASE)
_HOST = r"(?:\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[^\s:\[\]@/?#,]*)(?::\d{1,5})?"
_POSTGRESQL = re.compile(
    rf"^(?:(?P<user>[^@/?#]*)@)?(?P<hosts>{_HOST}(?:,{_HOST})*)"
    r"(?:/(?P<name>[^@?#]*))?(?:\?(?P<query>(?:[^=#?]+=[^#]*)?))?(?:#[^@]*)?$"
)
_AFTER_PASSWORD = re.compile(rf"^{_HOST}(?:,{_HOST})*(?:[/?#]|$)")
_BARE_IPV6 = re.compile(r"(?:^|@)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,}(?:[/?]|$)")

_DEFAULT_PORT = 5432
_TLS_MODES = ("allow", "disable", "no-verify", "prefer", "require", "verify-ca", "verify-full")
"""libpq's modes, and node-postgres' `no-verify`, which does not even use a certificate that is given."""
_TLS_WORDS = {
    "true": "require", "t": "require", "1": "require", "yes": "require", "on": "require", "required": "require",
    "false": "disable", "f": "disable", "0": "disable", "no": "disable", "off": "disable", "disabled": "disable",
    "none": "disable", "preferred": "prefer", "noverify": "no-verify", "skip-verify": "no-verify",
    "insecure": "no-verify", "verify": "verify-full", "strict": "verify-full", "verify-identity": "verify-full",
}  # fmt: skip
"""What drivers of other languages and other databases call them."""
_TLS_OPTIONS = ("sslmode", "ssl", "tls", "usessl")
"""Options that choose a mode; the first one that is given counts."""
_KEPT_OPTIONS = frozenset(
    {
        "application_name", "options", "sslcert", "sslcrl", "sslkey", "sslpassword", "sslrootcert",
        "target_session_attrs",
    }
)  # fmt: skip
"""Options that keep their name. All others are dropped: those of other programs (Prisma's pgbouncer, connection_limit
and schema, for instance), and those of libpq that asyncpg does not need (channel_binding, connect_timeout)."""
_WRITABLE_SERVERS = frozenset({"any", "primary", "read-write"})
_REPLICAS = frozenset({"standby", "prefer-standby", "read-only"})


def parse_database_url(text: str) -> URL:
    """Parse a DATABASE_URL: sqlite:///file, or postgres(ql)://... with libpq's options.

    Of PostgreSQL's options, the result has `sslmode` as one of libpq's words or "no-verify", and those that the bot
    uses. Several hosts are in the option `host`.

    Raises:
        SettingsError: It is not a URL, names no file, or names another kind of database.
    """
    cleaned = _clean(text)
    if match := _SQLITE.match(cleaned):
        return _parse_sqlite(match["slashes"], match["path"].strip(), match["query"] or "")
    scheme, separator, rest = cleaned.partition("://")
    if not separator:
        raise _build_error(_describe_other_text(cleaned))
    kind = scheme.partition("+")[0].lower()
    if kind in {"postgres", "postgresql"}:
        return _parse_postgresql(rest)
    if kind in {"http", "https"}:
        raise _build_error("is a web address: copy the database's own URL, which begins with postgresql://")
    raise _build_error(f"names neither SQLite nor PostgreSQL: use {_EXAMPLE_URLS}")


def sqlite_path(url: URL) -> Path | None:
    """Return the path of SQLite's file; None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def resolve_sqlite_path(text: str) -> Path | None:
    """Return the absolute path of a DATABASE_URL's SQLite file, with symbolic links resolved; None for PostgreSQL.

    Raises:
        SettingsError: parse_database_url does not accept the URL.
    """
    file = sqlite_path(parse_database_url(text))
    return file and file.resolve()


def _clean(text: str) -> str:
    """Remove quotes and what was copied together with the URL; raise SettingsError for a reference to a variable."""
    before = None
    while text != before:
        before, text = text, _COMMAND.sub("", text.strip().strip(_QUOTES))
    if match := _RAILWAY_REFERENCE.search(text):
        service = match["service"] or "Postgres"
        raise _build_error(f"is a reference that Railway did not fill in: is the service called {service}?")
    if _VARIABLE.match(text):
        raise _build_error("is the name of a variable, not its value: write the URL itself")
    return text


def _parse_sqlite(slashes: str, path: str, query: str) -> URL:
    if path in {"", ":memory:"} or path.startswith("file:"):
        raise _build_error("names no file: use sqlite:///data/mjbot.db, for example")
    shown = path if "@" not in path else "data/mjbot.db"
    if sys.platform != "win32" and (_DRIVE.match(path) or "\\" in path):
        raise _build_error("is a path of Windows, and this machine runs another system: use sqlite:////data/mjbot.db")
    if path.startswith("~"):
        raise _build_error("begins with ~, which only a shell replaces: write the whole path after sqlite:///")
    if path.endswith(("/", "\\")):
        raise _build_error(f"names a folder: add a file, like sqlite:{slashes}{shown}mjbot.db")
    match len(slashes):
        case 0:
            raise _build_error(f"has no slashes: use sqlite:///{shown}, with three")
        case 1:
            raise _build_error(f"has one slash: use sqlite:////{shown} for the file /{shown}")
        case 2:
            raise _build_error(
                f"has two slashes: use sqlite:///{shown} for a file in the bot's folder, or sqlite:////{shown} for "
                f"/{shown}"
            )
        case count:
            return make_url(f"sqlite+aiosqlite://{'/' * min(count - 2, 2)}{path}{query}")


def _describe_other_text(text: str) -> str:
    """Say what a text without :// is; it is repeated only where it is a path, as it may be a secret."""
    if _PATH.match(text):
        path = text.replace("\\", "/")
        return f"is a path: use sqlite:///{path}"
    if _DRIVE.match(text):
        return "is a path: use sqlite:/// and the path with slashes, like sqlite:///C:/data/mjbot.db"
    if _KEYWORDS.match(text):
        return "is a list of settings: use one URL, postgresql://user:password@host:5432/name"
    if re.match(r"postgres(ql)?:", text, re.IGNORECASE):
        return "lacks two slashes: use postgresql://user:password@host:5432/name"
    return f"is not a URL: use {_EXAMPLE_URLS}"


class _Parts(NamedTuple):
    """A PostgreSQL URL without its scheme; only the user's part is still encoded."""

    user: str
    hosts: list[str]
    name: str
    options: Mapping[str, str]


def _parse_postgresql(text: str) -> URL:
    parts = _split(text)
    user, _, password = parts.user.partition(":")
    options = parts.options
    user = unquote(user) or options.get("user", options.get("username", ""))
    password = unquote(password) or options.get("password", "")
    if _PLACEHOLDER.match(password):
        raise _build_error("still has a placeholder for the password: put the password there, without brackets")
    address = _read_hosts(parts.hosts, options)
    return URL.create(
        "postgresql+asyncpg",
        username=user or None,
        password=password or None,
        database=parts.name or options.get("dbname", options.get("database")) or None,
        host=address.host,
        port=address.port,
        query={**address.query, **_read_options(options)},
    )


def _split(text: str) -> _Parts:
    """Split a URL; where it is not one, the last @ ends the password, which has signs that are not encoded."""
    match = _POSTGRESQL.match(text)
    if match is None:
        user, at, rest = text.rpartition("@")
        match = _POSTGRESQL.match(f"@{rest}") if at and _AFTER_PASSWORD.match(rest) else None
    else:
        user = match["user"] or ""
    if match is None:
        raise _build_error(_describe_split_problem(text))
    options = {name.strip().lower(): value.strip() for name, value in parse_qsl(match["query"] or "")}
    return _Parts(user, match["hosts"].split(","), unquote(match["name"] or "").rstrip("/"), options)


def _describe_split_problem(text: str) -> str:
    if _BARE_IPV6.search(text):
        return "has an IPv6 address without brackets: write it like [2001:db8::1]"
    if "@" not in text:
        return "has no user or host before its port or name: use postgresql://user:password@host:5432/name"
    return f"cannot be read: check the host and the port; {SIGNS_IN_PASSWORDS}"


class _Address(NamedTuple):
    host: str | None
    port: int | None
    query: Mapping[str, str | tuple[str, ...]]


def _read_hosts(hosts: list[str], options: Mapping[str, str]) -> _Address:
    """Return one host, or all of them as the option `host`."""
    given = [host for host in hosts if host] or options.get("host", options.get("hostaddr", "")).split(",")
    addresses = [_split_port(unquote(host)) for host in given]
    ports = options.get("port", "").split(",")
    ports = [port or ports[min(number, len(ports) - 1)] for number, (_, port) in enumerate(addresses)]
    if any(port and not (port.isdecimal() and 0 < int(port) < 1 << 16) for port in ports):
        raise _build_error("has a port that is not a number from 1 to 65535")
    numbers = [int(port) if port else _DEFAULT_PORT for port in ports]
    names = [name for name, _ in addresses]
    if len(names) > 1:
        return _Address(None, None, {"host": tuple(map(_join_port, names, numbers))})
    port = numbers[0] if ports[0] else None
    return (
        _Address(None, port, {"host": names[0]}) if names[0].startswith("/") else _Address(names[0] or None, port, {})
    )


def _join_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _split_port(host: str) -> tuple[str, str]:
    """Split a host and its port; an IPv6 address loses its brackets, and a folder of sockets has no port."""
    if host.startswith("/"):
        return host, ""
    if host.startswith("["):
        address, _, port = host[1:].partition("]")
        return address, port.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port


def _read_options(given: Mapping[str, str]) -> dict[str, str]:
    """Return the options that the bot uses, with one spelling of each TLS mode."""
    options = {name: value for name, value in given.items() if name in _KEPT_OPTIONS and value}
    mode = next((given[name] for name in _TLS_OPTIONS if given.get(name)), None)
    if mode is not None:
        options["sslmode"] = _read_tls_mode(mode)
    servers = options.get("target_session_attrs", "any")
    if servers in _REPLICAS:
        raise _build_error("asks for a replica, which cannot be written: set target_session_attrs to read-write")
    if servers not in _WRITABLE_SERVERS:
        raise _build_error(f"has a target_session_attrs that is not one of {', '.join(sorted(_WRITABLE_SERVERS))}")
    return options


def _read_tls_mode(text: str) -> str:
    word = text.lower().replace("_", "-")
    if "rejectunauthorized" in word:  # node-postgres takes JSON
        return "no-verify" if "false" in word else "verify-full"
    mode = _TLS_WORDS.get(word, word)
    if mode not in _TLS_MODES:
        raise _build_error(f"has an sslmode that is not one of {', '.join(_TLS_MODES)}")
    return mode


def _build_error(problem: str) -> SettingsError:
    return SettingsError([("DATABASE_URL", problem)])
