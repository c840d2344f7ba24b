"""Edit, send and delete the messages of jobs, each request within its route's rate limit."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import aiohttp
import discord

from bot.clock import Clock
from bot.entities import Job, Place
from bot.errors import DisplayError, DisplayFailed, DisplayRefused, PlaceGone, PlaceUnreachable
from bot.midjourney.task import Status, Task
from bot.ports import SceneBuilder
from bot.scene import Scene
from cogs.languages import N_, _, use_language
from cogs.messaging.blocked_requests import RequestsBlocked
from cogs.messaging.discord_refusals import (
    CLOSED_THREAD_CODES,
    DELETED_CODES,
    RefusalKind,
    classify_refusal,
    is_firewall_refusal,
    is_token_dead,
)
from cogs.messaging.message_drawing import SceneDrawer
from cogs.messaging.message_routes import MessageRoutes
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import REQUEST_ERRORS, summarize_error
from cogs.messaging.shown_marks import ShownMarks
from cogs.messaging.spoilers import Spoilers
from cogs.text import limits
from cogs.text.guidance import NOT_SENT, NOTIFY_ENDED, NOTIFY_NOT_SHOWN, NOTIFY_READY
from cogs.text.markdown import clean_and_cut, escape_markdown
from cogs.views.result_names import localize_button_name
from cogs.views.task_message import render_sending

log = logging.getLogger(__name__)

_RETRY_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
"""The seconds between tries of a final edit while Discord fails; progress is tried once."""
_BAN_SECONDS = 60.0
_REFUSED_PROGRESS_SECONDS = 300.0
"""How long no progress is tried on a message that refused it: 10,000 refusals in ten minutes block the address."""
_TRANSIENT_ERRORS = (OSError, aiohttp.ClientError, discord.DiscordServerError)
_NAME_LENGTH = 100
_SEARCHED_MESSAGES = 100
"""How many messages after an interaction are searched for an answer to it."""
_PICTURE = N_("picture")
_RESULT_NOUNS = {"DESCRIBE": N_("description"), "SHORTEN": N_("list of shorter prompts"), "VIDEO": N_("clip")}
"""What the task of a command makes, if not a picture."""


class DiscordMessageEditor:
    """Edits messages one at a time each, by the interaction's token until it expires, then as the bot.

    Without `spoilers`, no picture is hidden.
    """

    def __init__(
        self, bot: discord.Client, rate_limiter: RateLimiter, clock: Clock, spoilers: Spoilers | None = None
    ) -> None:
        self._bot = bot
        self._sleep = clock.sleep
        self._monotonic = clock.monotonic
        self._progress_from: dict[int, float] = {}
        """When progress may be tried again on messages that refused it."""
        self._routes = MessageRoutes(bot, rate_limiter, clock)
        self._marks = ShownMarks(self._routes, clock)
        self._drawer = SceneDrawer(bot, self._routes, self._marks, spoilers)

    async def show(self, place: Place, build_scene: SceneBuilder, *, urgent: bool | Callable[[], bool] = True) -> bool:
        """Wait until the route to a message may be used, then draw the scene that is true by then.

        An `urgent` drawing goes before others; a function is asked again whenever a turn is given. A turn for which
        `build_scene` returns None is kept for the message's next drawing.

        Return whether the message shows what its task made, of which Discord may refuse the files.

        Raises:
            PlaceGone: The message or its channel was deleted.
            PlaceUnreachable: Only the token reached it, and it has expired.
            DisplayRefused: Discord accepts no final state there for now.
            DisplayFailed: Discord did not take a final state for two minutes.
        """
        await self._routes.take_turn(place, urgent=urgent)
        scene = await build_scene()
        return scene is not None and await self._draw_until_shown(scene)

    async def _draw_until_shown(self, scene: Scene) -> bool:
        """Edit a message: try progress once, and a final state again after growing pauses while Discord fails."""
        final = scene.is_final
        if not final and self._progress_from.get(scene.job.id, 0.0) > self._monotonic():
            return False
        for pause in (*_RETRY_PAUSES, None) if final else (None,):
            try:
                return await self._drawer.draw(scene)
            except DisplayRefused as refused:
                if final:
                    raise
                log.info("Message %d cannot show progress: %s.", scene.job.id, refused)
                self._pause_progress(scene.job.id)
                return False
            except _TRANSIENT_ERRORS as error:
                level = logging.DEBUG if isinstance(error, RequestsBlocked) else logging.WARNING
                log.log(level, "Message %d could not be drawn: %s.", scene.job.id, type(error).__name__)
            except discord.HTTPException as refused:
                # discord.py waits for a limit that names its end; without one, Discord bans this address for minutes.
                log.warning("Discord asks for a pause (%d) at message %d.", refused.status, scene.job.id)
                await self._sleep(_BAN_SECONDS)
            if pause is not None:
                await self._sleep(pause)
                await self._routes.take_turn(scene.job.place)
        if final:
            raise DisplayFailed("Discord does not answer")
        return False

    def _pause_progress(self, message_id: int) -> None:
        now = self._monotonic()
        self._progress_from = {one: at for one, at in self._progress_from.items() if at > now}
        self._progress_from[message_id] = now + _REFUSED_PROGRESS_SECONDS

    async def delete(self, place: Place) -> None:
        """Delete a message as the bot if it can reach it, else by the token until it expires.

        Raises:
            PlaceUnreachable: Neither reaches the message anymore.
            DisplayFailed: Discord or the network failed, or the message is in a closed thread.
        """
        try:
            if place.reachable:
                await self._routes.take_channel(place)
                if await self._send_deletion(self._routes.get_message(place).delete(), place.channel_id):
                    return
            if not self._routes.is_token_usable(place):
                raise PlaceUnreachable
            await self._routes.take_token(place)
            deletion = self._routes.get_webhook(place).delete_message(place.message_id)
            if not await self._send_deletion(deletion, place.token):
                raise PlaceUnreachable
        except _TRANSIENT_ERRORS as error:
            raise DisplayFailed(summarize_error(error)) from error

    async def _send_deletion(self, request: Awaitable[object], route: str | int) -> bool:
        """Send a deletion; return whether the message is gone, rather than out of reach of this route."""
        try:
            await self._routes.send(request, route)
        except discord.HTTPException as error:
            if error.status >= 500 or error.status == 429:
                raise
            if error.code in CLOSED_THREAD_CODES:
                raise DisplayRefused(summarize_error(error)) from error
            return error.code in DELETED_CODES
        return True

    async def notify_requester(self, job: Job, task: Task, *, is_shown: bool) -> None:
        """Reply once to a job's message, mentioning its requester; as private as the message.

        `is_shown`: the message shows what the task made.
        """
        template = NOTIFY_ENDED
        if task.status is Status.SUCCESS:
            template = NOTIFY_READY if is_shown else NOTIFY_NOT_SHOWN
        with use_language(job.place.language):
            what = _name_press(job) or _(_RESULT_NOUNS.get(task.action, _PICTURE))
            content = _(template).format(person=job.requester.id, what=what, link=job.place.link)
        only_requester = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.requester.id)], replied_user=False
        )
        place = job.place
        try:
            if place.reachable:
                await self._routes.take_channel(place)
                await self._routes.send(
                    self._routes.get_message(place).reply(content, allowed_mentions=only_requester), place.channel_id
                )
            elif self._routes.is_token_usable(place):
                await self._routes.take_turn(place)
                request = self._routes.get_webhook(place).send(
                    content, ephemeral=place.ephemeral, allowed_mentions=only_requester
                )
                await self._routes.send_in_turn(request, place, place.token)
        except REQUEST_ERRORS as error:
            log.info("Job %d could not notify: %s.", job.id, summarize_error(error))

    async def find_messages(self, place: Place, interaction_id: int) -> Sequence[Place]:
        """Find the bot's messages that answer an interaction, oldest first; none where it cannot read the channel.

        Raises:
            DisplayFailed: Discord or the network failed.
        """
        if place.ephemeral or not place.reachable:
            return []
        await self._routes.take_channel(place)
        channel = self._routes.get_channel(place)
        try:
            messages = await self._routes.send(_read_history(channel, interaction_id), place.channel_id)
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
            PlaceGone: The channel was deleted.
            PlaceUnreachable: Only the token reached it, and it has expired.
            DisplayFailed: Discord or the network failed, or Discord accepts no message there for now.
        """
        place = job.place
        failure: DisplayError = PlaceUnreachable()
        with use_language(place.language):
            embed = render_sending(job.requester, job.pressed, Task(id=job.task_id))
        by_token = [self._send_by_token] if self._routes.is_token_usable(place) else []
        for send in [*by_token, self._send_as_bot] if place.reachable else by_token:
            try:
                message = await send(place, embed)
            except discord.HTTPException as error:
                failure = self._explain_unsent(place, error)
            except REQUEST_ERRORS as error:
                raise DisplayFailed(summarize_error(error)) from error
            else:
                return replace(place, message_id=message.id)
        raise failure

    def _explain_unsent(self, place: Place, refused: discord.HTTPException) -> DisplayError:
        """Return why a message was refused; raise DisplayFailed if Discord failed, or refuses this address."""
        refusal = classify_refusal(refused)
        if refused.status >= 500 or refusal.kind is RefusalKind.PAUSE or is_firewall_refusal(refused):
            raise DisplayFailed(summarize_error(refused)) from refused
        if is_token_dead(refused):
            self._routes.mark_token_dead(place)
            return PlaceUnreachable()
        return (PlaceGone if refusal.kind is RefusalKind.GONE else DisplayRefused)(refusal.reason)

    async def _send_by_token(self, place: Place, embed: discord.Embed) -> discord.Message:
        await self._routes.take_token(place)
        request = self._routes.get_webhook(place).send(
            embed=embed, ephemeral=place.ephemeral, allowed_mentions=discord.AllowedMentions.none(), wait=True
        )
        return await self._routes.send(request, place.token)

    async def _send_as_bot(self, place: Place, embed: discord.Embed) -> discord.Message:
        await self._routes.take_channel(place)
        channel = self._routes.get_channel(place)
        return await self._routes.send(channel.send(embed=embed), place.channel_id)

    async def notify_unsent(self, job: Job) -> None:
        """Tell the requester privately that what they pressed was not sent, while the interaction token lives."""
        if not self._routes.is_token_usable(job.place):
            return
        with use_language(job.place.language):
            content = _(NOT_SENT).format(what=_name_press(job) or _("request"))
        try:
            await self._routes.take_turn(job.place)
            request = self._routes.get_webhook(job.place).send(
                content, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
            )
            await self._routes.send_in_turn(request, job.place, job.place.token)
        except REQUEST_ERRORS as error:
            log.info("The requester of job %d got no message: %s.", job.id, summarize_error(error))

    async def fetch_attachment_url(self, place: Place) -> str:
        """Return a fresh link of the picture attached to a message, "" if there is none."""
        if place.ephemeral or not place.reachable:
            return ""
        await self._routes.take_channel(place)
        try:
            message = await self._routes.send(self._routes.get_message(place).fetch(), place.channel_id)
        except REQUEST_ERRORS:
            return ""
        urls = [attachment.url for attachment in message.attachments]
        # Discord does not list an attachment that an embed shows; other URLs of embeds are not the bot's copies.
        own_path = f"/attachments/{place.channel_id}/"
        urls += [url for embed in message.embeds if (url := embed.image.url or "") and own_path in url]
        return urls[0] if urls else ""

    def has_unread_buttons(self, message_id: int) -> bool:
        """Return whether a message was redrawn although it could not be read which of its buttons were green."""
        return self._marks.is_unread(message_id)

    def max_file_bytes(self, place: Place) -> int:
        """Return how many bytes a file may have there; Discord's default for a server on another process's shard."""
        guild = self._bot.get_guild(place.guild_id) if place.reachable else None
        return max(limits.FILE_BYTES, guild.filesize_limit if guild else 0)


def _name_press(job: Job) -> str:
    """Name the button of a job in the language of the moment; "" for a command."""
    return escape_markdown(clean_and_cut(localize_button_name(job.pressed), _NAME_LENGTH))


async def _read_history(channel: discord.PartialMessageable, since: int) -> list[discord.Message]:
    """Return the first messages of a channel after an id."""
    after = discord.Object(since)
    return [message async for message in channel.history(limit=_SEARCHED_MESSAGES, after=after, oldest_first=True)]
