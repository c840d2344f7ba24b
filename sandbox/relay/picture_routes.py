"""Serve the pictures behind a task's addresses: previews on the way, the finished picture, clips, uploads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from aiohttp import web

from sandbox.pictures import clip, finished, preview
from sandbox.relay.answers import image_error
from sandbox.relay.settings import RelaySettings
from sandbox.relay.tasks.task_table import TaskTable
from sandbox.relay.tasks.upstream_task import MOVING, UpstreamTask

_PATH = re.compile(r"/(?:(picture)/(\d+)/(\d+)\.png|(video)/(\d+)/(\d+)\.\w+|upload/([\w.]+))")
_ATTACHED = re.compile(r"/(?:ephemeral-)?attachments/\d+/(\d+)/[^/]+\.(png|webp)")
_GONE = "This content is no longer available."
_CLIP_SIDE = 480


class PictureRoutes:
    """Draws what is asked for, two pictures at once, off the loop."""

    def __init__(self, settings: RelaySettings, ledger: TaskTable) -> None:
        self._settings = settings
        self._ledger = ledger
        self._brushes = asyncio.Semaphore(2)

    async def image(self, task_id: str, now: float) -> web.Response:
        """Return what `/mj/image/{id}` gives: PNG when finished, WebP before, JSON where there is no picture."""
        row = self._ledger.first(task_id)
        if row is None:
            return image_error(400, "midjourney_task_not_found")
        work, side = row.work, self._settings.picture_side
        # The route reads the address in the row, and so knows no more than a fetch: after a form, the first row.
        if (seen := self._ledger.seen(row, now)) is None:
            return image_error(500, "http_get_image_failed")
        status, percent = work.at(seen)
        if not work.shots or status not in {"IN_PROGRESS", "SUCCESS", "FAILURE"}:
            return image_error(500, "http_get_image_failed")
        if now > work.finished + self._settings.image_seconds:
            return image_error(404, _GONE)
        if status == "SUCCESS" and work.result in MOVING:
            return await self._clip(work, 0)
        async with self._brushes:
            if status == "SUCCESS":
                body = await asyncio.to_thread(finished, work.shots, side, _words(work))
                return web.Response(body=body, content_type="image/png")
            percent = percent if status == "IN_PROGRESS" else 46
            body = await asyncio.to_thread(preview, work.shots, percent, side)
            return web.Response(body=body, content_type="image/webp")

    async def attachment(self, path: str, now: float) -> web.Response:
        """Return what Discord's CDN holds under midjourney-proxy's addresses, until their signature ends."""
        found = _ATTACHED.fullmatch(path)
        row = self._ledger.first(found[1]) if found else None
        if found is None or row is None or not row.work.shots:
            return image_error(404, _GONE)
        work, side = row.work, self._settings.picture_side
        status, percent = work.at(now)
        if now > work.finished + self._settings.image_seconds:
            return image_error(404, _GONE)
        async with self._brushes:
            if found[2] == "webp":
                body = await asyncio.to_thread(preview, work.shots, percent, side)
                return web.Response(body=body, content_type="image/webp")
            if status != "SUCCESS":
                return image_error(404, _GONE)
            body = await asyncio.to_thread(finished, work.shots, side, _words(work))
            return web.Response(body=body, content_type="image/png")

    async def file(self, path: str, uploads: Mapping[str, bytes], now: float) -> web.Response:
        """Return one picture of a grid, one clip of a video, or an upload."""
        if _ATTACHED.fullmatch(path):
            return await self.attachment(path, now)
        found = _PATH.fullmatch(path)
        if found and (upload := uploads.get(found[7] or "")):
            return web.Response(body=upload, content_type="image/png")
        row = self._ledger.first(found[2] or found[5]) if found and not found[7] else None
        if found is None or row is None or now > row.work.finished + self._settings.image_seconds:
            return image_error(404, _GONE)
        work, number = row.work, int(found[3] or found[6])
        if work.at(now)[0] != "SUCCESS" or number >= len(work.shots) or (found[4] and work.result not in MOVING):
            return image_error(404, _GONE)
        if found[4]:
            return await self._clip(work, number)
        async with self._brushes:
            one, side = work.shots[number : number + 1], self._settings.picture_side
            body = await asyncio.to_thread(finished, one, side, _words(work))
        return web.Response(body=body, content_type="image/png")

    async def _clip(self, work: UpstreamTask, number: int) -> web.Response:
        side, kind = min(_CLIP_SIDE, self._settings.picture_side), self._settings.clip_format
        async with self._brushes:
            body = await asyncio.to_thread(clip, work.shots[number], work.plan.film, side, kind)
        return web.Response(body=body, content_type="video/mp4" if kind == "mp4" else "image/webp")


def _words(work: UpstreamTask) -> str:
    return "" if work.result in {"describe", "face"} else work.prompt
