"""/mjtasks: a person's own tasks, page by page, each of which opens its live message."""

from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.entities import TaskFilter
from bot.features.person_settings import PersonSettingsService
from cogs.commands.status import StatusCog
from cogs.messaging.context import Interaction
from cogs.messaging.responses import (
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.guidance import no_such_tasks, no_tasks_yet
from cogs.views.task_list import (
    FILTER_NAMES,
    FILTER_TASKS_EVENT,
    OPEN_TASK_EVENT,
    TURN_PAGE_EVENT,
    TaskListButton,
    TaskListMenu,
    TaskListPage,
    render_task_list,
)


class TasksCog(commands.Cog):
    """Translates pages, filters and choices; what is chosen is followed as `status` does it."""

    def __init__(self, bot: commands.AutoShardedBot, people: PersonSettingsService, status: StatusCog) -> None:
        self._bot = bot
        self._people = people
        self._status = status

    async def cog_load(self) -> None:
        """Let every list's buttons and menus find us."""
        self._bot.add_dynamic_items(TaskListButton, TaskListMenu)

    @app_commands.command(name="mjtasks", description=_("Your tasks: those still running, then the newest"))
    @app_commands.describe(state=_("Only those"))
    @app_commands.choices(
        state=[app_commands.Choice(name=name, value=str(which)) for which, name in FILTER_NAMES.items()]
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def mjtasks(self, interaction: Interaction, state: str = TaskFilter.ALL) -> None:
        """List this person's own tasks, to them alone."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._show(interaction, TaskListPage(0, TaskFilter(state)))

    @commands.Cog.listener(f"on_{TURN_PAGE_EVENT}")
    @commands.Cog.listener(f"on_{FILTER_TASKS_EVENT}")
    async def show_page(self, interaction: Interaction, leaf: TaskListPage) -> None:
        """Show another page, or other tasks, in the place of the list."""
        async with send_ephemeral_on_error(interaction):
            if await defer_click(interaction):
                await self._show(interaction, leaf)

    @commands.Cog.listener(f"on_{OPEN_TASK_EVENT}")
    async def open_task(self, interaction: Interaction, task_id: str) -> None:
        """Follow a task of the list in a private message of its own."""
        async with send_ephemeral_on_error(interaction):
            await self._status.follow_tasks(interaction, [task_id], private=True, notify=False)

    async def _show(self, interaction: Interaction, leaf: TaskListPage) -> None:
        page = await self._people.get_task_page(interaction.user.id, leaf.task_filter, leaf.number)
        empty = no_tasks_yet() if page.which is TaskFilter.ALL else no_such_tasks(FILTER_NAMES[page.which])
        embed, view = render_task_list(page, empty)
        await with_timeout(interaction.edit_original_response(embed=embed, view=view))
