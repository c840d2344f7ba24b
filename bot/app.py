"""The composition root: opens the resources, builds the services on them, and the cogs on the services."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from uuid import uuid4

import aiohttp
from discord.ext import commands

from bot.billing.balance import BalanceMonitor, BalanceReader
from bot.billing.ledger_keeper import LedgerKeeper
from bot.billing.price_sources import PriceSources
from bot.clock import Clock, CorrectedTime
from bot.entities import RuleChange
from bot.features.cancel import CancelService
from bot.features.delete import DeleteService
from bot.features.downloads import DownloadService
from bot.features.finished_picture import FinishedPictures
from bot.features.limits_overview import LimitsReader
from bot.features.lineage import LineageFinder
from bot.features.linked_picture import LinkedPictures
from bot.features.moderation import Moderation
from bot.features.operator_rules import OperatorRulesService
from bot.features.person_settings import PersonSettingsService
from bot.features.rules_cleanup import RulesCleanup
from bot.features.seed import SeedService
from bot.features.server_rules import ServerRulesService
from bot.features.usage_report import UsageReader
from bot.features.vary_region import RegionService
from bot.imaging.chart_drawer import IDLE_SECONDS, ChartDrawer
from bot.imaging.charts import load_library
from bot.imaging.downloads.downloader import PictureDownloader
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.worker_process import ImageWorker
from bot.network.connectors import SystemConnector
from bot.network.proxies import Proxies
from bot.ops.diagnostics import check_clock, check_shards
from bot.ops.health import Health, find_polling_problem
from bot.ops.key_check import KeyCheck
from bot.ops.network_checks import PictureHostCheck
from bot.ops.platform_disk import find_disk_problem_here
from bot.ops.shutdown import shut_down
from bot.policy.rules import build_policy
from bot.policy.task_privacy import TaskPrivacy
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from bot.recovery.job_leases import JobLeases
from bot.recovery.lost_answers import LostAnswerSearch
from bot.recovery.lost_messages import LostMessageSearch
from bot.relay.client import RelayClient
from bot.settings import Settings
from bot.store import open_store
from bot.store.sql_store import SqlStore
from bot.submissions.child_messages import ChildMessages
from bot.submissions.commands import CommandService
from bot.submissions.presses import PressService
from bot.submissions.sender import Sender
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.relay_capabilities import RelayCapabilities
from bot.tracking.retention import Retention
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from bot.tracking.tracker import JobTracker, WatchTimes
from cogs.commands.check_report import CheckReporter
from cogs.commands.creations.animate_edit_faceswap import AnimateEditFaceswapCog
from cogs.commands.creations.blend_menu import BlendMenuCog
from cogs.commands.creations.command_question import CommandQuestionCog
from cogs.commands.creations.describe_shorten import DescribeShortenCog
from cogs.commands.creations.imagine_blend import ImagineBlendCog
from cogs.commands.creations.paid_command import PaidCommandRunner
from cogs.commands.creations.upscale_menu import UpscaleMenuCog
from cogs.commands.drawing_report import DrawingReporter
from cogs.commands.help_check import HelpCheckCog
from cogs.commands.management.admin import AdminCog, AdminServices
from cogs.commands.management.moderation import ModerationCog
from cogs.commands.management.server import ServerCog
from cogs.commands.seed import SeedCog
from cogs.commands.settings import SettingsCog
from cogs.commands.status import StatusCog
from cogs.commands.tasks import TasksCog
from cogs.commands.usage import UsageCog
from cogs.gateway.checks.access_log import log_access, log_joined_guild
from cogs.gateway.command_permissions import CommandPermissions
from cogs.gateway.command_sync import sync_commands
from cogs.gateway.connection import close_gateway
from cogs.gateway.guild_trust import GuildTrust
from cogs.gateway.permissions import build_invite_url, build_user_install_url
from cogs.gateway.place_changes import PlaceChanges
from cogs.gateway.shard_health import ShardHealth
from cogs.gateway.sharded_bot import ShardedBot
from cogs.gateway.start_requests import RARELY, StartRequest
from cogs.handlers.cancel_delete import CancelDeleteHandler
from cogs.handlers.result_buttons import ResultButtonHandler
from cogs.handlers.task_buttons import TaskButtonHandler
from cogs.handlers.vary_region import VaryRegionHandler
from cogs.messaging.channels.channel_feed import list_channel_problems
from cogs.messaging.channels.gallery import Gallery
from cogs.messaging.channels.log_channel import LogChannel
from cogs.messaging.channels.server_rules_cache import ServerRulesCache
from cogs.messaging.message_editor import DiscordMessageEditor
from cogs.messaging.operator_log import OperatorLog
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.spoilers import Spoilers
from cogs.text.balance import describe_balance_alarm, report_money

log = logging.getLogger(__name__)

_NEW_DATABASE = (
    "The database is new, as it should be at the bot's first start. Later, a new one knows nothing of earlier messages "
    "and of what was charged: their buttons ask before they draw again. The earlier DATABASE_URL brings that back."
)


@dataclass(kw_only=True)
class App:
    """Resources, the services built on them, and a bot with its cogs."""

    settings: Settings
    clock: Clock = field(repr=False)
    bot: ShardedBot
    relay: RelayClient
    store: SqlStore
    offers: ButtonOffers
    pictures: PictureDownloader
    images: ImageProcessor
    charts: ChartDrawer
    rate_limiter: RateLimiter

    def __post_init__(self) -> None:
        """Build the services, each on the ones before it, and then the cogs."""
        settings, clock, relay, store = self.settings, self.clock, self.relay, self.store
        times = WatchTimes(
            give_up_after=timedelta(minutes=settings.watch_minutes),
            notify_after=timedelta(seconds=settings.notify_after_seconds),
            keep_for=timedelta(days=settings.retention_days),
        )
        self.supervisor = supervisor = TaskSupervisor()
        self.command_permissions = CommandPermissions(self.bot, clock)
        self.trust = GuildTrust(clock, guilds=settings.allowed_guilds, permissions=self.command_permissions)
        self.server_rules = ServerRulesCache(store.rules, clock.monotonic)
        self.bot.spoilers = Spoilers(self.bot, self.server_rules)
        self.editor = DiscordMessageEditor(self.bot, self.rate_limiter, clock, self.bot.spoilers)
        self.poller = Poller(relay, PollSchedule(settings.poll_seconds), clock)
        self.tracker = tracker = JobTracker(
            store, self.poller, self.editor, self.pictures, supervisor, self.offers, times=times, clock=clock
        )
        self.policy = policy = build_policy(settings, self.trust.owners)
        self.price_sources = PriceSources(relay, policy.prices, clock)
        self.balance = BalanceMonitor(
            BalanceReader(relay, policy.prices, relay.account_rate_limiter, clock),
            store.rules,
            clock,
            count_requests=lambda: relay.submits_ended,
            alarm_at=settings.balance_alarm,
            describe=describe_balance_alarm,
        )
        lost = LostAnswerSearch(relay, store, tracker, supervisor, relay.account_rate_limiter, clock=clock)
        self.channel_log = LogChannel(self.bot, self.server_rules, self.rate_limiter, supervisor, clock)
        self.gallery = Gallery(self.bot, store, self.server_rules, self.rate_limiter, supervisor, clock)
        tracker.post_result = self.gallery.post_result
        sender = Sender(relay, store, tracker, lost, supervisor, self.channel_log, policy.prices, clock=clock)
        lost_messages = LostMessageSearch(store, tracker, self.editor, supervisor, clock=clock)
        child_messages = ChildMessages(store, tracker, sender, lost_messages)
        self.presses = PressService(relay, store, tracker, policy, sender, self.pictures, child_messages, now=clock.now)
        self.commands = CommandService(store, tracker, policy, sender, self.images, child_messages, now=clock.now)
        self.person_settings = PersonSettingsService(store)
        self.operator_log = OperatorLog(self.bot, store.rules, self.rate_limiter, supervisor, self.trust.owners)
        self.balance.alarm = self.operator_log.send_alarm
        for feed in (self.channel_log.feed, self.gallery.feed):
            feed.report_problem = self.operator_log.report_channel_problem
        self.moderation = Moderation(store.rules, self._announce_changes, now=clock.now)
        self.operator_rules = OperatorRulesService(
            store.rules,
            store.ledger,
            policy.prices,
            self._announce_operator_changes,
            clock=clock,
            has_fixed_prices=bool(settings.prices.prices),
        )
        self.server_settings = ServerRulesService(
            store.rules, self.channel_log.announce_changes, now=clock.now, get_currency=lambda: policy.prices.currency
        )
        self.ledger_keeper = LedgerKeeper(store.ledger, lost.billing_log, policy.prices, clock=clock)
        self.job_leases = JobLeases(
            store,
            store.process_leases,
            tracker,
            lost,
            lost_messages,
            lease=timedelta(seconds=settings.lease_seconds),
            clock=clock,
        )
        self.retention = Retention(
            store,
            store.process_leases,
            store.ledger,
            store.rules,
            days=settings.retention_days,
            ledger_days=settings.ledger_days,
            clock=clock,
        )
        self.owner_request = StartRequest(
            "tell who owns this application",
            partial(self.trust.load_owners, self.bot),
            clock,
            consequence=_name_consequence(settings),
        )
        self.command_request = StartRequest(
            "register the commands", partial(sync_commands, self.bot), clock, pauses_if_refused=RARELY
        )
        self.key_check = KeyCheck(relay.check_key, settings.mj_api_url, supervisor, clock)
        self.key_check.alarm = self.operator_log.add_alarm
        self.bot.report_relay_error = self.key_check.report_error
        self.health = Health(
            {
                "gateway": ShardHealth(self.bot).find_problem,
                "requests": self.bot.rest.find_problem,
                "owners": self.owner_request.find_problem,
                "polls": partial(find_polling_problem, self.poller, settings.poll_seconds),
                "key": self.key_check.find_problem,
                "store": self.job_leases.find_problem,
            }
        )
        self.bot.cogs_to_add = (*_build_command_cogs(self), *_build_handlers(self))

    def _announce_changes(self, changes: Sequence[RuleChange]) -> None:
        """Show changes in the servers' log channels; those that hold everywhere in the operator's."""
        self.channel_log.announce_changes([change for change in changes if change.guild_id])
        self.operator_log.announce_changes([change for change in changes if not change.guild_id])

    def _announce_operator_changes(self, changes: Sequence[RuleChange]) -> None:
        """Show changes by the operator in their log channel, and those of a server in its own too."""
        self.channel_log.announce_changes([change for change in changes if change.guild_id])
        self.operator_log.announce_changes(changes)

    async def start_records(self) -> None:
        """Write since when the database keeps records: after the login, whose responses correct the clock.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        if await self.store.start_records():
            _report_new_database()

    @asynccontextmanager
    async def run_background_work(self) -> AsyncGenerator[None]:
        """Poll, edit messages, and continue the jobs of earlier processes, until the block ends; then shut down.

        Must be entered outside the bot's callbacks: asyncio tasks inherit the context in which they are created.
        """
        async with self.supervisor.serve():
            self.supervisor.start(WorkKey("poller"), self.poller.run)
            self.supervisor.start(WorkKey("rate limiter"), self.rate_limiter.run)
            # First: clicks arrive as soon as the bot is connected, and the owners decide who may spend.
            self.supervisor.start(WorkKey("owners"), self.owner_request.repeat_until_done)
            self.supervisor.start(WorkKey("ready"), self._when_ready)
            self.supervisor.start(WorkKey("command permissions"), self.command_permissions.run)
            self.supervisor.start(WorkKey("key checks"), self.key_check.run)
            self.supervisor.start(WorkKey("retention"), self.retention.run)
            cleanup = RulesCleanup(self.store.rules, self.bot.is_in_guild, self.clock)
            self.supervisor.start(WorkKey("rules cleanup"), cleanup.run)
            self.supervisor.start(WorkKey("price sources"), self.price_sources.run)
            self.supervisor.start(WorkKey("operator's prices"), self.operator_rules.run)
            self.supervisor.start(WorkKey("balance"), partial(self.balance.run, self.price_sources.wait_for_first_read))
            self.supervisor.start(WorkKey("ledger"), self.ledger_keeper.run)
            self.supervisor.start(WorkKey("REST probe"), partial(self.bot.rest.health.run, self.bot.probe_rest))
            await self.job_leases.run_once()
            self.supervisor.start(WorkKey("job leases"), self.job_leases.run)
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
        await self.owner_request.wait_for_first_try()
        await self.bot.wait_until_ready()
        known = {guild.id: guild.name for guild in self.bot.guilds}
        shards = check_shards(self.settings.shard_count, self.settings.shard_ids, known)
        for finding in (*check_clock(self.clock.measure_system_error()), *shards):
            log.warning("%s: %s %s", finding.name, finding.message, finding.advice)
        application_id, guilds = self.bot.application_id or 0, self.bot.guilds
        log.info("Invite link: %s", build_invite_url(application_id))
        log.info("For your own account, in any server: %s", build_user_install_url(application_id))
        names = ", ".join(guild.name for guild in guilds) or "none yet"
        log.info("In %d server%s: %s.", len(guilds), "" if len(guilds) == 1 else "s", names)
        self.bot.add_listener(partial(log_joined_guild, self.policy, self.trust, self.store.rules), "on_guild_join")
        self.supervisor.start(WorkKey("access log"), self._log_access)
        await self.command_request.repeat_until_done()

    async def _log_access(self) -> None:
        """Log who may draw, and once more when the owners, who decide that, are known."""
        await log_access(self.bot, self.policy, self.trust, self.store.rules)
        if self.owner_request.find_problem():
            await self.owner_request.wait_until_done()
            await log_access(self.bot, self.policy, self.trust, self.store.rules)


@cache
def _report_new_database() -> None:
    """Log once in this process that there are no records: it opens the database again for each try to connect."""
    log.info(_NEW_DATABASE)


@asynccontextmanager
async def open_app(
    settings: Settings, *, clock: Clock | None = None, shard_count: int | None = None
) -> AsyncGenerator[App]:
    """Open the database and the HTTP sessions, and yield the app, not connected to Discord yet.

    `shard_count` replaces the one of the settings. Without a `clock`, the time is the system's as Discord corrects it.

    Raises:
        StoreUnavailable: The database cannot be opened or migrated.
    """
    clock = clock or CorrectedTime(Clock()).clock
    async with AsyncExitStack() as stack:
        url, key = settings.database_url.get_secret_value(), settings.mj_api_key.get_secret_value()
        opening = open_store(url, now=clock.now, owner=uuid4().hex, monotonic=clock.monotonic)
        store = await stack.enter_async_context(opening)
        await RelayCapabilities(store, clock.now).forget_other_relay(settings.mj_api_url)
        offers = ButtonOffers(store, clock.now)
        proxies = Proxies.from_settings(settings)
        relay = await stack.enter_async_context(
            RelayClient.open(
                settings.mj_api_url, key, now=clock.now, sleep=clock.sleep, transform_task=offers.add_missing_buttons,
                proxies=proxies,
            )
        )  # fmt: skip
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=SystemConnector(proxies)))
        worker = ImageWorker()
        pictures = PictureDownloader(
            session, settings.mj_api_url, proxies=proxies, allows_fake_ip=settings.allow_fake_ip_dns, now=clock.now,
            sleep=clock.sleep, worker=worker,
        )  # fmt: skip
        stack.push_async_callback(pictures.close)
        images = ImageProcessor(worker)
        stack.push_async_callback(images.close)
        charts = ChartDrawer(ImageWorker(load_library, idle_seconds=IDLE_SECONDS))
        stack.push_async_callback(charts.close)
        shards = (shard_count, ()) if shard_count else (settings.shard_count, settings.shard_ids)
        bot = ShardedBot(*shards, clock=clock, proxies=proxies)
        rate_limiter = RateLimiter(clock.monotonic, clock.sleep)
        stack.push_async_callback(rate_limiter.close)
        yield App(
            settings=settings, clock=clock, bot=bot, relay=relay, store=store, offers=offers, pictures=pictures,
            images=images, charts=charts, rate_limiter=rate_limiter,
        )  # fmt: skip


def _build_command_cogs(app: App) -> tuple[commands.Cog, ...]:
    bot, tracker, clock, person_settings = app.bot, app.tracker, app.clock, app.person_settings
    runner = PaidCommandRunner(
        app.commands, app.trust, app.rate_limiter, clock, load_defaults=person_settings.get_defaults
    )
    privacy = TaskPrivacy(app.store)
    linked_pictures = LinkedPictures(app.pictures, privacy)
    finished_pictures = FinishedPictures(tracker.fetch_task, app.pictures.download_bytes, app.images)
    status = StatusCog(bot, tracker, app.rate_limiter, clock)
    return (
        status,
        ImagineBlendCog(runner),
        DescribeShortenCog(bot, runner, linked_pictures.get_picture, linked_pictures.is_private),
        CommandQuestionCog(bot, runner),
        BlendMenuCog(bot, runner, linked_pictures.get_picture),
        AnimateEditFaceswapCog(runner, tracker, finished_pictures.get_picture, privacy.is_private),
        TasksCog(bot, person_settings, status),
        SeedCog(SeedService(app.relay, app.store, clock.now), tracker),
        UpscaleMenuCog(bot),
        SettingsCog(bot, person_settings, notify_after=timedelta(seconds=app.settings.notify_after_seconds)),
        _build_usage_cog(app),
        AdminCog(bot, _build_admin_services(app)),
        HelpCheckCog(bot, _build_reporter(app)),
        ModerationCog(app.moderation, app.trust.owners),
        ServerCog(
            bot,
            app.server_settings,
            app.moderation,
            LimitsReader(app.store, app.policy),
            app.policy,
            app.trust,
            list_refused_channels=partial(list_channel_problems, (app.channel_log, app.gallery)),
        ),
    )


def _build_usage_cog(app: App) -> UsageCog:
    store, now = app.store, app.clock.now
    reader = UsageReader(store.ledger, store, LimitsReader(store, app.policy), now=now)
    return UsageCog(app.bot, reader, store.ledger, app.charts, app.trust, app.policy)


def _build_admin_services(app: App) -> AdminServices:
    return AdminServices(
        rules=app.operator_rules,
        moderation=app.moderation,
        ledger=app.store.ledger,
        balance=app.balance,
        policy=app.policy,
        trust=app.trust,
        now=app.clock.now,
    )


def _build_reporter(app: App) -> CheckReporter:
    return CheckReporter(
        bot=app.bot,
        check_key=app.key_check.read,
        relay_url=app.settings.mj_api_url,
        store=app.store,
        find_store_problem=app.job_leases.find_problem,
        disk=find_disk_problem_here(app.settings.database_url),
        trust=app.trust,
        policy=app.policy,
        health=app.health,
        clock=app.clock,
        check_pictures=PictureHostCheck(app.settings, app.pictures.refusals.problems).run,
        report_money=lambda: report_money(app.policy.prices, app.balance.balance, app.balance.alarm_at),
        rules=app.store.rules,
        drawing=DrawingReporter(
            bot=app.bot,
            limits=LimitsReader(app.store, app.policy),
            permissions=app.command_permissions,
            trust=app.trust,
            policy=app.policy,
        ),
    )


def _build_handlers(app: App) -> tuple[commands.Cog, ...]:
    bot, relay, store, trust, rate_limiter = app.bot, app.relay, app.store, app.trust, app.rate_limiter
    downloads = DownloadService(relay, store, app.editor, app.pictures, app.images)
    regions = RegionService(app.presses, app.pictures, app.images)
    return (
        TaskButtonHandler(bot, app.tracker, app.presses, app.person_settings, trust, rate_limiter, app.clock),
        VaryRegionHandler(app.presses, regions, trust, rate_limiter, app.clock),
        PlaceChanges(bot, app.tracker.redraws.wake),
        app.command_permissions,
        ResultButtonHandler(bot, downloads, LineageFinder(store), rate_limiter),
        CancelDeleteHandler(
            CancelService(relay, store, app.tracker, clock=app.clock), DeleteService(store, app.editor, app.tracker)
        ),
    )


def _name_consequence(settings: Settings) -> str:
    """Say who may not draw while nobody knows who owns the application."""
    if settings.allowed_guilds:
        return "" if settings.allowed_users else ", so nobody may draw outside the servers in ALLOWED_GUILDS"
    return ", so nobody may draw in a server" if settings.allowed_users else ", so nobody may draw"
