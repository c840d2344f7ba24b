"""The context menu "Blend with ...": blends a message's pictures with others, which a modal asks for.

The ephemeral response to the menu holds all state between the menu and the modal: the pictures are attached to it,
checked and re-encoded. So the modal works in every process, and after the message is deleted.
"""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import discord
from discord import ui
from discord.ext import commands

from bot.midjourney.request_options import Dimensions
from bot.policy.task_privacy import Viewer
from bot.submissions.command_requests import (
    MAX_BLEND_PICTURES,
    MIN_BLEND_PICTURES,
    CommandRequest,
    PersonDefaults,
    PictureInput,
    build_blend,
)
from cogs.commands.choices import DIMENSION_LABELS
from cogs.commands.creations.paid_command import PaidCommandRunner
from cogs.commands.registration import MessageMenuCog
from cogs.components.event_item import EventItem, build_view
from cogs.components.modals import MODAL_TIMEOUT_SECONDS, read_choice, read_uploads
from cogs.context import MODAL_EVENT, Interaction, get_viewer
from cogs.languages import N_, _, ngettext
from cogs.messaging.attachments import DiscordUpload, find_pictures, validate_attachments
from cogs.messaging.responses import (
    acknowledge,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.guidance import NO_PICTURE_TO_BLEND
from cogs.views.colors import ACTIVE_COLOR

BLEND_EVENT = "blend_click"
"""The event of a click on the button: `on_blend_click(interaction)`."""
_CUSTOM_ID = "mj:blend"
_PRIVATE_CUSTOM_ID = "mj:blend:private"
"""The id of the button and the modal where the pictures come from a private message, and so the result is private."""
_MENU: Final = N_("Blend with ...")
_NEEDED_COMMANDS: Final = ("blend", _MENU)
"""Discord checks who may use the menu, when it is chosen, but not the form; and the result is that of /blend."""
_OTHERS, _SHAPE = "others", "shape"
_GALLERY = "https://discord.com/"
"""Discord shows embeds that share a URL as one, with all their images."""


class BlendButton(EventItem[ui.Button[Any]], template=rf"{_CUSTOM_ID}(?::private)?"):
    """Opens the form, below the pictures that it is about."""

    def get_event(self) -> tuple[str]:
        """Dispatch the click; the message holds the pictures."""
        return (BLEND_EVENT,)


class BlendMenuCog(MessageMenuCog):
    """Handles the menu, the button and the modal; `link_picture` makes an input of a URL."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        runner: PaidCommandRunner,
        link_picture: Callable[[str, Viewer], PictureInput],
    ) -> None:
        super().__init__(bot, _MENU, self.blend_message)
        self._runner = runner
        self._link_picture = link_picture

    async def cog_load(self) -> None:
        """Add the menu, and handle clicks on the button of any message."""
        await super().cog_load()
        self._bot.add_dynamic_items(BlendButton)

    async def cog_unload(self) -> None:
        """Remove the menu and the button."""
        await super().cog_unload()
        self._bot.remove_dynamic_items(BlendButton)

    async def blend_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Show the message's pictures to this person, with the button that asks for others."""
        found = list(find_pictures(message))
        # If a message has attachments, its embeds mostly show previews of links in the text.
        shown = [one for one in found if isinstance(one, discord.Attachment)][:MAX_BLEND_PICTURES] or found[
            :MAX_BLEND_PICTURES
        ]
        if not shown:
            await send_ephemeral(interaction, _(NO_PICTURE_TO_BLEND))
            return
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            viewer = get_viewer(interaction)
            pictures = tuple(
                self._link_picture(one, viewer) if isinstance(one, str) else validate_attachments(one)[0]
                for one in shown
            )
            ready = await self._runner.prepare_pictures(interaction, pictures, needed_commands=_NEEDED_COMMANDS)
            files = [
                discord.File(BytesIO(one.data), f"picture-{number}.{one.kind}") for number, one in enumerate(ready, 1)
            ]
            style = discord.ButtonStyle.primary
            custom_id = _PRIVATE_CUSTOM_ID if message.flags.ephemeral else _CUSTOM_ID
            view = build_view([BlendButton(ui.Button(label=_("Add pictures"), style=style, custom_id=custom_id))])
            embeds = _build_gallery([file.filename for file in files])
            await with_timeout(interaction.edit_original_response(embeds=embeds, attachments=files, view=view))

    @commands.Cog.listener(f"on_{BLEND_EVENT}")
    async def handle_click(self, interaction: Interaction) -> None:
        """Open the modal, which asks for the missing pictures and the shape."""
        async with send_ephemeral_on_error(interaction):
            count = len(_find_picture_urls(interaction))
            modal = ui.Modal(title=_(_MENU), custom_id=_read_id(interaction), timeout=MODAL_TIMEOUT_SECONDS)
            if count < MAX_BLEND_PICTURES:
                modal.add_item(_build_upload_field(count))
            modal.add_item(_build_shape_field())
            await acknowledge(interaction, interaction.response.send_modal(modal))

    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Read the modal from its raw data, because another process may have opened it."""
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = _read_id(interaction)
        if custom_id not in {_CUSTOM_ID, _PRIVATE_CUSTOM_ID}:
            return
        async with send_ephemeral_on_error(interaction):
            fetch = interaction.client.http.get_from_cdn
            begin = [DiscordUpload.from_link(link, fetch) for link in _find_picture_urls(interaction)]
            others = [DiscordUpload.from_modal_data(one, fetch) for one in read_uploads(data, _OTHERS)]
            chosen = read_choice(data, _SHAPE)
            shape = Dimensions(chosen) if chosen in Dimensions.__members__.values() else Dimensions.SQUARE

            def build_request(_defaults: PersonDefaults) -> CommandRequest:
                return build_blend((*begin, *(one.validate() for one in others)), shape)

            await self._runner.run(
                interaction,
                build_request,
                private=custom_id == _PRIVATE_CUSTOM_ID,
                needed_commands=_NEEDED_COMMANDS,
            )


def _read_id(interaction: Interaction) -> str:
    """Return the custom_id of the clicked button, or of the modal."""
    data: Mapping[str, Any] = interaction.data or {}
    return str(data.get("custom_id", ""))


def _build_gallery(names: Sequence[str]) -> list[discord.Embed]:
    text = ngettext(
        "Add others to this picture. Midjourney blends up to {most} pictures.",
        "Add others to these {count} pictures. Midjourney blends up to {most} pictures.",
        len(names),
    ).format(count=len(names), most=MAX_BLEND_PICTURES)
    first = discord.Embed(title=_(_MENU), color=ACTIVE_COLOR, url=_GALLERY, description=text)
    first.set_footer(text=_("You are charged only when you submit the form."))
    embeds = (first, *(discord.Embed(url=_GALLERY) for _name in names[1:]))
    return [embed.set_image(url=f"attachment://{name}") for embed, name in zip(embeds, names, strict=True)]


def _build_upload_field(count: int) -> ui.Label[Any]:
    """Build the upload field for the other pictures, next to `count` existing ones."""
    fewest, most = max(MIN_BLEND_PICTURES - count, 0), MAX_BLEND_PICTURES - count
    upload = ui.FileUpload[Any](custom_id=_OTHERS, min_values=fewest, max_values=most, required=fewest > 0)
    description = ngettext(
        "One picture, as PNG, JPEG or WebP", "Up to {count} pictures, as PNG, JPEG or WebP", most
    ).format(count=most)
    return ui.Label(
        text=_("Blend it with") if count == 1 else _("And with"),
        description=description,
        component=upload,
    )


def _build_shape_field() -> ui.Label[Any]:
    """Build the menu of shapes, with Midjourney's default selected."""
    options = [
        discord.SelectOption(label=_(words), value=shape, default=shape is Dimensions.SQUARE)
        for shape, words in DIMENSION_LABELS.items()
    ]
    return ui.Label(text=_("Shape of the result"), component=ui.Select[Any](custom_id=_SHAPE, options=options))


def _find_picture_urls(interaction: Interaction) -> list[str]:
    """Return the URLs of the ephemeral message's pictures; Discord lists those in embeds not as attachments."""
    message = interaction.message
    attached = [one.url for one in message.attachments] if message else []
    shown = [embed.image.url for embed in message.embeds if embed.image.url] if message else []
    return attached or shown
