"""SimCord's page, made to move by itself, without losing a click for it.

SimCord publishes its page anew only when asked, refuses a click made on the picture before the last, refuses to do
two things at once, and calls a click uncertain whose answer takes longer than a look at the bot may. A page that
follows a living bot needs the opposite of all four. (SimCord 3.2.1, pinned.)
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from simcord import Env, Preview, SetupError

from sandbox.markdown_cache import install_markdown_cache
from sandbox.page_pictures import PagePictures

_LOOK_SECONDS = 0.25
"""How long a look may wait for a bot that is busy. What somebody does has the time that `stage` gives: a click whose
answer is not awaited is called uncertain, and its command stays in the composer, to be sent twice."""


class LivePage:
    """Keeps a preview fresh, one thing at a time."""

    def __init__(self, env: Env, preview: Preview) -> None:
        install_markdown_cache()
        self._env = env
        self._preview = preview
        self._turn = asyncio.Lock()
        self._replaced = PagePictures(preview)
        self._act = preview._action  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        preview._action = self._acted  # type: ignore[method-assign]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    async def keep_fresh(self) -> None:
        """Publish whenever the bot has sent something, until cancelled."""
        seen = -1
        while True:
            sent = len(self._env.http_requests)
            if sent != seen:
                # A bot that is busy does not settle in time: tried again.
                with suppress(TimeoutError, SetupError):
                    async with self._turn:
                        await self._look()
                    seen = sent
            await asyncio.sleep(0.25)

    async def _look(self) -> None:
        patience = self._env.settle_timeout
        self._env.settle_timeout = _LOOK_SECONDS
        try:
            # SimCord's time stands still between its own events; "started ... ago" should not.
            await self._env.advance_time(self._behind())
            self._replaced.remember()
            await self._preview.refresh()
        finally:
            self._env.settle_timeout = patience

    def _behind(self) -> float:
        """Return by how many seconds SimCord's clock is behind."""
        return max((datetime.now(UTC) - self._env.now()).total_seconds(), 0.0)

    @asynccontextmanager
    async def pause_refresh(self) -> AsyncGenerator[None]:
        """Keep still while somebody acts."""
        async with self._turn:
            yield

    async def _acted(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a click on an older picture too: it names its message and its button, and only they count."""
        async with self.pause_refresh():
            with suppress(SetupError):
                page = self._preview._get_page(context_id)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
                if "published_revision" in body:
                    body = {**body, "published_revision": page.revision}
            self._replaced.remember()
            return await self._act(context_id, body)
