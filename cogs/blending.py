"""A message's menu, "Blend with ...": the message's pictures, and those that a form adds to them.

Between the menu and the form everything travels in the private message that the menu is answered with: its embeds show
the pictures, and the form's answer reads them from there, in whichever process it arrives.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, Self, cast

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.errors import MjbotError
from bot.submits import Dimensions
from bot.wishes import FEWEST_BLENDED, MOST_BLENDED, Defaults, Given, Wish, blend
from cogs.apology import no_picture_to_blend
from cogs.attachments import Attached, given, pictures_in
from cogs.choices import SHAPES
from cogs.creating import Creating
from cogs.forms import KEPT_SECONDS, chosen_in, uploads_in
from cogs.places import Interaction
from cogs.replies import acknowledged, apologising, sentence, tell

BLEND = "blend_click"
"""The event that a click is dispatched as: `on_blend_click(interaction, source)`."""
Source = Literal["file", "link"]
"""Whether the pictures are files that Discord holds, or links that somebody's embed shows."""

_COLOUR = 0x5865F2
_TEMPLATE = r"mj:blend:(?P<source>file|link)"
_OTHERS, _SHAPE = "others", "shape"
_GALLERY = "https://discord.com/"
"""Embeds that share a link are shown as one, with all their pictures."""


class BlendButton(ui.DynamicItem[ui.Button[Any]], template=_TEMPLATE):
    """Opens the form, below the pictures that it is about."""

    def __init__(self, source: Source, button: ui.Button[Any] | None = None) -> None:
        custom_id = f"mj:blend:{source}"
        super().__init__(
            button or ui.Button(label="Blend with ...", style=discord.ButtonStyle.primary, custom_id=custom_id)
        )
        self.source: Source = source

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the button anew from a click on any message, however old."""
        del interaction
        return cls(cast(Source, match["source"]), cast(ui.Button[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to whoever listens; errors are theirs, as discord.py would only log them here."""
        interaction.client.dispatch(BLEND, interaction, self.source)


class BlendWith(commands.Cog):
    """Translates the menu, the button and the form; `linked` gives the picture behind a link."""

    def __init__(self, bot: commands.AutoShardedBot, creating: Creating, linked: Callable[[str], Given]) -> None:
        self._bot = bot
        self._creating = creating
        self._linked = linked
        self._menu = app_commands.ContextMenu(name=_("Blend with ..."), callback=self.of_message)
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

    async def of_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Show the message's pictures to this person, with the button that adds others to them."""
        shown = list(pictures_in(message))
        files = [one for one in shown if isinstance(one, discord.Attachment)][:MOST_BLENDED]
        try:
            given(*files)
        except MjbotError as error:
            await tell(interaction, sentence(error, interaction))
            return
        links = [one.url for one in files] or [one for one in shown if isinstance(one, str)][:MOST_BLENDED]
        if not links:
            await tell(interaction, no_picture_to_blend())
            return
        view = ui.View(timeout=None)
        view.add_item(BlendButton("file" if files else "link"))
        answer = interaction.response.send_message(embeds=_gallery(links), view=view, ephemeral=True)
        await acknowledged(answer)

    @commands.Cog.listener(f"on_{BLEND}")
    async def clicked(self, interaction: Interaction, source: Source) -> None:
        """Open the form: as many pictures as are missing, and a shape."""
        async with apologising(interaction):
            here = len(_links(interaction))
            modal = ui.Modal(title="Blend with ...", custom_id=f"mj:blend:{source}", timeout=KEPT_SECONDS)
            if here < MOST_BLENDED:
                modal.add_item(_others(here))
            modal.add_item(_shapes())
            await acknowledged(interaction.response.send_modal(modal))

    @commands.Cog.listener("on_interaction")
    async def submitted(self, interaction: Interaction) -> None:
        """Take the form from its raw data, in whichever process it opened."""
        data: Mapping[str, Any] = interaction.data or {}
        found = re.fullmatch(_TEMPLATE, str(data.get("custom_id", "")))
        if interaction.type is not discord.InteractionType.modal_submit or found is None:
            return
        async with apologising(interaction):
            others = tuple(
                Attached.uploaded(one, interaction.client.http.get_from_cdn) for one in uploads_in(data, _OTHERS)
            )
            chosen = chosen_in(data, _SHAPE)
            shape = Dimensions(chosen) if chosen in Dimensions.__members__.values() else Dimensions.SQUARE

            def wish(_: Defaults) -> Wish:
                begin = [self._shown(interaction, found["source"], link) for link in _links(interaction)]
                return blend((*begin, *(one.checked() for one in others)), shape)

            await self._creating.create(interaction, wish, private=False)

    def _shown(self, interaction: Interaction, source: str, link: str) -> Given:
        """Return a picture of the private message: its link is our own word, and a file's was Discord's."""
        return Attached.held(link, interaction.client.http.get_from_cdn) if source == "file" else self._linked(link)


def _gallery(links: list[str]) -> list[discord.Embed]:
    many = "this picture" if len(links) == 1 else f"these {len(links)} pictures"
    first = discord.Embed(
        title="Blend with ...",
        colour=_COLOUR,
        url=_GALLERY,
        description=f"Add others to {many}: Midjourney lets up to {MOST_BLENDED} flow into each other.",
    )
    first.set_footer(text="Nothing is paid before you send the form.")
    rest = [discord.Embed(url=_GALLERY) for _ in links[1:]]
    return [embed.set_image(url=link) for embed, link in zip((first, *rest), links, strict=True)]


def _others(here: int) -> ui.Label[Any]:
    """Make the field of the other pictures, where `here` are there already."""
    fewest, most = max(FEWEST_BLENDED - here, 0), MOST_BLENDED - here
    upload = ui.FileUpload[Any](custom_id=_OTHERS, min_values=fewest, max_values=most, required=fewest > 0)
    many = "One picture" if most == 1 else f"Up to {most} pictures"
    return ui.Label(
        text="Blend it with" if here == 1 else "And with", description=f"{many}, as PNG, JPEG or WebP", component=upload
    )


def _shapes() -> ui.Label[Any]:
    """Make the menu of shapes, with Midjourney's own choice made."""
    options = [
        discord.SelectOption(label=words, value=shape, default=shape is Dimensions.SQUARE)
        for shape, words in SHAPES.items()
    ]
    return ui.Label(text="Shape of what is drawn", component=ui.Select[Any](custom_id=_SHAPE, options=options))


def _links(interaction: Interaction) -> list[str]:
    """Read the pictures of the private message that the menu was answered with."""
    embeds = interaction.message.embeds if interaction.message else ()
    return [embed.image.url for embed in embeds if embed.image.url]
