"""Handle the bot's own buttons below a finished picture: its files, its family, and the menus."""

import io
from collections.abc import Iterator, Sequence

import discord
from discord.ext import commands

from bot.entities import Place
from bot.errors import PictureTooLarge
from bot.features.downloads import WHOLE_GRID, DownloadFiles, DownloadService
from bot.features.lineage import LineageFinder
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import MENU_CHOICE_EVENT, ClickEvent, TaskCustomId, TaskMenu
from cogs.context import Interaction, get_clicked_place, get_viewer, to_place
from cogs.languages import N_, _, join_list, join_sentences, use_language
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
from cogs.messaging.spoilers import needs_spoilers
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, format_prompt, sanitize_link
from cogs.views.bot_buttons import render_pictures_menu
from cogs.views.lineage import render_lineage

_MENU_VALUES = frozenset({WHOLE_GRID, 1, 2, 3, 4})
_SPLIT_QUESTION = N_("Which pictures should I post? (free)")
_FETCHING = N_("Fetching the pictures …")


class ResultButtonHandler(commands.Cog):
    """Calls the use cases of these buttons, all of which are free."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        downloads: DownloadService,
        lineages: LineageFinder,
        rate_limiter: RateLimiter,
    ) -> None:
        self._bot = bot
        self._downloads = downloads
        self._lineages = lineages
        self._rate_limiter = rate_limiter

    async def cog_load(self) -> None:
        """Register the menus of old messages too."""
        self._bot.add_dynamic_items(TaskMenu)

    @commands.Cog.listener(f"on_{ClickEvent.RESULT}")
    async def handle_click(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Handle a click on one of the buttons."""
        async with send_ephemeral_on_error(interaction):
            if click.kind is ButtonKind.SPLIT_GRID:
                await self._ask_for_pictures(interaction, click)
            elif click.kind is ButtonKind.ORIGINAL_FILE:
                await self._post_original(interaction, click)
            elif click.kind is ButtonKind.LINEAGE:
                await self._show_lineage(interaction, click)

    @commands.Cog.listener(f"on_{MENU_CHOICE_EVENT}")
    async def handle_choice(self, interaction: Interaction, click: TaskCustomId, values: Sequence[str]) -> None:
        """Handle a choice in one of the menus."""
        async with send_ephemeral_on_error(interaction):
            if click.kind is ButtonKind.OVERFLOW_MENU and values and (chosen := TaskCustomId.parse(values[0])):
                # Exactly like a click on the button, modals included.
                interaction.client.dispatch(chosen.event, interaction, chosen)
            elif click.kind is ButtonKind.SPLIT_MENU:
                await self._post_pictures(
                    interaction, click, {int(value) for value in values if value.isdecimal()} & _MENU_VALUES
                )

    async def _ask_for_pictures(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Ask the person privately; the menu holds the grid's message, so that the files are as visible as that one."""
        grid = get_clicked_place(interaction)
        menu = render_pictures_menu(click.task_id, None if grid.ephemeral else grid.message_id)
        question = _(_SPLIT_QUESTION)
        await acknowledge(interaction, interaction.response.send_message(question, view=menu, ephemeral=True))

    async def _post_pictures(self, interaction: Interaction, click: TaskCustomId, numbers: set[int]) -> None:
        if not await replace_message(interaction, _(_FETCHING)):
            return
        private = click.key == "-"
        grid = get_clicked_place(interaction) if private else to_place(interaction, int(click.key), ephemeral=False)
        async with replace_response_on_error(interaction, private=True):
            files = await self._downloads.fetch_grid_pictures(click.task_id, numbers, grid, get_viewer(interaction))
            is_spoiler = await needs_spoilers(interaction)
            for batch in split_into_messages(files.pictures):
                await self._rate_limiter.acquire_token(interaction.token)
                request = interaction.followup.send(
                    "" if private else _describe_split(interaction.user, files.prompt, grid),
                    files=[_build_file(picture, files.prompt, is_spoiler=is_spoiler) for picture in batch],
                    ephemeral=private,
                    allowed_mentions=discord.AllowedMentions.none(),
                    wait=True,
                )
                await with_timeout(request)
            await self._rate_limiter.acquire_token(interaction.token)
            await with_timeout(
                interaction.edit_original_response(
                    content=_describe_files(files, interaction, is_spoiler=is_spoiler) or _("Here you are.")
                )
            )

    async def _post_original(self, interaction: Interaction, click: TaskCustomId) -> None:
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            place, viewer = get_clicked_place(interaction), get_viewer(interaction)
            files = await self._downloads.fetch_originals(click.task_id, place, viewer)
            first, *more = [*split_into_messages(files.pictures)] or [[]]
            await self._rate_limiter.acquire_token(interaction.token)
            is_spoiler = await needs_spoilers(interaction)
            shown = [_build_file(picture, files.prompt, is_spoiler=is_spoiler) for picture in first]
            await with_timeout(
                interaction.edit_original_response(
                    content=_describe_files(files, interaction, is_spoiler=is_spoiler) or None, attachments=shown
                )
            )
            for batch in more:
                await self._rate_limiter.acquire_token(interaction.token)
                sent = [_build_file(picture, files.prompt, is_spoiler=is_spoiler) for picture in batch]
                await with_timeout(interaction.followup.send(files=sent, ephemeral=True))

    async def _show_lineage(self, interaction: Interaction, click: TaskCustomId) -> None:
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            family = await self._lineages.find_lineage(click.task_id, get_viewer(interaction))
            await self._rate_limiter.acquire_token(interaction.token)
            await with_timeout(interaction.edit_original_response(embed=render_lineage(family, click.task_id)))


def _build_file(picture: Picture, prompt: str, *, is_spoiler: bool) -> discord.File:
    return discord.File(
        io.BytesIO(picture.data),
        picture.name,
        description=clean_and_cut(prompt, limits.ALT_TEXT) or None,
        spoiler=is_spoiler,
    )


def _describe_split(person: discord.abc.User, prompt: str, grid: Place) -> str:
    """Name the person who split a grid, its prompt, and its message, in the language of that message."""
    with use_language(grid.language):
        text = _("{person} split [these four]({link}): {prompt}")
        if not (shown := format_prompt(prompt)):
            text = _("{person} split [these four]({link})")
    return text.format(person=person.mention, link=grid.link, prompt=shown)


def split_into_messages(pictures: Sequence[Picture]) -> Iterator[list[Picture]]:
    """Group the pictures so that each group fits one request to Discord."""
    batch: list[Picture] = []
    for picture in pictures:
        if batch and sum(len(one.data) for one in (*batch, picture)) > limits.REQUEST_BYTES:
            yield batch
            batch = []
        batch.append(picture)
    if batch:
        yield batch


def _describe_files(files: DownloadFiles, interaction: Interaction, *, is_spoiler: bool) -> str:
    """Describe what is special about the files, and which of them are missing; "" for none.

    Discord shows no preview of a link in angle brackets, which would give a spoiler away.
    """
    notes: list[str] = []
    if files.is_split_here:
        notes.append(_("Cut from the grid. **U** gives the same picture with its own buttons."))
    if any(picture.is_reencoded for picture in files.pictures):
        notes.append(_("Made smaller to fit here."))
    if files.first_error is not None:
        links = [f"<{link}>" if is_spoiler else link for url in files.links if (link := sanitize_link(url))]
        why = (
            _("It's too large to attach here.")
            if isinstance(files.first_error, PictureTooLarge)
            else explain_error(files.first_error, interaction)
        )
        notes += [why, _format_links(links)] if links else [explain_error(files.first_error, interaction)]
    return join_sentences(*notes)


def _format_links(links: Sequence[str]) -> str:
    if len(links) == 1:
        return _("[The original file]({link}) is available until its link expires.").format(link=links[0])
    named = [_("[file {number}]({link})").format(number=number, link=link) for number, link in enumerate(links, 1)]
    return _("Original files, until their links expire: {files}.").format(files=join_list(named))
