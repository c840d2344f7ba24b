"""/animate, /edit and /faceswap: commands that change an existing picture."""

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.midjourney.prompts.prompt_builder import MAX_PROMPT_LENGTH
from bot.midjourney.request_options import Motion
from bot.midjourney.task_ids import find_task_ids
from bot.policy.task_privacy import Viewer
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
from cogs.commands.creations.paid_command import PaidCommandRunner, choose_privacy
from cogs.commands.registration import usable_anywhere
from cogs.context import Interaction, get_viewer
from cogs.languages import _
from cogs.messaging.attachments import validate_attachments
from cogs.messaging.responses import send_ephemeral
from cogs.text.guidance import ONE_STARTING_IMAGE_REQUIRED, malformed_task_id


class AnimateEditFaceswapCog(commands.Cog):
    """Turns options into requests.

    `get_picture` makes an input of a finished task's picture, by its id and number; `is_private` tells whether a person
    drew a task in private.
    """

    def __init__(
        self,
        runner: PaidCommandRunner,
        tracker: JobTracker,
        get_picture: Callable[[str, int, Viewer], PictureInput],
        is_private: Callable[[str, Viewer], Awaitable[bool]],
    ) -> None:
        self._runner = runner
        self._tracker = tracker
        self._get_picture = get_picture
        self._is_private = is_private

    @app_commands.command(name="animate", description=locale_str("Turn a picture, or a finished task, into clips"))
    @app_commands.describe(
        image=locale_str("The starting image"),
        id=locale_str("Or a finished task: its id, or a text or link that contains it"),
        picture=locale_str("Which of the task's four pictures, 1 to 4 (default: 1)"),
        prompt=locale_str("What happens in the clips (default: the task's own prompt)"),
        motion=locale_str("How much motion"),
        loop=locale_str("Make the end lead back to the start, if the service can"),
        end_image=locale_str("The ending image, if the service can use one"),
        private=locale_str("Only you see it (default: as the task is)"),
    )
    @app_commands.choices(
        motion=[
            app_commands.Choice(name=locale_str("low: still camera, little motion"), value=Motion.LOW.value),
            app_commands.Choice(name=locale_str("high: moving camera, much motion"), value=Motion.HIGH.value),
        ]
    )
    @usable_anywhere
    async def animate(  # noqa: PLR0913, PLR0917 - one parameter for each option
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        id: app_commands.Range[str, 1, 1000] | None = None,  # noqa: A002 - the option's name in Discord
        picture: app_commands.Range[int, 1, 4] = 1,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_LENGTH] = "",
        motion: str = Motion.LOW.value,
        loop: bool = False,  # noqa: FBT001, FBT002
        end_image: discord.Attachment | None = None,
        private: bool | None = None,  # noqa: FBT001
    ) -> None:
        """Animate an uploaded picture, or one of a task."""
        if (image is None) == (id is None):
            await send_ephemeral(interaction, _(ONE_STARTING_IMAGE_REQUIRED))
            return
        ids = find_task_ids(id or "")
        if id is not None and len(ids) != 1:
            await send_ephemeral(interaction, malformed_task_id(id))
            return

        viewer = get_viewer(interaction)

        def build_request(_defaults: PersonDefaults) -> CommandRequest:
            begin = self._get_picture(ids[0], picture, viewer) if ids else validate_attachments(image)[0]
            end = next(iter(validate_attachments(end_image)), None)
            return build_animate(begin, prompt, Motion(motion), end, loop=loop)

        if ids:
            private = await choose_privacy(private, self._is_private(ids[0], viewer))
        await self._runner.run(interaction, build_request, private=private or False)

    @animate.autocomplete("id")
    async def suggest_tasks(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Suggest this person's own recent tasks."""
        return await suggest_own_tasks(self._tracker, get_viewer(interaction), current)

    @app_commands.command(name="edit", description=locale_str("Change a picture with a prompt"))
    @app_commands.describe(
        image=locale_str("The picture, as PNG, JPEG or WebP"),
        prompt=locale_str("What to change or add"),
        private=locale_str("Only you see it"),
    )
    @usable_anywhere
    async def edit(
        self,
        interaction: Interaction,
        image: discord.Attachment,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_LENGTH],
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Change an uploaded picture."""
        await self._runner.run(
            interaction, lambda _defaults: build_edit(validate_attachments(image)[0], prompt), private=private
        )

    @app_commands.command(name="faceswap", description=locale_str("Put the face of one picture into another"))
    @app_commands.describe(
        source=locale_str("The picture with the face"),
        target=locale_str("The picture to put the face into"),
        private=locale_str("Only you see it"),
    )
    @usable_anywhere
    async def faceswap(
        self,
        interaction: Interaction,
        source: discord.Attachment,
        target: discord.Attachment,
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Swap a face between two uploaded pictures."""
        await self._runner.run(
            interaction, lambda _defaults: build_face_swap(*validate_attachments(source, target)), private=private
        )
