"""Ask the worker process of charts for a picture; nothing waits long for it, and nothing fails without it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from bot.errors import PictureWorkAborted
from bot.imaging.charts import draw_bar_chart, load_library
from bot.imaging.worker_process import ImageWorker
from bot.timeouts import wait_at_most

log = logging.getLogger(__name__)

CHART_SECONDS: Final = 8.0
"""How long a report waits for its chart: it takes two seconds where the process has to start."""
IDLE_SECONDS: Final = 30.0
"""How long the process of charts is kept, which takes 70 MiB."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: what is confirmed of it, the rest on top, and a short label of digits."""

    confirmed: Decimal = Decimal(0)
    unconfirmed: Decimal = Decimal(0)
    label: str = ""


class ChartDrawer:
    """Draws charts in a process of its own, which starts with the first one."""

    def __init__(self, worker: ImageWorker | None = None, *, seconds: float = CHART_SECONDS) -> None:
        self._worker = worker or ImageWorker(load_library, idle_seconds=IDLE_SECONDS)
        self._seconds = seconds

    async def close(self) -> None:
        """Abort a chart in progress."""
        await self._worker.close()

    async def draw(self, bars: Sequence[Bar]) -> bytes | None:
        """Return a chart as a PNG; None if it cannot be drawn, or not in time."""
        confirmed = tuple(float(bar.confirmed) for bar in bars)
        unconfirmed = tuple(float(bar.unconfirmed) for bar in bars)
        work = partial(draw_bar_chart, confirmed, unconfirmed, tuple(bar.label for bar in bars))
        try:
            return await wait_at_most(self._worker.run(work), self._seconds)
        except TimeoutError:
            log.warning("A chart was not drawn within %g s: the report is shown without it.", self._seconds)
        except PictureWorkAborted as aborted:
            log.warning("A chart could not be drawn, so the report is shown without it: %s.", aborted)
        return None
