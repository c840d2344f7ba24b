"""What follows the first response to a click or command: its child message, marked buttons, private sentences."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import TypeVar

import discord
from discord import ui

from bot.entities import ButtonStates, LimitUsedUp, Place, PressedButton
from bot.errors import DisplayError, DisplayFailed, MjbotError, PlaceGone
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.buttons import ButtonKind
from bot.midjourney.task import Task
from bot.midjourney.text_results import ShortenResult
from cogs.context import Interaction, get_clicked_place, to_person, to_place
from cogs.languages import use_language
from cogs.messaging import rate_limits
from cogs.messaging.discord_refusals import DELETED_CODES, RefusalKind, classify_refusal, is_firewall_refusal
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    REQUEST_ERRORS,
    log_and_describe_error,
    send_ephemeral,
    summarize_error,
    with_timeout,
)
from cogs.messaging.shown_marks import get_button_keys, read_buttons
from cogs.messaging.spoilers import needs_spoilers
from cogs.text.limit_errors import describe_used_up
from cogs.views.task_message import render_finished_buttons, render_sending
from cogs.views.unpaid_results import render_clip, render_prompt_words

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_DELETE_PAUSES = (1.0, 5.0, 20.0)
"""The seconds between tries to delete a child message."""


class _TokenFollowups(ABC):
    """The followups that need only the interaction's token, which reaches channels that the bot can't."""

    def __init__(
        self, interaction: Interaction, rate_limiter: RateLimiter, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._interaction = interaction
        self._rate_limiter = rate_limiter
        self._sleep = sleep

    @property
    @abstractmethod
    def expected_place(self) -> Place:
        """Where the child message is or will be."""

    async def delete_child_message(self, place: Place) -> bool:
        """Delete the child message of a refused request; try again if Discord fails, because it says "Sending".

        Return whether the message is known to be gone.
        """
        for pause in (*_DELETE_PAUSES, None):
            await self._rate_limiter.acquire_token(self._interaction.token)
            try:
                await with_timeout(self._interaction.followup.delete_message(place.message_id))
            except REQUEST_ERRORS as error:
                if pause is None or _is_refusal(error):
                    log.info("Message %d could not be deleted: %s.", place.message_id, summarize_error(error))
                    return getattr(error, "code", 0) in DELETED_CODES
                await self._sleep(pause)
            else:
                break
        return True

    async def _send_child(self, send: Callable[[discord.Embed], Awaitable[_T]], pressed: str, parent: Task) -> _T:
        """Send the first state of a child; without its prompt, if a server's filter or Discord refuses that."""
        await self._rate_limiter.acquire_token(self._interaction.token)
        try:
            return await with_timeout(send(self._render_sending(pressed, parent)))
        except discord.HTTPException as error:
            if classify_refusal(error).kind is not RefusalKind.BODY:
                raise _convert(error) from error
            log.info("Discord refused a prompt: %s.", summarize_error(error))
        except REQUEST_ERRORS as error:
            raise _convert(error) from error
        await self._rate_limiter.acquire_token(self._interaction.token)
        return await _send_visible(send(self._render_sending(pressed, Task(id=parent.id))))

    def _render_sending(self, pressed: str, parent: Task) -> discord.Embed:
        """Render the first state of a child in the language of its message."""
        with use_language(self.expected_place.language):
            return render_sending(to_person(self._interaction.user), pressed, parent)

    async def send_error(self, error: MjbotError) -> None:
        """Tell the person privately why the request failed."""
        await self._rate_limiter.acquire_token(self._interaction.token)
        await send_ephemeral(self._interaction, log_and_describe_error(error, self._interaction))

    async def warn_used_up(self, used_up: LimitUsedUp) -> None:
        """Tell the person privately that their request used up a limit."""
        await self._rate_limiter.acquire_token(self._interaction.token)
        await send_ephemeral(self._interaction, describe_used_up(used_up))


class ClickFollowups(_TokenFollowups):
    """The followups of a click, whose child is a new message.

    `parent` is the task's message if another one was clicked.
    """

    def __init__(
        self,
        interaction: Interaction,
        rate_limiter: RateLimiter,
        sleep: Callable[[float], Awaitable[None]],
        *,
        parent: Place | None = None,
    ) -> None:
        super().__init__(interaction, rate_limiter, sleep)
        self._clicked = parent or get_clicked_place(interaction)

    @property
    def expected_place(self) -> Place:
        """Where the child message will be; Discord tells its id once it is sent."""
        return to_place(self._interaction, -self._interaction.id, ephemeral=self._clicked.ephemeral)

    async def send_child_message(self, pressed: str, parent: Task) -> Place:
        """Send the child message ("Sending"), as private as the clicked message."""

        def send(embed: discord.Embed) -> Awaitable[discord.Message]:
            return self._interaction.followup.send(
                embed=embed,
                ephemeral=self._clicked.ephemeral,
                allowed_mentions=discord.AllowedMentions.none(),
                wait=True,
            )

        message = await self._send_child(send, pressed, parent)
        # Discord may have made it private, although the bot asked for a public one.
        return to_place(self._interaction, message.id, ephemeral=self._clicked.ephemeral or message.flags.ephemeral)

    async def update_buttons(self, task: Task, marks: ButtonStates) -> None:
        """Update only the buttons of the clicked message; green ones stay green."""
        if (message := self._interaction.message) is None:
            return
        with use_language(self._clicked.language):
            view = redraw_buttons(message, task, marks)
        await self._rate_limiter.acquire_token(self._interaction.token)
        try:
            await with_timeout(self._interaction.edit_original_response(view=view))
        except REQUEST_ERRORS as error:
            log.info("Message %d could not be marked: %s.", self._clicked.message_id, summarize_error(error))

    async def send_clip(self, pressed: str, parent: Task, link: str, clip: Picture | None) -> None:
        """Show one clip of a video in a message: always linked, and attached if it fits."""
        with use_language(self._clicked.language):
            embed = render_clip(to_person(self._interaction.user), pressed, parent, link)
        is_spoiler = await needs_spoilers(self._interaction)
        files = [discord.File(BytesIO(clip.data), clip.name, spoiler=is_spoiler)] if clip else []
        await self._send_embed(embed, files, ephemeral=self._clicked.ephemeral)

    async def send_shortened_prompt(self, pressed: str, parent: Task, words: ShortenResult) -> None:
        """Show the person privately the words of a prompt by weight."""
        await self._send_embed(
            render_prompt_words(to_person(self._interaction.user), pressed, parent, words), [], ephemeral=True
        )

    async def _send_embed(self, embed: discord.Embed, files: list[discord.File], *, ephemeral: bool) -> None:
        """Send an embed with files; without them if Discord refuses one, as the embed links what they hold."""
        send = partial(
            self._interaction.followup.send,
            embed=embed,
            ephemeral=ephemeral,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        await self._rate_limiter.acquire_token(self._interaction.token)
        try:
            await with_timeout(send(files=files))
        except discord.HTTPException as error:
            if not files or classify_refusal(error).file is None:
                raise _convert(error) from error
            log.info("Discord refused a file: %s.", summarize_error(error))
            await self._rate_limiter.acquire_token(self._interaction.token)
            await _send_visible(send())
        except REQUEST_ERRORS as error:
            raise _convert(error) from error


class CommandFollowups(_TokenFollowups):
    """The followups of a deferred command, whose child is the command's own response."""

    def __init__(
        self,
        interaction: Interaction,
        rate_limiter: RateLimiter,
        sleep: Callable[[float], Awaitable[None]],
        *,
        message_id: int,
        ephemeral: bool,
    ) -> None:
        super().__init__(interaction, rate_limiter, sleep)
        self._message_id = message_id
        self._ephemeral = ephemeral

    @property
    def expected_place(self) -> Place:
        """Where the response is."""
        return to_place(self._interaction, self._message_id, ephemeral=self._ephemeral)

    async def send_child_message(self, pressed: str, parent: Task) -> Place:
        """Replace "thinking ..." by the first state ("Sending")."""

        def send(embed: discord.Embed) -> Awaitable[discord.Message]:
            return self._interaction.edit_original_response(embed=embed)

        await self._send_child(send, pressed, parent)
        return self.expected_place


class PreviewFollowups(ClickFollowups):
    """The followups of a click on a region preview or a question, which is private, unlike the task's message."""

    async def update_buttons(self, task: Task, marks: ButtonStates) -> None:
        """Remove the clicked message's buttons, and mark the pressed one of the task's message if that can be edited.

        That message was not clicked, so the bot fetches it first, to keep the buttons that it has.
        """
        await self._rate_limiter.acquire_token(self._interaction.token)
        try:
            await with_timeout(self._interaction.edit_original_response(view=None))
            place = self._clicked
            if place.reachable:
                await self._rate_limiter.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True)
                channel = self._interaction.client.get_partial_messageable(place.channel_id)
                message = await with_timeout(channel.fetch_message(place.message_id))
                with use_language(place.language):
                    view = redraw_buttons(message, task, marks)
                await self._rate_limiter.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True)
                await with_timeout(message.edit(view=view))
        except REQUEST_ERRORS as error:
            log.info("Message %d could not be marked: %s.", self._clicked.message_id, summarize_error(error))


def redraw_buttons(message: discord.Message, task: Task, marks: ButtonStates) -> ui.View:
    """Render a message's buttons again: green ones stay green, even if the store lost that, and the bot's own stay.

    A message that shows only some of a task's buttons, as a response to a context menu does, gets no others.
    """
    shown = read_buttons(message)
    kept = {click.key: PressedButton("", "", is_finished=True) for click, green in shown if green}
    marks = replace(marks, pressed={**kept, **marks.pressed})
    there = {click.key for click, _ in shown}
    # A button that the bot offered stands for the relay's own, which may have arrived since.
    some = tuple(one for one in task.buttons if one.custom_id and not there.isdisjoint(get_button_keys(one)))
    ours = {click.kind for click, _ in shown if click.kind.is_bot_button}
    if len(some) < sum(bool(button.custom_id) for button in task.buttons) and not ours:
        return render_finished_buttons(task.model_copy(update={"buttons": some}), marks, ours)
    return render_finished_buttons(task, marks, ours | {ButtonKind.LINEAGE} if marks.pressed else ours)


async def _send_visible(request: Awaitable[_T]) -> _T:
    """Send a request that shows a message; raise PlaceGone or DisplayFailed if it fails."""
    try:
        return await with_timeout(request)
    except REQUEST_ERRORS as error:
        raise _convert(error) from error


def _convert(error: BaseException) -> DisplayError:
    """Return the error of a message that is not shown: Discord refused it for good, or failed."""
    return (PlaceGone if _is_refusal(error) else DisplayFailed)(summarize_error(error))


def _is_refusal(error: BaseException) -> bool:
    """Return whether Discord refused a request for good, rather than failed."""
    if not isinstance(error, discord.HTTPException) or is_firewall_refusal(error):
        return False
    return error.status < 500 and error.status != 429
