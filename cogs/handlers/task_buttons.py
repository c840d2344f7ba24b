"""Handle clicks on a task's buttons, and the modals that some of them open."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from bot.clock import Clock
from bot.errors import ConfirmationNeeded, NotTheRequester, PressUnrecorded, RepeatUnconfirmed
from bot.features.person_settings import PersonSettingsService
from bot.midjourney.buttons import REMIXABLE_KINDS, ButtonKind
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.submissions.claims import Press
from bot.submissions.presses import PressService
from bot.tracking.tracker import JobTracker
from cogs.components.custom_ids import ClickEvent, TaskButton, TaskCustomId
from cogs.components.event_item import is_known_custom_id
from cogs.components.modals import MODAL_TIMEOUT_SECONDS, build_prompt_field, read_prompt
from cogs.context import (
    CLICK_EVENT,
    MODAL_EVENT,
    Interaction,
    find_linked_place,
    get_clicked_place,
    get_requester,
    get_viewer,
    is_handled,
    to_person,
)
from cogs.gateway.guild_trust import GuildTrust
from cogs.handlers.press_context import build_press, fetch_prefill
from cogs.languages import N_, _
from cogs.messaging.followups import ClickFollowups, PreviewFollowups
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    acknowledge,
    defer_click,
    replace_message,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.confirmations import describe_question, read_price
from cogs.text.error_messages import describe_error
from cogs.text.guidance import REMIX_UNSUPPORTED, STALE_BUTTON
from cogs.views.press_question import PressQuestion, render_question_button

_UNKNOWN_BUTTON_SECONDS = 2.0
"""How long another process, which may know the button, has to answer."""
_SENDING = {ButtonKind.DRAW_AGAIN: N_("I'm sending it again."), ButtonKind.CONFIRM_PRICE: N_("I'm sending it.")}
"""What the answered question says, for each kind of question."""


class TaskButtonHandler(commands.Cog):
    """Turns clicks and submitted modals into presses."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        jobs: JobTracker,
        presses: PressService,
        people: PersonSettingsService,
        trust: GuildTrust,
        rate_limiter: RateLimiter,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._jobs = jobs
        self._presses = presses
        self._people = people
        self._trust = trust
        self._rate_limiter = rate_limiter
        self._sleep = clock.sleep

    async def cog_load(self) -> None:
        """Register the buttons of old messages too."""
        self._bot.add_dynamic_items(TaskButton)

    @commands.Cog.listener(f"on_{ClickEvent.PRESS}")
    async def handle_click(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Handle a click on a task's button, or on a bot button that is about the task."""
        async with send_ephemeral_on_error(interaction):
            if click.kind is ButtonKind.CUSTOM_ZOOM:
                await self._open_modal(interaction, click, "Custom Zoom", suffix=" --zoom 2")
            elif click.kind is ButtonKind.IMAGINE_LINE:
                await self._open_modal(interaction, click, "Imagine")
            elif click.kind is ButtonKind.OPEN_MODAL:
                _require_requester(interaction)
                await self._open_modal(interaction, click, _("Midjourney asks"))
            elif click.kind in _SENDING:
                _require_requester(interaction)
                await self._confirm(interaction, click)
            elif click.kind in REMIXABLE_KINDS and await self._people.is_remix_on(interaction.user.id):
                await self._open_modal(interaction, click, "Remix")
            elif await defer_click(interaction):
                await self._press_button(interaction, click)

    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Handle a submitted modal from its raw data, whichever process opened it."""
        data: Mapping[str, Any] = interaction.data or {}
        click = TaskCustomId.parse(str(data.get("custom_id", "")))
        if click is not None and click.event is ClickEvent.PRESS:
            async with send_ephemeral_on_error(interaction):
                await self._submit_modal(interaction, click, data)

    @commands.Cog.listener(f"on_{CLICK_EVENT}")
    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def answer_unknown(self, interaction: Interaction) -> None:
        """Answer a click or a modal that no version of the bot in reach knows.

        What this process knows has a handler of its own, which may take longer while the database is slow.
        """
        data: Mapping[str, Any] = interaction.data or {}
        if is_known_custom_id(str(data.get("custom_id", ""))):
            return
        await self._sleep(_UNKNOWN_BUTTON_SECONDS)
        if not interaction.response.is_done() and not is_handled(interaction):
            await send_ephemeral(interaction, _(STALE_BUTTON))

    async def _press_button(self, interaction: Interaction, click: TaskCustomId) -> None:
        if click.kind is ButtonKind.REFRESH:
            requester = get_requester(interaction.message) or interaction.user
            place, viewer = get_clicked_place(interaction), get_viewer(interaction)
            await self._jobs.follow_again(click.task_id, place, to_person(requester), viewer)
        elif click.kind is ButtonKind.DISCARD_MODAL:
            await self._presses.decline_modal(await self._build_press(interaction, click))
        else:
            is_remix_on = click.kind is ButtonKind.SAME_PROMPT and await self._people.is_remix_on(interaction.user.id)
            await self._submit_or_ask(interaction, click)
            if is_remix_on:
                await send_ephemeral(interaction, _(REMIX_UNSUPPORTED))

    async def _open_modal(self, interaction: Interaction, click: TaskCustomId, title: str, *, suffix: str = "") -> None:
        """Open a modal as the first response: Discord accepts none later."""
        text = await fetch_prefill(self._presses, click, get_viewer(interaction))
        if text and suffix and parse_prompt(text).get_value("zoom") is None:
            text += suffix
        # handle_modal reads what is submitted, however late, without this object.
        modal = ui.Modal(title=title, custom_id=click.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
        hint = _("Describe the picture")
        if suffix:
            hint = _("Describe the picture. --zoom can be 1 to 2, such as --zoom 1.5")
        modal.add_item(build_prompt_field(text, hint))
        await acknowledge(interaction, interaction.response.send_modal(modal))

    async def _submit_modal(self, interaction: Interaction, click: TaskCustomId, data: Mapping[str, Any]) -> None:
        if not await defer_click(interaction):
            return
        prompt = read_prompt(data)
        if click.kind is ButtonKind.OPEN_MODAL:
            press = await self._build_press(interaction, click)
            followups = ClickFollowups(interaction, self._rate_limiter, self._sleep)
            try:
                await self._presses.answer_modal(press, prompt, followups)
            except ConfirmationNeeded as unconfirmed:
                await self._ask(interaction, click, press, prompt, unconfirmed)
        else:
            await self._submit_or_ask(interaction, click, prompt)

    async def _submit_or_ask(self, interaction: Interaction, click: TaskCustomId, prompt: str | None = None) -> None:
        """Submit a press; if it is expensive, or an earlier one may have been charged, ask the person privately.

        So it is if the database may have lost the earlier one.
        """
        press = await self._build_press(interaction, click)
        followups = ClickFollowups(interaction, self._rate_limiter, self._sleep)
        try:
            await self._presses.submit_press(press, followups, prompt=prompt)
        except (RepeatUnconfirmed, PressUnrecorded, ConfirmationNeeded) as unconfirmed:
            await self._ask(interaction, click, press, prompt, unconfirmed)

    async def _ask(
        self,
        interaction: Interaction,
        click: TaskCustomId,
        press: Press,
        prompt: str | None,
        unconfirmed: RepeatUnconfirmed | PressUnrecorded | ConfirmationNeeded,
    ) -> None:
        """Ask privately whether to send a press; nothing is claimed before the answer."""
        place, now = press.place, interaction.client.clock.now()
        embed = PressQuestion(parent_link="" if place.ephemeral else place.link, prompt=prompt).render_embed()
        kind = ButtonKind.DRAW_AGAIN
        if isinstance(unconfirmed, ConfirmationNeeded):
            is_repeat = unconfirmed.earlier is not None or click.kind is ButtonKind.DRAW_AGAIN
            kind = kind if is_repeat else ButtonKind.CONFIRM_PRICE
            text = describe_question(unconfirmed, now, label="Draw again" if is_repeat else "Draw")
        else:
            text = describe_error(unconfirmed, now)
        await self._rate_limiter.acquire_token(interaction.token)
        request = interaction.followup.send(
            text,
            embeds=[embed] if embed else [],
            view=render_question_button(kind, click),
            ephemeral=True,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        await with_timeout(request)

    async def _confirm(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Submit the press that a question is about; the question loses its button, so that it is answered once."""
        shown = interaction.message.content if interaction.message else ""
        if interaction.message is None or not await replace_message(interaction, _(_SENDING[click.kind])):
            return
        question = PressQuestion.from_message(interaction.message)
        parent = find_linked_place(question.parent_link, interaction)
        press = await build_press(interaction, click, self._trust, parent=parent)
        press = replace(
            press,
            is_confirmed=click.kind is ButtonKind.DRAW_AGAIN,
            is_price_confirmed=True,  # the question about an earlier press tells a high price too
            confirmed_price=read_price(shown),
        )
        followups = PreviewFollowups(interaction, self._rate_limiter, self._sleep, parent=parent)
        try:
            await self._presses.confirm_press(press, interaction.message.id, question.prompt, b"", followups)
        except (RepeatUnconfirmed, PressUnrecorded, ConfirmationNeeded) as unconfirmed:
            await self._ask(interaction, click, press, question.prompt, unconfirmed)

    async def _build_press(self, interaction: Interaction, click: TaskCustomId) -> Press:
        return await build_press(interaction, click, self._trust)


def _require_requester(interaction: Interaction) -> None:
    """Refuse to open a modal for another person than the requester, before that person fills it in."""
    requester = get_requester(interaction.message)
    if requester is not None and requester.id != interaction.user.id:
        raise NotTheRequester
