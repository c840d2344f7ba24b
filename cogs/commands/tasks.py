"""/mjtasks: a person's own tasks, page by page, each of which opens its live message."""

from discord import app_commands
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.entities import Tasks
from bot.features.person_settings import People
from cogs.commands.status import Status
from cogs.messaging.context import Interaction
from cogs.messaging.responses import apologising, deferred, promptly, taking_back, thinking
from cogs.text.guidance import no_such_tasks, no_tasks_yet
from cogs.views.task_list import NAMES, ONLY, OPEN, TURN, Leaf, ListButton, ListMenu, listing


class OwnTasks(commands.Cog):
    """Translates pages, filters and choices; what is chosen is followed as `status` does it."""

    def __init__(self, bot: commands.AutoShardedBot, people: People, status: Status) -> None:
        self._bot = bot
        self._people = people
        self._status = status

    async def cog_load(self) -> None:
        """Let every list's buttons and menus find us."""
        self._bot.add_dynamic_items(ListButton, ListMenu)

    @app_commands.command(name="mjtasks", description=_("Your tasks: those still running, then the newest"))
    @app_commands.describe(state=_("Only those"))
    @app_commands.choices(state=[app_commands.Choice(name=name, value=str(which)) for which, name in NAMES.items()])
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def mjtasks(self, interaction: Interaction, state: str = Tasks.ALL) -> None:
        """List this person's own tasks, to them alone."""
        if not await thinking(interaction):
            return
        async with taking_back(interaction, private=True):
            await self._show(interaction, Leaf(0, Tasks(state)))

    @commands.Cog.listener(f"on_{TURN}")
    @commands.Cog.listener(f"on_{ONLY}")
    async def turned(self, interaction: Interaction, leaf: Leaf) -> None:
        """Show another page, or other tasks, in the place of the list."""
        async with apologising(interaction):
            if await deferred(interaction):
                await self._show(interaction, leaf)

    @commands.Cog.listener(f"on_{OPEN}")
    async def opened(self, interaction: Interaction, task_id: str) -> None:
        """Follow a task of the list in a private message of its own."""
        async with apologising(interaction):
            await self._status.follow(interaction, [task_id], private=True, notify=False)

    async def _show(self, interaction: Interaction, leaf: Leaf) -> None:
        page = await self._people.tasks(interaction.user.id, leaf.which, leaf.number)
        empty = no_tasks_yet() if page.which is Tasks.ALL else no_such_tasks(NAMES[page.which])
        embed, view = listing(page, empty)
        await promptly(interaction.edit_original_response(embed=embed, view=view))
