"""What every test of the relay package needs."""

import logging
from collections.abc import Generator

import pytest

from tests.fakes.socket_relay import Slept


@pytest.fixture
def slept() -> Slept:
    """The pauses that the client made."""
    return Slept()


@pytest.fixture(autouse=True)
def _no_key_in_any_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Assert that no log line of the test contains the key."""
    caplog.set_level(logging.DEBUG)
    yield
    assert "SecretKey" not in caplog.text
