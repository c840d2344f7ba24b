"""What our own buttons below a finished picture do: files of it, and its family."""

import io
from collections.abc import Iterator, Sequence

import discord
from discord.ext import commands

from bot.errors import PictureTooLarge
from bot.features.downloads import WHOLE_GRID, DownloadFiles, DownloadService
from bot.features.lineage import LineageFinder
from bot.imaging.downloader import Picture
from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import MENU_CHOICE_EVENT, ClickEvent, TaskCustomId, TaskMenu
from cogs.messaging import rate_limits
from cogs.messaging.context import Interaction, get_clicked_place, to_place
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    acknowledge,
    defer_thinking,
    explain_error,
    replace_message,
    replace_response_on_error,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, format_prompt, sanitize_link
from cogs.views.bot_buttons import render_pictures_menu
from cogs.views.lineage import render_lineage

_NUMBERS = frozenset({WHOLE_GRID, 1, 2, 3, 4})
_ASK = "Which of the four do you want as files? It is free."
_FETCHING = "Fetching the pictures …"


class ResultButtonHandler(commands.Cog):
    """Translates clicks on what is ours, which are free, into calls of their use cases."""

    def __init__(
        self, bot: commands.AutoShardedBot, results: DownloadService, families: LineageFinder, turns: RateLimiter
    ) -> None:
        self._bot = bot
        self._results = results
        self._families = families
        self._turns = turns

    async def cog_load(self) -> None:
        """Let every old message's menus find us."""
        self._bot.add_dynamic_items(TaskMenu)

    @commands.Cog.listener(f"on_{ClickEvent.RESULT}")
    async def handle_click(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Answer a click on a button of ours."""
        async with send_ephemeral_on_error(interaction):
            if click.kind is ButtonKind.SPLIT_GRID:
                await self._ask_which(interaction, click)
            elif click.kind is ButtonKind.ORIGINAL_FILE:
                await self._original(interaction, click)
            elif click.kind is ButtonKind.LINEAGE:
                await self._family(interaction, click)

    @commands.Cog.listener(f"on_{MENU_CHOICE_EVENT}")
    async def handle_choice(self, interaction: Interaction, click: TaskCustomId, values: Sequence[str]) -> None:
        """Answer a choice in a menu of ours."""
        async with send_ephemeral_on_error(interaction):
            if click.kind is ButtonKind.OVERFLOW_MENU and values and (chosen := TaskCustomId.parse(values[0])):
                # A press exactly like its button's, forms included.
                interaction.client.dispatch(chosen.event, interaction, chosen)
            elif click.kind is ButtonKind.SPLIT_MENU:
                await self._split(interaction, click, {int(value) for value in values if value.isdecimal()} & _NUMBERS)

    async def _ask_which(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Ask privately; the menu carries the grid's message, so that the files go where that one is seen."""
        grid = get_clicked_place(interaction)
        menu = render_pictures_menu(click.task_id, None if grid.ephemeral else grid.message_id)
        await acknowledge(interaction, interaction.response.send_message(_ASK, view=menu, ephemeral=True))

    async def _split(self, interaction: Interaction, click: TaskCustomId, numbers: set[int]) -> None:
        if not await replace_message(interaction, _FETCHING):
            return
        private = click.key == "-"
        grid = get_clicked_place(interaction) if private else to_place(interaction, int(click.key), ephemeral=False)
        async with replace_response_on_error(interaction, private=True):
            files = await self._results.fetch_grid_pictures(click.task_id, numbers, grid)
            for batch in _batches(files.pictures):
                await self._turn(interaction)
                sending = interaction.followup.send(
                    "" if private else _whose(interaction.user, files.prompt, grid.link),
                    files=[_file(picture, files.prompt) for picture in batch],
                    ephemeral=private,
                    allowed_mentions=discord.AllowedMentions.none(),
                    wait=True,
                )
                await with_timeout(sending)
            await self._turn(interaction)
            await with_timeout(interaction.edit_original_response(content=_told(files, interaction) or "Here you are."))

    async def _original(self, interaction: Interaction, click: TaskCustomId) -> None:
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            files = await self._results.fetch_originals(click.task_id, get_clicked_place(interaction))
            first, *more = [*_batches(files.pictures)] or [[]]
            await self._turn(interaction)
            shown = [_file(picture, files.prompt) for picture in first]
            await with_timeout(
                interaction.edit_original_response(content=_told(files, interaction) or None, attachments=shown)
            )
            for batch in more:
                await self._turn(interaction)
                sent = [_file(picture, files.prompt) for picture in batch]
                await with_timeout(interaction.followup.send(files=sent, ephemeral=True))

    async def _family(self, interaction: Interaction, click: TaskCustomId) -> None:
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            family = await self._families.find_lineage(
                click.task_id, get_clicked_place(interaction), interaction.user.id
            )
            await self._turn(interaction)
            await with_timeout(interaction.edit_original_response(embed=render_lineage(family, click.task_id)))

    async def _turn(self, interaction: Interaction) -> None:
        await self._turns.acquire(interaction.token, rate_limits.TOKEN_LIMIT, as_bot=False)


def _file(picture: Picture, prompt: str) -> discord.File:
    return discord.File(
        io.BytesIO(picture.data), picture.name, description=clean_and_cut(prompt, limits.ALT_TEXT) or None
    )


def _whose(person: discord.abc.User, prompt: str, grid: str) -> str:
    """Say who wanted the files, of which picture, and where its message is."""
    return f"{person.mention} split [these four]({grid}): {format_prompt(prompt)}".removesuffix(": ")


def _batches(pictures: Sequence[Picture]) -> Iterator[list[Picture]]:
    """Give the pictures in messages that Discord takes as one request."""
    batch: list[Picture] = []
    for picture in pictures:
        if batch and sum(len(one.data) for one in (*batch, picture)) > limits.REQUEST_BYTES:
            yield batch
            batch = []
        batch.append(picture)
    if batch:
        yield batch


def _told(files: DownloadFiles, interaction: Interaction) -> str:
    """Say what there is to say beside the files."""
    told: list[str] = []
    if files.is_split_here:
        told.append("Cut from the grid: U gives the same picture with its own buttons.")
    if any(picture.is_reencoded for picture in files.pictures):
        told.append("Made smaller to fit here.")
    if files.first_error is not None:
        links = [link for url in files.links if (link := sanitize_link(url))]
        why = (
            "It is too large to be attached here."
            if _is_large(files)
            else explain_error(files.first_error, interaction)
        )
        told.append(f"{why} {_linked(links)}" if links else explain_error(files.first_error, interaction))
    return " ".join(told)


def _linked(links: Sequence[str]) -> str:
    if len(links) == 1:
        return f"[The untouched file]({links[0]}) is there while its link lives."
    named = ", ".join(f"[file {number}]({link})" for number, link in enumerate(links, 1))
    return f"Untouched, while the links live: {named}."


def _is_large(files: DownloadFiles) -> bool:
    return isinstance(files.first_error, PictureTooLarge)
