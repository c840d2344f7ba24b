"""A connection to PostgreSQL that is cut around a COMMIT: a claim is there and used, or is withdrawn."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.entities import ClaimState
from bot.errors import AlreadyClaimed, StoreUnavailable
from bot.store import SqlStore, open_store
from tests.fakes.sample_rows import NOON, a_claim, allow
from tests.postgres import Postgres

_SLOW_SECONDS = 0.3


class CommitCutter:
    """Carries TCP connections to a server's socket; with `cut`, one that has written a claim is cut at its COMMIT.

    `cut` is "before" where the COMMIT never arrives, "after" where it is carried out and its answer is lost, and "late"
    where it arrives only after the connection was cut. While `refuses` no new connection is made.
    """

    def __init__(self, target: Path) -> None:
        self.cut = ""
        self.refuses = False
        self.port = 0
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator["CommitCutter"]:
        """Listen until the block ends."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self.refuses:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        self._writers.add(far_writer)
        answers = asyncio.create_task(self._pump(far_reader, writer))
        try:
            writes_claim = False
            while data := await reader.read(65536):
                writes_claim |= b"INSERT INTO claims" in data
                if self.cut and writes_claim and b"COMMIT" in data:
                    await self._cut_at_commit(data, writer, far_reader, far_writer, answers)
                    return
                far_writer.write(data)
        except OSError:
            pass
        finally:
            far_writer.close()

    async def _cut_at_commit(
        self,
        commit: bytes,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
        answers: asyncio.Task[None],
    ) -> None:
        cut, self.cut = self.cut, ""
        answers.cancel()
        await asyncio.gather(answers, return_exceptions=True)
        if cut == "after":
            far_writer.write(commit)
            await far_reader.read(65536)
        writer.transport.abort()
        if cut == "late":
            await asyncio.sleep(_SLOW_SECONDS)
            far_writer.write(commit)
            await far_reader.read(65536)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()


@asynccontextmanager
async def open_through(postgres: Postgres) -> AsyncGenerator[tuple[SqlStore, CommitCutter]]:
    """Open a store on a new database through a cutter."""
    name = (await postgres.migrated_database()).partition("?")[0].rpartition("/")[2]
    async with CommitCutter(postgres.folder / ".s.PGSQL.5432").serve() as cutter:
        url = f"postgres://postgres@127.0.0.1:{cutter.port}/{name}?sslmode=disable"
        async with open_store(url, now=lambda: NOON, owner="a") as store:
            yield store, cutter


@pytest.mark.parametrize("cut", ["after", "late"])
async def test_claim_that_was_committed_is_used_though_the_answer_was_lost(postgres: Postgres, cut: str) -> None:
    """As if nothing had happened: it belongs to this process, may be sent, and blocks its button."""
    async with open_through(postgres) as (store, cutter):
        cutter.cut = cut
        await store.create_claim(a_claim(1), allow)
        assert cutter.cut == ""
        await store.verify_claim(1)
        with pytest.raises(AlreadyClaimed):
            await store.create_claim(a_claim(2, person_id=8), allow)


async def test_claim_whose_commit_never_arrived_is_not_there(postgres: Postgres) -> None:
    """The same press may be written at once."""
    async with open_through(postgres) as (store, cutter):
        cutter.cut = "before"
        with pytest.raises(StoreUnavailable):
            await store.create_claim(a_claim(1), allow)
        assert await store.find_claim(1) is None
        await store.create_claim(a_claim(1), allow)


@pytest.mark.parametrize("cut", ["before", "after", "late"])
async def test_claim_of_unknown_commit_is_withdrawn_when_the_database_is_back(postgres: Postgres, cut: str) -> None:
    """The database is away right after the COMMIT: nothing is sent, and afterwards the button and the day are free."""
    async with open_through(postgres) as (store, cutter):
        await store.count_open_jobs()
        cutter.cut, cutter.refuses = cut, True
        with pytest.raises(StoreUnavailable):
            await store.create_claim(a_claim(1), allow)
        with pytest.raises(StoreUnavailable):
            await store.withdraw_claim(1)
        cutter.refuses = False
        await store.withdraw_claim(1)
        assert list(await store.list_claims(ClaimState.SUBMITTING)) == []
        assert (await store.find_usage(7)).person_submits_today == 0
        await store.create_claim(a_claim(2), allow)
