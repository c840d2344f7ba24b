"""What all tests share: a PostgreSQL that starts when the first test asks for it, and the order of the tests."""

from collections.abc import Generator, Sequence

import pytest

from tests.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    """A PostgreSQL server, for the whole run."""
    with running() as server:
        yield server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what takes long first: at the end, one such test would keep one worker busy after the others."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    names: Sequence[str] = ("browser", "wire")
    return next((rank for rank, name in enumerate(names) if item.get_closest_marker(name)), len(names))
