"""The composition root: resources opened in order, services built, cogs handed exactly what they need."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import uuid4

import aiohttp
import discord
from discord.ext import commands

from bot.clock import Clock
from bot.features.cancel import CancelService
from bot.features.delete import DeleteService
from bot.features.downloads import DownloadService
from bot.features.finished_picture import FinishedPictures
from bot.features.lineage import LineageFinder
from bot.features.person_settings import PersonSettingsService
from bot.features.seed import SeedService
from bot.features.vary_region import RegionService
from bot.imaging.downloader import LinkedPicture, PictureDownloader
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.worker_process import ImageWorker
from bot.ops import platform_disk
from bot.ops.health import Health, KeyCheck, find_polling_problem
from bot.ops.shutdown import shut_down
from bot.policy.rules import SpendingPolicy
from bot.ports import Store
from bot.recovery.job_leases import JobLeases
from bot.recovery.lost_answers import LostAnswerSearch
from bot.relay.client import RelayClient
from bot.settings import Settings
from bot.store import open_store
from bot.submissions.commands import CommandService
from bot.submissions.presses import PressService
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.poll_schedule import PollSchedule
from bot.tracking.poller import Poller
from bot.tracking.retention import Retention
from bot.tracking.task_supervisor import TaskSupervisor
from bot.tracking.tracker import JobTracker, WatchTimes
from cogs.commands.animate_edit_faceswap import AnimateEditFaceswapCog
from cogs.commands.blend_menu import BlendMenuCog
from cogs.commands.describe_shorten import DescribeShortenCog
from cogs.commands.help_check import HelpCheckCog
from cogs.commands.imagine_blend import ImagineBlendCog
from cogs.commands.paid_command import PaidCommandRunner
from cogs.commands.seed import SeedCog
from cogs.commands.settings import SettingsCog
from cogs.commands.status import StatusCog
from cogs.commands.tasks import TasksCog
from cogs.commands.upscale_menu import UpscaleMenuCog
from cogs.gateway.command_sync import sync_commands
from cogs.gateway.command_tree import BotCommandTree
from cogs.gateway.connection import close_gateway
from cogs.gateway.guild_trust import GuildTrust
from cogs.gateway.permissions import build_invite_url, build_user_install_url
from cogs.gateway.rest_metrics import create_trace_config
from cogs.gateway.shard_health import ShardHealth
from cogs.gateway.sharded_bot import ShardedBot
from cogs.handlers.cancel_delete import CancelDeleteHandler
from cogs.handlers.result_buttons import ResultButtonHandler
from cogs.handlers.task_buttons import TaskButtonHandler
from cogs.handlers.vary_region import VaryRegionHandler
from cogs.messaging.message_editor import DiscordMessageEditor
from cogs.messaging.rate_limits import RateLimiter

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 300.0


@dataclass(kw_only=True)
class App:
    """Everything that runs; `serve` must be entered from outside the bot's own callbacks."""

    bot: ShardedBot
    settings: Settings
    relay: RelayClient
    store: Store
    trust: GuildTrust
    tracker: JobTracker
    poller: Poller
    rate_limits: RateLimiter
    job_leases: JobLeases
    retention: Retention
    health: Health = field(repr=False)
    supervisor: TaskSupervisor = field(repr=False)
    clock: Clock = field(repr=False)

    @asynccontextmanager
    async def run_background_work(self) -> AsyncGenerator[None]:
        """Poll, edit messages, and continue the jobs of earlier processes, until the block ends; then shut down."""
        async with self.supervisor.serve():
            self.supervisor.start("watcher", self.poller.run)
            self.supervisor.start("budgets", self.rate_limits.run)
            self.supervisor.start("ready", self._when_ready)
            self.supervisor.start("retention", self.retention.run)
            await self.job_leases.run_once()
            self.supervisor.start("ownership", self.job_leases.run)
            try:
                yield
            finally:
                await shut_down(
                    partial(close_gateway, self.bot),
                    self.bot.open_interactions.wait_until_closed,
                    self.supervisor,
                    self.job_leases,
                )

    async def _when_ready(self) -> None:
        # First: clicks come as soon as it is connected, and who may spend hangs on it.
        await self._asked("whose application this is", lambda: self.trust.load_owners(self.bot))
        await self.bot.wait_until_ready()
        names = ", ".join(guild.name for guild in self.bot.guilds) or "none yet"
        log.info("Invite link: %s", build_invite_url(self.bot.application_id or 0))
        log.info("For oneself, in any server: %s", build_user_install_url(self.bot.application_id or 0))
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
async def open_app(
    settings: Settings, *, clock: Clock | None = None, shard_count: int | None = None
) -> AsyncGenerator[App]:
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
            RelayClient.open(
                settings.mj_api_url,
                settings.mj_api_key.get_secret_value(),
                now=clock.now,
                sleep=clock.sleep,
                transform_task=offers.add_missing_buttons,
            )
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        image_worker = ImageWorker()
        pictures = PictureDownloader(
            session, settings.mj_api_url, now=clock.now, sleep=clock.sleep, worker=image_worker
        )
        stack.push_async_callback(pictures.close)
        studio = ImageProcessor(image_worker)
        stack.push_async_callback(studio.close)
        bot = MjBot(shard_count=shard_count) if shard_count else MjBot(settings.shard_count, settings.shard_ids)
        turns = RateLimiter(clock.now, clock.sleep)
        stack.push_async_callback(turns.close)
        trust, supervisor = GuildTrust(clock, guilds=settings.allowed_guilds), TaskSupervisor()
        watcher = Poller(api, PollSchedule(settings.poll_seconds), clock)
        display = DiscordMessageEditor(bot, turns, clock)
        times = WatchTimes(
            give_up_after=timedelta(minutes=settings.watch_minutes),
            notify_after=timedelta(seconds=settings.notify_after_seconds),
        )
        jobs = JobTracker(store, watcher, display, pictures, supervisor, offers, times=times, clock=clock)
        admission = _admission(settings, trust, clock)
        lost_answers = LostAnswerSearch(api, store, jobs, supervisor, api.account_rate_limiter, clock=clock)
        presses = PressService(api, store, jobs, admission, lost_answers, supervisor, pictures, clock=clock)
        creations = CommandService(api, store, jobs, admission, studio, lost_answers, supervisor, clock=clock)
        people = PersonSettingsService(store)
        creating = PaidCommandRunner(creations, trust, turns, clock, defaults_of=people.get_defaults)
        linked = partial(LinkedPicture, pictures)
        lease = timedelta(seconds=settings.lease_seconds)
        ownership = JobLeases(store, store.process_leases, jobs, lost_answers, lease=lease, clock=clock)
        wiped = platform_disk.detect_ephemeral_disk_here(settings.database_url)
        status = StatusCog(bot, jobs, turns, clock)
        bot.cogs_to_add = (
            status,
            ImagineBlendCog(creating),
            DescribeShortenCog(bot, creating, linked),
            BlendMenuCog(bot, creating, linked),
            AnimateEditFaceswapCog(
                creating, jobs, FinishedPictures(jobs.fetch_task, pictures.download_bytes, studio).get_picture
            ),
            TasksCog(bot, people, status),
            SeedCog(SeedService(api, store, clock.now), jobs),
            UpscaleMenuCog(bot),
            TaskButtonHandler(bot, jobs, presses, people, trust, turns, clock),
            VaryRegionHandler(presses, RegionService(presses, pictures, studio), trust, turns, clock),
            ResultButtonHandler(
                bot, DownloadService(api, store, display, pictures, studio), LineageFinder(store), turns
            ),
            CancelDeleteHandler(CancelService(api, store, jobs, clock=clock), DeleteService(store, display, jobs)),
            SettingsCog(bot, people, notify_after=times.notify_after),
            HelpCheckCog(bot, api, store, trust, settings.mj_api_url, wiped, ownership.find_problem, clock.now),
        )
        health = Health(
            {
                "gateway": ShardHealth(bot).find_problem,
                "polls": partial(find_polling_problem, watcher, settings.poll_seconds),
                "key": KeyCheck(api.check_key, supervisor, clock.now).find_problem,
                "store": ownership.find_problem,
            }
        )
        yield App(
            bot=bot, settings=settings, relay=api, store=store, trust=trust, tracker=jobs, poller=watcher,
            rate_limits=turns, job_leases=ownership, health=health,
            retention=Retention(store, store.process_leases, days=settings.retention_days, clock=clock),
            supervisor=supervisor, clock=clock,
        )  # fmt: skip


class MjBot(ShardedBot):
    """discord.py's bot with the least it needs: slash commands and buttons come without any privileged intent."""

    def __init__(self, shard_count: int | None, shard_ids: Collection[int] = ()) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=BotCommandTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            shard_count=shard_count,
            shard_ids=shard_ids,
            http_trace=create_trace_config(),
        )
        self.cogs_to_add: tuple[commands.Cog, ...] = ()

    async def setup_hook(self) -> None:
        """Add the cogs once, before the first connection."""
        for cog in self.cogs_to_add:
            await self.add_cog(cog)


def _admission(settings: Settings, trust: GuildTrust, clock: Clock) -> SpendingPolicy:
    return SpendingPolicy(
        allowed_guilds=settings.allowed_guilds,
        allowed_users=settings.allowed_users,
        application_owners=trust.owners,
        press_policy=settings.press_policy,
        cooldown=timedelta(seconds=settings.press_cooldown_seconds),
        daily_submits_per_person=settings.daily_submits_per_person,
        daily_submits=settings.daily_submits,
        now=clock.now,
    )
