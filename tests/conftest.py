"""What tests of every room share: a PostgreSQL that starts when the first test asks for it."""

from collections.abc import Generator

import pytest

from tests.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    """A PostgreSQL server, for the whole run."""
    with running() as server:
        yield server
