"""A real PgBouncer in transaction mode before the tests' PostgreSQL, as hosting platforms put one before theirs."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import Postgres

_PATIENCE_SECONDS = 30.0

# Each transaction gets another connection to the server, round robin: what a session keeps is missing at once.
_SETTINGS = """
[databases]
* = host={folder} port=5432 user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
server_round_robin = 1
default_pool_size = {servers}
max_client_conn = 200
"""


class PgBouncer:
    """A running pooler on 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, direct: str) -> str:
        """Return the DATABASE_URL that leads to the same database as `direct`, through the pooler."""
        name = direct.partition("?")[0].rpartition("/")[2]
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"


def find_pgbouncer() -> str | None:
    """Return the program's path; Debian installs it where only root looks."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


@contextmanager
def pooling(postgres: Postgres, *, servers: int = 4) -> Generator[PgBouncer]:
    """Run a pooler before a server until the block ends, with so many connections to it for each database."""
    program = find_pgbouncer()
    assert program is not None
    # The server's folder is open to its user alone; PgBouncer refuses to run as root.
    owner = postgres.folder.stat().st_uid
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="mjbot-pgbouncer-") as folder:
        settings = Path(folder, "pgbouncer.ini")
        settings.write_text(_SETTINGS.format(folder=postgres.folder, port=port, servers=servers), encoding="utf-8")
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(folder, owner, -1)
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - the program that was looked for, with our own file
                [program, "-q", str(settings)], stderr=log, stdout=log, user=owner if is_root else None
            )
        try:
            _wait_until_open(process, port)
            yield PgBouncer(port)
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def _wait_until_open(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, f"PgBouncer ended with {process.returncode}"
            assert time.monotonic() < end, "PgBouncer does not listen"
            time.sleep(0.02)
        else:
            return
