"""/seed: the number that a task started from; asking for it takes a while."""

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.features.seed import SeedService
from bot.midjourney.task import Task
from bot.midjourney.task_ids import find_task_ids
from bot.tracking.tracker import JobTracker
from cogs.commands.choices import suggest_own_tasks
from cogs.commands.registration import usable_anywhere
from cogs.context import Interaction, choose_language, get_viewer
from cogs.languages import _, use_language
from cogs.messaging.responses import acknowledge, replace_response_on_error, send_ephemeral, with_timeout
from cogs.text.guidance import ASKING_FOR_SEED, ONE_SEED_AT_A_TIME, malformed_task_id
from cogs.text.markdown import format_prompt
from cogs.text.quotes import quote_text
from cogs.views.colors import DONE_COLOR


class SeedCog(commands.Cog):
    """Asks for the seeds of tasks."""

    def __init__(self, seeds: SeedService, tracker: JobTracker) -> None:
        self._seeds = seeds
        self._tracker = tracker

    @app_commands.command(name="seed", description=locale_str("The seed of a task (free, takes a while)"))
    @app_commands.describe(
        id=locale_str("The task's id, or a text or link that contains it"),
        private=locale_str("Only you see it (default: yes)"),
    )
    @usable_anywhere
    async def seed(
        self,
        interaction: Interaction,
        id: app_commands.Range[str, 1, 1000],  # noqa: A002 - the option's name in Discord
        private: bool = True,  # noqa: FBT001, FBT002 - an option in Discord
    ) -> None:
        """Show the seed of one task."""
        ids = find_task_ids(id)
        if len(ids) == 1:
            await self._show_seed(interaction, ids[0], private=private)
        else:
            await send_ephemeral(interaction, _(ONE_SEED_AT_A_TIME) if ids else malformed_task_id(id))

    @seed.autocomplete("id")
    async def suggest_tasks(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Suggest this person's own recent tasks."""
        return await suggest_own_tasks(self._tracker, get_viewer(interaction), current)

    async def _show_seed(self, interaction: Interaction, task_id: str, *, private: bool) -> None:
        answer = await acknowledge(interaction, interaction.response.defer(ephemeral=private, thinking=True))
        if answer is None:
            return
        # In a person's own install Discord may make a response private that was meant to be public.
        private = private or answer.is_ephemeral()
        async with replace_response_on_error(interaction, private=private):
            viewer, language = get_viewer(interaction), choose_language(interaction, private=private)
            task = await self._seeds.find_known_seed(task_id, viewer)
            if task is None:
                with use_language(language):
                    text = _(ASKING_FOR_SEED)
                await with_timeout(interaction.edit_original_response(content=text))
                task = await self._seeds.fetch_seed(task_id, viewer)
            with use_language(language):
                embed = _build_embed(task)
            await with_timeout(interaction.edit_original_response(content=None, embed=embed))


def _build_embed(task: Task) -> discord.Embed:
    seed = quote_text(task.seed)
    # Translators: {parameter} is code, such as `--seed 123`.
    again = _("Add {parameter} to a prompt for similar pictures.").format(parameter=quote_text(f"--seed {task.seed}"))
    lines = filter(None, (format_prompt(task.shown_prompt), _("The seed is {seed}.").format(seed=seed), again))
    embed = discord.Embed(title=_("🌱 Seed"), color=DONE_COLOR, description="\n".join(lines))
    return embed.set_footer(text=task.id)
