"""Write to one channel of each server in batches: few messages with many lines, whatever the load."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Protocol

import discord

from bot.clock import Clock, wait_for_first
from bot.entities import ServerRules
from bot.imaging.downloads.downloader import Picture
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from cogs.languages import Language, set_language, use_language
from cogs.languages.choice import get_language_choice
from cogs.messaging import rate_limits
from cogs.messaging.channels.server_rules_cache import ServerRulesCache
from cogs.messaging.discord_refusals import Refusal, RefusalKind, classify_refusal, is_firewall_refusal
from cogs.messaging.place_permissions import find_age_restriction, find_channel_permissions
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.responses import REQUEST_ERRORS, REQUEST_TIMEOUT_SECONDS, summarize_error
from cogs.text import limits
from cogs.text.log_lines import describe_missing_permissions, describe_refused_channel, join_lines
from cogs.text.permission_names import PERMISSION_NAMES

log = logging.getLogger(__name__)

COLLECT_SECONDS = 2.0
"""How long entries are collected before a message."""
GAP_SECONDS = 5.0
"""The shortest time between two messages in one channel: a fifth of what Discord allows there."""
MAX_WAITING = 100
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""How many entries of a server wait at most, and how large all pictures are that wait; more is only counted."""
CLOSED_SECONDS = 600.0
"""After how long a channel is tried again that Discord refused: each refusal counts against this address."""
_RETRY_PAUSES = (5.0, 15.0, 60.0)
"""The seconds between tries while Discord fails; then the entries are only counted."""
_MAX_FILES = 4
_SPOILED_KINDS = frozenset({RefusalKind.BODY, RefusalKind.EMPTY, RefusalKind.FILE})
"""Refusals of one message, which say nothing about the channel."""


@dataclass(frozen=True)
class Entry:
    """One entry of a channel: its line, and the picture that belongs to it."""

    line: str
    picture: Picture | None = None
    alt_text: str = ""
    is_spoiler: bool = False


Render = Callable[[ServerRules, bool | None], Entry | None]
"""Renders an entry by the rules that hold when it is sent; None for nothing.

It is also told whether the channel is age-restricted, None where Discord does not tell.
"""


@dataclass(frozen=True, kw_only=True)
class FeedKind:
    """What a feed is for: its `name`, the channel that the rules name, the permissions that it needs there.

    `describe_missed` says how many entries are not shown. `may_repeat`: where it is not known whether Discord took a
    message, it is sent again.
    """

    name: str
    choose_channel: Callable[[ServerRules], int]
    permissions: Sequence[str]
    describe_missed: Callable[[int], str]
    may_repeat: bool


@dataclass(frozen=True)
class _Waiting:
    render: Render
    size: int


@dataclass
class _Backlog:
    waiting: deque[_Waiting] = field(default_factory=deque[_Waiting])
    missed: int = 0
    failures: int = 0
    is_served: bool = False


@dataclass(frozen=True)
class _Closed:
    """A channel that cannot be used: why, and until when it is not tried."""

    channel_id: int
    sentence: str
    until: float


class _Failed(Exception):
    """Discord, or the network on the way to it, failed."""


class ChannelFeed:
    """Writes entries to the channel that each server's rules name. Nothing here delays or fails its callers.

    A problem with a channel is reported once, to the log and to `report_problem`; entries are counted meanwhile.
    """

    def __init__(
        self,
        kind: FeedKind,
        bot: discord.Client,
        rules: ServerRulesCache,
        rate_limiter: RateLimiter,
        supervisor: TaskSupervisor,
        clock: Clock,
    ) -> None:
        self._kind = kind
        self._bot = bot
        self._rules = rules
        self._rate_limiter = rate_limiter
        self._supervisor = supervisor
        self._clock = clock
        self._languages = get_language_choice(bot)
        self._backlogs: dict[int, _Backlog] = {}
        self._closed: dict[int, _Closed] = {}
        self._waiting_bytes = 0
        rules.on_change.append(self._reopen)
        self.report_problem: Callable[[int, str], None] = lambda _guild, _sentence: None
        """Is told each new problem with the channel of a server, once."""

    def add(self, guild_id: int, render: Render, *, size: int = 0) -> None:
        """Add an entry, with a picture of so many bytes, to the next message of a server's channel, if it has one."""
        known = self._rules.peek(guild_id)
        if not guild_id or (known is not None and not self._kind.choose_channel(known)):
            return
        backlog = self._backlogs.setdefault(guild_id, _Backlog())
        if len(backlog.waiting) < MAX_WAITING and self._waiting_bytes + size <= MAX_WAITING_BYTES:
            backlog.waiting.append(_Waiting(render, size))
            self._waiting_bytes += size
        else:
            backlog.missed += 1
        if not backlog.is_served:
            backlog.is_served = True
            key = WorkKey(self._kind.name, guild_id)
            self._supervisor.start(key, partial(self._serve, guild_id, backlog), critical=True)

    def find_problem(self, guild_id: int) -> str:
        """Return why the channel of a server cannot be used, as far as is known; "" if it can."""
        closed = self._closed.get(guild_id)
        return closed.sentence if closed else ""

    def _reopen(self, guild_id: int) -> None:
        """Try the channel of a server at its next entry, as its rules have changed."""
        self._closed.pop(guild_id, None)

    async def _serve(self, guild_id: int, backlog: _Backlog) -> None:
        """Send what waits for a server, message by message, until nothing has come for the pause after one."""
        pause = COLLECT_SECONDS
        try:
            while True:
                await wait_for_first(self._clock.sleep(pause), self._supervisor.wait_until_ending())
                if not backlog.waiting:
                    return
                pause = await self._send_next(guild_id, backlog)
                if self._supervisor.is_ending:  # this message has said how many it leaves behind
                    return
        finally:
            backlog.is_served = False
            if not backlog.waiting and not backlog.missed:
                self._backlogs.pop(guild_id, None)

    async def _send_next(self, guild_id: int, backlog: _Backlog) -> float:
        """Send the next message of a server, and return how many seconds to wait before the one after it."""
        rules = await self._rules.read(guild_id)
        set_language(self._languages.choose_for_server(guild_id, self._bot.get_guild(guild_id)))
        channel_id = self._kind.choose_channel(rules) if rules else 0
        if rules is None or not channel_id:
            self._drop(backlog, len(backlog.waiting))
            backlog.missed = 0
            return 0
        if self._is_closed(guild_id, channel_id):
            self._miss(backlog, len(backlog.waiting))
            return 0
        entries = self._render(backlog, rules, find_age_restriction(self._bot, guild_id, channel_id))
        if not entries:
            return 0
        text, used, mentioned = self._compose(backlog, entries)
        try:
            refused = await self._send(channel_id, text, entries[:used])
        except _Failed as failed:
            log.info("The %s of server %d is not written: %s.", self._kind.name, guild_id, failed)
            return self._note_failure(backlog, used)
        backlog.failures = 0
        if refused is None:
            self._closed.pop(guild_id, None)
            self._drop(backlog, used)
            backlog.missed = max(backlog.missed - mentioned, 0)
        elif refused.kind in _SPOILED_KINDS:
            log.info(
                "Discord refuses a message for the %s of server %d: %s.", self._kind.name, guild_id, refused.reason
            )
            self._miss(backlog, used)
        else:
            self._close(
                guild_id, channel_id, partial(describe_refused_channel, channel_id, refused.reason), CLOSED_SECONDS
            )
            self._miss(backlog, len(backlog.waiting))
        return GAP_SECONDS

    def _render(self, backlog: _Backlog, rules: ServerRules, is_restricted: bool | None) -> list[Entry]:  # noqa: FBT001
        """Render what waits; what the rules do not want is dropped."""
        rendered = [(one, one.render(rules, is_restricted)) for one in backlog.waiting]
        self._waiting_bytes -= sum(one.size for one, entry in rendered if entry is None)
        backlog.waiting = deque(one for one, entry in rendered if entry is not None)
        return [entry for _, entry in rendered if entry is not None]

    def _compose(self, backlog: _Backlog, entries: Sequence[Entry]) -> tuple[str, int, int]:
        """Return the text of the next message, how many entries it holds, and how many missed ones it mentions.

        The last message of a process mentions those that it leaves behind too.
        """
        lines = [entry.line for entry in entries[: _count_fitting(entries)]]
        is_ending = self._supervisor.is_ending
        most = backlog.missed + (len(entries) if is_ending else 0)
        _, used = join_lines(lines, self._kind.describe_missed(most) if most else "")
        missed = backlog.missed + (len(entries) - used if is_ending else 0)
        text, _ = join_lines(lines[:used], self._kind.describe_missed(missed) if missed else "")
        return text, used, missed

    async def _send(self, channel_id: int, text: str, entries: Sequence[Entry]) -> Refusal | None:
        """Send a message, without its pictures if Discord refuses one; return why it was refused, if it was.

        Raises:
            _Failed: Discord, or the network, failed: it may have taken the message.
        """
        files = [file for entry in entries if (file := _build_file(entry)) is not None]
        refused = await self._send_once(channel_id, text, files)
        if files and refused is not None and refused.kind is RefusalKind.FILE:
            log.info("Discord refuses a picture of the %s: %s.", self._kind.name, refused.reason)
            return await self._send_once(channel_id, text, [])
        return refused

    async def _send_once(self, channel_id: int, text: str, files: Sequence[discord.File]) -> Refusal | None:
        await self._rate_limiter.acquire(
            channel_id, rate_limits.CHANNEL_LIMIT, as_bot=True, urgent=False, awaits_response=True
        )
        channel = self._bot.get_partial_messageable(channel_id)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                await channel.send(
                    text,
                    files=files,
                    suppress_embeds=True,
                    silent=True,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except discord.HTTPException as error:
            refused = classify_refusal(error)
            if error.status >= 500 or refused.kind is RefusalKind.PAUSE or is_firewall_refusal(error):
                raise _Failed(summarize_error(error)) from error
            return refused
        except REQUEST_ERRORS as error:
            raise _Failed(summarize_error(error)) from error
        finally:
            self._rate_limiter.report_response(channel_id)
        return None

    def _note_failure(self, backlog: _Backlog, used: int) -> float:
        """Return after how long the same entries are sent again; count them as missed after the last try."""
        backlog.failures += 1
        if self._kind.may_repeat and backlog.failures <= len(_RETRY_PAUSES):
            return _RETRY_PAUSES[backlog.failures - 1]
        backlog.failures = 0
        self._miss(backlog, used)
        return _RETRY_PAUSES[-1]

    def _is_closed(self, guild_id: int, channel_id: int) -> bool:
        """Return whether the channel cannot be used now: the cache says so, or Discord did a while ago."""
        granted = find_channel_permissions(self._bot, guild_id, channel_id)
        missing = [PERMISSION_NAMES[one] for one in self._kind.permissions if granted and not getattr(granted, one)]
        if missing:
            self._close(guild_id, channel_id, partial(describe_missing_permissions, channel_id, missing), 0)
            return True
        closed = self._closed.get(guild_id)
        return closed is not None and closed.channel_id == channel_id and self._clock.monotonic() < closed.until

    def _close(self, guild_id: int, channel_id: int, describe: Callable[[], str], seconds: float) -> None:
        """Remember why a channel cannot be used, and report it in English unless that is known."""
        sentence = describe()
        is_known = self.find_problem(guild_id) == sentence
        self._closed[guild_id] = _Closed(channel_id, sentence, self._clock.monotonic() + seconds)
        if not is_known:
            with use_language(Language.ENGLISH):
                reported = describe()
            log.warning("The %s of server %d can't be used: %s", self._kind.name, guild_id, reported)
            self.report_problem(guild_id, reported)

    def _drop(self, backlog: _Backlog, count: int) -> None:
        """Take the first entries off the queue."""
        for _ in range(count):
            self._waiting_bytes -= backlog.waiting.popleft().size

    def _miss(self, backlog: _Backlog, count: int) -> None:
        """Take the first entries off the queue, and count them as missed."""
        self._drop(backlog, count)
        backlog.missed += count


class _HasProblems(Protocol):
    def find_problem(self, guild_id: int) -> str: ...


def list_channel_problems(feeds: Iterable[_HasProblems], guild_id: int) -> Sequence[str]:
    """Return why the channels of a server cannot be used, each reason once."""
    return list(dict.fromkeys(problem for feed in feeds if (problem := feed.find_problem(guild_id))))


def _build_file(entry: Entry) -> discord.File | None:
    picture = entry.picture
    if picture is None:
        return None
    return discord.File(
        BytesIO(picture.data), picture.name, spoiler=entry.is_spoiler, description=entry.alt_text or None
    )


def _count_fitting(entries: Sequence[Entry]) -> int:
    """Return how many of the first entries have pictures that fit one message."""
    files = size = 0
    for number, entry in enumerate(entries):
        if entry.picture is not None:
            files, size = files + 1, size + len(entry.picture.data)
        if number and (files > _MAX_FILES or size > limits.REQUEST_BYTES):
            return number
    return len(entries)
