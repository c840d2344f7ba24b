"""An image processor, and three kinds of store that behave alike: SQLite, PostgreSQL, and the fake."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.imaging.image_processor import ImageProcessor
from bot.store import SqlStore, open_store
from tests.fakes.image_worker import ThreadImageWorker
from tests.fakes.sample_rows import NOON
from tests.fakes.store import FakeStore
from tests.migrated_database import create_migrated_file
from tests.postgres import Postgres, date_claims
from tests.worlds.services import ServiceWorld


@pytest.fixture
async def image_processor() -> AsyncGenerator[ImageProcessor]:
    """Create an image processor that works in a thread, and close it after the test."""
    image_processor = ImageProcessor(ThreadImageWorker())
    yield image_processor
    await image_processor.close()


@pytest.fixture
def world() -> ServiceWorld:
    """The store, the relay and Discord, for any number of processes."""
    return ServiceWorld()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/data/mjbot.db"


@pytest.fixture
async def sql(url: str) -> AsyncGenerator[SqlStore]:
    create_migrated_file(Path(url.removeprefix("sqlite:///")))
    async with open_store(url, now=lambda: NOON, migrates=False) as store:
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
async def either_url(request: pytest.FixtureRequest, url: str) -> str:
    """Both kinds of database, empty, for what only databases promise."""
    if request.param == "sqlite":
        return url
    server: Postgres = request.getfixturevalue("postgres")
    return await server.database()


@pytest.fixture(params=["sqlite", "postgresql"])
async def migrated_url(request: pytest.FixtureRequest, url: str) -> str:
    """Both kinds of database, with every migration."""
    if request.param == "sqlite":
        create_migrated_file(Path(url.removeprefix("sqlite:///")))
        return url
    server: Postgres = request.getfixturevalue("postgres")
    return await server.migrated_database()


@pytest.fixture(params=["sqlite", "postgresql", "fake"])
async def store(request: pytest.FixtureRequest, url: str) -> AsyncGenerator[SqlStore | FakeStore]:
    """Every kind of store; each answers the same."""
    if request.param == "fake":
        yield FakeStore(lambda: NOON)
        return
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = await server.migrated_database()
        await server.let_tests_set_time(url)
    else:
        create_migrated_file(Path(url.removeprefix("sqlite:///")))
    async with open_store(url, now=lambda: NOON, migrates=False) as opened:
        if request.param == "postgresql":
            date_claims(opened)
        yield opened


@pytest.fixture(params=["sqlite", "postgresql", "fake"])
async def shared(
    request: pytest.FixtureRequest, url: str
) -> AsyncGenerator[Callable[[str], Awaitable[SqlStore | FakeStore]]]:
    """Opens one store, of every kind, for any number of processes by name."""
    async with AsyncExitStack() as stack:
        rows = FakeStore(lambda: NOON)
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            url = await server.migrated_database()
        elif request.param == "sqlite":
            create_migrated_file(Path(url.removeprefix("sqlite:///")))

        async def open_as(owner: str) -> SqlStore | FakeStore:
            if request.param == "fake":
                return rows.view_as(owner)
            return await stack.enter_async_context(open_store(url, now=lambda: NOON, owner=owner, migrates=False))

        yield open_as
