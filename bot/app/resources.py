"""Open the database, the HTTP sessions and the worker processes, and build the app on them."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import aiohttp

from bot.app.cogs import build_cogs
from bot.app.services import App
from bot.clock import Clock, CorrectedTime
from bot.imaging.chart_drawer import IDLE_SECONDS, ChartDrawer
from bot.imaging.charts import load_library
from bot.imaging.downloads.downloader import PictureDownloader
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.worker_process import ImageWorker
from bot.network.connectors import SystemConnector
from bot.network.proxies import Proxies
from bot.relay.client import RelayClient
from bot.settings import Settings
from bot.store import open_store
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.relay_capabilities import RelayCapabilities
from cogs.gateway.sharded_bot import ShardedBot
from cogs.languages import set_language
from cogs.messaging.rate_limits import RateLimiter


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
    set_language(settings.default_language)  # of this asyncio.Task, and thereby of all that it starts
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
        app = App(
            settings=settings, clock=clock, bot=bot, relay=relay, store=store, offers=offers, pictures=pictures,
            images=images, charts=charts, rate_limiter=rate_limiter,
        )  # fmt: skip
        bot.cogs_to_add = build_cogs(app)
        yield app
