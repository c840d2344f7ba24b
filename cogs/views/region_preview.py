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
from cogs.languages import Language, _, use_language
from cogs.text import limits

MASK_FILE_NAME: Final = "mask.png"

_FENCE, _END = "```\n", "\n```"


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
        area, price = (*(field.value or "" for field in embed.fields), "", "")[:2]
        return cls(
            prompt=text[len(_FENCE) : -len(_END)],
            region=_find_region(area),
            share=0.0,
            parent_link=embed.url or "",
            price=price,
        )


def _find_region(area: str) -> Region | None:
    """Find the region that a preview names, in any language; None for an uploaded mask."""
    for language in Language:
        with use_language(language):
            labels = {_(one.label): one for one in Region}
        if named := max((one for one in labels if one in area), key=len, default=""):
            return labels[named]
    return None


def render_region_preview(proposed: RegionPreview, picture: str) -> discord.Embed:
    """Render the preview; `picture` is the name of the attachment that it shows, "" for none."""
    embed = discord.Embed(
        title=_("Repaint this?"),
        color=discord.Color.from_rgb(*TINT),
        description=proposed.prompt_block,
        url=proposed.parent_link or None,
    )
    # from_message reads the fields by their order.
    words = _(proposed.region.label) if proposed.region else _("Your mask")
    # Translators: {area} is a part of the picture, such as "Left half".
    share = _("{area}, {percent}% of the picture").format(area=words, percent=max(round(100 * proposed.share), 1))
    embed.add_field(name=_("Area to repaint"), value=share)
    if proposed.price:
        embed.add_field(name=_("Price"), value=proposed.price)
    embed.set_footer(text=_("You pay only when you confirm."))
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
    kind = ButtonKind.REPAINT_AGAIN if again else ButtonKind.CONFIRM_REGION
    buttons = (
        (kind, _("Draw again") if again else _("Repaint"), discord.ButtonStyle.success),
        (ButtonKind.CHANGE_REGION, _("Change"), discord.ButtonStyle.secondary),
    )
    return build_view(
        TaskButton(
            ui.Button[Any](label=label, style=style, custom_id=TaskCustomId(kind, click.task_id, click.key).custom_id)
        )
        for kind, label, style in buttons
    )
