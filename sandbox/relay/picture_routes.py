"""Serve the files behind a task's URLs: previews, finished pictures, clips, uploads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from aiohttp import web

from sandbox.pictures import render_clip, render_picture, render_preview
from sandbox.relay.answers import image_error
from sandbox.relay.settings import RelaySettings
from sandbox.relay.tasks.task_table import TaskTable
from sandbox.relay.tasks.upstream_task import VIDEO_RESULTS, UpstreamTask

_FILE_PATH = re.compile(r"/(?:(picture)/(\d+)/(\d+)\.png|(video)/(\d+)/(\d+)\.\w+|upload/([\w.]+))")
_ATTACHMENT_PATH = re.compile(r"/(?:ephemeral-)?attachments/\d+/(\d+)/[^/]+\.(png|webp)")
_GONE_TEXT = "This content is no longer available."
_CLIP_SIDE = 480


class PictureRoutes:
    """Draws the requested pictures in threads, at most two at a time."""

    def __init__(self, settings: RelaySettings, table: TaskTable) -> None:
        self._settings = settings
        self._table = table
        self._drawing_slots = asyncio.Semaphore(2)

    async def serve_image(self, task_id: str, now: float) -> web.Response:
        """Answer `/mj/image/{id}`: PNG of a finished task, WebP of a running one, JSON if there is no picture."""
        row = self._table.first(task_id)
        if row is None:
            return image_error(400, "midjourney_task_not_found")
        task, side = row.task, self._settings.picture_side
        # The route reads the URL in the row, so it lags like a fetch: after a form it sees the first row.
        if (read_time := self._table.find_read_time(row, now)) is None:
            return image_error(500, "http_get_image_failed")
        status, percent = task.read_status(read_time)
        if not task.shots or status not in {"IN_PROGRESS", "SUCCESS", "FAILURE"}:
            return image_error(500, "http_get_image_failed")
        if now > task.finished_at + self._settings.image_seconds:
            return image_error(404, _GONE_TEXT)
        if status == "SUCCESS" and task.result in VIDEO_RESULTS:
            return await self._clip(task, 0)
        async with self._drawing_slots:
            if status == "SUCCESS":
                body = await asyncio.to_thread(render_picture, task.shots, side, _find_description(task))
                return web.Response(body=body, content_type="image/png")
            percent = percent if status == "IN_PROGRESS" else 46
            body = await asyncio.to_thread(render_preview, task.shots, percent, side)
            return web.Response(body=body, content_type="image/webp")

    async def serve_attachment(self, path: str, now: float) -> web.Response:
        """Answer one of midjourney-proxy's Discord CDN links, until its signature expires."""
        found = _ATTACHMENT_PATH.fullmatch(path)
        row = self._table.first(found[1]) if found else None
        if found is None or row is None or not row.task.shots:
            return image_error(404, _GONE_TEXT)
        task, side = row.task, self._settings.picture_side
        status, percent = task.read_status(now)
        if now > task.finished_at + self._settings.image_seconds:
            return image_error(404, _GONE_TEXT)
        async with self._drawing_slots:
            if found[2] == "webp":
                body = await asyncio.to_thread(render_preview, task.shots, percent, side)
                return web.Response(body=body, content_type="image/webp")
            if status != "SUCCESS":
                return image_error(404, _GONE_TEXT)
            body = await asyncio.to_thread(render_picture, task.shots, side, _find_description(task))
            return web.Response(body=body, content_type="image/png")

    async def serve_file(self, path: str, uploads: Mapping[str, bytes], now: float) -> web.Response:
        """Answer the link of one picture of a grid, one clip of a video, or an upload."""
        if _ATTACHMENT_PATH.fullmatch(path):
            return await self.serve_attachment(path, now)
        found = _FILE_PATH.fullmatch(path)
        if found and (upload := uploads.get(found[7] or "")):
            return web.Response(body=upload, content_type="image/png")
        row = self._table.first(found[2] or found[5]) if found and not found[7] else None
        if found is None or row is None or now > row.task.finished_at + self._settings.image_seconds:
            return image_error(404, _GONE_TEXT)
        task, number = row.task, int(found[3] or found[6])
        if (
            task.read_status(now)[0] != "SUCCESS"
            or number >= len(task.shots)
            or (found[4] and task.result not in VIDEO_RESULTS)
        ):
            return image_error(404, _GONE_TEXT)
        if found[4]:
            return await self._clip(task, number)
        async with self._drawing_slots:
            one, side = task.shots[number : number + 1], self._settings.picture_side
            body = await asyncio.to_thread(render_picture, one, side, _find_description(task))
        return web.Response(body=body, content_type="image/png")

    async def _clip(self, task: UpstreamTask, number: int) -> web.Response:
        side, kind = min(_CLIP_SIDE, self._settings.picture_side), self._settings.clip_format
        async with self._drawing_slots:
            body = await asyncio.to_thread(render_clip, task.shots[number], task.plan.film, side, kind)
        return web.Response(body=body, content_type="video/mp4" if kind == "mp4" else "image/webp")


def _find_description(task: UpstreamTask) -> str:
    return "" if task.result in {"describe", "face"} else task.prompt
