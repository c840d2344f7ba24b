"""Refresh SimCord's page by itself, without losing clicks.

SimCord publishes its page only on request, rejects a click on an outdated page, rejects concurrent operations, and
reports a click as uncertain if its answer takes longer than a refresh may. A page that follows a running bot needs
the opposite of all four. (SimCord 3.2.1, pinned.)
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from simcord import Env, Preview, SetupError

from sandbox.markdown_cache import install_markdown_cache
from sandbox.page_pictures import PagePictures

_REFRESH_SECONDS = 0.25
"""Seconds that a refresh may wait for a busy bot. A click has the longer time of sandbox/environment.py: SimCord would
report a click without an answer as uncertain and leave its command in the composer, to be sent twice."""


PAUSE_SECONDS = 0.25
"""The seconds between two refreshes of a page on which something changes."""


class LivePage:
    """Refreshes a preview, and runs one operation on it at a time."""

    def __init__(self, env: Env, preview: Preview) -> None:
        install_markdown_cache()
        self._env = env
        self._preview = preview
        self._lock = asyncio.Lock()
        self._pictures = PagePictures(preview)
        self._simcord_action = preview._action  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        preview._action = self._accept_action  # type: ignore[method-assign]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    async def keep_fresh(self) -> None:
        """Publish the page whenever the bot has sent something, until cancelled."""
        published = -1
        while True:
            sent = len(self._env.http_requests)
            if sent != published:
                # A busy bot does not settle in time: the next round tries again.
                with suppress(TimeoutError, SetupError):
                    async with self._lock:
                        await self._publish()
                    published = sent
            await asyncio.sleep(PAUSE_SECONDS)

    async def _publish(self) -> None:
        settle_timeout = self._env.settle_timeout
        self._env.settle_timeout = _REFRESH_SECONDS
        try:
            # SimCord's clock stands still between its own events; "started ... ago" must not.
            await self._env.advance_time(self._lag())
            self._pictures.remember()
            await self._preview.refresh()
        finally:
            self._env.settle_timeout = settle_timeout

    def _lag(self) -> float:
        """Return how many seconds SimCord's clock lags behind real time."""
        return max((datetime.now(UTC) - self._env.now()).total_seconds(), 0.0)

    @asynccontextmanager
    async def pause_refresh(self) -> AsyncGenerator[None]:
        """Suspend refreshes inside the block, so that a person's action is not disturbed."""
        async with self._lock:
            yield

    async def _accept_action(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Accept a click on an outdated page too: the message and the button that it names identify it."""
        async with self.pause_refresh():
            with suppress(SetupError):
                page = self._preview._get_page(context_id)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
                if "published_revision" in body:
                    body = {**body, "published_revision": page.revision}
            self._pictures.remember()
            return await self._simcord_action(context_id, body)
