"""Build the cogs on the services."""

from datetime import timedelta
from functools import partial

from discord.ext import commands

from bot.app.services import App
from bot.features.cancel import CancelService
from bot.features.downloads import DownloadService
from bot.features.finished_picture import FinishedPictures
from bot.features.limits_overview import LimitsReader
from bot.features.lineage import LineageFinder
from bot.features.linked_picture import LinkedPictures
from bot.features.personal_data import PersonalDataService
from bot.features.seed import SeedService
from bot.features.usage_report import UsageReader
from bot.features.vary_region import RegionService
from bot.ops.network_checks import PictureHostCheck
from bot.ops.platform_disk import find_disk_problem_here
from bot.policy.task_privacy import TaskPrivacy
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
from cogs.commands.management.reports import ReportResolutionCog
from cogs.commands.management.server import ServerCog
from cogs.commands.personal_data import PersonalDataCog
from cogs.commands.report_menu import ReportMenuCog
from cogs.commands.seed import SeedCog
from cogs.commands.settings import SettingsCog
from cogs.commands.status import StatusCog
from cogs.commands.tasks import TasksCog
from cogs.commands.usage import UsageCog
from cogs.gateway.guild_departures import GuildDepartures
from cogs.gateway.place_changes import PlaceChanges
from cogs.handlers.cancel_delete import CancelDeleteHandler
from cogs.handlers.report_form import ReportFormHandler
from cogs.handlers.result_buttons import ResultButtonHandler
from cogs.handlers.task_buttons import TaskButtonHandler
from cogs.handlers.vary_region import VaryRegionHandler
from cogs.messaging.channels.channel_feed import list_channel_problems
from cogs.text.balance import report_money


def build_cogs(app: App) -> tuple[commands.Cog, ...]:
    """Build the cogs of commands, and those that handle clicks and forms."""
    return (*_build_command_cogs(app), *_build_handlers(app))


def _build_command_cogs(app: App) -> tuple[commands.Cog, ...]:
    bot, tracker, clock, person_settings = app.bot, app.tracker, app.clock, app.person_settings
    runner = PaidCommandRunner(
        app.commands,
        app.trust,
        app.rate_limiter,
        clock,
        load_defaults=person_settings.get_defaults,
        note_hint=person_settings.note_hint,
    )
    privacy = TaskPrivacy(app.store)
    linked_pictures = LinkedPictures(app.pictures, privacy)
    finished_pictures = FinishedPictures(tracker.fetch_task, app.pictures.download_bytes, app.images)
    status = StatusCog(bot, tracker, app.rate_limiter, clock, app.server_rules.read)
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
        SettingsCog(
            bot,
            person_settings,
            notify_after=timedelta(seconds=app.settings.notify_after_seconds),
            note_language=app.known_languages.note_person,
        ),
        _build_usage_cog(app),
        PersonalDataCog(bot, PersonalDataService(app.store.personal_data, clock.now), app.settings.privacy_url),
        AdminCog(bot, _build_admin_services(app)),
        HelpCheckCog(bot, _build_reporter(app), app.settings.privacy_url),
        ModerationCog(app.moderation, app.trust.owners),
        ReportMenuCog(bot),
        ReportResolutionCog(bot, app.reports, app.report_lines, app.trust.owners),
        ServerCog(
            bot,
            app.server_settings,
            app.moderation,
            LimitsReader(app.store, app.policy),
            app.policy,
            app.trust,
            list_refused_channels=partial(list_channel_problems, (app.channel_log, app.gallery)),
            count_reports=app.reports.count_open_cases,
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
        limits_reader=LimitsReader(app.store, app.policy),
        count_reports=app.reports.count_open_cases,
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
        GuildDepartures(app.departures),
        app.command_permissions,
        ResultButtonHandler(bot, downloads, LineageFinder(store), rate_limiter),
        CancelDeleteHandler(CancelService(relay, store, app.tracker, clock=app.clock), app.delete_service),
        ReportFormHandler(app.reports, app.report_lines),
    )
