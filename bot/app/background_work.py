"""Run what goes on in the background while the bot is connected, and shut it down in order."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from bot.app.services import App
from bot.ops.diagnostics import check_clock, check_shards
from bot.ops.shutdown import shut_down
from bot.tracking.task_supervisor import WorkKey
from cogs.gateway.checks.access_log import log_access, log_joined_guild
from cogs.gateway.connection import close_gateway
from cogs.gateway.permissions import build_invite_url, build_user_install_url

log = logging.getLogger(__name__)


@asynccontextmanager
async def run_background_work(app: App) -> AsyncGenerator[None]:
    """Poll, edit messages, and continue the jobs of earlier processes, until the block ends; then shut down.

    Must be entered outside the bot's callbacks: asyncio tasks inherit the context in which they are created.
    """
    async with app.supervisor.serve():
        app.supervisor.start(WorkKey("poller"), app.poller.run)
        app.supervisor.start(WorkKey("rate limiter"), app.rate_limiter.run)
        # First: clicks arrive as soon as the bot is connected, and the owners decide who may spend.
        app.supervisor.start(WorkKey("owners"), app.owner_request.repeat_until_done)
        app.supervisor.start(WorkKey("ready"), partial(_when_ready, app))
        app.supervisor.start(WorkKey("command permissions"), app.command_permissions.run)
        app.supervisor.start(WorkKey("key checks"), app.key_check.run)
        app.supervisor.start(WorkKey("retention"), app.retention.run)
        app.supervisor.start(WorkKey("departures"), app.departures.run)
        # Before anything is sent: budgets count in the currency, and with the prices, that were known last.
        await app.price_memory.load()
        await app.operator_rules.use_stored_prices()
        app.supervisor.start(WorkKey("price sources"), app.price_sources.run)
        app.supervisor.start(
            WorkKey("price memory"), partial(app.price_memory.run, app.price_sources.wait_for_first_read)
        )
        app.supervisor.start(WorkKey("operator's prices"), app.operator_rules.run)
        app.supervisor.start(WorkKey("balance"), partial(app.balance.run, app.price_sources.wait_for_first_read))
        app.supervisor.start(WorkKey("languages"), app.known_languages.run)
        app.supervisor.start(WorkKey("ledger"), app.ledger_keeper.run)
        app.supervisor.start(WorkKey("REST probe"), partial(app.bot.rest.health.run, app.bot.probe_rest))
        await app.job_leases.run_once()
        app.supervisor.start(WorkKey("job leases"), app.job_leases.run)
        try:
            yield
        finally:
            await shut_down(
                partial(close_gateway, app.bot),
                app.bot.open_interactions.wait_until_closed,
                app.supervisor,
                app.job_leases,
            )


async def _when_ready(app: App) -> None:
    await app.owner_request.wait_for_first_try()
    await app.bot.wait_until_ready()
    known = {guild.id: guild.name for guild in app.bot.guilds}
    shards = check_shards(app.settings.shard_count, app.settings.shard_ids, known)
    for finding in (*check_clock(app.clock.measure_system_error()), *shards):
        log.warning("%s: %s %s", finding.name, finding.message, finding.advice)
    application_id, guilds = app.bot.application_id or 0, app.bot.guilds
    log.info("Invite link: %s", build_invite_url(application_id))
    log.info("For your own account, in any server: %s", build_user_install_url(application_id))
    names = ", ".join(guild.name for guild in guilds) or "none yet"
    log.info("In %d server%s: %s.", len(guilds), "" if len(guilds) == 1 else "s", names)
    app.bot.add_listener(partial(log_joined_guild, app.policy, app.trust, app.store.rules), "on_guild_join")
    app.supervisor.start(WorkKey("access log"), partial(_log_access, app))
    await app.command_request.repeat_until_done()


async def _log_access(app: App) -> None:
    """Log who may draw, and once more when the owners, who decide that, are known."""
    await log_access(app.bot, app.policy, app.trust, app.store.rules)
    if app.owner_request.find_problem():
        await app.owner_request.wait_until_done()
        await log_access(app.bot, app.policy, app.trust, app.store.rules)
