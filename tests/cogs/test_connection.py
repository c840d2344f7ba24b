"""Connecting patiently: what the process tests cannot wait for."""

import pytest

from cogs.connection import Identifies


async def test_identifies_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """A gateway that refuses every session gets few IDENTIFYs of a shard; another shard does not wait for it."""
    now = 1000.0
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    turns = Identifies(lambda: now, sleep)
    for _ in range(10):
        await turns.turn(0)
    assert slept == []
    await turns.turn(1)
    await turns.turn(0)
    assert slept == [600.0]
    assert "Shard 0 has connected too often: waiting 600 s." in caplog.text
    for _ in range(400):
        await turns.turn(0)
    assert now > 1000 + 86_400
