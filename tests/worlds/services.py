"""The innermost of three worlds (see tests.worlds.processes): services on fakes of their ports, on virtual time.

A ServiceProcess is one life of the services. What survives it is the world: the store, the relay and Discord.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from bot.billing.ledger_keeper import LedgerKeeper
from bot.imaging.image_processor import ImageProcessor
from bot.policy.rules import SpendingPolicy
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from bot.recovery.job_leases import JobLeases
from bot.recovery.lost_answers import LostAnswerSearch
from bot.recovery.lost_messages import LostMessageSearch
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.submissions.child_messages import ChildMessages
from bot.submissions.commands import CommandService
from bot.submissions.presses import PressService
from bot.submissions.sender import Sender
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from bot.tracking.tracker import JobTracker, WatchTimes
from tests.fakes.channel_log import FakeChannelLog
from tests.fakes.clock import FakeClock
from tests.fakes.crash_points import Steps
from tests.fakes.image_worker import ThreadImageWorker
from tests.fakes.message_editor import FakeMessageEditor
from tests.fakes.pictures import FakePictures
from tests.fakes.relay import FakeRelay
from tests.fakes.store import FakeStore

LEASE = timedelta(seconds=15)
LONG_LEASE = timedelta(hours=1)
"""For tests in which days pass: a process renews its lease three times while it lasts."""
_numbers = count(1)
TIMES = WatchTimes(give_up_after=timedelta(minutes=70), notify_after=timedelta(seconds=30))


@dataclass
class ServiceProcess:
    """The services of one process."""

    jobs: JobTracker
    presses: PressService
    commands: CommandService
    supervisor: TaskSupervisor
    poller: Poller
    job_leases: JobLeases
    store: FakeStore
    """The rows as this process sees them."""
    calls: AccountRateLimiter
    """What the relay's log may still be asked."""
    sender: Sender
    ledger_keeper: LedgerKeeper
    """Not running, unless a test runs it."""


@dataclass
class ServiceWorld:
    """What outlives a process."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeStore = field(init=False)
    editor: FakeMessageEditor = field(default_factory=FakeMessageEditor)
    channel_log: FakeChannelLog = field(default_factory=FakeChannelLog)
    times: WatchTimes = TIMES
    lease: timedelta = LEASE
    spending_policy: SpendingPolicy = field(init=False)
    random_fraction: Callable[[], float] = lambda: 0.5
    """What the ledger keeper's intervals are drawn by."""

    def __post_init__(self) -> None:
        self.store = FakeStore(self.clock.now)
        self.relay = FakeRelay(self.clock)
        self.pictures = FakePictures(self.clock)
        self.spending_policy = SpendingPolicy(
            allowed_guilds=(6,),
            allowed_users=(),
            application_owners=(),
            press_policy="anyone",
            cooldown=timedelta(0),
            daily_submits_per_person=30,
            daily_submits=500,
        )

    def allow(self, **rules: object) -> None:
        """Change the operator's rules for the next process."""
        self.spending_policy = replace(self.spending_policy, **rules)  # type: ignore[arg-type]

    @asynccontextmanager
    async def process(self, steps: Steps | None = None, *, beside: bool = False) -> AsyncGenerator[ServiceProcess]:
        """Run a process from its start to its end, as the composition root does; it ends as if it were killed.

        Those before it count as dead by then, unless it is to run `beside` them.
        """
        steps = steps or Steps()
        owner = f"process {next(_numbers)}"
        if beside:
            mine = self.store.view_as(owner)
        else:
            self.store.alive_until.update(dict.fromkeys(self.store.alive_until, self.clock.now()))
            mine, self.store.owner = self.store, owner
        store, fleet = steps.through(mine), steps.through(mine.process_leases)
        relay, display = steps.through(self.relay, failing=False), steps.through(self.editor, failing=False)
        supervisor = TaskSupervisor()
        poller = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), self.clock.clock)
        offers = ButtonOffers(store, self.clock.now)
        jobs = JobTracker(
            store, poller, display, self.pictures, supervisor, offers, times=self.times, clock=self.clock.clock
        )
        calls = AccountRateLimiter(self.clock.now)
        lost_answers = LostAnswerSearch(relay, store, jobs, supervisor, calls, clock=self.clock.clock)
        prices, announced = self.spending_policy.prices, self.channel_log
        sender = Sender(relay, store, jobs, lost_answers, supervisor, announced, prices, clock=self.clock.clock)
        lost_messages = LostMessageSearch(store, jobs, display, supervisor, clock=self.clock.clock)
        children, now, rules = ChildMessages(store, jobs, sender, lost_messages), self.clock.now, self.spending_policy
        presses = PressService(relay, store, jobs, rules, sender, self.pictures, children, now=now)
        image_processor = ImageProcessor(ThreadImageWorker())
        commands = CommandService(store, jobs, rules, sender, image_processor, children, now=now)
        ownership = JobLeases(store, fleet, jobs, lost_answers, lost_messages, lease=self.lease, clock=self.clock.clock)
        ledger = steps.through(mine.ledger)
        keeper = LedgerKeeper(
            ledger,
            lost_answers.billing_log,
            prices,
            clock=self.clock.clock,
            random_fraction=self.random_fraction,
        )
        async with supervisor.serve():
            supervisor.start(WorkKey("poller"), poller.run)
            await ownership.run_once()
            supervisor.start(WorkKey("job leases"), ownership.run)
            try:
                yield ServiceProcess(
                    jobs, presses, commands, supervisor, poller, ownership, mine, calls, sender, keeper
                )
            finally:
                await image_processor.close()
