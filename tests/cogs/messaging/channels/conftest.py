"""What the tests of the bot's own channels share: a server whose rules name a log channel and a gallery."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.entities import ServerRules
from bot.tracking.task_supervisor import TaskSupervisor
from cogs.messaging.channels.server_rules_cache import ServerRulesCache
from cogs.messaging.rate_limits import RateLimiter
from tests.fakes.clock import FakeClock
from tests.fakes.discord_channels import GALLERY_ID, GUILD_ID, LOG_ID, FakeClient
from tests.fakes.store import FakeStore


@dataclass
class ChannelsWorld:
    """A server with a log channel and a gallery, on virtual time."""

    clock: FakeClock = field(default_factory=FakeClock)
    supervisor: TaskSupervisor = field(default_factory=TaskSupervisor)

    def __post_init__(self) -> None:
        self.store = FakeStore(self.clock.now)
        self.client = FakeClient(lambda: self.clock.time)
        self.rate_limiter = RateLimiter(self.clock.clock.monotonic, self.clock.sleep)
        self.rules = ServerRulesCache(self.store.rules, self.clock.clock.monotonic)
        self.set_rules()

    def set_rules(self, **changes: object) -> None:
        """Set the rules of the server, beside its two channels."""
        given = {"log_channel_id": LOG_ID, "gallery_channel_id": GALLERY_ID, **changes}
        self.store.rules.servers[GUILD_ID] = ServerRules.model_validate(given)


@pytest.fixture
async def channels() -> AsyncIterator[ChannelsWorld]:
    """Such a server, with the work that writes to its channels."""
    world = ChannelsWorld()
    async with world.supervisor.serve():
        yield world
    await world.rate_limiter.close()
