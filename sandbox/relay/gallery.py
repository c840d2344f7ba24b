"""Serve the pictures behind a task's addresses: previews on the way, the finished picture, clips, uploads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from sandbox.pictures import clip, finished, preview
from sandbox.relay.answers import image_error
from sandbox.relay.settings import RelaySettings
from sandbox.relay.tasks import Ledger


class Gallery:
    """Draws what is asked for, two pictures at once, off the loop."""

    def __init__(self, settings: RelaySettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._brushes = asyncio.Semaphore(2)

    async def image(self, task_id: str, now: float) -> web.Response:
        """Return what `/mj/image/{id}` gives: PNG when finished, WebP before, JSON where there is no picture."""
        row = self._ledger.first(task_id)
        if row is None:
            return image_error(400, "midjourney_task_not_found")
        work, side = row.work, self._settings.picture_side
        status, percent = work.at(now)
        if not work.shots or status not in {"IN_PROGRESS", "SUCCESS", "FAILURE"}:
            return image_error(500, "http_get_image_failed")
        if now > work.finished + self._settings.image_seconds:
            return image_error(404, "This content is no longer available.")
        if status == "SUCCESS" and work.result in {"video", "clip"}:
            return await self.picture(f"/video/{task_id}/0.webp", {})
        async with self._brushes:
            if status == "SUCCESS":
                body = await asyncio.to_thread(finished, work.shots, side)
                return web.Response(body=body, content_type="image/png")
            percent = percent if status == "IN_PROGRESS" else 46
            body = await asyncio.to_thread(preview, work.shots, percent, side)
            return web.Response(body=body, content_type="image/webp")

    async def picture(self, path: str, uploads: Mapping[str, bytes]) -> web.Response:
        """Return a clip (`/video/{id}/{n}.webp`) or an upload (`/upload/{name}`)."""
        _, kind, name, *rest = path.split("/")
        if kind == "upload" and name in uploads:
            return web.Response(body=uploads[name], content_type="image/png")
        row = self._ledger.first(name)
        number = rest[0].removesuffix(".webp") if rest else ""
        if row is None or not number.isdecimal() or int(number) >= len(row.work.shots):
            return image_error(404, "This content is no longer available.")
        side = min(320, self._settings.picture_side)
        async with self._brushes:
            body = await asyncio.to_thread(clip, row.work.shots[int(number)], side)
        return web.Response(body=body, content_type="image/webp")
