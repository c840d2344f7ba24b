"""What our own buttons below a finished picture do: files of it, and its family."""

import io
from collections.abc import Iterator, Sequence

import discord
from discord.ext import commands

from bot.errors import PictureTooLarge
from bot.features.downloads import WHOLE, Files, Results
from bot.features.lineage import Families
from bot.imaging.downloader import Picture
from bot.midjourney.buttons import Kind
from cogs.components.custom_ids import CHOICE, Click, Room, TaskMenu
from cogs.messaging import rate_limits
from cogs.messaging.context import Interaction, clicked, place
from cogs.messaging.rate_limits import Budgets
from cogs.messaging.responses import acknowledged, apologising, promptly, replaced, said, taking_back, thinking
from cogs.text import limits
from cogs.text.markdown import prompt_line, short, web_link
from cogs.views.bot_buttons import pictures_menu
from cogs.views.lineage import family_embed

_NUMBERS = frozenset({WHOLE, 1, 2, 3, 4})
_ASK = "Which of the four do you want as files? It is free."
_FETCHING = "Fetching the pictures …"


class Ours(commands.Cog):
    """Translates clicks on what is ours, which are free, into calls of their use cases."""

    def __init__(self, bot: commands.AutoShardedBot, results: Results, families: Families, turns: Budgets) -> None:
        self._bot = bot
        self._results = results
        self._families = families
        self._turns = turns

    async def cog_load(self) -> None:
        """Let every old message's menus find us."""
        self._bot.add_dynamic_items(TaskMenu)

    @commands.Cog.listener(f"on_{Room.RESULT}")
    async def clicked(self, interaction: Interaction, click: Click) -> None:
        """Answer a click on a button of ours."""
        async with apologising(interaction):
            if click.kind is Kind.SPLIT:
                await self._ask_which(interaction, click)
            elif click.kind is Kind.ORIGINAL:
                await self._original(interaction, click)
            elif click.kind is Kind.FAMILY:
                await self._family(interaction, click)

    @commands.Cog.listener(f"on_{CHOICE}")
    async def chosen(self, interaction: Interaction, click: Click, values: Sequence[str]) -> None:
        """Answer a choice in a menu of ours."""
        async with apologising(interaction):
            if click.kind is Kind.MORE and values and (chosen := Click.read(values[0])):
                # A press exactly like its button's, forms included.
                interaction.client.dispatch(chosen.room, interaction, chosen)
            elif click.kind is Kind.PICTURES:
                await self._split(interaction, click, {int(value) for value in values if value.isdecimal()} & _NUMBERS)

    async def _ask_which(self, interaction: Interaction, click: Click) -> None:
        """Ask privately; the menu carries the grid's message, so that the files go where that one is seen."""
        grid = clicked(interaction)
        menu = pictures_menu(click.task_id, None if grid.ephemeral else grid.message_id)
        await acknowledged(interaction.response.send_message(_ASK, view=menu, ephemeral=True))

    async def _split(self, interaction: Interaction, click: Click, numbers: set[int]) -> None:
        if not await replaced(interaction, _FETCHING):
            return
        private = click.key == "-"
        grid = clicked(interaction) if private else place(interaction, int(click.key), ephemeral=False)
        async with taking_back(interaction, private=True):
            files = await self._results.split(click.task_id, numbers, grid)
            for batch in _batches(files.pictures):
                await self._turn(interaction)
                sending = interaction.followup.send(
                    "" if private else _whose(interaction.user, files.prompt, grid.link),
                    files=[_file(picture, files.prompt) for picture in batch],
                    ephemeral=private,
                    allowed_mentions=discord.AllowedMentions.none(),
                    wait=True,
                )
                await promptly(sending)
            await self._turn(interaction)
            await promptly(interaction.edit_original_response(content=_told(files, interaction) or "Here you are."))

    async def _original(self, interaction: Interaction, click: Click) -> None:
        if not await thinking(interaction):
            return
        async with taking_back(interaction, private=True):
            files = await self._results.original(click.task_id, clicked(interaction))
            first, *more = [*_batches(files.pictures)] or [[]]
            await self._turn(interaction)
            shown = [_file(picture, files.prompt) for picture in first]
            await promptly(
                interaction.edit_original_response(content=_told(files, interaction) or None, attachments=shown)
            )
            for batch in more:
                await self._turn(interaction)
                sent = [_file(picture, files.prompt) for picture in batch]
                await promptly(interaction.followup.send(files=sent, ephemeral=True))

    async def _family(self, interaction: Interaction, click: Click) -> None:
        if not await thinking(interaction):
            return
        async with taking_back(interaction, private=True):
            family = await self._families.of(click.task_id, clicked(interaction), interaction.user.id)
            await self._turn(interaction)
            await promptly(interaction.edit_original_response(embed=family_embed(family, click.task_id)))

    async def _turn(self, interaction: Interaction) -> None:
        await self._turns.turn(interaction.token, rate_limits.TOKEN, as_bot=False, urgent=lambda: True)


def _file(picture: Picture, prompt: str) -> discord.File:
    return discord.File(io.BytesIO(picture.data), picture.name, description=short(prompt, limits.ALT_TEXT) or None)


def _whose(person: discord.abc.User, prompt: str, grid: str) -> str:
    """Say who wanted the files, of which picture, and where its message is."""
    return f"{person.mention} split [these four]({grid}): {prompt_line(prompt)}".removesuffix(": ")


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


def _told(files: Files, interaction: Interaction) -> str:
    """Say what there is to say beside the files."""
    told: list[str] = []
    if files.cut:
        told.append("Cut from the grid: U gives the same picture with its own buttons.")
    if any(picture.shrunk for picture in files.pictures):
        told.append("Made smaller to fit here.")
    if files.unfit is not None:
        links = [link for url in files.links if (link := web_link(url))]
        why = "It is too large to be attached here." if _is_large(files) else said(files.unfit, interaction)
        told.append(f"{why} {_linked(links)}" if links else said(files.unfit, interaction))
    return " ".join(told)


def _linked(links: Sequence[str]) -> str:
    if len(links) == 1:
        return f"[The untouched file]({links[0]}) is there while its link lives."
    named = ", ".join(f"[file {number}]({link})" for number, link in enumerate(links, 1))
    return f"Untouched, while the links live: {named}."


def _is_large(files: Files) -> bool:
    return isinstance(files.unfit, PictureTooLarge)
