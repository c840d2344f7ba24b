"""A message's menu, "Blend with ...": the message's pictures, and those that a form adds to them.

Between the menu and the form everything travels in the private message that the menu is answered with: the pictures are
attached to it, checked and made ready, so neither another process nor the end of the first message matters.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Self, cast

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.midjourney.request_options import Dimensions
from bot.submissions.command_requests import (
    MAX_BLEND_PICTURES,
    MIN_BLEND_PICTURES,
    CommandRequest,
    PersonDefaults,
    PictureInput,
    build_blend,
)
from cogs.commands.choices import DIMENSION_LABELS
from cogs.commands.paid_command import PaidCommandRunner
from cogs.components.modals import MODAL_TIMEOUT_SECONDS, read_choice, read_uploads
from cogs.messaging.attachments import DiscordUpload, find_pictures, validate_attachments
from cogs.messaging.context import Interaction
from cogs.messaging.responses import (
    acknowledge,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.guidance import no_picture_to_blend
from cogs.views.colors import ACTIVE_COLOR

BLEND_EVENT = "blend_click"
"""The event that a click is dispatched as: `on_blend_click(interaction)`."""
_CUSTOM_ID = "mj:blend"
_OTHERS, _SHAPE = "others", "shape"
_GALLERY = "https://discord.com/"
"""Embeds that share a link are shown as one, with all their pictures."""


class BlendButton(ui.DynamicItem[ui.Button[Any]], template=_CUSTOM_ID):
    """Opens the form, below the pictures that it is about."""

    def __init__(self, button: ui.Button[Any] | None = None) -> None:
        style = discord.ButtonStyle.primary
        super().__init__(button or ui.Button(label="Add pictures", style=style, custom_id=_CUSTOM_ID))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the button anew from a click on any message, however old."""
        del interaction, match
        return cls(cast(ui.Button[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to whoever listens; errors are theirs, as discord.py would only log them here."""
        interaction.client.dispatch(BLEND_EVENT, interaction)


class BlendMenuCog(commands.Cog):
    """Translates the menu, the button and the form; `linked` gives the picture behind a link."""

    def __init__(
        self, bot: commands.AutoShardedBot, creating: PaidCommandRunner, linked: Callable[[str], PictureInput]
    ) -> None:
        self._bot = bot
        self._creating = creating
        self._linked = linked
        self._menu = app_commands.ContextMenu(name=_("Blend with ..."), callback=self.blend_message)
        app_commands.allowed_installs(guilds=True, users=True)(self._menu)
        app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(self._menu)

    async def cog_load(self) -> None:
        """Offer the context menu, which discord.py does not find inside a cog, and let every old button find us."""
        self._bot.tree.add_command(self._menu)
        self._bot.add_dynamic_items(BlendButton)

    async def cog_unload(self) -> None:
        """Take the context menu back."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)
        self._bot.remove_dynamic_items(BlendButton)

    async def blend_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Show the message's pictures to this person, with the button that adds others to them."""
        found = list(find_pictures(message))
        # Beside files, what embeds show is mostly where a link in the text leads to.
        shown = [one for one in found if isinstance(one, discord.Attachment)][:MAX_BLEND_PICTURES] or found[
            :MAX_BLEND_PICTURES
        ]
        if not shown:
            await send_ephemeral(interaction, no_picture_to_blend())
            return
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            pictures = tuple(
                self._linked(one) if isinstance(one, str) else validate_attachments(one)[0] for one in shown
            )
            ready = await self._creating.prepare_pictures(interaction, pictures)
            files = [
                discord.File(BytesIO(one.data), f"picture-{number}.{one.kind}") for number, one in enumerate(ready, 1)
            ]
            view = ui.View(timeout=None)
            view.add_item(BlendButton())
            embeds = _gallery([file.filename for file in files])
            await with_timeout(interaction.edit_original_response(embeds=embeds, attachments=files, view=view))

    @commands.Cog.listener(f"on_{BLEND_EVENT}")
    async def handle_click(self, interaction: Interaction) -> None:
        """Open the form: as many pictures as are missing, and a shape."""
        async with send_ephemeral_on_error(interaction):
            here = len(_links(interaction))
            modal = ui.Modal(title="Blend with ...", custom_id=_CUSTOM_ID, timeout=MODAL_TIMEOUT_SECONDS)
            if here < MAX_BLEND_PICTURES:
                modal.add_item(_others(here))
            modal.add_item(_shapes())
            await acknowledge(interaction, interaction.response.send_modal(modal))

    @commands.Cog.listener("on_interaction")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Take the form from its raw data, in whichever process it opened."""
        data: Mapping[str, Any] = interaction.data or {}
        if interaction.type is not discord.InteractionType.modal_submit or data.get("custom_id") != _CUSTOM_ID:
            return
        async with send_ephemeral_on_error(interaction):
            fetch = interaction.client.http.get_from_cdn
            begin = [DiscordUpload.from_link(link, fetch) for link in _links(interaction)]
            others = [DiscordUpload.from_modal_data(one, fetch) for one in read_uploads(data, _OTHERS)]
            chosen = read_choice(data, _SHAPE)
            shape = Dimensions(chosen) if chosen in Dimensions.__members__.values() else Dimensions.SQUARE

            def wish(_: PersonDefaults) -> CommandRequest:
                return build_blend((*begin, *(one.validate() for one in others)), shape)

            await self._creating.run(interaction, wish, private=False)


def _gallery(names: Sequence[str]) -> list[discord.Embed]:
    many = "this picture" if len(names) == 1 else f"these {len(names)} pictures"
    said = f"Add others to {many}: Midjourney lets up to {MAX_BLEND_PICTURES} flow into each other."
    first = discord.Embed(title="Blend with ...", colour=ACTIVE_COLOR, url=_GALLERY, description=said)
    first.set_footer(text="Nothing is paid before you send the form.")
    embeds = (first, *(discord.Embed(url=_GALLERY) for _ in names[1:]))
    return [embed.set_image(url=f"attachment://{name}") for embed, name in zip(embeds, names, strict=True)]


def _others(here: int) -> ui.Label[Any]:
    """Make the field of the other pictures, where `here` are there already."""
    fewest, most = max(MIN_BLEND_PICTURES - here, 0), MAX_BLEND_PICTURES - here
    upload = ui.FileUpload[Any](custom_id=_OTHERS, min_values=fewest, max_values=most, required=fewest > 0)
    many = "One picture" if most == 1 else f"Up to {most} pictures"
    return ui.Label(
        text="Blend it with" if here == 1 else "And with", description=f"{many}, as PNG, JPEG or WebP", component=upload
    )


def _shapes() -> ui.Label[Any]:
    """Make the menu of shapes, with Midjourney's own choice made."""
    options = [
        discord.SelectOption(label=words, value=shape, default=shape is Dimensions.SQUARE)
        for shape, words in DIMENSION_LABELS.items()
    ]
    return ui.Label(text="Shape of what is drawn", component=ui.Select[Any](custom_id=_SHAPE, options=options))


def _links(interaction: Interaction) -> list[str]:
    """Read the pictures of the private message; what an embed shows is not among its attachments."""
    message = interaction.message
    attached = [one.url for one in message.attachments] if message else []
    shown = [embed.image.url for embed in message.embeds if embed.image.url] if message else []
    return attached or shown
