"""Build the services on the open resources, each on the ones before it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial

from bot.billing.balance import BalanceMonitor, BalanceReader
from bot.billing.ledger_keeper import LedgerKeeper
from bot.billing.price_memory import PriceMemory
from bot.billing.price_sources import PriceSources
from bot.clock import Clock
from bot.entities import RuleChange
from bot.features.delete import DeleteService
from bot.features.known_languages import KnownLanguages
from bot.features.moderation import Moderation
from bot.features.operator_rules import OperatorRulesService
from bot.features.person_settings import PersonSettingsService
from bot.features.reports import ReportService
from bot.features.server_departures import ServerDepartures
from bot.features.server_rules import ServerRulesService
from bot.imaging.chart_drawer import ChartDrawer
from bot.imaging.downloads.downloader import PictureDownloader
from bot.imaging.image_processor import ImageProcessor
from bot.ops.health import Health, find_polling_problem
from bot.ops.key_check import KeyCheck
from bot.policy.rules import build_policy
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from bot.recovery.job_leases import JobLeases
from bot.recovery.lost_answers import LostAnswerSearch
from bot.recovery.lost_messages import LostMessageSearch
from bot.relay.client import RelayClient
from bot.settings import Settings
from bot.store.sql_store import SqlStore
from bot.submissions.child_messages import ChildMessages
from bot.submissions.commands import CommandService
from bot.submissions.presses import PressService
from bot.submissions.sender import Sender
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.retention import Retention
from bot.tracking.task_supervisor import TaskSupervisor
from bot.tracking.tracker import JobTracker, WatchTimes
from cogs.gateway.command_permissions import CommandPermissions
from cogs.gateway.command_sync import sync_commands
from cogs.gateway.guild_trust import GuildTrust
from cogs.gateway.shard_health import ShardHealth
from cogs.gateway.sharded_bot import ShardedBot
from cogs.gateway.start_requests import RARELY, StartRequest
from cogs.languages.choice import LanguageChoice
from cogs.messaging.channels.gallery import Gallery
from cogs.messaging.channels.log_channel import LogChannel
from cogs.messaging.channels.report_lines import ReportLines
from cogs.messaging.channels.server_rules_cache import ServerRulesCache
from cogs.messaging.message_editor import DiscordMessageEditor
from cogs.messaging.operator_log import OperatorLog
from cogs.messaging.rate_limits import RateLimiter
from cogs.messaging.spoilers import Spoilers
from cogs.text.balance import describe_balance_alarm

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
        """Build the services, each on the ones before it."""
        self._build_tracking()
        self._build_money()
        self._build_submissions()
        self._build_rules()
        self._build_operations()

    def _build_tracking(self) -> None:
        """Build what follows tasks and draws their messages, and what knows who may spend."""
        settings, clock, store = self.settings, self.clock, self.store
        times = WatchTimes(
            give_up_after=timedelta(minutes=settings.watch_minutes),
            notify_after=timedelta(seconds=settings.notify_after_seconds),
            keep_for=timedelta(days=settings.retention_days),
        )
        self.supervisor = TaskSupervisor()
        self.command_permissions = CommandPermissions(self.bot, clock)
        self.trust = GuildTrust(clock, guilds=settings.allowed_guilds, permissions=self.command_permissions)
        self.policy = build_policy(settings, self.trust.owners)
        self.known_languages = KnownLanguages(store, store.rules, clock)
        self.bot.languages = LanguageChoice(settings.default_language, self.known_languages)
        self.server_rules = ServerRulesCache(store.rules, clock.monotonic)
        self.bot.spoilers = Spoilers(self.bot, self.server_rules)
        self.editor = DiscordMessageEditor(self.bot, self.rate_limiter, clock, self.bot.spoilers)
        self.poller = Poller(self.relay, PollSchedule(settings.poll_seconds), clock)
        self.tracker = JobTracker(
            store, self.poller, self.editor, self.pictures, self.supervisor, self.offers, times=times, clock=clock
        )
        self.lost_answers = LostAnswerSearch(
            self.relay, store, self.tracker, self.supervisor, self.relay.account_rate_limiter, clock=clock
        )
        self.lost_messages = LostMessageSearch(store, self.tracker, self.editor, self.supervisor, clock=clock)

    def _build_money(self) -> None:
        """Build what reads prices, the balance and the relay's log, and the channels that tell of them."""
        clock, relay, store, prices = self.clock, self.relay, self.store, self.policy.prices
        self.price_sources = PriceSources(relay, prices, clock)
        self.price_memory = PriceMemory(store.rules, prices, clock)
        self.balance = BalanceMonitor(
            BalanceReader(relay, prices, relay.account_rate_limiter, clock),
            store.rules,
            clock,
            count_requests=lambda: relay.submits_ended,
            alarm_at=self.settings.balance_alarm,
            describe=describe_balance_alarm,
        )
        self.ledger_keeper = LedgerKeeper(store.ledger, self.lost_answers.billing_log, prices, clock=clock)
        channels = (self.server_rules, self.rate_limiter, self.supervisor, clock)
        self.channel_log = LogChannel(self.bot, *channels)
        self.gallery = Gallery(self.bot, store, *channels)
        self.tracker.post_result = self.gallery.post_result
        self.operator_log = OperatorLog(self.bot, store.rules, self.rate_limiter, self.supervisor, self.trust.owners)
        self.balance.alarm = self.operator_log.send_alarm
        for feed in (self.channel_log.feed, self.gallery.feed):
            feed.report_problem = self.operator_log.report_channel_problem

    def _build_submissions(self) -> None:
        """Build what is paid: presses and commands."""
        clock, store, tracker, policy = self.clock, self.store, self.tracker, self.policy
        sender = Sender(
            self.relay, store, tracker, self.lost_answers, self.supervisor, self.channel_log, policy.prices, clock=clock
        )
        children = ChildMessages(store, tracker, sender, self.lost_messages)
        self.presses = PressService(self.relay, store, tracker, policy, sender, self.pictures, children, now=clock.now)
        self.commands = CommandService(store, tracker, policy, sender, self.images, children, now=clock.now)

    def _build_rules(self) -> None:
        """Build what changes the rules and settings that are set in Discord."""
        store, prices, now = self.store, self.policy.prices, self.clock.now
        self.person_settings = PersonSettingsService(store)
        self.moderation = Moderation(store.rules, self._announce_changes, now=now)
        self.delete_service = DeleteService(store, self.editor, self.tracker)
        self.reports = ReportService(store.reports, store, self.moderation, self.delete_service, now=now)
        self.report_lines = ReportLines(
            self.bot, store.reports, store.rules, self.rate_limiter, self.supervisor, self.bot.languages
        )
        self.operator_rules = OperatorRulesService(
            store.rules,
            store.ledger,
            prices,
            self._announce_operator_changes,
            clock=self.clock,
            has_fixed_prices=bool(self.settings.prices.prices),
        )
        self.server_settings = ServerRulesService(
            store.rules,
            self.channel_log.announce_changes,
            now=now,
            get_currency=lambda: prices.currency,
            note_language=self.known_languages.note_server,
        )

    def _build_operations(self) -> None:
        """Build what takes over, deletes and checks, and what Discord is asked at the start."""
        settings, clock, store = self.settings, self.clock, self.store
        self.job_leases = JobLeases(
            store,
            store.process_leases,
            self.tracker,
            self.lost_answers,
            self.lost_messages,
            lease=timedelta(seconds=settings.lease_seconds),
            clock=clock,
        )
        self.retention = Retention(
            store,
            store.process_leases,
            store.rules,
            store.reports,
            store.personal_data,
            days=settings.retention_days,
            ledger_days=settings.ledger_days,
            clock=clock,
        )
        self.departures = ServerDepartures(store.departures, self.bot.is_in_guild, clock)
        self.owner_request = StartRequest(
            "tell who owns this application",
            partial(self.trust.load_owners, self.bot),
            clock,
            consequence=_name_consequence(settings),
        )
        self.command_request = StartRequest(
            "register the commands", partial(sync_commands, self.bot), clock, pauses_if_refused=RARELY
        )
        self.key_check = KeyCheck(self.relay.check_key, settings.mj_api_url, self.supervisor, clock)
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


@cache
def _report_new_database() -> None:
    """Log once in this process that there are no records: it opens the database again for each try to connect."""
    log.info(_NEW_DATABASE)


def _name_consequence(settings: Settings) -> str:
    """Say who may not draw while nobody knows who owns the application."""
    if settings.allowed_guilds:
        return "" if settings.allowed_users else ", so nobody may draw outside the servers in ALLOWED_GUILDS"
    return ", so nobody may draw in a server" if settings.allowed_users else ", so nobody may draw"
