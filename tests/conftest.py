"""What all tests share: a PostgreSQL and a pooler that start when the first test asks, and the order of the tests."""

import gc
import logging
import os
from collections.abc import Generator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.ops.garbage_collection import YOUNG_OBJECTS
from bot.retry import STORE_OUTAGE
from tests.pgbouncer import PgBouncer, find_pgbouncer, pooling
from tests.postgres import Postgres, running, temporary_folder
from tests.shared_statements import share_compiled_statements

# What is imported and collected stays until the end. Python would look through it again and again.
gc.disable()

share_compiled_statements()

# An example may take as long as a busy machine needs.
settings.register_profile("mjbot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mjbot")


_POSTGRES_VARIABLE = "MJBOT_TEST_POSTGRES"
"""Tells the xdist workers of a run the folder of its PostgreSQL."""


def pytest_configure(config: pytest.Config) -> None:
    """Create a folder for the PostgreSQL of this run, in the process that starts the workers."""
    if not hasattr(config, "workerinput"):
        folder = ExitStack()
        os.environ[_POSTGRES_VARIABLE] = str(folder.enter_context(temporary_folder()))
        config.add_cleanup(folder.close)


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    """A PostgreSQL server for the whole run, which the first worker that needs it starts and the last one stops."""
    with running(Path(os.environ[_POSTGRES_VARIABLE])) as server:
        yield server


def pytest_collection_finish() -> None:
    """Let the garbage collector see only what tests make, and look at it as seldom as in the bot."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    gc.enable()


@pytest.fixture(autouse=True)
def _no_store_outage() -> None:
    """Let each test log what the database lacks."""
    STORE_OUTAGE.end()


@pytest.fixture(autouse=True)
def _restore_logging() -> Generator[None]:
    """Undo what a test of the whole program sets: a handler for its own output, and the levels of the loggers."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    chatty = {name: logging.getLogger(name).level for name in ("discord", "aiosqlite", "alembic", "asyncio", "PIL")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in chatty.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture(scope="session")
def pgbouncer(postgres: Postgres) -> Generator[PgBouncer]:
    """A transaction pooler before the server, for the whole run."""
    if find_pgbouncer() is None:
        pytest.skip("the program pgbouncer is not installed")
    with pooling(postgres) as pooler:
        yield pooler


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each xdist worker its share of the long tests, to run first.

    Worksteal starts with equal parts of the list, in its order. At the end, a browser or wire test would keep one
    worker busy after the others. Two workers share the browser tests, because each starts a browser for its own; the
    other workers share the wire tests, which mostly wait. A test with a timeout of its own is a long one.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    browser, wire, others = ([item for item in items if _kind(item) == kind] for kind in ("browser", "wire", ""))
    wire.sort(key=lambda item: item.get_closest_marker("timeout") is None)
    browsers = min(workers - 1, 2)
    short, left, ordered = iter(others), len(items), list[pytest.Item]()
    for worker in range(workers):
        size = left // (workers - worker)
        at = worker - browsers
        share = browser[worker::browsers] if at < 0 else wire[at :: workers - browsers]
        ordered += [*share, *islice(short, max(size - len(share), 0))]
        left -= size
    items[:] = [*ordered, *short]


def _kind(item: pytest.Item) -> str:
    return next((name for name in ("browser", "wire") if item.get_closest_marker(name)), "")
