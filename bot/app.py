"""The composition root: resources opened in order, services built, cogs handed exactly what they need."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import aiohttp
import discord
from discord.ext import commands

from bot.clock import Clock
from bot.features.cancel import Stops
from bot.features.delete import Removals
from bot.features.downloads import Results
from bot.features.finished_picture import Finished
from bot.features.lineage import Families
from bot.features.person_settings import People
from bot.features.seed import Seeds
from bot.features.vary_region import Regions
from bot.imaging.downloader import Linked, Pictures
from bot.imaging.image_processor import Studio
from bot.imaging.worker_pool import OffLoop
from bot.ops import platform_disk
from bot.ops.health import Health, KeyCheck, polls_trouble
from bot.ops.shutdown import ANSWER_SECONDS, HAND_OVER_SECONDS
from bot.policy.rules import Admission
from bot.ports import Store
from bot.recovery.job_leases import Ownership
from bot.recovery.lost_answers import LostAnswers
from bot.relay.client import MidjourneyAPI
from bot.settings import Settings
from bot.store import open_store
from bot.submissions.commands import Creations
from bot.submissions.presses import Presses
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.poll_schedule import Schedule
from bot.tracking.poller import Watcher
from bot.tracking.retention import Retention
from bot.tracking.task_supervisor import Supervisor
from bot.tracking.tracker import Jobs, Times
from cogs.commands.animate_edit_faceswap import Rework
from cogs.commands.blend_menu import BlendWith
from cogs.commands.describe_shorten import Read
from cogs.commands.help_check import Help
from cogs.commands.imagine_blend import Create
from cogs.commands.paid_command import Creating
from cogs.commands.seed import Seed
from cogs.commands.settings import PeopleCog
from cogs.commands.status import Status
from cogs.commands.tasks import OwnTasks
from cogs.commands.upscale_menu import Upscale
from cogs.gateway.command_sync import sync_commands
from cogs.gateway.guild_trust import Trust
from cogs.gateway.permissions import invite, invite_for_oneself
from cogs.gateway.rest_metrics import traced
from cogs.gateway.shard_health import Sessions
from cogs.gateway.sharded_bot import PatientBot
from cogs.handlers.cancel_delete import Endings
from cogs.handlers.result_buttons import Ours
from cogs.handlers.task_buttons import Actions
from cogs.handlers.vary_region import RegionForms
from cogs.messaging.message_editor import DiscordDisplay
from cogs.messaging.rate_limits import Budgets
from cogs.messaging.responses import Tree, all_answered

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 300.0


@dataclass(kw_only=True)
class App:
    """Everything that runs; `serve` must be entered from outside the bot's own callbacks."""

    bot: PatientBot
    settings: Settings
    api: MidjourneyAPI
    store: Store
    trust: Trust
    jobs: Jobs
    watcher: Watcher
    turns: Budgets
    ownership: Ownership
    retention: Retention
    health: Health = field(repr=False)
    supervisor: Supervisor = field(repr=False)
    clock: Clock = field(repr=False)

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[None]:
        """Do the work that is not an answer: poll, draw, go on with what the last process left."""
        try:
            async with self._working():
                yield
        finally:
            # Submits that were on their way have ended, or will be told of as uncertain by whoever goes on.
            await self._briefly(self.ownership.leave())

    @asynccontextmanager
    async def _working(self) -> AsyncGenerator[None]:
        async with self.supervisor.serve():
            self.supervisor.start("watcher", self.watcher.run)
            self.supervisor.start("budgets", self.turns.run)
            self.supervisor.start("ready", self._when_ready)
            self.supervisor.start("retention", self.retention.run)
            await self.ownership.round()
            self.supervisor.start("ownership", self.ownership.run)
            try:
                yield
            finally:
                await self._hand_over()

    async def _hand_over(self) -> None:
        """Answer whoever waits for an answer, then leave everything that is drawn to others."""
        await self._briefly(all_answered(), ANSWER_SECONDS)
        await self.supervisor.wind_down()
        await self._briefly(self.ownership.give_back())

    @staticmethod
    async def _briefly(work: Coroutine[Any, Any, None], seconds: float = HAND_OVER_SECONDS) -> None:
        """Do a last thing in the time that is left for it; what the store has begun cannot be cut short, so is left."""
        await asyncio.wait({asyncio.ensure_future(work)}, timeout=seconds)

    async def _when_ready(self) -> None:
        # First: clicks come as soon as it is connected, and who may spend hangs on it.
        await self._asked("whose application this is", lambda: self.trust.learn(self.bot))
        await self.bot.wait_until_ready()
        names = ", ".join(guild.name for guild in self.bot.guilds) or "none yet"
        log.info("Invite link: %s", invite(self.bot.application_id or 0))
        log.info("For oneself, in any server: %s", invite_for_oneself(self.bot.application_id or 0))
        count = len(self.bot.guilds)
        log.info("In %d server%s: %s.", count, "" if count == 1 else "s", names)
        await self._asked("which commands it has", lambda: sync_commands(self.bot))

    async def _asked(self, what: str, ask: Callable[[], Awaitable[None]]) -> None:
        """Ask Discord something until it answers; what it refuses is not asked again."""
        pause = 5.0
        while True:
            try:
                await ask()
            except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
                if isinstance(error, discord.HTTPException) and 400 <= error.status < 500 and error.status != 429:
                    log.error("Discord refuses, asked %s: %s", what, error)  # noqa: TRY400 - its answer says it all
                    return
                log.warning("Discord does not say %s (%s); asking again in %.0f s.", what, error, pause)
                await self.clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return


@asynccontextmanager
async def app(settings: Settings, *, clock: Clock | None = None, shard_count: int | None = None) -> AsyncGenerator[App]:
    """Open what the bot stands on, and yield it unconnected; `shard_count` stands in for what the settings say.

    Raises:
        StoreUnavailable: The database cannot be opened or migrated.
    """
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        url = settings.database_url.get_secret_value()
        store = await stack.enter_async_context(open_store(url, now=clock.now, owner=uuid4().hex))
        offers = ButtonOffers(store, clock.now)
        api = await stack.enter_async_context(
            MidjourneyAPI.open(
                settings.mj_api_url,
                settings.mj_api_key.get_secret_value(),
                now=clock.now,
                sleep=clock.sleep,
                complete=offers.complete,
            )
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        off_loop = OffLoop()
        pictures = Pictures(session, settings.mj_api_url, now=clock.now, sleep=clock.sleep, off_loop=off_loop)
        stack.push_async_callback(pictures.close)
        studio = Studio(off_loop)
        stack.push_async_callback(studio.close)
        bot = MjBot(shard_count=shard_count) if shard_count else MjBot(settings.shard_count, settings.shard_ids)
        turns = Budgets(clock.now, clock.sleep)
        stack.push_async_callback(turns.close)
        trust, supervisor = Trust(clock, guilds=settings.allowed_guilds), Supervisor()
        watcher = Watcher(api, Schedule(settings.poll_seconds), clock)
        display = DiscordDisplay(bot, turns, clock)
        times = Times(
            watch=timedelta(minutes=settings.watch_minutes),
            notify_after=timedelta(seconds=settings.notify_after_seconds),
        )
        jobs = Jobs(store, watcher, display, pictures, supervisor, offers, times=times, clock=clock)
        admission = _admission(settings, trust, clock)
        lost_answers = LostAnswers(api, store, jobs, supervisor, api.account_calls, clock=clock)
        presses = Presses(api, store, jobs, admission, lost_answers, supervisor, pictures, clock=clock)
        creations = Creations(api, store, jobs, admission, studio, lost_answers, supervisor, clock=clock)
        people = People(store)
        creating = Creating(creations, trust, turns, clock, defaults_of=people.defaults)
        linked = partial(Linked, pictures)
        lease = timedelta(seconds=settings.lease_seconds)
        ownership = Ownership(store, store.fleet, jobs, lost_answers, lease=lease, clock=clock)
        wiped = platform_disk.wiped_disk_here(settings.database_url)
        status = Status(bot, jobs, turns, clock)
        bot.cogs_to_add = (
            status,
            Create(creating),
            Read(bot, creating, linked),
            BlendWith(bot, creating, linked),
            Rework(creating, jobs, Finished(jobs.look, pictures.download, studio).of),
            OwnTasks(bot, people, status),
            Seed(Seeds(api, store, clock.now), jobs),
            Upscale(bot),
            Actions(bot, jobs, presses, people, trust, turns, clock),
            RegionForms(presses, Regions(presses, pictures, studio), trust, turns, clock),
            Ours(bot, Results(api, store, display, pictures, studio), Families(store), turns),
            Endings(Stops(api, store, jobs, clock=clock), Removals(store, display, jobs)),
            PeopleCog(bot, people, notify_after=times.notify_after),
            Help(bot, api, store, trust, settings.mj_api_url, wiped, ownership.trouble, clock.now),
        )
        health = Health(
            {
                "gateway": Sessions(bot).trouble,
                "polls": partial(polls_trouble, watcher, settings.poll_seconds),
                "key": KeyCheck(api.check, supervisor, clock.now).trouble,
                "store": ownership.trouble,
            }
        )
        yield App(
            bot=bot, settings=settings, api=api, store=store, trust=trust, jobs=jobs, watcher=watcher,
            turns=turns, ownership=ownership, health=health,
            retention=Retention(store, store.fleet, days=settings.retention_days, clock=clock),
            supervisor=supervisor, clock=clock,
        )  # fmt: skip


class MjBot(PatientBot):
    """discord.py's bot with the least it needs: slash commands and buttons come without any privileged intent."""

    def __init__(self, shard_count: int | None, shard_ids: Collection[int] = ()) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            shard_count=shard_count,
            shard_ids=shard_ids,
            http_trace=traced(),
        )
        self.cogs_to_add: tuple[commands.Cog, ...] = ()

    async def setup_hook(self) -> None:
        """Add the cogs once, before the first connection."""
        for cog in self.cogs_to_add:
            await self.add_cog(cog)


def _admission(settings: Settings, trust: Trust, clock: Clock) -> Admission:
    return Admission(
        guilds=settings.allowed_guilds,
        people=settings.allowed_users,
        owners=trust.owners,
        policy=settings.press_policy,
        cooldown=timedelta(seconds=settings.press_cooldown_seconds),
        per_person=settings.daily_submits_per_person,
        everybody=settings.daily_submits,
        now=clock.now,
    )
