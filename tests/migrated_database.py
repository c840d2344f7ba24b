"""A database file that has every migration, made once in a test run: migrating takes longer than most tests."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bot.store import open_store


def create_migrated_file(file: Path) -> None:
    """Write an empty SQLite database with the newest schema."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_template())


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:  # which has no loop yet
        file = Path(folder) / "template.db"
        thread.submit(asyncio.run, _migrate(f"sqlite:///{file}")).result()
        return file.read_bytes()


async def _migrate(url: str) -> None:
    async with open_store(url, now=lambda: datetime.now(UTC)):
        pass
