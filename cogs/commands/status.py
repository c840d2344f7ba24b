"""/mjstatus, its autocomplete, and the same as a message's context menu: follow tasks by their ids."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.clock import Clock
from bot.entities import Job, Place, ServerRules, TaskSummary
from bot.errors import MjbotError, PrivateAnswersOff
from bot.midjourney.task import Task
from bot.midjourney.task_ids import MAX_TASK_IDS, find_task_ids, find_task_ids_in_texts
from bot.tracking.tracker import JobTracker
from cogs.commands.choices import suggest_own_tasks
from cogs.commands.registration import MessageMenuCog, usable_anywhere
from cogs.context import Interaction, choose_language, get_viewer, is_reachable, to_person, to_place
from cogs.languages import _, use_language
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import (
    acknowledge,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text import limits
from cogs.text.guidance import NO_IDS_HERE, NO_MENTION_HERE, NO_TASKS_YET, TOO_MANY_IDS, malformed_task_id
from cogs.views.task_list import format_task_line
from cogs.views.task_message import render_sending

log = logging.getLogger(__name__)

_RECENT_TASKS = 5


class StatusCog(MessageMenuCog):
    """Starts one job for each task id; without an id, lists the person's recent tasks."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        tracker: JobTracker,
        rate_limiter: RateLimiter,
        clock: Clock,
        read_rules: Callable[[int], Awaitable[ServerRules | None]],
    ) -> None:
        super().__init__(bot, "Midjourney status", self.follow_message)
        self._read_rules = read_rules
        self._tracker = tracker
        self._rate_limiter = rate_limiter
        self._now = clock.now

    @app_commands.command(
        name="mjstatus", description=locale_str("Follow a Midjourney task: progress, picture, buttons")
    )
    @app_commands.describe(
        id=locale_str("The task's id, or a text or link that contains it; up to five, separated by spaces"),
        private=locale_str("Only you see it"),
        notify=locale_str("Mention me when it's done"),
    )
    @usable_anywhere
    async def mjstatus(
        self,
        interaction: Interaction,
        id: app_commands.Range[str, 1, 1000] | None = None,  # noqa: A002 - the option's name in Discord
        private: bool = False,  # noqa: FBT001, FBT002 - an option in Discord
        notify: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Follow the tasks named by `id`; without it, list this person's own tasks."""
        if id is None:
            await self._list_recent(interaction)
        elif problem := _check_ids(ids := find_task_ids(id), id):
            log.info("Refused an id option that contains %d ids.", len(ids))
            await send_ephemeral(interaction, problem)
        else:
            await self.follow_tasks(interaction, ids, private=private, notify=notify)

    @mjstatus.autocomplete("id")
    async def suggest_tasks(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Suggest this person's own recent tasks."""
        return await suggest_own_tasks(self._tracker, get_viewer(interaction), current)

    async def follow_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Follow the tasks whose ids are in a message's text, embeds or components."""
        ids = find_task_ids_in_texts(_find_texts(message))
        if not ids:
            await send_ephemeral(interaction, _(NO_IDS_HERE))
        else:
            await self.follow_tasks(interaction, ids[:MAX_TASK_IDS], private=message.flags.ephemeral, notify=False)

    async def _list_recent(self, interaction: Interaction) -> None:
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            recent = await self._tracker.list_recent_tasks(get_viewer(interaction), _RECENT_TASKS)
            content = None if recent else _(NO_TASKS_YET)
            await with_timeout(interaction.edit_original_response(content=content, embed=_build_list(recent)))

    async def follow_tasks(self, interaction: Interaction, ids: list[str], *, private: bool, notify: bool) -> None:
        """Respond with the first task's message, and send one followup for each other task."""
        answer = await acknowledge(interaction, interaction.response.defer(ephemeral=private, thinking=True))
        if answer is None or (private and await self._refuse_private_answer(interaction)):
            return
        # In a person's own install Discord may make a response private that was meant to be public.
        private = private or answer.is_ephemeral()
        may_notify = notify and is_reachable(interaction)
        async with replace_response_on_error(interaction, private=private):
            message_id = answer.message_id or (await with_timeout(interaction.original_response())).id
            task = await self._tracker.fetch_task(ids[0], get_viewer(interaction))
            if len(ids) > 1:
                # Discord would treat the next followup as the response while that is still "thinking".
                await self._rate_limiter.acquire_token(interaction.token)
                embed = _render_first(interaction, task, private=private)
                await with_timeout(interaction.edit_original_response(embed=embed))
            await self._start(
                interaction, task, to_place(interaction, message_id, ephemeral=private), notify=may_notify
            )
        for task_id in ids[1:]:
            async with send_ephemeral_on_error(interaction):
                await self._follow_in_followup(interaction, task_id, private=private, notify=may_notify)
        if notify and not may_notify:
            await send_ephemeral(interaction, _(NO_MENTION_HERE))

    async def _refuse_private_answer(self, interaction: Interaction) -> bool:
        """Refuse what only this person would see, where the server's managers have switched that off."""
        async with replace_response_on_error(interaction, private=True):
            rules = await self._read_rules(interaction.guild_id) if interaction.guild_id else None
            if rules is None or rules.private_answers:
                return False
            raise PrivateAnswersOff("server")
        return True

    async def _follow_in_followup(self, interaction: Interaction, task_id: str, *, private: bool, notify: bool) -> None:
        await self._rate_limiter.acquire_token(interaction.token)
        task = await self._tracker.fetch_task(task_id, get_viewer(interaction))
        embed = _render_first(interaction, task, private=private)
        message = await with_timeout(interaction.followup.send(embed=embed, ephemeral=private, wait=True))
        try:
            where = to_place(interaction, message.id, ephemeral=private or message.flags.ephemeral)
            await self._start(interaction, task, where, notify=notify)
        except MjbotError:
            await with_timeout(interaction.followup.delete_message(message.id))
            raise

    async def _start(self, interaction: Interaction, task: Task, where: Place, *, notify: bool) -> None:
        job = Job(
            place=where, requester=to_person(interaction.user), task_id=task.id, born_at=self._now(), notify=notify
        )
        await self._tracker.follow_job(job, task, viewer=get_viewer(interaction))


def _render_first(interaction: Interaction, task: Task, *, private: bool) -> discord.Embed:
    """Render what a message shows before its task is followed, in the message's language."""
    with use_language(choose_language(interaction, private=private)):
        return render_sending(to_person(interaction.user), "", task)


def _check_ids(ids: list[str], text: str) -> str:
    if not ids:
        return malformed_task_id(text)
    return _(TOO_MANY_IDS) if len(ids) > MAX_TASK_IDS else ""


def _find_texts(message: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    """Return all texts of a message, and of those that it forwards, which may contain an id."""
    yield message.content
    for embed in message.embeds:
        yield from filter(None, (embed.title, embed.description, embed.url, embed.image.url, embed.footer.text))
        for field in embed.fields:
            yield from filter(None, (field.name, field.value))
    yield from _find_component_texts(message.components)
    for forwarded in getattr(message, "message_snapshots", ()):
        yield from _find_texts(forwarded)


def _find_component_texts(components: Sequence[Any]) -> Iterator[str]:
    """Return the texts of components of every kind: rows, sections, containers."""
    for component in components:
        yield from (str(getattr(component, name, None) or "") for name in ("custom_id", "url", "content"))
        yield from _find_component_texts(
            [*getattr(component, "children", ()), *filter(None, [getattr(component, "accessory", None)])]
        )


def _build_list(tasks: Sequence[TaskSummary]) -> discord.Embed | None:
    if not tasks:
        return None
    lines = "\n".join(map(format_task_line, tasks))
    return discord.Embed(title=_("Your recent tasks"), description=limits.cut(lines, limits.EMBED_DESCRIPTION))
