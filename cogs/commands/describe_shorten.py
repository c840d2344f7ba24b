"""/describe, the same on a message, and /shorten: commands that are answered in words."""

from collections.abc import Callable

import discord
from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.midjourney.prompt_builder import MAX_PROMPT_LENGTH
from bot.submissions.command_requests import CommandRequest, PersonDefaults, PictureInput, build_describe, build_shorten
from cogs.commands.paid_command import PaidCommandRunner
from cogs.messaging.attachments import find_pictures, validate_attachments
from cogs.messaging.context import Interaction
from cogs.messaging.responses import send_ephemeral
from cogs.text.guidance import no_picture_here, one_picture_required


class DescribeShortenCog(commands.Cog):
    """Translates commands into wishes for words; `linked` gives the picture behind a link."""

    def __init__(
        self, bot: commands.AutoShardedBot, creating: PaidCommandRunner, linked: Callable[[str], PictureInput]
    ) -> None:
        self._bot = bot
        self._creating = creating
        self._linked = linked
        self._menu = app_commands.ContextMenu(name=_("Describe this image"), callback=self.describe_message)
        app_commands.allowed_installs(guilds=True, users=True)(self._menu)
        app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(self._menu)

    async def cog_load(self) -> None:
        """Offer the context menu too: discord.py does not find one inside a cog."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the context menu back."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(name="describe", description=_("Four prompts that a picture could have been drawn from"))
    @app_commands.describe(
        image=_("The picture, as PNG, JPEG or WebP"),
        link=_("Its address on the web, where you have no file"),
        private=_("Only you see it"),
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def describe(
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 2000] | None = None,
        private: bool = False,  # noqa: FBT001, FBT002 - Discord's options are what they are
    ) -> None:
        """Read a picture that was uploaded, or linked."""
        if (image is None) == (link is None):
            await send_ephemeral(interaction, one_picture_required())
            return

        def wish(_: PersonDefaults) -> CommandRequest:
            return build_describe(self._linked(link) if link else validate_attachments(image)[0])

        await self._creating.run(interaction, wish, private=private)

    async def describe_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Read the first picture of a message: a file of it, else what an embed shows."""
        picture = next(find_pictures(message), None)
        if picture is None:
            await send_ephemeral(interaction, no_picture_here())
            return

        def wish(_: PersonDefaults) -> CommandRequest:
            return build_describe(
                self._linked(picture) if isinstance(picture, str) else validate_attachments(picture)[0]
            )

        await self._creating.run(interaction, wish, private=False)

    @app_commands.command(name="shorten", description=_("Which words of a prompt count, and shorter prompts"))
    @app_commands.describe(prompt=_("The prompt to look at"), private=_("Only you see it"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def shorten(
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_LENGTH],
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Rank the words of a prompt."""
        await self._creating.run(interaction, lambda _: build_shorten(prompt), private=private)
