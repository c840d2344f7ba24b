"""The lines about reported messages, in a server's log channel and in the operator's: one message for each case.

What is not sent, as there is no channel or it can't be written to, is in the lists of `/mjserver` and `/mjadmin`.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

import discord

from bot.entities import Report, ReportAudience, ReportLine
from bot.errors import StoreUnavailable
from bot.ports import ReportsStore, RulesStore
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from cogs.languages import use_language
from cogs.languages.choice import LanguageChoice
from cogs.messaging import rate_limits
from cogs.messaging.channels.log_channel import LOG_CHANNEL
from cogs.messaging.discord_refusals import DELETED_CODES
from cogs.messaging.place_permissions import find_channel_permissions
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import REQUEST_ERRORS, summarize_error, with_timeout
from cogs.text.reports import describe_case
from cogs.views.report_controls import render_line_buttons

log = logging.getLogger(__name__)

_KEY: Final = "report line"


class ReportLines:
    """Sends and edits the lines in the background; each holds all reports of one message, and their buttons."""

    def __init__(
        self,
        bot: discord.Client,
        reports: ReportsStore,
        rules: RulesStore,
        rate_limiter: RateLimiter,
        supervisor: TaskSupervisor,
        languages: LanguageChoice,
    ) -> None:
        self._bot = bot
        self._reports = reports
        self._rules = rules
        self._rate_limiter = rate_limiter
        self._supervisor = supervisor
        self._languages = languages
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def show(self, report_id: int) -> None:
        """Show the case of a report as it is stored now, to all who resolve it."""
        self._supervisor.start(WorkKey(_KEY, report_id), partial(self._show, report_id))

    async def _show(self, report_id: int) -> None:
        try:
            case = await self._reports.list_case(report_id)
            if not case:
                return
            message_id = case[0].message_id
            lock = self._locks.setdefault(message_id, asyncio.Lock())
            for audience in ReportAudience:
                async with lock:  # two reports of one message at once get one line
                    await self._show_to(audience, report_id)
        except StoreUnavailable as gone:
            log.warning("A report is not shown in a log channel, as the database does not answer: %s", gone)

    async def _show_to(self, audience: ReportAudience, report_id: int) -> None:
        case = await self._reports.list_case(report_id)
        if not case:
            return
        first = case[0]
        line = first.find_line(audience)
        if line is not None and await self._edit(case, audience, line):
            return
        if not first.is_open:
            return
        if line is not None:
            await self._reports.save_line(first.id, audience, None)
        sent = await self._send(case, audience)
        if sent is not None and not await self._reports.save_line(first.id, audience, sent):
            await self._replace_by_other(report_id, audience, sent)

    async def _replace_by_other(self, report_id: int, audience: ReportAudience, sent: ReportLine) -> None:
        """Delete a line, as another process has sent one meanwhile, and show the case in that one."""
        try:
            await with_timeout(self._get_message(sent).delete())
        except REQUEST_ERRORS as error:
            log.info("A second line about a report is not deleted: %s.", summarize_error(error))
        case = await self._reports.list_case(report_id)
        line = case[0].find_line(audience) if case else None
        if line is not None:
            await self._edit(case, audience, line)

    async def _edit(self, case: Sequence[Report], audience: ReportAudience, line: ReportLine) -> bool:
        """Show a case in its line; return False if that was deleted."""
        text, view = self._render(case, audience)
        try:
            await self._wait(line.channel_id)
            await with_timeout(
                self._get_message(line).edit(content=text, view=view, allowed_mentions=discord.AllowedMentions.none())
            )
        except discord.HTTPException as error:
            log.info("The line about the reports of message %d is not edited: %s.", case[0].message_id, error.code)
            return error.code not in DELETED_CODES
        except REQUEST_ERRORS as error:
            log.info("A line about a report is not edited: %s.", summarize_error(error))
        return True

    async def _send(self, case: Sequence[Report], audience: ReportAudience) -> ReportLine | None:
        """Send the line of a case; None where that is not possible."""
        channel_id = await self._find_channel(case[0].guild_id, audience)
        if not channel_id:
            return None
        text, view = self._render(case, audience)
        try:
            await self._wait(channel_id)
            channel = self._bot.get_partial_messageable(channel_id)
            sent = await with_timeout(
                channel.send(
                    text,
                    view=view or discord.ui.View(),
                    suppress_embeds=True,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            )
        except REQUEST_ERRORS as error:
            log.warning(
                "A report is not shown in log channel %d: %s. It is in the list of open reports.",
                channel_id,
                summarize_error(error),
            )
            return None
        return ReportLine(channel_id, sent.id)

    async def _find_channel(self, guild_id: int, audience: ReportAudience) -> int:
        """Return the channel for these readers; 0 where there is none, or the bot is known to lack a permission."""
        if audience is ReportAudience.OPERATOR:
            return (await self._rules.find_rules(0, 0)).operator.log_channel_id
        if not guild_id or self._bot.get_guild(guild_id) is None:
            return 0
        channel_id = LOG_CHANNEL.choose_channel((await self._rules.find_rules(guild_id, 0)).server)
        granted = find_channel_permissions(self._bot, guild_id, channel_id) if channel_id else None
        is_closed = granted is not None and not all(getattr(granted, one) for one in LOG_CHANNEL.permissions)
        return 0 if is_closed else channel_id

    def _render(self, case: Sequence[Report], audience: ReportAudience) -> tuple[str, discord.ui.View | None]:
        first = case[0]
        is_server = audience is ReportAudience.SERVER
        language = (
            self._languages.choose_for_server(first.guild_id, self._bot.get_guild(first.guild_id))
            if is_server
            else self._languages.default
        )
        with use_language(language):
            view = render_line_buttons(audience, first.id) if first.is_open else None
            return describe_case(case, audience), view

    async def _wait(self, channel_id: int) -> None:
        await self._rate_limiter.acquire(channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, urgent=False)

    def _get_message(self, line: ReportLine) -> discord.PartialMessage:
        return self._bot.get_partial_messageable(line.channel_id).get_partial_message(line.message_id)
