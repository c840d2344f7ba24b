"""The gallery of a server: a channel with all finished pictures that all who see the gallery may see."""

from functools import partial
from typing import Final

import discord

from bot.clock import Clock
from bot.entities import AgePolicy, Job, ServerRules
from bot.errors import StoreUnavailable
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.task import Status
from bot.ports import Store
from bot.tracking.result_message import ResultContent
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from cogs.messaging.channels.channel_feed import ChannelFeed, Entry, FeedKind
from cogs.messaging.channels.server_rules_cache import ServerRulesCache
from cogs.messaging.place_permissions import find_age_restriction, may_show_elsewhere
from cogs.messaging.rate_limits import RateLimiter
from cogs.text import limits
from cogs.text.log_lines import describe_missed_pictures, format_gallery_line
from cogs.text.markdown import clean_and_cut

GALLERY: Final = FeedKind(
    name="gallery",
    choose_channel=lambda rules: rules.gallery_channel_id,
    permissions=("view_channel", "send_messages", "attach_files"),
    describe_missed=describe_missed_pictures,
    may_repeat=False,
)


class Gallery:
    """Posts finished pictures to the galleries of servers, each at most once. Port: `store`.

    The row of the message's job is marked before its picture is posted, so that no other process, and no later watch of
    the message, posts it again. A process that dies in between leaves the picture out.
    """

    def __init__(
        self,
        bot: discord.Client,
        store: Store,
        rules: ServerRulesCache,
        rate_limiter: RateLimiter,
        supervisor: TaskSupervisor,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._store = store
        self._rules = rules
        self._supervisor = supervisor
        self.feed = ChannelFeed(GALLERY, bot, rules, rate_limiter, supervisor, clock)

    def post_result(self, job: Job, result: ResultContent) -> None:
        """Post the picture of a paid task, in the background, if all who see the gallery see where it was drawn."""
        task, is_public = result.task, bool(job.place.guild_id) and not job.place.ephemeral
        if not (job.claim_id and is_public) or task.status is not Status.SUCCESS or task.text_result:
            return
        known = self._rules.peek(job.place.guild_id)
        if known is None or known.gallery_channel_id:
            self._supervisor.start(WorkKey("gallery picture", job.id), partial(self._post, job, result))

    def find_problem(self, guild_id: int) -> str:
        """Return why the gallery of a server cannot be used, as far as is known; "" if it can."""
        return self.feed.find_problem(guild_id)

    async def _post(self, job: Job, result: ResultContent) -> None:
        place, picture = job.place, _choose_picture(result)
        rules = await self._rules.read(place.guild_id)
        if rules is None or not rules.gallery_channel_id or rules.gallery_channel_id == place.channel_id:
            return
        try:
            if not await self._store.mark_posted(job.id):
                return
        except StoreUnavailable:
            return  # another process may have marked it
        is_source_restricted = find_age_restriction(self._bot, place.guild_id, place.channel_id)
        prompt = result.task.shown_prompt

        def render(rules: ServerRules, is_restricted: bool | None) -> Entry | None:  # noqa: FBT001 - a Render
            if not may_show_elsewhere(self._bot, place.guild_id, place.channel_id, rules.gallery_channel_id):
                return None
            if not is_restricted and (is_source_restricted or rules.age_policy is AgePolicy.REFUSE):
                return None
            is_spoiler = not is_restricted and rules.age_policy is AgePolicy.SPOILER
            alt_text = clean_and_cut(prompt, limits.ALT_TEXT)
            return Entry(format_gallery_line(job, prompt), picture, alt_text, is_spoiler)

        self.feed.add(place.guild_id, render, size=len(picture.data) if picture else 0)


def _choose_picture(result: ResultContent) -> Picture | None:
    """Return the picture to attach, or the first clip; None where it is only linked."""
    return result.files.picture or next((clip for clip in result.files.clips if clip is not None), None)
