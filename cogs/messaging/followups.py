"""The ways to answer one click, or one command: a message, a mark on the clicked one, a private word."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import BytesIO
from typing import TypeVar

import aiohttp
import discord
from discord import ui

from bot.entities import ButtonStates, Place, PressedButton
from bot.errors import DisplayFailed, MjbotError, PlaceGone
from bot.imaging.downloader import Picture
from bot.midjourney.buttons import ButtonKind, get_claim_key, hash_custom_id
from bot.midjourney.task import Button, Task
from bot.midjourney.text_results import ShortenResult
from cogs.components.custom_ids import TaskCustomId
from cogs.messaging import rate_limits
from cogs.messaging.context import Interaction, get_clicked_place, to_person, to_place
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import explain_error, send_ephemeral, summarize_error, with_timeout
from cogs.views.task_buttons import PRESSED_DESCRIPTION
from cogs.views.task_message import render_finished_buttons, render_sending
from cogs.views.unpaid_results import render_clip, render_prompt_words

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_FAILURES = (discord.HTTPException, OSError, aiohttp.ClientError)
_PAUSES = (1.0, 5.0, 20.0)
"""Between tries to take a message back."""


class _Opener:
    """The half of an Opener that needs nothing but an interaction's own token, which reaches what the bot cannot."""

    def __init__(self, interaction: Interaction, turns: RateLimiter, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._interaction = interaction
        self._turns = turns
        self._sleep = sleep

    async def delete_child_message(self, place: Place) -> None:
        """Take that message back: nothing came of it. It says "Sending", so a Discord that fails is asked again."""
        for pause in (*_PAUSES, None):
            await self._turn()
            try:
                await with_timeout(self._interaction.followup.delete_message(place.message_id))
            except _FAILURES as error:
                if pause is None or _is_refusal(error):
                    log.info("Message %d could not be taken back: %s.", place.message_id, summarize_error(error))
                    return
                await self._sleep(pause)
            else:
                return

    async def send_error(self, error: MjbotError) -> None:
        """Say why nothing came of it, to this person alone."""
        await self._turn()
        await send_ephemeral(self._interaction, explain_error(error, self._interaction))

    async def _turn(self) -> None:
        await self._turns.acquire(self._interaction.token, rate_limits.TOKEN_LIMIT, as_bot=False)


class ClickFollowups(_Opener):
    """Implements Answerer for a click: its child is a message of its own.

    `parent` is the message that was pressed, where the click stands below another.
    """

    def __init__(
        self,
        interaction: Interaction,
        turns: RateLimiter,
        sleep: Callable[[float], Awaitable[None]],
        *,
        parent: Place | None = None,
    ) -> None:
        super().__init__(interaction, turns, sleep)
        self._clicked = parent or get_clicked_place(interaction)

    async def send_child_message(self, pressed: str, parent: Task) -> Place:
        """Send the child's first message ("Sending"), as private as the message that was pressed."""
        embed = render_sending(to_person(self._interaction.user), pressed, parent)
        await self._turn()
        request = self._interaction.followup.send(
            embed=embed,
            ephemeral=self._clicked.ephemeral,
            allowed_mentions=discord.AllowedMentions.none(),
            wait=True,
        )
        message = await _shown(request)
        # Discord may have made it private, whatever was asked for.
        return to_place(self._interaction, message.id, ephemeral=self._clicked.ephemeral or message.flags.ephemeral)

    async def update_buttons(self, task: Task, marks: ButtonStates) -> None:
        """Draw the buttons of the clicked message anew, and nothing else; green ones stay green."""
        if (message := self._interaction.message) is None:
            return
        view = redraw_buttons(message, task, marks)
        await self._turn()
        try:
            await with_timeout(self._interaction.edit_original_response(view=view))
        except _FAILURES as error:
            log.info("Message %d could not be marked: %s.", self._clicked.message_id, summarize_error(error))

    async def send_clip(self, pressed: str, parent: Task, link: str, clip: Picture | None) -> None:
        """Show one clip of a video in a message: attached where it fits, linked in any case."""
        embed = render_clip(to_person(self._interaction.user), pressed, parent, link)
        files = [discord.File(BytesIO(clip.data), clip.name)] if clip else []
        await self._say(embed, files, ephemeral=self._clicked.ephemeral)

    async def send_shortened_prompt(self, pressed: str, parent: Task, words: ShortenResult) -> None:
        """Tell the words of a prompt by their weight, to this person alone."""
        await self._say(
            render_prompt_words(to_person(self._interaction.user), pressed, parent, words), [], ephemeral=True
        )

    async def _say(self, embed: discord.Embed, files: list[discord.File], *, ephemeral: bool) -> None:
        await self._turn()
        request = self._interaction.followup.send(
            embed=embed, files=files, ephemeral=ephemeral, allowed_mentions=discord.AllowedMentions.none()
        )
        await _shown(request)


class CommandFollowups(_Opener):
    """Implements Opener for a command that was deferred: what it asks for is shown in its own answer."""

    def __init__(
        self,
        interaction: Interaction,
        turns: RateLimiter,
        sleep: Callable[[float], Awaitable[None]],
        *,
        message_id: int,
        ephemeral: bool,
    ) -> None:
        super().__init__(interaction, turns, sleep)
        self._message_id = message_id
        self._ephemeral = ephemeral

    async def send_child_message(self, pressed: str, parent: Task) -> Place:
        """Draw the answer's first state ("Sending") in place of "thinking ..."."""
        embed = render_sending(to_person(self._interaction.user), pressed, parent)
        await self._turn()
        await _shown(self._interaction.edit_original_response(embed=embed))
        return to_place(self._interaction, self._message_id, ephemeral=self._ephemeral)


class PreviewFollowups(ClickFollowups):
    """Answers the click that confirms a proposal, which is private, for the message that it is about."""

    async def update_buttons(self, task: Task, marks: ButtonStates) -> None:
        """Take the proposal's buttons away, as it is sent, and turn the parent's green where the bot reaches it.

        What the parent shows is read first, as no click of it has come: what it has is kept.
        """
        await self._turn()
        try:
            await with_timeout(self._interaction.edit_original_response(view=None))
            place = self._clicked
            if place.reachable:
                await self._turns.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True)
                channel = self._interaction.client.get_partial_messageable(place.channel_id)
                message = await with_timeout(channel.fetch_message(place.message_id))
                await self._turns.acquire(place.channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True)
                await with_timeout(message.edit(view=redraw_buttons(message, task, marks)))
        except _FAILURES as error:
            log.info("Message %d could not be marked: %s.", self._clicked.message_id, summarize_error(error))


def redraw_buttons(message: discord.Message, task: Task, marks: ButtonStates) -> ui.View:
    """Draw a message's buttons anew as they are: green ones stay green, should the store have lost that, and ours stay.

    One that offers some of a task's buttons, as a menu does, goes on to offer no others.
    """
    shown = _clicks(message)
    kept = {click.key: PressedButton("", "", is_finished=True) for click, green in shown if green}
    marks = replace(marks, pressed={**kept, **marks.pressed})
    there = {click.key for click, _ in shown}
    # A button that the bot offered stands for the relay's own, should that have come since.
    some = tuple(one for one in task.buttons if one.custom_id and not there.isdisjoint(_keys(one)))
    ours = {click.kind for click, _ in shown if click.kind.is_bot_button}
    if len(some) < sum(bool(button.custom_id) for button in task.buttons) and not ours:
        return render_finished_buttons(task.model_copy(update={"buttons": some}), marks, ours)
    return render_finished_buttons(task, marks, ours | {ButtonKind.LINEAGE} if marks.pressed else ours)


def _keys(button: Button) -> set[str]:
    return {hash_custom_id(button.custom_id), get_claim_key(button.custom_id)}


def _clicks(message: discord.Message) -> list[tuple[TaskCustomId, bool]]:
    """Return the buttons that a message has, those in its menu too, and which of them were pressed."""
    parts = [part for row in message.components if isinstance(row, discord.ActionRow) for part in row.children]
    green = discord.ButtonStyle.success
    seen = [(part.custom_id or "", part.style is green) for part in parts if isinstance(part, discord.Button)]
    menus = [part for part in parts if isinstance(part, discord.SelectMenu)]
    seen += [(option.value, option.description == PRESSED_DESCRIPTION) for menu in menus for option in menu.options]
    return [(click, pressed) for name, pressed in seen if (click := TaskCustomId.parse(name)) is not None]


async def _shown(request: Awaitable[_T]) -> _T:
    """Send what shows a message; raise a leaf of DisplayError where it does not get through."""
    try:
        return await with_timeout(request)
    except _FAILURES as error:
        raise (PlaceGone if _is_refusal(error) else DisplayFailed)(summarize_error(error)) from error


def _is_refusal(error: BaseException) -> bool:
    """Tell whether Discord understood, and will not: neither it nor the network has failed."""
    return isinstance(error, discord.HTTPException) and error.status < 500 and error.status != 429
