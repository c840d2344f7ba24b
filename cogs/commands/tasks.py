"""/mjtasks: a paged list of a person's own tasks, from which each can be followed."""

from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.entities import TaskFilter
from bot.features.person_settings import PersonSettingsService
from cogs.commands.registration import usable_anywhere
from cogs.commands.status import StatusCog
from cogs.context import Interaction, get_viewer
from cogs.languages import _
from cogs.messaging.responses import (
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.guidance import NO_TASKS_YET, no_such_tasks
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
    """Shows the list, its pages and its filter; `status` follows the chosen task."""

    def __init__(self, bot: commands.AutoShardedBot, person_settings: PersonSettingsService, status: StatusCog) -> None:
        self._bot = bot
        self._person_settings = person_settings
        self._status = status

    async def cog_load(self) -> None:
        """Handle the buttons and menus of any list message."""
        self._bot.add_dynamic_items(TaskListButton, TaskListMenu)

    @app_commands.command(name="mjtasks", description=locale_str("Your tasks: running ones first, then the newest"))
    @app_commands.describe(state=locale_str("Show only these tasks"))
    @app_commands.choices(
        state=[app_commands.Choice(name=locale_str(name), value=str(which)) for which, name in FILTER_NAMES.items()]
    )
    @usable_anywhere
    async def mjtasks(self, interaction: Interaction, state: str = TaskFilter.ALL) -> None:
        """List this person's own tasks, in an ephemeral message."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._show(interaction, TaskListPage(0, TaskFilter(state)))

    @commands.Cog.listener(f"on_{TURN_PAGE_EVENT}")
    @commands.Cog.listener(f"on_{FILTER_TASKS_EVENT}")
    async def show_page(self, interaction: Interaction, leaf: TaskListPage) -> None:
        """Show another page, or the tasks of another state, in the same message."""
        async with send_ephemeral_on_error(interaction):
            if await defer_click(interaction):
                await self._show(interaction, leaf)

    @commands.Cog.listener(f"on_{OPEN_TASK_EVENT}")
    async def open_task(self, interaction: Interaction, task_id: str) -> None:
        """Follow a task of the list in an ephemeral message."""
        async with send_ephemeral_on_error(interaction):
            await self._status.follow_tasks(interaction, [task_id], private=True, notify=False)

    async def _show(self, interaction: Interaction, leaf: TaskListPage) -> None:
        page = await self._person_settings.get_task_page(get_viewer(interaction), leaf.task_filter, leaf.number)
        empty = _(NO_TASKS_YET) if page.which is TaskFilter.ALL else no_such_tasks(FILTER_NAMES[page.which])
        embed, view = render_task_list(page, empty)
        await with_timeout(interaction.edit_original_response(embed=embed, view=view))
