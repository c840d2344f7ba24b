"""Charts are drawn in a sandboxed process of their own, and a report never waits long for one."""

import asyncio
import os
from collections.abc import AsyncGenerator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from bot.imaging.chart_drawer import Bar, ChartDrawer
from bot.imaging.charts import load_library
from bot.imaging.worker_process import ImageWorker

BARS = [Bar(confirmed=Decimal(number), unconfirmed=Decimal("0.5"), label=str(number)) for number in range(1, 6)]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def worker() -> AsyncGenerator[ImageWorker]:
    worker = ImageWorker(load_library)
    yield worker
    await worker.close()


async def test_a_chart_is_drawn_in_the_sandbox_without_a_home(
    worker: ImageWorker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No file can be opened there, and the temporary folder of the font list is gone."""
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    picture = await ChartDrawer(worker, seconds=600).draw(BARS)
    assert picture is not None
    assert picture.startswith(PNG)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the test may block
    assert "matplotlib" in await worker.run(partial(eval, "','.join(__import__('sys').modules)"))


async def test_the_process_of_pictures_does_not_load_the_library() -> None:
    """Its memory is what it was."""
    worker = ImageWorker()
    modules = await worker.run(partial(eval, "','.join(__import__('sys').modules)"))
    await worker.close()
    assert "matplotlib" not in modules
    assert "numpy" not in modules.split(",")


async def test_a_process_that_cannot_start_costs_the_chart_only(caplog: pytest.LogCaptureFixture) -> None:
    """The log says so."""
    worker = ImageWorker(os.abort)
    assert await ChartDrawer(worker, seconds=600).draw(BARS) is None
    await worker.close()
    assert "shown without it" in caplog.text


async def test_a_slow_chart_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    worker = ImageWorker(load_library)
    async with worker._lock:
        assert await ChartDrawer(worker, seconds=0).draw(BARS) is None
    assert "not drawn within 0 s" in caplog.text
    await asyncio.sleep(0)
    await worker.close()
