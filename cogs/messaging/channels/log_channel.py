"""The log channel of a server: one line for each paid request, and one for each change of the rules."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import discord

from bot.clock import Clock
from bot.entities import Claim, Job, RuleChange, ServerRules
from bot.tracking.task_supervisor import TaskSupervisor
from cogs.messaging.channels.channel_feed import ChannelFeed, Entry, FeedKind
from cogs.messaging.channels.server_rules_cache import ServerRulesCache
from cogs.messaging.place_permissions import may_show_elsewhere
from cogs.messaging.rate_limits import RateLimiter
from cogs.text.log_lines import describe_missed_lines, format_change_line, format_request_line

LOG_CHANNEL: Final = FeedKind(
    name="log channel",
    choose_channel=lambda rules: rules.log_channel_id,
    permissions=("view_channel", "send_messages"),
    describe_missed=describe_missed_lines,
    may_repeat=True,
)


class LogChannel:
    """Writes lines to the log channels of servers; implements bot.ports.ChannelLog.

    The process that submitted a request announces it, so that it is announced once. A process that dies may leave out
    lines of the last seconds; the ledger has them.
    """

    def __init__(
        self,
        bot: discord.Client,
        rules: ServerRulesCache,
        rate_limiter: RateLimiter,
        supervisor: TaskSupervisor,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._rules = rules
        self.feed = ChannelFeed(LOG_CHANNEL, bot, rules, rate_limiter, supervisor, clock)

    def announce_request(self, claim: Claim, job: Job, prompt: str, *, is_answer_lost: bool = False) -> None:
        """Announce a request that the relay accepted, or may have, where its answer was lost.

        One from a channel that not all see who read the log has no link and no prompt, as a private one.
        """
        place = job.place

        def render(rules: ServerRules, is_age_restricted: bool | None) -> Entry:  # noqa: FBT001 - a Render
            del is_age_restricted
            line = format_request_line(
                claim,
                job,
                prompt,
                is_open=may_show_elsewhere(self._bot, claim.guild_id, place.channel_id, rules.log_channel_id),
                shows_prompt=rules.log_prompts,
                is_answer_lost=is_answer_lost,
            )
            return Entry(line)

        self.feed.add(claim.guild_id, render)

    def announce_changes(self, changes: Sequence[RuleChange]) -> None:
        """Announce changes of servers' rules, in the channel that the new rules name; read those rules again."""
        for guild_id in {change.guild_id for change in changes}:
            self._rules.note_change(guild_id)
        for change in changes:
            self.feed.add(change.guild_id, partial(_render_change, change))

    def find_problem(self, guild_id: int) -> str:
        """Return why the log channel of a server cannot be used, as far as is known; "" if it can."""
        return self.feed.find_problem(guild_id)


def _render_change(change: RuleChange, rules: ServerRules, is_age_restricted: bool | None) -> Entry:  # noqa: FBT001 - a Render
    del rules, is_age_restricted
    return Entry(format_change_line(change))
