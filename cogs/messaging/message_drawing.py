"""Draw one scene on its message: as it is, or simpler where Discord refuses a part of it."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import discord

from bot.entities import Place
from bot.errors import DisplayRefused, PlaceGone, PlaceUnreachable
from bot.imaging.reencode import Picture
from bot.midjourney.task import Status
from bot.scene import PREVIEW_NAME, FileRefusal, MissingPermission, Scene
from cogs.languages import use_language
from cogs.messaging.discord_refusals import Refusal, RefusalKind, classify_refusal, is_token_dead, may_be_due_to_token
from cogs.messaging.message_routes import MessageRoutes
from cogs.messaging.place_permissions import describe_missing_permissions, find_permissions, may_accept_edits
from cogs.messaging.responses import REQUEST_TIMEOUT_SECONDS
from cogs.messaging.shown_marks import ShownMarks
from cogs.messaging.spoilers import Spoilers
from cogs.views.task_message import RenderedMessage, render_message, render_plain_text

log = logging.getLogger(__name__)

_MAX_CONCURRENT_EDITS = 64
"""How many final edits are sent at once, so that a start with thousands of jobs opens few connections."""
_MAX_CONCURRENT_PROGRESS = 32
"""How many edits that show progress are sent at once; while Discord is slow, no final edit waits for them."""
_UPLOAD_BYTES_PER_SECOND = 128 * 1024
"""The slowest upload that an edit waits for."""


@dataclass(frozen=True)
class _Drawing:
    """A scene, and how simply it is drawn: without the words that a filter may block, an embed, or buttons.

    `has_preview`: the message shows a preview as a file, which a refused picture must not leave behind. `is_spoiler`:
    its pictures are hidden until a person clicks them.
    """

    scene: Scene
    has_preview: bool = False
    is_spoiler: bool = False
    is_careful: bool = False
    is_plain: bool = False
    is_bare: bool = False

    @property
    def files(self) -> list[Picture]:
        """The files to attach: the picture, or the clips."""
        return [file for file in (self.scene.picture, *self.scene.clips) if file is not None]

    @property
    def removes_files(self) -> bool:
        """Whether the files that the message has are removed: a success without new ones keeps its picture."""
        scene = self.scene
        is_success = scene.ending is None and scene.task is not None and scene.task.status is Status.SUCCESS
        return not self.files and (not is_success or (self.has_preview and scene.file_refusal is not None))

    def render(self) -> RenderedMessage:
        """Render the scene."""
        return render_message(self.scene, careful=self.is_careful, plain=self.is_plain, is_spoiler=self.is_spoiler)

    def without_files(self, why: FileRefusal, missing: MissingPermission | None = None) -> "_Drawing | None":
        """Return the drawing with links in place of its files, and the reason; None if it has no files."""
        if not self.files:
            return None
        missing = missing or self.scene.missing_permission
        scene = replace(self.scene, picture=None, clips=(), file_refusal=why, missing_permission=missing)
        return replace(self, scene=scene)

    def as_plain(self, missing: MissingPermission) -> "_Drawing | None":
        """Return the drawing as plain text; None if it is plain already."""
        scene = replace(self.scene, missing_permission=missing)
        return None if self.is_plain else replace(self, is_plain=True, scene=scene)

    def as_careful(self) -> "_Drawing | None":
        """Return the drawing without words of others; None if it is careful already."""
        return None if self.is_careful else replace(self, is_careful=True)

    def as_bare(self) -> "_Drawing | None":
        """Return the drawing without buttons; None if it has none already."""
        return None if self.is_bare else replace(self, is_bare=True)


class SceneDrawer:
    """Draws scenes by the interaction's token until it expires, then as the bot."""

    def __init__(
        self, bot: discord.Client, routes: MessageRoutes, marks: ShownMarks, spoilers: Spoilers | None = None
    ) -> None:
        self._bot = bot
        self._spoilers = spoilers
        self._routes = routes
        self._marks = marks
        self._final_slots = asyncio.Semaphore(_MAX_CONCURRENT_EDITS)
        self._progress_slots = asyncio.Semaphore(_MAX_CONCURRENT_PROGRESS)
        self._previewed: set[int] = set()
        """The messages that show a preview as a file."""

    async def draw(self, scene: Scene) -> bool:
        """Draw a scene as completely as Discord accepts it; return whether the message shows the task's result.

        Buttons that are green stay green.

        Raises:
            PlaceGone: The message or its channel was deleted.
            PlaceUnreachable: Only the token reached it, and it has expired.
            DisplayRefused: Discord accepts nothing there for now.
            discord.HTTPException: Discord failed, or refuses this address for minutes.
        """
        scene = await self._marks.keep(scene)
        has_preview, is_spoiler = scene.job.id in self._previewed, await self._needs_spoiler(scene)
        drawing = _Drawing(scene, has_preview=has_preview, is_spoiler=is_spoiler)
        while True:
            with use_language(scene.job.place.language):
                rendered = drawing.render()
            try:
                await self._edit(drawing, rendered)
            except discord.HTTPException as error:
                refusal = classify_refusal(error, by_token=self._routes.is_token_usable(scene.job.place))
                if error.status >= 500 or refusal.kind is RefusalKind.PAUSE:
                    raise
                simpler = self._simplify(drawing, refusal)
                if simpler is None:
                    raise DisplayRefused(self._explain(scene.job.place, refusal)) from error
                drawing = simpler
                log.warning("Discord refused message %d (%s): drawn more simply.", scene.job.id, refusal.reason)
                await self._routes.take_turn(scene.job.place)
            else:
                self._remember_preview(scene.job.id, drawing)
                return rendered.shows_result

    async def _needs_spoiler(self, scene: Scene) -> bool:
        """Return whether the pictures of a scene, if it has some, are hidden where its message is."""
        task = scene.task
        if self._spoilers is None or task is None or not (scene.picture or any(scene.clips) or task.picture_url):
            return False
        place = scene.job.place
        return await self._spoilers.are_needed(place.guild_id, place.channel_id, is_final=task.status.is_final)

    def _remember_preview(self, message_id: int, drawing: _Drawing) -> None:
        if drawing.removes_files or drawing.files:
            self._previewed.discard(message_id)
        if any(file.name.startswith(PREVIEW_NAME) for file in drawing.files):
            self._previewed.add(message_id)

    def _simplify(self, drawing: _Drawing, refusal: Refusal) -> _Drawing | None:
        """Return what to draw in place of a refused drawing; None if nothing simpler may be accepted."""
        match refusal.kind:
            case RefusalKind.FILE:
                simpler = drawing.without_files(refusal.file or FileRefusal.REFUSED) or drawing.as_careful()
            case RefusalKind.PERMISSION | RefusalKind.EMPTY:
                return self._avoid_permission(drawing, refusal.kind)
            case RefusalKind.BODY:
                simpler = drawing.as_careful() or drawing.without_files(FileRefusal.REFUSED)
            case RefusalKind.UNKNOWN:
                simpler = drawing.without_files(FileRefusal.REFUSED) or drawing.as_careful()
            case _:
                return None
        return simpler or drawing.as_bare()

    def _avoid_permission(self, drawing: _Drawing, kind: RefusalKind) -> _Drawing | None:
        """Return a drawing that needs fewer permissions; what the cache knows to be missing is left out first.

        Return None where the cache knows that the bot may edit nothing: each refusal counts for Discord.
        """
        place = drawing.scene.job.place
        if not self._routes.is_token_usable(place) and not may_accept_edits(self._bot, place):
            return None
        granted = find_permissions(self._bot, place)
        attach = MissingPermission("Attach Files", is_certain=granted is not None and not granted.attach_files)
        embed = MissingPermission("Embed Links", is_certain=granted is not None and not granted.embed_links)
        if kind is RefusalKind.PERMISSION and (granted is None or not granted.attach_files or granted.embed_links):
            linked = drawing.without_files(FileRefusal.FORBIDDEN, attach)
            return linked or drawing.as_plain(embed) or drawing.as_bare()
        plain = drawing.as_plain(embed)
        return plain or drawing.without_files(FileRefusal.FORBIDDEN, attach) or drawing.as_bare()

    def _explain(self, place: Place, refusal: Refusal) -> str:
        missing = describe_missing_permissions(self._bot, place)
        return f"{refusal.reason}; {missing}" if missing else refusal.reason

    async def _edit(self, drawing: _Drawing, rendered: RenderedMessage) -> None:
        place = drawing.scene.job.place
        try:
            if self._routes.is_token_usable(place):
                await self._edit_by_token(drawing, rendered)
            elif place.reachable:
                await self._edit_as_bot(drawing, rendered)
            else:
                raise PlaceUnreachable
        except discord.HTTPException as error:
            if classify_refusal(error).kind is RefusalKind.GONE:
                raise PlaceGone from error
            raise

    async def _edit_by_token(self, drawing: _Drawing, rendered: RenderedMessage) -> None:
        """Edit by the token, or as the bot if Discord may no longer accept the token."""
        place, routes = drawing.scene.job.place, self._routes
        try:
            edit = partial(routes.get_webhook(place).edit_message, place.message_id)
            await self._send(edit, drawing, rendered, place.token)
        except discord.HTTPException as error:
            if is_token_dead(error):
                routes.mark_token_dead(place)
                if not place.reachable:
                    raise PlaceUnreachable from error
            if not place.reachable or not may_be_due_to_token(error):
                raise
            await routes.take_channel(place)
            await self._edit_in_place_of_token(drawing, rendered, error)

    async def _edit_in_place_of_token(
        self, drawing: _Drawing, rendered: RenderedMessage, refused: discord.HTTPException
    ) -> None:
        """Edit as the bot after the token was refused, which is dead if the bot succeeds.

        If the bot has no access there, the token's refusal counts: a simpler drawing may be accepted.
        """
        place = drawing.scene.job.place
        try:
            await self._edit_as_bot(drawing, rendered)
        except discord.HTTPException as error:
            by_token = self._routes.is_token_usable(place)
            raise refused if by_token and classify_refusal(error).kind is RefusalKind.LATER else error from None
        self._routes.mark_token_dead(place)

    async def _edit_as_bot(self, drawing: _Drawing, rendered: RenderedMessage) -> None:
        place = drawing.scene.job.place
        await self._send(self._routes.get_message(place).edit, drawing, rendered, place.channel_id)

    async def _send(
        self, edit: Callable[..., Awaitable[object]], drawing: _Drawing, rendered: RenderedMessage, route: str | int
    ) -> None:
        """Send an edit in its turn.

        A slot is held for a request only: one that was held for a turn, too, could wait for the turn of an edit that
        waits for a slot.
        """
        place, seconds = drawing.scene.job.place, _compute_timeout(drawing)
        async with self._final_slots if drawing.scene.is_final else self._progress_slots:
            await self._routes.send_in_turn(edit(**_build_payload(drawing, rendered)), place, route, seconds)


def _compute_timeout(drawing: _Drawing) -> float:
    """Return for how many seconds an edit may last."""
    return REQUEST_TIMEOUT_SECONDS + sum(len(file.data) for file in drawing.files) / _UPLOAD_BYTES_PER_SECOND


def _build_payload(drawing: _Drawing, rendered: RenderedMessage) -> dict[str, Any]:
    """Return the fields of an edit."""
    payload: dict[str, Any] = {"content": None, "embed": rendered.embed, "view": rendered.view}
    if drawing.is_plain:
        no_mentions = discord.AllowedMentions.none()
        payload |= {"content": render_plain_text(rendered.embed), "embed": None, "allowed_mentions": no_mentions}
    if drawing.is_bare:
        payload["view"] = None
    if files := drawing.files:
        payload["attachments"] = [
            discord.File(
                io.BytesIO(file.data),
                file.name,
                description=rendered.alt_text or None,
                spoiler=drawing.is_spoiler,
            )
            for file in files
        ]
    elif drawing.removes_files:
        payload["attachments"] = []
    return payload
