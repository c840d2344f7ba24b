"""The operator's log channel: alarms, and changes of the operator's rules. It delays and blocks nothing."""

import logging
from collections import deque
from collections.abc import Collection, Sequence
from typing import Final

import discord

from bot.entities import OperatorRules, RuleChange
from bot.errors import StoreUnavailable
from bot.ports import RulesStore
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from cogs.languages import Language, use_language
from cogs.messaging import rate_limits
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import REQUEST_ERRORS, summarize_error, with_timeout
from cogs.text import limits
from cogs.text.log_lines import format_change_line

log = logging.getLogger(__name__)

_MAX_WAITING: Final = 50
"""How many lines wait at most; the audit has all changes, and the log all alarms."""
_KEY: Final = "operator log"


class OperatorLog:
    """Writes to the channel that the operator chose; alarms also by DM, only if that is switched on in /mjadmin.

    A channel that cannot be written to is logged once, until another one is chosen. `owners` own the application.
    """

    def __init__(
        self,
        bot: discord.Client,
        rules: RulesStore,
        rate_limiter: RateLimiter,
        supervisor: TaskSupervisor,
        owners: Collection[int],
    ) -> None:
        self._bot = bot
        self._rules = rules
        self._rate_limiter = rate_limiter
        self._supervisor = supervisor
        self._owners = owners
        self._waiting: deque[tuple[str, bool]] = deque(maxlen=_MAX_WAITING)
        self.is_writing = False
        """Whether lines wait or are being written."""
        self._reported = 0

    def announce_changes(self, changes: Sequence[RuleChange]) -> None:
        """Show changes; those of a server with its id."""
        for change in changes:
            where = f" (server {change.guild_id})" if change.guild_id else ""
            with use_language(Language.ENGLISH):  # as the alarms, which the log has too
                self._add(f"{format_change_line(change)}{where}", is_alarm=False)

    async def send_alarm(self, text: str) -> None:
        """Show an alarm; its text was logged before."""
        self.add_alarm(text)

    def add_alarm(self, text: str) -> None:
        """Show an alarm in the background."""
        self._add(f"⚠️ {text}", is_alarm=True)

    def report_channel_problem(self, guild_id: int, sentence: str) -> None:
        """Show that the bot cannot use the log channel or the gallery of a server; that is no alarm."""
        self._add(f"⚠️ Server `{guild_id}`: {sentence}", is_alarm=False)

    def _add(self, text: str, *, is_alarm: bool) -> None:
        self._waiting.append((limits.cut(text, limits.CONTENT), is_alarm))
        if not self.is_writing:
            self.is_writing = True
            self._supervisor.start(WorkKey(_KEY), self._write)

    async def _write(self) -> None:
        """Write all lines that wait; what cannot be written is left out."""
        try:
            while self._waiting:
                text, is_alarm = self._waiting.popleft()
                await self._send(text, is_alarm=is_alarm)
        finally:
            self.is_writing = False

    async def _send(self, text: str, *, is_alarm: bool) -> None:
        try:
            rules = (await self._rules.find_rules(0, 0)).operator
        except StoreUnavailable:
            log.warning("The operator's log channel is not known, as the database does not answer.")
            return
        if not await self._send_to_channel(rules, text) and is_alarm and rules.alarms_by_dm:
            for owner_id in sorted(self._owners):
                await self._send_by_dm(owner_id, text)

    async def _send_to_channel(self, rules: OperatorRules, text: str) -> bool:
        channel_id = rules.log_channel_id
        if not channel_id:
            return False
        try:
            await self._rate_limiter.acquire(channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, urgent=False)
            channel = self._bot.get_partial_messageable(channel_id)
            await with_timeout(channel.send(text, allowed_mentions=discord.AllowedMentions.none()))
        except REQUEST_ERRORS as error:
            if self._reported != channel_id:
                self._reported = channel_id
                log.warning(
                    "The operator's log channel %d cannot be used: %s. Let the bot view it and send messages there, or "
                    "choose another one in /mjadmin.",
                    channel_id,
                    summarize_error(error),
                )
            return False
        self._reported = 0
        return True

    async def _send_by_dm(self, owner_id: int, text: str) -> None:
        try:
            known = self._bot.get_user(owner_id)
            user = await with_timeout(self._bot.fetch_user(owner_id)) if known is None else known
            await with_timeout(user.send(text, allowed_mentions=discord.AllowedMentions.none()))
        except REQUEST_ERRORS as error:
            log.info("An alarm could not be sent to %d: %s.", owner_id, summarize_error(error))
