"""Draws jobs on Discord by message id: knows the routes, their budgets, and the messages that are gone."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import discord

from bot.clock import Clock
from bot.entities import Job, Place
from bot.errors import DisplayFailed, PlaceGone, PlaceUnreachable
from bot.imaging.reencode import Picture
from bot.midjourney.task import Status, Task
from bot.ports import SceneBuilder
from bot.scene import Scene
from cogs.messaging import rate_limits
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import REQUEST_TIMEOUT_SECONDS, summarize_error
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, escape_markdown
from cogs.views.task_message import RenderedMessage, render_message

log = logging.getLogger(__name__)

# Discord's JSON error codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes
_GONE = {10003, 10008, 10004, 50001, 50013, 50083, 50005}
_DELETED = {10003, 10004, 10008}
_TOO_LARGE = 40005
_BLOCKED = {200000, 240000}
_UPLOAD_RATE = 128 * 1024
"""How many bytes a second a picture is sent with at least: an edit that brings one may take that much longer."""
_AT_ONCE = 64
"""How many drawings may be on their way: a start with thousands would else open as many connections."""
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
"""Between tries at a final drawing while Discord itself fails; progress is tried once."""
_BAN_SECONDS = 60.0
_TRANSIENT = (OSError, aiohttp.ClientError, discord.DiscordServerError)
_WHAT = 100
_NOUNS = {"DESCRIBE": "description", "SHORTEN": "list of shorter prompts", "VIDEO": "clip"}
"""What a command's task makes, where that is no picture."""
_T = TypeVar("_T")


class DiscordMessageEditor:
    """The Display of Discord: one edit at a time for each message, by token while it lives, then as the bot."""

    def __init__(self, bot: discord.Client, turns: RateLimiter, clock: Clock) -> None:
        self._bot = bot
        self._now = clock.now
        self._sleep = clock.sleep
        self._turns = turns
        self._dead: dict[str, datetime] = {}
        self._in_hand: dict[int, tuple[str | int, datetime]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def _take_turn(self, place: Place, *, urgent: bool | Callable[[], bool] = True) -> None:
        """Wait until the route to that message may be used, unless a turn that it took before is still unused."""
        by_token = self._by_token(place)
        route = place.token if by_token else place.channel_id
        self._drop_turns()
        if self._in_hand.get(place.message_id, ("",))[0] == route:
            return
        figures = rate_limits.TOKEN_LIMIT if by_token else rate_limits.CHANNEL_LIMIT
        await self._turns.acquire(route, figures, as_bot=not by_token, urgent=urgent, told=True)
        self._in_hand.pop(place.message_id, None)
        self._in_hand[place.message_id] = route, self._now()

    def _drop_turns(self) -> None:
        """Forget the turns that nobody used while they were good; the oldest stand first."""
        good = self._now() - timedelta(seconds=rate_limits.RESPONSE_TIMEOUT_SECONDS)
        while self._in_hand and (oldest := next(iter(self._in_hand.items())))[1][1] <= good:
            del self._in_hand[oldest[0]]

    async def show(self, place: Place, build_scene: SceneBuilder, *, urgent: bool | Callable[[], bool] = True) -> None:
        """Wait until the route to a message may be used, then draw the scene that is true by then.

        An `urgent` drawing goes before others; a function is asked again whenever a turn is given. A turn for which
        `build_scene` returns None is kept for the message's next drawing.

        Raises:
            PlaceGone: The message, its channel or the permission is gone.
            PlaceUnreachable: Only the token reached it, and it has expired.
        """
        await self._take_turn(place, urgent=urgent)
        scene = await build_scene()
        if scene is not None:
            await self._draw_until_shown(scene)

    async def _draw_until_shown(self, scene: Scene) -> None:
        """Draw a message: progress once, an end again after growing pauses while Discord fails."""
        final = scene.ending is not None or (scene.task is not None and scene.task.status.is_final)
        for pause in (*_PAUSES, None) if final else (None,):
            try:
                async with self._places:
                    await self._draw(scene)
            except _TRANSIENT as error:
                log.warning("Message %d could not be drawn: %s.", scene.job.id, type(error).__name__)
            except discord.HTTPException as refused:
                if refused.status != 429 and (refused.status != 403 or refused.code):
                    raise
                # discord.py waits out what names its end; what does not is a ban of this address for minutes.
                log.warning("Discord asks for a pause (%d) at message %d.", refused.status, scene.job.id)
                await self._sleep(_BAN_SECONDS)
            else:
                return
            if pause is not None:
                await self._sleep(pause)
                await self._take_turn(scene.job.place)
        if final:
            log.error("The end of message %d stays untold: Discord does not answer.", scene.job.id)

    async def delete(self, place: Place) -> None:
        """Delete a message: as the bot where it reaches it, else by the token while it lives.

        Raises:
            PlaceUnreachable: Neither leads there any more.
            DisplayFailed: Discord, or the network, failed.
        """
        try:
            if place.reachable and await self._removed(self._message(place).delete(), place.channel_id):
                return
            if not self._by_token(place):
                raise PlaceUnreachable
            if not await self._removed(self._webhook(place).delete_message(place.message_id), place.token):
                raise PlaceUnreachable
        except _TRANSIENT as error:
            raise DisplayFailed(summarize_error(error)) from error

    async def _removed(self, request: Awaitable[object], route: str | int) -> bool:
        """Send a deletion; tell whether the message is gone, by whomever, rather than closed to this way."""
        figures = rate_limits.TOKEN_LIMIT if isinstance(route, str) else rate_limits.CHANNEL_LIMIT
        await self._turns.acquire(route, figures, as_bot=isinstance(route, int), told=True)
        try:
            await self._sent(request, route)
        except discord.HTTPException as error:
            if error.status >= 500 or error.status == 429:
                raise
            return error.code in _DELETED
        return True

    async def notify_requester(self, job: Job, task: Task) -> None:
        """Reply once to a job's message, mentioning its requester; as private as the message."""
        said = "is ready" if task.status is Status.SUCCESS else "has ended"
        what = escape_markdown(clean_and_cut(job.pressed, _WHAT)) or _NOUNS.get(task.action, "picture")
        content = f"<@{job.requester.id}> your {what} {said}: {job.place.link}"
        only_them = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.requester.id)], replied_user=False
        )
        place = job.place
        try:
            if place.reachable:
                await self._turns.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, told=True)
                await self._sent(self._message(place).reply(content, allowed_mentions=only_them), place.channel_id)
            elif self._by_token(place):
                await self._take_turn(place)
                sending = self._webhook(place).send(content, ephemeral=place.ephemeral, allowed_mentions=only_them)
                await self._drawn(sending, place, place.token)
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            log.info("Job %d could not notify: %s.", job.id, summarize_error(error))

    async def fetch_attachment_url(self, place: Place) -> str:
        """Return a fresh link of the picture attached to that message, empty where there is none."""
        if place.ephemeral or not place.reachable:
            return ""
        await self._turns.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, told=True)
        try:
            message = await self._sent(self._message(place).fetch(), place.channel_id)
        except (discord.HTTPException, OSError, aiohttp.ClientError):
            return ""
        shown = [attachment.url for attachment in message.attachments]
        # What an embed shows is not among the attachments; what it only links to is no copy of ours.
        ours = f"/attachments/{place.channel_id}/"
        shown += [url for embed in message.embeds if (url := embed.image.url or "") and ours in url]
        return shown[0] if shown else ""

    def max_file_bytes(self, place: Place) -> int:
        """Return how many bytes a file may have there; of a server on another process's shard, what all may have."""
        guild = self._bot.get_guild(place.guild_id) if place.reachable else None
        return max(limits.FILE_BYTES, guild.filesize_limit if guild else 0)

    def _by_token(self, place: Place) -> bool:
        return place.token not in self._dead and self._now() < place.token_expires_at

    def _webhook(self, place: Place) -> discord.Webhook:
        webhook = discord.Webhook.partial(place.application_id, place.token, client=self._bot)
        webhook.type = discord.WebhookType.application  # without which it sends nothing ephemeral
        return webhook

    def _message(self, place: Place) -> discord.PartialMessage:
        channel = self._bot.get_partial_messageable(place.channel_id, guild_id=place.guild_id or None)
        return channel.get_partial_message(place.message_id)

    async def _draw(self, scene: Scene) -> None:
        """Draw once; a body that Discord refuses is drawn more carefully, a file that is too large left out."""
        careful = False
        while True:
            try:
                await self._edit(scene, render_message(scene, careful=careful))
            except discord.HTTPException as refused:
                large = refused.status == 413 or refused.code == _TOO_LARGE
                if not large and refused.status != 400 and refused.code not in _BLOCKED:
                    raise
                if large and _files(scene):
                    log.warning("The picture of message %d is too large for Discord: linked instead.", scene.job.id)
                    scene = replace(scene, picture=None, clips=())
                elif not careful and not large:
                    log.warning("Discord refused message %d (%s): drawn more carefully.", scene.job.id, refused.code)
                    careful = True
                else:
                    log.error("Discord refuses message %d: %s.", scene.job.id, refused)  # noqa: TRY400 - its own words
                    return
                await self._take_turn(scene.job.place)
            else:
                return

    async def _edit(self, scene: Scene, drawing: RenderedMessage) -> None:
        place = scene.job.place
        seconds = REQUEST_TIMEOUT_SECONDS + sum(len(file.data) for file in _files(scene)) / _UPLOAD_RATE
        if self._by_token(place):
            try:
                edit = self._webhook(place).edit_message(place.message_id, **_payload(scene, drawing))
                await self._drawn(edit, place, place.token, seconds)
            except discord.HTTPException as error:
                if error.code in _GONE:
                    raise PlaceGone from error
                if error.status != 401 and not _is_shut(error):
                    raise
                self._bury(place)
            else:
                return
            if place.reachable:
                await self._take_turn(place)
        if not place.reachable:
            raise PlaceUnreachable
        try:
            by_bot = self._message(place).edit(**_payload(scene, drawing))
            await self._drawn(by_bot, place, place.channel_id, seconds)
        except discord.HTTPException as error:
            if error.code in _GONE or _is_shut(error):
                raise PlaceGone from error
            raise

    def _bury(self, place: Place) -> None:
        """Remember a token that died early, for as long as it would be tried."""
        now = self._now()
        self._dead = {token: until for token, until in self._dead.items() if until > now}
        self._dead[place.token] = place.token_expires_at

    async def _drawn(
        self, request: Awaitable[object], place: Place, route: str | int, seconds: float = REQUEST_TIMEOUT_SECONDS
    ) -> None:
        """Send what this message's turn was for."""
        self._in_hand.pop(place.message_id, None)
        await self._sent(request, route, seconds)

    async def _sent(self, request: Awaitable[_T], route: str | int, seconds: float = REQUEST_TIMEOUT_SECONDS) -> _T:
        try:
            async with asyncio.timeout(seconds):
                return await request
        finally:
            self._turns.report_response(route)


def _is_shut(error: discord.HTTPException) -> bool:
    """Tell whether this way to the message is closed for good; a 403 without a code is a firewall's page."""
    return error.status == 404 or (error.status == 403 and error.code != 0 and error.code not in _BLOCKED)


def _files(scene: Scene) -> list[Picture]:
    """Return what a message brings: its picture, or its clips."""
    return [file for file in (scene.picture, *scene.clips) if file is not None]


def _payload(scene: Scene, drawing: RenderedMessage) -> dict[str, Any]:
    """Return what an edit sends: the whole message; a success leaves the files that it has, everything else none."""
    payload: dict[str, Any] = {"embed": drawing.embed, "view": drawing.view}
    if files := _files(scene):
        payload["attachments"] = [
            discord.File(io.BytesIO(file.data), file.name, description=drawing.alt_text or None) for file in files
        ]
    elif scene.ending is not None or scene.task is None or scene.task.status is not Status.SUCCESS:
        payload["attachments"] = []
    return payload
