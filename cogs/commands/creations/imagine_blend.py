"""/imagine and /blend: new pictures from a prompt, or from pictures."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.midjourney.prompts.parameters import NIJI_VERSIONS, VERSIONS, get_integer_range
from bot.midjourney.prompts.prompt_builder import MAX_PROMPT_LENGTH, ImagineOptions
from bot.midjourney.request_options import Dimensions, Speed
from bot.submissions.command_requests import CommandRequest, PersonDefaults, build_blend, build_imagine
from cogs.commands.choices import DIMENSION_LABELS
from cogs.commands.creations.paid_command import PaidCommandRunner
from cogs.commands.registration import usable_anywhere
from cogs.context import Interaction
from cogs.messaging.attachments import validate_attachments
from cogs.text import limits

_STYLIZE, _CHAOS, _WEIRD, _SEED = map(get_integer_range, ("stylize", "chaos", "weird", "seed"))
_ASPECTS = ("1:1", "3:2", "2:3", "16:9", "9:16", "4:3", "3:4", "4:5", "21:9", "2:1")


def _suggest_from(
    values: Sequence[str],
) -> Callable[[Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    """Return an autocomplete callback that suggests the values which start with the typed text.

    If none does, it suggests that text itself, which may be a version newer than ours.
    """

    async def suggest(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        del interaction
        typed = current.strip()
        found = [value for value in values if value.startswith(typed)] or [typed]
        return [app_commands.Choice(name=value, value=value) for value in found if len(value) <= limits.CHOICE_NAME]

    return suggest


class ImagineBlendCog(commands.Cog):
    """Turns options of the two commands into requests."""

    def __init__(self, runner: PaidCommandRunner) -> None:
        self._runner = runner

    @app_commands.command(name="imagine", description=locale_str("Draw four pictures of what you describe"))
    @app_commands.describe(
        prompt=locale_str("What to draw. Midjourney's parameters, such as --ar 3:2, go at the end"),
        aspect=locale_str("Width to height, such as 3:2"),
        version=locale_str("Midjourney version, such as 7"),
        stylize=locale_str("How strongly to apply Midjourney's style, 0 to 1000"),
        chaos=locale_str("How much the four pictures differ from each other, 0 to 100"),
        weird=locale_str("How unusual the pictures are, 0 to 3000"),
        seed=locale_str("A starting number. The same seed and prompt give similar pictures"),
        no=locale_str("Things to leave out, separated by commas"),
        tile=locale_str("Pictures that repeat seamlessly, for patterns"),
        raw=locale_str("Closer to your prompt, with less of Midjourney's own style"),
        niji=locale_str("Niji (anime model) version, such as 7"),
        image=locale_str("An image to use as a reference"),
        image2=locale_str("A second reference image"),
        image3=locale_str("A third reference image"),
        speed=locale_str("Speed mode, which affects the price"),
        private=locale_str("Only you see it"),
    )
    @app_commands.autocomplete(
        aspect=_suggest_from(_ASPECTS), version=_suggest_from(VERSIONS), niji=_suggest_from(NIJI_VERSIONS)
    )
    @usable_anywhere
    async def imagine(  # noqa: PLR0913, PLR0917 - one parameter for each option
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_LENGTH],
        aspect: app_commands.Range[str, 1, 20] = "",
        version: app_commands.Range[str, 1, 20] = "",
        stylize: app_commands.Range[int, _STYLIZE[0], _STYLIZE[1]] | None = None,
        chaos: app_commands.Range[int, _CHAOS[0], _CHAOS[1]] | None = None,
        weird: app_commands.Range[int, _WEIRD[0], _WEIRD[1]] | None = None,
        seed: app_commands.Range[int, _SEED[0], _SEED[1]] | None = None,
        no: app_commands.Range[str, 1, 1000] = "",
        tile: bool | None = None,  # noqa: FBT001
        raw: bool | None = None,  # noqa: FBT001
        niji: app_commands.Range[str, 1, 20] = "",
        image: discord.Attachment | None = None,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        speed: Literal["fast", "relax", "turbo"] | None = None,
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Draw four pictures from a prompt and up to three reference images."""
        options = ImagineOptions(
            prompt=prompt, aspect=aspect, version=version, niji=niji, stylize=stylize, chaos=chaos, weird=weird,
            seed=seed, no=no, tile=tile, raw=raw, speed=Speed(speed) if speed else None,
        )  # fmt: skip

        def build_request(defaults: PersonDefaults) -> CommandRequest:
            return build_imagine(options, validate_attachments(image, image2, image3), defaults)

        await self._runner.run(interaction, build_request, private=private)

    @app_commands.command(name="blend", description=locale_str("Blend 2–5 pictures together"))  # noqa: RUF001 - an en dash
    @app_commands.describe(
        image1=locale_str("The first picture"),
        image2=locale_str("The second picture"),
        image3=locale_str("A third picture"),
        image4=locale_str("A fourth picture"),
        image5=locale_str("A fifth picture"),
        dimensions=locale_str("Shape of the result (default: square)"),
        private=locale_str("Only you see it"),
    )
    @app_commands.choices(
        dimensions=[
            app_commands.Choice(name=locale_str(words), value=shape.value) for shape, words in DIMENSION_LABELS.items()
        ]
    )
    @usable_anywhere
    async def blend(
        self,
        interaction: Interaction,
        image1: discord.Attachment,
        image2: discord.Attachment,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
        dimensions: str = Dimensions.SQUARE.value,
        private: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Blend two to five uploaded pictures."""

        def build_request(_: PersonDefaults) -> CommandRequest:
            return build_blend(validate_attachments(image1, image2, image3, image4, image5), Dimensions(dimensions))

        await self._runner.run(interaction, build_request, private=private)
