"""Clicks: on the API's buttons, on ours, and the forms that some of them open."""

import logging
from collections.abc import Mapping
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from bot.clock import Clock
from bot.errors import NotTheRequester
from bot.features.person_settings import People
from bot.midjourney.buttons import REMIXED, Kind
from bot.midjourney.prompt_parser import parse
from bot.submissions.presses import Press, Presses
from bot.tracking.tracker import Jobs
from cogs.components.custom_ids import Click, Room, TaskButton
from cogs.components.modals import KEPT_SECONDS, prefilled, prompt_field, prompt_in
from cogs.gateway.guild_trust import Trust
from cogs.handlers.press_context import press_of
from cogs.messaging.context import Interaction, clicked, person, requester
from cogs.messaging.followups import ClickAnswerer
from cogs.messaging.rate_limits import Budgets
from cogs.messaging.responses import acknowledged, apologising, deferred, tell
from cogs.text.guidance import remix_not_asked, stale_button

log = logging.getLogger(__name__)

_CATCH_SECONDS = 2.0
_CLICKS = {discord.InteractionType.component, discord.InteractionType.modal_submit}


class Actions(commands.Cog):
    """Translates clicks and forms into presses."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        jobs: Jobs,
        presses: Presses,
        people: People,
        trust: Trust,
        turns: Budgets,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._jobs = jobs
        self._presses = presses
        self._people = people
        self._trust = trust
        self._turns = turns
        self._sleep = clock.sleep

    async def cog_load(self) -> None:
        """Let every old message's buttons find us."""
        self._bot.add_dynamic_items(TaskButton)

    @commands.Cog.listener(f"on_{Room.PRESS}")
    async def clicked(self, interaction: Interaction, click: Click) -> None:
        """Answer a click on a task's message."""
        async with apologising(interaction):
            if click.kind is Kind.CUSTOM_ZOOM:
                await self._ask_form(interaction, click, "Custom Zoom", suffix=" --zoom 2")
            elif click.kind is Kind.LINE:
                await self._ask_form(interaction, click, "Imagine")
            elif click.kind is Kind.OPEN_FORM:
                _only_the_requester(interaction)
                await self._ask_form(interaction, click, "Midjourney asks")
            elif click.kind in REMIXED and await self._people.remixes(interaction.user.id):
                await self._ask_form(interaction, click, "Remix")
            elif await deferred(interaction):
                await self._act(interaction, click)

    @commands.Cog.listener("on_interaction")
    async def caught(self, interaction: Interaction) -> None:
        """Take a form from its raw data, in whichever process it opened; and what no button class took."""
        data: Mapping[str, Any] = interaction.data or {}
        click = Click.read(str(data.get("custom_id", "")))
        if interaction.type is discord.InteractionType.modal_submit and click is not None:
            if click.room is Room.PRESS:
                async with apologising(interaction):
                    await self._submitted(interaction, click, data)
        elif click is None and interaction.type in _CLICKS:
            await self._sleep(_CATCH_SECONDS)
            if not interaction.response.is_done():
                await tell(interaction, stale_button())

    async def _act(self, interaction: Interaction, click: Click) -> None:
        if click.kind is Kind.LOOK:
            asked_by = requester(interaction.message) or interaction.user
            await self._jobs.look_again(click.task_id, clicked(interaction), person(asked_by))
        elif click.kind is Kind.DROP_FORM:
            await self._presses.drop_form(await self._press(interaction, click))
        else:
            answerer = ClickAnswerer(interaction, self._turns, self._sleep)
            remixes = click.kind is Kind.SAME_PROMPT and await self._people.remixes(interaction.user.id)
            await self._presses.press(await self._press(interaction, click), answerer)
            if remixes:
                await tell(interaction, remix_not_asked())

    async def _ask_form(self, interaction: Interaction, click: Click, title: str, *, suffix: str = "") -> None:
        """Open a modal as the first answer: Discord takes none later."""
        text = await prefilled(self._presses, click)
        if text and suffix and parse(text).value("zoom") is None:
            text += suffix
        # `caught` reads what is submitted, however late, without it.
        modal = ui.Modal(title=title, custom_id=click.custom_id, timeout=KEPT_SECONDS)
        hint = "What to draw; --zoom takes 1 to 2, like --zoom 1.5" if suffix else "What to draw, with its parameters"
        modal.add_item(prompt_field(text, hint))
        await acknowledged(interaction.response.send_modal(modal))

    async def _submitted(self, interaction: Interaction, click: Click, data: Mapping[str, Any]) -> None:
        if not await deferred(interaction):
            return
        prompt = prompt_in(data)
        press, answerer = await self._press(interaction, click), ClickAnswerer(interaction, self._turns, self._sleep)
        if click.kind is Kind.OPEN_FORM:
            await self._presses.answer_form(press, prompt, answerer)
        else:
            await self._presses.press(press, answerer, prompt=prompt)

    async def _press(self, interaction: Interaction, click: Click) -> Press:
        return await press_of(interaction, click, self._trust)


def _only_the_requester(interaction: Interaction) -> None:
    """Refuse a form before somebody else fills it in."""
    asked_by = requester(interaction.message)
    if asked_by is not None and asked_by.id != interaction.user.id:
        raise NotTheRequester
