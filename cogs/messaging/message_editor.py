"""Edit the messages of jobs: choose the route, wait for its rate limit, and recognize messages that are gone."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Sequence
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
from cogs.messaging.responses import REQUEST_ERRORS, REQUEST_TIMEOUT_SECONDS, summarize_error
from cogs.text import limits
from cogs.text.guidance import NOT_SENT
from cogs.text.markdown import clean_and_cut, escape_markdown
from cogs.views.task_message import RenderedMessage, render_message, render_sending

log = logging.getLogger(__name__)

# Discord's JSON error codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes
_GONE_CODES = {10003, 10008, 10004, 50001, 50013, 50083, 50005}
DELETED_CODES = {10003, 10004, 10008}
_TOO_LARGE_CODE = 40005
_BLOCKED_CODES = {200000, 240000}
_UPLOAD_BYTES_PER_SECOND = 128 * 1024
"""The slowest upload that an edit waits for."""
_MAX_CONCURRENT_EDITS = 64
"""How many edits are sent at once, so that a start with thousands of jobs opens few connections."""
_RETRY_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
"""The seconds between tries of a final edit while Discord fails; progress is tried once."""
_BAN_SECONDS = 60.0
_TRANSIENT_ERRORS = (OSError, aiohttp.ClientError, discord.DiscordServerError)
_NAME_LENGTH = 100
_SEARCHED_MESSAGES = 100
"""How many messages after an interaction are searched for an answer to it."""
_RESULT_NOUNS = {"DESCRIBE": "description", "SHORTEN": "list of shorter prompts", "VIDEO": "clip"}
"""What the task of a command makes, if not a picture."""
_T = TypeVar("_T")


class DiscordMessageEditor:
    """Edits messages one at a time each, by the interaction's token until it expires, then as the bot."""

    def __init__(self, bot: discord.Client, rate_limiter: RateLimiter, clock: Clock) -> None:
        self._bot = bot
        self._now = clock.now
        self._sleep = clock.sleep
        self._rate_limiter = rate_limiter
        self._dead_tokens: dict[str, datetime] = {}
        self._unused_turns: dict[int, tuple[str | int, datetime]] = {}
        self._edit_slots = asyncio.Semaphore(_MAX_CONCURRENT_EDITS)

    async def _take_turn(self, place: Place, *, urgent: bool | Callable[[], bool] = True) -> None:
        """Wait until the route to that message may be used, unless a turn that it took before is still unused."""
        by_token = self._is_token_usable(place)
        route = place.token if by_token else place.channel_id
        self._drop_turns()
        if self._unused_turns.get(place.message_id, ("",))[0] == route:
            return
        limit = rate_limits.TOKEN_LIMIT if by_token else rate_limits.CHANNEL_LIMIT
        await self._rate_limiter.acquire(route, limit, as_bot=not by_token, urgent=urgent, awaits_response=True)
        self._unused_turns.pop(place.message_id, None)
        self._unused_turns[place.message_id] = route, self._now()

    def _drop_turns(self) -> None:
        """Forget the turns that were not used in time; the oldest are first."""
        expired = self._now() - timedelta(seconds=rate_limits.RESPONSE_TIMEOUT_SECONDS)
        while self._unused_turns and (oldest := next(iter(self._unused_turns.items())))[1][1] <= expired:
            del self._unused_turns[oldest[0]]

    async def show(self, place: Place, build_scene: SceneBuilder, *, urgent: bool | Callable[[], bool] = True) -> None:
        """Wait until the route to a message may be used, then draw the scene that is true by then.

        An `urgent` drawing goes before others; a function is asked again whenever a turn is given. A turn for which
        `build_scene` returns None is kept for the message's next drawing.

        Raises:
            PlaceGone: The message, its channel or the permission is gone.
            PlaceUnreachable: Only the token reached it, and it has expired.
            DisplayFailed: Discord did not take a final state for two minutes.
        """
        await self._take_turn(place, urgent=urgent)
        scene = await build_scene()
        if scene is not None:
            await self._draw_until_shown(scene)

    async def _draw_until_shown(self, scene: Scene) -> None:
        """Edit a message: try progress once, and a final state again after growing pauses while Discord fails."""
        final = scene.ending is not None or (scene.task is not None and scene.task.status.is_final)
        for pause in (*_RETRY_PAUSES, None) if final else (None,):
            try:
                async with self._edit_slots:
                    await self._draw_once(scene)
            except _TRANSIENT_ERRORS as error:
                log.warning("Message %d could not be drawn: %s.", scene.job.id, type(error).__name__)
            except discord.HTTPException as refused:
                if refused.status != 429 and (refused.status != 403 or refused.code):
                    raise
                # discord.py waits for a limit that names its end; without one, Discord bans this address for minutes.
                log.warning("Discord asks for a pause (%d) at message %d.", refused.status, scene.job.id)
                await self._sleep(_BAN_SECONDS)
            else:
                return
            if pause is not None:
                await self._sleep(pause)
                await self._take_turn(scene.job.place)
        if final:
            raise DisplayFailed("Discord does not answer")

    async def delete(self, place: Place) -> None:
        """Delete a message as the bot if it can reach it, else by the token until it expires.

        Raises:
            PlaceUnreachable: Neither reaches the message anymore.
            DisplayFailed: Discord or the network failed.
        """
        try:
            if place.reachable and await self._send_deletion(self._get_message(place).delete(), place.channel_id):
                return
            if not self._is_token_usable(place):
                raise PlaceUnreachable
            if not await self._send_deletion(self._get_webhook(place).delete_message(place.message_id), place.token):
                raise PlaceUnreachable
        except _TRANSIENT_ERRORS as error:
            raise DisplayFailed(summarize_error(error)) from error

    async def _send_deletion(self, request: Awaitable[object], route: str | int) -> bool:
        """Send a deletion; return whether the message is gone, rather than out of reach of this route."""
        limit = rate_limits.TOKEN_LIMIT if isinstance(route, str) else rate_limits.CHANNEL_LIMIT
        await self._rate_limiter.acquire(route, limit, as_bot=isinstance(route, int), awaits_response=True)
        try:
            await self._send(request, route)
        except discord.HTTPException as error:
            if error.status >= 500 or error.status == 429:
                raise
            return error.code in DELETED_CODES
        return True

    async def notify_requester(self, job: Job, task: Task) -> None:
        """Reply once to a job's message, mentioning its requester; as private as the message."""
        state = "is ready" if task.status is Status.SUCCESS else "has ended"
        what = escape_markdown(clean_and_cut(job.pressed, _NAME_LENGTH)) or _RESULT_NOUNS.get(task.action, "picture")
        content = f"<@{job.requester.id}> your {what} {state}: {job.place.link}"
        only_requester = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.requester.id)], replied_user=False
        )
        place = job.place
        try:
            if place.reachable:
                await self._rate_limiter.acquire(
                    place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, awaits_response=True
                )
                await self._send(
                    self._get_message(place).reply(content, allowed_mentions=only_requester), place.channel_id
                )
            elif self._is_token_usable(place):
                await self._take_turn(place)
                request = self._get_webhook(place).send(
                    content, ephemeral=place.ephemeral, allowed_mentions=only_requester
                )
                await self._send_edit(request, place, place.token)
        except REQUEST_ERRORS as error:
            log.info("Job %d could not notify: %s.", job.id, summarize_error(error))

    async def find_messages(self, place: Place, interaction_id: int) -> Sequence[Place]:
        """Find the bot's messages that answer an interaction, oldest first; none where it cannot read the channel.

        Raises:
            DisplayFailed: Discord or the network failed.
        """
        if place.ephemeral or not place.reachable:
            return []
        await self._rate_limiter.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, awaits_response=True)
        channel = self._bot.get_partial_messageable(place.channel_id, guild_id=place.guild_id or None)
        try:
            messages = await self._send(_read_history(channel, interaction_id), place.channel_id)
        except discord.HTTPException as error:
            if error.status < 500 and error.status != 429:
                return []
            raise DisplayFailed(summarize_error(error)) from error
        except REQUEST_ERRORS as error:
            raise DisplayFailed(summarize_error(error)) from error
        answers = ((one.id, one.interaction_metadata) for one in messages)
        ids = [message_id for message_id, metadata in answers if metadata and metadata.id == interaction_id]
        return [replace(place, message_id=message_id) for message_id in ids]

    async def send_message(self, job: Job) -> Place:
        """Send the message ("Sending") of a paid task that has none, by the token, else as the bot.

        Raises:
            PlaceGone: The channel or the permission is gone.
            PlaceUnreachable: Only the token reached it, and it has expired.
            DisplayFailed: Discord or the network failed.
        """
        place, by_token = job.place, self._is_token_usable(job.place)
        if not by_token and not place.reachable:
            raise PlaceUnreachable
        embed = render_sending(job.requester, job.pressed, Task(id=job.task_id))
        try:
            message = await (self._send_by_token if by_token else self._send_as_bot)(place, embed)
        except discord.HTTPException as error:
            if error.status >= 500 or error.status == 429:
                raise DisplayFailed(summarize_error(error)) from error
            if by_token and place.reachable:
                self._mark_token_dead(place)
                return await self.send_message(job)
            raise PlaceGone(summarize_error(error)) from error
        except REQUEST_ERRORS as error:
            raise DisplayFailed(summarize_error(error)) from error
        return replace(place, message_id=message.id)

    async def _send_by_token(self, place: Place, embed: discord.Embed) -> discord.Message:
        await self._rate_limiter.acquire(place.token, rate_limits.TOKEN_LIMIT, as_bot=False, awaits_response=True)
        request = self._get_webhook(place).send(
            embed=embed, ephemeral=place.ephemeral, allowed_mentions=discord.AllowedMentions.none(), wait=True
        )
        return await self._send(request, place.token)

    async def _send_as_bot(self, place: Place, embed: discord.Embed) -> discord.Message:
        await self._rate_limiter.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, awaits_response=True)
        channel = self._bot.get_partial_messageable(place.channel_id, guild_id=place.guild_id or None)
        return await self._send(channel.send(embed=embed), place.channel_id)

    async def notify_unsent(self, job: Job) -> None:
        """Tell the requester privately that what they pressed was not sent, while the interaction token lives."""
        if not self._is_token_usable(job.place):
            return
        what = escape_markdown(clean_and_cut(job.pressed, _NAME_LENGTH))
        try:
            await self._take_turn(job.place)
            request = self._get_webhook(job.place).send(
                NOT_SENT.format(what=what or "request"),
                ephemeral=True,
                allowed_mentions=discord.AllowedMentions.none(),
            )
            await self._send_edit(request, job.place, job.place.token)
        except REQUEST_ERRORS as error:
            log.info("The requester of job %d got no message: %s.", job.id, summarize_error(error))

    async def fetch_attachment_url(self, place: Place) -> str:
        """Return a fresh link of the picture attached to a message, "" if there is none."""
        if place.ephemeral or not place.reachable:
            return ""
        await self._rate_limiter.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, awaits_response=True)
        try:
            message = await self._send(self._get_message(place).fetch(), place.channel_id)
        except REQUEST_ERRORS:
            return ""
        urls = [attachment.url for attachment in message.attachments]
        # Discord does not list an attachment that an embed shows; other URLs of embeds are not the bot's copies.
        own_path = f"/attachments/{place.channel_id}/"
        urls += [url for embed in message.embeds if (url := embed.image.url or "") and own_path in url]
        return urls[0] if urls else ""

    def max_file_bytes(self, place: Place) -> int:
        """Return how many bytes a file may have there; Discord's default for a server on another process's shard."""
        guild = self._bot.get_guild(place.guild_id) if place.reachable else None
        return max(limits.FILE_BYTES, guild.filesize_limit if guild else 0)

    def _is_token_usable(self, place: Place) -> bool:
        return place.token not in self._dead_tokens and self._now() < place.token_expires_at

    def _get_webhook(self, place: Place) -> discord.Webhook:
        webhook = discord.Webhook.partial(place.application_id, place.token, client=self._bot)
        webhook.type = discord.WebhookType.application  # needed to send ephemeral messages
        return webhook

    def _get_message(self, place: Place) -> discord.PartialMessage:
        channel = self._bot.get_partial_messageable(place.channel_id, guild_id=place.guild_id or None)
        return channel.get_partial_message(place.message_id)

    async def _draw_once(self, scene: Scene) -> None:
        """Edit once; if Discord refuses the body, edit more carefully, and leave out a file that is too large."""
        careful = False
        while True:
            try:
                await self._edit(scene, render_message(scene, careful=careful))
            except discord.HTTPException as refused:
                is_too_large = refused.status == 413 or refused.code == _TOO_LARGE_CODE
                if not is_too_large and refused.status != 400 and refused.code not in _BLOCKED_CODES:
                    raise
                if is_too_large and _get_files(scene):
                    log.warning("The picture of message %d is too large for Discord: linked instead.", scene.job.id)
                    scene = replace(scene, picture=None, clips=())
                elif not careful and not is_too_large:
                    log.warning("Discord refused message %d (%s): drawn more carefully.", scene.job.id, refused.code)
                    careful = True
                else:
                    log.error("Discord refuses message %d: %s.", scene.job.id, refused)  # noqa: TRY400 - its own words
                    return
                await self._take_turn(scene.job.place)
            else:
                return

    async def _edit(self, scene: Scene, rendered: RenderedMessage) -> None:
        place = scene.job.place
        seconds = REQUEST_TIMEOUT_SECONDS + sum(len(file.data) for file in _get_files(scene)) / _UPLOAD_BYTES_PER_SECOND
        if self._is_token_usable(place):
            try:
                edit = self._get_webhook(place).edit_message(place.message_id, **_build_payload(scene, rendered))
                await self._send_edit(edit, place, place.token, seconds)
            except discord.HTTPException as error:
                if error.code in _GONE_CODES:
                    raise PlaceGone from error
                if error.status != 401 and not _is_route_closed(error):
                    raise
                self._mark_token_dead(place)
            else:
                return
            if place.reachable:
                await self._take_turn(place)
        if not place.reachable:
            raise PlaceUnreachable
        try:
            by_bot = self._get_message(place).edit(**_build_payload(scene, rendered))
            await self._send_edit(by_bot, place, place.channel_id, seconds)
        except discord.HTTPException as error:
            if error.code in _GONE_CODES or _is_route_closed(error):
                raise PlaceGone from error
            raise

    def _mark_token_dead(self, place: Place) -> None:
        """Remember a token that Discord refuses, until it would have expired."""
        now = self._now()
        self._dead_tokens = {token: until for token, until in self._dead_tokens.items() if until > now}
        self._dead_tokens[place.token] = place.token_expires_at

    async def _send_edit(
        self, request: Awaitable[object], place: Place, route: str | int, seconds: float = REQUEST_TIMEOUT_SECONDS
    ) -> None:
        """Send the request that uses the turn of this message."""
        self._unused_turns.pop(place.message_id, None)
        await self._send(request, route, seconds)

    async def _send(self, request: Awaitable[_T], route: str | int, seconds: float = REQUEST_TIMEOUT_SECONDS) -> _T:
        try:
            async with asyncio.timeout(seconds):
                return await request
        finally:
            self._rate_limiter.report_response(route)


async def _read_history(channel: discord.PartialMessageable, since: int) -> list[discord.Message]:
    """Return the first messages of a channel after an id."""
    after = discord.Object(since)
    return [message async for message in channel.history(limit=_SEARCHED_MESSAGES, after=after, oldest_first=True)]


def _is_route_closed(error: discord.HTTPException) -> bool:
    """Return whether a route to the message is closed for good; a 403 without a code is a firewall's page."""
    return error.status == 404 or (error.status == 403 and error.code != 0 and error.code not in _BLOCKED_CODES)


def _get_files(scene: Scene) -> list[Picture]:
    """Return the files to attach: the picture, or the clips."""
    return [file for file in (scene.picture, *scene.clips) if file is not None]


def _build_payload(scene: Scene, rendered: RenderedMessage) -> dict[str, Any]:
    """Return the fields of an edit; a success without new files keeps the old ones, any other state removes them."""
    payload: dict[str, Any] = {"embed": rendered.embed, "view": rendered.view}
    if files := _get_files(scene):
        payload["attachments"] = [
            discord.File(io.BytesIO(file.data), file.name, description=rendered.alt_text or None) for file in files
        ]
    elif scene.ending is not None or scene.task is None or scene.task.status is not Status.SUCCESS:
        payload["attachments"] = []
    return payload
