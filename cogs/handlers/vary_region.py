"""Handle Vary (Region): a modal, a private preview, and the click that confirms and pays.

The messages themselves hold everything between these steps, so that any process can continue: the modal's custom_id
names the button, and the preview holds the prompt, the mask as a file, and the link of the task's message.
"""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from bot.clock import Clock
from bot.entities import Place
from bot.errors import ConfirmationNeeded, PromptRefused, RepeatUnconfirmed, UploadUnreadable
from bot.errors.prompt_errors import PromptTooLong
from bot.features.vary_region import RegionService
from bot.imaging.masks import Region
from bot.midjourney.buttons import ButtonKind
from bot.submissions.presses import PressService
from cogs.components.custom_ids import ClickEvent, TaskCustomId
from cogs.components.modals import (
    MODAL_TIMEOUT_SECONDS,
    build_prompt_field,
    read_choice,
    read_prompt,
    read_upload,
)
from cogs.context import MODAL_EVENT, Interaction, find_linked_place, get_viewer
from cogs.gateway.guild_trust import GuildTrust
from cogs.handlers.press_context import build_press, fetch_prefill
from cogs.languages import _
from cogs.messaging.attachments import DiscordUpload
from cogs.messaging.followups import PreviewFollowups
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    acknowledge,
    defer_click,
    defer_thinking,
    explain_error,
    replace_response_on_error,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.messaging.spoilers import needs_spoilers
from cogs.text import limits
from cogs.text.confirmations import describe_price, describe_question, read_price
from cogs.views.region_preview import (
    MASK_FILE_NAME,
    RegionPreview,
    get_mask_link,
    render_preview_buttons,
    render_region_preview,
)

_REGION_FIELD, _MASK_FIELD = "region", "mask"
_CONFIRMATIONS = {ButtonKind.CONFIRM_REGION, ButtonKind.REPAINT_AGAIN}


class VaryRegionHandler(commands.Cog):
    """Handles the modal and the two buttons of its preview."""

    def __init__(
        self, presses: PressService, regions: RegionService, trust: GuildTrust, rate_limiter: RateLimiter, clock: Clock
    ) -> None:
        self._presses = presses
        self._regions = regions
        self._trust = trust
        self._rate_limiter = rate_limiter
        self._sleep = clock.sleep

    @commands.Cog.listener(f"on_{ClickEvent.REGION}")
    async def handle_click(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Open the modal, or send what its preview showed."""
        async with send_ephemeral_on_error(interaction):
            if click.kind not in _CONFIRMATIONS:
                await self._open_modal(interaction, click)
            elif await defer_click(interaction):
                await self._confirm(interaction, click)

    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Handle the submitted modal from its raw data, whichever process opened it."""
        data: Mapping[str, Any] = interaction.data or {}
        click = TaskCustomId.parse(str(data.get("custom_id", "")))
        if click is None:
            return
        if click.kind is ButtonKind.CHANGE_REGION:
            async with send_ephemeral_on_error(interaction):
                if await defer_click(interaction):
                    await self._show_preview(interaction, click, data)
        elif click.kind is ButtonKind.VARY_REGION and await defer_thinking(interaction):
            async with replace_response_on_error(interaction, private=True):
                await self._show_preview(interaction, click, data)

    async def _open_modal(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Open the modal as the first response: Discord accepts none later."""
        earlier = RegionPreview.from_message(interaction.message) if click.kind is ButtonKind.CHANGE_REGION else None
        text = earlier.prompt if earlier else await fetch_prefill(self._presses, click, get_viewer(interaction))
        chosen = earlier.region if earlier else None
        modal = ui.Modal(title="Vary (Region)", custom_id=click.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
        modal.add_item(build_prompt_field(text, _("Describe the picture after the change")))
        options = [discord.SelectOption(label=_(one.label), value=one.value, default=one is chosen) for one in Region]
        menu = ui.Select[Any](
            custom_id=_REGION_FIELD, options=options, placeholder=_("Choose a region"), min_values=0, required=False
        )
        modal.add_item(ui.Label(text=_("Area to repaint"), component=menu))
        upload = ui.FileUpload[Any](custom_id=_MASK_FIELD, min_values=0, max_values=1, required=False)
        hint = _("An image of the same shape, white where the picture should change")
        modal.add_item(ui.Label(text=_("Or upload a mask"), description=hint, component=upload))
        await acknowledge(interaction, interaction.response.send_modal(modal))

    async def _show_preview(self, interaction: Interaction, click: TaskCustomId, data: Mapping[str, Any]) -> None:
        """Show the person privately the mask over the picture."""
        parent = _find_parent(interaction, click)
        area = _read_area(interaction, data)
        press = await build_press(interaction, click, self._trust, parent=parent)
        proposal = await self._regions.propose_region(press, read_prompt(data), area)
        proposed = RegionPreview(
            prompt=proposal.prompt,
            region=area if isinstance(area, Region) else None,
            share=proposal.mask.repainted_share,
            parent_link="" if parent.ephemeral else parent.link,
            price=describe_price(proposal.cost),
        )
        if not proposed.fits_in_embed:
            raise PromptRefused((PromptTooLong(limits.length(proposal.prompt), limits.INPUT),), proposal.prompt)
        is_spoiler = await needs_spoilers(interaction)
        files = [
            discord.File(BytesIO(proposal.preview.data), proposal.preview.name, spoiler=is_spoiler),
            discord.File(BytesIO(proposal.mask.data), MASK_FILE_NAME),
        ]
        request = interaction.edit_original_response(
            content=None,
            embed=render_region_preview(proposed, "" if is_spoiler else proposal.preview.name),
            attachments=files,
            view=render_preview_buttons(click),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        await with_timeout(request)

    async def _confirm(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Submit what the preview shows: its prompt and the attached mask."""
        message = interaction.message
        proposed = RegionPreview.from_message(message)
        link = get_mask_link(message) if message else ""
        if message is None or proposed is None or not link:
            raise UploadUnreadable(MASK_FILE_NAME)
        mask = await self._regions.reread_mask(DiscordUpload.from_link(link, interaction.client.http.get_from_cdn))
        parent = _find_parent(interaction, click)
        press = await build_press(interaction, click, self._trust, parent=parent)
        press = replace(
            press,
            is_confirmed=click.kind is ButtonKind.REPAINT_AGAIN,
            # A text above the preview is a question, which told the price.
            is_price_confirmed=bool(proposed.price or message.content),
            confirmed_price=read_price(message.content or proposed.price),
        )
        followups = PreviewFollowups(interaction, self._rate_limiter, self._sleep, parent=parent)
        try:
            await self._presses.confirm_press(press, message.id, proposed.prompt, mask.data, followups)
        except (RepeatUnconfirmed, ConfirmationNeeded) as unconfirmed:
            await self._ask(interaction, click, unconfirmed)

    async def _ask(
        self, interaction: Interaction, click: TaskCustomId, unconfirmed: RepeatUnconfirmed | ConfirmationNeeded
    ) -> None:
        """Ask above the preview, because it holds the mask; so it is where the price was not known before."""
        if isinstance(unconfirmed, ConfirmationNeeded):
            text = describe_question(unconfirmed, interaction.client.clock.now(), label="Repaint")
            view = render_preview_buttons(click, again=unconfirmed.earlier is not None)
        else:
            text, view = explain_error(unconfirmed, interaction), render_preview_buttons(click, again=True)
        await with_timeout(interaction.edit_original_response(content=text, view=view))


def _find_parent(interaction: Interaction, click: TaskCustomId) -> Place:
    """Return where the task's own message is: the clicked one, or the one that the clicked preview is about."""
    proposed = None if click.kind is ButtonKind.VARY_REGION else RegionPreview.from_message(interaction.message)
    return find_linked_place(proposed.parent_link if proposed else "", interaction)


def _read_area(interaction: Interaction, data: Mapping[str, Any]) -> Region | DiscordUpload | None:
    """Return the area to repaint; an uploaded mask wins over a region, because it is more exact."""
    if file := read_upload(data, _MASK_FIELD):
        # Any size will do, because the mask is scaled to its picture.
        return DiscordUpload.from_modal_data(file, interaction.client.http.get_from_cdn).validate(least_side=1)
    chosen = read_choice(data, _REGION_FIELD)
    return Region(chosen) if chosen in Region.__members__.values() else None
