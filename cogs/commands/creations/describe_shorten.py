"""/describe, the same as a message's context menu, and /shorten: commands whose result is text."""

from collections.abc import Awaitable, Callable, Collection

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.midjourney.prompts.prompt_builder import MAX_PROMPT_LENGTH
from bot.policy.task_privacy import Viewer
from bot.submissions.command_requests import CommandRequest, PersonDefaults, PictureInput, build_describe, build_shorten
from cogs.commands.creations.paid_command import PaidCommandRunner, choose_privacy
from cogs.commands.registration import MessageMenuCog, usable_anywhere
from cogs.context import Interaction, get_viewer
from cogs.languages import _
from cogs.messaging.attachments import find_pictures, validate_attachments
from cogs.messaging.responses import send_ephemeral
from cogs.text.guidance import NO_PICTURE_HERE, ONE_PICTURE_REQUIRED


class DescribeShortenCog(MessageMenuCog):
    """Turns options, and pictures of messages, into requests.

    `link_picture` makes an input of a URL; `is_private_link` tells whether a person drew its picture in private.
    """

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        runner: PaidCommandRunner,
        link_picture: Callable[[str, Viewer], PictureInput],
        is_private_link: Callable[[str, Viewer], Awaitable[bool]],
    ) -> None:
        super().__init__(bot, "Describe this image", self.describe_message)
        self._runner = runner
        self._link_picture = link_picture
        self._is_private_link = is_private_link

    @app_commands.command(name="describe", description=locale_str("Four prompts that could produce a picture"))
    @app_commands.describe(
        image=locale_str("The picture, as PNG, JPEG or WebP"),
        link=locale_str("Or an image URL"),
        private=locale_str("Only you see it"),
    )
    @usable_anywhere
    async def describe(
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 2000] | None = None,
        private: bool | None = None,  # noqa: FBT001 - an option in Discord
    ) -> None:
        """Describe an uploaded or linked picture."""
        picture = link or image
        if picture is None or (link and image):
            await send_ephemeral(interaction, _(ONE_PICTURE_REQUIRED))
            return
        if link:
            private = await choose_privacy(private, self._is_private_link(link, get_viewer(interaction)))
        await self._describe(interaction, picture, private=private or False)

    async def describe_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Describe the first picture of a message: an attachment, or else an embed's image."""
        picture = next(find_pictures(message), None)
        if picture is None:
            await send_ephemeral(interaction, _(NO_PICTURE_HERE))
            return
        private = message.flags.ephemeral
        await self._describe(interaction, picture, private=private, needed_commands=("describe",))

    async def _describe(
        self,
        interaction: Interaction,
        picture: discord.Attachment | str,
        *,
        private: bool,
        needed_commands: Collection[str] = (),
    ) -> None:
        def build_request(_defaults: PersonDefaults) -> CommandRequest:
            if isinstance(picture, str):
                return build_describe(self._link_picture(picture, get_viewer(interaction)))
            return build_describe(validate_attachments(picture)[0])

        await self._runner.run(interaction, build_request, private=private, needed_commands=needed_commands)

    @app_commands.command(name="shorten", description=locale_str("Which words of a prompt matter, and shorter prompts"))
    @app_commands.describe(prompt=locale_str("The prompt to shorten"), private=locale_str("Only you see it"))
    @usable_anywhere
    async def shorten(
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_LENGTH],
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Rank the words of a prompt."""
        await self._runner.run(interaction, lambda _defaults: build_shorten(prompt), private=private)
