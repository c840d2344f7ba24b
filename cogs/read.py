"""/describe and /shorten: commands that are answered in words."""

from collections.abc import Callable

import discord
from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.wishes import Defaults, Given, Wish, describe, shorten
from cogs.apology import one_picture
from cogs.attachments import given
from cogs.creating import PROMPT, Creating
from cogs.places import Interaction
from cogs.replies import tell


class Read(commands.Cog):
    """Translates commands into wishes for words; `linked` gives the picture behind a link."""

    def __init__(self, creating: Creating, linked: Callable[[str], Given]) -> None:
        self._creating = creating
        self._linked = linked

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
            await tell(interaction, one_picture())
            return

        def wish(_: Defaults) -> Wish:
            return describe(self._linked(link) if link else given(image)[0])

        await self._creating.create(interaction, wish, private=private)

    @app_commands.command(name="shorten", description=_("Which words of a prompt count, and shorter prompts"))
    @app_commands.describe(prompt=_("The prompt to look at"), private=_("Only you see it"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def shorten(
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, PROMPT],
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Rank the words of a prompt."""
        await self._creating.create(interaction, lambda _: shorten(prompt), private=private)
