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
from bot.errors.prompt_errors import TooLong
from bot.features.vary_region import Regions
from bot.imaging.masks import Region
from bot.midjourney.buttons import Kind
from bot.submissions.presses import Presses
from cogs.components.custom_ids import Click, Room
from cogs.components.modals import KEPT_SECONDS, chosen_in, prefilled, prompt_field, prompt_in, upload_in
from cogs.gateway.guild_trust import Trust
from cogs.handlers.press_context import press_of
from cogs.messaging.attachments import Attached
from cogs.messaging.context import Interaction, clicked
from cogs.messaging.followups import ProposalAnswerer
from cogs.messaging.rate_limits import Budgets
from cogs.messaging.responses import acknowledged, apologising, deferred, promptly, taking_back, thinking
from cogs.text import limits
from cogs.views.region_preview import MASK_NAME, Proposed, mask_link, proposal_embed, proposal_view

_REGION, _MASK = "region", "mask"


class RegionForms(commands.Cog):
    """Translates the form and the two buttons of its preview."""

    def __init__(self, presses: Presses, regions: Regions, trust: Trust, turns: Budgets, clock: Clock) -> None:
        self._presses = presses
        self._regions = regions
        self._trust = trust
        self._turns = turns
        self._sleep = clock.sleep

    @commands.Cog.listener(f"on_{Room.REGION}")
    async def clicked(self, interaction: Interaction, click: Click) -> None:
        """Open the form, or send what its preview showed."""
        async with apologising(interaction):
            if click.kind is not Kind.CONFIRM:
                await self._ask(interaction, click)
            elif await deferred(interaction):
                await self._confirm(interaction, click)

    @commands.Cog.listener("on_interaction")
    async def caught(self, interaction: Interaction) -> None:
        """Take the form from its raw data, in whichever process it opened."""
        data: Mapping[str, Any] = interaction.data or {}
        click = Click.read(str(data.get("custom_id", "")))
        if interaction.type is not discord.InteractionType.modal_submit or click is None:
            return
        if click.kind is Kind.CHANGE:
            async with apologising(interaction):
                if await deferred(interaction):
                    await self._propose(interaction, click, data)
        elif click.kind is Kind.REGION and await thinking(interaction):
            async with taking_back(interaction, private=True):
                await self._propose(interaction, click, data)

    async def _ask(self, interaction: Interaction, click: Click) -> None:
        """Open the form as the first answer: Discord takes none later."""
        earlier = Proposed.read(interaction.message) if click.kind is Kind.CHANGE else None
        text = earlier.prompt if earlier else await prefilled(self._presses, click)
        chosen = earlier.region if earlier else None
        modal = ui.Modal(title="Vary (Region)", custom_id=click.custom_id, timeout=KEPT_SECONDS)
        modal.add_item(prompt_field(text, "What the picture shows afterwards, with its parameters"))
        options = [discord.SelectOption(label=one.words, value=one.value, default=one is chosen) for one in Region]
        menu = ui.Select[Any](
            custom_id=_REGION, options=options, placeholder="A ready region", min_values=0, required=False
        )
        modal.add_item(ui.Label(text="What to repaint", component=menu))
        upload = ui.FileUpload[Any](custom_id=_MASK, min_values=0, max_values=1, required=False)
        hint = "A picture in the same shape, white where it shall change"
        modal.add_item(ui.Label(text="Or a mask of your own", description=hint, component=upload))
        await acknowledged(interaction.response.send_modal(modal))

    async def _propose(self, interaction: Interaction, click: Click, data: Mapping[str, Any]) -> None:
        """Show the mask over the picture, to this person alone."""
        parent = _parent(interaction, click)
        wish = _wish(interaction, data)
        press = await press_of(interaction, click, self._trust, parent=parent)
        proposal = await self._regions.propose(press, prompt_in(data), wish)
        proposed = Proposed(
            prompt=proposal.prompt,
            region=wish if isinstance(wish, Region) else None,
            share=proposal.mask.share,
            parent_link="" if parent.ephemeral else parent.link,
        )
        if not proposed.fits:
            raise PromptRefused((TooLong(limits.length(proposal.prompt), limits.INPUT),), proposal.prompt)
        files = [
            discord.File(BytesIO(proposal.preview.data), proposal.preview.name),
            discord.File(BytesIO(proposal.mask.data), MASK_NAME),
        ]
        request = interaction.edit_original_response(
            content=None,
            embed=proposal_embed(proposed, proposal.preview.name),
            attachments=files,
            view=proposal_view(click),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        await promptly(request)

    async def _confirm(self, interaction: Interaction, click: Click) -> None:
        """Pay for what the preview shows: its prompt, and the mask that hangs on it."""
        message = interaction.message
        proposed = Proposed.read(message)
        link = mask_link(message) if message else ""
        if message is None or proposed is None or not link:
            raise UploadUnreadable(MASK_NAME)
        mask = await self._regions.reread(Attached.held(link, interaction.client.http.get_from_cdn))
        parent = _parent(interaction, click)
        press = await press_of(interaction, click, self._trust, parent=parent)
        answerer = ProposalAnswerer(interaction, self._turns, self._sleep, parent=parent)
        await self._presses.repaint(press, message.id, proposed.prompt, mask.data, answerer)


def _parent(interaction: Interaction, click: Click) -> Place:
    """Return where the task's own message is: the clicked one, or the one that a preview is about."""
    here = clicked(interaction)
    proposed = None if click.kind is Kind.REGION else Proposed.read(interaction.message)
    return proposed.parent(interaction, here) if proposed else here


def _wish(interaction: Interaction, data: Mapping[str, Any]) -> Region | Attached | None:
    """Return what is to be repainted: an uploaded mask says it more exactly than a ready region."""
    if file := upload_in(data, _MASK):
        # However small it is, it is brought to its picture's size.
        return Attached.uploaded(file, interaction.client.http.get_from_cdn).checked(least_side=1)
    chosen = chosen_in(data, _REGION)
    return Region(chosen) if chosen in Region.__members__.values() else None
