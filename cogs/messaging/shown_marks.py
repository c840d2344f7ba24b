"""The green marks that a message shows: a drawing keeps them, even if the database lost the presses."""

import logging
from dataclasses import replace

import discord

from bot.clock import Clock
from bot.entities import ButtonStates, Place, PressedButton, compute_id_time
from bot.midjourney.buttons import get_claim_key, hash_custom_id
from bot.midjourney.task import Button, Status, Task
from bot.scene import Scene, SubmitRetry
from cogs.components.custom_ids import TaskCustomId
from cogs.messaging.discord_refusals import RefusalKind, classify_refusal, is_token_dead
from cogs.messaging.message_routes import MessageRoutes
from cogs.messaging.responses import summarize_error

log = logging.getLogger(__name__)

_GREEN_STYLE = 3
"""Discord's number for a green button, which a relay may send for one that was never pressed."""


class ShownMarks:
    """Reads the green marks of messages that are older than this process, once each, before it redraws them.

    A database restored from a backup does not know the presses since, and only the message does. A newer message
    shows nothing that the database of this process does not know.
    """

    def __init__(self, routes: MessageRoutes, clock: Clock) -> None:
        self._routes = routes
        self._clock = clock
        self._began_at = clock.monotonic()
        self._known: dict[int, frozenset[str]] = {}
        """The keys of the green buttons of each message that was read."""
        self._unread: set[int] = set()

    def is_unread(self, message_id: int) -> bool:
        """Return whether a message was redrawn although its marks could not be read."""
        return message_id in self._unread

    async def keep(self, scene: Scene) -> Scene:
        """Return a scene with the marks that its message shows.

        Raises:
            discord.HTTPException: Discord failed, or refuses this address for minutes.
        """
        place = scene.job.place
        if place.message_id not in self._known:
            if not self._is_older_than_process(place):
                return scene
            self._known[place.message_id] = await self._read(place) if _may_replace_buttons(scene) else frozenset()
        return replace(scene, marks=keep_marks(self._known[place.message_id], scene.task, scene.marks))

    def _is_older_than_process(self, place: Place) -> bool:
        # Computed anew: Discord's responses correct the clock after the start.
        return not place.is_reserved and compute_id_time(place.message_id) < self._clock.convert_to_time(self._began_at)

    async def _read(self, place: Place) -> frozenset[str]:
        """Return the keys of a message's green buttons; none where it cannot be read."""
        try:
            message = await self._fetch(place)
        except discord.HTTPException as error:
            refusal = classify_refusal(error)
            if error.status >= 500 or refusal.kind is RefusalKind.PAUSE:
                raise
            if refusal.kind is not RefusalKind.GONE:
                self._unread.add(place.message_id)
            log.info("The buttons of message %d cannot be read: %s.", place.message_id, summarize_error(error))
            return frozenset()
        return find_pressed_keys(message) if message is not None else frozenset()

    async def _fetch(self, place: Place) -> discord.Message | None:
        """Fetch a message as the bot, or by the token where only that reaches it; None if nothing does."""
        routes = self._routes
        has_token = routes.is_token_usable(place)
        if not place.reachable or place.ephemeral:
            return await self._fetch_by_token(place) if has_token else None
        request = routes.get_message(place).fetch()
        if has_token:  # the turn that was taken is the token's
            await routes.take_channel(place)
            return await routes.send(request, place.channel_id)
        try:
            return await routes.send_in_turn(request, place, place.channel_id)
        finally:
            await routes.take_turn(place)

    async def _fetch_by_token(self, place: Place) -> discord.Message:
        try:
            request = self._routes.get_webhook(place).fetch_message(place.message_id)
            return await self._routes.send_in_turn(request, place, place.token)
        except discord.HTTPException as error:
            if is_token_dead(error):
                self._routes.mark_token_dead(place)
            raise
        finally:
            await self._routes.take_turn(place)


def _may_replace_buttons(scene: Scene) -> bool:
    """Return whether a message may show buttons to press before this scene is drawn.

    It does not where the relay has just told that its task goes on, or failed: only a success has such buttons.
    """
    if isinstance(scene.phase, SubmitRetry):
        return False
    has_news = scene.task is not None and scene.task.status is not Status.SUCCESS and scene.silent_since is None
    return scene.phase is not None or not has_news


def keep_marks(keys: frozenset[str], task: Task | None, marks: ButtonStates) -> ButtonStates:
    """Return marks with those of more pressed buttons, by key, without the buttons that the relay itself sent green."""
    buttons = task.buttons if task else ()
    green = {key for one in buttons if one.style == _GREEN_STYLE for key in get_button_keys(one)}
    kept = {key: PressedButton("", "", is_finished=True) for key in keys - green}
    return replace(marks, pressed={**kept, **marks.pressed}) if kept else marks


def get_button_keys(button: Button) -> set[str]:
    """Return the keys under which a press of a button may be stored."""
    return {hash_custom_id(button.custom_id), get_claim_key(button.custom_id)}


def find_pressed_keys(message: discord.Message) -> frozenset[str]:
    """Return the keys of the buttons that a message shows as pressed."""
    return frozenset(click.key for click, is_pressed in read_buttons(message) if is_pressed)


def read_buttons(message: discord.Message) -> list[tuple[TaskCustomId, bool]]:
    """Return the buttons of a message, including those in its menu, and whether each was pressed."""
    parts = [part for row in message.components if isinstance(row, discord.ActionRow) for part in row.children]
    green = discord.ButtonStyle.success
    seen = [(part.custom_id or "", part.style is green) for part in parts if isinstance(part, discord.Button)]
    menus = [part for part in parts if isinstance(part, discord.SelectMenu)]
    seen += [(option.value, bool(option.description)) for menu in menus for option in menu.options]
    return [(click, pressed) for name, pressed in seen if (click := TaskCustomId.parse(name)) is not None]
