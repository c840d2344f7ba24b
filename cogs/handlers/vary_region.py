"""Vary (Region) inside Discord: a form, a preview that only its person sees, and the one click that pays.

Everything between the three travels in the messages themselves, so that any process can go on: the form's custom_id
names the button, and the preview carries the prompt, the mask as a file, and the link of the task's message.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from bot.clock import Clock
from bot.entities import Place
from bot.errors import PromptRefused, UploadUnreadable
from bot.errors.prompt_errors import PromptTooLong
from bot.features.vary_region import RegionService
from bot.imaging.masks import Region
from bot.midjourney.buttons import ButtonKind
from bot.submissions.presses import PressService
from cogs.components.custom_ids import ClickEvent, TaskCustomId
from cogs.components.modals import (
    MODAL_TIMEOUT_SECONDS,
    build_prompt_field,
    fetch_prefill,
    read_choice,
    read_prompt,
    read_upload,
)
from cogs.gateway.guild_trust import GuildTrust
from cogs.handlers.press_context import build_press
from cogs.messaging.attachments import DiscordUpload
from cogs.messaging.context import Interaction, get_clicked_place
from cogs.messaging.followups import PreviewFollowups
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    acknowledge,
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text import limits
from cogs.views.region_preview import (
    MASK_FILE_NAME,
    RegionPreview,
    get_mask_link,
    render_preview_buttons,
    render_region_preview,
)

_REGION, _MASK = "region", "mask"


class VaryRegionHandler(commands.Cog):
    """Translates the form and the two buttons of its preview."""

    def __init__(
        self, presses: PressService, regions: RegionService, trust: GuildTrust, turns: RateLimiter, clock: Clock
    ) -> None:
        self._presses = presses
        self._regions = regions
        self._trust = trust
        self._turns = turns
        self._sleep = clock.sleep

    @commands.Cog.listener(f"on_{ClickEvent.REGION}")
    async def handle_click(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Open the form, or send what its preview showed."""
        async with send_ephemeral_on_error(interaction):
            if click.kind is not ButtonKind.CONFIRM_REGION:
                await self._ask(interaction, click)
            elif await defer_click(interaction):
                await self._confirm(interaction, click)

    @commands.Cog.listener("on_interaction")
    async def handle_interaction(self, interaction: Interaction) -> None:
        """Take the form from its raw data, in whichever process it opened."""
        data: Mapping[str, Any] = interaction.data or {}
        click = TaskCustomId.parse(str(data.get("custom_id", "")))
        if interaction.type is not discord.InteractionType.modal_submit or click is None:
            return
        if click.kind is ButtonKind.CHANGE_REGION:
            async with send_ephemeral_on_error(interaction):
                if await defer_click(interaction):
                    await self._propose(interaction, click, data)
        elif click.kind is ButtonKind.VARY_REGION and await defer_thinking(interaction):
            async with replace_response_on_error(interaction, private=True):
                await self._propose(interaction, click, data)

    async def _ask(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Open the form as the first answer: Discord takes none later."""
        earlier = RegionPreview.from_message(interaction.message) if click.kind is ButtonKind.CHANGE_REGION else None
        text = earlier.prompt if earlier else await fetch_prefill(self._presses, click)
        chosen = earlier.region if earlier else None
        modal = ui.Modal(title="Vary (Region)", custom_id=click.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
        modal.add_item(build_prompt_field(text, "What the picture shows afterwards, with its parameters"))
        options = [discord.SelectOption(label=one.label, value=one.value, default=one is chosen) for one in Region]
        menu = ui.Select[Any](
            custom_id=_REGION, options=options, placeholder="A ready region", min_values=0, required=False
        )
        modal.add_item(ui.Label(text="What to repaint", component=menu))
        upload = ui.FileUpload[Any](custom_id=_MASK, min_values=0, max_values=1, required=False)
        hint = "A picture in the same shape, white where it shall change"
        modal.add_item(ui.Label(text="Or a mask of your own", description=hint, component=upload))
        await acknowledge(interaction, interaction.response.send_modal(modal))

    async def _propose(self, interaction: Interaction, click: TaskCustomId, data: Mapping[str, Any]) -> None:
        """Show the mask over the picture, to this person alone."""
        parent = _parent(interaction, click)
        wish = _wish(interaction, data)
        press = await build_press(interaction, click, self._trust, parent=parent)
        proposal = await self._regions.propose_region(press, read_prompt(data), wish)
        proposed = RegionPreview(
            prompt=proposal.prompt,
            region=wish if isinstance(wish, Region) else None,
            share=proposal.mask.repainted_share,
            parent_link="" if parent.ephemeral else parent.link,
        )
        if not proposed.fits_in_embed:
            raise PromptRefused((PromptTooLong(limits.length(proposal.prompt), limits.INPUT),), proposal.prompt)
        files = [
            discord.File(BytesIO(proposal.preview.data), proposal.preview.name),
            discord.File(BytesIO(proposal.mask.data), MASK_FILE_NAME),
        ]
        request = interaction.edit_original_response(
            content=None,
            embed=render_region_preview(proposed, proposal.preview.name),
            attachments=files,
            view=render_preview_buttons(click),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        await with_timeout(request)

    async def _confirm(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Pay for what the preview shows: its prompt, and the mask that hangs on it."""
        message = interaction.message
        proposed = RegionPreview.from_message(message)
        link = get_mask_link(message) if message else ""
        if message is None or proposed is None or not link:
            raise UploadUnreadable(MASK_FILE_NAME)
        mask = await self._regions.reread_mask(DiscordUpload.from_link(link, interaction.client.http.get_from_cdn))
        parent = _parent(interaction, click)
        press = await build_press(interaction, click, self._trust, parent=parent)
        answerer = PreviewFollowups(interaction, self._turns, self._sleep, parent=parent)
        await self._presses.confirm_region(press, message.id, proposed.prompt, mask.data, answerer)


def _parent(interaction: Interaction, click: TaskCustomId) -> Place:
    """Return where the task's own message is: the clicked one, or the one that a preview is about."""
    here = get_clicked_place(interaction)
    proposed = None if click.kind is ButtonKind.VARY_REGION else RegionPreview.from_message(interaction.message)
    return proposed.get_parent_place(interaction, here) if proposed else here


def _wish(interaction: Interaction, data: Mapping[str, Any]) -> Region | DiscordUpload | None:
    """Return what is to be repainted: an uploaded mask says it more exactly than a ready region."""
    if file := read_upload(data, _MASK):
        # However small it is, it is brought to its picture's size.
        return DiscordUpload.from_modal_data(file, interaction.client.http.get_from_cdn).validate(least_side=1)
    chosen = read_choice(data, _REGION)
    return Region(chosen) if chosen in Region.__members__.values() else None
