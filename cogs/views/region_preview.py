"""Render the preview of Vary (Region), whose message holds everything that confirming it needs. Pure."""

from dataclasses import dataclass
from typing import Any, Final, Self

import discord
from discord import ui

from bot.imaging.mask_preview import TINT
from bot.imaging.masks import Region
from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import TaskButton, TaskCustomId
from cogs.components.event_item import build_view
from cogs.text import limits

MASK_FILE_NAME: Final = "mask.png"

_FENCE, _END = "```\n", "\n```"
_FIELD_NAMES = ("Area to repaint", "Repainted")
"""The name of the field that holds the region: today's, then the one of previews that are still open."""
_OWN_MASK = "Your mask"
_PRICE = "Price"


@dataclass(frozen=True, kw_only=True)
class RegionPreview:
    """What a preview shows; `region` is None for an uploaded mask, `share` is the repainted part, 0 to 1.

    `parent_link` leads to the task's message, and is empty if only the person sees that message. `price` says what it
    costs and what is left, "" where no price is known.
    """

    prompt: str
    region: Region | None
    share: float
    parent_link: str
    price: str = ""

    @property
    def prompt_block(self) -> str:
        """The prompt as a code block, which Discord does not change; a fence inside would end it."""
        return _FENCE + self.prompt.replace("```", "'''") + _END

    @property
    def fits_in_embed(self) -> bool:
        """Whether Discord accepts the prompt in an embed."""
        return limits.length(self.prompt_block) <= limits.EMBED_DESCRIPTION

    @classmethod
    def from_message(cls, message: discord.Message | None) -> Self | None:
        """Read a preview from its message; None for any other message."""
        embed = message.embeds[0] if message and message.embeds else None
        text = (embed.description or "") if embed else ""
        if embed is None or not (text.startswith(_FENCE) and text.endswith(_END)):
            return None
        named = next((field.value for field in embed.fields if field.name in _FIELD_NAMES), "") or ""
        region = next((one for one in Region if named.startswith(one.label)), None)
        price = next((field.value for field in embed.fields if field.name == _PRICE), "") or ""
        return cls(
            prompt=text[len(_FENCE) : -len(_END)], region=region, share=0.0, parent_link=embed.url or "", price=price
        )


def render_region_preview(proposed: RegionPreview, picture: str) -> discord.Embed:
    """Render the preview; `picture` is the name of the attachment that it shows, "" for none."""
    embed = discord.Embed(
        title="Repaint this?",
        color=discord.Color.from_rgb(*TINT),
        description=proposed.prompt_block,
        url=proposed.parent_link or None,
    )
    words = proposed.region.label if proposed.region else _OWN_MASK
    embed.add_field(name=_FIELD_NAMES[0], value=f"{words}, {max(round(100 * proposed.share), 1)}% of the picture")
    if proposed.price:
        embed.add_field(name=_PRICE, value=proposed.price)
    embed.set_footer(text="You pay only when you confirm.")
    # As a thumbnail: Discord would show an unused attachment as large as the picture.
    embed.set_thumbnail(url=f"attachment://{MASK_FILE_NAME}")
    return embed.set_image(url=f"attachment://{picture}" if picture else None)


def get_mask_link(message: discord.Message) -> str:
    """Return the link of a preview's mask; an attachment that the embed shows is not listed as one."""
    attached = next((one.url for one in message.attachments if one.filename == MASK_FILE_NAME), "")
    shown = next((embed.thumbnail.url or "" for embed in message.embeds), "")
    return attached or (shown if shown.startswith("http") else "")


def render_preview_buttons(click: TaskCustomId, *, again: bool = False) -> ui.View:
    """Render the two buttons of the preview, for the button that opened the form.

    `again` tells that an earlier press may have been charged, as the message says then.
    """
    kind, label = (ButtonKind.REPAINT_AGAIN, "Draw again") if again else (ButtonKind.CONFIRM_REGION, "Repaint")
    buttons = (
        (kind, label, discord.ButtonStyle.success),
        (ButtonKind.CHANGE_REGION, "Change", discord.ButtonStyle.secondary),
    )
    return build_view(
        TaskButton(
            ui.Button[Any](label=label, style=style, custom_id=TaskCustomId(kind, click.task_id, click.key).custom_id)
        )
        for kind, label, style in buttons
    )
