"""/animate, /edit and /faceswap: commands that make something of a picture that is there."""

from collections.abc import Callable

import discord
from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.midjourney.prompt_builder import MAX_PROMPT_LENGTH
from bot.midjourney.request_options import Motion
from bot.midjourney.task_ids import find_task_ids
from bot.submissions.command_requests import (
    CommandRequest,
    PersonDefaults,
    PictureInput,
    build_animate,
    build_edit,
    build_face_swap,
)
from bot.tracking.tracker import JobTracker
from cogs.commands.choices import suggest_own_tasks
from cogs.commands.paid_command import PaidCommandRunner
from cogs.messaging.attachments import validate_attachments
from cogs.messaging.context import Interaction
from cogs.messaging.responses import send_ephemeral
from cogs.text.guidance import malformed_task_id, one_starting_image_required


class AnimateEditFaceswapCog(commands.Cog):
    """Translates commands into wishes; `picture_of` gives a finished task's picture, by its id and number."""

    def __init__(
        self, creating: PaidCommandRunner, jobs: JobTracker, picture_of: Callable[[str, int], PictureInput]
    ) -> None:
        self._creating = creating
        self._jobs = jobs
        self._picture_of = picture_of

    @app_commands.command(name="animate", description=_("Make clips of a picture, or of a finished task"))
    @app_commands.describe(
        image=_("The picture that the clips begin with"),
        id=_("Or a finished task's id, or a text or link that holds it"),
        picture=_("Which of a task's four pictures, 1 to 4; the first if you do not say"),
        prompt=_("What shall happen; a task's own prompt if you do not say"),
        motion=_("How much moves"),
        loop=_("Let the end lead back to the beginning, where the relay can"),
        end_image=_("The picture that the clips end with, where the relay can"),
        private=_("Only you see it"),
    )
    @app_commands.choices(
        motion=[
            app_commands.Choice(name=_("low: the camera stays, little moves"), value=Motion.LOW.value),
            app_commands.Choice(name=_("high: much moves, the camera too"), value=Motion.HIGH.value),
        ]
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def animate(  # noqa: PLR0913, PLR0917 - Discord's options are what they are
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        id: app_commands.Range[str, 1, 1000] | None = None,  # noqa: A002 - the option's name in Discord
        picture: app_commands.Range[int, 1, 4] = 1,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_LENGTH] = "",
        motion: str = Motion.LOW.value,
        loop: bool = False,  # noqa: FBT001, FBT002
        end_image: discord.Attachment | None = None,
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Animate an uploaded picture, or that of a task."""
        if (image is None) == (id is None):
            await send_ephemeral(interaction, one_starting_image_required())
            return
        ids = find_task_ids(id or "")
        if id is not None and len(ids) != 1:
            await send_ephemeral(interaction, malformed_task_id(id))
            return

        def wish(_: PersonDefaults) -> CommandRequest:
            begin = self._picture_of(ids[0], picture) if ids else validate_attachments(image)[0]
            end = next(iter(validate_attachments(end_image)), None)
            return build_animate(begin, prompt, Motion(motion), end, loop=loop)

        await self._creating.run(interaction, wish, private=private)

    @animate.autocomplete("id")
    async def suggest_tasks(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer this person's own recent tasks."""
        return await suggest_own_tasks(self._jobs, interaction.user.id, current)

    @app_commands.command(name="edit", description=_("Change a picture as you describe"))
    @app_commands.describe(
        image=_("The picture, as PNG, JPEG or WebP"),
        prompt=_("What it shall show instead, or in addition"),
        private=_("Only you see it"),
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def edit(
        self,
        interaction: Interaction,
        image: discord.Attachment,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_LENGTH],
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Change an uploaded picture."""
        await self._creating.run(
            interaction, lambda _: build_edit(validate_attachments(image)[0], prompt), private=private
        )

    @app_commands.command(name="faceswap", description=_("Put the face of one picture into another"))
    @app_commands.describe(
        source=_("The picture with the face"),
        target=_("The picture that gets it"),
        private=_("Only you see it"),
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def faceswap(
        self,
        interaction: Interaction,
        source: discord.Attachment,
        target: discord.Attachment,
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Swap a face between two uploaded pictures."""
        await self._creating.run(
            interaction, lambda _: build_face_swap(*validate_attachments(source, target)), private=private
        )
